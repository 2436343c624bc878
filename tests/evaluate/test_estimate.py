from promptgit.core.dataset import Case, Dataset
from promptgit.core.ports import ModelIdentity, Request
from promptgit.core.price import Price
from promptgit.core.prompt import Prompt
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.estimate import Estimate, estimate
from promptgit.testing.scripted import ScriptedModel

PROMPT = Prompt.of("x" * 396)
MODEL = ModelIdentity("openai", "gpt-5-mini")


class AStore(dict):
    def put(self, key, answer):
        self[key] = answer


def some_cases(count=3, expected="y" * 40):
    return Dataset(tuple(Case(f"c-{n}", {"say": f"{n:04}"}, expected) for n in range(count)))


def test_four_characters_are_a_token_and_an_answer_is_as_long_as_the_expected_one():
    guess = estimate(PROMPT, some_cases(), MODEL, price=Price(1.0, 10.0))

    asked, given = 3 * (100 + 2 * 4), 3 * 11
    assert guess == Estimate(3, 0, asked, given, (asked * 1.0 + given * 10.0) / 1e6)


def test_repeats_are_calls():
    assert estimate(PROMPT, some_cases(), MODEL, repeats=4).calls == 12


def test_what_the_cache_holds_is_not_paid_for():
    store = AStore()
    cached = Cached(ScriptedModel("hi", identity=MODEL), store)
    for case in some_cases(2):
        cached.complete(Request(PROMPT.render(case.inputs)))

    guess = estimate(PROMPT, some_cases(3), MODEL, store=store)

    assert (guess.calls, guess.cached_calls) == (1, 2)


def test_a_store_that_can_list_is_asked_once():
    class AListing(AStore):
        asked = 0

        def held(self, keys):
            self.asked += 1
            return {key for key in keys if key in self}

    store = AListing()
    first = next(iter(some_cases()))
    Cached(ScriptedModel("hi", identity=MODEL), store).complete(
        Request(PROMPT.render(first.inputs))
    )

    guess = estimate(PROMPT, some_cases(), MODEL, store=store)

    assert (guess.calls, guess.cached_calls, store.asked) == (2, 1, 1)


def test_an_unknown_price_is_said():
    assert estimate(PROMPT, some_cases(), MODEL).usd is None


def test_an_answer_is_never_longer_than_the_models_limit():
    limited = ModelIdentity("openai", "gpt-5-mini", options={"max_tokens": 5})

    assert estimate(PROMPT, some_cases(2), limited).output_tokens == 10


def test_without_an_expected_answer_a_usual_length_is_taken():
    assert estimate(PROMPT, some_cases(1, expected=None), MODEL).output_tokens == 200
