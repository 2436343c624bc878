"""
The holes and includes of a template, with their places, and without computing anything.

Most prompts hold nothing but `{{ name }}` and `{% include "file" %}`: those are read by words
alone, so that a hook need not load Jinja.  For the rest Jinja parses.  Names are taken from its
tree by hand, because its own list of undeclared names computes constants on the way, and
`{{ "x" | center(1000000000) }}` is a constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from jinja2 import nodes

MARKS = ("{{", "{%", "{#")

_TAG = re.compile(
    r"\{\{-?\s*(?P<hole>[A-Za-z_][A-Za-z0-9_]*)\s*-?\}\}"
    r"|\{%-?\s*include\s+(?P<quote>[\"'])(?P<path>[^\"'\\{}%]+)(?P=quote)\s*-?%\}"
    r"|\{[{%#]"
)
# Words that Jinja gives a meaning to, and what its environment brings (its manual, "Template
# Designer Documentation").
_GIVEN = frozenset({"range", "dict", "cycler", "joiner", "namespace"})
_MEANT = frozenset({"and", "else", "if", "in", "is", "not", "or", "none", "true", "false"})
_WITHIN = frozenset({"loop", "caller", "varargs", "kwargs", "self", "super"})


class Named(NamedTuple):
    """A name that the template uses, and where."""

    name: str
    start: int
    stop: int


class Template(NamedTuple):
    holes: tuple[Named, ...] = ()  # each once, where it stands first
    optional: frozenset[str] = frozenset()  # asked for with `is defined` or `default`
    includes: tuple[Named, ...] = ()  # by path as written; empty for one that is computed
    trouble: str = ""  # why it is no template
    trouble_at: tuple[int, int] = (0, 0)  # offsets


def parsed(text: str) -> Template:
    """
    Read a template.

    >>> found = parsed('Dear {{ name }}, {% include "persona.md" %}')
    >>> [hole.name for hole in found.holes], [path.name for path in found.includes]
    (['name'], ['persona.md'])
    """
    if not any(mark in text for mark in MARKS):
        return Template()
    holes: dict[str, Named] = {}
    includes: list[Named] = []
    for tag in _TAG.finditer(text):
        name, path = tag["hole"], tag["path"]
        if path:
            includes.append(Named(path, tag.start(), tag.end()))
        elif name and name not in _GIVEN and name.lower() not in _MEANT:
            holes.setdefault(name, Named(name, tag.start(), tag.end()))
        else:
            return _by_jinja(text)
    return Template(tuple(holes.values()), includes=tuple(includes))


def _by_jinja(text: str) -> Template:
    from jinja2 import Environment, TemplateSyntaxError, nodes

    environment = Environment(autoescape=False)  # noqa: S701  (nothing is rendered)
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        start = _line_start(text, error.lineno)
        stop = text.find("\n", start)
        message = (error.message or "it cannot be parsed").rstrip(".")
        return Template(trouble=message, trouble_at=(start, len(text) if stop < 0 else stop))
    except RecursionError:
        return Template(trouble="it is nested too deeply")
    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        for used in tree.find_all(kind):
            if used.name not in known:
                at = _named(text, used.name, used.lineno)
                what = kind.__name__.lower()
                return Template(
                    trouble=f"there is no {what} {used.name!r}", trouble_at=(at.start, at.stop)
                )
    bound = _bound(tree)
    holes: dict[str, Named] = {}
    for found in tree.find_all(nodes.Name):
        if found.ctx == "load" and found.name not in bound and found.name not in holes:
            holes[found.name] = _named(text, found.name, found.lineno)
    return Template(tuple(holes.values()), _optional(tree), tuple(_includes(tree, text)))


def _bound(tree: nodes.Template) -> set[str]:
    """
    Names that the template itself gives a value, anywhere.

    Scopes are not told apart: a name that is bound in one place and asked for in another is
    missed, and none is reported in error.
    """
    from jinja2 import nodes

    bound = {*_GIVEN, *_WITHIN}
    bound |= {found.name for found in tree.find_all(nodes.Name) if found.ctx != "load"}
    bound |= {found.name for found in tree.find_all(nodes.Macro)}
    bound |= {found.target for found in tree.find_all(nodes.Import)}
    for found in tree.find_all(nodes.FromImport):
        bound |= {name if isinstance(name, str) else name[1] for name in found.names}
    return bound


def _optional(tree: nodes.Template) -> frozenset[str]:
    from jinja2 import nodes

    asked: list[Any] = [
        *(test.node for test in tree.find_all(nodes.Test) if test.name in ("defined", "undefined")),
        *(use.node for use in tree.find_all(nodes.Filter) if use.name in ("default", "d")),
    ]
    return frozenset(node.name for node in asked if isinstance(node, nodes.Name))


def _includes(tree: nodes.Template, text: str) -> list[Named]:
    from jinja2 import nodes

    asking: list[Any] = [
        *tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    ]
    asking.sort(key=lambda node: int(node.lineno))
    return [_named(text, path, node.lineno) for node in asking for path in _paths(node.template)]


def _paths(node: Any) -> list[str]:
    """List the literal paths of an include; an empty one stands for what is computed."""
    from jinja2 import nodes

    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, nodes.Const) and isinstance(node.value, tuple | list):
        return [path if isinstance(path, str) else "" for path in node.value]
    if isinstance(node, nodes.Tuple | nodes.List):
        return [path for item in node.items for path in _paths(item)]
    return [""]


def _named(text: str, name: str, line: int) -> Named:
    """Find a name from `line` on; Jinja says no more of where it stood."""
    start = _line_start(text, line)
    inside = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)") if name else re.compile(r"\{%")
    braces = text.find("{", start)
    found = inside.search(text, max(start, braces)) or inside.search(text, start)
    return Named(name, found.start(), found.end()) if found else Named(name, start, start)


def _line_start(text: str, line: int) -> int:
    start = 0
    for _ in range(line - 1):
        end = text.find("\n", start)
        if end < 0:
            break
        start = end + 1
    return start
