import random
import threading

import pytest

from promptgit.core.ports import Request
from promptgit.core.prompt import Message
from promptgit.errors import CallFailed
from promptgit.evaluate.retry import Breaker, Retrying
from promptgit.testing.clock import SkippingClock
from promptgit.testing.scripted import ScriptedModel

HELLO = Request((Message("user", "hello"),))


def failed(kind="server", *, retryable=True, **more):
    return CallFailed(f"a {kind} failure", kind=kind, retryable=retryable, **more)


def retrying(script, clock=None, **more):
    model = ScriptedModel(script)
    return model, Retrying(model, clock or SkippingClock(), rng=random.Random(7), **more)


def test_a_call_that_fails_and_then_goes_through_is_an_answer():
    model, patient = retrying([failed(), failed("connection"), "hello"])

    assert patient.complete(HELLO).text == "hello"
    assert model.calls == 3


def test_the_last_failure_is_raised_and_says_how_often_it_was_tried():
    model, patient = retrying(lambda request: failed(), attempts=3)

    with pytest.raises(CallFailed, match=r"a server failure \(the last of 3 attempts\)") as caught:
        patient.complete(HELLO)

    assert model.calls == 3
    assert caught.value.kind == "server"


@pytest.mark.parametrize(
    "error",
    [failed("request", retryable=False), failed("auth", retryable=False, fatal=True)],
    ids=["refused request", "refused key"],
)
def test_what_cannot_pass_later_is_not_tried_again(error):
    model, patient = retrying([error])

    with pytest.raises(CallFailed):
        patient.complete(HELLO)

    assert model.calls == 1


def test_waits_grow_and_are_jittered():
    clock = SkippingClock()
    _, patient = retrying([failed(), failed(), failed(), "hello"], clock)

    patient.complete(HELLO)

    first, second, third = clock.sleeps
    assert 0.25 <= first <= 0.5 <= second <= 1.0 <= third <= 2.0
    assert len({first, second / 2, third / 4}) == 3


def test_retry_after_goes_first():
    clock = SkippingClock()
    _, patient = retrying([failed("rate-limit", retry_after_s=7.0), "hello"], clock)

    patient.complete(HELLO)

    (slept,) = clock.sleeps
    assert 7.0 <= slept <= 7.1


def test_a_server_that_asks_for_more_than_a_minute_is_given_up_on_at_once():
    clock = SkippingClock()
    model, patient = retrying([failed("rate-limit", retry_after_s=3600.0)], clock)

    with pytest.raises(CallFailed):
        patient.complete(HELLO)

    assert (model.calls, clock.sleeps) == (1, [])


def test_every_failed_attempt_is_told_also_those_made_good():
    told = []
    _, patient = retrying([failed(), "hello"], on_failure=lambda _, error: told.append(error.kind))

    patient.complete(HELLO)

    assert told == ["server"]


def test_when_nothing_goes_through_the_breaker_opens_and_the_rest_fails_without_a_call():
    breaker = Breaker(patience=3, probes=2)
    model, patient = retrying(lambda request: failed(), breaker=breaker, attempts=2)

    kinds = []
    for _ in range(20):
        with pytest.raises(CallFailed) as caught:
            patient.complete(HELLO)
        kinds.append(caught.value.kind)

    assert model.calls == 5  # three in a row, then two probes
    assert kinds[-10:] == ["breaker"] * 10
    assert breaker.open


def test_a_probe_that_goes_through_closes_the_breaker_again():
    clock = SkippingClock()
    script = [failed(), failed(), failed(), *["hello"] * 5]
    _, patient = retrying(script, clock, breaker=Breaker(patience=2, probes=3), attempts=9)

    answers = [patient.complete(HELLO).text for _ in range(5)]

    assert answers == ["hello"] * 5
    assert 1.0 in clock.sleeps  # the first pause
    assert 2.0 in clock.sleeps  # doubled


def test_a_probe_waits_as_long_as_the_server_asked():
    clock = SkippingClock()
    script = [failed("rate-limit", retry_after_s=20.0), "hello", "hello"]
    _, patient = retrying(script, clock, breaker=Breaker(patience=1), attempts=2)

    patient.complete(HELLO)

    assert clock.sleeps[-1] == 20.0


def test_refused_requests_do_not_open_the_breaker():
    breaker = Breaker(patience=2, probes=1)
    script = [failed("request", retryable=False)] * 30 + ["hello"]
    _, patient = retrying(script, breaker=breaker)

    for _ in range(30):
        with pytest.raises(CallFailed):
            patient.complete(HELLO)

    assert patient.complete(HELLO).text == "hello"


def test_a_refused_request_shows_that_the_provider_is_there():
    breaker = Breaker(patience=2, probes=1)
    script = [failed(), failed("request", retryable=False)] * 5
    model, patient = retrying(script, breaker=breaker, attempts=1)

    for _ in range(10):
        with pytest.raises(CallFailed):
            patient.complete(HELLO)

    assert model.calls == 10
    assert not breaker.open


def test_failures_with_successes_between_them_do_not_open_the_breaker():
    script = [failed(), failed(), "hello"] * 20
    _, patient = retrying(script, breaker=Breaker(patience=3, probes=1))

    answers = [patient.complete(HELLO).text for _ in range(20)]

    assert answers == ["hello"] * 20


def test_only_one_thread_probes_while_the_others_wait():
    lock, calling, most = threading.Lock(), 0, 0

    def answer(request):
        nonlocal calling, most
        with lock:
            calling += 1
            most = max(most, calling)
        threading.Event().wait(0.002)
        with lock:
            calling -= 1
        return failed()

    breaker = Breaker(patience=1, probes=5)
    model, patient = retrying(answer, breaker=breaker, attempts=1)
    with pytest.raises(CallFailed):
        patient.complete(HELLO)  # now it is down

    def work():
        with pytest.raises(CallFailed):
            patient.complete(HELLO)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1
    assert model.calls == 1 + 5


def test_a_probe_that_ends_in_a_bug_lets_the_next_one_probe():
    script = [failed(), ZeroDivisionError, "hello"]

    def answer(request):
        line = script.pop(0)
        if line is ZeroDivisionError:
            raise line
        return line

    _, patient = retrying(answer, breaker=Breaker(patience=1), attempts=1)
    with pytest.raises(CallFailed):
        patient.complete(HELLO)
    with pytest.raises(ZeroDivisionError):
        patient.complete(HELLO)

    assert patient.complete(HELLO).text == "hello"


def test_a_server_that_was_never_there_is_given_up_on_soon_and_for_the_whole_run():
    clock = SkippingClock()
    model, patient = retrying(lambda request: failed("unreachable"), clock, attempts=8)

    with pytest.raises(CallFailed) as caught:
        patient.complete(HELLO)

    assert (model.calls, caught.value.fatal, caught.value.kind) == (3, True, "unreachable")
    assert sum(clock.sleeps) <= 2


@pytest.mark.parametrize("first", ["hello", failed("server")], ids=["an answer", "a refusal"])
def test_a_server_that_was_there_once_is_waited_for(first):
    script = [first, *[failed("unreachable")] * 6, "hello", "hello"]
    _, patient = retrying(script, attempts=9)

    patient.complete(HELLO)

    assert patient.complete(HELLO).text == "hello"


def test_many_threads_that_find_nobody_do_not_wait_for_a_probe():
    clock = SkippingClock()
    breaker = Breaker(patience=1)
    model, patient = retrying(lambda request: failed("unreachable"), clock, breaker=breaker)

    for _ in range(5):
        with pytest.raises(CallFailed, match="a unreachable failure"):
            patient.complete(HELLO)

    assert model.calls == 15
    assert max(clock.sleeps) <= 1.0
