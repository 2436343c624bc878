"""Names that no rule finds, by presidio (the extra `pii`, and a spaCy model for the language)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promptgit.errors import UserError
from promptgit.flywheel.redaction.rules import Span

KINDS = {"PERSON": "name", "LOCATION": "address"}
LEAST_SURE = 0.5
_EXTRA = "pip install presidio-analyzer"


class Presidio:
    """Finds people and places as presidio does; one engine, made when it is first needed."""

    def __init__(self, engine: Any = None, language: str = "en") -> None:
        self.language = language
        self._engine = engine or _analyzer()

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield what presidio is sure of; a text without a capital letter is not looked at."""
        if text.islower() or not any(map(str.isalpha, text)):
            return
        found = self._engine.analyze(
            text=text, language=self.language, entities=list(KINDS), score_threshold=LEAST_SURE
        )
        for one in found:
            value = " ".join(text[one.start : one.end].casefold().split())
            if value and "<" not in value and ":" not in value:  # of a pseudonym
                yield Span(one.start, one.end, KINDS[one.entity_type], value)


def _analyzer() -> Any:
    try:
        from presidio_analyzer import AnalyzerEngine
    except ImportError as error:
        raise UserError("redaction with presidio needs a package", hint=_EXTRA) from error
    return AnalyzerEngine()
