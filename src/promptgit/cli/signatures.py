"""Adopt a signature of others: try it on the logs, then write it beside the own detectors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from promptgit.cli.flywheel_logs import opened_logs
from promptgit.cli.flywheel_plan import flywheel_plan
from promptgit.cli.wiring import Repository
from promptgit.config.detector_file import rulebook
from promptgit.config.places import matches
from promptgit.core.located import parse_yaml
from promptgit.edges.work_file import read, replace, write_new
from promptgit.errors import UserError
from promptgit.flywheel import adopting
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.learning import Learning
from promptgit.flywheel.window import Window, duration
from promptgit.report.plain_yaml import plain_yaml

MODE = 0o644


@dataclass(frozen=True, slots=True)
class Tried:
    """How a signature did on the logs here."""

    conversations: int
    fired: int
    unknown: int  # of these, conversations in which no rule here knew an attack

    @property
    def share(self) -> float:
        return self.fired / self.conversations if self.conversations else 0.0


def tried(repository: Repository, learning: Learning, since: str, engine: str | None) -> Tried:
    """
    Count where it fires; raise UserError where there is nothing to try it on, or where a detector
    of this repository has the same name.
    """
    plan = flywheel_plan(repository)
    own = _own(repository)
    own.pop(adopting.FILE, None)
    trial = plain_yaml(adopting.trial(learning)).encode()
    taken = set(learning.detectors) & set(rulebook(own).detectors)
    if taken:
        raise UserError(
            f"there is a detector {sorted(taken)[0]!r} here already",
            hint="it would be replaced; rename yours first, if you want both",
        )
    book = rulebook({**own, f"{learning.name} (of the library)": trial})
    logs = opened_logs(repository, plan, engine=engine)
    logs.rulebook = book.only((adopting.SEEN, adopting.NEW))
    window = Window.last(duration(since), datetime.now(UTC))
    cube = logs.cube(window)
    if not cube.conversations:
        raise UserError(
            f"there is nothing to try {learning.name} on: no logs in the last {since}",
            hint="`promptgit logs import` brings logs in; --since 90d looks further back",
        )
    return Tried(cube.conversations, _fired(cube, adopting.SEEN), _fired(cube, adopting.NEW))


def written(repository: Repository, learning: Learning, adopted_from: str) -> str:
    """Write the signature beside the own detectors; return the path of the file."""
    own = _own(repository)
    before = own.pop(adopting.FILE, b"")
    known = parse_yaml(before, adopting.FILE).data or {} if before else {}
    elsewhere = adopting.ATTACK in {
        name
        for file, data in own.items()
        for name in (parse_yaml(data, file).data or {}).get("detectors") or {}
    }
    facts = adopting.adopted(learning, known, rulebook(), own=elsewhere)
    head = adopting.sources(learning, before.decode("utf-8", "replace"), adopted_from)
    data = (head + plain_yaml(facts)).encode()
    rulebook({**own, adopting.FILE: data})  # it is read as it will be, before it is there
    place = repository.git.cwd / adopting.FILE
    if place.exists():
        _, mode = read(place)
        draft = f".{place.name}.{os.getpid()}.new"
        replace(repository.git, adopting.FILE, data, mode, expected=before, temporary=draft)
    else:
        place.parent.mkdir(exist_ok=True)
        write_new(place, data, MODE)
    return adopting.FILE


def _own(repository: Repository) -> dict[str, bytes]:
    patterns = flywheel_plan(repository).analyze.detectors
    paths = [path for path in repository.tree.files() if matches(path, patterns)]
    return {path: repository.tree.read(path) or b"" for path in paths}


def _fired(cube: Cube, metric: str) -> int:
    return round(cube.total(metric).x)
