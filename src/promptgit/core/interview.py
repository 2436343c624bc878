"""An interview about failures, kept whole: questions, answers, analysis, changes, reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

_SAID = re.compile(r"^[\s>*_-]*(Q|A|Question|Answer)[*_]*\s*:[*_]*\s*(.*)$", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_FENCE = re.compile(r"^(?:`{3,}|~{3,})")
_CONTENT = re.compile(r"\bno changes? (?:is |are )?needed\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One failure, asked about."""

    question: str
    answer: str
    case: str = ""  # id of the case that failed


@dataclass(frozen=True, slots=True)
class Change:
    """One edit that the interview led to."""

    why: str  # the reason, in the mentor's words
    diff: str


@dataclass(frozen=True, slots=True)
class Interview:
    """What was asked and answered in one round, and what it led to."""

    round: int
    parent: str  # blob of the prompt that was spoken about
    exchanges: tuple[Exchange, ...]
    analysis: str
    changes: tuple[Change, ...]
    content: bool  # the mentor said that no change is needed
    reply: str  # all of it, as it was written

    @property
    def facts(self) -> dict[str, Any]:
        """The interview in JSON's terms; `interview_of` reads it again."""
        return asdict(self)


def interview_of(facts: Mapping[str, Any]) -> Interview:
    return Interview(
        facts["round"],
        facts["parent"],
        tuple(Exchange(**each) for each in facts["exchanges"]),
        facts["analysis"],
        tuple(Change(**each) for each in facts["changes"]),
        facts["content"],
        facts["reply"],
    )


def exchanges_in(reply: str, cases: Sequence[str] = ()) -> tuple[Exchange, ...]:
    """
    Read the questions and answers of a reply; `cases` are the ids that it was shown, in order.

    >>> exchanges_in("### 1\\nQ: Why so short?\\nA: It was told\\nto be brief.", ["a"])
    (Exchange(question='Why so short?', answer='It was told to be brief.', case='a'),)
    """
    said: list[tuple[str, list[str]]] = []
    for line in _prose(reply):
        found = _SAID.match(line)
        if found:
            said.append((found[1][0].upper(), [found[2].strip()]))
        elif _HEADING.match(line):
            said.append(("", []))
        elif said and said[-1][0] and line.strip():
            said[-1][1].append(line.strip())
    told = [(kind, " ".join(words).strip()) for kind, words in said if kind]
    pairs: list[Exchange] = []
    for (kind, words), (after, answer) in pairwise([*told, ("", "")]):
        if kind == "Q":
            case = cases[len(pairs)] if len(pairs) < len(cases) else ""
            pairs.append(Exchange(words, answer if after == "A" else "", case))
    return tuple(pairs)


def analysis_in(reply: str) -> str:
    """
    Return what stands under the heading `Analysis`; empty when there is none.

    >>> analysis_in("## Analysis\\nIt never asks.\\n## Changes\\nAsk.")
    'It never asks.'
    """
    inside, found = False, list[str]()
    for line in _prose(reply):
        heading = _HEADING.match(line)
        if heading:
            inside = heading[1].lower().startswith("analysis")
        elif inside:
            found.append(line)
    return "\n".join(found).strip()


def is_content(reply: str) -> bool:
    """
    Say whether the mentor wants no change; a reply with an edit in it does.

    >>> is_content("No change needed."), is_content("No change needed here.\\n```diff\\n+a\\n```")
    (True, False)
    """
    fenced = any(_FENCE.match(line) for line in reply.splitlines())
    return not fenced and bool(_CONTENT.search(reply))


def _prose(reply: str) -> list[str]:
    """The lines outside of fences."""
    kept: list[str] = []
    inside = False
    for line in reply.splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            kept.append(line)
    return kept
