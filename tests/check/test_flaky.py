from __future__ import annotations

from dataclasses import replace

from check.answering import a_result
from promptgit.check.flaky import flaky_cases, wobbles
from promptgit.core.evaluation import Result


def answers(case: str, *scores: float | None) -> list[Result]:
    return [a_result(case, repeat, {"score": score}) for repeat, score in enumerate(scores)]


def test_a_case_that_changed_under_one_prompt_is_flaky():
    found = flaky_cases([[*answers("moody", 1, 0, 1), *answers("steady", 1, 1, 1)]])

    assert found == {"moody"}


def test_a_case_that_changed_between_two_prompts_is_not():
    assert flaky_cases([answers("refund", 1, 1), answers("refund", 0, 0)]) == frozenset()


def test_how_often_two_answers_differ_is_counted_within_each_prompt():
    (found,) = wobbles([answers("moody", 1, 0), answers("moody", 1, 1)])

    assert (found.answers, found.changed) == (4, 0.5)


def test_the_moodiest_case_comes_first():
    found = wobbles([[*answers("a", 1, 1), *answers("b", 1, 0), *answers("c", 1, 1, 1, 0)]])

    assert [wobble.case_id for wobble in found] == ["b", "c", "a"]


def test_a_case_that_was_answered_once_says_nothing():
    assert wobbles([answers("once", 1), answers("once", 0)]) == ()


def test_a_failure_is_no_answer():
    assert wobbles([answers("down", 1, None)]) == ()


def test_graded_scores_that_differ_a_little_are_not_flaky():
    assert flaky_cases([answers("rubric", 0.70, 0.78, 0.74)]) == frozenset()
    assert flaky_cases([answers("rubric", 0.40, 0.78)]) == {"rubric"}


def test_an_answer_read_from_the_cache_is_the_same_answer():
    (first,) = answers("refund", 1)
    again = replace(first, cached=True)

    assert wobbles([[again, first, again]]) == ()


def test_the_same_words_said_again_are_an_answer_of_their_own():
    (first,) = answers("refund", 1)

    (found,) = wobbles([[first, first]])

    assert found.answers == 2
