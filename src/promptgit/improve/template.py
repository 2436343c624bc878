"""
What a patch may do to the template: nothing, but to say its holes again or elsewhere.

Holes, includes and control flow are the contract between a prompt and its cases.  A new expression
could also eat all memory (`{{ "x" * 10**9 }}`), and a new comment or `{% if %}` could hide a rule,
so the code between braces must stay as it is; only words may change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from promptgit.core.prompt import Prompt, included_paths
from promptgit.core.quote import quoted
from promptgit.errors import UserError


def changes(before: Prompt, after: Prompt) -> Iterator[str]:
    """Say what holes, includes or template code a patch loses or brings."""
    if before.template == "none":
        return
    old_holes = before.holes
    try:
        new_holes = after.holes
    except UserError as error:
        yield f"the text is no template any more: {error.message}"
        return
    for hole in sorted(old_holes - new_holes):
        yield f"the patch loses the hole {quoted('{{ ' + hole + ' }}')}"
    for hole in sorted(new_holes - old_holes):
        yield f"the patch brings a hole that was not there: {quoted('{{ ' + hole + ' }}')}"
    old_paths, new_paths = included_paths(before.text), included_paths(after.text)
    for path in (path for path in old_paths if path not in new_paths):
        yield f"the patch loses the include of {quoted(path)}"
    for path in (path for path in new_paths if path not in old_paths):
        yield f"the patch brings an include that was not there: {quoted(path)}"
    yield from _code(before, after)


def _code(before: Prompt, after: Prompt) -> Iterator[str]:
    old_statements, old_expressions = _pieces(before.text)
    new_statements, new_expressions = _pieces(after.text)
    if old_statements != new_statements:
        lost = Counter(old_statements) - Counter(new_statements)
        came = Counter(new_statements) - Counter(old_statements)
        piece = next(iter(lost or came), old_statements[0] if old_statements else "")
        yield f"the patch changes the template's statements or comments: {quoted(piece)}"
    known = set(old_expressions) | before.holes
    for piece in new_expressions:
        if piece not in known:
            code = quoted("{{ " + piece + " }}")
            yield f"the patch brings template code that was not there: {code}"


def _pieces(text: str) -> tuple[list[str], list[str]]:
    """
    The template's statements and comments, in order, and its expressions, without their blanks.

    >>> _pieces("{% if x %}{{ x | upper }}{% endif %}")
    (['if x', 'endif'], ['x|upper'])
    """
    from jinja2 import Environment

    statements: list[str] = []
    expressions: list[str] = []
    piece: list[str] = []
    for _, kind, value in Environment(autoescape=False).lex(text):  # noqa: S701  (nothing is rendered)
        if kind in ("block_begin", "variable_begin", "comment_begin"):
            piece = []
        elif kind in ("block_end", "comment_end"):
            statements.append(" ".join(piece))
        elif kind == "variable_end":
            expressions.append("".join(piece))
        elif kind in ("raw_begin", "raw_end"):
            statements.append(kind)
        elif kind not in ("data", "whitespace"):
            piece.append(value)
    return statements, expressions
