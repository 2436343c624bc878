"""Logs that lie in a table of a database that Ibis opens by its URL: the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptgit.config.detector_file import rulebook
from promptgit.edges.engines.ibis_logs import IbisLogs
from promptgit.edges.engines.tables import opened
from promptgit.errors import UserError
from promptgit.testing.conversations import Source, write_logs

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("ibis")

SOURCE = Source(conversations=200)


@pytest.fixture(params=["maps", "JSON"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a DuckDB file whose table `calls` holds the lines of the log files."""
    write_logs(tmp_path, SOURCE)
    files = IbisLogs(opened("duckdb", lambda window: sorted(tmp_path.glob("*.jsonl"))), rulebook())
    lines = files.opened.table(SOURCE.window)
    rows = files.opened.connection.compile(lines)
    file = tmp_path / "warehouse.db"
    files.opened.connection.con.execute(f"ATTACH '{file}' AS warehouse")
    columns = "*"
    if request.param == "JSON":  # as databases have it that know no maps
        columns = "* REPLACE (facts::JSON AS facts, scores::JSON AS scores)"
    files.opened.connection.con.execute(
        f"CREATE TABLE warehouse.calls AS SELECT {columns} FROM ({rows})"
    )
    files.opened.close()
    return f"duckdb://{file}"


def test_a_table_of_a_database_gives_the_same_answers_as_the_files(warehouse: str, tmp_path: Path):
    on_files = IbisLogs(
        opened("duckdb", lambda window: sorted(tmp_path.glob("*.jsonl"))), rulebook()
    )
    on_table = IbisLogs(opened(warehouse, lambda window: [], table="calls"), rulebook())

    assert on_table.cube(SOURCE.window) == on_files.cube(SOURCE.window)
    for ask in (
        lambda logs: logs.sample(SOURCE.window, limit=5, seed=3),
        lambda logs: logs.flagged("incident", SOURCE.window, limit=4, seed=1),
        lambda logs: logs.series("upsell_rate", SOURCE.window, prompt="support-reply", limit=50),
        lambda logs: logs.steps("escalation", SOURCE.window, prompt="support-reply"),
    ):
        assert list(ask(on_table)) == list(ask(on_files))


def test_columns_that_a_table_may_lack_hold_nothing(warehouse: str):
    with duckdb.connect(warehouse.removeprefix("duckdb://")) as database:
        for name in ("facts", "scores", "cost_usd"):
            database.execute(f"ALTER TABLE calls DROP COLUMN {name}")

    logs = IbisLogs(opened(warehouse, lambda window: [], table="calls"), rulebook())

    found = logs.cube(SOURCE.window)
    assert found.conversations == SOURCE.conversations
    assert found.total("upsell_rate").x == 0


def test_a_table_that_has_no_such_columns_is_an_error_with_the_column(tmp_path: Path):
    file = tmp_path / "other.db"
    with duckdb.connect(str(file)) as other:
        other.execute("CREATE TABLE calls AS SELECT 'a' AS id, 'b' AS prompt")

    engine = opened(f"duckdb://{file}", lambda window: [], table="calls")

    with pytest.raises(UserError, match="no column 'at'"):
        engine.table(SOURCE.window)


def test_a_database_whose_expressions_mean_other_things_is_refused():
    with pytest.raises(UserError, match="postgres reads regular expressions in another way"):
        opened("postgres://me@127.0.0.1/logs", lambda window: [], table="calls")
