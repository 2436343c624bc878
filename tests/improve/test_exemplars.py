"""Worked examples, between markers."""

from __future__ import annotations

from promptgit.core.dataset import Case
from promptgit.core.prompt import Prompt
from promptgit.improve.exemplars import START, with_exemplars

PEAR = Case("a", {"message": "A pear"}, "fruit")
BRACES = Case("b", {"message": "Set {{ x }} and {% y %}"}, '{"a": 1}')


def test_new_exemplars_replace_the_old_ones():
    once = with_exemplars("Sort.\n", [PEAR])

    twice = with_exemplars(once, [Case("c", {"message": "A saw"}, "tool")])

    assert twice.count(START) == 1
    assert "pear" not in twice
    assert "A saw" in twice


def test_no_exemplars_give_the_prompt_back():
    assert with_exemplars(with_exemplars("Sort.\n", [PEAR]), []) == "Sort.\n"


def test_braces_in_a_case_stay_text_in_a_template():
    prompt = Prompt.of(with_exemplars("Sort.\n", [BRACES]))

    assert "Set {{ x }} and {% y %}" in prompt.render({})[0].text


def test_in_a_prompt_without_template_braces_are_written_as_they_are():
    assert "{% raw %}" not in with_exemplars("Sort.\n", [BRACES], "none")


def test_several_inputs_are_shown_by_name():
    case = Case("d", {"message": "A pear", "order": "7"}, "fruit")

    assert "Input: message: A pear\norder: 7\nAnswer: fruit" in with_exemplars("Sort.", [case])
