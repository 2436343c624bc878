"""The gate's report as GitHub's annotations: ten of each level, and no word a command."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest

from promptgit.core.verdict import Outcome
from promptgit.report import check_github
from report.a_report import (
    HOSTILE,
    a_gate,
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_prompt,
    a_report,
)

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


@dataclass(frozen=True)
class Shown:
    """What GitHub's runner takes from one line."""

    level: str
    message: str
    properties: dict[str, str]


def shown(page: str) -> list[Shown]:
    """Read annotations as the runner does: split first, then unescape."""
    found = []
    for line in page.split("\n")[:-1]:
        command = COMMAND.fullmatch(line)
        assert command, line
        pairs = (pair.split("=", 1) for pair in command[2].split(","))
        properties = {name: unescaped(value) for name, value in pairs}
        found.append(Shown(command[1], unescaped(command[3]), properties))
    return found


def unescaped(value: str) -> str:
    for code, c in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, c)
    return value


def test_a_regression_is_an_error_on_the_first_changed_line():
    (found,) = shown(check_github.page(a_report(a_prompt(first_changed_line=3))))

    assert found == Shown(
        "error",
        "-10.0 points (90 % range -15.0 to -5.0), 1 case got worse, 0 better, "
        "40 of 60 cases compared.",
        {"file": "prompts/reply.md", "line": "3", "title": "promptgit: REGRESSION"},
    )


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.PASS, "notice"),
        (Outcome.REGRESSION, "error"),
        (Outcome.INCONCLUSIVE, "warning"),
        (Outcome.INVALID, "error"),
    ],
)
def test_the_level_is_what_the_verdict_means(outcome, level):
    (found,) = shown(check_github.page(a_report(a_prompt(outcome))))

    assert (found.level, found.properties["title"]) == (level, f"promptgit: {outcome.value}")


@pytest.mark.parametrize(("choice", "level"), [("pass", "notice"), ("fail", "error")])
def test_an_open_verdict_is_as_grave_as_the_policy_takes_it(choice, level):
    report = a_report(a_prompt(Outcome.INCONCLUSIVE), on_inconclusive=choice)

    (found,) = shown(check_github.page(report))

    assert found.level == level


def test_the_rules_that_decided_are_the_ones_that_are_told():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))

    (found,) = shown(check_github.page(a_report(a_prompt(gates=gates))))

    assert found.message.startswith("-10.0 points")


def test_a_change_of_the_gate_and_lint_stand_on_their_own_lines():
    lint = (a_lint_finding(), a_lint_finding(severity="error"), a_lint_finding(severity="advice"))
    prompt = a_prompt(Outcome.PASS, changes=(a_gate_change(),), lint=lint)

    found = shown(check_github.page(a_report(prompt)))

    assert [one.level for one in found] == ["error", "warning", "warning", "notice", "notice"]
    assert found[1].properties == {
        "file": "prompts/reply.eval.yaml",
        "line": "7",
        "title": "promptgit: the gate itself changed",
    }
    assert found[0].properties["col"] == "1"


def test_at_most_ten_of_each_level_and_the_gravest_first():
    outcomes = (Outcome.PASS, Outcome.INVALID, Outcome.INCONCLUSIVE, Outcome.REGRESSION)
    prompts = [a_prompt(outcome, path=f"{n}.md") for n in range(12) for outcome in outcomes]

    found = shown(check_github.page(a_report(*prompts)))

    levels = [one.level for one in found]
    assert levels == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert {one.properties["title"] for one in found[:10]} == {"promptgit: REGRESSION"}


@pytest.mark.parametrize(
    "path",
    ["a,b.md", "a:b.md", "a=b.md", "50%,title=x::y%0A%25.md", "two\nlines\r\n.md", "::error::x.md"],
)
def test_a_path_comes_back_as_it_was(path):
    (found,) = shown(check_github.page(a_report(a_prompt(path=path))))

    assert found.properties["file"] == path


def test_whatever_others_wrote_is_part_of_a_message():
    page = check_github.page(a_hostile_report())

    assert [one.level for one in shown(page)] == ["error", "warning", "warning"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u200b\u2028\ud800]", page)


def test_a_message_is_short_and_holds_no_secret():
    note = "the provider said sk-proj-4f9a8b7c6d5e4f3a2b1c " + HOSTILE + "x" * 1_000_000
    prompt = a_prompt(gates=(), standing="unchecked", note=note, decided=Outcome.INVALID)

    (found,) = shown(check_github.page(a_report(prompt)))

    assert len(found.message) <= check_github.LONGEST
    assert "4f9a" not in found.message


def test_nothing_to_say_is_nothing_said():
    assert check_github.page(replace(a_report(), prompts=())) == ""
