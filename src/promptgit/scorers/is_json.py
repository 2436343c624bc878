"""The output is JSON, or has JSON in it, and fits a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.json_text import NotJson, found, parsed, unfenced
from promptgit.scorers.wording import quoted, visible

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError
    from jsonschema.protocols import Validator

LONGEST = 160  # characters of what a schema says


def is_json(_case: Case, output: str, *, value: Any = None, fence: bool = False) -> Score:
    """
    Pass when the whole output is JSON and fits the JSON Schema `value`, if there is one.

    With `fence`, JSON inside one Markdown code fence is JSON too.
    """
    validator = _validator(value)
    try:
        content = parsed(unfenced(output) if fence else output)
    except NotJson as error:
        fenced = not fence and unfenced(output) != output
        return Score(0.0, f"not JSON: {'it is in a code fence' if fenced else error}")
    return _fit(content, validator)


def contains_json(_case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when the first object or list in the output fits the JSON Schema `value`, if any."""
    validator = _validator(value)
    try:
        content = found(output)
    except NotJson as error:
        return Score(0.0, str(error))
    return _fit(content, validator)


def _fit(content: Any, validator: Validator | None) -> Score:
    if validator is None:
        return Score(1.0, "is JSON")
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(validator.iter_errors(content))
    except RecursionError:
        return Score(0.0, "nested too deeply for the schema")
    except Unresolvable as unresolvable:
        raise UserError(
            f"the JSON Schema refers to {unresolvable.ref!r}, which is not in it",
            hint="put it under `$defs`; other files and the network are never read",
        ) from unresolvable
    return Score(1.0, "fits the schema") if error is None else Score(0.0, _why(error))


def _why(error: ValidationError | SchemaError) -> str:
    place = ".".join(str(step) for step in error.absolute_path)
    message = visible(error.message)
    if len(message) > LONGEST:
        message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"
    return f"{visible(place)}: {message}" if place else message


def _validator(value: Any) -> Validator | None:
    if value is None:
        return None
    return _compiled(value if isinstance(value, str) else json.dumps(value, sort_keys=True))


@lru_cache(maxsize=64)
def _compiled(text: str) -> Validator:
    from jsonschema import validators
    from jsonschema.exceptions import SchemaError
    from referencing import Registry

    try:
        schema = json.loads(text)
    except ValueError as error:
        raise UserError(f"the JSON Schema is not JSON: {error}") from error
    if type(schema) not in (dict, bool):
        raise UserError("a JSON Schema is an object, or true or false")
    kind = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise UserError(f"the JSON Schema is wrong: {_why(error)}") from error
    extend: Any = validators.extend  # has no types
    limited = extend(kind, {"pattern": _pattern})
    # An empty registry, because the default one fetches what `$ref` names from the network.
    registry: Registry[Any] = Registry()
    validator: Validator = limited(schema, registry=registry)
    return validator


def _pattern(
    validator: Validator, pattern: str, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    """Hold the keyword `pattern` to the time limit that `regex` has."""
    from jsonschema.exceptions import ValidationError

    from promptgit.scorers.regex import searched

    if not validator.is_type(instance, "string"):
        return
    try:
        matched = searched(pattern, instance)
    except TimeoutError:
        yield ValidationError(f"{quoted(pattern)} took too long: make it simpler")
    else:
        if not matched:
            yield ValidationError(f"{quoted(instance)} does not match {quoted(pattern)}")
