"""
Mixture: several ways to ask the mentor, and a bandit that learns which of them pays here.

The experts are the requests of the other strategies: patches for groups of misses (`critique`),
reflection on a minibatch (`gepa`), an interview, and the patterns of the best answers.  They share
everything: one best prompt, one sieve, all answers and all refusals.  Who asks next is drawn by
how many patches each has had accepted for the calls that it took.

Thompson, "On the likelihood that one unknown probability exceeds another", Biometrika 25 (1933),
with acceptances as a Poisson process in calls spent: the posterior of its rate is a Gamma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Result
from promptgit.core.prompt import Prompt
from promptgit.improve.agenda import Agenda
from promptgit.improve.ground import Ground
from promptgit.improve.grouping import grouped
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.performers import Performer
from promptgit.improve.reading import as_seen
from promptgit.improve.sieve import Sieve
from promptgit.strategies.critique import thorough, with_examples
from promptgit.strategies.gepa import reflected
from promptgit.strategies.interview import drafts_in, interviewed
from promptgit.strategies.patterns import Sides, known, named

Ask = Callable[[Sieve, Sequence[Result]], Sequence[Draft]]  # for patches that mend these misses

MENTOR_PRICE = 10  # calls of the model that one request to the mentor counts for
PRIOR = 1.0, 100.0  # acceptances, and the calls that they took: what any expert is taken for
MINIBATCH = 3  # misses that one reflection is about
INTERVIEWED = 8  # misses that one interview is about
SIDE = 6  # answers on each side that patterns are looked for in
IN_PRODUCTION = 3  # requests at most about the answers of production, before all others


@dataclass
class Expert:
    """One way to ask, and what came of it so far."""

    name: str
    ask: Ask
    accepted: int = 0
    calls: int = 0

    def drawn(self, lab: Lab) -> float:
        """Draw a rate of acceptances a call from what is known of it."""
        accepted, calls = PRIOR
        return lab.rng.gammavariate(accepted + self.accepted, 1.0 / (calls + self.calls))


def mixture(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 100,
    patience: int = 8,
    target: float = 1.0,
    patches: int = 4,
    first_look: int = 20,
    next_look: int = 10,
    miss_threshold: float = 0.95,
    misses_shown: int = 4,
    asked_most: int = 6,
    min_improvement: float = 0.0,
    exemplars: int = 0,
    performers: Sequence[Performer] = (),
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that beats the one before it, whoever proposed it.

    rounds: requests to the mentor at most.  patience: rounds in a row without a gain before
    a phase ends.  target: a mean search score (0 to 1) that is good enough.  patches: that one
    request asks for.  first_look, next_look: cases to look at in the beginning, and whenever few
    misses are left.  miss_threshold: a score (0 to 1) below which a case is a miss.
    misses_shown: of a group, at most.  asked_most: how often the mentor may be asked about one
    miss.  min_improvement: gain in the mean that a patch must show where it is raced, in score
    points (0 to 1).  exemplars: worked examples to try first, 0 for none; like any patch they
    stay only if they help.  performers: scored answers of production, to be asked about before
    all else; promptgit fills it in.
    """
    ground = Ground(lab, seed)
    ground.look(first_look)
    sieve = Sieve(lab, ground, Candidate(seed, lab.so_far(seed)), miss_threshold, min_improvement)
    yield sieve.best

    yield from with_examples(sieve, exemplars)
    yield from from_production(sieve, performers, patches)
    crew = experts(patches, misses_shown)
    agenda = Agenda(ground, miss_threshold, patches, next_look, asked_most)
    fruitless = 0
    while lab.round < rounds and fruitless < patience and ground.mean < target:
        misses = agenda.misses()
        if not misses:
            break
        expert = max(crew, key=lambda one: one.drawn(lab))
        before = len(lab.ran)
        fruitless += 1
        drafts = expert.ask(sieve, misses)
        shown = [name for draft in drafts for name in draft.shown]
        agenda.note(shown or [miss.case_id for miss in misses[:MINIBATCH]])
        for child in sieve.sifted(drafts):
            fruitless = 0
            expert.accepted += 1
            yield child
        expert.calls += MENTOR_PRICE + len(lab.ran) - before
        lab.notebook.note(
            "expert",
            round=lab.round,
            name=expert.name,
            accepted=expert.accepted,
            calls=expert.calls,
        )

    yield from thorough(
        sieve,
        rounds=rounds,
        patience=patience,
        target=target,
        next_look=next_look,
        shown=patches * misses_shown,
    )


def from_production(
    sieve: Sieve, performers: Sequence[Performer], patches: int
) -> Iterator[Candidate]:
    """Ask what the top answers of production share that the rest lack, while that pays."""
    lab = sieve.lab
    for _ in range(IN_PRODUCTION if performers else 0):
        lab.round += 1
        sides = Sides.of(performers, sieve.threshold, SIDE, ())
        before = sieve.best
        for draft in named(lab, sieve, sides, (), patches):
            rebased = lab.rebased(sieve.best, draft)
            child = sieve.raced(rebased) if rebased else None
            if child is not None:
                yield child
        if sieve.best is before:
            return


def experts(patches: int, misses_shown: int) -> list[Expert]:
    """Everybody who may be asked, none of them known yet."""

    def critique(sieve: Sieve, misses: Sequence[Result]) -> Sequence[Draft]:
        groups = grouped(misses, sieve.ground.alike, groups=patches, shown=misses_shown)
        return sieve.lab.patches(sieve.best, groups, mean=sieve.ground.mean)

    def reflection(sieve: Sieve, misses: Sequence[Result]) -> Sequence[Draft]:
        sieve.lab.round += 1
        batch = sieve.lab.rng.sample(list(misses), min(MINIBATCH, len(misses)))
        return list(reflected(sieve.lab, as_seen(sieve), batch, patches))

    def interview(sieve: Sieve, misses: Sequence[Result]) -> Sequence[Draft]:
        sieve.lab.round += 1
        shown = spread(sieve, misses, INTERVIEWED)
        answer = interviewed(sieve.lab, as_seen(sieve), shown, patches)
        return drafts_in(sieve.lab, sieve.best, answer, shown, patches) if answer else []

    def patterns(sieve: Sieve, misses: Sequence[Result]) -> Sequence[Draft]:
        sieve.lab.round += 1
        shown = spread(sieve, misses, SIDE)
        sides = Sides.of(known(sieve), sieve.threshold, SIDE, shown)
        return named(sieve.lab, sieve, sides, shown, patches)

    asks = (critique, reflection, interview, patterns)
    return [Expert(ask.__name__, ask) for ask in asks]


def spread(sieve: Sieve, misses: Sequence[Result], count: int) -> list[Result]:
    """Choose misses that stand for the others; about half of them are left to test on."""
    most = min(count, (len(misses) + 1) // 2)
    groups = grouped(misses, sieve.ground.alike, groups=most, shown=1)
    return [miss for group in groups for miss in group.shown]
