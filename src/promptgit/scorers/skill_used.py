"""Which skills an agent used, as its trace tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.ports import Answer
from promptgit.core.trace import Span, is_error, steps_of
from promptgit.errors import UserError
from promptgit.scorers import spans
from promptgit.scorers.wording import counted, quoted

SKILL = "skill-used"


def skill_used(_case: Case, _output: str, *, answer: Answer, value: Any, negated: bool) -> Score:
    """
    Pass when each skill of `value` was used; `not-`: when none was, not even in vain.

    `value` is a name, a list of names, or `{name or pattern, min, max}`.  A skill is a span of the
    kind `skill`, or a call of a tool `Skill` that names one.  Without a trace none was used.
    """
    if isinstance(value, Mapping):
        return _counted(answer, value, negated)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise UserError(f"the value of {SKILL} is a skill, a list of skills, or an object")
    wanted = [spans.text_of({"name": name}, "name", SKILL) for name in names]
    if not all(wanted):
        raise UserError(f"{SKILL} names no skill")
    there = _skills(answer, failed=negated)
    used = [name for name in wanted if name in there]
    missing = [name for name in wanted if name not in there]
    if negated:
        said = f"used {spans.named(used)}" if used else f"not used: {spans.named(missing)}"
        return Score(float(not used), said)
    said = f"not used: {spans.named(missing)}; " if missing else ""
    return Score(float(not missing), f"{said}used {_told(answer, there)}")


def _counted(answer: Answer, value: Mapping[str, Any], negated: bool) -> Score:
    given = spans.mapping_of(value, SKILL, ("name", "pattern", "min", "max"))
    name, pattern = spans.text_of(given, "name", SKILL), spans.text_of(given, "pattern", SKILL)
    label = spans.pattern_of(given, SKILL)
    least, most = spans.bounds_of(given, SKILL)
    if negated and (least is not None or most not in (None, 0)):
        raise UserError(f"not-{SKILL} takes no bounds but `max: 0`")
    found = [
        skill
        for skill in _skills(answer, failed=negated)
        if (not name or skill == name) and (not pattern or spans.matches(skill, pattern))
    ]
    said = f"{quoted(label)} was used {counted(len(found), 'time')}"
    if negated:
        return Score(float(not found), said)
    least = (1 if most is None else 0) if least is None else least
    holds = spans.within(len(found), least, most)
    return Score(float(holds), f"{said}, expected {spans.expected(least, most)}")


def _skills(answer: Answer, *, failed: bool) -> list[str]:
    """List the skills that were used; with `failed`, also those that were only tried."""
    found = [(_skill(span), span) for span in answer.trace or ()]
    return [name for name, span in found if name and (failed or not is_error(span))]


def _skill(span: Span) -> str:
    if span.kind == "skill":
        return span.name
    (step,) = steps_of([span])
    if step.kind != "tool" or step.names[0].casefold() != "skill":
        return ""
    told = step.arguments if isinstance(step.arguments, Mapping) else {}
    named = (told.get(key) for key in ("skill", "name"))
    return next((name.strip() for name in named if isinstance(name, str) and name.strip()), "")


def _told(answer: Answer, there: list[str]) -> str:
    return "none: the answer carries no trace" if answer.trace is None else spans.named(there)
