"""What earlier runs on the same prompt tried in vain, so that nobody pays for it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.journal import proposals
from promptgit.edges.git import Git
from promptgit.edges.runs import RunJournal, run_ids
from promptgit.improve.mentor import Draft, Tried

RUNS = 5  # that are looked at, the latest
MOST = 16  # refusals, the latest
TELLING = (Fate.DROPPED, Fate.GUARDED)  # refused for what they are, not for how they were written


def refused_before(git: Git, path: str, run: str) -> tuple[Tried, ...]:
    """
    The patches of this prompt that other runs than `run` refused, the latest last.

    A patch is left out when a later run kept it.
    """
    found: dict[str, Tried] = {}
    kept: set[str] = set()
    for proposal in _proposals(git, path, run):  # the newest first
        summary = _summary(proposal)
        if proposal.fate is Fate.ACCEPTED:
            kept.add(summary)
        elif summary and proposal.fate in TELLING and summary not in kept:
            found.setdefault(summary, Tried(summary, f"{proposal.reason} (in an earlier run)"))
        if len(found) == MOST:
            break
    return tuple(reversed(found.values()))


def _proposals(git: Git, path: str, run: str) -> Iterator[Proposal]:
    seen = 0
    for name in run_ids(git):
        if name == run or seen == RUNS:
            continue
        events = tuple(RunJournal(git, name).events())
        if events and events[0].get("command") == "improve" and events[0].get("path") == path:
            seen += 1
            yield from reversed(tuple(proposals(events)))


def _summary(proposal: Proposal) -> str:
    return Draft("", (), (), proposal.patch).summary


def told(remembered: Sequence[Tried]) -> list[dict[str, str]]:
    """The same in JSON's terms: a resumed run remembers what it did when it began."""
    return [{"summary": one.summary, "reason": one.reason} for one in remembered]


def as_told(start: Mapping[str, Any]) -> tuple[Tried, ...]:
    """Read back what `told` wrote into a run's first event."""
    return tuple(Tried(**one) for one in start.get("remembered", ()))
