"""latency and cost."""

import pytest

from promptgit.core.dataset import Case
from promptgit.core.ports import Answer
from promptgit.errors import CallFailed, UserError
from promptgit.scorers.cost import cost
from promptgit.scorers.latency import latency

CASE = Case("c-1", {})


def test_latency_is_in_milliseconds_and_the_limit_itself_is_in_time():
    answer = Answer("x", latency_s=0.25)

    assert latency(CASE, "x", answer=answer, threshold=250).value == 1
    assert latency(CASE, "x", answer=answer, threshold=249).why == "took 250 ms, 249 at most"


def test_an_answer_from_the_cache_counts_with_the_time_it_took_when_it_was_paid_for():
    answer = Answer("x", latency_s=3, cached=True)

    assert latency(CASE, "x", answer=answer, threshold=1000).value == 0


def test_cost_is_in_usd_and_the_limit_itself_is_cheap_enough():
    answer = Answer("x", cost_usd=0.002)

    assert cost(CASE, "x", answer=answer, threshold=0.002).value == 1
    assert cost(CASE, "x", answer=answer, threshold=0.001).why == "cost 0.002000 USD, 0.001 at most"


def test_a_price_that_nobody_knows_leaves_the_case_unscored():
    with pytest.raises(CallFailed, match="price of gpt-9 is unknown") as failed:
        cost(CASE, "x", answer=Answer("x", model="gpt-9"), threshold=1)

    assert failed.value.kind == "judge"


@pytest.mark.parametrize("scorer", [latency, cost])
def test_a_limit_below_nothing_is_refused(scorer):
    with pytest.raises(UserError):
        scorer(CASE, "x", answer=Answer("x", cost_usd=0.0), threshold=-1)
