"""A lineage as a file: the same facts in JSON and in SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from promptgit.core.lineage import Variant
from promptgit.core.run import Run
from promptgit.edges.lineage_file import write
from promptgit.errors import UserError

RUN = Run("20261120T154010Z-3f2a", "improve", "prompts/a.md", state="confirmed")
VARIANTS = [
    Variant("aa", "Be kind.\n", fate="seed", fitness=0.5, cases=4),
    Variant("bb", "Be brief.\n", ("aa",), 1, "eda", 1, "dropped", "no gain"),
    Variant("cc", "Be both.\n", ("bb", "aa"), 2, "merge", 2, "accepted", fitness=1.0, cases=9),
]


def test_json_has_every_variant_in_order(tmp_path):
    write(tmp_path / "l.json", RUN, VARIANTS)

    facts = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert facts["run"]["id"] == RUN.id
    assert [one["blob"] for one in facts["variants"]] == ["aa", "bb", "cc"]
    assert facts["variants"][2]["parents"] == ["bb", "aa"]


def test_sqlite_answers_who_descends_from_whom(tmp_path):
    write(tmp_path / "l.sqlite", RUN, VARIANTS)

    ancestors = """
        WITH RECURSIVE line (blob) AS (
            SELECT 'cc' UNION SELECT parent FROM parent JOIN line ON variant = line.blob
        )
        SELECT v.blob, operator, fitness, generation FROM variant v JOIN line USING (blob)
        ORDER BY number
    """
    with closing(sqlite3.connect(tmp_path / "l.sqlite")) as database:
        found = database.execute(ancestors).fetchall()
    assert found == [("aa", "seed", 0.5, 0), ("bb", "eda", None, 1), ("cc", "merge", 1.0, 2)]


@pytest.mark.parametrize("name", ["l.json", "l.sqlite", "l.db"])
def test_what_was_there_is_replaced(tmp_path, name):
    write(tmp_path / name, RUN, VARIANTS)
    write(tmp_path / name, RUN, VARIANTS[:1])

    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name == "l.json":
        assert len(json.loads((tmp_path / name).read_text(encoding="utf-8"))["variants"]) == 1
    else:
        with closing(sqlite3.connect(tmp_path / name)) as database:
            assert database.execute("SELECT count(*) FROM variant").fetchone() == (1,)


def test_a_name_that_says_neither_is_refused(tmp_path):
    with pytest.raises(UserError, match="JSON or SQLite"):
        write(tmp_path / "l.csv", RUN, VARIANTS)

    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="cannot be written"):
        write(tmp_path / "file" / "l.json", RUN, VARIANTS)
