import _thread
import threading

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.ports import Answer
from promptgit.core.prompt import Prompt
from promptgit.edges.clock import SystemClock
from promptgit.errors import BudgetSpent, CallFailed, UserError, WorldError
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.evaluate.evaluate import evaluate, run
from promptgit.evaluate.retry import Retrying
from promptgit.testing.scripted import ScriptedModel

ECHO = Prompt.of("Say it back.")


class ASuite:
    """Scores 1 where the answer is what the case expects."""

    metrics = (Metric("equals"),)
    digest = "0" * 64

    def score(self, case, answer):
        return {"equals": Score(float(answer.text == case.expected), "compared")}


def some_cases(*words):
    cases = [Case(f"case-{n}", {"say": word}, expected=word) for n, word in enumerate(words)]
    return Dataset(tuple(cases))


def echo(request):
    return request.messages[-1].text


def down(kind="server", **more):
    return CallFailed("the server said 500", kind=kind, **more)


def test_results_come_back_in_case_order_whatever_order_they_finish_in():
    third_is_done = threading.Event()

    def answer(request):
        word = echo(request)
        if word == "a":
            third_is_done.wait(10)
        if word == "c":
            third_is_done.set()
        return word

    evaluation = evaluate(ECHO, some_cases("a", "b", "c"), ScriptedModel(answer), ASuite())

    assert [result.output for result in evaluation.results] == ["a", "b", "c"]
    assert evaluation.mean == 1.0


def test_results_are_yielded_as_they_finish():
    first_may_end = threading.Event()

    def answer(request):
        if echo(request) == "slow":
            first_may_end.wait(10)
        return echo(request)

    results = run(ECHO, some_cases("slow", "quick"), ScriptedModel(answer), ASuite())
    first = next(results)
    first_may_end.set()

    assert first.output == "quick"
    assert [result.output for result in results] == ["slow"]


def test_no_more_calls_are_in_flight_than_asked_for():
    lock, in_flight, most = threading.Lock(), 0, 0

    def answer(request):
        nonlocal in_flight, most
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        threading.Event().wait(0.05)
        with lock:
            in_flight -= 1
        return echo(request)

    evaluate(ECHO, some_cases(*"abcdefghijkl"), ScriptedModel(answer), ASuite(), concurrency=3)

    assert most == 3


def test_every_case_is_asked_once_before_any_is_repeated():
    model = ScriptedModel(echo)

    evaluation = evaluate(ECHO, some_cases("a", "b"), model, ASuite(), repeats=2, concurrency=1)

    assert [(echo(r), r.repeat) for r in model.requests] == [
        ("a", 0),
        ("b", 0),
        ("a", 1),
        ("b", 1),
    ]
    assert [(r.case_id, r.repeat) for r in evaluation.results] == [
        ("case-0", 0),
        ("case-0", 1),
        ("case-1", 0),
        ("case-1", 1),
    ]


def test_a_failure_is_not_a_zero():
    model = ScriptedModel({"a": "a", "b": down()})

    evaluation = evaluate(ECHO, some_cases("a", "b"), model, ASuite())

    assert evaluation.mean == 1.0
    assert evaluation.unscored == ("case-1",)
    (failed,) = evaluation.failures
    assert (failed.score, failed.failure.kind) == (None, "server")


def test_a_judge_that_is_down_leaves_the_case_unscored_but_keeps_the_answer_and_its_cost():
    class Judged(ASuite):
        def score(self, case, answer):
            if case.expected == "b":
                raise CallFailed("the judge is away", kind="judge")
            return super().score(case, answer)

    model = ScriptedModel(echo, cost_usd=0.25)

    evaluation = evaluate(ECHO, some_cases("a", "b"), model, Judged())

    result = evaluation.results[1]
    assert (result.score, result.failure.kind) == (None, "judge")
    assert (result.output, result.cost_usd) == ("b", 0.25)


@pytest.mark.parametrize(
    ("answer", "flag"),
    [
        (Answer("  "), "empty"),
        (Answer("half an ans", finish_reason="length"), "cut"),
        (Answer("I cannot help with that.", finish_reason="refusal"), "refused"),
    ],
)
def test_what_the_model_did_itself_is_scored_as_it_stands_and_flagged(answer, flag):
    evaluation = evaluate(ECHO, some_cases("a"), ScriptedModel([answer]), ASuite())

    (result,) = evaluation.results
    assert (result.score, result.failure) == (0.0, None)
    assert result.flags == (flag,)


def test_a_result_says_what_the_answer_took_and_where_it_came_from():
    answer = Answer("a", cost_usd=0.5, latency_s=1.5, model="gpt-5-mini-2026-08-07", cached=True)

    (result,) = evaluate(ECHO, some_cases("a"), ScriptedModel([answer]), ASuite()).results

    assert (result.cost_usd, result.latency_s, result.cached) == (0.5, 1.5, True)
    assert result.model == "gpt-5-mini-2026-08-07"


def test_an_evaluation_in_which_nothing_could_be_scored_is_an_error_that_says_why():
    model = ScriptedModel(lambda request: down())

    with pytest.raises(WorldError, match="none of 3 answers could be scored: the server said 500"):
        evaluate(ECHO, some_cases("a", "b", "c"), model, ASuite())


def test_requests_that_are_refused_for_what_they_say_are_failures_not_an_error():
    model = ScriptedModel(lambda request: down(kind="request"))

    evaluation = evaluate(ECHO, some_cases("a", "b"), model, ASuite())

    assert len(evaluation.unscored) == 2


def test_no_cases_make_an_empty_evaluation():
    evaluation = evaluate(ECHO, some_cases(), ScriptedModel("a"), ASuite())

    assert evaluation.results == ()


def test_a_refused_key_ends_the_run_but_what_is_in_flight_still_comes_out():
    refused = threading.Event()

    def answer(request):
        if echo(request) == "b":
            refused.set()
            return CallFailed("the key was refused", kind="auth", fatal=True)
        refused.wait(10)
        return echo(request)

    results = run(ECHO, some_cases("a", "b", "c"), ScriptedModel(answer), ASuite(), concurrency=2)

    assert next(results).output == "a"
    with pytest.raises(CallFailed, match="the key was refused"):
        list(results)


def test_after_an_error_nobody_takes_another_case():
    both, refused = threading.Barrier(2, timeout=10), threading.Event()

    def answer(request):
        if echo(request) == "a":
            both.wait()
            refused.set()
            return CallFailed("the key was refused", kind="auth", fatal=True)
        if echo(request) == "b":
            both.wait()
            refused.wait(10)
            threading.Event().wait(0.1)
        return echo(request)

    model = ScriptedModel(answer)
    with pytest.raises(CallFailed):
        evaluate(ECHO, some_cases(*"abcdef"), model, ASuite(), concurrency=2)

    assert {echo(request) for request in model.requests} <= {"a", "b"}


def test_a_spent_budget_ends_the_run_after_the_results_it_paid_for():
    model = Metered(ScriptedModel(echo), Budget(Cap(calls=2)))

    results = run(ECHO, some_cases(*"abcd"), model, ASuite(), concurrency=1)

    assert [next(results).output, next(results).output] == ["a", "b"]
    with pytest.raises(BudgetSpent):
        next(results)


def test_a_hole_without_a_column_is_the_users_error():
    prompt = Prompt.of("Answer about {{ order }}.")

    with pytest.raises(UserError, match="order"):
        evaluate(prompt, some_cases("a"), ScriptedModel("a"), ASuite())


def test_a_bug_in_a_scorer_is_raised_not_swallowed():
    class Broken(ASuite):
        def score(self, case, answer):
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        evaluate(ECHO, some_cases("a"), ScriptedModel("a"), Broken())


def test_a_caller_who_has_seen_enough_starts_no_further_calls():
    second = threading.Event()

    def answer(request):
        if echo(request) == "b":
            second.set()
            threading.Event().wait(0.2)
        return echo(request)

    model = ScriptedModel(answer)
    results = run(ECHO, some_cases(*"abcdefgh"), model, ASuite(), concurrency=1)

    next(results)
    second.wait(10)
    results.close()

    assert [echo(request) for request in model.requests] == ["a", "b"]


def test_ctrl_c_starts_no_further_calls_and_keeps_what_arrives():
    answered = []

    def answer(request):
        if echo(request) == "c":
            _thread.interrupt_main()  # as Ctrl-C does
        threading.Event().wait(0.05)
        answered.append(echo(request))
        return echo(request)

    model = ScriptedModel(answer)
    with pytest.raises(KeyboardInterrupt):
        evaluate(ECHO, some_cases(*"abcdefgh"), model, ASuite(), concurrency=2)

    assert len(answered) == model.calls < 8


def test_ctrl_c_ends_a_wait_between_attempts_at_once():
    def answer(request):
        _thread.interrupt_main()
        return down(retryable=True, retry_after_s=50.0)

    model = ScriptedModel(answer)
    patient = Retrying(model, SystemClock())
    with pytest.raises(KeyboardInterrupt):
        evaluate(ECHO, some_cases("a"), patient, ASuite())

    assert model.calls == 1


def test_a_second_ctrl_c_does_not_wait_for_what_is_in_flight():
    over = threading.Event()

    def answer(request):
        _thread.interrupt_main()
        if not over.wait(0.5):
            _thread.interrupt_main()
        over.wait(20)
        return "too late"

    model = ScriptedModel(answer)
    with pytest.raises(KeyboardInterrupt):
        evaluate(ECHO, some_cases("a"), model, ASuite())
    in_flight = not over.is_set()
    over.set()

    assert in_flight
