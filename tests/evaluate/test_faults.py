"""DESIGN §5, end to end: the engine, our client and a real server that fails on demand."""

import random

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.prompt import Prompt
from promptgit.errors import CallFailed, WorldError
from promptgit.evaluate.budget import Budget, Metered
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.retry import Retrying
from promptgit.models.openai import factory
from promptgit.testing.clock import SkippingClock
from servers.openai_server import by_chance, serving

PROMPT = Prompt.of("Say it back.")
CASES = 200
PASSING = (
    "429",
    "429-date",
    "429-bare",
    "500",
    "503",
    "reset",
    "close",
    "truncated",
    "short",
    "html",
)
SLOW = ("hang", "slow")  # cost a real timeout each
MALFORMED = ("empty-choices", "no-message")


class AStore(dict):
    def put(self, key, answer):
        self[key] = answer


class ASuite:
    metrics = (Metric("equals"),)

    def score(self, case, answer):
        return {"equals": Score(float(answer.text == case.expected), "compared")}


def some_cases(count=CASES):
    return Dataset(
        tuple(Case(f"c-{n}", {"say": f"parcel {n}"}, f"parcel {n}") for n in range(count))
    )


def wired(server, *, timeout_s=20.0):
    """Wrap a model as the command line does; return it with its budget and its store."""
    model = factory("gpt-5-mini", options={}, endpoint=server.endpoint(), timeout_s=timeout_s)
    budget, store = Budget(), AStore()
    retrying = Retrying(
        model,
        SkippingClock(),
        attempts=8,
        rng=random.Random(1),
        on_failure=lambda _, error: budget.lost(error),
    )
    return Cached(Metered(retrying, budget), store), budget, store


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.20])
@pytest.mark.parametrize("fault", [*PASSING, *MALFORMED])
def test_what_passes_later_costs_no_case_its_score(fault, rate):
    with serving(faults=by_chance({fault: rate})) as server:
        model, budget, store = wired(server)
        evaluation = evaluate(PROMPT, some_cases(), model, ASuite())

    assert server.met[fault] >= 1
    assert (evaluation.mean, evaluation.unscored) == (1.0, ())
    assert len(store) == CASES
    assert server.calls == CASES + server.met[fault]
    perhaps_billed = server.met[fault] if fault in {"truncated", "html", *MALFORMED} else 0
    assert budget.spend.calls == CASES + perhaps_billed


@pytest.mark.parametrize(("rate", "count"), [(0.05, 100), (0.20, 40)])
@pytest.mark.parametrize("fault", SLOW)
def test_a_server_that_hangs_or_drips_costs_time_but_no_score(fault, rate, count):
    with serving(faults=by_chance({fault: rate}), drip_s=0.2) as server:
        model, _, _ = wired(server, timeout_s=0.4)
        evaluation = evaluate(PROMPT, some_cases(count), model, ASuite(), concurrency=32)

    assert server.met[fault] >= 1
    assert (evaluation.mean, evaluation.unscored) == (1.0, ())


@pytest.mark.parametrize("fault", [*PASSING, *MALFORMED, *SLOW])
def test_when_every_call_fails_the_run_ends_soon_with_no_score_and_no_zero(fault):
    with serving(faults=by_chance({fault: 1.0}), drip_s=0.2) as server:
        model, _, store = wired(server, timeout_s=0.3)

        with pytest.raises(WorldError, match=f"none of {CASES} answers could be scored") as caught:
            evaluate(PROMPT, some_cases(), model, ASuite())

    assert "paid" not in caught.value.hint  # nothing was
    assert server.calls < CASES / 2
    assert store == {}


def test_a_server_that_is_not_there_ends_the_run_at_once_and_says_why():
    with serving() as server:
        model, _, _ = wired(server)

    with pytest.raises(CallFailed, match=r"cannot reach http://.*: connection refused") as caught:
        evaluate(PROMPT, some_cases(), model, ASuite())

    assert caught.value.fatal


@pytest.mark.parametrize("rate", [0.05, 0.20, 1.0])
@pytest.mark.parametrize(
    ("fault", "flags"), [("null", ("empty",)), ("length", ("cut",)), ("refusal", ("refused",))]
)
def test_what_the_model_does_itself_is_an_answer_scored_as_it_stands(fault, flags, rate):
    with serving(faults=by_chance({fault: rate})) as server:
        model, _, _ = wired(server)
        evaluation = evaluate(PROMPT, some_cases(), model, ASuite())

    assert evaluation.unscored == ()
    assert server.calls == CASES
    assert sum(result.flags == flags for result in evaluation.results) == server.met[fault] > 0
    assert evaluation.mean == pytest.approx(1 - server.met[fault] / CASES)


@pytest.mark.parametrize("rate", [0.05, 0.20])
def test_a_prompt_that_is_too_long_for_some_cases_leaves_just_those_unscored(rate):
    with serving(faults=by_chance({"context": rate})) as server:
        model, _, _ = wired(server)
        evaluation = evaluate(PROMPT, some_cases(), model, ASuite())

    assert server.calls == CASES
    assert len(evaluation.unscored) == server.met["context"] > 0
    assert evaluation.mean == 1.0
    assert {result.failure.kind for result in evaluation.failures} == {"request"}


@pytest.mark.parametrize("fault", ["401", "403", "404", "quota", "parameter", "redirect"])
def test_what_no_call_can_pass_ends_the_run_at_once(fault):
    with serving(faults=by_chance({fault: 1.0})) as server:
        model, _, _ = wired(server)

        with pytest.raises(CallFailed) as caught:
            evaluate(PROMPT, some_cases(), model, ASuite(), concurrency=8)

    assert caught.value.fatal
    assert server.calls <= 8


def test_the_weather_of_a_bad_day_changes_no_score_and_costs_a_call_per_fault():
    weather = {"429": 0.05, "500": 0.02, "reset": 0.01, "truncated": 0.005}
    with serving(faults=by_chance(weather)) as server:
        model, _, _ = wired(server)
        evaluation = evaluate(PROMPT, some_cases(1000), model, ASuite(), concurrency=50)
        calls = server.calls
        again = evaluate(PROMPT, some_cases(1000), model, ASuite(), concurrency=50)

    assert (evaluation.mean, evaluation.unscored) == (1.0, ())
    assert calls == 1000 + sum(server.met.values())
    assert server.calls == calls
    assert again.scores == evaluation.scores
    assert all(result.cached for result in again.results)
