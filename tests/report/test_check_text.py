"""The one screen that `promptgit check` shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from promptgit.core.gate import Flip, Quarantined
from promptgit.core.verdict import Outcome
from promptgit.report import check_text
from promptgit.report import gate_words as words
from promptgit.report.history_text import plain
from report.a_report import (
    a_case,
    a_gate,
    a_gate_change,
    a_guard,
    a_hostile_report,
    a_lint_finding,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    many_cases,
)


def said(report, width=None) -> list[str]:
    return [plain(line) for line in check_text.summary(report, width)]


def test_a_regression_on_one_screen():
    assert said(a_report()) == [
        "prompts/reply.md  (its text changed; offline/rules-1)",
        "  REGRESSION: -10.0 points (90 % range -15.0 to -5.0), 1 case got worse, 0 better, "
        "40 of 60 cases compared.",
        "  metric   base   head  effect     90 % range     pairs  tolerated",
        "  score   0.800  0.700   -10.0  -15.0 to -5.0  40 of 60  a drop under 5 points  "
        "REGRESSION",
        "  1 broke",
        "  broke  refund  1.000 -> 0.000",
        "    equals: 'other' is not 'refund'",
        "",
        "base 1a1a1a1a1a, head 2b2b2b2b2b",
        "80 calls, 40 answers reused, 40 not needed; 12,000 tokens, 0.01 USD, 7.5 s",
    ]


def test_findings_of_lint_are_listed_up_to_a_number():
    prompt = a_prompt(lint=tuple(a_lint_finding(line=n) for n in range(1, 31)))

    lines = [plain(line) for line in check_text.lint_lines(prompt)]

    assert lines[0] == "  warning  prompts/reply.md:1:1  no role is given to the model (PG101)"
    assert lines[20:] == ["  … and 10 more: promptgit lint"]


def test_a_changed_gate_is_told_first_then_notices():
    report = a_report(a_prompt(changes=(a_gate_change(),)), notices=("The base moved.",))

    assert said(report)[:3] == [
        "This change also changes the gate:",
        "  policy  prompts/reply.eval.yaml:7  the margin was 0.05 and is 0.2: a bigger drop",
        "! The base moved.",
    ]


def test_a_change_that_concerns_no_prompt_says_so():
    assert said(replace(a_report(), prompts=()))[0] == "The change concerns no prompt."


def test_at_most_five_broken_cases_are_shown_and_the_rest_is_counted():
    lines = said(a_report(a_prompt(cases=many_cases(100))))

    assert sum(line.startswith("  broke  ") for line in lines) == 5
    assert "  … and 5 more that broke: promptgit review" in lines


def test_what_is_to_be_known_of_a_broken_case_stands_beside_it():
    case = a_case(must_pass=True, already_failing=True)

    lines = said(a_report(a_prompt(cases=[case])))

    assert "  broke  refund  1.000 -> 0.000  (must pass; already failing in base)" in lines


def test_a_failed_side_has_a_dash_for_its_score():
    case = a_case(flip=Flip.UNSCORED, after=a_side(None, failure="timeout"))

    assert check_text.move(case) == "1.000 -> –"


def test_cases_that_were_asked_and_are_not_in_the_score_are_said():
    held = Quarantined("held", "@ana", "it flips", date(2027, 1, 31))
    cases = (
        a_case("a", Flip.SAME),
        a_case("held", Flip.SAME, quarantined=held),
        a_case("must", Flip.SAME, must_pass=True),
        a_case("late", Flip.NOT_RUN),
    )
    gate = a_gate(Outcome.PASS, cases)
    score = replace(gate.score, verdict=replace(gate.score.verdict, n=1, of=3))

    line = words.flips(replace(gate, metrics=(score,)))

    assert line == (
        "3 same, 1 not run; not in the score: 1 in quarantine, 1 must-pass, asked out of turn"
    )


def test_guards_are_in_their_own_unit():
    metrics = [a_metric(), a_guard("cost"), a_guard("length")]

    lines = said(a_report(a_prompt(gates=(a_gate(Outcome.PASS, metrics=metrics),))))

    (cost,) = (line for line in lines if line.startswith("  cost"))
    (length,) = (line for line in lines if line.startswith("  length"))
    assert cost.split()[1:7] == ["0.0021", "USD", "0.0024", "USD", "+12.0", "%"]
    assert "at most 25 % more" in cost
    assert length.split()[2] == "characters"


def test_a_metric_for_information_has_no_verdict():
    metrics = [a_metric(), a_metric("brief", Outcome.REGRESSION, gated=False)]

    lines = said(a_report(a_prompt(gates=(a_gate(Outcome.PASS, metrics=metrics),))))

    assert next(line for line in lines if "brief" in line).endswith("for information")


def test_both_sets_of_rules_are_named_where_they_differ():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))

    lines = said(a_report(a_prompt(gates=gates)))

    assert lines.index("  By base's rules:") < lines.index("  By head's rules:")


def test_a_case_that_broke_by_both_sets_of_rules_is_shown_once():
    shared, own = a_case("shared"), a_case("own")
    gates = (a_gate(cases=[shared]), replace(a_gate(cases=[shared, own]), rules="head"))

    lines = said(a_report(a_prompt(gates=gates)))

    assert [line for line in lines if "shared" in line] == ["  broke  shared  1.000 -> 0.000"]
    assert "  broke  own  1.000 -> 0.000" in lines
    assert "  1 of the cases above broke by these rules, too" in lines


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0.5556, 0.5564, "0.5556 -> 0.5564"),
        (0.5560001, 0.5560000, "0.5560001 -> 0.5560000"),
        (0.1 + 0.2, 0.3, "0.300 -> 0.300"),  # rounding
        (0.75, 0.5, "0.750 -> 0.500"),
    ],
)
def test_scores_that_differ_look_different(before: float, after: float, shown: str):
    case = a_case(before=a_side(before), after=a_side(after))

    assert f"  broke  refund  {shown}" in said(a_report(a_prompt(cases=[case])))


def test_a_prompt_that_could_not_be_compared_says_why():
    prompt = a_prompt(
        gates=(), standing="unchecked", note="the cases cannot be read", decided=Outcome.INVALID
    )

    assert said(a_report(prompt))[1] == "  INVALID: the cases cannot be read"


def test_faults_of_the_quarantine_are_told_whatever_the_verdict():
    gate = a_gate(Outcome.PASS, faults=("the quarantine of 'x' ended on 2026-01-01",))

    assert "  - the quarantine of 'x' ended on 2026-01-01" in said(
        a_report(a_prompt(gates=(gate,)))
    )


def test_several_prompts_are_summed_up_in_a_sentence():
    lines = said(a_report(a_prompt(), a_prompt(Outcome.PASS)))

    assert "REGRESSION: 1 of 2 prompts got worse." in lines


def test_prompts_that_got_worse_come_first():
    fine, worse = a_prompt(Outcome.PASS, path="a.md"), a_prompt(path="b.md")

    lines = said(a_report(fine, worse))

    assert lines[0].startswith("b.md")
    assert any(line.startswith("a.md") for line in lines)


def test_it_says_which_drop_the_cases_could_have_shown():
    gate = a_gate(Outcome.PASS, many_cases(200), smallest_effect=0.031)

    (line,) = (line for line in said(a_report(a_prompt(gates=(gate,)))) if "four times" in line)

    assert line.endswith(
        "A drop of 3.1 points or more would show on 200 cases four times out of five"
    )


def test_an_open_verdict_says_what_the_policy_makes_of_it():
    prompts = (a_prompt(Outcome.PASS), a_prompt(Outcome.INCONCLUSIVE))

    for choice, effect in (("pass", "lets the change pass"), ("warn", "only warns")):
        report = a_report(*prompts, on_inconclusive=choice)
        assert f"INCONCLUSIVE: 1 of 2 prompts is undecided, which {effect} here." in said(report)


def test_a_narrow_terminal_gets_fewer_columns_never_a_broken_number():
    metrics = [a_metric(outcome=Outcome.REGRESSION), a_guard("cost")]
    report = a_report(a_prompt(gates=(a_gate(metrics=metrics),)))

    narrow = [line for line in said(report, width=60) if line.startswith(("  score", "  cost"))]

    assert all(len(line) <= 60 for line in narrow)
    assert narrow[0].split() == ["score", "0.800", "0.700", "-10.0", "REGRESSION"]


def test_as_a_file_it_is_the_same_words():
    assert check_text.page(a_report()).splitlines() == said(a_report())


def test_nothing_that_others_wrote_acts_on_the_terminal():
    text = "\n".join(said(a_hostile_report()))

    assert not set(text) & set("\x00\x07\x1b\u202e\u200b\u2028\ud800")
    assert "<U+001B>[31m" in text
    assert not any(line.startswith("::") for line in text.splitlines())
