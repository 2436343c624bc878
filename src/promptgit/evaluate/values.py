"""The values of an assertion: what YAML gave, and the Jinja templates inside it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from promptgit.errors import UserError

if TYPE_CHECKING:
    import jinja2

Columns = Mapping[str, str]
Render = Callable[[Columns], Any]

_HOLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


def plain(value: Any) -> Any:
    """
    Reduce a value to what JSON can say; dates and the like become text, as in promptfoo.

    >>> plain({1: ("a", None)})
    {'1': ['a', None]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{value} is not a number that can be compared")
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def renderer(value: Any) -> Render | None:
    """
    Compile the templates in `value`, at any depth; None when there are none.

    >>> renderer({"min": "{{ least }}", "max": 9})({"least": "3"})
    {'min': '3', 'max': 9}
    """
    if isinstance(value, str):
        return _text_renderer(value)
    if isinstance(value, dict):
        renders = {key: renderer(item) for key, item in value.items()}
        if any(renders.values()):
            return lambda columns: {
                key: render(columns) if (render := renders[key]) else item
                for key, item in value.items()
            }
    if isinstance(value, list):
        items = [(item, renderer(item)) for item in value]
        if any(render for _, render in items):
            return lambda columns: [render(columns) if render else item for item, render in items]
    return None


def _text_renderer(text: str) -> Render | None:
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return None
    hole = _HOLE.fullmatch(text)
    if hole:  # by far the most common, and it needs no template engine
        return _column(hole[1])
    template = _compiled(text)

    def render(columns: Columns) -> str:
        import jinja2

        try:
            return template.render(columns)
        except jinja2.UndefinedError as error:
            raise UserError(str(error.message), hint=_there_are(columns)) from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise UserError(f"the template {text!r} failed: {error}") from error

    return render


def _column(name: str) -> Render:
    def look_up(columns: Columns) -> str:
        try:
            return columns[name]
        except KeyError as error:
            raise UserError(f"'{name}' is undefined", hint=_there_are(columns)) from error

    return look_up


def _compiled(text: str) -> jinja2.Template:
    import jinja2

    from promptgit.core.sandbox import Sandbox

    try:
        return Sandbox().from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(
            f"the template {text!r} is broken: {error.message}",
            hint="braces that are meant literally are written {{ '{{' }}",
        ) from error


def _there_are(columns: Columns) -> str:
    return f"the case has the columns: {', '.join(sorted(columns)) or 'none'}"
