"""
`.prompt` files in two dialects, told apart by what they hold.

Google's dotprompt (google/dotprompt, `spec/`) is Handlebars, with `{{role "system"}}` between
messages.  LiteLLM's (`litellm/integrations/dotprompt`) is Jinja, with lines that begin with
`System:`, `User:` or `Assistant:`; both send text without a role as the user's.  `input.default`
fills holes that a case lacks.  `model`, `config`, `tools`, schemas and partials are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptgit.core.forms import front_matter, role_lines
from promptgit.core.forms.part import ROLES, Broken, Reading, as_cell, line_of
from promptgit.core.forms.role_lines import Mark

_LINE = re.compile(r"(?m)^[ \t]*(?P<role>System|User|Assistant):[ \t]*(?:\r?\n)?")
_GOOGLE = re.compile(
    r"\{\{\s*(?:role|history|media|section|json)\b|\{\{~?\s*[#/^>!]|\{\{\s*(?:else|this|@)\b"
)
_LITELLM = re.compile(r"\{%|\{#|\{\{[^}]*\|")
_TAG = re.compile(
    r"\{\{~?\s*(?:role\s+(?P<quote>[\"'])(?P<role>[^\"']*)(?P=quote)|history)\s*~?\}\}"
)
_FLAT = {"temperature", "max_tokens", "top_p", "frequency_penalty", "presence_penalty", "stop"}


def is_litellm(text: str) -> bool:
    """
    Say whether a `.prompt` file is LiteLLM's: its template decides, then its front matter.

    >>> is_litellm("System: Be kind.\\nUser: {{q}}"), is_litellm('{{role "user"}}{{q}}')
    (True, False)
    """
    found = front_matter.fronted(text)
    body = text[found.body :] if found else text
    if _GOOGLE.search(body):
        return False
    if _LITELLM.search(body) or _LINE.search(body):
        return True
    return bool(found and _FLAT & set(re.findall(r"(?m)^(\w+):", found.head)))


def read(text: str) -> Reading:
    """Read Google's dialect."""
    facts, body = front_matter.opened(text)
    marks: list[Mark] = []
    for found in _TAG.finditer(text, body):
        name = found["role"]
        if name is not None and name not in ROLES:
            line = line_of(text, found.start())
            raise Broken(line, f"{name!r} is no role", "write system, user or model")
        # What follows a history that no case has is the model's, as in dotprompt itself.
        marks.append((found.start(), found.end(), ROLES[name or "model"]))
    return Reading(role_lines.between(text, body, marks, "user"), "handlebars", _defaults(facts))


def read_litellm(text: str) -> Reading:
    """Read LiteLLM's dialect."""
    facts, body = front_matter.opened(text)
    marks = list(role_lines.marks(_LINE, text, body))
    parts = role_lines.between(text, body, marks, "user")
    return Reading(parts, "jinja", _defaults(facts), bare_lines=True)


def _defaults(facts: Mapping[str, Any]) -> dict[str, str]:
    asked = facts.get("input")
    given = asked.get("default") if isinstance(asked, Mapping) else None
    if not isinstance(given, Mapping):
        return {}
    return {str(name): as_cell(value) for name, value in given.items()}
