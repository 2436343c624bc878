"""Why the model stopped, and whether its provider's filter stepped in."""

from __future__ import annotations

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.errors import UserError
from promptgit.scorers.wording import quoted

FILTERED = frozenset({"content_filter", "refusal"})


def finish_reason(_case: Case, _output: str, *, answer: Answer, value: str) -> Score:
    """Pass when the model stopped for the reason `value`: stop, length, tool_calls, …"""
    if not isinstance(value, str) or not value.strip():
        raise UserError("the value of finish-reason is a word: stop, length, tool_calls, …")
    if answer.finish_reason.casefold() == value.strip().casefold():
        return Score(1.0, f"stopped: {quoted(answer.finish_reason)}")
    return Score(0.0, f"stopped: {quoted(answer.finish_reason)}, expected {quoted(value)}")


def guardrails(_case: Case, _output: str, *, answer: Answer) -> Score:
    """
    Pass unless the provider's filter stopped the answer.

    An OpenAI-compatible server tells of it by the finish reason alone, so that is all this sees.
    """
    if answer.finish_reason in FILTERED:
        return Score(0.0, f"the provider's filter stepped in: {quoted(answer.finish_reason)}")
    return Score(1.0, "no filter stepped in")
