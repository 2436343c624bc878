"""
Quarantine: cases that count for nothing, because they flip by themselves.

It is a loan, not a gift: each has a name, an owner, a reason and a last day, and there are few.
What breaks these rules fails the check, and the case counts as if it were not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from promptgit.core.dataset import Dataset
from promptgit.core.verdict import Policy, Quarantined

MOST = 0.05  # of the cases


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Who is set aside, and what is wrong with that."""

    cases: Mapping[str, Quarantined] = field(default_factory=dict)  # by id, those that hold
    faults: tuple[str, ...] = ()  # each one sentence


def quarantine(cases: Dataset, policy: Policy, today: date) -> Quarantine:
    """Sort the policy's quarantine into what holds today and what is wrong with it."""
    tags = {case.id: set(case.tags) for case in cases}
    protected = set(policy.must_pass)
    held: dict[str, Quarantined] = {}
    faults = []
    for entry in policy.quarantine:
        name = entry.case
        if name not in tags:
            faults.append(f"the quarantine names {name!r}, and no case is called that")
        elif protected & {name, *tags[name]}:
            faults.append(f"the must-pass case {name!r} cannot be quarantined")
        elif entry.until < today:
            faults.append(
                f"the quarantine of {name!r} ended on {entry.until.isoformat()}: "
                f"{entry.owner} was to look after it ({entry.reason})"
            )
        else:
            held[name] = entry
    if len(held) > MOST * len(cases):
        faults.append(
            f"{len(held)} of {len(cases)} cases are in quarantine, "
            f"more than the {100 * MOST:g} % allowed"
        )
    return Quarantine(held, tuple(faults))
