"""The lineage of a run: every text that was tried, where it came from, and how it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from promptgit.core.candidate import Fate
from promptgit.core.prompt import blob_id

SEED = "seed"  # how the first text of a run came about
PATCH = "patch"  # how the others did, where their strategy says no more
UNTOLD = ""  # the fate of a text that lives on in another, or whose run was cut short


@dataclass(frozen=True, slots=True)
class Variant:
    """One text that a run tried."""

    blob: str  # the Git object id of the text
    text: str
    parents: tuple[str, ...] = ()  # blobs, the one that it is a patch of first
    generation: int = 0  # longest way from the seed
    operator: str = SEED
    round: int = 0
    fate: str = UNTOLD  # as Fate; `seed` for the first text
    reason: str = ""
    fitness: float | None = None  # mean score over the search cases it was asked about, 0 to 1
    cases: int = 0  # that it has a score on
    time: str = ""  # ISO 8601, UTC, when it was made
    instruction: str = ""  # the mutation prompt that made it, where one did
    style: str = ""  # the thinking style that went with it
    diff: str = ""  # from its first parent

    @property
    def facts(self) -> dict[str, Any]:
        """The same in JSON's terms."""
        return {**asdict(self), "parents": list(self.parents)}


@dataclass
class _Book:
    """What a journal has told so far."""

    variants: dict[str, Variant] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)  # blob → case → score

    def made(self, blob: str, text: str, **facts: Any) -> None:
        """Enter a text when it is first heard of; its first origin stays."""
        if blob in self.variants:
            return
        parents = tuple(facts.pop("parents"))
        older = [self.variants[one].generation for one in parents if one in self.variants]
        generation = 1 + max(older, default=0)
        self.variants[blob] = Variant(blob, text, parents, generation, **facts)

    def seeded(self, blob: str, at: str) -> None:
        """Enter the text that the run began with: the first that was asked anything."""
        if not self.variants:
            self.variants[blob] = Variant(blob, "", fate=SEED, time=at)

    def proposed(self, facts: Mapping[str, Any], at: str) -> None:
        """Enter what a proposal makes of its parent, and what became of it."""
        patch = facts["patch"]
        if not patch or facts["fate"] == Fate.REPEATED:
            return
        parent, told = facts["parent"]["blob"], {"fate": facts["fate"], "reason": facts["reason"]}
        self.seeded(parent, at)
        if parent in self.variants and not self.variants[parent].text:
            self.variants[parent] = replace(self.variants[parent], text=patch["before"])
        blob, round_ = blob_id(patch["after"], len(parent)), facts["round"]
        origin = {"parents": (parent,), "operator": PATCH, "round": round_, "time": at}
        self.made(blob, patch["after"], **origin)
        was = self.variants[blob]
        if was.fate not in (Fate.ACCEPTED, SEED):
            diff = patch["diff"] if parent == was.parents[0] else was.diff
            self.variants[blob] = replace(was, diff=diff, **told)


def lineage_of(events: Iterable[Mapping[str, Any]]) -> tuple[Variant, ...]:
    """
    Read the lineage of a run from its journal, in the order in which the texts were made.

    Whatever the strategy: a patch of an earlier text is a variant.  A strategy that notes
    `variant` events tells more: operators, several parents, what the mentor was told.
    """
    book = _Book()
    for event in events:
        at = event.get("at", "")
        if event["kind"] == "evaluated":
            found = event["evaluation"]
            book.seeded(found["blob"], at)
            scored = {r["case"]: r["score"] for r in found["results"] if r["score"] is not None}
            book.scores.setdefault(found["blob"], {}).update(scored)
        elif event["kind"] == "variant":
            told = {name: event[name] for name in _TOLD if name in event}
            book.made(event["blob"], event["text"], time=at, **told)
        elif event["kind"] == "proposal":
            book.proposed(event["proposal"], at)
    return tuple(_scored(variant, book.scores) for variant in book.variants.values())


_TOLD = ("parents", "operator", "round", "instruction", "style")


def _scored(variant: Variant, scores: Mapping[str, Mapping[str, float]]) -> Variant:
    mine = scores.get(variant.blob, {})
    fitness = sum(mine.values()) / len(mine) if mine else None
    return replace(variant, fitness=fitness, cases=len(mine))
