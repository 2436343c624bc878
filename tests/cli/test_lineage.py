"""`promptgit runs export --lineage`: every text that a run tried, as one file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.terminal import SEED, a_clerk, an_office, promptgit
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

CLERK = {"promptgit.yaml": "model: clerk\nprices: {clerk: {input: 0, output: 0}}\n"}


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch) as server:
        yield server


@pytest.fixture
def improved(tmp_path: Path) -> Repository:
    office = an_office(tmp_path / "office", CLERK)
    said = promptgit(office, "improve", "sort")
    assert said.code == 0, said.err
    return office


def test_a_lineage_is_written_as_json_and_as_sqlite(improved: Repository):
    told = promptgit(improved, "runs", "export", "latest", "--lineage", "out/l.json")
    promptgit(improved, "runs", "export", "latest", "--lineage", "out/l.sqlite")

    found = json.loads((improved.path / "out" / "l.json").read_text(encoding="utf-8"))
    seed, *others = found["variants"]
    assert seed["text"] == SEED
    assert any(one["fate"] == "accepted" for one in others)
    assert told.out.startswith(f"wrote {len(others) + 1} texts in ")
    with closing(sqlite3.connect(improved.path / "out" / "l.sqlite")) as database:
        (many,) = database.execute("SELECT count(*) FROM variant").fetchone()
        strays = "SELECT parent FROM parent WHERE parent NOT IN (SELECT blob FROM variant)"
        assert many == len(others) + 1
        assert not database.execute(strays).fetchall()


def test_files_and_lineage_can_be_written_at_once(improved: Repository):
    said = promptgit(improved, "runs", "export", "latest", "out", "--lineage", "out/l.json")

    assert said.code == 0
    assert (improved.path / "out" / "session_data.json").exists()
    assert (improved.path / "out" / "l.json").exists()


def test_without_a_place_nothing_is_written_and_both_are_named(improved: Repository):
    said = promptgit(improved, "runs", "export", "latest")

    assert said.code == 2
    assert "Missing argument 'DIR', or --lineage FILE." in said.err


def test_another_kind_of_file_is_refused_with_those_there_are(improved: Repository):
    said = promptgit(improved, "runs", "export", "latest", "--lineage", "l.csv")

    assert said.code == 2
    assert "end the name in .json, or in .sqlite" in said.err
