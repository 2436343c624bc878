"""The shape of a file of detectors, for validation and for JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from promptgit.config.shape import Shape
from promptgit.flywheel.detectors.detector import MAPPINGS, NUMBERS, OF_CONVERSATIONS, TEXTS
from promptgit.flywheel.detectors.pattern import fault_in

NAME = r"^[a-z][a-z0-9_]*$"
KINDS = (
    "patterns", "above", "below", "at_least", "at_most", "shorter_than", "longer_than", "is",
    "all", "any", "none", "fires", "first", "repeated", "leaks", "sql", "python", "rubric",
)  # fmt: skip
COMPARED = ("above", "below", "at_least", "at_most")
# Keys that a kind has beside its own.
BESIDE = {
    "patterns": ("field",),
    **dict.fromkeys(COMPARED, ("field", *COMPARED)),
    "shorter_than": ("field", "longer_than"),
    "longer_than": ("field", "shorter_than"),
    "is": ("field",),
    **dict.fromkeys(("all", "any", "none"), ("within",)),
    "fires": ("times",),
    "first": ("then",),
    "leaks": ("lines",),
    "rubric": ("below",),
}


def _known_field(name: str) -> str:
    first, dot, rest = name.partition(".")
    if dot and first in MAPPINGS and rest:
        return name
    if not dot and name in (*TEXTS, *NUMBERS, *OF_CONVERSATIONS):
        return name
    from difflib import get_close_matches

    close = get_close_matches(first, (*TEXTS, *NUMBERS, *OF_CONVERSATIONS, *MAPPINGS), n=1)
    more = f"did you mean {close[0]!r}?" if close else "such as input, output or facts.agent"
    raise ValueError(f"no log line has this field; {more}")


def _good_pattern(pattern: str) -> str:
    if fault := fault_in(pattern):
        raise ValueError(fault)
    return pattern


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


FieldName = Annotated[str, AfterValidator(_known_field)]
Pattern = Annotated[str, AfterValidator(_good_pattern)]
DetectorName = Annotated[str, Field(pattern=NAME)]
Names = Annotated[list[DetectorName], Field(min_length=1)]


class DetectorShape(Shape):
    """What is so, of a call or a conversation: one kind of condition, and what belongs to it."""

    title: str | None = Field(default=None, description="for a person", examples=["too short"])
    field: FieldName | None = Field(
        default=None,
        description="what is looked at: input, output, system, latency_ms, facts.NAME, "
        "scores.NAME, inputs.NAME, …",
        examples=["output"],
    )
    patterns: list[Pattern] | None = Field(
        default=None,
        min_length=1,
        description="regular expressions in lower case; one of them is found",
        examples=[["ignore (all )?previous instructions"]],
    )
    above: float | None = Field(default=None, examples=[5000])
    below: float | None = Field(
        default=None, description="of a number; or of the judge's grade", examples=[0.5]
    )
    at_least: float | None = Field(default=None, examples=[1])
    at_most: float | None = Field(default=None, examples=[3])
    shorter_than: int | None = Field(default=None, ge=1, description="characters", examples=[20])
    longer_than: int | None = Field(default=None, ge=0, description="characters", examples=[2000])
    is_: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] | (
        None
    ) = Field(default=None, alias="is", description="one of these texts", examples=["accepted"])
    all: Names | None = Field(default=None, description="these fire", examples=[["injection"]])
    any: Names | None = Field(
        default=None, description="one of these fires", examples=[["injection"]]
    )
    none: Names | None = Field(
        default=None, description="none of these fires", examples=[["blocked"]]
    )
    within: Literal["call", "conversation"] | None = Field(
        default=None,
        description="all, any, none: in one call, or anywhere in one conversation",
        examples=["conversation"],
    )
    fires: DetectorName | None = Field(
        default=None,
        description="this one fires `times` times in a conversation",
        examples=["injection"],
    )
    times: int | None = Field(default=None, ge=2, examples=[2])
    first: DetectorName | None = Field(
        default=None,
        description="this one fires, and in a later call `then`",
        examples=["probing"],
    )
    then: DetectorName | None = Field(default=None, examples=["injection"])
    repeated: Literal["output", "input"] | None = Field(
        default=None, description="the same text twice in a conversation", examples=["output"]
    )
    leaks: int | None = Field(
        default=None,
        ge=20,
        description="lines of the prompt of at least so many characters stand in the answer",
        examples=[40],
    )
    lines: int | None = Field(
        default=None, ge=1, description="so many different ones; default 1", examples=[2]
    )
    sql: str | None = Field(
        default=None,
        min_length=1,
        description="a condition in DuckDB's SQL over the fields of a call",
        examples=["latency_ms > 2000 and model like 'gpt%'"],
    )
    python: str | None = Field(
        default=None,
        pattern=r"^file://[^:]+:[A-Za-z_]\w*$",
        description="file://PATH:FUNCTION, asked about a sample with --allow-code",
        examples=["file://detectors/tone.py:is_rude"],
    )
    rubric: str | None = Field(
        default=None,
        min_length=1,
        description="a judge grades a sample by it; a grade below `below` (0.5) fires",
        examples=["The answer names the next step."],
    )

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> DetectorShape:
        written = [name for name, value in _written(self).items() if value is not None]
        kinds = [name for name in KINDS if name in written]
        if "rubric" in kinds:
            kinds = [name for name in kinds if name != "below"]
        if not kinds:
            raise ValueError(f"it says nothing to look for; write one of {', '.join(KINDS)}")
        kind = kinds[0]
        allowed = (kind, "title", *BESIDE.get(kind, ()))
        odd = [name for name in written if name not in allowed]
        if odd:
            raise ValueError(f"`{kind}` and `{odd[0]}` do not go together; make two detectors")
        needed = [n for n in ("field", "then") if n in BESIDE.get(kind, ()) and n not in written]
        if needed:
            raise ValueError(f"`{kind}` needs `{needed[0]}:` beside it")
        is_fact = (self.field or "").startswith("facts.")
        if kind in COMPARED and _is_text(self.field) and not is_fact:
            raise ValueError(f"{self.field} is text, and `{kind}` compares numbers")
        if kind in ("patterns", "shorter_than", "longer_than", "is") and not _is_text(self.field):
            raise ValueError(f"{self.field} is a number, and `{kind}` is about text")
        return self


class MetricShape(Shape):
    """A number over detectors or fields, with an interval over conversations."""

    title: str | None = Field(default=None, description="for a person", examples=["leaks"])
    count: DetectorName | None = Field(
        default=None, description="how often this detector fires", examples=["injection"]
    )
    share: DetectorName | None = Field(
        default=None,
        description="which share of `of` this detector fires in",
        examples=["short_answer"],
    )
    of: DetectorName | None = Field(
        default=None,
        description="calls, conversations, or the calls in which a detector fires",
        examples=["calls"],
    )
    mean: FieldName | None = Field(default=None, examples=["scores.quality"])
    sum: FieldName | None = Field(default=None, examples=["facts.value"])
    where: DetectorName | None = Field(
        default=None,
        description="only conversations in which this detector fires",
        examples=["resolved"],
    )
    scale: float | None = Field(default=None, gt=0, description="times this", examples=[10])
    unit: Literal["share", "number", "count", "ms", "s", "usd"] | None = Field(
        default=None, examples=["ms"]
    )
    better: Literal["higher", "lower"] | None = Field(
        default=None, description="what is good; default: neither", examples=["lower"]
    )

    failure: DetectorName | None = Field(
        default=None,
        description="the detector that shows what went wrong; examples are taken from there",
        examples=["missing_steps"],
    )
    worth: float | None = Field(
        default=None,
        ge=0,
        description="of one conversation set right, against one poor answer; 0: never proposed",
        examples=[3],
    )

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> MetricShape:
        kinds = [name for name in ("count", "share", "mean", "sum") if getattr(self, name)]
        if len(kinds) != 1:
            raise ValueError("it has one of count, share, mean and sum")
        field = self.mean or self.sum
        if field and _is_text(field) and not field.startswith("facts."):
            raise ValueError(f"{field} is text, and a {kinds[0]} is of numbers")
        if self.of and kinds[0] not in ("share", "count"):
            raise ValueError("`of` belongs to `share` and `count`")
        return self


class DetectorsShape(Shape):
    """A file of detectors and metrics: detectors/NAME.yaml in the repository."""

    group: str | None = Field(
        default=None,
        description="where metrics are listed; default: the file's name",
        examples=["security"],
    )
    detectors: dict[str, DetectorShape] | None = Field(
        default=None, examples=[{"short_answer": {"field": "output", "shorter_than": 20}}]
    )
    metrics: dict[str, MetricShape] | None = Field(
        default=None, examples=[{"short_rate": {"share": "short_answer", "of": "calls"}}]
    )

    @model_validator(mode="after")
    def _has_plain_names(self) -> DetectorsShape:
        _refuse_names((*(self.detectors or {}), *(self.metrics or {})))
        return self


def _refuse_names(names: Iterable[str]) -> None:
    for name in names:
        if not re.fullmatch(NAME, name):
            raise ValueError(f"the name {name!r} is not made of lower-case letters, digits and _")


def _written(shape: Shape) -> dict[str, Any]:
    return {name.rstrip("_"): getattr(shape, name) for name in type(shape).model_fields}


def _is_text(field: str | None) -> bool:
    return field in TEXTS or (field or "").startswith(("facts.", "inputs."))
