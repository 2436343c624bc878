"""
What is surely right in `promptgit.yaml` and in an eval file, told without pydantic.

A hook has no time to load pydantic, so what is written is first held against these tables.  They
decide nothing: whatever they are not sure of is read by the strict reader, and what it says
counts.  Tests hold the tables equal to the shapes, and see that all that passes here passes there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from promptgit.config.names import fault_in_embedder, fault_in_model

LARGE = 1e300  # beyond it a number might be infinite


class Number(NamedTuple):
    least: float = -LARGE
    most: float = LARGE
    above: bool = False  # the least itself is too little
    below: bool = False  # the most itself is too much
    whole: bool = False


class Keys(NamedTuple):
    """A mapping whose keys are known."""

    known: Mapping[str, Kind]
    needed: tuple[str, ...] = ()
    others: Kind | None = None  # of keys that are not known; None: there are none


class Each(NamedTuple):
    """A mapping whose keys are the user's."""

    kind: Kind


class Items(NamedTuple):
    """A list with something in it."""

    kind: Kind


class Either(NamedTuple):
    kinds: tuple[Kind, ...]


Kind = Number | Keys | Each | Items | Either | frozenset[str] | Callable[[Any], bool]


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_model(value: Any) -> bool:
    return isinstance(value, str) and not fault_in_model(value)


def is_embedder(value: Any) -> bool:
    return isinstance(value, str) and not fault_in_embedder(value)


def is_day(value: Any) -> bool:
    """Say whether this is a day of the calendar, written like 2027-01-31."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    from datetime import date

    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[A-Za-z][A-Za-z0-9-]*", value))


def is_mark(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in '"\r\n'


def is_rule(value: Any) -> bool:
    from promptgit.lint.rules import NAMES

    return isinstance(value, str) and value in NAMES


def is_case(value: Any) -> bool:
    return isinstance(value, dict)


def is_plain(value: Any) -> bool:
    return isinstance(value, str | bool | int)


def is_data(value: Any) -> bool:
    """Say yes to what an eval file compares with; numbers with a point are looked at again."""
    return not isinstance(value, float | None)


TEXTS = Either((is_text, Items(is_text)))
READINGS = frozenset({"text", "json"})
RULES = Either((is_rule, Items(is_rule)))
SHARE = Number(0, 1)
FROM_0 = Number(0, whole=True)
FROM_1 = Number(1, whole=True)
GROWTH = Number(0, 10, above=True)
MARGIN = Number(0, 1, above=True)
TEMPLATES = frozenset({"jinja", "none"})

MODEL = Either(
    (
        is_model,
        Keys(
            {
                "name": is_model,
                "temperature": Number(0, 2),
                "seed": Number(whole=True),
                "max_tokens": FROM_1,
                "top_p": SHARE,
                "frequency_penalty": Number(-2, 2),
                "presence_penalty": Number(-2, 2),
                "stop": TEXTS,
                "reasoning_effort": is_text,
                "response_format": frozenset({"text", "json_object"}),
            },
            needed=("name",),
        ),
    )
)
PRICES = Each(
    Keys(
        {"input": Number(0), "output": Number(0), "cached_input": Number(0)},
        needed=("input", "output"),
    )
)
CHECK = Keys(
    {
        "margin": MARGIN,
        "alpha": Number(0, 0.5, above=True, below=True),
        "max_unscored": SHARE,
        "on_inconclusive": frozenset({"pass", "warn", "fail"}),
        "metrics": Each(MARGIN),
        "guards": Keys({"cost": GROWTH, "latency": GROWTH, "length": GROWTH}),
        "repeats": Number(1, 20, whole=True),
        "scope": frozenset({"population", "suite"}),
        "fail_rule": frozenset({"likely", "confirmed"}),
    }
)


def _assertions(value: Kind) -> Kind:
    """A scorer's own options are plain; what they are called, `evaluate.obvious` knows."""
    entry = Keys(
        {
            "type": is_text,
            "value": value,
            "threshold": Number(),
            "weight": Number(0),
            "metric": is_text,
        },
        needed=("type",),
        others=is_plain,
    )
    return Items(Either((is_text, entry)))


CONFIG = Keys(
    {
        "model": MODEL,
        "mentor": MODEL,
        "judge": MODEL,
        "budget": Keys({"usd": Number(0, above=True), "calls": FROM_1, "tokens": FROM_1}),
        "concurrency": Number(1, 512, whole=True),
        "timeout_s": Number(0, 3600, above=True),
        "retries": Number(0, 20, whole=True),
        "prices": PRICES,
        "embedder": is_embedder,
        "prompts": TEXTS,
        "pipelines": TEXTS,
        "check": CHECK,
        "improve": Keys(
            {
                "strategy": is_text,
                "rounds": FROM_1,
                "patience": FROM_1,
                "target": SHARE,
                "patches": FROM_1,
                "first_look": FROM_1,
                "next_look": FROM_1,
                "asked_most": FROM_1,
                "miss_threshold": SHARE,
                "misses_shown": FROM_1,
                "min_improvement": SHARE,
                "exemplars": FROM_0,
                "options": Each(is_plain),
                "min_effect": SHARE,
                "max_changed_lines": FROM_1,
                "max_tokens": FROM_1,
                "max_latency_s": Number(0, above=True),
                "max_cost_usd": Number(0, above=True),
                "tie_growth": SHARE,
            }
        ),
        "commit": Keys({"type": is_word}),
        "defaults": Keys({"assert": _assertions(is_plain), "template": TEMPLATES}),
        "lint": Keys({"ignore": RULES, "per_file": Each(RULES)}),
    }
)
EVAL = Keys(
    {
        "cases": Either(
            (is_text, Keys({"file": is_text, "delimiter": is_mark}, ("file",)), Items(is_case))
        ),
        "columns": Each(is_text),
        "inputs": Either((is_text, Items(is_text), Each(READINGS))),
        "assert": _assertions(is_data),
        "must_pass": TEXTS,
        "weight": Number(0, above=True),
        "quarantine": Items(
            Keys(
                {"case": is_text, "owner": is_text, "reason": is_text, "until": is_day},
                needed=("case", "owner", "reason", "until"),
            )
        ),
        "check": CHECK,
        "tags": TEXTS,
        "template": TEMPLATES,
        "model": MODEL,
    }
)
TABLES: Mapping[str, Keys] = MappingProxyType({"config": CONFIG, "eval": EVAL})


def is_surely_right(value: Any, kind: Kind) -> bool:
    """
    Say whether `value` is what `kind` wants, beyond doubt.

    >>> is_surely_right({"model": "offline"}, CONFIG), is_surely_right({"modle": "offline"}, CONFIG)
    (True, False)
    """
    if isinstance(kind, Keys):
        return isinstance(value, dict) and _are_right(value, kind)
    if isinstance(kind, Number):
        return _is_within(value, kind)
    if isinstance(kind, frozenset):
        return isinstance(value, str) and value in kind
    if isinstance(kind, Items):
        of = kind.kind
        return (
            isinstance(value, list)
            and bool(value)
            and all(is_surely_right(item, of) for item in value)
        )
    if isinstance(kind, Each):
        of = kind.kind
        return isinstance(value, dict) and all(
            not _may_redirect(name) and is_surely_right(item, of) for name, item in value.items()
        )
    if isinstance(kind, Either):
        return any(is_surely_right(value, one) for one in kind.kinds)
    return kind(value)


def _are_right(values: Mapping[str, Any], kind: Keys) -> bool:
    for name, value in values.items():
        known = kind.known.get(name)
        if known is None and (kind.others is None or _may_redirect(name)):
            return False
        if not is_surely_right(value, known or kind.others or is_plain):
            return False
    return all(name in values for name in kind.needed)


def _is_within(value: Any, bounds: Number) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if bounds.whole else int | float):
        return False
    enough = value > bounds.least if bounds.above else value >= bounds.least
    return enough and (value < bounds.most if bounds.below else value <= bounds.most)


def _may_redirect(name: str) -> bool:
    """Say whether a key that a user named might be refused wherever it stands."""
    from promptgit.config.redirects import FORBIDDEN

    return bool(FORBIDDEN.fullmatch(re.sub("[-_ ]", "", name).lower()))
