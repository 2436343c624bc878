"""
The journals of turns of the flywheel: one folder each under `<state dir>/flywheel/turns`.

Each stage leaves its result as `<stage>.json`, written beside and renamed: a killed turn has it
whole or not at all, and goes on after the last one that is there.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptgit.edges.git import Git
from promptgit.errors import WorldError

Facts = Mapping[str, Any]  # in JSON's terms

START, END, GIVEN_UP = "start", "end", "given-up"
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}\Z")
_NAME = re.compile(r"[a-z][a-z0-9.-]{0,80}\Z")


def new_turn_id() -> str:
    """Name a turn: UTC time and four hex digits, `20261121T041700Z-3f2a`."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}"


def begun_at(turn: str) -> str:
    """
    When a turn began, as an instant in UTC: its name says it.

    >>> begun_at("20261121T041700Z-3f2a")
    '2026-11-21T04:17:00.000Z'
    """
    day, clock = turn[:8], turn[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}.000Z"


def turns_folder(git: Git) -> Path:
    return git.state_dir / "flywheel" / "turns"


def turn_ids(git: Git) -> tuple[str, ...]:
    """The turns whose journals are here, newest first."""
    try:
        names = os.listdir(turns_folder(git))
    except OSError:
        return ()
    return tuple(sorted(filter(_ID.match, names), reverse=True))


@dataclass(frozen=True)
class TurnJournal:
    """What one turn found and did, stage by stage."""

    git: Git
    turn: str

    @property
    def folder(self) -> Path:
        return turns_folder(self.git) / self.turn

    def save(self, name: str, facts: Facts) -> None:
        """Write down what a stage came to; before anything rests on it."""
        self.write(f"{name}.json", json.dumps(dict(facts), ensure_ascii=False, indent=1) + "\n")

    def load(self, name: str) -> dict[str, Any] | None:
        """Read it back; None where the stage did not come to its end."""
        place = self.folder / f"{name}.json"
        try:
            found: dict[str, Any] = json.loads(place.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise WorldError(
                f"{place} cannot be read: {error}", hint="delete its folder, and begin a new turn"
            ) from error
        return found

    def write(self, name: str, text: str) -> Path:
        """Write a file of the turn, whole or not at all; return where it is."""
        assert _NAME.match(name), name
        place = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = place.with_name(f"{name}.new")
            draft.write_text(text, encoding="utf-8", newline="\n")
            os.replace(draft, place)
        except OSError as error:
            raise WorldError(
                f"{place} cannot be written: {error.strerror}", hint="is the disk full?"
            ) from error
        return place


def cut_short(journal: TurnJournal) -> bool:
    """Say whether a turn began, did not come to its end, and may be gone on with."""
    return journal.load(START) is not None and not any(map(journal.load, (END, GIVEN_UP)))


def interrupted(git: Git) -> TurnJournal | None:
    """The newest turn that was cut short and not given up."""
    return next(filter(cut_short, (TurnJournal(git, name) for name in turn_ids(git))), None)


def give_up(git: Git, turn: str) -> tuple[str, ...]:
    """Mark what was cut short as given up for a `turn`; return the ids, newest first."""
    cut = [
        one for name in turn_ids(git) if name != turn and cut_short(one := TurnJournal(git, name))
    ]
    for journal in cut:
        journal.save(GIVEN_UP, {"for": turn})
    return tuple(journal.turn for journal in cut)
