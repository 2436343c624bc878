"""Quote somebody else's words in a message, so that they cannot act as anything but words."""

from __future__ import annotations

import unicodedata

from promptgit.core.secrets import redact

LONGEST = 60  # characters; what is longer is cut


def quoted(text: str, longest: int = LONGEST) -> str:
    r"""
    Return `text` on one line, in quotes: nothing invisible, no secret, cut when long.

    >>> quoted("a\x1b[2Jb\nc")
    "'a [2Jb c'"
    """
    return f"'{plain(text, longest)}'"


def plain(text: str, longest: int = LONGEST) -> str:
    """`quoted`, without the quotes."""
    shown = "".join(
        " " if unicodedata.category(c)[0] in "CZ" else c for c in redact(text[: 8 * longest])
    )
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
