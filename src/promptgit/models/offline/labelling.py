"""Answer with labels: weigh the cues that an input shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from promptgit.models.offline.labels import Field
from promptgit.models.offline.words import stems

TRUE_FROM = 1.0  # the weight of cues that makes one of many options true


def labelled(fields: Sequence[Field], text: str, *, as_json: bool, fenced: bool) -> str:
    """
    Decide every field for the input `text`, in the format that was asked for.

    >>> from promptgit.models.offline.labels import fields_in
    >>> fields = fields_in("Classify as sport or music.\\n- music: band, song")
    >>> labelled(fields, "Which band sang it?", as_json=False, fenced=False)
    'music'
    """
    found = stems(text)
    if not as_json and len(fields) == 1 and not fields[0].many:
        return _choice(fields[0], found)
    answer: dict[str, Any] = {}
    for field in fields:
        answer[field.key or "label"] = _flags(field, found) if field.many else _choice(field, found)
    body = json.dumps(answer, ensure_ascii=False)
    return f"```json\n{body}\n```" if fenced else body


def _choice(field: Field, found: Sequence[str]) -> str:
    """The option with the most weight; ties go to the one that the prompt lists first."""
    scores = field.index.scores(found)
    best = max(scores)
    if best <= 0:
        return field.default or field.options[0].name
    return field.options[scores.index(best)].name


def _flags(field: Field, found: Sequence[str]) -> dict[str, bool]:
    scores = field.index.scores(found)
    bar = min(TRUE_FROM, max(scores))  # something always fits best
    return {
        option.name: score >= bar > 0 for option, score in zip(field.options, scores, strict=True)
    }
