"""What one question needs of the logs: which detectors, which fields, and what is summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from promptgit.edges.engines.columns import fields_of, may_come_later
from promptgit.flywheel.detectors.detector import (
    OF_CONVERSATIONS,
    Detector,
    Expression,
    Together,
    with_parts,
)
from promptgit.flywheel.detectors.measured import CALLS, CONVERSATIONS, Measured, Rulebook


@dataclass(frozen=True)
class Wanted:
    """Metrics and detectors of a rulebook; those that only a sample is asked about are left out."""

    rulebook: Rulebook
    metrics: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()  # beside those of the metrics

    @property
    def known(self) -> Mapping[str, Detector]:
        return self.rulebook.detectors

    @cached_property
    def measured(self) -> tuple[Measured, ...]:
        return tuple(
            self.rulebook.metrics[name]
            for name in self.metrics
            if not self.rulebook.is_sampled(name)
        )

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The detectors that are asked for by name."""
        found = [name for one in self.measured for name in one.detectors]
        return tuple(dict.fromkeys((*found, *self.detectors)))

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """They, and all that they are made of, parts first."""
        return tuple(with_parts(self.named, self.known))

    @cached_property
    def summed(self) -> tuple[str, ...]:
        """Detectors of single calls that are counted in each conversation."""
        parts = {
            part
            for name in self.flags
            if self.known[name].level == "conversation"
            for part in self.known[name].parts
        }
        wanted = parts | set(self.named)
        return tuple(n for n in self.flags if n in wanted and self.known[n].level == "call")

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Detectors of single calls that have to fire in the same call: a share of attempts."""
        return tuple(
            dict.fromkeys(
                (one.what, one.of)
                for one in self.measured
                if one.how in ("count", "share")
                and one.of not in (CALLS, CONVERSATIONS)
                and self.known[one.what].level == self.known[one.of].level == "call"
            )
        )

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Fields that are summed."""
        found = (one.what for one in self.measured if one.how in ("mean", "sum"))
        return tuple(dict.fromkeys(name for name in found if name not in OF_CONVERSATIONS))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Fields that are carried on from the line: numbers, and what feedback may change."""
        looked_at = (field for name in self.flags for field in fields_of(self.known[name]))
        return tuple(dict.fromkeys((*self.numbers, *filter(may_come_later, looked_at))))

    @cached_property
    def needs_duration(self) -> bool:
        return any(one.what == "duration_s" for one in self.measured)

    @cached_property
    def may_change_later(self) -> bool:
        """Whether feedback has to be looked at."""
        return any(map(may_come_later, self.fields))

    @cached_property
    def later(self) -> frozenset[str]:
        """Detectors that can be decided by feedback alone."""
        found: set[str] = set()
        for name in self.flags:
            detector = self.known[name]
            rule = detector.rule
            if isinstance(rule, Together):
                decided = [part in found for part in rule.parts]
                if (rule.how == "any" and any(decided)) or (rule.how == "all" and all(decided)):
                    found.add(name)
            elif not isinstance(rule, Expression) and any(map(may_come_later, fields_of(detector))):
                found.add(name)
        return frozenset(found)
