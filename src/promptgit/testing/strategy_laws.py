"""
The laws of a strategy, tried in a toy world, with a word on what to mend for each.

    from promptgit.testing import check_strategy

    def test_patient():
        check_strategy(patient)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from promptgit.core.candidate import Candidate
from promptgit.core.ports import Request
from promptgit.errors import CallFailed
from promptgit.improve.improve import improve
from promptgit.testing.contained import within
from promptgit.testing.scripted import Line
from promptgit.testing.world import SEED, Runaway, Says, World, helpful

Strategy = Callable[..., Iterator[Candidate]]

GARBAGE = (
    "",
    "I would rather not.",
    "```diff\n@@\n-no such line\n+another\n```",
    "```diff\n@@ -1,99 +1,99 @@\n",
    '{"patches": [{"old": 3}]}',
    "\0\x1b[31m\u202e",
    "<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE",
    "word " * 5_000,
    "[" * 2_000,
)
MOST = 2_000  # candidates of one run
SECONDS = 120.0
SLACK = 12  # mentor calls of the round in which the search's share of the budget ends
BUDGETS = (0, 7, 70, 131, 400)  # calls


def check_strategy(
    strategy: Strategy, *, options: Mapping[str, Any] | None = None, seconds: float = SECONDS
) -> None:
    """
    Raise AssertionError, with the law and what to mend, where `strategy` breaks one.

    options: as `improve: {options: …}` would set them.  The laws: the seed comes first; every
    other candidate names parents that were yielded before it, and its patch leads from the first
    of them; none is yielded that was not screened, none has scores that are not its own; only
    search cases are evaluated, only through the lab, and no text that the guard refused; the
    budget is never exceeded, its end ends the loop, and what is kept for the confirmation is left;
    the same seed gives the same proposals; it ends, also with a mentor that is silent, writes
    nonsense or cannot be reached.
    """
    bound = partial(strategy, **(options or {}))
    told, again = _twice(bound, seconds)
    assert told == again, (
        "the same seed gave other proposals: draw from `lab.rng` only, and iterate over nothing "
        "that has no order"
    )
    for calls in BUDGETS:
        _run(f"a budget of {calls} calls", bound, World(calls=calls), seconds)
    _run("a reserve for the confirmation", bound, World(calls=400, reserve=200), seconds)
    for name, says in TRYING.items():
        _run(f"a mentor that {name}", bound, World(says, calls=800), seconds)


def _twice(strategy: Strategy, seconds: float) -> tuple[list[Any], list[Any]]:
    """Run with the same seed twice; whoever draws from Python's own source is found out."""
    state = random.getstate()
    found = []
    for other in (1, 99):
        random.seed(other)
        found.append(_run("a helpful mentor", strategy, World(seed=7), seconds))
    random.setstate(state)
    told, again = found
    return told, again


def _silent(_request: Request, _number: int) -> Line:
    return ""


def _malformed(_request: Request, number: int) -> Line:
    return GARBAGE[number % len(GARBAGE)]


def _unreachable(_request: Request, _number: int) -> Line:
    return CallFailed("the server is down", kind="server")


def _unsteady(request: Request, number: int) -> Line:
    """Helps, fails and writes nonsense in turn."""
    return (helpful, _unreachable, _malformed)[number % 3](request, number)


TRYING: Mapping[str, Says] = {
    "is silent": _silent,
    "writes nonsense": _malformed,
    "cannot be reached": _unreachable,
    "is unsteady": _unsteady,
}


def _run(with_what: str, strategy: Strategy, world: World, seconds: float) -> list[Any]:
    """Run to the end and hold it against every law; return what it did, to be compared."""
    found: list[Candidate] = []
    ended = within(seconds, lambda: _collect(strategy, world, found))
    where = f"with {with_what}"
    for breach in world.breaches[:1]:
        raise AssertionError(f"{where}: {breach}")
    assert ended is not None, (
        f"{where}: it did not end within {seconds:g} s: count rounds, and stop when none helps"
    )
    if ended.error is not None and not isinstance(ended.error, Runaway):
        raise AssertionError(
            f"{where}: it raised {ended.said}: a mentor's words are data, read them with "
            "`lab.propose`; let CallFailed and BudgetSpent of the lab through"
        ) from ended.error
    assert len(found) <= MOST, (
        f"{where}: it yielded {MOST} candidates and went on: count its rounds"
    )
    cap = world.budget.cap.calls or 0
    spent = world.budget.spend.calls
    assert spent <= cap, f"{where}: it spent {spent} calls: ask through the lab, which counts"
    assert spent <= cap - world.reserve + SLACK, (
        f"{where}: it spent {spent} calls, and {world.reserve} of {cap} are kept: evaluate before "
        "it asks the mentor again, so that the end of the search's share is noticed"
    )
    _lineage(where, found, world)
    return [
        [candidate.prompt.text for candidate in found],
        [(one.round, one.fate, one.patch and one.patch.after) for one in world.notes.proposals],
    ]


def _collect(strategy: Strategy, world: World, found: list[Candidate]) -> None:
    for candidate in improve(SEED, strategy, world.lab):
        found.append(candidate)
        if len(found) > MOST:
            return


def _lineage(where: str, found: Sequence[Candidate], world: World) -> None:
    before: list[str] = []
    for number, candidate in enumerate(found):
        text = candidate.prompt.text
        who = f"{where}: candidate {number}"
        if number == 0:
            assert (text, candidate.parents) == (SEED.text, ()), (
                f"{who} is not the seed: begin with `yield lab.candidate(seed)`"
            )
        else:
            _child(who, candidate, before, world)
        for case, score in candidate.evaluation.scores.items():
            assert score == world.truth(candidate.prompt, case), (
                f"{who} says it scores {score:g} on {case}, and does not: a candidate carries the "
                "evaluation of its own text"
            )
        before.append(text)


def _child(who: str, candidate: Candidate, before: Sequence[str], world: World) -> None:
    text, patch = candidate.prompt.text, candidate.patch
    assert candidate.parents, f"{who} has no parents: pass them to `lab.candidate` or `lab.screen`"
    for parent in candidate.parents:
        assert parent.prompt.text in before, (
            f"{who} has a parent that was never yielded: yield every candidate that others come of"
        )
    assert patch is not None, f"{who} has no patch, so that nothing can be delivered"
    assert (patch.before, patch.after) == (candidate.parents[0].prompt.text, text), (
        f"{who} has a patch that does not lead from its first parent to its own text"
    )
    assert world.notes.accepted(text), (
        f"{who} was not screened: yield what `lab.screen` returns, never a candidate of your own"
    )
