"""Which lines of a prompt are not for the ears of a user."""

from __future__ import annotations

SHORTEST = 20  # characters; a shorter line may stand anywhere
MOST = 50  # lines of one prompt, the longest


def secret_lines(text: str) -> tuple[str, ...]:
    """
    The distinct long lines of a prompt, in order of length; none that a template fills.

    >>> secret_lines("Be kind.\\nNever mention the discount list.\\nHello {{ name }}, what is up?")
    ('Never mention the discount list.',)
    """
    lines = dict.fromkeys(line.strip() for line in text.split("\n"))
    long = [
        line for line in lines if len(line) >= SHORTEST and "{{" not in line and "{%" not in line
    ]
    return tuple(sorted(long, key=lambda line: (-len(line), line))[:MOST])
