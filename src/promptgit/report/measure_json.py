"""A measurement for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptgit.flywheel.measure import Measurement
from promptgit.flywheel.proposal import Compared, Guarded, Proposal, effects_json

SCHEMA = 1


def measurement(
    found: Measurement, of: Compared, guards: Sequence[Guarded], proposal: Proposal | None
) -> dict[str, Any]:
    """Every number of it, by the name of the difference."""
    earlier = of.earlier
    return {
        "schema": SCHEMA,
        "prompt": of.prompt,
        "path": of.path,
        "environment": of.environment,
        "how": found.how,
        "before": of.before or None,
        "after": of.after or None,
        "window": {"since": of.window.since, "until": of.window.until},
        "earlier": {"since": earlier.since, "until": earlier.until} if earlier else None,
        "days": found.days,
        "conversations": list(found.conversations),
        "left_out": found.left_out,
        "effects": effects_json(found),
        "guards": [
            {"condition": one.condition, "holds": one.holds, "figures": one.figures}
            for one in guards
        ],
        "proposal": {"move": proposal.move, "why": proposal.why} if proposal else None,
    }
