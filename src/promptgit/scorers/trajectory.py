"""Which tools an agent used, how often, in which order and with what: promptfoo's trajectory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.core.trace import Step, steps_of
from promptgit.errors import UserError
from promptgit.scorers import spans
from promptgit.scorers.json_text import same
from promptgit.scorers.wording import counted, quoted

USED, ARGUMENTS = "trajectory:tool-used", "trajectory:tool-args-match"
SEQUENCE, COUNT = "trajectory:tool-sequence", "trajectory:step-count"
STEP_KINDS = ("tool", "command", "search", "reasoning", "message", "span")
DEEPEST = 100  # levels of arguments that are compared

Matcher = tuple[str, tuple[str, ...]]  # a pattern, empty for any name; kinds, none for any kind


def tool_used(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """
    Pass when each tool of `value` was used; `not-`: when none was.

    `value` is a name, a list of names, or `{name or pattern, min, max}`: 1 to any number of calls
    when they are left out.  `not-` with `max: 0` means as much as without it.
    """
    if isinstance(value, Mapping):
        given = spans.mapping_of(value, USED, ("name", "pattern", "type", "min", "max"))
        matcher = _matcher(given, USED)
        least, most = spans.bounds_of(given, USED)
        if negated and least is None and most == 0:
            most = None
        return _count(answer, matcher, (1 if least is None else least, most), negated)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise UserError(f"the value of {USED} is a tool, a list of tools, or an object")
    matchers = [_matcher(name, USED) for name in names]
    if answer.trace is None:
        return spans.without_trace()
    steps = steps_of(answer.trace)
    used = [one[0] for one in matchers if any(_fits(step, one) for step in steps)]
    missing = [one[0] for one in matchers if one[0] not in used]
    if negated:
        said = f"used {spans.named(used)}" if used else f"not used: {spans.named(missing)}"
        return Score(float(not used), said)
    said = f"not used: {spans.named(missing)}; " if missing else ""
    return Score(float(not missing), f"{said}used {_tools(steps)}")


def tool_args_match(
    _case: Case, _output: str, *, answer: Answer, value: Any, negated: bool
) -> Score:
    """
    Pass when one call of the tool has the arguments `args`.

    `mode: partial`, the default, allows more arguments than those; `exact` does not, but for
    `defaults` that have their default value.  Names in `ignore` are left out on both sides.
    """
    fields = ("name", "pattern", "type", "args", "arguments", "mode", "defaults", "ignore")
    given = spans.mapping_of(value, ARGUMENTS, fields)
    matcher = _matcher(given, ARGUMENTS)
    wanted = given["args"] if "args" in given else given.get("arguments")
    if wanted is None:
        raise UserError(f"{ARGUMENTS} needs `args`")
    exact = _mode(given, ARGUMENTS, ("partial", "exact")) == "exact"
    defaults = given.get("defaults")
    if defaults is not None and not isinstance(defaults, Mapping):
        raise UserError(f"the defaults of {ARGUMENTS} are an object of names and values")
    ignored = given.get("ignore")
    ignored = [ignored] if isinstance(ignored, str) else (ignored or [])
    if not isinstance(ignored, list) or not all(isinstance(i, str) and i.strip() for i in ignored):
        raise UserError(f"`ignore` of {ARGUMENTS} is a name, or a list of names")
    if answer.trace is None:
        return spans.without_trace()
    steps = steps_of(answer.trace)
    calls = [step for step in steps if _fits(step, matcher)]
    if not calls:
        said = f"no call of {quoted(matcher[0])}; used {_tools(steps)}"
        return spans.verdict(False, negated, said)
    wanted = _without(wanted, ignored, {})
    for step in calls:
        found = _without(step.arguments, ignored, defaults or {})
        if (same if exact else _holds)(found, wanted):
            said = f"{quoted(step.names[0])} was called with {_json(step.arguments)}"
            return spans.verdict(True, negated, said)
    told = ", ".join(_json(step.arguments) for step in calls[:3])
    said = f"{quoted(matcher[0])} was called with {told}, not with {_json(wanted)}"
    return spans.verdict(False, negated, said)


def tool_sequence(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """
    Pass when the tools were used in the order of `value`, a list or `{mode, steps}`.

    `mode: in_order`, the default, allows other tools in between; `exact` does not.
    """
    given = {"steps": value} if isinstance(value, list) else value
    given = spans.mapping_of(given, SEQUENCE, ("mode", "steps"))
    exact = _mode(given, SEQUENCE, ("in_order", "exact")) == "exact"
    wanted = given.get("steps")
    if not isinstance(wanted, list) or not wanted:
        raise UserError(f"{SEQUENCE} needs `steps`, a list of tools")
    matchers = [_matcher(one, SEQUENCE) for one in wanted]
    if answer.trace is None:
        return spans.without_trace()
    steps = [step for step in steps_of(answer.trace) if step.kind == "tool"]
    said = f"used {_tools(steps)} in this order"
    if exact:
        holds = len(steps) == len(matchers) and all(map(_fits, steps, matchers))
    else:
        rest = iter(steps)
        holds = all(any(_fits(step, matcher) for step in rest) for matcher in matchers)
    if not holds:
        said += f", expected {spans.named([pattern for pattern, _ in matchers])}"
    return spans.verdict(holds, negated, said)


def step_count(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """
    Pass when `min` to `max` steps are of the `type` and have a name that fits `pattern`.

    Types are tool, command, search, reasoning, message and span, or a list of them.
    """
    given = spans.mapping_of(value, COUNT, ("type", "pattern", "name", "min", "max"))
    least, most = spans.bounds_of(given, COUNT)
    if least is None and most is None:
        raise UserError(f"{COUNT} needs a min or a max")
    return _count(answer, _filter(given, COUNT, ()), (least, most), negated)


def _count(
    answer: Answer, matcher: Matcher, bounds: tuple[int | None, int | None], negated: bool
) -> Score:
    if answer.trace is None:
        return spans.without_trace()
    found = [step.names[0] for step in steps_of(answer.trace) if _fits(step, matcher)]
    pattern, kinds = matcher
    what = counted(len(found), f"{' or '.join(kinds)} step".strip())
    called = f" called {quoted(pattern)}" if pattern else ""
    said = f"{what}{called}, {'unwanted are' if negated else 'expected'} {spans.expected(*bounds)}"
    return Score(float(spans.within(len(found), *bounds) is not negated), said)


def _matcher(item: Any, kind: str) -> Matcher:
    """Read what names a tool: a pattern, or `{name or pattern, type}`."""
    if isinstance(item, str):
        item = {"pattern": item}
    if not isinstance(item, Mapping):
        raise UserError(f"{kind} takes a tool's name, or an object with a name or a pattern")
    spans.pattern_of(item, kind)
    return _filter(item, kind, ("tool",))


def _filter(given: Mapping[str, Any], kind: str, usual: tuple[str, ...]) -> Matcher:
    found = given.get("type")
    kinds = usual if not found else tuple(found) if isinstance(found, list) else (found,)
    for one in kinds:
        if one not in STEP_KINDS:
            raise UserError(f"a step is of the type {', '.join(STEP_KINDS)}, not {one!r}")
    pattern = spans.text_of(given, "pattern", kind) or spans.text_of(given, "name", kind)
    return pattern, kinds


def _mode(given: Mapping[str, Any], kind: str, modes: tuple[str, ...]) -> str:
    found = given.get("mode", modes[0])
    if found not in modes:
        raise UserError(f"the mode of {kind} is {' or '.join(modes)}, not {found!r}")
    return str(found)


def _fits(step: Step, matcher: Matcher) -> bool:
    pattern, kinds = matcher
    if kinds and step.kind not in kinds:
        return False
    return not pattern or any(spans.matches(name, pattern) for name in step.names)


def _without(value: Any, ignored: list[str], defaults: Mapping[str, Any]) -> Any:
    """Leave out arguments that are ignored, or that have their default value."""
    if not isinstance(value, Mapping):
        return value
    return {
        key: one
        for key, one in value.items()
        if not any(_ignores(entry, str(key)) for entry in ignored)
        and not (key in defaults and same(one, defaults[key]))
    }


def _ignores(entry: str, key: str) -> bool:
    return entry == key or (("*" in entry or "?" in entry) and spans.matches(key, entry))


def _holds(found: Any, wanted: Any, depth: int = 0) -> bool:
    """Say whether objects have at least what is wanted of them; lists are as long."""
    if depth > DEEPEST:
        return False
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return False
        return all(_holds(one, other, depth + 1) for one, other in zip(found, wanted, strict=True))
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and _holds(found[key], one, depth + 1) for key, one in wanted.items()
        )
    return same(found, wanted)


def _tools(steps: list[Step]) -> str:
    return spans.named([step.names[0] for step in steps if step.kind == "tool"])


def _json(value: Any) -> str:
    if value is None:
        return "arguments nobody told"
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
