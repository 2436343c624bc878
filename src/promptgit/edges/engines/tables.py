"""Where the log lines are: files that DuckDB or Spark reads, or a table of a warehouse."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from promptgit.core.quote import plain
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.interaction import FORMS, Form
from promptgit.flywheel.window import Window

Table = Any  # of Ibis, which is not typed
Files = Callable[[Window], Sequence[Path]]

DUCKDB, PYSPARK = "duckdb", "pyspark"
MOST_MEMORY = 2 << 30  # bytes that DuckDB may take; beyond, it writes to a folder of its own
SPARK_MEMORY = "3g"  # of a local Spark; 1 GB is its own default
OTHER_EXPRESSIONS = {"postgres", "postgresql", "redshift", "risingwave"}  # `\b` is a backspace
LARGEST_LINE = 16 << 20  # bytes
_TYPES: dict[Form, str] = {  # of a field that a warehouse lacks
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "texts": "json",
    "numbers": "json",
}
_DUCKDB: dict[Form, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "texts": "MAP(VARCHAR, VARCHAR)",
    "numbers": "MAP(VARCHAR, DOUBLE)",
}
_SPARK: dict[Form, str] = {
    "text": "STRING",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "texts": "MAP<STRING, STRING>",
    "numbers": "MAP<STRING, DOUBLE>",
}


@dataclass
class Engine:
    """An open connection; `table` gives the log lines that a window may need, None for none."""

    name: str
    connection: Any
    files: Files | None = None  # None: it is a table of a warehouse
    warehouse_table: str = ""
    limits: str = ""  # in words
    on_interrupt: Any = None  # what SIGINT did before Spark took it
    _tables: dict[tuple[Path, ...], Table] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def table(self, window: Window) -> Table | None:
        if self.files is None:
            return self._warehouse()
        paths = tuple(self.files(window))
        if not paths:
            return None
        if paths not in self._tables:
            read = _read_spark if self.name == PYSPARK else _read_duckdb
            self._tables[paths] = read(self.connection, paths, f"logs_{len(self._tables)}")
        return self._tables[paths]

    def _warehouse(self) -> Table:
        import ibis

        found = self.connection.table(self.warehouse_table)
        missing = {
            name: ibis.null(_TYPES[form])
            for name, form in FORMS.items()
            if name not in found.columns
        }
        for name in ("id", "at", "prompt"):
            if name in missing:
                raise UserError(
                    f"the table {self.warehouse_table} has no column {name!r}",
                    hint="its columns are the fields of a log line; docs/insights.md lists them",
                )
        return found.mutate(**missing)

    @contextmanager
    def kept(self, expression: Table) -> Iterator[Table]:
        """
        Work a table out once and keep it for a while, on disk where memory is short.

        A warehouse is asked again instead: nothing is written there.
        """
        name = f"promptgit_{next(self._numbers)}"
        if self.name == DUCKDB:
            sql = self.connection.compile(expression)
            _ran(self.connection.con, f"CREATE TEMP TABLE {name} AS {sql}")
            try:
                yield self.connection.table(name)
            finally:
                self.connection.con.execute(f"DROP TABLE {name}")
        elif self.name == PYSPARK:
            frame = self.connection._session.sql(self.connection.compile(expression))
            frame.persist().createOrReplaceTempView(name)
            try:
                yield self.connection.table(name)
            finally:
                frame.unpersist()
                self.connection._session.catalog.dropTempView(name)
        else:
            yield expression

    @property
    def dialect(self) -> str:
        """Of SQL, by the name that sqlglot has for it."""
        return "spark" if self.name == PYSPARK else self.name

    def with_conditions(self, lines: Table, conditions: Mapping[str, str]) -> Table:
        """Add columns that are written in the engine's SQL."""
        if not conditions:
            return lines
        added = ", ".join(f"{sql} AS {name}" for name, sql in conditions.items())
        name = f"promptgit_{next(self._numbers)}"
        asked = f"SELECT *, {added} FROM ({self.connection.compile(lines)}) AS lines"  # noqa: S608
        if self.name == DUCKDB:
            import duckdb

            try:
                self.connection.con.execute(f"CREATE TEMP VIEW {name} AS {asked}")
            except duckdb.Error as error:
                raise _no_condition(str(error)) from error
        elif self.name == PYSPARK:
            from pyspark.errors import PySparkException

            try:
                self.connection._session.sql(asked).createOrReplaceTempView(name)
            except PySparkException as error:
                raise _no_condition(str(error)) from error
        else:
            return self.connection.sql(asked)
        return self.connection.table(name)

    def close(self) -> None:
        """End what was started for it."""
        if self.name == PYSPARK:
            self.connection._session.stop()
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, self.on_interrupt)  # Spark's own needs a session
        else:
            self.connection.disconnect()

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """Run a question and return its rows."""
        if self.name == PYSPARK:
            answer = self.connection._session.sql(self.connection.compile(expression))
            return [row.asDict() for row in answer.collect()]
        if self.name == DUCKDB:
            sql = self.connection.compile(expression)
            names, found_rows = _ran(self.connection.con, sql)  # Ibis would have it planned twice
            return [dict(zip(names, map(_plain, row), strict=True)) for row in found_rows]
        found: list[dict[str, Any]] = self.connection.to_pyarrow(expression).to_pylist()
        return found


def _plain(value: Any) -> Any:
    """What DuckDB counts in decimals (a literal 1.0) is a number like any other."""
    return float(value) if isinstance(value, Decimal) else value


def opened(engine: str, files: Files, *, table: str = "", memory: int = MOST_MEMORY) -> Engine:
    """
    Open `duckdb`, `pyspark` or the URL of what Ibis knows; raise UserError where that is missing.

    memory: bytes, of DuckDB.
    """
    try:
        import ibis
    except ImportError as error:
        raise _missing("duckdb", "ibis") from error
    ibis.options.interactive = False
    ibis.options.sql.fuse_selects = False  # engines do that themselves, and twice as fast
    if table and engine in (DUCKDB, PYSPARK):
        raise UserError(
            f"{engine} reads the log files here, and no table {table!r}",
            hint="leave --table out, or name where the table is: --engine URL, such as "
            "bigquery://PROJECT/DATASET or duckdb:///FOLDER/FILE.db",
        )
    if engine == DUCKDB:
        return _duckdb(files, memory)
    if engine == PYSPARK:
        return _pyspark(files)
    if "://" not in engine:
        raise UserError(
            f"there is no engine {engine!r}",
            hint="duckdb, pyspark, or a URL that Ibis opens, such as bigquery://PROJECT/DATASET",
        )
    if not table:
        raise UserError(
            f"which table of {engine.partition('://')[0]} has the log lines?",
            hint="--table NAME",
        )
    return _warehouse(engine, table)


def _duckdb(files: Files, memory: int) -> Engine:
    try:
        import duckdb
        import ibis

        spilled = tempfile.mkdtemp(prefix="promptgit-")  # for nobody else's eyes
        threads = max(1, min(8, os.cpu_count() or 1))
        megabytes = max(64, memory >> 20)
        connection = ibis.duckdb.connect(
            memory_limit=f"{megabytes}MiB",
            threads=threads,
            temp_directory=spilled,
            preserve_insertion_order=False,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )
    except ImportError as error:
        raise _missing("duckdb", "duckdb") from error
    limits = f"DuckDB {duckdb.__version__}, at most {megabytes:,} MiB, {threads} threads"
    engine = Engine(DUCKDB, connection, files, limits=limits)
    weakref.finalize(engine, shutil.rmtree, spilled, ignore_errors=True)
    return engine


def _pyspark(files: Files) -> Engine:
    try:
        import ibis
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _missing("pyspark", "pyspark") from error
    builder = (
        SparkSession.builder.appName("promptgit")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.ansi.enabled", "true")
    )
    if "SPARK_REMOTE" not in os.environ and "MASTER" not in os.environ:
        builder = builder.config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
        builder = builder.master("local[*]").config("spark.driver.memory", SPARK_MEMORY)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise WorldError(
            "Spark does not start", hint="it needs Java 17 or newer; is `java` there?"
        ) from error
    limits = f"Spark {session.version}"
    connection = ibis.pyspark.connect(session)
    return Engine(PYSPARK, connection, files, limits=limits, on_interrupt=on_interrupt)


def _warehouse(url: str, table: str) -> Engine:
    import ibis

    name = url.partition("://")[0]
    if name in OTHER_EXPRESSIONS:
        raise UserError(
            f"{name} reads regular expressions in another way, and would find other things",
            hint="export the table to files that `promptgit logs import` reads, or ask another",
        )
    try:
        connection = ibis.connect(url)
    except ImportError as error:
        raise UserError(
            f"Ibis has no driver for {name} here", hint=f"pip install 'ibis-framework[{name}]'"
        ) from error
    except (ValueError, OSError) as error:
        raise UserError(f"{name} cannot be opened: {error}") from error
    return Engine(name, connection, None, table, f"{name}, table {table}")


def _read_duckdb(connection: Any, paths: Sequence[Path], name: str) -> Table:
    return connection.read_json(
        [str(path) for path in paths],
        table_name=name,
        columns={field: _DUCKDB[form] for field, form in FORMS.items()},
        format="newline_delimited",
        ignore_errors=True,  # a line that a crash cut short
        maximum_object_size=LARGEST_LINE,
    )


def _read_spark(connection: Any, paths: Sequence[Path], name: str) -> Table:
    schema = ", ".join(f"`{field}` {_SPARK[form]}" for field, form in FORMS.items())
    session = connection._session
    frame = session.read.schema(schema).json([str(path) for path in paths])
    frame.createOrReplaceTempView(name)
    return connection.table(name)


def _ran(connection: Any, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """
    Run SQL on DuckDB; return the names of its columns, and its rows.

    In a thread of its own: DuckDB may be deaf for minutes, and this one is free to hear Ctrl-C.
    """
    running, given_up = threading.Lock(), threading.Event()

    def run() -> tuple[list[str], list[tuple[Any, ...]]]:
        with running:
            if given_up.is_set():
                return [], []
            answer = connection.execute(sql)
            return [column[0] for column in answer.description], answer.fetchall()

    with _said(), ThreadPoolExecutor(1) as aside:
        try:
            return aside.submit(run).result()
        except KeyboardInterrupt:
            given_up.set()  # it may not even have begun
            while not running.acquire(timeout=0.1):
                connection.interrupt()
            running.release()
            raise


@contextmanager
def _said() -> Iterator[None]:
    """Say what DuckDB could not do: memory, the disk, a file that is gone."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise WorldError(
            "DuckDB ran out of the memory, or the disk space, that it may take",
            hint="look at a shorter window (--since), or at one prompt; or ask another --engine",
        ) from error
    except duckdb.IOException as error:
        raise WorldError(
            f"the logs cannot be read: {plain(str(error), 200)}",
            hint="were they closed or deleted meanwhile?  Run it again",
        ) from error
    except duckdb.DataError as error:  # ours casts nothing that may not be; its words quote logs
        kind = str(error).partition(":")[0]
        raise UserError(
            f"the SQL of a detector cannot be worked out for every line: {plain(kind, 60)}",
            hint="a text is no condition and not always a number: try_cast(facts['n'] AS double)",
        ) from None


def _no_condition(said: str) -> UserError:
    first = said.strip().partition("\n")[0]
    return UserError(
        f"the SQL of a detector is refused: {plain(first, 200)}",
        hint="it speaks of the fields of a log line: docs/insights.md lists them",
    )


def _missing(backend: str, library: str) -> UserError:
    return UserError(
        f"analyses need {library}, which is not installed",
        hint=f"pip install 'ibis-framework[{backend}]'",
    )
