"""Text that others wrote, inside Markdown, where none of it may take effect."""

from __future__ import annotations

import re

from promptgit.report.text import printable

LONGEST = 1_000  # characters of a line


def inline(text: str) -> str:
    """
    Escape a line for a table cell or a paragraph: no mark-up, link, mention or tag survives.

    GitHub looks for mentions and issues in what it has rendered, where an entity is a letter again:
    only a character between the sign and the name keeps them apart.

    >>> inline("ask @org about [x](http://evil) | <b>")
    'ask &#64;&#8203;org about \\\\[x\\\\]\\\\(http&#58;&#8203;//evil\\\\) \\\\| &lt;b&gt;'
    """
    line = printable(text[: 4 * LONGEST], LONGEST)  # a megabyte is not read for its first words
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]()|#!~])", r"\\\1", line)
    line = re.sub(r"(#(?=\d)|\bGH-(?=\d)|\bwww(?=\.))", r"\1&#8203;", line, flags=re.IGNORECASE)
    line = re.sub(r"^([-+](?= )|[-+=](?=[-+=]*$))", r"\\\1", line)
    line = re.sub(r"^(\d{1,9})(?=\.( |$))", r"\1&#8203;", line)
    line = line.replace("@", "&#64;&#8203;").replace("://", "&#58;&#8203;//")
    return line.replace("$", "&#36;")  # GitHub sets $x$ as a formula


def code_block(text: str, language: str) -> str:
    """
    Fence a text with more backticks than it holds itself.

    >>> print(code_block("a ``` b", "text"))
    ````text
    a ``` b
    ````
    """
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
