"""perplexity and perplexity-score, as promptfoo computes them from log probabilities."""

from __future__ import annotations

import math

import pytest

from promptgit.core.dataset import Case
from promptgit.core.ports import Answer
from promptgit.errors import CallFailed, UserError
from promptgit.scorers.perplexity import perplexity, perplexity_score

CASE = Case("c-1", {})
UNSURE = Answer("x", mean_logprob=-math.log(4))  # as if each token were one of four


def test_perplexity_is_exp_of_the_mean_negative_log_probability():
    assert perplexity(CASE, "x", answer=UNSURE, threshold=4.01).value == 1
    found = perplexity(CASE, "x", answer=UNSURE, threshold=3.9)
    assert (found.value, found.why) == (0, "perplexity 4.00, 3.9 at most")


def test_without_a_threshold_it_passes_and_tells_the_figure():
    assert perplexity(CASE, "x", answer=UNSURE).why == "perplexity 4.00"
    assert perplexity_score(CASE, "x", answer=UNSURE).value == 1


def test_the_score_is_one_over_one_more_than_the_perplexity():
    assert perplexity_score(CASE, "x", answer=UNSURE, threshold=0.2).value == 1
    assert perplexity_score(CASE, "x", answer=UNSURE, threshold=0.21).value == 0
    graded = perplexity_score(CASE, "x", answer=UNSURE, graded=True)
    assert graded.value == pytest.approx(0.2)


def test_an_answer_that_could_not_be_less_likely_has_a_perplexity_all_the_same():
    assert perplexity(CASE, "x", answer=Answer("x", mean_logprob=-9999.0), threshold=2).value == 0


@pytest.mark.parametrize("scorer", [perplexity, perplexity_score])
def test_without_log_probabilities_the_case_is_unscored_and_told_what_to_ask_for(scorer):
    with pytest.raises(CallFailed, match=r"m-1 sent no .*logprobs: true") as caught:
        scorer(CASE, "x", answer=Answer("x", model="m-1"))

    assert caught.value.kind == "judge"


def test_a_threshold_below_one_is_a_mistake():
    with pytest.raises(UserError, match="1 or more"):
        perplexity(CASE, "x", answer=UNSURE, threshold=0.5)
