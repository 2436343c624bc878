"""check_strategy: every strategy of ours passes, and each law catches its culprit."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case, Dataset
from promptgit.core.patch import derive
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.improve.mentor import Draft
from promptgit.testing import check_strategy


def patient(seed, lab, *, rounds=8):
    """The strategy of docs/plugins.md: plain, and within the law."""
    best = lab.candidate(seed)
    yield best
    for _ in range(rounds):
        training, validation = lab.begin_round(0, 0)
        draft = lab.propose(best, lab.misses(best, training, 1.0)[:5])
        child = draft and lab.screen(best, draft, validation)
        if child:
            best = child
            yield best


def test_a_plain_strategy_obeys():
    check_strategy(patient)
    check_strategy(patient, options={"rounds": 2})


@pytest.mark.parametrize("name", plugins.names("strategies"))
def test_every_strategy_that_there_is_obeys(name):
    check_strategy(plugins.strategy(name))


def caught(strategy, law, **more):
    with pytest.raises(AssertionError, match=law):
        check_strategy(strategy, **more)


def adding(seed, line):
    """A draft of our own, that no mentor wrote."""
    text = f"{seed.text}{line}\n"
    return Draft("ours", ("ours",), (), derive("prompts/toy.md", seed.text, text))


def test_one_that_yields_something_else_first():
    def rash(seed, lab):
        yield lab.candidate(seed.edited("You know apples.\n"))

    caught(rash, "not the seed: begin with")


def test_one_that_yields_what_nobody_screened():
    def trusting(seed, lab):
        first = lab.candidate(seed)
        yield first
        draft = adding(seed, "You know apples.")
        child = seed.edited(draft.patch.after)
        yield lab.candidate(child, parents=[first], patch=draft.patch)

    caught(trusting, "was not screened: yield what `lab.screen` returns")


def test_one_that_forgets_where_a_candidate_came_from():
    def orphaned(seed, lab):
        for candidate in patient(seed, lab):
            yield candidate if candidate.patch is None else replace(candidate, parents=())

    caught(orphaned, "has no parents")


def test_one_whose_candidates_come_of_others_that_were_never_yielded():
    def secretive(seed, lab):
        found = list(patient(seed, lab))
        yield from (found[0], *found[2:])

    caught(secretive, "never yielded: yield every candidate")


def test_one_that_draws_from_another_source_of_chance():
    def erratic(seed, lab):
        yield from patient(seed, lab, rounds=random.randrange(1, 9))

    caught(erratic, "same seed gave other proposals: draw from `lab.rng`")


def test_one_that_flatters():
    def flattering(seed, lab):
        first = lab.candidate(seed)
        results = tuple(replace(result, score=1.0) for result in first.evaluation.results)
        yield replace(first, evaluation=replace(first.evaluation, results=results))

    caught(flattering, "and does not: a candidate carries the evaluation of its own text")


def test_one_that_looks_at_cases_it_was_not_given():
    def peeping(seed, lab):
        yield lab.candidate(seed)
        lab.evaluate(seed, Dataset((Case("sealed-1", {"question": "What of rye?"}, "right"),)))

    caught(peeping, "'sealed-1', which is no search case")


def test_one_that_goes_round_the_lab():
    def sly(seed, lab):
        yield lab.candidate(seed)
        lab.evaluator(seed.edited("You know apples.\n"), lab.search)

    caught(sly, "calls `lab.evaluator`.*call `lab.evaluate`")


def test_one_that_tries_what_the_guard_refused():
    def bold(seed, lab):
        first = lab.candidate(seed)
        yield first
        draft = adding(seed, "You know nothing more.")
        lab.vetted(first, draft)
        lab.screen(first, draft, lab.search)

    caught(bold, "a text that the guard refused")


def test_one_that_goes_on_when_the_budget_is_spent():
    def stubborn(seed, lab):
        yield lab.candidate(seed)
        for number in range(100_000):
            try:
                lab.evaluate(seed.edited(f"You know {number}.\n"), lab.search)
            except BudgetSpent:
                continue

    caught(stubborn, "goes on asking when the budget is spent: let BudgetSpent end the loop")


def test_one_that_asks_on_although_nothing_is_left():
    def nagging(seed, lab):
        best = lab.candidate(seed)
        yield best
        while True:
            try:
                lab.mentor.critique(best, best.evaluation.misses(1.0)[:1], (), "fence")
            except BudgetSpent:
                continue

    caught(nagging, "goes on asking when the budget is spent")


def test_one_that_spends_what_is_kept_for_the_confirmation():
    def talkative(seed, lab):
        best = lab.candidate(seed)
        yield best
        for _ in range(200):
            lab.mentor.critique(best, best.evaluation.misses(1.0)[:1], (), "fence")

    caught(talkative, "spent 260 calls, and 200 of 400 are kept: evaluate before")


def test_one_that_never_gives_up_on_a_mentor_that_is_not_there():
    def hopeful(seed, lab):
        best = lab.candidate(seed)
        yield best
        draft = None
        while draft is None:
            draft = lab.propose(best, best.evaluation.misses(1.0)[:1])

    caught(hopeful, "never gives up on a mentor|goes on asking")


def test_one_that_falls_over_what_a_mentor_writes():
    def strict(seed, lab):
        best = lab.candidate(seed)
        yield best
        reply = lab.mentor.critique(best, best.evaluation.misses(1.0)[:1], (), "fence")
        assert reply.startswith("The prompt does not know"), "not what I asked for"

    caught(strict, "(?s)a mentor that is silent: it raised AssertionError.*words are data")


def test_one_that_does_not_survive_a_mentor_that_cannot_be_reached():
    def frail(seed, lab):
        best = lab.candidate(seed)
        yield best
        try:
            lab.mentor.critique(best, best.evaluation.misses(1.0)[:1], (), "fence")
        except CallFailed as error:
            raise RuntimeError("no mentor") from error

    caught(frail, "cannot be reached: it raised RuntimeError")


def test_one_that_does_not_end():
    gone = threading.Event()

    def endless(seed, lab):
        yield lab.candidate(seed)
        gone.wait(60)

    caught(endless, "did not end within 0.5 s", seconds=0.5)
    gone.set()


def test_one_that_yields_without_end():
    def chatty(seed, lab):
        best = lab.candidate(seed)
        while True:
            yield best

    caught(chatty, "candidates and went on|candidate 1 has no parents")
