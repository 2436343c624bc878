"""promptfoo's assertions as ours: nearly the same words; what has no like is noted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

from promptgit import plugins
from promptgit.cli.promptfoo.nunjucks import as_jinja
from promptgit.cli.promptfoo.source import FILE, Source
from promptgit.cli.promptfoo.tests import Test, Written
from promptgit.errors import UserError
from promptgit.evaluate.not_carried import NOT_CARRIED
from promptgit.evaluate.suite import Assertion, bind

NOT = "not-"
KNOWN = frozenset({*plugins.SCORERS, *NOT_CARRIED})  # types that a CSV cell may name
OWN = ("type", "value", "threshold", "weight", "metric", "transform")
# Where ours is graded unless told otherwise: promptfoo's own threshold is written out.
THRESHOLDS: Mapping[str, float] = MappingProxyType({"similar": 0.75})
LOST = {
    "provider": "the judge is `judge:` in promptgit.yaml, the embedder `embedder:`",
    "rubricPrompt": "the judge's prompt is promptgit's own",
    "config": "a scorer takes no further config",
    "contextTransform": "an answer carries no context",
}
NOBODY = SimpleNamespace(name="", identity=SimpleNamespace(digest=""))  # answers no call
TOOL_TYPES = (
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
)

Entry = dict[str, Any]


def mapped(source: Source, written: Written, test: Test, tools: Any) -> Entry | None:
    """Return an assertion of ours, or None when it is noted as lost."""
    entry = written.entry
    if isinstance(entry, str):
        entry = {"type": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        source.lose(written.where, "an assertion", "it has no type")
        return None
    kind = entry["type"].removeprefix(NOT)
    if kind not in plugins.SCORERS:
        why = NOT_CARRIED.get(kind, "promptgit knows no such assertion")
        source.lose(written.where, entry["type"], why)
        return None
    found: Entry = {"type": entry["type"]}
    for key in entry.keys() - {*OWN, "assert"}:
        if entry[key] is not None:
            source.lose(written.where, f"`{key}` of {kind}", LOST.get(key, "no such option here"))
    found |= {key: entry[key] for key in OWN[1:] if entry.get(key) is not None}
    if "metric" in found:
        found["metric"] = str(found["metric"])[:60]
    if kind in THRESHOLDS:
        found.setdefault("threshold", THRESHOLDS[kind])
    if kind in TOOL_TYPES and "value" not in found and tools:
        found["value"] = tools
    if kind == "assert-set":
        return _set(source, written, test, tools, found)
    transform = _chained(test.transform, found.get("transform"))
    if transform:
        found["transform"] = transform
    if "value" in found:
        found["value"] = _value(source, found["value"])
    return found if _binds(source, written, found) else None


def _chained(first: str, then: Any) -> Any:
    """
    Return one transform for that of the test and that of an assertion, which reads its result.

    >>> _chained("JSON.parse(output)", "output.countries[0]")
    'JSON.parse(output).countries[0]'
    """
    if not first or not isinstance(then, str):
        return then or first
    rest = then.strip().removeprefix("output")
    if rest == then.strip():
        raise UserError(f"two transforms, {first!r} and {then!r}, are not one expression here")
    return first.strip().removesuffix(";") + rest


def _set(source: Source, written: Written, test: Test, tools: Any, found: Entry) -> Entry | None:
    inner = written.entry.get("assert")
    listed = inner if isinstance(inner, list) else []
    entries = [mapped(source, Written(one, written.where), test, tools) for one in listed]
    kept = [one for one in entries if one is not None]
    if any(is_code(one) for one in kept):
        source.lose(written.where, "python in assert-set", "code stands under `assert:` itself")
        kept = [one for one in kept if not is_code(one)]
    found.pop("transform", None)
    if not kept:
        source.lose(written.where, "assert-set", "none of its assertions could be carried over")
        return None
    return {**found, "assert": kept}


def _value(source: Source, value: Any) -> Any:
    """Respell templates; put what a `file://` names in the value's place, but for code."""
    if isinstance(value, list):
        return [_value(source, one) for one in value]
    if isinstance(value, dict):
        return {key: _value(source, one) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith(FILE) and ".py" not in value:
        paths = source.named(value)
        if len(paths) != 1:
            raise UserError(f"it names {value}, and there is no such file here")
        if paths[0].endswith((".json", ".yaml", ".yml")):
            return source.load(paths[0]).data
        return source.text(paths[0])
    return as_jinja(value)[0]


def _binds(source: Source, written: Written, found: Entry) -> bool:
    """Hold an assertion against its scorer, so that what is written can be read."""
    if found["type"].removeprefix(NOT) == "python":
        value = found.get("value")
        if not isinstance(value, str) or not (value.startswith(FILE) or ".py" in value):
            why = "code in a config: put it into a file, value file://FILE.py"
            source.lose(written.where, found["type"], why)
            return False
        name, _, function = value.removeprefix(FILE).partition(":")
        paths = source.named(name)
        if not paths:
            source.lose(written.where, found["type"], f"there is no file {name} here")
            return False
        found["value"] = f"{FILE}{paths[0]}" + (f":{function}" if function else "")
        return True
    try:
        bind(
            [as_assertion(found)],
            plugins.scorer,
            injected=dict.fromkeys(("judge", "embedder"), NOBODY),
        )
    except UserError as error:
        reason = error.message.rpartition("): ")[2]
        source.lose(written.where, found["type"], f"{reason} {error.hint}".strip())
        return False
    return True


def as_assertion(found: Entry) -> Assertion:
    own = ("type", "value", "threshold", "weight", "metric")
    given = {key: found[key] for key in own if key in found}
    return Assertion(**given, options={k: v for k, v in found.items() if k not in own})


def is_code(found: Entry) -> bool:
    return str(found["type"]).removeprefix(NOT) == "python"


def shape(found: Entry) -> str:
    """Name all of an assertion but its value: what two cases may have in common."""
    return json.dumps({k: v for k, v in found.items() if k != "value"}, sort_keys=True)
