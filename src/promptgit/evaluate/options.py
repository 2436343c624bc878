"""A scorer's options as its signature declares them, against what an assertion sets."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from promptgit.errors import UserError
from promptgit.evaluate.values import plain

# Ours to fill, never YAML's; `bound` makes a suite of assertions inside an assertion, `negated`
# says that the type begins with `not-` to a scorer that has its own opposite.
INJECTED = ("answer", "judge", "embedder", "allow_code", "read_file", "bound", "negated")

Parameters = Mapping[str, inspect.Parameter]


def parameters_of(scorer: Callable[..., Any]) -> Parameters:
    """List the keyword-only parameters of a scorer: its options, and what it wants injected."""
    parameters = inspect.signature(scorer).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise UserError("a scorer names its options, it does not take `**anything`")
    return {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}


def checked_options(options: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    """Return the options as plain values; raise UserError for one that is unknown or missing."""
    allowed = [name for name in parameters if name not in INJECTED]
    for name, value in options.items():
        if name not in allowed:
            raise _unknown(name, allowed)
        _check_type(name, value, parameters[name].default)
    for name in allowed:
        if name not in options and parameters[name].default is inspect.Parameter.empty:
            raise UserError(f"it needs `{as_typed(name)}`")
    return {name: plain(value) for name, value in options.items()}


def check_weight(weight: float) -> None:
    if not is_number(weight) or not 0 <= weight < math.inf:
        raise UserError(f"a weight is a number from 0 up, not {weight!r}")


def check_threshold(threshold: float | None, parameters: Parameters) -> None:
    """Refuse a threshold that no score can meet; a scorer of its own scale checks its own."""
    if threshold is None:
        return
    if not is_number(threshold) or not math.isfinite(threshold):
        raise UserError(f"a threshold is a number, not {threshold!r}")
    if "threshold" not in parameters and not 0 <= threshold <= 1:
        raise UserError(f"the threshold of a score is between 0 and 1, not {threshold:g}")


def injections(parameters: Parameters, injected: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the world gives to this scorer; refuse what is not to be had."""
    if "allow_code" in parameters and not injected.get("allow_code"):
        raise UserError(
            "it runs code from the repository, and that is off",
            hint="read the code, then say --allow-code",
        )
    given = {}
    for name in INJECTED[1:]:
        if name not in parameters:
            continue
        if injected.get(name) is not None:
            given[name] = injected[name]
        elif parameters[name].default is inspect.Parameter.empty:
            raise UserError(f"it needs `{name}`, and there is none here")
    return given


def as_typed(name: str) -> str:
    """
    Return the name of a parameter as an eval file has it: `assert` is a word of Python's own.

    >>> as_typed("assert_"), as_typed("value")
    ('assert', 'value')
    """
    return name.removesuffix("_")


def metric_names(wanted: Iterable[str]) -> list[str]:
    """
    Name the metrics; a name that is taken gets the next free number.

    >>> metric_names(["contains", "short", "contains"])
    ['contains', 'short', 'contains-2']
    """
    names: list[str] = []
    for name in wanted:
        free, number = name, 1
        while free in names:
            number += 1
            free = f"{name}-{number}"
        names.append(free)
    return names


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_type(name: str, value: Any, default: Any) -> None:
    """Compare with the default's type: `ignore_case: "no"` would otherwise be true."""
    if isinstance(default, bool) and not isinstance(value, bool):
        raise UserError(f"{name} is true or false, not {value!r}")
    if is_number(default) and not is_number(value):
        raise UserError(f"{name} is a number, not {value!r}")


def _unknown(name: str, allowed: Sequence[str]) -> UserError:
    from difflib import get_close_matches

    if name in INJECTED:
        return UserError(f"`{name}` cannot be set in a file", hint="leave it out")
    if name == "value":
        return UserError("it takes no `value`", hint="leave it out")
    close = get_close_matches(name, [*allowed, "threshold", "weight", "metric"], n=1)
    listed = ", ".join(sorted(map(as_typed, allowed)))
    known = f"it takes: {listed}" if allowed else "it has no options"
    hint = f"did you mean {close[0]!r}?" if close else known
    return UserError(f"no option is called {name!r}", hint=hint)
