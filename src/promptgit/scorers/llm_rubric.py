"""
Another model says how well the output meets a rubric.

What the judged model wrote is data: it stands between marks that are made from its own hash,
so that no output can hold the mark that would end it.
"""

from __future__ import annotations

import hashlib
import pkgutil
import unicodedata
from functools import lru_cache
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Model, Request
from promptgit.core.prompt import Message, Prompt
from promptgit.errors import CallFailed, UserError
from promptgit.scorers.json_text import NotJson, parsed, unfenced
from promptgit.scorers.wording import quoted, visible

TRIES = 2  # the grade, and once more when it cannot be read
LONGEST = 300  # characters of the judge's reason

AGAIN = (
    "That is not one JSON object with a reason and a score from 0 to 1. Reply again, with "
    '{"reason": "...", "score": ...} and nothing around it.'
)


def llm_rubric(case: Case, output: str, *, judge: Model, value: str) -> Score:
    """
    Ask `judge` for a grade from 0 to 1 by the rubric `value`.

    The judge sees the case's inputs as data; a rubric that quotes them makes them instructions.
    Raises CallFailed(kind="judge") when the judge cannot be reached, or writes no grade twice:
    that is a failure of the judge, not of the output.
    """
    messages = conversation(case, output, value)
    for _ in range(TRIES):
        reply = _asked(judge, messages)
        try:
            return grade(reply)
        except ValueError as error:
            problem = str(error)
        messages = (*messages, Message("assistant", reply), Message("user", AGAIN))
    raise CallFailed(
        f"the judge {judge.identity} gave no grade: {problem}",
        kind="judge",
        hint="try a judge that follows instructions better",
    )


def conversation(case: Case, output: str, rubric: str) -> tuple[Message, ...]:
    """Write what the judge reads: the rubric as its instructions, the rest as marked data."""
    if not isinstance(rubric, str) or not rubric.strip():
        raise UserError(
            "the value of llm-rubric is the rubric, as text",
            hint='write, for example, `value: "apologises, and names the order number"`',
        )
    rubric = _clean(rubric)
    asked = "\n".join(f"{name}: {text}" for name, text in case.inputs.items())
    parts = {"asked": _clean(asked), "answer": _clean(output)}
    fence = hashlib.sha256("\0".join([rubric, *parts.values()]).encode()).hexdigest()[:16]
    data = "\n\n".join(f"{name} {fence}\n{text}\nend {fence}" for name, text in parts.items())
    return _template().render({"rubric": rubric, "fence": fence, "data": data})


def grade(reply: str) -> Score:
    """
    Read the judge's reply: `score` from 0 to 1, or else `pass`; raise ValueError.

    >>> grade('{"reason": "no apology", "score": 0.5}')
    Score(value=0.5, why='no apology')
    """
    try:
        found = parsed(unfenced(reply))
    except NotJson as error:
        raise ValueError(f"its reply is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("its reply is not an object")
    value = _value(found)
    reason = found.get("reason", "")
    why = visible(" ".join(reason.split())) if isinstance(reason, str) else ""
    return Score(value, why if len(why) <= LONGEST else why[: LONGEST - 1] + "…")


def _value(found: dict[str, Any]) -> float:
    score = found.get("score")
    if score is None and isinstance(found.get("pass"), bool):
        return float(found["pass"])
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise ValueError(f"its score is {quoted(str(score))}, not a number from 0 to 1")
    return float(score)


def _asked(judge: Model, messages: tuple[Message, ...]) -> str:
    try:
        return judge.complete(Request(messages)).text
    except CallFailed as error:
        raise CallFailed(
            f"the judge {judge.identity} failed: {error.message}",
            kind="judge",
            fatal=error.fatal,
            hint=error.hint,
        ) from error


def _clean(text: str) -> str:
    """Drop what a person cannot see (control, format and private characters), keep the lines."""
    return "".join(
        c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")
    )


@lru_cache(maxsize=1)
def _template() -> Prompt:
    text = pkgutil.get_data("promptgit", "metaprompts/judge.md")
    assert text is not None, "the package has its meta-prompts"
    return Prompt.of(text.decode(), name="judge")
