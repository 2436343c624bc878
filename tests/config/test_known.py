"""What is surely right, told without pydantic: less than the strict reader knows, never more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from promptgit.config import json_schema, parse_config, parse_eval_file
from promptgit.config.known import (
    LARGE,
    TABLES,
    Each,
    Either,
    Items,
    Keys,
    Kind,
    Number,
    is_surely_right,
)
from promptgit.config.schema import options
from promptgit.core.located import parse_yaml
from promptgit.errors import UserError

FULL_CONFIG: dict[str, Any] = {
    "model": "gpt-5-mini",
    "mentor": {
        "name": "gpt-5",
        "temperature": 0,
        "seed": 7,
        "max_tokens": 500,
        "top_p": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "stop": ["END"],
        "reasoning_effort": "low",
        "response_format": "text",
    },
    "judge": "ollama/llama3.2",
    "budget": {"usd": 2.0, "calls": 2000, "tokens": 1_000_000},
    "concurrency": 16,
    "timeout_s": 60,
    "retries": 5,
    "prices": {"m": {"input": 0.25, "output": 2, "cached_input": 0.1}},
    "embedder": "lexical",
    "prompts": ["prompts/**/*.md", "!x.md"],
    "pipelines": "flows/*.yaml",
    "check": {
        "margin": 0.05,
        "alpha": 0.05,
        "max_unscored": 0.02,
        "on_inconclusive": "warn",
        "metrics": {"is-json": 0.02},
        "guards": {"cost": 0.2, "latency": 0.5, "length": 0.5},
        "repeats": 3,
        "scope": "suite",
        "fail_rule": "likely",
    },
    "improve": {
        "strategy": "critique",
        "rounds": 12,
        "patience": 4,
        "target": 0.95,
        "patches": 4,
        "first_look": 20,
        "next_look": 10,
        "asked_most": 6,
        "miss_threshold": 0.95,
        "misses_shown": 16,
        "min_improvement": 0.01,
        "exemplars": 3,
        "options": {"beam": 4},
        "min_effect": 0.02,
        "max_changed_lines": 20,
        "max_tokens": 1200,
        "max_latency_s": 2.5,
        "max_cost_usd": 0.002,
        "tie_growth": 0.1,
    },
    "commit": {"type": "improve"},
    "defaults": {
        "assert": [
            "equals",
            {
                "type": "contains",
                "value": "x",
                "threshold": 0.5,
                "weight": 2,
                "metric": "m",
                "strip": True,
            },
        ],
        "template": "jinja",
    },
    "lint": {"ignore": ["long-line"], "per_file": {"old/**": ["nul", "secret"]}},
}
FULL_EVAL: dict[str, Any] = {
    "cases": {"file": "reply.csv", "delimiter": ";"},
    "columns": {"input": "comment"},
    "inputs": ["comment"],
    "assert": FULL_CONFIG["defaults"]["assert"],
    "must_pass": ["a"],
    "weight": 2,
    "quarantine": [{"case": "a", "owner": "@ana", "reason": "flips", "until": "2027-01-31"}],
    "check": FULL_CONFIG["check"],
    "tags": ["billing"],
    "template": "none",
    "model": FULL_CONFIG["mentor"],
}
FULL = {"config": FULL_CONFIG, "eval": FULL_EVAL}
ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 0.0, 0.5, 1, 1.0, 2, 10, 11, 513, 3601, 1.5, -2.5, 10**19),
    *("", " ", "x", "1", "none", "soon", "2027-02-31", "20270131", "2027-W01-1", "a b", "http://x"),
    *("Offline", "Lexical", "x/y", '"', "equal"),
    *([], [1], ["x"], [None], [[]], [{}], [{"a": 1}], ["", "x"]),
    *({}, {"a": 1}, {"a": "x"}, {"url": "x"}, {"url": 0.5}, {"api_key": ["nul"]}, {"name": "x"}),
    *({"type": "x", "url": "y"}, {"type": "x", "headers": {"a": 1}}, {"file": "x", "more": 1}),
)


def paths(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield here
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, item in inner:
        yield from paths(item, (*here, step))


def put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    inner = document.copy()
    inner[step] = put(document[step], tuple(rest), value)
    return inner


def passes(which: str, document: Any) -> bool:
    located = parse_yaml(json.dumps(document).encode(), "x.yaml")
    return is_surely_right(located.data, TABLES[which])


def refused(which: str, document: Any) -> str:
    data = json.dumps(document).encode()
    try:
        parse_config(data) if which == "config" else parse_eval_file(data, "a.eval.yaml")
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("which", sorted(TABLES))
def test_a_file_that_sets_everything_is_surely_right_and_the_strict_reader_agrees(which: str):
    assert passes(which, FULL[which])
    assert refused(which, FULL[which]) == ""
    assert set(FULL[which]) == set(TABLES[which].known)


@pytest.mark.parametrize(
    ("which", "path"), [(w, p) for w in sorted(TABLES) for p in paths(FULL[w])]
)
def test_what_is_surely_right_the_strict_reader_takes(which: str, path: tuple[str | int, ...]):
    changed = [put(FULL[which], path, value) for value in ODD]

    wrong = [
        (odd, said)
        for odd, value in zip(ODD, changed, strict=True)
        if passes(which, value) and (said := refused(which, value))
    ]

    assert not wrong


@pytest.mark.parametrize(
    ("which", "path"), [(w, p) for w in sorted(TABLES) for p in paths(FULL[w])]
)
def test_a_key_that_is_left_out_or_added_is_judged_as_by_the_strict_reader(
    which: str, path: tuple[str | int, ...]
):
    found: Any = FULL[which]
    for step in path:
        found = found[step]
    if not isinstance(found, dict):
        return
    changed = [{k: v for k, v in found.items() if k != name} for name in found]
    changed += [{**found, name: 1} for name in ("modle", "url", "api-key")]

    wrong = [
        value
        for value in changed
        if passes(which, put(FULL[which], path, value))
        and refused(which, put(FULL[which], path, value))
    ]

    assert not wrong


def keys_of(kind: Kind, here: str = "") -> Iterator[tuple[str, Any]]:
    """By path: the keys of a mapping and which it needs, words, or the bounds of a number."""
    if isinstance(kind, Keys):
        yield here, (frozenset(kind.known), frozenset(kind.needed))
        for name, inner in kind.known.items():
            yield from keys_of(inner, f"{here}.{name}")
    elif isinstance(kind, Either):
        for one in kind.kinds:
            yield from keys_of(one, here)
    elif isinstance(kind, Items | Each):
        yield from keys_of(kind.kind, f"{here}.*")
    elif isinstance(kind, Number):
        least = None if kind.least == -LARGE else kind.least
        most = None if kind.most == LARGE else kind.most
        yield here, (kind.whole, least, most, kind.above, kind.below)
    elif isinstance(kind, frozenset):
        yield here, kind


def keys_in_schema(
    schema: Mapping[str, Any], node: Mapping[str, Any], here: str = ""
) -> Iterator[tuple[str, Any]]:
    for option in options(schema, node):
        kind = option.get("type")
        if "properties" in option:
            yield here, (frozenset(option["properties"]), frozenset(option.get("required", ())))
            for name, inner in option["properties"].items():
                yield from keys_in_schema(schema, inner, f"{here}.{name}")
        elif "enum" in option:
            yield here, frozenset(option["enum"])
        elif kind in ("number", "integer"):
            above, below = "exclusiveMinimum" in option, "exclusiveMaximum" in option
            least = option.get("exclusiveMinimum", option.get("minimum"))
            most = option.get("exclusiveMaximum", option.get("maximum"))
            yield here, (kind == "integer", least, most, above, below)
        elif kind == "array":
            yield from keys_in_schema(schema, option["items"], f"{here}.*")
        elif isinstance(option.get("additionalProperties"), Mapping):
            yield from keys_in_schema(schema, option["additionalProperties"], f"{here}.*")


@pytest.mark.parametrize("which", sorted(TABLES))
def test_keys_words_and_bounds_are_those_of_the_shapes(which: str):
    schema = json_schema(which)

    assert dict(keys_of(TABLES[which])) == dict(keys_in_schema(schema, schema))
