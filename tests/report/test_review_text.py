"""What `promptgit review` shows in a terminal."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len

from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome
from promptgit.report import review_text
from promptgit.report.history_text import plain
from promptgit.report.two_columns import beside, marked
from report.a_report import (
    BASE,
    HEAD,
    a_case,
    a_gate,
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_prompt,
    a_report,
    a_side,
    many_cases,
)


def said(report, width=None, **options) -> list[str]:
    return [plain(line) for line in review_text.lines(report, width, **options)]


def test_a_broken_case_is_shown_whole():
    lines = said(a_report())

    start = lines.index("  Broke: 1 case")
    assert lines[start + 1 : start + 7] == [
        "  broke  refund  1.000 -> 0.000",
        "    message   Can I have my money back?",
        "    expected  refund",
        "    base      refund",
        "    head      other",
        "    equals  1.000 -> 0.000  'other' is not 'refund'",
    ]


def test_first_the_gate_then_verdict_lint_words_and_cases_and_what_to_do_next():
    prompt = a_prompt(
        cases=[a_case(), a_case("late", Flip.FIXED), a_case("down", Flip.UNSCORED)],
        changes=(a_gate_change(),),
        lint=(a_lint_finding(),),
    )

    lines = said(a_report(prompt))

    order = [
        "This change also changes the gate:",
        "  Lint",
        "  warning  prompts/reply.md:2:1  no role is given to the model (PG101)",
        "  Words",
        "    Answer the customer{+ in one word+}.",
        "  Broke: 1 case",
        "  Fixed: 1 case",
        "  Unscored: 1 case",
    ]
    places = [lines.index(line) for line in order]
    assert places == sorted(places)
    assert lines[-2].startswith(f"promptgit review {BASE[:10]} {HEAD[:10]} --html review.html")
    assert lines[-1].startswith(
        f"promptgit bisect prompts/reply.md --good {BASE[:10]} --bad {HEAD[:10]} --case refund"
    )


def test_fixed_cases_say_what_was_wrong_and_unscored_ones_what_failed():
    cases = [a_case("late", Flip.FIXED), a_case("down", Flip.UNSCORED)]

    lines = said(a_report(a_prompt(Outcome.PASS, cases)))

    assert "    was  equals: 'other' is not 'refund'" in lines
    assert "    why  503 from the provider" in lines


def test_of_many_broken_cases_only_some_are_shown_and_the_rest_counted():
    lines = said(a_report(a_prompt(cases=many_cases(200))), most=3)

    assert sum(line.startswith("  broke  ") for line in lines) == 3
    assert "  … and 17 more: --limit-cases or --html shows them" in lines


def test_a_broken_case_that_must_pass_comes_first():
    cases = [a_case("worst"), a_case("vital", must_pass=True)]

    lines = said(a_report(a_prompt(cases=cases)))

    broke = [line.split()[1] for line in lines if line.startswith("  broke  ")]
    assert broke == ["vital", "worst"]


def test_what_head_s_rules_say_of_a_case_that_base_s_have_shown_is_not_said_again():
    gates = (a_gate(), a_gate(cases=[a_case(), a_case("new")], rules="head"))

    lines = said(a_report(a_prompt(gates=gates)))

    assert "  Broke: 1 case by base's rules" in lines
    assert "  Broke: 1 case by head's rules" in lines
    assert [line.split()[1] for line in lines if line.startswith("  broke  ")] == ["refund", "new"]


def test_answers_of_several_lines_stay_apart():
    after = a_side(0.0, "Dear Ann,\nno.\n")

    lines = said(a_report(a_prompt(cases=[a_case(after=after)])))

    assert lines[lines.index("    head      Dear Ann,") + 1] == "              no."


def test_a_wide_terminal_has_both_answers_beside_each_other():
    lines = said(a_report(), width=120)

    (line,) = (line for line in lines if "│  other" in line)
    assert line.startswith("    refund ")
    assert all(len(line) <= 120 for line in lines if "│" in line)


def test_a_narrow_terminal_has_one_answer_above_the_other():
    assert not [line for line in said(a_report(), width=80) if "│" in line]


def test_columns_stay_straight_whatever_is_in_them():
    before = "短い答え " * 12 + "\n" + "x" * 300
    after = "a short answer, or a long one\n\n" * 3

    lines = [plain(line) for line in beside(before, after, 100, "  ")]

    assert {cell_len(line.split("│")[0]) for line in lines} == {2 + 46 + 2}
    assert max(cell_len(line) for line in lines) <= 100
    assert "".join(line.split("│")[0] for line in lines).count("x") == 300


def test_words_that_differ_are_marked_on_either_side():
    left, right = marked("Please send a photo.", "Please write to us.")

    assert [word for word, style in left if style == "yellow"] == ["send", "a", "photo"]
    assert [word for word, style in right if style == "cyan"] == ["write", "to", "us"]
    assert ("Please", "") in left


def test_an_answer_that_is_very_long_is_cut_and_says_so():
    after = a_side(0.0, "no " * 2_000)

    text = "\n".join(said(a_report(a_prompt(cases=[a_case(after=after)]))))

    assert text.count("no ") < 600
    assert "more characters)" in text


def test_an_empty_answer_and_a_failed_one_differ():
    cases = [
        a_case("mute", after=a_side(0.0, "")),
        a_case("gone", after=a_side(0.0, "", failure="timeout")),
    ]

    lines = said(a_report(a_prompt(cases=cases)))

    assert "    head      (the empty answer)" in lines
    assert "    head      (no answer: timeout)" in lines


def test_the_work_tree_is_named_in_what_to_do_next():
    lines = said(replace(a_report(), head=""))

    assert lines[-1].startswith(f"promptgit review {BASE[:10]} --worktree --html review.html")


def test_a_name_with_odd_characters_is_quoted_in_a_command_and_a_hidden_one_never_offered():
    quoted = said(a_report(a_prompt(path="my prompts/$(reply).md")))
    hidden = said(a_report(a_prompt(path="prompts/a\u202eb.md")))

    assert "bisect 'my prompts/$(reply).md'" in quoted[-1]
    assert "bisect" not in hidden[-1]


def test_nothing_that_others_wrote_acts_on_the_terminal():
    for width in (None, 80, 140):
        text = "\n".join(said(a_hostile_report(), width))

        assert not set(text) & set("\x00\x07\x1b\u202e\u200b\u2028\ud800\r")
        assert "<U+001B>[31m" in text.replace("\n", "")


def test_no_line_is_a_command_to_a_runner_that_reads_the_log():
    after = a_side(0.0, "fine\n::error::owned\n  ::set-output name=x::y\nand ##[error]z")
    prompt = a_prompt(cases=[a_case(after=after)], texts=("a\n", "a\n::stop-commands::x\n"))

    lines = said(a_report(prompt))

    assert not [line for line in lines if line.strip().startswith("::")]
    assert "##[" not in "\n".join(lines)
    assert any("::error::owned" in line for line in lines)


def test_a_key_that_a_model_or_a_scorer_says_is_blotted_out_even_at_a_cut():
    key = "sk-proj-4f9a8b7c6d5e4f3a2b1c"
    cases = [
        a_case("short", after=a_side(0.0, f"it is {key}", f"says {key}")),
        a_case("long", after=a_side(0.0, "x " * 745 + key + " and more")),
        a_case("lines", after=a_side(0.0, "x\n" * 23 + key + "\n" * 9 + "end")),
    ]

    for width in (None, 140):
        text = "\n".join(said(a_report(a_prompt(cases=cases)), width))

        assert "[API key redacted]" in text
        assert "sk-proj" not in text
