import itertools

import pytest

from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError
from promptgit.testing.laws import scorer_obeys


def fair(case, output, *, words=("please",)):
    return Score(float(any(word in output for word in words)), "looked for words")


def test_a_fair_scorer_passes():
    scorer_obeys(fair)
    scorer_obeys(fair, options={"words": ["way"]})


def test_a_scorer_may_say_that_the_assertion_is_wrong_or_the_judge_is_down():
    def careful(case, output):
        if case.expected == "":
            raise UserError("nothing is expected")
        if "{" in output:
            raise CallFailed("the judge is down", kind="judge")
        return Score(1.0)

    scorer_obeys(careful)


def breaks(scorer, law, **more):
    with pytest.raises(AssertionError, match=law):
        scorer_obeys(scorer, **more)


def test_a_scorer_takes_a_case_and_an_output_and_named_options():
    breaks(lambda case: Score(1.0), "two things by position")
    breaks(lambda case, output, words: Score(1.0), "two things by position")
    breaks(lambda case, output, *words: Score(1.0), "keyword-only")
    breaks(lambda case, output, **words: Score(1.0), "keyword-only")


def test_a_scorer_returns_a_score():
    breaks(lambda case, output: 1.0, "returned 1.0, not a Score")
    breaks(lambda case, output: None, "not a Score")


def test_a_scorer_survives_every_output():
    with pytest.raises(ZeroDivisionError):
        scorer_obeys(lambda case, output: Score(1 / len(output)))


def test_a_scorer_says_the_same_each_time():
    numbers = itertools.count()

    breaks(lambda case, output: Score(next(numbers) % 2 / 2), "first .* then")


def test_a_scorer_does_not_remember_what_it_was_asked_before():
    seen = set()

    def jealous(case, output):
        new = output not in seen
        seen.add(output)
        return Score(float(new))

    breaks(jealous, "first .* then")


def test_a_scorer_leaves_the_case_and_its_options_alone():
    def messy(case, output):
        case.inputs["note"] = output
        return Score(1.0)

    def greedy(case, output, *, words):
        words.append(output)
        return Score(1.0)

    breaks(messy, "changed the case", cases=[a_case()])
    breaks(greedy, "changed the option words", options={"words": ["a"]})


def test_a_why_is_one_line_that_can_be_read():
    breaks(lambda case, output: Score(1.0, "two\nlines"), "several lines")
    breaks(lambda case, output: Score(1.0, "x" * 5000), "5000 characters")


def a_case():
    from promptgit.core.dataset import Case

    return Case("mine", {"comment": "hi"}, "hello")
