"""After a check: which step's change broke or fixed each case of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from promptgit.check.attribution import blame_flips
from promptgit.cli.live import counted
from promptgit.core.attribution import Attribution
from promptgit.core.gate import Flip, PromptFinding
from promptgit.core.pipeline import FORM

if TYPE_CHECKING:
    from promptgit.cli.checking import Checking, Evidence

FLIPPED = (Flip.BROKE, Flip.FIXED)


def attributions(
    checking: Checking, evidence: Sequence[Evidence], *, quiet: bool
) -> dict[str, Attribution]:
    """Replay the flipped cases of each pipeline, by path; those whose steps are others are not."""
    found = {}
    for one in evidence:
        if any(contender.prompt.form != FORM for contender in one.gate.contenders):
            continue
        flipped = [case.case.id for case in one.finding.cases if case.flip in FLIPPED]
        replay = blame_flips(
            one.pair,
            one.gate.contenders,
            one.gate.suite,
            flipped,
            concurrency=checking.concurrency,
        )
        if not replay:
            continue
        with closing(iter(replay)) as running:
            for _ in counted(running, len(replay), lambda: checking.budget.spend, quiet=quiet):
                pass
        found[one.subject.path] = replay.attribution
    return found


def told(
    prompts: Sequence[PromptFinding], found: dict[str, Attribution]
) -> tuple[PromptFinding, ...]:
    """Put what was found to the prompts that it is about."""
    return tuple(replace(prompt, attribution=found.get(prompt.path)) for prompt in prompts)
