import threading

import pytest

from promptgit.core.ports import Request, Usage
from promptgit.core.prompt import Message
from promptgit.core.spend import Spend
from promptgit.errors import BudgetSpent, CallFailed, UserError
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.evaluate.cache import Cached
from promptgit.testing.scripted import ScriptedModel


class AStore(dict):
    def put(self, key, answer):
        self[key] = answer


def asked(text="hello"):
    return Request((Message("user", text),))


def a_metered(cap, *, cost_usd=0.5, tokens=10, script="hi", **more):
    model = ScriptedModel(script, usage=Usage(tokens, 0), cost_usd=cost_usd)
    budget = Budget(cap)
    return model, budget, Metered(model, budget, **more)


def spend_until_refused(metered):
    for _ in range(1000):
        try:
            metered.complete(asked())
        except BudgetSpent as refusal:
            return refusal
    raise AssertionError("nothing was refused")


@pytest.mark.parametrize(
    ("cap", "calls", "words"),
    [
        (Cap(calls=3), 3, "3 calls is spent"),
        (Cap(usd=2.0), 4, "2.00 USD is spent: 2.0000 paid"),
        (Cap(tokens=25), 3, "25 tokens is spent: 30 used"),
        (Cap(usd=100.0, calls=2), 2, "2 calls"),
    ],
)
def test_the_cap_is_hard_in_calls_money_and_tokens(cap, calls, words):
    model, budget, metered = a_metered(cap)

    refusal = spend_until_refused(metered)

    assert model.calls == budget.spend.calls == calls
    assert words in refusal.message
    assert budget.spent


def test_the_cap_on_calls_is_exact_from_many_threads():
    model, budget, metered = a_metered(Cap(calls=50))

    threads = [threading.Thread(target=spend_until_refused, args=(metered,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert model.calls == budget.spend.calls == 50


def test_a_call_counts_from_before_it_is_made():
    budget = Budget(Cap(calls=2))
    budget.reserve()
    budget.reserve()

    with pytest.raises(BudgetSpent):
        budget.reserve()


def test_calls_in_flight_count_as_much_as_the_average_call_so_far():
    budget = Budget(Cap(usd=1.0))
    budget.reserve()
    budget.settle(Spend(calls=1, usd=0.3))

    budget.reserve()
    budget.reserve()
    budget.reserve()  # 0.3 paid, 0.9 expected

    with pytest.raises(BudgetSpent):
        budget.reserve()


def test_a_budget_without_a_cap_only_counts():
    _, budget, metered = a_metered(Cap(), cost_usd=0.25, tokens=7)

    metered.complete(asked())
    metered.complete(asked())

    assert budget.spend == Spend(calls=2, tokens=14, usd=0.5)


def test_one_budget_is_shared_by_all_who_pay_from_it_and_knows_who_did():
    budget = Budget(Cap(calls=3))
    model = Metered(ScriptedModel("hi"), budget, purpose="model")
    judge = Metered(ScriptedModel("hi"), budget, purpose="judge")
    model.complete(asked())
    model.complete(asked())
    judge.complete(asked())

    with pytest.raises(BudgetSpent):
        judge.complete(asked())

    assert {who: spend.calls for who, spend in budget.by_purpose.items()} == {
        "model": 2,
        "judge": 1,
    }


def test_a_failed_call_gives_its_place_in_the_budget_back():
    script = [CallFailed("500", kind="server"), "hi"]
    _, budget, metered = a_metered(Cap(calls=1), script=script)
    with pytest.raises(CallFailed):
        metered.complete(asked())

    assert budget.spend == Spend()
    assert metered.complete(asked()).text == "hi"


def test_an_attempt_that_the_provider_may_charge_for_is_counted_without_a_price():
    budget = Budget(Cap(usd=1.0))

    budget.lost(CallFailed("too slow", kind="timeout"))
    budget.lost(CallFailed("cut off", kind="malformed"))
    budget.lost(CallFailed("wait", kind="rate-limit"))

    assert budget.spend == Spend(calls=2, unpriced_calls=2)
    assert not budget.spent


def test_a_request_that_the_provider_declined_is_a_call_without_a_price():
    budget = Budget(Cap(calls=2))

    budget.lost(CallFailed("too long a prompt", kind="request"), "judge")
    budget.lost(CallFailed("no such model", kind="request", fatal=True), "judge")
    budget.lost(CallFailed("try later", kind="server"), "judge")

    assert budget.spend == budget.by_purpose["judge"] == Spend(calls=1)
    assert not budget.spent


def test_an_unknown_price_is_refused_before_the_first_call_when_the_cap_is_in_money():
    model, _, metered = a_metered(Cap(usd=1.0), priced=False)

    with pytest.raises(BudgetSpent, match="nobody knows what a call costs") as caught:
        metered.complete(asked())

    assert model.calls == 0
    assert "price" in caught.value.hint


def test_a_price_that_turns_out_to_be_unknown_stops_the_next_call():
    model, budget, metered = a_metered(Cap(usd=1.0), cost_usd=None)

    spend_until_refused(metered)

    assert model.calls == 1
    assert budget.spend.unpriced_calls == 1


def test_unknown_prices_are_counted_apart_when_the_caller_allows_them():
    budget = Budget(Cap(usd=1.0), allow_unpriced=True)
    metered = Metered(ScriptedModel("hi", cost_usd=None), budget, priced=False)

    for _ in range(5):
        metered.complete(asked())

    assert budget.spend.unpriced_calls == 5
    assert budget.spend.usd == 0


def test_whoever_keeps_the_journal_is_told_of_a_paid_answer_before_it_can_be_used():
    told = []
    model = ScriptedModel("hi")
    metered = Metered(model, Budget(), on_paid=lambda *paid: told.append(paid))
    cached = Cached(metered, AStore())

    answer = cached.complete(asked())
    cached.complete(asked())

    assert told == [(asked().key(model.identity), asked(), answer)]


def test_what_this_run_paid_for_before_it_stopped_counts_as_spent_again_once_and_as_fresh():
    store = AStore()
    Cached(ScriptedModel("hi", cost_usd=0.5), store).complete(asked())
    model = ScriptedModel("hi")
    budget = Budget(Cap(calls=10))
    budget.already_paid([asked().key(model.identity)])
    resumed = Cached(Metered(model, budget), store)

    first, second = resumed.complete(asked()), resumed.complete(asked())

    assert model.calls == 0
    assert budget.spend == Spend(calls=1, tokens=15, usd=0.5)
    assert (first.cached, second.cached) == (False, True)


def test_what_another_run_paid_for_is_free():
    store = AStore()
    Cached(ScriptedModel("hi", cost_usd=0.5), store).complete(asked())
    budget = Budget()

    answer = Cached(Metered(ScriptedModel("hi"), budget), store).complete(asked())

    assert budget.spend == Spend()
    assert answer.cached


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("2usd", Cap(usd=2.0)),
        ("0.5 USD", Cap(usd=0.5)),
        ("500calls", Cap(calls=500)),
        ("1 call", Cap(calls=1)),
        ("2usd,500calls,9000tokens", Cap(usd=2.0, calls=500, tokens=9000)),
    ],
)
def test_a_cap_is_read_as_people_type_it(text, cap):
    assert Cap.read(text) == cap


@pytest.mark.parametrize("text", ["", "2", "usd", "-1usd", "2eur", "2usd;3calls"])
def test_what_is_not_a_cap_is_refused_with_an_example(text):
    with pytest.raises(UserError) as caught:
        Cap.read(text)

    assert "2usd" in caught.value.hint


def test_a_cap_says_itself_in_words():
    assert str(Cap(usd=2.0, calls=10)) == "2.00 USD or 10 calls"
    assert str(Cap()) == "no limit"
