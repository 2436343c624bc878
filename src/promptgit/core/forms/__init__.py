"""
Forms: how other people's prompt files hold their messages, and how an edit is put back into them.

One file a form reads what it holds.  Here they are found by name, and an edited sheet becomes an
edited file: only what holds the changed message is written anew, the rest stays byte for byte,
and the result is read again before anybody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from promptgit.core.diff import Patch, Refusal, derive
from promptgit.core.forms import (
    dotprompt,
    front_matter,
    github_models,
    llm_template,
    prompty,
    python_constant,
)
from promptgit.core.forms import sheet as sheets
from promptgit.core.forms.part import Broken, Part, Reading, Role

__all__ = [
    "Broken",
    "Part",
    "Reading",
    "edited",
    "form_of",
    "messages",
    "protected",
    "put",
    "read",
    "sheet",
    "with_texts",
]

TEXT = "text"
READERS: Mapping[str, Callable[[str], Reading]] = {
    "markdown": front_matter.markdown,
    "github-models": github_models.read,
    "prompty": prompty.read,
    "dotprompt": dotprompt.read,
    "litellm": dotprompt.read_litellm,
    "llm": llm_template.read,
    "python": python_constant.read,
}


def form_of(path: str, text: str) -> str:
    """
    Name the form of a prompt file, by its suffix and by what it holds.

    >>> form_of("a.md", "Be kind."), form_of("a.md", "---\\nname: a\\n---\\nBe kind.")
    ('text', 'markdown')
    """
    name = path.lower()
    if name.endswith((".md", ".markdown")):
        is_fronted = text.startswith("---") and front_matter.has_front_matter(text)
        return "markdown" if is_fronted else TEXT
    if name.endswith(".prompty"):
        return "prompty"
    if name.endswith(".prompt"):
        return "litellm" if dotprompt.is_litellm(text) else "dotprompt"
    if name.endswith((".prompt.yml", ".prompt.yaml")):
        return "llm" if llm_template.is_template(text) else "github-models"
    if name.endswith((".yml", ".yaml")):
        if llm_template.is_template(text):
            return "llm"
        return "github-models" if re.search(r"^messages:", text, re.MULTILINE) else TEXT
    return "python" if name.endswith(".py") else TEXT


@lru_cache(maxsize=64)
def read(form: str, text: str) -> Reading:
    """Read a file; raise Broken, which names the line, when the form cannot."""
    if form not in READERS:
        return Reading((Part("system", text, 0, len(text), 1),))
    return READERS[form](text)


def messages(form: str, text: str) -> tuple[tuple[Role, str], ...]:
    """List the messages of a file, each with its role and its text, holes and all."""
    return tuple((part.role, part.text) for part in read(form, text).parts)


def sheet(form: str, text: str) -> str:
    """
    Return what is edited of a file, as a mentor and a reviewer see it.

    >>> sheet("markdown", "---\\nname: a\\n---\\nBe kind.\\n")
    'Be kind.\\n'
    """
    return sheets.written(read(form, text).parts) if form in READERS else text


def put(form: str, text: str, sheet: str) -> str | Refusal:
    """
    Write an edited sheet back into its file, or say why that cannot be exact.

    The line feeds at the end of a message stay as they were.

    >>> put("markdown", "---\\nname: a\\n---\\nBe kind.\\n", "Be brief.\\n")
    '---\\nname: a\\n---\\nBe brief.\\n'
    """
    if form not in READERS:
        return sheet
    found = sheets.texts(read(form, text).parts, sheet)
    return found if isinstance(found, Refusal) else with_texts(form, text, found)


def with_texts(form: str, text: str, texts: Sequence[str]) -> str | Refusal:
    """Do the same with one text for each message."""
    parts = read(form, text).parts
    wanted = [_ended_as(part.text, new) for part, new in zip(parts, texts, strict=True)]
    for number in sorted(range(len(parts)), key=lambda n: parts[n].start, reverse=True):
        if wanted[number] == parts[number].text:
            continue
        refusal = _unfit(parts, number, wanted[number])
        if refusal:
            return Refusal(refusal)
        current = list(parts)
        for later in range(len(parts)):
            if parts[later].start > parts[number].start:
                current[later] = replace(parts[later], text=wanted[later])
        current[number] = replace(parts[number], text=wanted[number])
        written = _written(form, text, parts[number], current, wanted[number])
        if written is None:
            return Refusal(
                f"{_named(parts, number)}, on line {parts[number].line}, cannot hold this text "
                f"in the file as it is written there"
            )
        text = written
    return text


def edited(form: str, before: str, patch: Patch | Refusal) -> Patch | Refusal:
    """Turn an edit of a file's sheet into one of the file, whose text `before` is."""
    if form not in READERS or isinstance(patch, Refusal):
        return patch
    after = put(form, before, patch.after)
    if isinstance(after, Refusal):
        return after
    if after == before:
        return Refusal("the edit changes nothing but blank lines at the end of a message")
    return derive(patch.path, before, after)


def protected(form: str, before: str, after: str) -> str | None:
    """
    Say what an edit changes that is no message's text, or return None.

    >>> protected("markdown", "---\\na: 1\\n---\\nHi.", "---\\na: 2\\n---\\nHi.")
    'the patch changes what is no text of a message, from line 2 on'
    """
    if form not in READERS:
        return None
    old = read(form, before).parts
    try:
        new = read(form, after).parts
    except Broken as error:
        return f"the file cannot be read any more: {error.message}"
    if [part.role for part in old] != [part.role for part in new]:
        return "the patch changes the number, the order or the roles of the messages"
    for one, other in zip(_outside(before, old), _outside(after, new), strict=True):
        if one[1] != other[1]:
            same = _common(one[1], other[1])
            line = before.count("\n", 0, one[0] + same) + 1
            return f"the patch changes what is no text of a message, from line {line} on"
    return None


def _ended_as(old: str, new: str) -> str:
    kept = len(old.rstrip("\r\n"))
    return new.rstrip("\r\n") + old[kept:]


def _unfit(parts: Sequence[Part], number: int, new: str) -> str:
    part = parts[number]
    if part.locked:
        return f"{_named(parts, number)}, on line {part.line}, {part.locked}"
    if not new.strip() and part.text.strip():
        return f"the patch empties {_named(parts, number)}"
    return ""


def _named(parts: Sequence[Part], number: int) -> str:
    if len(parts) == 1:
        return "the message"
    return f"message {number + 1} ({parts[number].role})"


def _written(form: str, text: str, part: Part, wanted: Sequence[Part], new: str) -> str | None:
    """Return the file with one message rewritten, in the first way that is read as it is meant."""
    meant = [(one.role, one.text) for one in wanted]
    for way in part.ways(new):
        after = text[: part.start] + way + text[part.stop :]
        try:
            found = READERS[form](after)
        except Broken:
            continue
        if [(one.role, one.text) for one in found.parts] == meant:
            return after
    return None


def _outside(text: str, parts: Sequence[Part]) -> list[tuple[int, str]]:
    """List what stands between the messages, with where it starts."""
    edges = sorted({(part.start, part.stop) for part in parts})
    starts = [0, *(stop for _, stop in edges)]
    stops = [*(start for start, _ in edges), len(text)]
    return [(a, text[a:b]) for a, b in zip(starts, stops, strict=True)]


def _common(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
