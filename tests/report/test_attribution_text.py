"""Which steps are to blame, in words, in a table and as JSON."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from promptgit.core.attribution import Attribution, Blame
from promptgit.core.dataset import Case
from promptgit.core.gate import (
    CaseFinding,
    Flip,
    GateFinding,
    MetricFinding,
    PromptFinding,
    Side,
)
from promptgit.core.verdict import Outcome, Policy, Verdict
from promptgit.report.attribution_text import attribution, attribution_facts, by_step


def a_blame(case="a", *steps, why="sort changed", calls=1):
    return Blame(case, steps, why, dict.fromkeys(steps, 1.0), calls, 2)


def an_attribution(*blames, left=0):
    return Attribution(("sort", "reply"), blames, left)


def shown(found, worst=5):
    out = StringIO()
    Console(file=out, width=100).print(attribution(found, worst=worst))
    return out.getvalue()


def a_prompt(found, **flips):
    cases = tuple(CaseFinding(Case(n, {}), flip, Side(1.0), Side(0.0)) for n, flip in flips.items())
    verdict = Verdict(Outcome.REGRESSION, 0.0, 0.0, 0.0, 1, 1, 1.0, 0.0, 1.0, 0.05)
    score = MetricFinding("score", "score", verdict, 0.05, gated=True)
    gate = GateFinding("base", Outcome.REGRESSION, Policy(), (score,), cases)
    return PromptFinding("pipelines/a.yaml", "changed", (), (gate,), attribution=found)


def test_each_step_has_its_cases_and_its_share():
    said = shown(an_attribution(a_blame("a", "sort"), a_blame("b", "sort"), a_blame("c", "reply")))

    rows = [line.split() for line in said.splitlines()]
    assert ["sort", "2", "67%"] in rows
    assert ["reply", "1", "33%"] in rows
    assert "a: sort (sort changed)" in said
    assert "replaying took 3 calls, 6 answers from the cache" in said


def test_only_the_first_cases_are_named_and_the_rest_counted():
    said = shown(an_attribution(*(a_blame(f"c{n}", "sort") for n in range(7))), worst=2)

    assert "c1: sort" in said
    assert "c2: sort" not in said
    assert "and 5 more" in said


def test_what_a_provider_says_cannot_draw_on_the_terminal():
    said = shown(an_attribution(a_blame("a", why="failed: \x1b[31mred")))

    assert "\x1b[31m" not in said
    assert "a: no single step" in said


def test_where_no_case_failed_no_step_is_to_blame():
    assert "No case failed" in shown(an_attribution())


def test_a_spent_budget_is_said():
    assert "1 case was not replayed: the budget ended" in shown(an_attribution(left=1))


def test_a_gate_says_what_each_step_broke_and_fixed():
    found = an_attribution(
        a_blame("a", "sort"),
        a_blame("b", "sort"),
        a_blame("c", "reply", why="reply changed"),
    )

    said = list(by_step(a_prompt(found, a=Flip.BROKE, b=Flip.FIXED, c=Flip.FIXED)))

    assert said == [
        "by step: sort changed, and broke 1 case and fixed 1 case",
        "by step: reply changed, and fixed 1 case",
        "replaying took 3 calls, 6 answers from the cache",
    ]


def test_a_prompt_without_steps_says_nothing_of_them():
    assert list(by_step(a_prompt(None))) == []


def test_in_json_every_case_names_its_steps():
    facts = attribution_facts(an_attribution(a_blame("a", "sort", "reply")))

    assert facts["steps"][-1] == {"step": "sort or reply", "cases": 1, "share": 1.0}
    assert facts["cases"][0]["steps"] == ["sort", "reply"]
    assert facts["not_replayed"] == 0
