"""
What a patch may do to the template: nothing, but to say its holes again or elsewhere.

Holes, includes and control flow are the contract between a prompt and its cases.  A new expression
could also eat all memory (`{{ "x" * 10**9 }}`), and a new comment or `{% if %}` could hide a rule,
so the code between braces must stay as it is; only words may change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from promptgit.core import forms
from promptgit.core.forms import holes
from promptgit.core.prompt import Prompt, included_paths
from promptgit.core.quote import quoted
from promptgit.errors import UserError


class Pieces(NamedTuple):
    statements: list[str]  # and comments, in order
    expressions: list[str]


def changes(before: Prompt, after: Prompt) -> Iterator[str]:
    """
    Say what holes, includes or template code a patch loses or brings.

    New code is looked for first, by reading words alone: Jinja computes constant expressions
    when it is asked for the holes, so that one question could cost a gigabyte.
    """
    from jinja2 import TemplateSyntaxError

    if before.template == "none":
        return
    if before.is_formed:
        yield from _in_messages(before, after)
        return
    old_pieces = _pieces(before.text)
    try:
        new_pieces = _pieces(after.text)
    except TemplateSyntaxError as error:
        yield f"the text is no template any more: {error.message}"
        return
    yield from _includes(included_paths(before.text), included_paths(after.text))
    yield from _code(old_pieces, new_pieces)
    yield from _holes(before, after)


def _in_messages(before: Prompt, after: Prompt) -> Iterator[str]:
    """Say the same of a file whose messages have a syntax of their own."""
    syntax = forms.read(before.form, before.text).syntax
    if syntax == "jinja":
        plain = (replace(prompt, text=prompt.sheet, form=forms.TEXT) for prompt in (before, after))
        yield from changes(*plain)
        return
    try:
        new = Pieces(*holes.code(syntax, after.sheet))
    except forms.Broken as error:
        yield f"the text is no template any more: {error.problem}"
        return
    yield from _code(Pieces(*holes.code(syntax, before.sheet)), new)
    yield from _holes(before, after)


def _includes(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for path in (path for path in old if path not in new):
        yield f"the patch loses the include of {quoted(path)}"
    for path in (path for path in new if path not in old):
        yield f"the patch brings an include that was not there: {quoted(path)}"


def _code(old: Pieces, new: Pieces) -> Iterator[str]:
    if old.statements != new.statements:
        lost = Counter(old.statements) - Counter(new.statements)
        came = Counter(new.statements) - Counter(old.statements)
        piece = next(iter(came or lost), "their order")
        yield f"the patch changes the template's statements or comments: {quoted(piece)}"
    for piece in new.expressions:
        if piece not in old.expressions and not piece.isidentifier():
            yield f"the patch brings template code that was not there: {_braced(piece)}"


def _holes(before: Prompt, after: Prompt) -> Iterator[str]:
    old = before.holes
    try:
        new = after.holes
    except UserError as error:
        yield f"the text is no template any more: {error.message}"
        return
    for hole in sorted(old - new):
        yield f"the patch loses the hole {_braced(hole)}"
    for hole in sorted(new - old):
        yield f"the patch brings a hole that was not there: {_braced(hole)}"


def _braced(code: str) -> str:
    return quoted(f"{{{{ {code} }}}}")


def _pieces(text: str) -> Pieces:
    """
    Cut the code out of a template, one blank between its words.

    >>> _pieces("{% if x %}{{ x | upper }}{% endif %}")
    Pieces(statements=['if x', 'endif'], expressions=['x | upper'])
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
            expressions.append(" ".join(piece))
        elif kind in ("raw_begin", "raw_end"):
            statements.append(kind)
        elif kind not in ("data", "whitespace"):
            piece.append(value)
    return Pieces(statements, expressions)
