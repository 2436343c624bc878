"""The gate's report as Markdown: what a reviewer sees first, and what cannot take effect in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome
from promptgit.report import check_markdown
from promptgit.report.fitted import fitted
from report.a_report import (
    HOSTILE,
    a_case,
    a_gate,
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    many_cases,
)

OURS = re.compile(r"<details( open)?><summary>[\w ,]+</summary>|</details>")
COMMENT = 60_000  # bytes; GitHub takes 65,536 characters
SUMMARY = 1024 * 1024  # bytes


def parsed(page: str) -> list[Token]:
    """Read a page as GitHub does: CommonMark with tables, and with HTML let through."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(page)


def inlines(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def words(tokens: list[Token]) -> str:
    """What stands in paragraphs and cells as plain text, entities and escapes resolved."""
    return "\n".join("".join(child.content for child in token.children or ()) for token in tokens)


def rows(tokens: list[Token]) -> list[int]:
    """How many cells each row of a table has."""
    found: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            found.append(0)
        found[-1:] = [found[-1] + (token.type in ("td_open", "th_open"))] if found else []
    return found


def assert_harmless(page: str) -> None:
    """Whatever others wrote is text: no tag, link, image, mention, reference or further cell."""
    tokens = parsed(page.removesuffix(check_markdown.CUT))
    kinds = {child.type for child in inlines(tokens)}
    html = [line for t in tokens if t.type == "html_block" for line in t.content.splitlines()]
    said = words(tokens)
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
    assert all(OURS.fullmatch(line) for line in html)
    assert sum("</details>" in line for line in html) == sum("<summary>" in line for line in html)
    assert not re.search(r"@\w|#\d|\bGH-\d|://|\bwww\.", said)
    assert len({width for width in rows(tokens) if width != 3}) <= 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u202e\u2028]", page)
    assert not re.search(r"^\s*::|##\[", page, re.MULTILINE)


def test_the_verdict_comes_first_then_the_prompt_the_numbers_and_the_broken_case():
    page = check_markdown.page(a_report())

    order = [
        "## ❌ REGRESSION: The prompt got worse.",
        "### ❌ prompts/reply.md",
        "**REGRESSION: -10.0 points",
        "| score | 0.800 | 0.700 | -10.0 | -15.0 to -5.0 | a drop under 5 points | 40 of 60 |",
        "<details open><summary>1 case got worse</summary>",
        "**refund**",
        "message: Can I have my money back?",
        "expected: refund",
        "base: 1.000",
        "head: 0.000",
        "why: equals: 'other' is not 'refund'",
        "<summary>The change of the text</summary>",
        "+Answer the customer in one word.",
        "base 1a1a1a1a1a, head 2b2b2b2b2b. 80 calls",
    ]
    places = [page.index(line) for line in order]
    assert places == sorted(places)


def test_a_changed_gate_and_notices_stand_above_any_verdict_of_a_prompt():
    report = a_report(a_prompt(changes=(a_gate_change(),)), notices=("The base moved.",))

    top, _, _ = check_markdown.page(report).partition("###")

    assert "**This change touches its own gate.**" in top
    assert "the margin was 0.05 and is 0.2: a bigger drop (prompts/reply.eval.yaml:7)" in top
    assert "> The base moved." in top


def test_of_several_prompts_the_worst_comes_first_below_a_table_of_all():
    good, bad = a_prompt(Outcome.PASS, path="a.md"), a_prompt(path="b.md")

    page = check_markdown.page(a_report(good, bad))

    assert "| b.md | ❌ REGRESSION | -10.0 |\n| a.md | ✅ PASS | +2.0 |" in page
    assert page.index("### ❌ b.md") < page.index("### ✅ a.md")


def test_cases_that_must_pass_come_first_and_five_show_without_a_click():
    cases = [a_case(f"c{number}") for number in range(8)] + [a_case("vital", must_pass=True)]

    page = check_markdown.page(a_report(a_prompt(cases=cases)))

    assert "<details open><summary>9 cases got worse</summary>\n\n**vital (must pass)**" in page
    assert page.count("<details open>") == 1
    assert "<summary>4 more cases that got worse</summary>\n\n**c4**" in page


def test_fifty_broken_cases_are_shown_and_the_rest_is_counted():
    cases = [a_case(f"c{number}") for number in range(60)]

    page = check_markdown.page(a_report(a_prompt(cases=cases)))

    assert page.count("head: 0.000") == 50
    assert "\nand 10 more\n" in page


def test_a_must_pass_case_is_told_once_beside_its_sentence():
    case = a_case("vital", must_pass=True)
    reason = "the must-pass case 'vital' got worse: 1.0000 -> 0.0000"
    gate = a_gate(cases=[case], reasons=(reason, "the provider was slow"))

    page = check_markdown.page(a_report(a_prompt(gates=(gate,))))

    assert "the must-pass case 'vital' got worse" in page
    assert "1.0000" not in page
    assert "* the provider was slow" in page


def test_both_sets_of_rules_are_told_and_the_cases_once():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))

    page = check_markdown.page(a_report(a_prompt(gates=gates)))

    assert page.index("By base's rules: **PASS") < page.index("By head's rules: **REGRESSION")
    assert page.count("1 case got worse</summary>") == 1


def test_what_failed_and_what_got_better_is_folded_away():
    page = check_markdown.page(a_report(a_prompt(cases=many_cases(100))))

    assert "<details><summary>5 cases without a score</summary>" in page
    assert "* case-00003: 503 from the provider" in page
    assert "<details><summary>5 cases got better</summary>\n\ncase-00002, case-00022" in page


@pytest.mark.parametrize(
    ("standing", "sentence"),
    [
        ("new", "A new prompt: there is nothing to compare it with."),
        ("deleted", "The prompt is deleted: there is nothing to run."),
    ],
)
def test_a_prompt_without_a_comparison_says_why(standing, sentence):
    page = check_markdown.page(a_report(a_prompt(gates=(), standing=standing)))

    assert f"**{sentence}**" in page


def test_a_change_that_concerns_no_prompt_says_so():
    page = check_markdown.page(replace(a_report(), prompts=()))

    assert page.startswith("## ✅ PASS: The change concerns no prompt.\n")


def test_findings_of_lint_are_folded_away_with_rule_and_line():
    page = check_markdown.page(a_report(a_prompt(lint=(a_lint_finding(),))))

    assert "* warning PG101, line 2: no role is given to the model" in page


def test_nothing_that_others_wrote_takes_effect():
    page = check_markdown.page(a_hostile_report())

    assert_harmless(page)
    fences = [token.content for token in parsed(page) if token.type == "fence"]
    assert sum("<img src=x onerror=alert(1)>" in content for content in fences) == 3


@pytest.mark.parametrize(
    "attack",
    [
        HOSTILE,
        "```\n</details>\n# Passed\n<details>\n```",
        "~~~\n````\n`````",
        "</details></details><h1>✅ PASS</h1>",
        "a | b | c |\n|---|---|",
        "@octo/team and a@b.test, see #1, GH-2, octo/repo#3",
        "http://evil.test www.evil.test <http://evil.test> [x]: http://evil.test",
        "![x](http://evil.test/a.png)\n\n[x](javascript:alert(1))",
        "<!-- promptgit:check -->\n<!--",
        "- a list\n1. and another\n===\n---\n***",
        "\\`\\*\\|\\<b\\>",
        "&lt;b&gt; &#64;octo &commat;octo",
        "::error::owned\n  ::add-mask::x\n##[error]old",
        "half \ud800 and \udfff, \x00\x07\x1b[2J\x7f\x9b",
        "*" * 300 + "_" * 300 + "`" * 300,
        "\\" * 301,
        "   leading and trailing   ",
    ],
)
def test_an_attack_in_every_place_at_once_stays_text(attack):
    side = a_side(0.0, attack, attack)
    cases = [
        a_case(attack, asks=attack, expected=attack, after=side),
        a_case("down", Flip.UNSCORED, after=a_side(None, attack, failure=attack)),
        a_case(attack + "2", Flip.FIXED),
    ]
    gate = a_gate(cases=cases, metrics=[a_metric(), a_metric(attack)], reasons=(attack,))
    prompt = a_prompt(
        gates=(gate,),
        path=attack,
        why=(attack,),
        note=attack,
        model=attack,
        texts=("", attack),
        changes=(a_gate_change(says=attack, path=attack),),
        lint=(a_lint_finding(message=attack, rule=attack),),
    )

    page = check_markdown.page(a_report(prompt, prompt, notices=(attack,)))

    assert_harmless(page)


def test_a_secret_in_an_answer_is_blotted_out_even_across_the_cut():
    key = "sk-proj-4f9a8b7c6d5e4f3a2b1c"
    for before_it in (0, check_markdown.LONGEST - 18):
        side = a_side(0.0, "." * before_it + f" {key}", f"it says {key}")
        failed = a_case("down", Flip.UNSCORED, after=a_side(None, failure=f"refused {key}"))

        page = check_markdown.page(a_report(a_prompt(cases=[a_case(after=side), failed])))

        assert "4f9a" not in page


def test_ten_thousand_cases_with_a_megabyte_each_fit_a_summary_and_a_comment():
    mega = "refund " * 150_000
    wrong = a_side(0.0, mega, mega)
    cases = [a_case(f"c{n}", asks=mega, expected=mega, after=wrong) for n in range(10_000)]
    report = a_report(*(a_prompt(cases=cases, path=f"p{n}.md") for n in range(8)))

    page = check_markdown.page(report)
    comment = fitted(page, COMMENT, check_markdown.CUT)

    assert len(page.encode()) <= SUMMARY
    assert len(comment.encode()) <= COMMENT
    assert comment.startswith("## ❌ REGRESSION: 8 of 8 prompts got worse.")
    assert comment.rstrip().endswith(check_markdown.CUT)
    assert_harmless(comment)


def test_a_page_cut_anywhere_is_still_harmless_and_closed():
    page = check_markdown.page(a_hostile_report())

    for limit in range(400, len(page.encode()), 211):
        assert_harmless(fitted(page, limit, check_markdown.CUT))


def test_a_thousand_prompts_keep_the_table_and_the_worst():
    prompts = [a_prompt(Outcome.PASS, path=f"p{n}.md") for n in range(999)]

    page = check_markdown.page(a_report(*prompts, a_prompt(path="bad.md")))

    assert "and 900 more" in page
    assert page.index("### ❌ bad.md") < page.index("### ✅ p0.md")
    assert len(page.encode()) <= SUMMARY


def test_a_long_diff_and_a_long_line_are_cut_and_counted():
    after = "\n".join(f"line {n} " + "x" * 5_000 * (n == 7) for n in range(300))

    page = check_markdown.page(a_report(a_prompt(texts=("", after))))

    assert "more lines" in page
    assert max(map(len, page.splitlines())) < 2_000


def test_scores_that_differ_look_different():
    case = a_case(before=a_side(0.5564), after=a_side(0.5556))

    page = check_markdown.page(a_report(a_prompt(cases=[case])))

    assert "base: 0.5564\n" in page
    assert "head: 0.5556\n" in page
