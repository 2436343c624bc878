"""A bisect, as a terminal shows it, and in JSON's terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from promptgit.core.evidence import finite
from promptgit.evaluate.estimate import Estimate
from promptgit.history.bisect import Hunt, Mark, Trial
from promptgit.history.diff import Line, Measured
from promptgit.history.log import Change, RawCommit
from promptgit.report import history_json, history_text
from promptgit.report.history_text import SHORT, Styled, clean
from promptgit.report.text import counted, money

MARKS = {Mark.GOOD: "green", Mark.BAD: "bold red", Mark.SKIPPED: "yellow"}
SUSPECTS_SHOWN = 20

Changed = tuple[Change, Sequence[Line | None]]  # a file of the culprit, and its word diff


def plan(hunt: Hunt, cases: int, repeats: int, each: Estimate | None) -> str:
    """
    Say what a search takes at most, before the first call.

    `each` is what one text takes when nothing is cached; None where that cannot be said.
    """
    most = hunt.most
    calls = most * cases * repeats
    bound = "at most" if hunt.is_line else "about"
    usd = None if each is None or each.usd is None else each.usd * most
    return (
        f"{clean(hunt.path)}: {counted(len(hunt.search.graph), 'commit')} may have broken it; "
        f"{bound} {counted(most, 'evaluation')} of {counted(cases, 'case')}: "
        f"{counted(calls, 'call')}, {money(usd)}; "
        f"after {1 + hunt.search.bad_is_tried} of them --bad is known to be bad, or not"
    )


def trial_line(hunt: Hunt, subject: str) -> str:
    """What the latest trial said, and how many are suspected still."""
    trial = hunt.trials[-1]
    value = f"{trial.value:.3f}" if trial.value is not None else "-"
    end = " (--good)" if trial.commit == hunt.good else ""
    why = f" ({clean(trial.why, 120)})" if trial.why else ""
    left = len(hunt.search.suspects)
    return (
        f"{trial.commit[:SHORT]}  {trial.mark.value:<7}  {value:<5}  "
        f"{counted(left, 'suspect')} left  {clean(subject, 60)}{end}{why}"
    )


def culprit_lines(
    hunt: Hunt,
    commit: RawCommit,
    changed: Sequence[Changed],
    measured: Measured | None,
    undo: str = "",
) -> Iterator[Styled]:
    """Who broke it: the commit, what it changed, what that did to the cases, and a way back."""
    trial = hunt.trial_of(commit.id)
    assert trial is not None
    fell = history_text.change(hunt.before.value, trial.value)
    said = f"{commit.id[:SHORT]} broke it: {clean(hunt.rule.what)}, {fell}"
    yield ((said, "bold red"),)
    yield ()
    yield from history_text.heading(commit)
    for change, words in changed:
        yield ()
        yield from history_text.changed_heading(change)
        yield from history_text.word_lines(words)
    yield ()
    yield from history_text.measured_lines(measured)
    yield ()
    yield total(hunt)
    if undo:
        yield ((f"undo it: {undo}", "bold"),)


def undoing(hunt: Hunt, commit: str, *, to: bool) -> str:
    """The command that takes a commit back, or goes back to one, as a shell reads it."""
    return f"promptgit revert {'--to ' if to else ''}{commit[:SHORT]} {quote(clean(hunt.path))}"


def suspect_lines(hunt: Hunt, commits: Sequence[RawCommit]) -> Iterator[Styled]:
    """Who may have broken it, where what lies between could not be tried."""
    yield (("one of these broke it; what lies between cannot be evaluated:", "bold yellow"),)
    for commit in commits[:SUSPECTS_SHOWN]:
        trial = hunt.trial_of(commit.id)
        mark = trial.mark if trial else None
        why = f"  ({clean(trial.why, 160)})" if trial and trial.why else ""
        yield (
            (f"  {commit.id[:SHORT]}", "yellow"),
            (f"  {mark.value if mark else '':<7}", MARKS[mark] if mark else ""),
            (f"  {clean(commit.subject)}", ""),
            (why, "dim"),
        )
    if len(commits) > SUSPECTS_SHOWN:
        yield ((f"  … and {len(commits) - SUSPECTS_SHOWN} more; --json lists them all", "dim"),)
    yield total(hunt)


def total(hunt: Hunt) -> Styled:
    """What the search took."""
    known = sum(1 for trial in hunt.trials if trial.evaluation and not trial.calls)
    free = f", {counted(known, 'text')} known already" if known else ""
    said = (
        f"{counted(hunt.evaluations, 'evaluation')} for {counted(len(hunt.search.graph), 'commit')}"
        f" ({counted(hunt.calls, 'call')}{free})"
    )
    return ((said, "dim"),)


def facts(
    hunt: Hunt,
    culprit: RawCommit | None = None,
    changed: Sequence[Changed] = (),
    measured: Measured | None = None,
    undo: str = "",
) -> dict[str, Any]:
    """
    The whole search in JSON's terms; `culprit` is null where several are suspected.

    `at_most` bounds the evaluations; null where branches leave that open.
    """
    return {
        "schema": history_json.SCHEMA,
        "path": hunt.path,
        "good": hunt.good,
        "bad": hunt.bad,
        "rule": {
            "case": hunt.rule.case or None,
            "metric": hunt.rule.metric or None,
            "threshold": hunt.rule.threshold,
            "margin": None if hunt.rule.case else hunt.rule.margin,
        },
        "commits": len(hunt.search.graph),
        "at_most": hunt.most if hunt.is_line else None,
        "evaluations": hunt.evaluations,
        "calls": hunt.calls,
        "trials": [_trial(trial) for trial in hunt.trials],
        "suspects": [suspect.commit for suspect in hunt.search.suspects],
        "culprit": _culprit(hunt, culprit, changed, measured, undo) if culprit else None,
    }


def _culprit(
    hunt: Hunt,
    commit: RawCommit,
    changed: Sequence[Changed],
    measured: Measured | None,
    undo: str,
) -> dict[str, Any]:
    trial = hunt.trial_of(commit.id)
    return {
        "commit": commit.id,
        "author": commit.author,
        "subject": commit.subject,
        "before": finite(hunt.before.value),
        "after": finite(trial.value if trial else None),
        "files": [
            {
                "path": change.path,
                "old_path": change.old_path or change.path,
                "words": history_json.words(words),
            }
            for change, words in changed
        ],
        "measured": history_json.measured(measured),
        "undo": undo or None,
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "commit": trial.commit,
        "mark": trial.mark.value,
        "value": finite(trial.value),
        "why": trial.why,
        "calls": trial.calls,
    }
