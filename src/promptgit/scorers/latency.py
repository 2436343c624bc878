"""The answer came in time."""

from __future__ import annotations

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.errors import UserError


def latency(_case: Case, _output: str, *, answer: Answer, threshold: float) -> Score:
    """
    Pass when the call that was paid for took `threshold` milliseconds or less.

    An answer from the cache counts with the time it took when it was asked for.
    """
    if threshold < 0:
        raise UserError(f"the threshold of latency is in ms, 0 or more, not {threshold:g}")
    took_ms = answer.latency_s * 1000
    if took_ms <= threshold:
        return Score(1.0, f"took {took_ms:,.0f} ms")
    return Score(0.0, f"took {took_ms:,.0f} ms, {threshold:,.0f} at most")
