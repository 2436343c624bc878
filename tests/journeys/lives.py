"""A run of improve in a process of its own, which can be ended at a chosen point of its life."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import PROMPT, promptgit
from promptgit.core.ports import Request
from promptgit.core.prompt import Message
from promptgit.models.openai import factory
from promptgit.testing.repositories import DATE, Repository
from servers.openai_server import Seen, Server

CONCURRENCY = 4
CONFIG = f"""\
model: clerk
prices: {{clerk: {{input: 0.1, output: 0.3}}}}
concurrency: {CONCURRENCY}
retries: 2
improve: {{rounds: 3}}
"""
FIXED_DATES = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
RUNS = "refs/promptgit/runs"
RECORDS = "refs/promptgit/records"

# Stands in front of git on PATH and counts; at its turn it kills who called it, once git has
# done its work or before it could.
COUNTING_GIT = """#!/bin/sh
echo >> "$COUNTED"
if [ "$(wc -l < "$COUNTED")" -eq "$KILL_AT" ]; then
  [ -n "$GIT_FIRST" ] && "{git}" "$@" > /dev/null
  kill -9 $PPID
  exit 1
fi
exec "{git}" "$@"
"""

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals like these")


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str


def promptgit_starts(where: Repository, *words: str, **environment: str) -> subprocess.Popen[str]:
    """Start a command line of promptgit; commits get a fixed date, so that ids can be compared."""
    return subprocess.Popen(
        [sys.executable, "-m", "promptgit.cli.main", *words],
        cwd=where.path,
        env={**os.environ, **FIXED_DATES, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # what we send to it must not reach the tests
    )


def ended(process: subprocess.Popen[str], *, within_s: float = 120.0) -> Ended:
    out, err = process.communicate(timeout=within_s)
    return Ended(process.returncode, out, err)


def lived(where: Repository, *words: str, **environment: str) -> Ended:
    """Run a command line to its end."""
    return ended(promptgit_starts(where, *words, **environment))


def killed_at_request(office: Repository, server: Server, number: int, *words: str) -> Ended:
    """Live until the server has seen so many more requests, and be killed with the last."""
    return stopped_at_request(office, server, number, signal.SIGKILL, *words)


def stopped_at_request(
    office: Repository, server: Server, number: int, how: signal.Signals, *words: str
) -> Ended:
    """Live until the server has seen so many more requests, and be sent a signal with the last."""
    last = server.calls + number - 1

    def at(count: int, _seen: Seen) -> str:
        if count == last:
            os.kill(process.pid, how)
        return ""

    before, server.faults = server.faults, at
    process = promptgit_starts(office, *words)
    try:
        return ended(process)
    finally:
        server.faults = before


def killed_at_git(
    office: Repository, folder: Path, call: int, *words: str, git_first: bool = False
) -> Ended:
    """Live until git has been called so often, and be killed before or after that call."""
    return lived(office, *words, **counting(folder, call, git_first=git_first))


def counting(folder: Path, call: int = 0, *, git_first: bool = False) -> dict[str, str]:
    """An environment in which calls of git are counted, in `folder`/counted."""
    wrapper = folder / "bin" / "git"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(COUNTING_GIT.format(git=shutil.which("git")), encoding="utf-8")
    wrapper.chmod(0o755)
    (folder / "counted").unlink(missing_ok=True)
    return {
        "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}",
        "COUNTED": str(folder / "counted"),
        "KILL_AT": str(call),
        "GIT_FIRST": "yes" if git_first else "",
    }


def copied(office: Repository, place: Path) -> Repository:
    """The same repository once more, with all that promptgit keeps in it."""
    shutil.copytree(office.path, place, symlinks=True)
    return Repository(place)


def journal(office: Repository) -> Path:
    """The journal of the only run that there is."""
    (found,) = (office.path / ".git/promptgit/runs").glob("*/journal.jsonl")
    return found


def events(office: Repository) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal(office).read_text("utf-8").splitlines()]


def kinds(office: Repository) -> list[str]:
    return [event["kind"] for event in events(office)]


def planted(office: Repository, run: str, lines: Mapping[str, Any] | list[Any]) -> None:
    """Let a run begin with these events, as if they had happened here."""
    place = office.path / ".git/promptgit/runs" / run / "journal.jsonl"
    place.parent.mkdir(parents=True)
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    place.write_text(text, encoding="utf-8")


def key_of(seen: Seen, server: Server) -> str:
    """Name the answer to a request as journal and cache name it."""
    model = factory(seen.body["model"], options={}, endpoint=server.endpoint())
    messages = tuple(Message(each["role"], each["content"]) for each in seen.body["messages"])
    return Request(messages).key(model.identity)


def paid(office: Repository) -> list[str]:
    """The names of the answers that the journal holds, in order."""
    return [event["key"] for event in events(office) if event["kind"] == "paid"]


def last_bytes(office: Repository) -> dict[str, str]:
    """All that a run leaves in Git, by id: the branch, the run's own ref, the records."""
    return {
        "branch": office.head,
        "runs": office.git("for-each-ref", "--format=%(refname) %(objectname)", RUNS),
        "records": office.git("rev-parse", f"{RECORDS}^{{tree}}"),
        "text": (office.path / PROMPT).read_text("utf-8"),
    }


def without_latency(office: Repository) -> dict[str, Any]:
    """The same as words, without what a second run cannot repeat: how long each answer took."""
    return {
        "text": (office.path / PROMPT).read_text("utf-8"),
        "branch": [_unnamed(m) for m in _messages(office, "HEAD")],
        "runs": [_unnamed(m) for m in _messages(office, f"{RUNS}/*")],
    }


def _messages(office: Repository, what: str) -> list[str]:
    refs = [what] if what == "HEAD" else [f"--glob={what}"]
    return office.git("log", "--no-show-signature", "--pretty=%B%x00", *refs).split("\0")


def _unnamed(message: str) -> str:
    lines = message.strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("Eval-Record:"))


def assert_clean(office: Repository) -> None:
    """The repository is as a person wants to find it, and every claim in it holds."""
    assert office.status() == ""
    office.git("fsck", "--strict", "--no-dangling")
    state = office.path / ".git"
    left = [
        file.relative_to(state).as_posix()
        for pattern in ("*.lock", "*.new", "tmp_*", "fast_import_crash_*")
        for file in state.rglob(pattern)
    ]
    assert left == []
    assert list((state / "promptgit").glob("deliveries/*")) == []
    assert list(office.path.rglob(".promptgit-*")) == []
    said = promptgit(office, "verify")
    assert said.code == 0, said.out + said.err
