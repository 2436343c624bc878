"""Two answers beside each other in a terminal, with the words in which they differ marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from promptgit.report.gate_words import visible
from promptgit.report.history_text import Styled

LEAST = 100  # columns of a terminal in which two answers have room beside each other
BETWEEN = "  │  "
BASE, HEAD = "yellow", "cyan"  # words of one answer that the other has not
MAX_PRODUCT = 1_000_000  # words before times words after: beyond it nothing is marked
_WORD = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")

Run = tuple[str, str]  # a text and its style


def beside(before: str, after: str, width: int, indent: str) -> Iterator[Styled]:
    """Lay out base's and head's text in `width` columns, of which `indent` is left free."""
    room = (width - len(indent) - len(BETWEEN)) // 2
    left, right = (list(_lines(runs, room)) for runs in marked(before, after))
    yield ((f"{indent}{'base':<{room}}{BETWEEN}head", "dim"),)
    for one, other in zip_longest(left, right, fillvalue=()):
        pad = " " * (room - sum(_cells(text) for text, _ in one))
        yield ((indent, ""), *one, (f"{pad}{BETWEEN}", "dim"), *other)


def marked(before: str, after: str) -> tuple[list[Run], list[Run]]:
    """
    Cut two texts into words, each with the style of what it is: base's, head's, or in both.

    Red and green would say which answer is the better one, and nobody said that of a word.

    >>> marked("be kind", "be brief")
    ([('be', ''), (' ', ''), ('kind', 'yellow')], [('be', ''), (' ', ''), ('brief', 'cyan')])
    """
    old, new = _WORD.findall(visible(before)), _WORD.findall(visible(after))
    if len(old) * len(new) > MAX_PRODUCT:
        return [(word, "") for word in old], [(word, "") for word in new]
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    left, right = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        left += [(word, "" if tag == "equal" else BASE) for word in old[i1:i2]]
        right += [(word, "" if tag == "equal" else HEAD) for word in new[j1:j2]]
    return left, right


def _lines(words: Sequence[Run], room: int) -> Iterator[Styled]:
    """Fill lines with words; one that is longer than a line is cut."""
    line: list[Run] = []
    free = room
    for word, style in words:
        if word == "\n":
            yield tuple(line)
            line, free = [], room
            continue
        for part in _parts(word, room):
            size = _cells(part)
            if size > free:
                yield tuple(line)
                line, free = [], room
                if part.isspace():
                    continue  # a blank at which a line was broken
            line.append((part, style))
            free -= size
    yield tuple(line)


def _parts(word: str, room: int) -> Iterator[str]:
    if _cells(word) <= room:
        yield word
        return
    each = max(1, room // 2)  # a character takes two columns at most
    for start in range(0, len(word), each):
        yield word[start : start + each]


def _cells(text: str) -> int:
    """How many columns a terminal needs for it."""
    from rich.cells import cell_len

    return cell_len(text)
