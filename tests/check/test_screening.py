"""Screening: an estimate with its label, never a proof."""

from __future__ import annotations

import pytest

from improve.toy import SEED, a_dataset, evaluated
from promptgit.check.screening import LABEL, screened
from promptgit.core.verdict import Outcome


def test_it_never_says_yes_however_large_the_gain():
    better = SEED.edited("know apples, know bread, know cheese, know dates")

    verdict = screened(evaluated(SEED, a_dataset()), evaluated(better, a_dataset()))

    assert verdict.effect == 1.0
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert not verdict
    assert verdict.reasons == (LABEL,)


def test_it_counts_what_was_fixed_and_broken():
    before, after = SEED.edited("know apples"), SEED.edited("know bread, know cheese")

    verdict = screened(evaluated(before, a_dataset()), evaluated(after, a_dataset()))

    assert sum(flip.fixed for flip in verdict.flips) == 20
    assert sum(not flip.fixed for flip in verdict.flips) == 10
    assert verdict.effect == pytest.approx(0.25)
    assert verdict.low < 0.25 < verdict.high
