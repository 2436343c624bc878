"""How a `why` shows text that a model wrote: short, on one line, every character visible."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 60  # characters of one quotation
MOST = 5  # quotations in one list


def quoted(text: str, limit: int = LONGEST) -> str:
    r"""
    Quote `text` so that it stays on its line and hides nothing.

    >>> print(quoted('two\nlines'))
    "two\nlines"
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return f'"{visible(shown)}"'


def visible(text: str) -> str:
    r"""
    Write control, invisible and lone surrogate characters as escapes.

    >>> print(visible("a\u200bb"))
    a\u200bb
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def listed(items: Sequence[str], most: int = MOST) -> str:
    """
    Join at most `most` items, and count the others.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def counted(count: int, noun: str) -> str:
    """
    Write a number with its noun.

    >>> counted(1, "word"), counted(2, "word")
    ('1 word', '2 words')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
