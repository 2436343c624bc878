"""
Prompty files, version 2 and before: front matter, then messages after lines like `system:`.

(microsoft/prompty, `spec/spec.md` and the parse vectors beside it.)  The template is Jinja unless
`template.format.kind` says mustache.  An input's `default`, or else its `example`, fills a hole
that a case lacks.  `model`, `tools`, `![thread]` and `${...}` references are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptgit.core.forms import front_matter, role_lines
from promptgit.core.forms.part import Broken, Reading, Syntax, as_cell, line_of

_ROLE = re.compile(
    r"(?im)^[ \t]*#?[ \t]*(?P<role>system|developer|user|assistant|function|tool|tools)"
    r"[ \t]*(?:\[[^\]\r\n]*\])?[ \t]*:[ \t]*(?:\r?\n|\Z)"
)
_THREAD = re.compile(r"(?m)^[ \t]*!\[thread\]")


def read(text: str) -> Reading:
    """Read a file with or without front matter; what no role line precedes is the system's."""
    facts, body = front_matter.opened(text)
    thread = _THREAD.search(text, body)
    if thread:
        raise Broken(
            line_of(text, thread.start()), "`![thread]` brings messages that no case has", "cut it"
        )
    parts = role_lines.between(text, body, list(role_lines.marks(_ROLE, text, body)), "system")
    return Reading(parts, _syntax(facts), dict(_defaults(facts)))


def _syntax(facts: Mapping[str, Any]) -> Syntax:
    template = facts.get("template")
    named = template
    if isinstance(template, Mapping):
        named = template.get("format") or template.get("type")
        named = named.get("kind") if isinstance(named, Mapping) else named
    if named is None or named in ("jinja2", "jinja", "nunjucks"):
        return "jinja"
    if named == "mustache":
        return "mustache"
    raise Broken(2, f"the template format {named!r} is not supported", "jinja2 and mustache are")


def _defaults(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sample = facts.get("sample")
    if isinstance(sample, Mapping):
        yield from ((str(name), as_cell(value)) for name, value in sample.items())
    inputs = facts.get("inputs")
    if isinstance(inputs, list):
        inputs = {one.get("name"): one for one in inputs if isinstance(one, Mapping)}
    if not isinstance(inputs, Mapping):
        return
    properties = inputs.get("properties")
    if isinstance(properties, Mapping):
        inputs = properties
    for name, about in inputs.items():
        if not isinstance(about, Mapping):
            yield str(name), as_cell(about)
            continue
        for key in ("default", "example", "sample"):
            if key in about:
                yield str(name), as_cell(about[key])
                break
