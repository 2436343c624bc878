"""What is counted: metrics over detectors and fields, as Σx / Σn over conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from promptgit.flywheel.cube import Metric
from promptgit.flywheel.detectors.detector import Detector

CALLS = "calls"
CONVERSATIONS = "conversations"

How = Literal["count", "share", "mean", "sum"]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    How a metric is counted in one conversation.

    how: `count` and `share`: x = calls (or conversations) in which the detector `what` fired, of
    n = those in which `of` fired, or of all `calls`, or of all `conversations`; a count shows x, a
    share x / n.  `mean` and `sum`: x = the values of the field `what`, times `scale`, n = how many
    there are, or 1.
    where: only conversations in which this detector fired; empty: all.
    """

    metric: Metric
    how: How
    what: str
    of: str = CONVERSATIONS
    where: str = ""
    scale: float = 1.0
    failure: str = ""  # the detector that shows what went wrong
    worth: float = 1.0  # of one conversation set right, against one poor answer; 0: never proposed

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors that it rests on."""
        named = [self.where] if self.where else []
        if self.how in ("count", "share"):
            named.append(self.what)
            if self.of not in (CALLS, CONVERSATIONS):
                named.append(self.of)
        return tuple(named)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All detectors and metrics of one analysis, in the order of their files."""

    detectors: Mapping[str, Detector] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Mapping[str, Measured] = field(default_factory=lambda: MappingProxyType({}))
    overridden: tuple[str, ...] = ()  # names of shipped ones that the user's own files replace

    def is_sampled(self, metric: str) -> bool:
        """Whether a metric rests on what only a sample is asked about."""
        return any(self._sampled(name) for name in self.metrics[metric].detectors)

    def _sampled(self, name: str) -> bool:
        detector = self.detectors[name]
        return detector.is_sampled or any(self._sampled(part) for part in detector.parts)

    def only(self, wanted: tuple[str, ...]) -> Rulebook:
        """Leave these metrics; all detectors stay."""
        kept = {name: one for name, one in self.metrics.items() if name in wanted}
        return Rulebook(self.detectors, kept, self.overridden)
