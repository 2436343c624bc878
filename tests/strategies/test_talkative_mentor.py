"""A mentor that writes far more patches than it was asked for spends nobody's budget on them."""

from __future__ import annotations

import pytest

from improve.toy import SEED
from promptgit.core.candidate import Candidate
from promptgit.improve.ground import Ground
from promptgit.improve.sieve import Sieve
from promptgit.strategies.breeder import breeder
from promptgit.strategies.critique import critique
from promptgit.strategies.gepa import gepa
from promptgit.strategies.interview import interview
from promptgit.strategies.mixture import Expert, experts
from promptgit.strategies.patterns import patterns
from strategies.learning import a_talking_lab, patch_adding

WRITTEN = 100


def talkative(request):
    """Answer any request with a hundred useless patches."""
    return "\n\n".join(patch_adding(f"Rule {number}.") for number in range(WRITTEN))


def rules_tried(lab) -> int:
    return sum("Rule" in known.evaluation.prompt.text for known in lab.results.values())


@pytest.mark.parametrize(
    ("strategy", "asked_for"),
    [
        (critique, {"patches": 3}),
        (interview, {"changes": 3}),
        (patterns, {"patterns": 3}),
        (gepa, {"patches": 3}),
        (breeder, {"children": 3}),
    ],
)
def test_no_more_patches_are_tried_than_were_asked_for(strategy, asked_for):
    lab = a_talking_lab(talkative)

    list(strategy(SEED, lab, rounds=1, **asked_for))

    assert 1 <= rules_tried(lab) <= 3


@pytest.mark.parametrize("expert", experts(3, 4), ids=lambda one: one.name)
def test_no_expert_of_the_mixture_brings_more(expert: Expert):
    lab = a_talking_lab(talkative)
    ground = Ground(lab, SEED)
    ground.look(20)
    sieve = Sieve(lab, ground, Candidate(SEED, lab.so_far(SEED)), 0.95)

    drafts = expert.ask(sieve, ground.misses(0.95))

    assert 1 <= len(drafts) <= 3
