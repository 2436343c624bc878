"""
The journals of runs: one folder each under `<state dir>/runs`, one line per event.

An event is written before it is acted on, and in one `write`, so that a process that is killed
loses nothing that it was told; a line that was cut off is as if it had never begun.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptgit.core.ports import canonical
from promptgit.edges.git import Git
from promptgit.edges.workspace import locate
from promptgit.errors import UserError, WorldError

Event = Mapping[str, Any]  # one line: `kind`, `at` (UTC), and its facts

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}\Z")


def new_run_id() -> str:
    """Name a run: UTC time and four hex digits, `20261120T154010Z-3f2a`."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}"


def run_ids(git: Git) -> tuple[str, ...]:
    """The runs whose journals are here, newest first."""
    try:
        names = os.listdir(git.state_dir / "runs")
    except OSError:
        return ()
    return tuple(sorted(filter(_ID.match, names), reverse=True))


def latest_run(git: Git, prompt: str | os.PathLike[str] | None = None) -> str:
    """Return the newest run, of `prompt` if given (as typed); raise UserError if there is none."""
    path = None if prompt is None else locate(git, prompt)
    for run in run_ids(git):
        start = next(iter(RunJournal(git, run).events()), None)
        if start and path in (None, start.get("path")):
            return run
    whose = f" of {path}" if path else ""
    raise UserError(f"there is no run{whose} here", hint="`promptgit runs` lists them")


@dataclass(frozen=True)
class RunJournal:
    """
    What happened in one run, in order; a Notebook that outlives its process.

    Made with the first note.  May be written from many threads.  Raises UserError for a name
    that no run can have, so that it can safely be part of a path or a ref.
    """

    git: Git
    run: str
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _ID.match(self.run):
            raise UserError(f"there is no run {self.run!r}", hint="`promptgit runs` lists them")

    @property
    def folder(self) -> Path:
        return self.git.state_dir / "runs" / self.run

    def note(self, kind: str, **facts: Any) -> None:
        """
        Append one event; return when it would survive `kill -9`.

        Facts are JSON's: text, numbers, lists, mappings, None.  A number that is not finite
        becomes null.
        """
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = canonical(_finite({**facts, "kind": kind, "at": at})) + b"\n"
        with self._turn:
            try:
                self._append(line)
            except OSError as error:
                raise WorldError(
                    f"the journal of run {self.run} cannot be written: {error.strerror}",
                    hint="what was paid for until here is kept; make room and resume",
                ) from error

    def events(self) -> Iterator[Event]:
        """Yield the events in order; none when there is no such run."""
        try:
            data = (self.folder / "journal.jsonl").read_bytes()
        except OSError:
            return
        for line in data.split(b"\n")[:-1]:  # what follows the last line feed was cut off
            try:
                event = json.loads(line.decode("utf-8", "surrogatepass"))
            except ValueError:
                continue
            if isinstance(event, dict) and "kind" in event:
                yield event

    def save_input(self, facts: Mapping[str, Any]) -> None:
        """Write down once what the run was started with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / "input.json.new"
        draft.write_bytes(canonical(_finite(dict(facts))) + b"\n")
        os.replace(draft, self.folder / "input.json")

    def input(self) -> Mapping[str, Any]:
        """Return what `save_input` wrote; raise UserError if there is nothing."""
        try:
            data = (self.folder / "input.json").read_bytes()
        except OSError as error:
            raise UserError(
                f"run {self.run} left no inputs", hint="`promptgit runs` lists runs"
            ) from error
        facts: Mapping[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
        return facts

    def _append(self, line: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        binary = getattr(os, "O_BINARY", 0)
        place = self.folder / "journal.jsonl"
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o644)
        try:
            _drop_cut_line(handle)
            while line:
                line = line[os.write(handle, line) :]
        finally:
            os.close(handle)


def _drop_cut_line(handle: int) -> None:
    """Take back what a killed process, or a full disk, left of its last line."""
    end = os.lseek(handle, 0, os.SEEK_END)
    if not end or _at(handle, end - 1, 1) == b"\n":
        return
    start = end
    while start:
        start = max(0, start - 65_536)
        place = _at(handle, start, min(65_536, end - start)).rfind(b"\n")
        if place >= 0:
            start += place + 1
            break
    os.ftruncate(handle, start)


def _at(handle: int, offset: int, count: int) -> bytes:
    os.lseek(handle, offset, os.SEEK_SET)
    return os.read(handle, count)


def _finite(value: Any) -> Any:
    """Turn a value into what JSON has words for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
