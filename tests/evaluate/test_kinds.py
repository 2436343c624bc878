"""Which scorers are asked for, wherever they stand: a judge is made where one is needed."""

from __future__ import annotations

import json
from pathlib import Path

from cli.terminal import promptgit
from promptgit.core.dataset import Case
from promptgit.evaluate.kinds import kinds
from promptgit.evaluate.suite import Assertion
from promptgit.testing.repositories import a_repository

OWN = [{"type": "not-llm-rubric", "value": "is rude"}, "is-json"]
HOLE = Assertion("assert-set", options={"assert": "{{ __assert }}"})


def a_case(text: str) -> Case:
    return Case("c-1", {"question": "?"}, reference={"__assert": text})


def test_scorers_are_named_without_not():
    assert kinds([Assertion("not-equals"), Assertion("similar")]) == {"equals", "similar"}


def test_those_inside_others_count_at_any_depth():
    inner = {"type": "assert-set", "assert": OWN}

    found = kinds([Assertion("assert-set", options={"assert": [inner, "similar"]})])

    assert found == {"assert-set", "llm-rubric", "is-json", "similar"}


def test_those_of_cases_count_where_a_list_is_taken_from_them():
    cases = [a_case(json.dumps(OWN)), a_case(""), a_case('[broken "type"')]

    assert kinds([HOLE], cases) == {"assert-set", "llm-rubric", "is-json"}
    assert kinds([Assertion("equals")], cases) == {"equals"}


def test_a_judge_grades_the_rubric_of_a_single_case(tmp_path: Path):
    rubric = [{"type": "llm-rubric", "value": "names the order", "threshold": 0}]
    case = {"question": "Where is order 7?", "__assert": rubric}
    files = {
        "prompts/a.md": "Answer the question.\n",
        "prompts/a.jsonl": json.dumps(case) + "\n",
        "prompts/a.eval.yaml": 'assert: [{type: assert-set, assert: "{{ __assert }}"}]\n',
        "promptgit.yaml": "model: offline\n",
    }
    repository = a_repository(tmp_path / "r", files)

    said = promptgit(repository, "eval", "a", "--json")

    assert said.code == 0, said.err
    assert said.json["score"]["mean"] == 1
