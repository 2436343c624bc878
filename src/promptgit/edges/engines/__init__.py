"""
Questions to logs, as Ibis expressions: the same on DuckDB, on Spark and on a warehouse.

Ibis, DuckDB and Spark come with extras, and are imported when a question is asked.  No text of a
log becomes part of a query: it stays in columns, and what is compared with it is escaped by Ibis.
"""
