"""Edits of the first message of a prompt, in whatever form its file holds it."""

from __future__ import annotations

from collections.abc import Callable

from promptgit.core import forms
from promptgit.core.forms import holes
from promptgit.core.prompt import Prompt, TemplateKind

Edit = Callable[[str, TemplateKind], str]  # of a message's text, knowing which braces are code


def edited(prompt: Prompt, edit: Edit) -> str | None:
    """
    Return the text of the prompt's file with its first message edited.

    None where the file cannot hold that, as a pipeline cannot, or its template would read what
    was written as code.
    """
    if not prompt.is_formed:
        return edit(prompt.text, prompt.template) if prompt.form == forms.TEXT else None
    reading = forms.read(prompt.form, prompt.text)
    texts = [part.text for part in reading.parts]
    first = edit(texts[0], prompt.template if reading.syntax == "jinja" else "none")
    try:
        code = []
        if reading.syntax != "jinja":
            code = [holes.code(reading.syntax, text) for text in (texts[0], first)]
    except forms.Broken:
        return None
    if prompt.template != "none" and code[:1] != code[1:]:
        return None
    written = forms.with_texts(prompt.form, prompt.text, [first, *texts[1:]])
    return written if isinstance(written, str) else None
