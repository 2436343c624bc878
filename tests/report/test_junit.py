"""The gate's report as JUnit XML: what a test reporter counts, whatever a model wrote."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import xmlschema

from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome
from promptgit.report import junit
from report.a_report import (
    HOSTILE,
    a_case,
    a_gate,
    a_guard,
    a_hostile_report,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    many_cases,
)


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def read(report) -> ET.Element:
    """The root of a page that is valid, and that an XML parser takes."""
    page = junit.page(report).encode()  # fails on half characters
    root = ET.fromstring(page)
    schema().validate(root)
    return root


def results(report) -> dict[str, str]:
    """Each test by its name: failure, error, skipped, or passed."""
    root = read(report)
    return {
        case.attrib["name"]: next(
            (child.tag for child in case if child.tag != "system-out"), "passed"
        )
        for case in root.iter("testcase")
    }


def test_a_suite_a_prompt_and_a_test_for_the_verdict_each_gated_metric_and_each_case():
    metrics = [a_metric(outcome=Outcome.REGRESSION), a_guard("cost"), a_metric("x", gated=False)]
    gate = a_gate(cases=[a_case(), a_case("fine", Flip.SAME)], metrics=metrics)

    found = results(a_report(a_prompt(gates=(gate,))))

    assert found == {
        "verdict by base's rules": "failure",
        "score by base's rules": "failure",
        "cost by base's rules": "passed",
        "case refund": "passed",
        "case fine": "passed",
    }


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        (Outcome.PASS, "passed"),
        (Outcome.REGRESSION, "failure"),
        (Outcome.INCONCLUSIVE, "skipped"),
        (Outcome.INVALID, "error"),
    ],
)
def test_the_verdict_is_what_the_exit_code_means(outcome, tag):
    found = results(a_report(a_prompt(outcome)))

    assert found["verdict by base's rules"] == tag


def test_an_open_verdict_that_fails_the_change_is_a_failure():
    report = a_report(a_prompt(Outcome.INCONCLUSIVE), on_inconclusive="fail")

    assert results(report)["verdict by base's rules"] == "failure"


def test_faults_of_the_quarantine_are_a_failure_as_they_are_for_the_exit_code():
    gate = a_gate(Outcome.INVALID, faults=("the quarantine of 'x' ended on 2026-01-01",))

    (failure,) = read(a_report(a_prompt(gates=(gate,)))).iter("failure")

    assert "the quarantine of 'x' ended" in failure.attrib["message"]


def test_a_single_case_fails_only_if_it_must_pass():
    cases = [
        a_case("broke"),
        a_case("vital", must_pass=True),
        a_case("fixed", Flip.FIXED),
        a_case("silent", Flip.UNSCORED),
        a_case("waiting", Flip.NOT_RUN),
    ]

    found = results(a_report(a_prompt(cases=cases)))

    names = ("broke", "vital", "fixed", "silent", "waiting")
    assert [found[f"case {name}"] for name in names] == [
        "passed",
        "failure",
        "passed",
        "skipped",
        "skipped",
    ]


def test_a_flip_shows_both_answers_and_the_scorers_why():
    (out,) = read(a_report()).iter("system-out")

    assert out.text == (
        "broke\nbase (1.000): refund\nhead (0.000): other\nwhy: equals: 'other' is not 'refund'"
    )


def test_the_counts_are_the_sums():
    root = read(a_report(a_prompt(cases=many_cases(100)), a_prompt(Outcome.INVALID, path="b.md")))

    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        real = sum(1 for _ in root.iter(tag))
        assert int(root.attrib[name]) == real
        assert sum(int(suite.attrib[name]) for suite in root) == real
    assert int(root.attrib["tests"]) == sum(1 for _ in root.iter("testcase"))


def test_by_both_sets_of_rules_cases_are_listed_once_and_no_name_comes_twice():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))

    found = results(a_report(a_prompt(gates=gates)))

    assert list(found) == [
        "verdict by base's rules",
        "score by base's rules",
        "case refund",
        "verdict by head's rules",
        "score by head's rules",
    ]


@pytest.mark.parametrize(
    ("standing", "outcome", "tag"),
    [
        ("new", None, "skipped"),
        ("deleted", None, "skipped"),
        ("unchecked", Outcome.INVALID, "error"),
    ],
)
def test_a_prompt_without_a_comparison_has_one_test(standing, outcome, tag):
    prompt = a_prompt(gates=(), standing=standing, decided=outcome)

    assert results(a_report(prompt)) == {"verdict": tag}


def test_a_change_that_concerns_no_prompt_is_a_valid_report_of_nothing():
    root = read(replace(a_report(), prompts=()))

    assert root.attrib["tests"] == "0"


def test_the_hostile_report_is_valid_and_adds_no_test():
    root = read(a_hostile_report())

    assert [case.tag for suite in root for case in suite] == ["testcase"] * 4
    text = ET.tostring(root, encoding="unicode")
    assert "<U+001B>" not in text
    assert "&lt;U+001B&gt;[31m" in text


@pytest.mark.parametrize(
    "attack",
    [
        HOSTILE,
        "]]></system-out></testcase><testcase/>",
        "<![CDATA[ x ]]> <!-- -- --> <?xml?>",
        "&lt;&amp;&#0;&#x1b;&unknown;",
        "".join(map(chr, range(32))) + "\x7f\x80\x85\x9f\u2028",
        "\ud800 \udfff \ufffe \uffff \U0001fffe \U0010ffff",
        "tab\tline\nreturn\rboth\r\n",
    ],
)
def test_no_output_breaks_the_xml(attack):
    side = a_side(0.0, attack, attack)
    cases = [
        a_case(attack, after=side),
        a_case("vital", after=side, must_pass=True),
        a_case("down", Flip.UNSCORED, after=a_side(None, attack, failure=attack)),
    ]
    metrics = [a_metric(), a_metric(attack, Outcome.REGRESSION)]
    gate = a_gate(cases=cases, metrics=metrics, reasons=(attack,))

    found = results(a_report(a_prompt(gates=(gate,), path=attack, note=attack)))

    assert len(found) == 6


def test_a_log_that_prints_it_obeys_nothing():
    side = a_side(0.0, "::error::owned\n ::add-mask::x\n##[error]old")
    case = a_case(after=side, must_pass=True)
    gate = a_gate(cases=[case], reasons=("the first line", "::error::the second"))

    page = junit.page(a_report(a_prompt(gates=(gate,))))

    assert not re.search(r"^\s*::|##\[", page, re.MULTILINE)
    assert "\\::error::owned" in page


def test_secrets_are_blotted_out_and_a_megabyte_is_cut():
    side = a_side(0.0, "key sk-proj-4f9a8b7c6d5e4f3a2b1c " + "x" * 1_000_000, "y" * 1_000_000)

    gate = a_gate(cases=[a_case(after=side)], reasons=("it said sk-proj-4f9a8b7c6d5e4f3a2b1c",))

    page = junit.page(a_report(a_prompt(gates=(gate,))))

    assert "4f9a" not in page
    assert len(page) < 10_000
    assert "(1,000,033 characters)" in page
