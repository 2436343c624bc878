"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass

from promptgit.core.ports import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached_input: float | None = None  # None: as `input`

    def of(self, usage: Usage) -> float:
        """
        Return the price of a call in US dollars.

        >>> Price(2.0, 8.0, 0.5).of(Usage(1000, 100, cached_input_tokens=400))
        0.0022
        """
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_input_tokens
        per_million = (
            fresh * self.input
            + usage.cached_input_tokens * cached
            + usage.output_tokens * self.output
        )
        return per_million / 1_000_000
