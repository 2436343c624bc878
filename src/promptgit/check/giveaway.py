"""
A column that holds the answers: whoever is asked with it needs no good prompt.

Head may add a column for a hole of its text, and base's text is asked without it.  So a change
could hide a worse text behind a column that tells the answer.  We look for what is plain: the
answer itself, or a code for it.  A riddle is for the reviewer, who sees the new column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promptgit.core.dataset import Dataset

MOST = 0.5  # of the cases: beyond that it is no coincidence
ROOM = 40  # characters around an answer that is no label; more, and it is a text to read


def giveaway(asked: Dataset, known: Dataset) -> str:
    """Name a column of `asked` that `known` has not and that holds the answers; else nothing."""
    old = {name for case in known for name in case.inputs}
    new = dict.fromkeys(name for case in asked for name in case.inputs if name not in old)
    for name in new:
        pairs = [
            (case.inputs[name].casefold().strip(), case.expected.casefold().strip())
            for case in asked
            if case.expected and name in case.inputs
        ]
        if pairs and (_holds(pairs) or _stands_for(pairs)):
            return name
    return ""


def _holds(pairs: Sequence[tuple[str, str]]) -> bool:
    """
    Say whether the values hold the answers.

    >>> _holds([("it is fruit", "fruit"), ("tool!", "tool")])
    True
    """
    are_labels = _repeat(answer for _, answer in pairs)
    found = sum(
        answer in value and (are_labels or len(value) <= 2 * len(answer) + ROOM)
        for value, answer in pairs
    )
    return found > MOST * len(pairs)


def _stands_for(pairs: Sequence[tuple[str, str]]) -> bool:
    """
    Say whether each value comes again and again, always with the same one of several answers.

    >>> _stands_for([("1", "fruit"), ("2", "tool"), ("1", "fruit"), ("2", "tool")])
    True
    """
    values, answers = ({pair[side] for pair in pairs} for side in (0, 1))
    return len(answers) > 1 and len(set(pairs)) == len(values) and _repeat(v for v, _ in pairs)


def _repeat(texts: Iterable[str]) -> bool:
    listed = list(texts)
    return 2 * len(set(listed)) <= len(listed)
