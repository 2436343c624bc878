"""`flywheel.yaml` as a frozen plan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promptgit.core.located import parse_yaml
from promptgit.flywheel.plan import (
    FILE,
    Analyze,
    Capture,
    Deploy,
    Improve,
    Judge,
    Library,
    Measure,
    Plan,
    Redact,
    Rule,
)
from promptgit.flywheel.window import duration

if TYPE_CHECKING:
    from promptgit.config.flywheel_shapes import (
        AnalyzeShape,
        CaptureShape,
        FlywheelShape,
        RedactShape,
        TriggerShape,
    )

# `library.url` is where people share what they learnt: Git binds its passwords to their host.
# The keys of `patterns` are names of what is to be redacted: `password` may well be one.
FREE = frozenset({"library", "patterns"})


def parse_flywheel(data: bytes, file: str = FILE) -> Plan:
    """
    Read `flywheel.yaml`; an empty one is all defaults.

    A repository's file may name, never redirect (docs/cases.md, "Endpoints and keys"): it holds no
    endpoint and no key, the logs are inside the repository, the engine is one of this machine.
    Raises UserError with file, line, column, key and what would be right.

    >>> plan = parse_flywheel(b"triggers: [{when: upsell_rate < 20%, cooldown: 3 days}]")
    >>> plan.triggers[0].when, str(plan.triggers[0].cooldown), plan.analyze.engine
    ('upsell_rate < 20%', '3 days, 0:00:00', 'duckdb')
    """
    from promptgit.config.mistakes import checked
    from promptgit.config.redirects import refuse_redirects

    located = parse_yaml(data, file)
    if located.data is None:
        return Plan(file=file)
    refuse_redirects(located, free=FREE)
    shape: FlywheelShape = checked(located, "flywheel")
    written = _set(shape)
    found: dict[str, Any] = {
        name: written[name] for name in ("schedule", "environment") if name in written
    }
    if shape.capture:
        found["capture"] = _capture(shape.capture)
    if shape.analyze:
        found["analyze"] = _analyze(shape.analyze)
    if shape.triggers is not None:
        found["triggers"] = tuple(map(_rule, shape.triggers))
    if shape.improve:
        found["improve"] = Improve(**_set(shape.improve))
    if shape.deploy:
        found["deploy"] = Deploy(**_set(shape.deploy))
    if shape.measure:
        found["measure"] = Measure(**_set(shape.measure))
    if shape.library:
        found["library"] = Library(**_set(shape.library))
    return Plan(**found, file=file)


def _capture(shape: CaptureShape) -> Capture:
    from promptgit.config.flywheel_shapes import FOR_EVER

    found = _set(shape)
    if shape.retention is not None:
        kept = None if shape.retention == FOR_EVER else duration(shape.retention)
        found["retention"] = kept
    if shape.redact:
        found["redact"] = _redact(shape.redact)
    return Capture(**found)


def _redact(shape: RedactShape) -> Redact:
    found = _set(shape)
    if shape.patterns:
        found["patterns"] = tuple(shape.patterns.items())
    return Redact(**found)


def _analyze(shape: AnalyzeShape) -> Analyze:
    found = _set(shape)
    if shape.window is not None:
        found["window"] = duration(shape.window)
    if shape.judge:
        found["judge"] = Judge(**_set(shape.judge))
    return Analyze(**found)


def _rule(shape: TriggerShape) -> Rule:
    found = _set(shape)
    cooldown: timedelta | None = duration(shape.cooldown) if shape.cooldown else None
    if cooldown is not None:
        found["cooldown"] = cooldown
    return Rule(**found)


def _set(shape: Any) -> dict[str, Any]:
    """What a mapping says, lists as tuples."""
    found = shape.model_dump(exclude_unset=True, exclude_none=True)
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
    }
