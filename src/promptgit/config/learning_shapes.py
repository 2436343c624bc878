"""The shape of a learning in a shared repository.  It comes from others: data only, no code."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from promptgit.config.detector_shapes import DetectorName, FieldName, Pattern
from promptgit.config.shape import Shape
from promptgit.flywheel.learning import LONGEST_TEXT, MOST_PATTERNS

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Sentence = Annotated[str, Field(min_length=1, max_length=500)]


class SignatureShape(Shape):
    """One way to attack, as a detector of expressions."""

    title: str = Field(default="", max_length=200, examples=["asks for another role"])
    field: FieldName = Field(examples=["input"])
    patterns: list[Pattern] = Field(
        min_length=1, max_length=MOST_PATTERNS, examples=[["you are now (a|an|the) "]]
    )


class LearningEvidenceShape(Shape):
    """What was measured where it comes from."""

    said: Sentence = Field(examples=["whole run: 0.559 -> 0.724  +34 -8  sealed n=68"])
    record: str = Field(default="", pattern=r"^[0-9a-f]{64}$", examples=["0123456789abcdef" * 4])


class OriginShape(Shape):
    """Where it comes from, as whoever published it says."""

    repository: str = Field(default="", max_length=500, examples=["https://git.example.com/shop"])
    commit: str = Field(default="", pattern=r"^[0-9a-f]{7,64}$|^$", examples=["5cc4591d3a"])
    by: str = Field(default="", max_length=200, examples=["Ada"])
    at: str = Field(default="", max_length=30, examples=["2026-11-21"])


class LearningShape(Shape):
    """A pattern has a `text`, a signature has `detectors`; never both."""

    schema_: Literal[1] = Field(alias="schema", examples=[1])
    kind: Literal["pattern", "signature"] = Field(examples=["pattern"])
    name: str = Field(pattern=SLUG, max_length=80, examples=["ask-first"])
    about: Sentence = Field(examples=["Ask for the order number first."])
    text: str | None = Field(
        default=None,
        max_length=LONGEST_TEXT,
        description="pattern: what was added to a prompt",
        examples=["Ask for the order number before you promise anything."],
    )
    detectors: dict[DetectorName, SignatureShape] | None = Field(
        default=None,
        description="signature: detectors that are expressions and nothing else",
        examples=[{"role_swap": {"field": "input", "patterns": ["you are now (a|an|the) "]}}],
    )
    evidence: LearningEvidenceShape | None = Field(
        default=None, examples=[{"said": "whole run: 0.559 -> 0.724"}]
    )
    from_: OriginShape | None = Field(default=None, alias="from", examples=[{"by": "Ada"}])
