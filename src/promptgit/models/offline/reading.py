"""Everything that the offline model understands of a prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from promptgit.models.offline.labels import Field, fields_in
from promptgit.models.offline.manners import Manners, manners_in

ATTENTION = 900  # words of a prompt; what comes after is not read

_BARE = re.compile(
    r"\b(?:only|nothing else|no (?:code )?fences?|without (?:a |any )?(?:code )?fences?|raw|"
    r"never enclose|no markdown|directly)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Reading:
    fields: tuple[Field, ...]  # to decide; empty: a reply is wanted
    as_json: bool
    fenced: bool  # JSON goes into a code fence unless the prompt says otherwise
    manners: Manners


@lru_cache(maxsize=256)
def read(prompt: str) -> Reading:
    """
    Read a prompt as far as it is understood; the first `ATTENTION` words count.

    >>> reading = read('Sort the ticket. Return only JSON: "label" is one of bug, idea.')
    >>> reading.as_json, reading.fenced, [field.key for field in reading.fields]
    (True, False, ['label'])
    """
    text = _attended(prompt)
    fields = fields_in(text)
    as_json = bool(re.search(r"\bjson\b", text, re.I))
    return Reading(
        fields,
        as_json,
        as_json and not _BARE.search(text),
        Manners() if fields else manners_in(text),
    )


def _attended(prompt: str) -> str:
    ends = [match.end() for match in re.finditer(r"\S+", prompt)]
    return prompt if len(ends) <= ATTENTION else prompt[: ends[ATTENTION - 1]]
