"""Rollouts as a terminal shows them: what is live where, and what a step changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promptgit.core.revision import Evidence
from promptgit.flywheel.rollout import CANDIDATE, ROLLOUT_FILE, STABLE, Arm, Rollout, Variant
from promptgit.flywheel.rollout_message import Step, what
from promptgit.report.history_text import SHORT, STYLES, Styled, clean

SCHEMA = 1
MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Proof:
    """What records say of a text."""

    evidence: Evidence = Evidence.UNEVALUATED
    score: float | None = None
    n: int | None = None  # cases behind the score

    @property
    def words(self) -> str:
        """
        Say it in a few words.

        >>> Proof(Evidence.CONFIRMED, 0.812, 60).words
        'confirmed, score 0.812 on 60 cases'
        """
        score = "" if self.score is None else f", score {self.score:.3f}"
        cases = f" on {self.n} cases" if score and self.n else ""
        return f"{self.evidence.value}{score}{cases}"


@dataclass(frozen=True, slots=True)
class Live:
    """One entry of the file with what else is known of it."""

    rollout: Rollout
    proofs: Mapping[Variant, Proof]
    subjects: Mapping[str, str]  # commit → its subject; those that this clone lacks are left out
    problems: Sequence[str] = ()  # why a text of it cannot be served from here


@dataclass(frozen=True, slots=True)
class Change:
    """The commit that last changed the file."""

    commit: str
    when: str  # day
    author: str
    subject: str


def step_lines(step: Step, proof: Proof, commit: str | None) -> Iterator[Styled]:
    """What a step does, how the text is proven, and what to type next."""
    yield ((f"{step.after.prompt}: ", "bold"), (what(step), ""))
    if step.action == "deploy":
        yield (("evidence: ", ""), (proof.words, STYLES[proof.evidence]))
        if step.before and proof.evidence is not Evidence.CONFIRMED:
            said = "no sealed comparison shows that this text is better than the one before"
            yield (("warning: ", "yellow"), (said, ""))
    if commit is None:
        yield (("a dry run: nothing was committed", "dim"),)
        return
    short = commit[:SHORT]
    yield ((f"committed {short}, {ROLLOUT_FILE} alone; `git revert {short}` undoes it", "dim"),)
    if step.after.candidate:
        yield ((_next(step.after), "dim"),)


def status_lines(
    live: Sequence[Live], change: Change | None, *, dirty: bool, now: str
) -> Iterator[Styled]:
    """What is live where; `now` is an instant, against which ages are told."""
    environment = ""
    for one in live:
        if one.rollout.environment != environment:
            if environment:
                yield ()
            environment = one.rollout.environment
            yield ((environment, "bold"),)
        yield from _entry_lines(one, now)
    if not live:
        yield (("nothing is live yet", ""),)
        yield (("`promptgit deploy PROMPT --to production` says what is", "dim"),)
    if change:
        who = f"{change.when} {clean(change.author, 30)}"
        yield ()
        yield (
            ("last change: ", "dim"),
            (change.commit[:SHORT], "yellow"),
            (f" {who}: {clean(change.subject, 100)}", ""),
        )
    if dirty:
        said = f"{ROLLOUT_FILE} here is not as it is committed"
        yield (("note: ", "yellow"), (said, ""))


def status_json(live: Sequence[Live], change: Change | None, *, dirty: bool) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": SCHEMA,
        "file": ROLLOUT_FILE,
        "commit": change.commit if change else None,
        "subject": change.subject if change else None,
        "committed": not dirty,
        "rollouts": [_as_json(one) for one in live],
    }


def step_json(step: Step, proof: Proof, findings: Sequence[str], commit: str | None) -> Any:
    """One step for programs; `commit` is null in a dry run."""
    entry = _as_json(Live(step.after, {}, {}))
    return {
        "schema": SCHEMA,
        "action": step.action,
        "what": what(step),
        "evidence": proof.evidence.value,
        "score": proof.score,
        "findings": list(findings),
        "rollout": entry,
        "commit": commit,
    }


def _entry_lines(one: Live, now: str) -> Iterator[Styled]:
    rollout = one.rollout
    yield (("  ", ""), (clean(rollout.prompt), "bold"), (_since(rollout, now), "dim"))
    yield _arm_line(one, STABLE, rollout.stable, 100 - rollout.share)
    if rollout.candidate:
        yield _arm_line(one, CANDIDATE, rollout.candidate, rollout.share)
        yield ((f"    {_next(rollout)}", "dim"),)
    for problem in one.problems:
        yield (("    warning: ", "yellow"), (clean(problem), ""))
    if rollout.guards:
        yield ((f"    guards: {', '.join(map(clean, rollout.guards))}", "dim"),)


def _arm_line(one: Live, variant: Variant, arm: Arm, share: float) -> Styled:
    proof = one.proofs.get(variant, Proof())
    subject = one.subjects.get(arm.commit, "")
    return (
        (f"    {variant:9} {share:5.4g} %  ", ""),
        (arm.blob[:SHORT], "yellow"),
        ("  ", ""),
        (proof.words, STYLES[proof.evidence]),
        (f"  {clean(subject, 60)}" if subject else "", "dim"),
    )


def _next(rollout: Rollout) -> str:
    typed = f"`promptgit promote {rollout.prompt} --to {rollout.environment}`"
    step = rollout.next_step
    if step is None:
        return f"next: {typed} makes the candidate stable"
    return f"next: {typed} gives it {step:g} %"


def _since(rollout: Rollout, now: str) -> str:
    if not rollout.since:
        return ""
    return f"  since {rollout.since[:16].replace('T', ' ')} UTC ({age(rollout.since, now)})"


def age(since: str, now: str) -> str:
    """
    Say how long ago an instant was.

    >>> age("2026-11-20T08:00:00.000Z", "2026-11-21T20:40:05.000Z")
    '36 hours'
    """
    passed = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        count = int(passed // length)
        if count >= (3 if unit == "day" else 1):
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "just now"


def _as_json(one: Live) -> dict[str, Any]:
    rollout = one.rollout

    def arm(variant: Variant, found: Arm | None) -> dict[str, Any] | None:
        if found is None:
            return None
        proof = one.proofs.get(variant)
        told = {"evidence": proof.evidence.value, "score": proof.score} if proof else {}
        return {"blob": found.blob, "commit": found.commit, **told}

    return {
        "environment": rollout.environment,
        "prompt": rollout.prompt,
        "stable": arm(STABLE, rollout.stable),
        "candidate": arm(CANDIDATE, rollout.candidate),
        "share": rollout.share if rollout.candidate else None,
        "next": rollout.next_step if rollout.candidate else None,
        "steps": list(rollout.steps),
        "guards": list(rollout.guards),
        "since": rollout.since or None,
        "problems": list(one.problems),
    }
