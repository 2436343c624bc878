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
    title: Annotated[str, Field(max_length=200)] = ""
    field: FieldName
    patterns: Annotated[list[Pattern], Field(min_length=1, max_length=MOST_PATTERNS)]


class LearningEvidenceShape(Shape):
    said: Sentence
    record: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = ""


class OriginShape(Shape):
    repository: Annotated[str, Field(max_length=500)] = ""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$|^$")] = ""
    by: Annotated[str, Field(max_length=200)] = ""
    at: Annotated[str, Field(max_length=30)] = ""


class LearningShape(Shape):
    """A pattern has a `text`, a signature has `detectors`; never both."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["pattern", "signature"]
    name: Annotated[str, Field(pattern=SLUG, max_length=80)]
    about: Sentence
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None
    detectors: dict[DetectorName, SignatureShape] | None = None
    evidence: LearningEvidenceShape | None = None
    from_: Annotated[OriginShape | None, Field(alias="from")] = None
