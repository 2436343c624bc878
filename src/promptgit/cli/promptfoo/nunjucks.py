"""
Nunjucks templates as Jinja ones.

The two are nearly one language.  What is spelt otherwise is respelt; what has no like is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from promptgit.core.prompt import Prompt
from promptgit.errors import UserError

MARKS = ("{{", "{%", "{#")

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_RESPELT = (  # Nunjucks' word, Jinja's, and how to say it
    (re.compile(r"\|\s*dump\b"), "| tojson", "`| dump` is `| tojson`"),
    (re.compile(r"\|\s*safe\b"), "", "`| safe` is left out: nothing is escaped"),
    (re.compile(r"\belseif\b"), "elif", "`elseif` is `elif`"),
    (re.compile(r"==="), "==", "`===` is `==`"),
    (re.compile(r"!=="), "!=", "`!==` is `!=`"),
)


def as_jinja(text: str) -> tuple[str, list[str]]:
    """
    Return the template as Jinja, and what was respelt.

    >>> as_jinja("{% if a === 1 %}{{ b | dump }}{% endif %}")
    ('{% if a == 1 %}{{ b | tojson }}{% endif %}', ['`===` is `==`', '`| dump` is `| tojson`'])
    """
    said: list[str] = []

    def respelt(tag: re.Match[str]) -> str:
        parts, words = _TEXT.split(tag[0]), _TEXT.findall(tag[0])
        for number, part in enumerate(parts):
            for pattern, ours, saying in _RESPELT:
                part, count = pattern.subn(ours, part)
                if count and saying not in said:
                    said.append(saying)
            parts[number] = part
        return "".join(one + other for one, other in zip(parts, [*words, ""], strict=True))

    return _TAG.sub(respelt, text), said


def renamed(text: str, names: Mapping[str, str]) -> str:
    """
    Call variables of a template otherwise.

    >>> renamed("id {{ id }}, {{ 'id' }}", {"id": "id_value"})
    "id {{ id_value }}, {{ 'id' }}"
    """

    def respelt(tag: re.Match[str]) -> str:
        parts, words = _TEXT.split(tag[0]), _TEXT.findall(tag[0])
        for old, new in names.items():
            parts = [re.sub(rf"(?<![\w.]){old}\b", new, part) for part in parts]
        return "".join(one + other for one, other in zip(parts, [*words, ""], strict=True))

    return _TAG.sub(respelt, text)


def faults(text: str) -> Iterator[str]:
    """Yield why a template cannot be filled as promptfoo does; nothing when it can."""
    prompt = Prompt.of(text)
    try:
        asked = prompt.holes
    except UserError as error:
        yield f"it is no Jinja template: {error.message}"
        return
    if "env" in asked:
        yield "`{{ env.NAME }}` reads the environment, and a prompt may not"
    if not prompt.is_plain:
        yield from _parts_of_texts(text)


def holes(text: str) -> frozenset[str]:
    """List the variables that a template asks for; none when it is broken."""
    try:
        return Prompt.of(text).holes
    except UserError:
        return frozenset()


def filled(text: str, variables: dict[str, str]) -> str:
    """Fill a value with the variables of its test, as Nunjucks does: what is missing is empty."""
    if not any(mark in text for mark in MARKS):
        return text
    jinja, _ = as_jinja(text)
    return Prompt.of(jinja).fill({**dict.fromkeys(holes(jinja), ""), **variables})


def _parts_of_texts(text: str) -> Iterator[str]:
    """Find `{{ user.name }}`: a column of a case is text, and has no parts."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    from promptgit.core.sandbox import Sandbox

    environment = Sandbox()
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError:
        return
    free = meta.find_undeclared_variables(tree)
    seen: set[str] = set()
    for part in tree.find_all((nodes.Getattr, nodes.Getitem)):
        name = part.node.name if isinstance(part.node, nodes.Name) else ""  # type: ignore[attr-defined]
        if name in free and name not in {*seen, "env"}:
            seen.add(name)
            yield f"it takes a part of {{{{ {name} }}}}, and a column of a case is text"
