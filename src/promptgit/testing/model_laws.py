"""
The laws of a model, with a word on what to mend for each.

    from promptgit.testing import check_model

    def test_acme():
        check_model(lambda: factory("acme/large", options={}), secret=KEY)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from math import inf

from promptgit.core.ports import Answer, Model, Request, canonical
from promptgit.core.prompt import Message
from promptgit.core.secrets import redact
from promptgit.errors import CallFailed, UserError
from promptgit.testing.contained import Contained, contained, side_by_side

KINDS = (
    "auth",
    "breaker",
    "connection",
    "judge",
    "malformed",
    "rate-limit",
    "request",
    "server",
    "timeout",
    "unreachable",
)
THREADS = 8
PLAIN = tuple(
    Request((Message("system", "Answer in a word."), Message("user", f"What is {number} + 1?")))
    for number in range(THREADS)
)
ODD = (
    Request(()),
    Request((Message("system", "No question follows."),)),
    Request((Message("user", ""),)),
    Request((Message("user", "\0\x1b[31m\u202e\ud800 {{ x }} {% raw %}"),)),
    Request((Message("user", "é 🙂 文字 " * 20_000),)),
    Request(
        (Message("user", "Hello"), Message("assistant", "Hi."), Message("user", "And now?")),
        repeat=1,
    ),
)


def check_model(
    factory: Callable[[], Model],
    *,
    secret: str = "",
    same_answer: bool = True,
    seconds: float = 60.0,
) -> None:
    """
    Raise AssertionError, with the law and what to mend, where a model breaks one.

    factory: makes the model anew, with the same settings.  secret: the key it was given, which
    must be seen nowhere.  same_answer: whether equal requests have equal answers, as those of a
    program have, and those of a language model have not.  The laws: its identity is stable and
    tells its settings; it answers, or raises CallFailed with a known kind (UserError for a request
    that can never be made), whatever it is asked; usage, cost and latency are possible numbers; the
    request is left as it is; it may be called from many threads.
    """
    model = factory()
    _identity(model, factory())
    alone = [_asked(model, request, secret) for request in PLAIN]
    for request in ODD:
        _asked(model, request, secret)
    calls = [partial(model.complete, request) for request in PLAIN]
    together = side_by_side(calls, seconds)
    for request, one, found in zip(PLAIN, alone, together, strict=True):
        assert found is not None, (
            f"{_of(request)}: no answer within {seconds:g} s from {THREADS} threads: "
            "is a lock held while it waits?"
        )
        other = _held(request, found, secret)
        if same_answer and isinstance(one, Answer):
            text = other.text if isinstance(other, Answer) else str(other)
            assert text == one.text, (
                f"{_of(request)}: alone it said {one.text!r}, among {THREADS} threads {text!r}: "
                "keep what belongs to a call out of the object (or pass same_answer=False)"
            )
    _identity(model, factory())
    shown = f"{model!r} {model.identity!r} {model.identity}"
    _no_secret("its repr or its identity", shown, secret)


def _identity(model: Model, twin: Model) -> None:
    identity = model.identity
    assert all((identity.provider, identity.model)), (
        f"its identity names no provider or no model: {identity!r}"
    )
    found = contained(lambda: canonical(dict(identity.options)))
    assert found.error is None, (
        f"its identity has options that JSON cannot hold ({found.said}): use plain values"
    )
    assert {model.identity.digest, twin.identity.digest} == {identity.digest}, (
        f"its identity changes: {identity} and {twin.identity}: derive it from the settings alone, "
        "for answers are remembered by it"
    )


def _asked(model: Model, request: Request, secret: str) -> Answer | CallFailed | UserError:
    before = copy.deepcopy(request)
    found = contained(lambda: model.complete(request))
    assert request == before, f"{_of(request)}: it changed the request"
    return _held(request, found, secret)


def _held(
    request: Request, found: Contained[Answer], secret: str
) -> Answer | CallFailed | UserError:
    asked, error, answer = _of(request), found.error, found.value
    if isinstance(error, CallFailed):
        assert error.kind in KINDS, (
            f"{asked}: it raised CallFailed of the kind {error.kind!r}: the kinds are "
            f"{', '.join(KINDS)}"
        )
    if isinstance(error, CallFailed | UserError):
        _no_secret(f"{asked}: its error", f"{error.message} {error.hint}", secret)
        return error
    assert error is None, (
        f"{asked}: it raised {found.said}: raise CallFailed(message, kind=…) when the world is in "
        "the way"
    )
    kind: object = answer
    assert isinstance(kind, Answer), f"{asked}: it returned {kind!r}, not an Answer"
    assert answer is not None
    _sane(asked, answer)
    return answer


def _sane(asked: str, answer: Answer) -> None:
    text: object = answer.text
    assert isinstance(text, str), f"{asked}: its text is {text!r}: an answer without words is ''"
    usage = answer.usage
    counts = (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
    assert all(count >= 0 for count in counts), f"{asked}: it counts {counts} tokens"
    assert usage.cached_input_tokens <= usage.input_tokens, (
        f"{asked}: {usage.cached_input_tokens} of {usage.input_tokens} input tokens were cached: "
        "cached tokens are part of the input"
    )
    cost = answer.cost_usd
    assert cost is None or 0 <= cost < inf, (
        f"{asked}: it cost {cost} USD: a price that nobody knows is None"
    )
    assert 0 <= answer.latency_s < inf, (
        f"{asked}: it took {answer.latency_s} s: measure with a monotonic clock"
    )
    assert answer.finish_reason, f"{asked}: it does not say why it ended: `stop` is usual"


def _no_secret(where: str, text: str, secret: str) -> None:
    hidden = redact(text, [secret] if secret else [])
    assert hidden == text, (
        f"{where} shows the key: keep it in a field with repr=False, and out of messages"
    )


def _of(request: Request) -> str:
    said = request.messages[-1].text if request.messages else "(no message)"
    shown = said if len(said) <= 40 else f"{said[:40]}… ({len(said)} characters)"
    return f"asked {shown!r}"
