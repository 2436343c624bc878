"""
Which of several records speaks for a text.

The rules, in this order; none of them asks which command ran last, except between equals:

1. A confirmation of exactly this step, from the text before to this one, speaks first; so does
   one of the step back, which a revert takes.
2. Then the widest record: all cases before the search half, that before the sealed half, and a
   check that stopped early, which is biased by when it stopped, last of all.  Within a half, more
   cases before fewer.
3. Of records as wide, one of exactly this step (it knows the score before and the flips), then
   one whose terms the text before was scored under too, then an evaluation.  Then the newest.

The score before is always under the terms of the score after: the same cases, suite and model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from promptgit.history.finding import PART, Finding

HALVES = ("all", "search", "sealed", "", PART)  # whose score speaks for a text, first to last

Breadth = tuple[int, int]


def choose(
    found: Sequence[Finding],
    was: str,
    named: str = "",
    before: Collection[Finding] = (),
) -> Finding | None:
    """
    Pick the finding that says most about replacing `was` by this text; `found` is newest first.

    `named` is the record that the commit names, and `before` is what is known of `was`.
    """
    proofs = [one for one in found if was and one.was == was and (one.confirmed or one.takes_back)]
    if proofs:
        return min(proofs, key=lambda one: (one.digest != named, not one.confirmed))

    def rank(one: Finding) -> tuple[Breadth, bool, bool, bool]:
        exact = bool(was) and one.was == was
        alike = any(one.comparable(other) for other in before)
        return breadth(one), not exact, not alike, one.stage != "evaluation"

    return min(found, key=rank, default=None)


def confirmation(found: Sequence[Finding], named: str = "") -> Finding | None:
    """The finding that confirmed the text: the one that the commit names, else the newest."""
    proofs = [one for one in found if one.confirmed]
    return min(proofs, key=lambda one: one.digest != named, default=None)


def breadth(one: Finding) -> Breadth:
    """Say how much of the cases a finding saw, for sorting: the widest first."""
    half = HALVES.index(one.half) if one.half in HALVES else HALVES.index("")
    return half, -(one.n or 0)
