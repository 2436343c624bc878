"""Make a learning of what happened here, and find what must not leave this repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from promptgit.core.secrets import find_secrets
from promptgit.flywheel.learning import LONGEST_TEXT, Learning

Redacting = Callable[[str], str]  # takes what is personal or secret out of a text

_HOLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NO_SLUG = re.compile(r"[^a-z0-9]+")


def slug(words: str) -> str:
    """
    Name a learning by its first words.

    >>> slug("Ask for the order number first, please.")
    'ask-for-the-order-number'
    """
    return "-".join(_NO_SLUG.sub("-", words.lower()).strip("-").split("-")[:5])


def added(diff: str) -> str:
    """
    The lines that a patch adds, without the blanks around them.

    >>> added("--- a/p\\n+++ b/p\\n@@ -1 +1,2 @@\\n Hi.\\n+Ask first.\\n")
    'Ask first.'
    """
    lines = diff.split("\n")
    kept = [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++ ")]
    return "\n".join(kept).strip()


def private(learning: Learning, redacting: Redacting) -> Iterator[str]:
    """Say, a sentence each, what may not be shared, or would mean nothing elsewhere."""
    if len(learning.text) > LONGEST_TEXT:
        yield f"the text has {len(learning.text):,} characters, at most {LONGEST_TEXT:,} are shared"
    if hole := _HOLE.search(learning.text):
        yield f"the text has the hole {hole[0]!r}, which another prompt does not fill"
    texts = [learning.text, learning.about, learning.evidence]
    texts += [pattern for one in learning.signatures for pattern in one.patterns]
    for text in texts:
        for kind, _ in find_secrets(text):
            yield f"it holds what looks like a secret ({kind})"
        if redacting(text) != text:
            yield f"it holds what looks personal: {redacting(text)!r}"
