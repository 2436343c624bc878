"""What the best answers share that the others lack: counted, without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt
from statistics import NormalDist

from promptgit.flywheel.examples import shown
from promptgit.flywheel.insights import Performers, Trait
from promptgit.flywheel.interaction import Conversation, Interaction

TOP = 0.25  # the best quarter
FEWEST = 20  # scored answers
MOST = 4  # traits
RARE = 0.1  # a trait of fewer of the top answers is no pattern
ALPHA = 0.05
_WORD = re.compile(r"[a-zà-öø-ÿ']{3,}")
# Words that every answer has and that tell nothing, alone or as a pair of them.
_LOOSE = frozenset(
    _WORD.findall(
        "the and for are was were has have had you your our its his her their they them that "
        "this these those with from into not but can could will would all any one out who "
        "what when which where there here then than also been being does did how"
    )
)
_MARKS = (
    ("names a number", re.compile(r"\d")),
    ("asks a question", re.compile(r"\?")),
    ("has numbered steps", re.compile(r"\b1[.)]\s.*\b2[.)]\s", re.DOTALL)),
    ("has a list", re.compile(r"(?m)^\s*[-*•]\s.*\n(.*\n)*?\s*[-*•]\s")),
    ("says sorry", re.compile(r"(?i)\b(sorry|apologi[sz]e|apologies)\b")),
    ("has 60 characters or fewer", re.compile(r"(?s)\A.{0,60}\Z")),
    ("has more than 300 characters", re.compile(r"(?s)\A.{301,}")),
)


def performers(
    prompt: str, conversations: Sequence[Conversation], score: str, *, examples: int = 2
) -> Performers | None:
    """
    Part the scored answers at the best quarter, and count what tells the two apart.

    A trait is told when the difference holds at ALPHA over all traits that were looked at
    (two proportions, Bonferroni).  None where too few are scored, or all alike.
    """
    graded = [
        (value, one, call)
        for one in conversations
        for value, call in [_graded(one, score)]
        if value is not None and call is not None
    ]
    if len(graded) < FEWEST:
        return None
    graded.sort(key=lambda found: (-found[0], found[1].id))
    threshold = graded[max(0, round(TOP * len(graded)) - 1)][0]
    top = [found for found in graded if found[0] >= threshold]
    rest = [found for found in graded if found[0] < threshold]
    if not rest:
        return None
    traits = _traits(
        [set(_of(call)) for _, _, call in top], [set(_of(call)) for _, _, call in rest]
    )
    return Performers(
        prompt,
        score,
        threshold,
        len(top),
        len(rest),
        traits,
        [shown(one, call) for _, one, call in top[:examples]],
    )


def _graded(one: Conversation, score: str) -> tuple[float | None, Interaction | None]:
    """The newest grade of a conversation, and the call that it is about: the last, by default."""
    answered = [call for call in one.calls if call.output]
    if not answered:
        return None, None
    by_id = {call.id: call for call in answered}
    for line in reversed(one.feedback):
        if score in line.scores:
            return line.scores[score], by_id.get(line.of, answered[-1])
    for call in reversed(answered):
        if score in call.scores:
            return call.scores[score], call
    return None, None


def _of(call: Interaction) -> Iterator[str]:
    """Everything that is counted of an answer."""
    for name, mark in _MARKS:
        if mark.search(call.output):
            yield name
    for name, value in call.facts.items():
        if len(value) <= 40:
            yield f"{name} is {value}"
    for name in ("variant", "model"):
        if value := getattr(call, name):
            yield f"{name} is {value}"
    words = _WORD.findall(call.output.lower())
    yield from (f'says "{word}"' for word in set(words) - _LOOSE)
    yield from (
        f'says "{one} {other}"' for one, other in set(pairwise(words)) if not {one, other} <= _LOOSE
    )


def _traits(top: Sequence[set[str]], rest: Sequence[set[str]]) -> list[Trait]:
    in_top = Counter(name for one in top for name in one)
    in_rest = Counter(name for one in rest for name in one)
    enough = [name for name, count in in_top.items() if count >= RARE * len(top)]
    if not enough:
        return []
    least = NormalDist().inv_cdf(1 - ALPHA / 2 / len(enough))
    found = []
    for name in enough:
        trait = Trait(name, in_top[name], len(top), in_rest[name], len(rest))
        z = _z(trait)
        if z >= least:
            found.append((-z, name, trait))
    return _different([trait for _, _, trait in sorted(found)])


def _different(traits: Sequence[Trait]) -> list[Trait]:
    """Leave out a word that a told pair of words holds already, and the other way round."""
    kept: list[Trait] = []
    said: set[str] = set()
    for trait in traits:
        words = set(_WORD.findall(trait.name.partition('"')[2]))
        if words & said:
            continue
        said |= words
        kept.append(trait)
    return kept[:MOST]


def _z(trait: Trait) -> float:
    """
    How far two proportions are apart, in standard errors of their difference under no difference.

    >>> round(_z(Trait("", 30, 100, 10, 100)), 2)
    3.54
    """
    pooled = (trait.top + trait.rest) / (trait.of_top + trait.of_rest)
    error = sqrt(pooled * (1 - pooled) * (1 / trait.of_top + 1 / trait.of_rest))
    return (trait.top / trait.of_top - trait.rest / trait.of_rest) / error if error else 0.0
