"""What an analysis reports of generated logs is what was planted, on every engine."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

from promptgit.config.detector_file import rulebook
from promptgit.edges.engines.ibis_logs import IbisLogs
from promptgit.edges.engines.tables import Engine, opened
from promptgit.edges.logs import LogFolder
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.tally import Tally
from promptgit.testing.conversations import Source, write_logs
from promptgit.testing.periods import AFTER, BEFORE
from promptgit.testing.planted import Truth

pytestmark = pytest.mark.xdist_group("planted")  # the logs are made once
# PySpark leaves the sockets open through which it hands rows over.
SOCKETS = (
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
)

SOURCES = {"before": Source(BEFORE), "after": Source(AFTER)}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    folder = tmp_path_factory.mktemp("logs")
    return folder, {name: write_logs(folder, source) for name, source in SOURCES.items()}


def engine(name: str, folder: Path) -> Engine:
    files = LogFolder(folder).files
    return opened(name, lambda window: [file.path for file in files(window)])


@pytest.fixture(scope="module")
def on_duckdb(logs) -> IbisLogs:
    return IbisLogs(engine("duckdb", logs[0]), rulebook())


@pytest.fixture(scope="module")
def cubes(on_duckdb) -> dict[str, Cube]:
    return {name: on_duckdb.cube(source.window) for name, source in SOURCES.items()}


@pytest.fixture(scope="module")
def on_spark(logs) -> Iterator[IbisLogs]:
    if find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("no pyspark, or no Java: `make test-all` brings the one and asks for the other")
    on_interrupt = signal.getsignal(signal.SIGINT)
    found = engine("pyspark", logs[0])
    yield IbisLogs(found, rulebook())
    found.close()
    assert signal.getsignal(signal.SIGINT) is on_interrupt  # Spark takes it, and fails without it


def assert_equal(found: Cube, planted: Cube) -> None:
    assert (found.calls, found.conversations) == (planted.calls, planted.conversations)
    assert set(found.rows) == set(planted.rows)
    for cell, row in planted.rows.items():
        for metric, tally in row.items():
            for part in fields(Tally):
                counted = getattr(found.rows[cell][metric], part.name)
                assert counted == pytest.approx(getattr(tally, part.name), rel=1e-9), (cell, metric)


@pytest.mark.parametrize("period", SOURCES)
def test_every_metric_in_every_cell_is_what_was_planted(logs, cubes, period):
    assert_equal(cubes[period], logs[1][period].cube)


def test_23_attempts_of_which_12_are_blocked_and_25_of_which_24_are_after(cubes):
    names = ("injection_attempts", "injection_blocked", "leaks")

    counts = [[cubes[period].total(name).x for name in names] for period in SOURCES]

    assert counts == [[23, 12, 6], [25, 24, 0]]


def test_the_conversations_with_an_attack_are_those_where_one_was_planted(logs, on_duckdb):
    window = SOURCES["before"].window

    found = on_duckdb.flagged("injection", window, limit=100)

    assert {one.id for one in found} == set(logs[1]["before"].attacked)


def test_observations_over_time_sum_up_to_the_tally(logs, on_duckdb):
    window = SOURCES["before"].window

    found = on_duckdb.series("quality_score", window, prompt="support-reply", limit=100_000)

    planted = logs[1]["before"].cube.only(prompt="support-reply").total("quality_score")
    assert len(found) == planted.clusters
    assert sum(point.value for point in found) == pytest.approx(planted.x)
    assert [point.at for point in found] == sorted(point.at for point in found)
    assert {point.propensity for point in found} == {0.2, 0.8}


@pytest.mark.spark
@SOCKETS[0]
@SOCKETS[1]
def test_spark_finds_what_was_planted_and_answers_as_duckdb_does(logs, cubes, on_duckdb, on_spark):
    window = SOURCES["before"].window

    found = on_spark.cube(window)

    assert_equal(found, logs[1]["before"].cube)
    assert found == cubes["before"]
    for ask in (
        lambda engine: engine.sample(window, limit=5, seed=3),
        lambda engine: engine.flagged("incident", window, limit=4, seed=1),
        lambda engine: engine.series("upsell_rate", window, prompt="support-reply", limit=50),
        lambda engine: engine.steps("escalation", window, prompt="support-reply", limit=500),
    ):
        assert ask(on_spark) == ask(on_duckdb)
    gc.collect()  # here, where its sockets are no news
