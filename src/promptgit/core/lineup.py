"""Several models on the same cases with the same prompt; and the best prompt of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from promptgit.core.spend import Spend


@dataclass(frozen=True, slots=True)
class Entrant:
    """One model of a lineup: how well, how fast, and for how much."""

    name: str  # as it was asked for, with its options
    model: str  # its whole identity, as records have it
    current: bool  # the one that the prompt runs on today
    mean: float | None  # over its scored cases, weighted; None when none is scored
    low: float  # 95 % interval of the mean, of this model alone
    high: float
    asked: int  # cases that it was asked about
    scored: int
    failures: Mapping[str, int] = field(default_factory=dict)  # unscored cases, by kind
    failure: str = ""  # what the first of them said
    flags: Mapping[str, int] = field(default_factory=dict)  # empty, cut, refused: scored as is
    p50_s: float | None = None  # seconds until an answer, half of them
    p95_s: float | None = None
    input_tokens: float | None = None  # of one case, on average
    output_tokens: float | None = None
    usd_per_1000: float | None = None  # cases; None: nobody knows the price, or nothing came
    paid: int = 0  # answers that this suite paid for; the others came from the cache
    scores: Mapping[str, float] = field(default_factory=dict)  # by case id
    beaten_by: tuple[str, ...] = ()  # those at least as good, fast and cheap, and better at one

    @property
    def unscored(self) -> int:
        """How many cases it was asked about and has no score for."""
        return self.asked - self.scored

    @property
    def answered(self) -> bool:
        return self.mean is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """The first model minus the second, on the cases that both have a score for."""

    first: str  # names of entrants
    second: str
    effect: float  # of the mean score, -1 to 1
    low: float  # the range, all pairs of the lineup together
    high: float
    n: int  # pairs
    won: int  # cases on which the first scores higher
    lost: int
    p_value: float  # two-sided, times the number of pairs
    proven: bool  # exactly when 0 is outside of the range
    more: int | None = None  # about so many more cases would settle it; None: out of reach

    @property
    def mirrored(self) -> Difference:
        """The same, seen from the second."""
        return Difference(
            self.second,
            self.first,
            0.0 - self.effect,  # and no -0.0
            0.0 - self.high,
            0.0 - self.low,
            self.n,
            self.lost,
            self.won,
            self.p_value,
            self.proven,
            self.more,
        )


@dataclass(frozen=True, slots=True)
class BestPrompt:
    """What a search for a better prompt found for one model; no more than the sealed cases say."""

    name: str  # of the entrant
    state: str  # as a run of improve ends: confirmed, draft, …; or `failed`
    sentence: str
    run: str = ""
    blob: str = ""  # of the best text; empty where nothing was found
    ref: str = ""  # where the text is kept
    sealed: tuple[float, float] | None = None  # mean before and after, where they were asked
    effect: float | None = None  # on the sealed cases
    low: float | None = None
    high: float | None = None
    n: int = 0  # sealed pairs
    command: str = ""  # that delivers it, or shows it
    file: str = ""  # where it was written to

    @property
    def confirmed(self) -> bool:
        return self.state == "confirmed"


@dataclass(frozen=True, slots=True)
class Lineup:
    """What one `promptgit suite` found."""

    run: str
    path: str  # of the prompt
    blob: str
    dataset: str  # name of the case file
    digest: str  # of the cases
    cases: int
    when: str  # ISO 8601, UTC
    entrants: tuple[Entrant, ...]  # best mean first, those without a score last
    pairs: tuple[Difference, ...]  # every two entrants that have scores, the better one first
    tiers: tuple[tuple[str, ...], ...]  # each model is proven better than all in later tiers
    alpha: float  # the chance that anything at all is called proven and is not
    spend: Spend
    ended: str = ""  # why it stopped before every case was asked
    best: tuple[BestPrompt, ...] = ()

    @property
    def current(self) -> Entrant:
        return next(entrant for entrant in self.entrants if entrant.current)

    @property
    def ranked(self) -> tuple[Entrant, ...]:
        return tuple(entrant for entrant in self.entrants if entrant.answered)

    @property
    def silent(self) -> tuple[Entrant, ...]:
        """The models without a single score."""
        return tuple(entrant for entrant in self.entrants if not entrant.answered)

    def difference(self, first: str, second: str) -> Difference | None:
        """Return first minus second; None where one of them has no score."""
        for pair in self.pairs:
            if (pair.first, pair.second) == (first, second):
                return pair
            if (pair.first, pair.second) == (second, first):
                return pair.mirrored
        return None

    def to_current(self, entrant: Entrant) -> Difference | None:
        """Return how far an entrant is above the current model; None for that one itself."""
        return None if entrant.current else self.difference(entrant.name, self.current.name)


def facts(lineup: Lineup) -> dict[str, Any]:
    """Write a lineup down in JSON's terms; `lineup_of` reads it again."""
    return asdict(lineup)


def lineup_of(written: Mapping[str, Any]) -> Lineup:
    """Read what `facts` wrote; a key that is unknown is left out, so that old versions can read."""
    known = {**_known(Lineup, written)}
    known["entrants"] = tuple(_entrant(each) for each in written["entrants"])
    known["pairs"] = tuple(Difference(**_known(Difference, each)) for each in written["pairs"])
    known["tiers"] = tuple(tuple(tier) for tier in written["tiers"])
    known["spend"] = Spend(**written["spend"])
    known["best"] = tuple(_best(each) for each in written.get("best", ()))
    return Lineup(**known)


def _entrant(written: Mapping[str, Any]) -> Entrant:
    return Entrant(**{**_known(Entrant, written), "beaten_by": tuple(written["beaten_by"])})


def _best(written: Mapping[str, Any]) -> BestPrompt:
    known = _known(BestPrompt, written)
    sealed = known.get("sealed")
    return BestPrompt(**{**known, "sealed": sealed and (sealed[0], sealed[1])})


def _known(kind: Any, written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: written[name] for name in kind.__dataclass_fields__ if name in written}
