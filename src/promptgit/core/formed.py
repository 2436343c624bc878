"""What a prompt whose file has a form asks a case for, and what it sends to the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from promptgit.core import forms
from promptgit.core.forms import holes as other_holes
from promptgit.core.forms.part import Broken, Part, Reading
from promptgit.core.prompt import Message, Prompt, left_over
from promptgit.errors import UserError

_PLACE = re.compile(r"template, line (\d+): ")


def holes(prompt: Prompt) -> frozenset[str]:
    """List the case columns that the messages ask for; defaults of the file count as well."""
    reading = forms.read(prompt.form, prompt.text)
    return frozenset().union(*(_asked(prompt, reading, part) for part in reading.parts))


def messages(prompt: Prompt, inputs: Mapping[str, str]) -> tuple[Message, ...]:
    """
    Fill the messages from `inputs`, and from the file's own defaults where a case has no column.

    Inputs that no hole uses become a user message, unless a user message of the file has a hole:
    then the file says itself what a user asks.  Raises UserError as `Prompt.render`.
    """
    reading = forms.read(prompt.form, prompt.text)
    facts = {**reading.defaults, **inputs}
    asked = [_asked(prompt, reading, part) for part in reading.parts]
    filled = [Message(part.role, _filled(prompt, reading, part, facts)) for part in reading.parts]
    rest = {name: value for name, value in inputs.items() if name not in frozenset().union(*asked)}
    pairs = zip(reading.parts, asked, strict=True)
    if any(part.role == "user" and names for part, names in pairs):
        rest = {}
    sent = [message for message in filled if message.text.strip()]
    return (*sent, *left_over(rest))


def _asked(prompt: Prompt, reading: Reading, part: Part) -> frozenset[str]:
    if prompt.template == "none":
        return frozenset()
    with _placed(prompt, part):
        if reading.syntax == "jinja":
            return _alone(prompt, part).holes
        return other_holes.named(reading.syntax, part.text)


def _filled(prompt: Prompt, reading: Reading, part: Part, facts: Mapping[str, str]) -> str:
    text = part.text
    if prompt.template != "none":
        with _placed(prompt, part):
            if reading.syntax == "jinja":
                alone = _alone(prompt, part)
                text = text if alone.is_plain else alone.fill(facts)
            else:
                text = other_holes.filled(reading.syntax, text, facts)
    if reading.bare_lines:
        return "\n".join(line.strip() for line in text.split("\n")).strip()
    return text


def _alone(prompt: Prompt, part: Part) -> Prompt:
    return replace(prompt, text=part.text, form=forms.TEXT)


@contextmanager
def _placed(prompt: Prompt, part: Part) -> Iterator[None]:
    """Say which line of the file, not of the message, is meant."""
    try:
        yield
    except Broken as error:
        line = part.line + error.line - 1
        raise UserError(
            f"prompt {prompt.name}, line {line}: {error.problem}", hint=error.hint
        ) from error
    except UserError as error:
        found = _PLACE.match(error.message)
        if not found:
            raise
        line = part.line + int(found[1]) - 1
        said = error.message[found.end() :]
        raise UserError(f"prompt {prompt.name}, line {line}: {said}", hint=error.hint) from error
