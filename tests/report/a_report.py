"""Reports of the gate, made up: what the writers of `report/` draw in their tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.gate import (
    CaseFinding,
    Finding,
    Flip,
    GateChange,
    GateFinding,
    MetricFinding,
    PromptFinding,
    Report,
    Side,
    Spent,
)
from promptgit.core.verdict import Flip as Flipped
from promptgit.core.verdict import Outcome, Policy, Verdict

BASE, HEAD, MERGE = "1a" * 20, "2b" * 20, "3c" * 20
BEFORE = "Answer the customer.\nBe brief.\n"
AFTER = "Answer the customer in one word.\nBe brief.\n"

# What a model, a case or a file name may bring along to harm a terminal, a log or a page.
HOSTILE = (
    "::error::owned\n%0A::set-output name=x::y\x1b[31m\x1b]0;title\x07 ```` @octo/team "
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> ![x](http://evil.test/p.png) "
    "</testcase>]]>&amp; | cell | a\u202eb\u200bc\u2028d\x00e\ud800f <!-- promptgit --> {{ 7 * 7 }}"
)


def a_side(score: float | None = 1.0, output: str = "yes", why: str = "", **changes: Any) -> Side:
    """One answer; `why` is what the scorer `equals` says of it."""
    scores = {} if score is None else {"equals": Score(score, why)}
    return replace(Side(score=score, output=output, scores=scores), **changes)


def a_case(
    id: str = "refund",
    flip: Flip = Flip.BROKE,
    *,
    asks: str = "Can I have my money back?",
    expected: str | None = "refund",
    before: Side | None = None,
    after: Side | None = None,
    tags: tuple[str, ...] = (),
    **changes: Any,
) -> CaseFinding:
    """A case that flipped as asked, with the two answers that show it."""
    good = a_side(1.0, "refund")
    bad = a_side(0.0, "other", "'other' is not 'refund'")
    nothing = a_side(None, "", failure="503 from the provider")
    pair: dict[Flip, tuple[Side | None, Side | None]] = {
        Flip.BROKE: (good, bad),
        Flip.FIXED: (bad, good),
        Flip.SAME: (good, good),
        Flip.UNSCORED: (good, nothing),
        Flip.NOT_RUN: (None, None),
    }
    case = Case(id, {"message": asks}, expected, tags=tags)
    sides = (before or pair[flip][0], after or pair[flip][1])
    return CaseFinding(case, flip, *sides, **changes)


def a_verdict(outcome: Outcome = Outcome.PASS, **changes: Any) -> Verdict:
    effect = -0.1 if outcome is Outcome.REGRESSION else 0.02
    found = Verdict(
        outcome,
        effect=effect,
        low=effect - 0.05,
        high=effect + 0.05,
        n=40,
        of=60,
        baseline=0.80,
        candidate=0.80 + effect,
        p_value=0.3,
        alpha=0.05,
        needed=220 if outcome is Outcome.INCONCLUSIVE else None,
    )
    return replace(found, **changes)


def a_metric(
    name: str = "score", outcome: Outcome = Outcome.PASS, *, gated: bool = True, **changes: Any
) -> MetricFinding:
    kind = "score" if name == "score" else "metric"
    found = MetricFinding(name, kind, a_verdict(outcome), margin=0.05, gated=gated)
    return replace(found, **changes)


def a_guard(name: str = "cost", outcome: Outcome = Outcome.PASS) -> MetricFinding:
    """A guard whose growth of 12 % is within its margin of 25 %, unless `outcome` says else."""
    grown = 0.12 if outcome is Outcome.PASS else 0.4
    verdict = a_verdict(
        outcome,
        effect=grown,
        low=grown - 0.04,
        high=grown + 0.04,
        baseline=0.0021,
        candidate=0.0021 * (1 + grown),
    )
    return MetricFinding(name, "guard", verdict, margin=0.25, gated=True)


def a_gate(
    outcome: Outcome = Outcome.REGRESSION,
    cases: Sequence[CaseFinding] | None = None,
    metrics: Sequence[MetricFinding] | None = None,
    **changes: Any,
) -> GateFinding:
    """One prompt by one set of rules; the score's verdict lists the flips of `cases`."""
    cases = (a_case(),) if cases is None else tuple(cases)
    metrics = (a_metric(outcome=outcome),) if metrics is None else tuple(metrics)
    score = replace(metrics[0], verdict=replace(metrics[0].verdict, flips=_flips(cases)))
    found = GateFinding("base", outcome, Policy(), (score, *metrics[1:]), cases)
    return replace(found, **changes)


def _flips(cases: Iterable[CaseFinding]) -> tuple[Flipped, ...]:
    return tuple(
        Flipped(found.case.id, found.before.score, found.after.score)
        for found in cases
        if found.flip in (Flip.BROKE, Flip.FIXED) and found.before and found.after
    )


def a_prompt(
    outcome: Outcome = Outcome.REGRESSION,
    cases: Sequence[CaseFinding] | None = None,
    **changes: Any,
) -> PromptFinding:
    found = PromptFinding(
        "prompts/reply.md",
        "changed",
        why=("its text changed",),
        gates=(a_gate(outcome, cases),),
        blobs=("4d" * 20, "5e" * 20),
        texts=(BEFORE, AFTER),
        model="offline/rules-1",
    )
    return replace(found, **changes)


def a_report(*prompts: PromptFinding, **changes: Any) -> Report:
    """A report on these prompts; on one that got worse if there are none."""
    spent = Spent(calls=80, reused=40, saved=40, tokens=12_000, usd=0.0123, seconds=7.5)
    return replace(Report(BASE, HEAD, prompts=prompts or (a_prompt(),), spent=spent), **changes)


def a_gate_change(**changes: Any) -> GateChange:
    found = GateChange(
        "policy", "prompts/reply.eval.yaml", 7, "the margin was 0.05 and is 0.2: a bigger drop"
    )
    return replace(found, **changes)


def a_lint_finding(**changes: Any) -> Finding:
    found = Finding(
        "PG101", "warning", "prompts/reply.md", 2, "no role is given to the model", column=1
    )
    return replace(found, **changes)


def many_cases(count: int, *, output: str = "refund") -> tuple[CaseFinding, ...]:
    """Cases of every kind, the broken ones first: of 20, two broke, one was fixed, one failed."""
    kinds = (Flip.BROKE, Flip.BROKE, Flip.FIXED, Flip.UNSCORED, *[Flip.SAME] * 16)
    made = (
        a_case(
            f"case-{number:05}",
            kinds[number % len(kinds)],
            asks=f"Question {number}: can I have my money back?",
            before=_answer(kinds[number % len(kinds)], output, first=True),
            after=_answer(kinds[number % len(kinds)], output, first=False),
            tags=("billing",) if number % 3 == 0 else ("general",),
        )
        for number in range(count)
    )
    order = list(Flip)
    return tuple(sorted(made, key=lambda found: order.index(found.flip)))


def _answer(flip: Flip, output: str, *, first: bool) -> Side:
    if flip is Flip.UNSCORED and not first:
        return a_side(None, "", failure="503 from the provider")
    wrong = flip is (Flip.FIXED if first else Flip.BROKE)
    return a_side(0.0, f"not {output}", "it is not 'refund'") if wrong else a_side(1.0, output)


def a_hostile_report() -> Report:
    """A report in which every word that others write is an attack."""
    side = a_side(0.0, HOSTILE, HOSTILE, flags=("empty",))
    broken = a_case("evil" + HOSTILE, asks=HOSTILE, expected=HOSTILE, after=side, tags=(HOSTILE,))
    unscored = a_case("down", Flip.UNSCORED, after=a_side(None, HOSTILE, failure=HOSTILE))
    prompt = a_prompt(
        cases=(broken, unscored),
        path="prompts/" + HOSTILE.replace("\x00", "").replace("\ud800", "") + ".md",
        why=(HOSTILE,),
        note=HOSTILE,
        model=HOSTILE,
        texts=(BEFORE, BEFORE + HOSTILE),
        changes=(a_gate_change(says=HOSTILE, path=HOSTILE),),
        lint=(a_lint_finding(message=HOSTILE, path=HOSTILE),),
    )
    return a_report(prompt, notices=(HOSTILE,))
