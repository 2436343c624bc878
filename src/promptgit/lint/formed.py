"""
What of another tool's prompt file is words and template: its messages, where they stand.

All else in the file, front matter, test data, code, is no prompt: rules on words do not see it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from promptgit.lint.holes import Named, Template, parsed

if TYPE_CHECKING:
    from promptgit.core.forms.part import Reading

_OUTSIDE = re.compile(r"[^\r\n]")


class Formed(NamedTuple):
    """One file of a form that is not plain text."""

    said: str = ""  # the text, with blanks for whatever is no message: offsets stay what they are
    template: Template = Template()
    trouble: str = ""  # why its form cannot read it
    hint: str = ""
    line: int = 1  # of the trouble


def formed(path: str, text: str) -> Formed | None:
    """
    Read a file of another tool's; None for plain text.

    >>> formed("a.md", "---\\na: 1\\n---\\nBe {{tone}}.").said
    '   \\n    \\n   \\nBe {{tone}}.'
    """
    if path.endswith((".md", ".txt")) and not text.startswith("---"):
        return None  # nearly all prompts: nothing has to be loaded for them
    from promptgit.core import forms

    form = forms.form_of(path, text)
    if form == forms.TEXT:
        return None
    try:
        reading = forms.read(form, text)
    except forms.Broken as error:
        return Formed(trouble=error.problem, hint=error.hint or "", line=error.line)
    return Formed(_said(text, reading), _template(text, reading))


def _said(text: str, reading: Reading) -> str:
    out, at = [], 0
    for start, stop in sorted({(part.start, part.stop) for part in reading.parts}):
        out += [_OUTSIDE.sub(" ", text[at:start]), text[start:stop]]
        at = stop
    return "".join([*out, _OUTSIDE.sub(" ", text[at:])])


def _template(text: str, reading: Reading) -> Template:
    """Find the holes of all messages; raise nothing: trouble is told in the template."""
    from promptgit.core import forms
    from promptgit.core.forms import holes

    found: dict[str, Named] = {}
    includes: list[Named] = []
    optional = frozenset(reading.defaults)
    for part in reading.parts:
        end = text.find("\n", part.start)
        place = part.start, end if 0 <= end < part.stop else part.stop
        if reading.syntax == "jinja":
            own = parsed(part.text)
            if own.trouble:
                return Template(trouble=own.trouble, trouble_at=place)
            optional |= own.optional
            includes += [named._replace(start=place[0], stop=place[1]) for named in own.includes]
            names = [hole.name for hole in own.holes]
        else:
            try:
                names = sorted(holes.named(reading.syntax, part.text))
            except forms.Broken as error:
                return Template(trouble=error.problem, trouble_at=place)
        for name in names:
            at = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(
                text, part.start, part.stop
            )
            found.setdefault(name, Named(name, *(at.span() if at else place)))
    return Template(tuple(found.values()), optional, tuple(includes))
