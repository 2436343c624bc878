"""Prompt files of other tools as a repository holds them: their form, and the cases they bring."""

from __future__ import annotations

from typing import Protocol

from promptgit.cli import telling
from promptgit.config import EvalFile, places
from promptgit.core import forms
from promptgit.errors import UserError


class Tree(Protocol):
    """Where files are read: a work tree or a commit."""

    def read(self, path: str) -> bytes | None: ...

    def is_file(self, path: str) -> bool: ...


def told(path: str, text: str) -> tuple[str, str]:
    """
    Return the form of a prompt file, and the text that is filled as a Jinja template, if any is.

    Raises UserError with file and line for a file that its form cannot read.
    """
    form = forms.form_of(path, text)
    if form == forms.TEXT:
        return form, text
    try:
        reading = forms.read(form, text)
    except forms.Broken as error:
        raise error.at(path) from error
    telling.fact(f"form of {path}: {form}, {len(reading.parts)} messages")
    filled = "\n".join(part.text for part in reading.parts)
    return form, filled if reading.syntax == "jinja" else ""


def own_eval_file(tree: Tree, path: str) -> EvalFile:
    """What a prompt file itself says of its cases and checks; nothing, in most forms."""
    data = tree.read(path) if path.endswith(places.YAML_PROMPTS) else None
    if data is None:
        return EvalFile()
    from promptgit.config.github_models import own_eval_file as read

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: byte {error.start} is not UTF-8", hint="save it as such"
        ) from error
    if forms.form_of(path, text) != "github-models":
        return EvalFile()
    has_cases = places.case_file(path, tree.is_file) is not None
    return read(data, path, with_cases=not has_cases)
