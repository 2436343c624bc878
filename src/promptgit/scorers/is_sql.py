"""The output is SQL, or has SQL in a code block, and keeps to the tables it may touch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.wording import quoted, visible

LONGEST = 20_000  # characters of a statement; no model writes a longer one to be run

# promptfoo's names (those of node-sql-parser), and what sqlglot calls the dialect.
DIALECTS: Mapping[str, str] = MappingProxyType(
    {
        "athena": "athena",
        "bigquery": "bigquery",
        "db2": "",
        "flinksql": "hive",
        "hive": "hive",
        "mariadb": "mysql",
        "mysql": "mysql",
        "noql": "postgres",
        "postgresql": "postgres",
        "redshift": "redshift",
        "snowflake": "snowflake",
        "sqlite": "sqlite",
        "transactsql": "tsql",
        "trino": "trino",
        "duckdb": "duckdb",
    }
)
KEYS = ("databaseType", "allowedTables", "allowedColumns")

_STATEMENTS = """
    Query DML DDL Set Use Drop Alter TruncateTable Transaction Commit Rollback Describe Show Merge
    Pragma
"""
STATEMENTS = _STATEMENTS.split()  # sqlglot's classes
COMMANDS = frozenset({"SHOW", "EXPLAIN", "CALL", "GRANT", "REVOKE"})  # which it does not look into

_FENCE = re.compile(r"```[ \t]*(?:sql)?\s(.*?)```", re.DOTALL | re.IGNORECASE)


def is_sql(_case: Case, output: str, *, value: Any = None) -> Score:
    """
    Pass when the whole output is SQL, in the dialect `databaseType` (MySQL when none is named).

    `allowedTables` (`select::DATABASE::TABLE`) and `allowedColumns` (`select::TABLE::COLUMN`) are
    regular expressions; every table and column that a statement names must match one.  What is
    SQL, sqlglot says; promptfoo asks node-sql-parser, and the two differ on rare syntax.
    """
    dialect, tables, columns = _asked(value)
    return _judged(output, dialect, tables, columns)


def contains_sql(_case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when the output is SQL, or has a code block that is; `value` as for `is-sql`."""
    dialect, tables, columns = _asked(value)
    score = _judged(output, dialect, tables, columns)
    for block in _FENCE.findall(output):
        if score.value:
            break
        score = _judged(block, dialect, tables, columns)
    return score


def _asked(value: Any) -> tuple[str, list[str], list[str]]:
    if value is None:
        return "mysql", [], []
    unknown = sorted(value.keys() - set(KEYS)) if isinstance(value, dict) else [str(value)]
    if unknown:
        raise UserError(
            f"the value of is-sql has {', '.join(KEYS)}, not {quoted(unknown[0])}",
            hint="write, for example, `value: {databaseType: PostgreSQL}`",
        )
    name = str(value.get("databaseType") or "MySQL")
    key = name.lower().replace(" ", "").removesuffix("(alpha)")
    if key not in DIALECTS:
        raise UserError(
            f"no databaseType is called {name!r}", hint=f"there are: {', '.join(DIALECTS)}"
        )
    return DIALECTS[key], _patterns(value, "allowedTables"), _patterns(value, "allowedColumns")


def _patterns(value: Mapping[str, Any], key: str) -> list[str]:
    found = value.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise UserError(f"{key} is a list of texts like 'select::null::departments'")
    return found


def _judged(text: str, dialect: str, tables: list[str], columns: list[str]) -> Score:
    if not text.strip(" \t\r\n;"):
        return Score(0.0, "not SQL: it is empty")
    if len(text) > LONGEST:
        return Score(0.0, f"not SQL: it has more than {LONGEST:,} characters")
    try:
        statements = _parsed(text, dialect)
    except ValueError as error:
        return Score(0.0, f"not SQL: {error}")
    fault = next((fault for one in statements for fault in _faults(one, text)), "")
    if fault or not statements:
        return Score(0.0, f"not SQL: {fault or 'there is no statement in it'}")
    for kind, named, allowed in (("table", _tables, tables), ("column", _columns, columns)):
        touched = [name for one in statements for name in named(one)] if allowed else []
        refused = next((name for name in touched if not _is_allowed(name, allowed)), "")
        if refused:
            return Score(0.0, f"may not touch the {kind} {quoted(refused)}")
    return Score(1.0, "is SQL")


def _parsed(text: str, dialect: str) -> list[Any]:
    """Return the statements; raise ValueError that says what is wrong."""
    import logging

    try:
        import sqlglot
        from sqlglot import errors
    except ImportError as error:
        raise UserError(
            "is-sql and contains-sql need the package sqlglot", hint="pip install sqlglot"
        ) from error
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it does not look into
    try:
        found = sqlglot.parse(text, read=dialect or None)
    except errors.SqlglotError as error:
        said = str(error).partition("\n")[0].partition(". Line")[0]
        raise ValueError(visible(re.sub(r"<[^>]*>", "…", said))[:120]) from error
    except (RecursionError, IndexError, AttributeError, UnicodeError) as error:
        raise ValueError("it cannot be read") from error
    return [statement for statement in found if statement is not None]


def _faults(statement: Any, text: str) -> Iterator[str]:
    from sqlglot import exp

    if isinstance(statement, exp.Command):
        if str(statement.this).upper() not in COMMANDS:
            yield f"{quoted(str(statement.this))} begins no statement"
    elif not isinstance(statement, tuple(getattr(exp, name) for name in STATEMENTS)):
        yield "it is an expression, and no statement"
    for select in statement.find_all(exp.Select):
        if not select.expressions:
            yield "a SELECT selects nothing"
        for item in select.expressions:
            if isinstance(item, exp.Alias) and isinstance(item.this, exp.Column):
                ends, starts = item.this.this.meta.get("end"), item.args["alias"].meta.get("start")
                between = text[ends + 1 : starts] if ends is not None and starts else "AS"
                if not between.strip():  # rather than an alias without AS
                    yield f"a comma is missing in {quoted(f'{item.this.name} {item.alias}')}"


def _tables(statement: Any) -> Iterator[str]:
    """Yield `kind::database::table` of each table that a statement names."""
    from sqlglot import exp

    target = _target(statement)
    defined = {cte.alias for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if table.name not in defined or table.db:
            kind = statement.key if table is target else "select"
            yield f"{kind}::{table.db or 'null'}::{table.name}"


def _columns(statement: Any) -> Iterator[str]:
    """Yield `kind::table::column` of each column; `(.*)` stands for all of a table's."""
    from sqlglot import exp

    target, written = _target(statement), set()
    if isinstance(statement, exp.Update):
        for change in statement.expressions:
            column = change.this
            written.add(id(column))
            yield f"update::{column.table or 'null'}::{column.name}"
    elif isinstance(statement, exp.Insert) and isinstance(statement.this, exp.Schema):
        yield from (f"insert::{target.name}::{name.name}" for name in statement.this.expressions)
    elif isinstance(statement, exp.Insert | exp.Delete) and target is not None:
        yield f"{statement.key}::{target.name}::(.*)"
    for column in statement.find_all(exp.Column):
        if id(column) not in written:
            name = "(.*)" if isinstance(column.this, exp.Star) else column.name
            yield f"select::{column.table or 'null'}::{name}"
    for select in statement.find_all(exp.Select):
        if any(isinstance(item, exp.Star) for item in select.expressions):
            yield "select::null::(.*)"


def _target(statement: Any) -> Any:
    from sqlglot import exp

    if not isinstance(statement, exp.Insert | exp.Update | exp.Delete):
        return None
    found = statement.this
    return found.this if isinstance(found, exp.Schema) else found


def _is_allowed(name: str, patterns: list[str]) -> bool:
    from promptgit.scorers.regex import searched

    for pattern in patterns:
        try:
            if searched(rf"\A(?:{pattern})\Z", name, ignore_case=True):
                return True
        except TimeoutError:
            continue
    return False
