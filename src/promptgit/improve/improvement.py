"""What a run of improve sets out to do, and how it ends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Case, Dataset
from promptgit.core.run import Point
from promptgit.core.spend import Spend
from promptgit.core.verdict import Outcome, Verdict
from promptgit.errors import UserError
from promptgit.evaluate.budget import Cap
from promptgit.evaluate.estimate import Estimate

ENOUGH_CASES = 60  # below, nothing is accepted automatically (reference: statistics, improve)

CALLS_A_ROUND = 2  # one request to the mentor; where nothing can be read, it is asked again
OWN_CASES = 4  # on which a patch is tried before what was accepted meanwhile is laid under it
USUAL_CASES = 14  # that an edit is tried on: a few of its own, and a race of ten
USUAL_PHASES = 3  # stretches of `patience` rounds that a search lasts (docs/strategies.md)

CONFIRMED = "confirmed"
NOT_BETTER = "not better"
UNDECIDED = "not confirmed"
DRAFT = "draft"
NOTHING = "nothing found"
INVALID = "invalid"
EXIT_CODES = {CONFIRMED: 0, NOT_BETTER: 1, UNDECIDED: 5, DRAFT: 5, NOTHING: 5, INVALID: 3}


@dataclass(frozen=True)
class Halves:
    """The cases, cut once: to search with, and to confirm with."""

    search: Dataset
    sealed: Dataset
    twins: int = 0  # cases left out of the sealed half, for they say what another one says

    @classmethod
    def of(cls, cases: Dataset, must_pass: Collection[str] = ()) -> Halves:
        """
        Cut; a sealed case that says the same as a searched one, or a sealed one, is left out.

        Its answer is known before the confirmation, so it would prove what was learnt by heart.
        Those that `must_pass` names, by id or tag, stay.
        """
        search, sealed = cases.split()
        must, seen = set(must_pass), {case.content for case in search}
        kept: list[Case] = []
        for case in sealed:
            if case.content not in seen or must & {case.id, *case.tags}:
                kept.append(case)
            seen.add(case.content)
        return cls(search, replace(sealed, cases=tuple(kept)), len(sealed) - len(kept))

    def check(self) -> None:
        """Raise UserError when one half holds no case."""
        if self.search and self.sealed:
            return
        count = len(self) + self.twins
        many = "1 case" if count == 1 else f"{count} cases"
        empty = "search" if self.sealed else "confirm"
        raise UserError(
            f"{self.search.name}: {many} cannot be halved: none would be left to {empty} with",
            hint="add cases; those of one `group` always stay together"
            + (f", and {self.twins} only repeat another one" if self.twins else ""),
        )

    def __len__(self) -> int:
        return len(self.search) + len(self.sealed)

    @property
    def enough(self) -> bool:
        """Whether so many cases may prove anything; if not, the sealed half stays unasked."""
        return len(self) >= ENOUGH_CASES

    @property
    def sealed_calls(self) -> int:
        """What a confirmation may take: both prompts on every sealed case."""
        return 2 * len(self.sealed) if self.enough else 0

    @property
    def least_calls(self) -> int:
        """Without which nothing is found and confirmed: the prompt, one race, both sealed."""
        return 2 * len(self.search) + self.sealed_calls + 2


@dataclass(frozen=True, slots=True)
class Concerned:
    """A prompt or pipeline that uses the edited file, as a plan tells of it."""

    name: str
    path: str
    search: int  # cases of its own to search with; 0 where it is asked at confirmation only
    sealed: int
    share: float  # of the common score, 0 to 1
    margin: float  # the drop that is not tolerated
    warnings: tuple[str, ...]  # what so few sealed cases cannot show, each one sentence
    calls: int  # at most, of its confirmation


@dataclass(frozen=True, slots=True)
class Retested:
    """What the sealed cases of one prompt or pipeline say of an edit of a text that it uses."""

    name: str
    path: str
    margin: float  # the drop that had to be ruled out
    verdict: Verdict  # of the gate; PASS: it is no worse


@dataclass(frozen=True)
class Plan:
    """What a run would do, and take."""

    path: str
    target: str  # the branch that may move
    model: str
    mentor: str
    strategy: str
    halves: Halves
    seed_estimate: Estimate  # of evaluating the prompt as it is, once, on all cases
    cap: Cap
    rounds: int  # requests to the mentor at most
    patience: int | None  # rounds in a row without a gain that end the search; None: it never does
    usd_per_call: float | None  # of the model, guessed from the prompt as it is
    usd_per_round: float | None  # of the mentor, guessed
    ahead: tuple[int, int] = (
        0,
        0,
    )  # commits that the target has and HEAD lacks; and those it lacks
    concerned: tuple[Concerned, ...] = ()  # who uses the file and may not lose by the edit
    unasked: tuple[str, ...] = ()  # paths of prompts that use it and are left out
    calls_per_case: int = 1
    sealed_calls: int = 0  # of a confirmation, at most
    texts_a_round: int = 1  # edits that one request to the mentor asks for
    least_calls: int = 0  # without which a run may end before anything is found and confirmed

    @property
    def most_calls(self) -> int:
        """If every edit were asked about every case, and every sealed case too; or the budget."""
        search = len(self.halves.search)
        answers = search + self.rounds * self.texts_a_round * (search + OWN_CASES)
        most = answers * self.calls_per_case + CALLS_A_ROUND * self.rounds + self.sealed_calls
        return most if self.cap.calls is None else min(most, self.cap.calls)

    @property
    def most_usd(self) -> float | None:
        """The same in US dollars; None when a price is unknown."""
        return self._usd(self.most_calls, self.rounds)

    @property
    def usual_rounds(self) -> int:
        """How long a search goes on, by the patience of its strategy."""
        if self.patience is None:
            return self.rounds
        return min(self.rounds, USUAL_PHASES * self.patience)

    @property
    def tried_on(self) -> int:
        """On how many search cases an edit is usually tried before its fate is known."""
        return min(USUAL_CASES, len(self.halves.search))

    @property
    def usual_calls(self) -> int:
        """
        About what such a run takes; or the budget.

        `usual_rounds` of edits, each asked about `tried_on` cases, and each half of the cases
        once over.  Measured runs took between a third and two and a half times as many.
        """
        answers = len(self.halves.search) + self.usual_rounds * self.texts_a_round * self.tried_on
        usual = answers * self.calls_per_case + self.usual_rounds + self.sealed_calls
        return min(usual, self.most_calls)

    @property
    def usual_usd(self) -> float | None:
        """The same in US dollars; None when a price is unknown."""
        return self._usd(self.usual_calls, self.usual_rounds)

    def _usd(self, calls: int, rounds: int) -> float | None:
        if self.usd_per_call is None or self.usd_per_round is None:
            return None
        rounds = min(rounds, calls // CALLS_A_ROUND)
        model_calls = calls - CALLS_A_ROUND * rounds
        usd = model_calls * self.usd_per_call + rounds * self.usd_per_round
        return usd if self.cap.usd is None else min(usd, self.cap.usd)


@dataclass(frozen=True)
class Improvement:
    """How a run ended."""

    run: str
    path: str
    state: str  # one of EXIT_CODES
    sentence: str  # the same in one line of English
    seed: Candidate
    best: Candidate
    verdict: Verdict | None
    diff: str  # of the whole chain; empty when there is none
    ref: str  # where the work is kept; empty when there is none
    branch: str  # where it was, or could have been, delivered
    here: bool  # whether that branch is checked out here
    commits: tuple[str, ...]
    curve: tuple[Point, ...]
    spend: Spend
    retested: tuple[Retested, ...] = ()  # who uses the text, where they were asked
    weighed: bool = True  # the points of the curve are of the same cases

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.state]

    @property
    def sealed_means(self) -> tuple[float, float] | None:
        """Mean score before and after on the sealed cases, where they were asked."""
        if self.verdict is None or not self.verdict.n:
            return None
        return self.verdict.baseline, self.verdict.candidate


def state_of(verdict: Verdict) -> str:
    """Say how a run ended, given its verdict on the sealed cases."""
    if verdict.outcome is Outcome.INVALID:
        return INVALID
    if verdict:
        return CONFIRMED
    return NOT_BETTER if verdict.outcome is Outcome.NOT_BETTER else UNDECIDED
