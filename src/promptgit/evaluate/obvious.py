"""
Assertions that surely bind, told without loading a scorer.

What is not obvious here is bound as `eval` does it, and what that says counts: a third party's
scorer is looked up, a pattern compiled.  A test holds the names and options equal to the scorers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NEGATION = "not-"

_PLAIN: tuple[str, ...] = ()
# By scorer that takes a text, or nothing, as its value: which options are true or false.
TEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contains": _PLAIN,
        "equals": ("ignore_case", "strip"),
        "icontains": _PLAIN,
        "json-fields": ("fence", "ordered", "allow_extra", "ignore_case"),
        "llm-rubric": _PLAIN,
        "similar": _PLAIN,
        "starts-with": _PLAIN,
    }
)
LIST = frozenset({"contains-all", "contains-any", "icontains-all", "icontains-any"})
# The value is a JSON Schema.  It is not looked at: that takes longer than all of lint.
SCHEMA: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"contains-json": _PLAIN, "is-json": ("fence",)}
)
LIMIT = frozenset({"cost", "latency"})  # by `threshold`, on a scale of their own
WORDS = "word-count"
OWN_KEYS = frozenset({"type", "value", "threshold", "weight", "metric"})
LONGEST_NAME = 60  # characters of a metric's name, as `suite` has it


def is_obvious(entry: Mapping[str, Any]) -> bool:
    """
    Say whether an assertion, as an eval file has it, binds beyond doubt.

    >>> is_obvious({"type": "equals", "strip": True}), is_obvious({"type": "equal"})
    (True, False)
    """
    name = str(entry["type"]).removeprefix(NEGATION)
    value, threshold = entry.get("value"), entry.get("threshold")
    metric = str(entry.get("metric") or "")
    if not metric.isprintable() or len(metric) > LONGEST_NAME:
        return False
    flags = TEXT.get(name) or SCHEMA.get(name) or _PLAIN
    if not all(key in flags and isinstance(entry[key], bool) for key in entry.keys() - OWN_KEYS):
        return False
    if name in LIMIT:
        return value is None and threshold is not None and threshold >= 0
    if threshold is not None and not 0 <= threshold <= 1:
        return False
    if name in TEXT:
        return _is_text(value) if name == "llm-rubric" else value is None or _is_text(value)
    if name in LIST:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name in SCHEMA:
        return value is None or isinstance(value, dict)
    return name == WORDS and _is_count(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not value.startswith("file://")


def _is_count(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and value >= 0
    if not isinstance(value, dict) or not value or value.keys() - {"min", "max"}:
        return False
    bounds = [value.get("min", 0), value.get("max", value.get("min", 0))]
    return all(type(bound) is int for bound in bounds) and 0 <= bounds[0] <= bounds[1]
