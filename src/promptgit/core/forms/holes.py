"""The holes of a message, in each syntax but Jinja: which there are, and how they are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter, Template

from promptgit.core.forms import mustache
from promptgit.core.forms.part import Broken, Syntax
from promptgit.errors import UserError

_BRACES = re.compile(r"\{\{[ \t]*([\w.-]+)[ \t]*\}\}")
_CODE = re.compile(r"\{\{\{?[^{}]*\}?\}\}", re.DOTALL)


def named(syntax: Syntax, text: str) -> frozenset[str]:
    """
    List the holes of a text; raise Broken, with the line within the text, for what is no template.

    >>> sorted(named("dollar", "Dear $name, ${greeting}"))
    ['greeting', 'name']
    """
    if syntax == "braces":
        return frozenset(_BRACES.findall(text))
    if syntax == "dollar":
        return frozenset(_dollars(text))
    if syntax == "format":
        return frozenset(name for _, name in _fields(text) if name is not None)
    return frozenset(mustache.holes(mustache.parsed(text, syntax == "handlebars")))


def filled(syntax: Syntax, text: str, facts: Mapping[str, str]) -> str:
    """
    Fill the holes of a text; raise UserError for one without a value, Broken for no template.

    >>> filled("format", "Dear {name}, {{ok}}", {"name": "Ann"})
    'Dear Ann, {ok}'
    """
    missing = sorted(named(syntax, text) - facts.keys())
    if syntax == "braces":
        _refuse(missing, facts)
        return _BRACES.sub(lambda found: facts[found[1]], text)
    if syntax == "dollar":
        _refuse(missing, facts)
        return Template(text).substitute(facts)
    if syntax == "format":
        _refuse(missing, facts)
        return "".join(said + (facts[name] if name else "") for said, name in _fields(text))
    try:
        return mustache.filled(mustache.parsed(text, syntax == "handlebars"), [facts])
    except mustache.Absent as absent:
        value = absent.value
        raise Broken(value.line, f"{value.name!r} is undefined", _columns(facts)) from absent


def code(syntax: Syntax, text: str) -> tuple[list[str], list[str]]:
    """
    Return (tags that steer, holes) of a text, in order: an edit keeps the former as they are.

    >>> code("handlebars", "{{#if vip}}Dear {{name}}{{/if}}")
    (['{{#if vip}}', '{{/if}}'], ['name'])
    """
    if syntax in ("braces", "dollar", "format"):
        return [], sorted(named(syntax, text))
    tags = _CODE.findall(text)
    plain = {tag: tag.strip("{} \t\r\n&") for tag in tags}
    steering = [tag for tag in tags if not re.fullmatch(r"[\w.-]+", plain[tag])]
    steering += [tag for tag in tags if plain[tag] == "else"]
    return steering, [plain[tag] for tag in tags if tag not in steering]


def _refuse(missing: list[str], facts: Mapping[str, str]) -> None:
    if missing:
        raise UserError(f"{missing[0]!r} is undefined", hint=_columns(facts))


def _columns(facts: Mapping[str, str]) -> str:
    return f"the case has the columns: {', '.join(sorted(facts)) or 'none'}"


def _dollars(text: str) -> list[str]:
    found = []
    for hole in Template.pattern.finditer(text):
        if hole["invalid"] is not None:
            line = text.count("\n", 0, hole.start()) + 1
            raise Broken(line, "a `$` stands before no name", "write `$$` for a dollar sign")
        name = hole["named"] or hole["braced"]
        if name:
            found.append(str(name))
    return found


def _fields(text: str) -> list[tuple[str, str | None]]:
    """Cut a text for `str.format` into (words, the name that follows); only names are allowed."""
    hint = "write {name}; literal braces are doubled: {{ and }}"
    try:
        cut = list(Formatter().parse(text))
    except ValueError as error:
        raise Broken(1, f"this is no text for str.format: {error}", hint) from error
    for _, name, spec, conversion in cut:
        if name is not None and (spec or conversion or not name.isidentifier()):
            at = text.find(f"{{{name}")
            line = text.count("\n", 0, max(at, 0)) + 1
            raise Broken(line, f"the field {{{name}}} is more than a name", hint)
    return [(said, name) for said, name, _, _ in cut]
