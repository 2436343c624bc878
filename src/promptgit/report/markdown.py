"""Text that others wrote, inside Markdown, where none of it may take effect."""

from __future__ import annotations

import re

from promptgit.report.text import printable


def inline(text: str) -> str:
    """
    Escape a line for a table cell or a paragraph: no mark-up, link, mention or tag survives.

    >>> inline("ask @org about [x](http://evil) | <b>")
    'ask &#64;org about \\\\[x\\\\]\\\\(http&#58;//evil\\\\) \\\\| &lt;b&gt;'
    """
    line = printable(text, 1_000).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]()|#!~])", r"\\\1", line)
    return line.replace("@", "&#64;").replace("://", "&#58;//")


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
