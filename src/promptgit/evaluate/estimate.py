"""Say what an evaluation will take, before its first call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from promptgit.core.dataset import Dataset
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.ports import AnswerStore, ModelIdentity, Request, Usage
from promptgit.core.price import Price
from promptgit.core.prompt import Message, Prompt
from promptgit.evaluate.pipelines import ExpectedCall, expected_calls, identity_of

CHARACTERS_PER_TOKEN = 4  # of English, about; of other scripts fewer
TOKENS_PER_MESSAGE = 4  # role and separators
GUESSED_OUTPUT_TOKENS = 200  # where neither an expected answer nor a limit says more


@runtime_checkable
class Listing(Protocol):
    """A store that can say which answers it has without reading them."""

    def held(self, keys: Iterable[str]) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls are exact, tokens are a guess within a factor of two, dollars follow the tokens."""

    calls: int  # to be paid
    cached_calls: int  # to be read from the cache
    input_tokens: int  # of the paid calls
    output_tokens: int
    usd: float | None  # None: nobody knows the price


def estimate(
    prompt: Prompt,
    cases: Dataset,
    identity: ModelIdentity,
    *,
    repeats: int = 1,
    price: Price | None = None,
    store: AnswerStore | None = None,
) -> Estimate:
    """
    Guess from the rendered requests: four characters are a token.

    An answer is taken to be as long as the expected one, or GUESSED_OUTPUT_TOKENS where there is
    none, and never longer than the model's `max_tokens`.  A model that thinks before it answers
    may use several times as many.
    """
    if prompt.form == PIPELINE:
        return _of_pipeline(prompt, cases, identity, repeats, price, store)
    limit = int(identity.options.get("max_tokens") or 1_000_000)
    asked: list[tuple[str, Usage]] = []
    for repeat in range(repeats):
        for case in cases:
            request = Request(prompt.render(case.inputs), repeat)
            tokens = Usage(tokens_of(request.messages), min(limit, _guessed_output(case.expected)))
            asked.append((request.key(identity), tokens))
    held = _held([key for key, _ in asked], store)
    return _of_calls([tokens for key, tokens in asked if key not in held], len(asked), price)


def _of_pipeline(
    prompt: Prompt,
    cases: Dataset,
    identity: ModelIdentity,
    repeats: int,
    price: Price | None,
    store: AnswerStore | None,
) -> Estimate:
    """
    Guess the same of all steps of all cases.

    What a step will say decides what the steps after it are asked: behind the first one that has
    to be paid for, each counts as a call.  `price` is that of the pipeline's own model: nobody
    says what the others cost.
    """
    asked = [
        call
        for repeat in range(repeats)
        for case in cases
        for call in expected_calls(prompt, case, repeat, identity, store)
    ]
    to_pay = [call for call in asked if not call.held]
    own = identity_of(None, identity)
    usage = [Usage(tokens_of(call.messages), _said_at_most(call)) for call in to_pay]
    known = all(call.identity == own for call in to_pay)
    return _of_calls(usage, len(asked), price if known else None)


def _said_at_most(call: ExpectedCall) -> int:
    limit = int(call.identity.options.get("max_tokens") or 1_000_000)
    return min(limit, _guessed_output(call.expected))


def _of_calls(to_pay: Sequence[Usage], asked: int, price: Price | None) -> Estimate:
    total = sum(to_pay, Usage())
    return Estimate(
        calls=len(to_pay),
        cached_calls=asked - len(to_pay),
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        usd=price.of(total) if price else None,
    )


def _held(keys: Sequence[str], store: AnswerStore | None) -> set[str]:
    """Ask the store for all keys at once, where it can tell without reading the answers."""
    if store is None:
        return set()
    if isinstance(store, Listing):
        return store.held(keys)
    return {key for key in keys if store.get(key) is not None}


def tokens_of(messages: tuple[Message, ...]) -> int:
    """
    Guess the tokens of a request.

    >>> tokens_of((Message("user", "Where is my parcel?"),))
    9
    """
    characters = sum(len(message.text) for message in messages)
    return -(-characters // CHARACTERS_PER_TOKEN) + TOKENS_PER_MESSAGE * len(messages)


def _guessed_output(expected: str | None) -> int:
    if expected is None:
        return GUESSED_OUTPUT_TOKENS
    return -(-len(expected) // CHARACTERS_PER_TOKEN) + 1
