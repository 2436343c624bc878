"""JSON Schema of the files, for editors, and for saying what a key wants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from promptgit.config.places import CONFIG_FILE
from promptgit.core.located import Path

if TYPE_CHECKING:
    from pydantic import BaseModel

SCHEMA_URL = "https://raw.githubusercontent.com/promptgit/promptgit/main/docs/schema"
SCHEMAS: Mapping[str, str] = MappingProxyType(  # what `promptgit schema` prints → which file
    {
        "config": CONFIG_FILE,
        "eval": "X.eval.yaml",
        "user": "~/.config/promptgit/config.yaml",
        "flywheel": "flywheel.yaml",
        "rollout": "prompts/rollout.yaml",
        "detectors": "detectors/X.yaml",
    }
)


def json_schema(which: str) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of one of `SCHEMAS`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMA_URL}/{which}.json",
        **shape(which).model_json_schema(by_alias=True),
    }
    schema["title"] = SCHEMAS.get(which, which)  # learnings are written by us alone
    tidied: dict[str, Any] = _tidied(schema)
    return tidied


def shape(which: str) -> type[BaseModel]:
    from promptgit.config import (
        detector_shapes,
        flywheel_shapes,
        learning_shapes,
        rollout_shapes,
        shapes,
    )

    found: Mapping[str, type[BaseModel]] = {
        "config": shapes.RepositoryShape,
        "eval": shapes.EvalShape,
        "user": shapes.UserShape,
        "flywheel": flywheel_shapes.FlywheelShape,
        "rollout": rollout_shapes.RolloutShape,
        "detectors": detector_shapes.DetectorsShape,
        "learning": learning_shapes.LearningShape,
    }
    return found[which]


def modeline(which: str) -> str:
    """The first line of a file, by which editors find its schema."""
    return f"# yaml-language-server: $schema={SCHEMA_URL}/{which}.json"


def node_at(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Return the part of a schema that describes `path`; empty when nothing does."""
    node: Mapping[str, Any] = schema
    for step in path:
        for option in options(schema, node):
            found = _step(option, step)
            if found is not None:
                node = found
                break
        else:
            return {}
    return node


def options(schema: Mapping[str, Any], node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the alternatives that a node allows, references followed, null left out."""
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        return options(schema, schema["$defs"][name])
    if "anyOf" in node:
        return [found for option in node["anyOf"] for found in options(schema, option)]
    return [] if node.get("type") == "null" else [node]


def known_keys(schema: Mapping[str, Any], path: Path) -> list[str]:
    """List the keys that the mapping at `path` may have."""
    return [
        name
        for option in options(schema, node_at(schema, path))
        for name in option.get("properties", {})
    ]


def wanted(schema: Mapping[str, Any], path: Path) -> str:
    """
    Say in words what `path` wants.

    >>> wanted(json_schema("config"), ("check", "margin"))
    'a number above 0 and at most 1'
    """
    found = [_words(option) for option in options(schema, node_at(schema, path))]
    return " or ".join(dict.fromkeys(words for words in found if words))


def example(schema: Mapping[str, Any], path: Path) -> Any:
    """Return a value that `path` may have; None when the schema shows none."""
    node = node_at(schema, path)
    for option in (node, *options(schema, node)):
        if option.get("examples"):
            return option["examples"][0]
    return None


def _step(option: Mapping[str, Any], step: str | int) -> Mapping[str, Any] | None:
    if isinstance(step, int):
        items: Mapping[str, Any] | None = option.get("items")
        return items
    properties: Mapping[str, Any] = option.get("properties", {})
    if step in properties:
        found: Mapping[str, Any] = properties[step]
        return found
    others = option.get("additionalProperties")
    return others if isinstance(others, Mapping) else None


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "string": "text",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
        "array": "a list",
        "object": "a mapping",
    }
)
BOUNDS = (
    ("minimum", "of at least"),
    ("exclusiveMinimum", "above"),
    ("maximum", "at most"),
    ("exclusiveMaximum", "below"),
)


def _words(option: Mapping[str, Any]) -> str:
    if "enum" in option:
        *others, last = map(str, option["enum"])
        return f"{', '.join(others)} or {last}" if others else last
    words = WORDS.get(str(option.get("type", "")), "")
    if option.get("maxLength") == 1:
        return "one character"
    bounds = [f"{said} {option[name]:g}" for name, said in BOUNDS if name in option]
    if option.get("type") == "object":
        keys = list(option.get("properties", {}))
        return f"{words} with {', '.join(keys)}" if keys else words
    return " ".join([words, " and ".join(bounds)]).strip()


def _tidied(node: Any) -> Any:
    """Drop what pydantic adds and nobody reads: titles of fields, null as default."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _tidied(value) for name, value in node.items()}
    if "title" in kept and isinstance(kept["title"], str) and "$schema" not in kept:
        del kept["title"]
    if kept.get("default", ...) is None:
        del kept["default"]
    return kept
