"""
Trials between prompts that are known only in part: a gate, then a duel, on few cases.

A strategy that keeps many prompts cannot ask each about every case.  What one was asked stays
known (`Lab.so_far`), and a trial asks for no more than its outcome needs.

Maron and Moore, "Hoeffding races", NIPS 6 (1993), for stopping early; Neyman, "On the two
different aspects of the representative method", JRSS 97 (1934), for looking where the rival
fails, and weighing what is seen there by its share.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from promptgit.core.dataset import Case
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.race import ROUNDING

LOOK = 10  # cases; then as many again, and so on
WEAK = 0.7  # share of a look that is taken where the rival fails, as long as there is any
MAX_UNSCORED = 0.2  # of the cases of a duel; above it says nothing


@dataclass(frozen=True, slots=True)
class Trial:
    """How a prompt did against a rival."""

    won: bool
    reason: str  # one sentence; the mentor reads it when the prompt lost
    before: float = 0.0  # mean score of the rival, as far as the trial shows it
    after: float = 0.0
    raced: int = 0  # cases
    unscored: bool = False  # too many cases had no score: neither better nor worse

    @property
    def facts(self) -> dict[str, float]:
        """What a note of a proposal says of it."""
        return {"before": self.before, "after": self.after, "raced": self.raced}


def known(lab: Lab, prompt: Prompt) -> Mapping[str, float]:
    """Return the scores by case id that a prompt is known to have."""
    return lab.so_far(prompt).scores if prompt.blob in lab.results else {}


def asked(lab: Lab, prompt: Prompt) -> Collection[str]:
    """Name the cases that a prompt was asked about, scored or not."""
    return lab.results[prompt.blob].results.keys() if prompt.blob in lab.results else ()


def ask(lab: Lab, prompt: Prompt, cases: Iterable[str]) -> None:
    """Ask a prompt about those of these cases that it was not asked about; raise BudgetSpent."""
    new = lab.search.only(set(cases) - set(asked(lab, prompt)))
    if len(new):
        lab.evaluate(prompt, new)


def gate(lab: Lab, child: Prompt, parent: Prompt, shown: Sequence[str]) -> Trial:
    """
    Ask the child what its parent failed: it passes if the sum of its scores is higher.

    One case after the other, and no longer than the outcome is open; scores are 0 to 1.
    """
    scores = known(lab, parent)
    cases = [name for name in shown if name in scores]
    before = sum(scores[name] for name in cases)
    after, done = 0.0, 0
    for done, name in enumerate(cases, 1):
        ask(lab, child, [name])
        after += known(lab, child).get(name, 0.0)
        most = after + len(cases) - done
        if after > before + ROUNDING or most <= before + ROUNDING:
            break
    won = after > before + ROUNDING
    many = "the miss" if len(cases) == 1 else f"the {len(cases)} misses"
    reason = f"{'better' if won else 'no better'} on {many} that it was written for"
    return Trial(won, reason, before / max(1, len(cases)), after / max(1, done), done)


def duel(
    lab: Lab,
    child: Prompt,
    rival: Prompt,
    cases: Iterable[str],
    *,
    longest: int,
    order_seed: str,
    min_improvement: float = 0.0,
) -> Trial:
    """
    Compare two prompts on some of `cases`, which the rival was asked about.

    The child must lead after every LOOK cases, and has won after `longest`.  Seven of ten cases
    are taken where the rival fails: only there can the child gain.  Cases that the child was
    asked about before come first, so that a second duel goes on from the first.
    `min_improvement` is asked for at the end, in score points (0 to 1).
    """
    scores = known(lab, rival)
    weak, rest = parted(lab.search.only(cases).shuffled(order_seed), scores)
    share = len(parted(lab.search, scores)[0]) / max(1, len(scores))
    before = set(asked(lab, child))
    order = sorted(dealt(weak, rest), key=lambda case: case.id not in before)
    free = sum(case.id in before for case in order)
    most = min(max(longest, free + LOOK), len(order))
    done, trial = 0, Trial(False, "there was no case to compare it on", unscored=True)
    while done < most:
        done = min(max(done, free) + LOOK, most)
        ask(lab, child, [case.id for case in order[:done]])
        trial = standing(known(lab, child), scores, order[:done], {case.id for case in weak}, share)
        if not trial.won:
            return trial
    gain = trial.after - trial.before
    if trial.won and gain < min_improvement - ROUNDING:
        short = f"gained {gain:.4f} on {done} cases, less than {min_improvement:g}"
        return replace(trial, won=False, reason=short)
    return trial


def parted(cases: Iterable[Case], scores: Mapping[str, float]) -> tuple[list[Case], list[Case]]:
    """Part the cases that have a score: below the mean of all scores, and the others."""
    mean = sum(scores.values()) / max(1, len(scores))
    scored = [case for case in cases if case.id in scores]
    weak = [case for case in scored if scores[case.id] < mean - ROUNDING]
    return weak, [case for case in scored if scores[case.id] >= mean - ROUNDING]


def dealt(weak: Sequence[Case], rest: Sequence[Case]) -> list[Case]:
    """
    Mix two rows so that WEAK of every beginning is from the first, as long as it lasts.

    >>> def row(names):
    ...     return [Case(name, {}) for name in names]
    >>> "".join(case.id for case in dealt(row("abcd"), row("uvwx")))
    'abcudvwx'
    """
    found: list[Case] = []
    one, other = list(weak), list(rest)
    while one or other:
        short = len(weak) - len(one) < WEAK * (len(found) + 1)
        found.append(one.pop(0) if one and (short or not other) else other.pop(0))
    return found


def standing(
    child: Mapping[str, float],
    rival: Mapping[str, float],
    cases: Sequence[Case],
    weak: Collection[str],
    share: float,
) -> Trial:
    """
    Tell who leads after `cases`, of which those in `weak` stand for `share` of them all.

    >>> two = [Case("a", {}), Case("b", {})]
    >>> standing({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, two, {"a"}, 0.1).reason
    'no gain on 2 cases: 0.9000 -> 0.1000'
    """
    pairs = [case for case in cases if case.id in child and case.id in rival]
    if len(cases) - len(pairs) > MAX_UNSCORED * len(cases):
        reason = f"{len(cases) - len(pairs)} of {len(cases)} cases had no score"
        return Trial(False, reason, raced=len(cases), unscored=True)
    before = after = total = 0.0
    for part, inside in ((share, True), (1.0 - share, False)):
        here = [case for case in pairs if (case.id in weak) is inside]
        weight = sum(case.weight for case in here)
        if weight:
            before += part * sum(case.weight * rival[case.id] for case in here) / weight
            after += part * sum(case.weight * child[case.id] for case in here) / weight
            total += part
    before, after = before / (total or 1.0), after / (total or 1.0)
    if after > before + ROUNDING:
        reason = f"gained {after - before:.4f} on {len(cases)} cases"
        return Trial(True, reason, before, after, len(cases))
    reason = f"no gain on {len(cases)} cases: {before:.4f} -> {after:.4f}"
    return Trial(False, reason, before, after, len(cases))
