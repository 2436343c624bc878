"""What a change does to its own gate, in the words of the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.config import parse_config, parse_eval_file
from promptgit.config.changes import Rules, gate_changes
from promptgit.core.dataset import Case, Dataset

FILE = "prompts/reply.eval.yaml"
CASES = Dataset((Case("a", {"q": "1"}, "x"), Case("b", {"q": "2"}, "y")))
PLAIN = "cases: reply.csv\nassert: [equals]\n"


def rules(asked: str = PLAIN, config: str = "", cases: Dataset = CASES) -> Rules:
    return Rules(
        parse_config(config.encode()),
        parse_eval_file(asked.encode(), FILE),
        cases,
        "prompts/reply.csv",
        texts={FILE: asked, "promptgit.yaml": config},
    )


def said(base: Rules, head: Rules) -> list[str]:
    return [change.says for change in gate_changes(base, head)]


def test_the_same_rules_are_no_change():
    assert gate_changes(rules(), rules()) == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", "check: {margin: 0.2}", "margin: 0.05 -> 0.2"),
        ("", "check: {alpha: 0.4}", "alpha: 0.05 -> 0.4"),
        ("", "check: {on_inconclusive: pass}", "on_inconclusive: warn -> pass"),
        ("check: {guards: {cost: 0.1}}", "", 'guards: {"cost": 0.1} -> {}'),
        ("", "budget: {calls: 9}", "budget: no limit -> 9 calls"),
        ("", "judge: other", "judge: offline -> other"),
    ],
)
def test_a_change_of_the_policy_names_what_it_was_and_what_it_is(before, after, says):
    assert said(rules(config=before), rules(config=after)) == [says]


def test_a_must_pass_case_that_is_dropped_is_named():
    strict = rules(PLAIN + "must_pass: [a, b]\n")

    assert said(strict, rules(PLAIN + "must_pass: [a]\n")) == ["must_pass no longer names b"]


def test_a_quarantine_is_named_with_its_last_day():
    entry = "quarantine: [{case: a, owner: ana, reason: flips, until: 2027-01-31}]\n"

    assert said(rules(), rules(PLAIN + entry)) == [
        "the quarantine now also has a (until 2027-01-31)"
    ]


def test_an_assertion_is_named_with_all_that_can_change_a_score():
    soft = rules("assert: [{type: similar, threshold: 0.1, weight: 2}]\n")

    assert said(rules(), soft) == [
        "assertions dropped: equals",
        "assertions added: similar threshold 0.1 weight 2",
    ]


def test_a_file_that_an_assertion_reads_counts_as_a_scorer():
    before = replace(rules(), files={"scorers/tone.py": "1" * 40})
    after = replace(rules(), files={"scorers/tone.py": "2" * 40})

    (change,) = gate_changes(before, after)

    assert (change.what, change.path) == ("scorers", "scorers/tone.py")


def test_cases_that_are_deleted_changed_and_added_are_told_apart():
    head = Dataset((Case("a", {"q": "easier"}, "x"), Case("c", {"q": "3"}, "z")))

    assert said(rules(), rules(cases=head)) == [
        "1 case deleted, and run all the same: b",
        "1 case changed, base's wording is run too: a",
        "1 case added",
    ]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (PLAIN + "must_pass: [a]\n", 3),
        (PLAIN + "# must_pass: []\nmust_pass: [a]\n", 4),  # init leaves such a comment
        (PLAIN + "tags: [x]  # no must_pass: here\nmust_pass: [a]\n", 4),
        ('{cases: reply.csv, assert: [equals], "must_pass": [a]}\n', 1),
    ],
)
def test_a_change_is_placed_at_the_line_that_speaks_of_it(asked, line):
    changes = gate_changes(rules(), rules(asked))

    (found,) = [change for change in changes if "must_pass" in change.says]
    assert (found.path, found.line) == (FILE, line)


def test_what_is_gone_has_no_line():
    (change,) = gate_changes(rules(PLAIN + "must_pass: [a]\n"), rules())

    assert (change.path, change.line) == (FILE, 0)
