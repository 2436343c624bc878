"""A run's lineage as one file: JSON to read, SQLite to ask."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptgit.core.lineage import Variant
from promptgit.core.run import Run
from promptgit.errors import UserError

SCHEMA = 1
DATABASES = (".sqlite", ".sqlite3", ".db")
TABLES = """
CREATE TABLE run (
    schema INTEGER NOT NULL, id TEXT PRIMARY KEY, prompt TEXT NOT NULL,
    started TEXT NOT NULL, state TEXT NOT NULL, sentence TEXT NOT NULL
);
CREATE TABLE variant (
    blob TEXT PRIMARY KEY, number INTEGER NOT NULL, generation INTEGER NOT NULL,
    operator TEXT NOT NULL, round INTEGER NOT NULL, fate TEXT NOT NULL, reason TEXT NOT NULL,
    fitness REAL, cases INTEGER NOT NULL, time TEXT NOT NULL, instruction TEXT NOT NULL,
    style TEXT NOT NULL, diff TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE parent (
    variant TEXT NOT NULL REFERENCES variant (blob), place INTEGER NOT NULL,
    parent TEXT NOT NULL REFERENCES variant (blob), PRIMARY KEY (variant, place)
);
"""
_COLUMNS = (
    "blob generation operator round fate reason fitness cases time instruction style diff text"
)


def write(place: Path, run: Run, variants: Sequence[Variant]) -> None:
    """Write a lineage as the name's ending says; replace what is there, whole or not at all."""
    if place.suffix not in (".json", *DATABASES):
        raise UserError(
            f"{place}: a lineage is written as JSON or SQLite",
            hint=f"end the name in .json, or in {', '.join(DATABASES)}",
        )
    about = {
        "schema": SCHEMA,
        "id": run.id,
        "prompt": run.prompt_path,
        "started": run.started,
        "state": run.state,
        "sentence": run.sentence,
    }
    draft = place.with_name(f"{place.name}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        if place.suffix == ".json":
            facts = {"run": about, "variants": [variant.facts for variant in variants]}
            text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
            draft.write_text(text, encoding="utf-8", newline="\n", errors="surrogatepass")
        else:
            _write_database(draft, about, variants)
        os.replace(draft, place)
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}") from error


def _write_database(place: Path, about: Mapping[str, Any], variants: Sequence[Variant]) -> None:
    import sqlite3
    from contextlib import closing

    columns = _COLUMNS.split()
    marks = ", ".join("?" for _ in ("number", *columns))
    into = f"INSERT INTO variant (number, {', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    try:
        with closing(sqlite3.connect(place)) as database, database:
            database.executescript(TABLES)
            database.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)", [*about.values()])
            rows = [
                (number, *(variant.facts[name] for name in columns))
                for number, variant in enumerate(variants)
            ]
            database.executemany(into, rows)
            links = [
                (variant.blob, number, parent)
                for variant in variants
                for number, parent in enumerate(variant.parents)
            ]
            database.executemany("INSERT INTO parent VALUES (?, ?, ?)", links)
    except sqlite3.Error as error:
        raise UserError(f"{place} cannot be written: {error}") from error
