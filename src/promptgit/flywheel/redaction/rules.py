"""What finds something: a span, a rule that the user wrote, a finder from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from promptgit.errors import UserError

TIMEOUT_S = 1.0  # of one of the user's patterns, on one text
KINDS = (
    *("email", "phone", "card", "iban", "ip", "secret", "name"),
    *("document", "birthdate", "mac", "address"),
)  # what the package's own rules find
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,30}")


class Span(NamedTuple):
    """Something found in a text: what is at [start, stop), and its value however written."""

    start: int
    stop: int
    kind: str  # `email`, `phone`, …: the first half of a pseudonym
    value: str  # normalised, so that the same thing has the same pseudonym everywhere


class Finder(Protocol):
    """Finds what no rule finds; presidio is one."""

    def __call__(self, text: str) -> Iterable[Span]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A pattern of the user's own, in the syntax of Python's `regex` package.

    The group `value` is what is taken out, else all that matches.  Raises UserError for a kind
    or a pattern that cannot be used.
    """

    kind: str
    pattern: str
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        import regex as engine

        if not _KIND.fullmatch(self.kind):
            raise UserError(
                f"{self.kind!r} is no kind of thing to redact",
                hint="use lower case letters, digits and hyphens: `customer-number`",
            )
        try:
            compiled = engine.compile(self.pattern)
        except (engine.error, ValueError, OverflowError, RecursionError) as error:
            raise UserError(
                f"the pattern of the redaction rule {self.kind!r} cannot be read: {error}",
                hint=f"it is {self.pattern!r}",
            ) from error
        object.__setattr__(self, "_compiled", compiled)

    def __call__(self, text: str) -> Iterable[Span]:
        """Yield what matches; all of the text when the pattern takes too long on it."""
        group = "value" if "value" in self._compiled.groupindex else 0
        try:
            found = [
                Span(match.start(group), match.end(group), self.kind, _plain(match[group]))
                for match in self._compiled.finditer(text, timeout=TIMEOUT_S)
                if match[group]
            ]
        except TimeoutError:  # better nothing is kept than something personal
            return [Span(0, len(text), self.kind, _plain(text))]
        return found


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())
