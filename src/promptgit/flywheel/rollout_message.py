"""The commit message of a step of a rollout: what changes for whom, why, and the facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from promptgit.core import trailers
from promptgit.core.record import SCHEMA
from promptgit.flywheel.rollout import Arm, Rollout
from promptgit.history.claims import ROLLOUT_KEY
from promptgit.history.message import SUBJECT, body, inert, shortened

RULES = {"abort": "a guard", "share": "a bandit"}  # what acts where no person does
Action = Literal["deploy", "promote", "abort", "share"]


@dataclass(frozen=True, slots=True)
class Step:
    """One commit to be made."""

    action: Action
    path: str  # of the prompt
    before: Rollout | None
    after: Rollout
    evidence: str = ""  # how far the score of the text can be believed: `confirmed`, …
    why: str = ""  # what a person, or a guard, says of it
    automatic: bool = False  # no person asked for it

    @property
    def arm(self) -> Arm:
        """The text that the step is about: the candidate, or what everybody has now."""
        return self.after.candidate or self.after.stable

    @property
    def gone(self) -> str:
        """The blob that nobody gets any more; empty where none goes."""
        if self.before is None:
            return ""
        had = [arm.blob for arm in (self.before.candidate, self.before.stable) if arm]
        has = [arm.blob for arm in (self.after.candidate, self.after.stable) if arm]
        return next((blob for blob in had if blob not in has), "")


def step_message(step: Step) -> str:
    """
    Write the message; `Rollout-` trailers say what the file says, for whoever asks the log.

    >>> one = Rollout("production", "reply", Arm("a" * 40, "c" * 40))
    >>> print(step_message(Step("deploy", "prompts/reply.md", None, one)))
    deploy(reply): aaaaaaaaaa for everybody in production
    <BLANKLINE>
    Prompt-Path: prompts/reply.md
    Prompt-Blob: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    Rollout-Environment: production
    Rollout-Action: deploy
    Rollout-Share: 100%
    Rollout-Commit: cccccccccccccccccccccccccccccccccccccccc
    Promptgit-Schema: 1
    <BLANKLINE>
    """
    stem = trailers.clean_value(PurePosixPath(step.after.prompt).name)
    scope = re.sub(r"[^\w.-]+", "-", stem)[:30].strip("-")
    head = f"{step.action}({scope or 'prompt'}): "
    subject = head + shortened(what(step), SUBJECT - len(head))
    paragraphs = [subject, body(inert(step.why)) if step.why else ""]
    return "\n\n".join([*filter(None, paragraphs), trailers.block(_facts(step))])


def what(step: Step) -> str:
    """Say in a line what changes, and for whom."""
    after, before = step.after, step.before
    environment, blob = after.environment, step.arm.blob[:10]
    if step.action == "abort":
        return f"back to {after.stable.blob[:10]} for everybody in {environment}"
    if after.candidate is None:
        return f"{blob} for everybody in {environment}"
    if before and before == replace(after, guards=before.guards):
        return f"guards of {blob} in {environment}: {', '.join(after.guards)}"
    was = f", was {before.share:g} %" if before and before.candidate else ""
    return f"{blob} for {after.share:g} % of {environment}{was}"


def _facts(step: Step) -> list[tuple[str, str]]:
    after, before = step.after, step.before
    share = after.share if after.candidate else 100
    was = f"{before.share:g}% -> " if before and before.candidate and after.candidate else ""
    optional = [
        ("Rollout-Stable", after.stable.blob if after.candidate else ""),
        ("Rollout-Ended", step.gone),
        ("Rollout-Evidence", step.evidence),
        ("Rollout-By", RULES.get(step.action, "a rule") if step.automatic else ""),
    ]
    return [
        ("Prompt-Path", trailers.path_value(step.path)),
        ("Prompt-Blob", step.arm.blob),
        (ROLLOUT_KEY, after.environment),
        ("Rollout-Action", step.action),
        ("Rollout-Share", f"{was}{share:g}%"),
        ("Rollout-Commit", step.arm.commit),
        *(pair for pair in optional if pair[1]),
        (trailers.SCHEMA_KEY, str(SCHEMA)),
    ]
