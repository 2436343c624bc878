"""Hold every claim in commit messages against its record and the text it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from promptgit.core.record import Record
from promptgit.core.trailers import clean_value, value
from promptgit.errors import PromptgitError
from promptgit.history.claims import Claim, about, claims_in, unreadable
from promptgit.history.evidence import CLAIMED_HALF, Archive, places
from promptgit.history.finding import Finding, entry, number, read, text
from promptgit.history.log import Past, RawCommit

TOLERANCE = 0.000051  # messages round to four decimals


class State(IntEnum):
    """What became of a claim, from the best to the worst."""

    OK = 0
    CLAIMED = 1  # nothing here to hold it against
    STALE = 2  # it speaks of another text than the commit holds
    MISMATCH = 3  # its numbers, or its text, are not those of its record
    ALTERED = 4  # the record's content is not what its name says

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Checked:
    commit: str
    subject: str
    path: str
    state: State
    why: str  # one sentence; empty when all is well
    record: str  # digest, empty when the message names none
    blob: str = ""  # of the text that it speaks of, if it says
    stage: str = ""  # of the record, where that is here: confirmed, screening, …
    run: str = ""  # id of the run that the record is from, if any
    better: bool = False  # the claim says that the score rose


def verify(commits: Iterable[RawCommit], archive: Archive, past: Past) -> Iterator[Checked]:
    """Check every claim of every commit, in the order given."""
    for commit in commits:
        claims = claims_in(commit.message)
        for claim in claims:
            held = past.blob_at(commit.id, claim.path) or "" if claim.path else ""
            rivals = [other for other in claims if other.path == claim.path]
            final = claim is about(rivals, claim.path, held)
            findings = list(_problems(commit.id, claim, held if final else None, archive, past))
            state, why = max(findings, default=(State.OK, ""), key=lambda found: found[0])
            stage, run = _origin(claim, archive) if state is State.OK else ("", "")
            yield Checked(
                commit.id,
                commit.subject,
                claim.path,
                state,
                why,
                claim.record,
                claim.blob,
                stage,
                run,
                claim.rose,
            )


def _origin(claim: Claim, archive: Archive) -> tuple[str, str]:
    """The stage of a claim's record, and the run that it is from."""
    record = archive.get(claim.record)
    finding = read(record, claim.blob) if record else None
    return (finding.stage, text(finding.record.body, "run")) if finding else ("", "")


def _problems(
    commit: str, claim: Claim, held: str | None, archive: Archive, past: Past
) -> Iterator[tuple[State, str]]:
    """
    What is wrong with one claim.

    `held` is the blob that the commit holds there; None for a step of a squash, whose text is
    gone for good reason.
    """
    if not claim.path or not claim.blob:
        yield State.CLAIMED, "it does not say which text it speaks of"
    elif held == "":
        yield State.STALE, f"there is no {claim.path} in this commit"
    elif held is not None and held != claim.blob:
        yield State.STALE, f"{claim.path} holds another text than the one that was scored"
    yield from ((State.MISMATCH, f"{key} is not understood") for key in unreadable(claim))
    if not claim.record:
        yield from _unnamed(claim, claim.blob or held or "", archive)
        return
    try:
        record = archive.get(claim.record)
    except PromptgitError as error:
        yield State.ALTERED, error.message
        return
    if record is None:
        yield State.CLAIMED, f"record {claim.record[:12]} is not here: try `promptgit sync`"
        return
    finding = read(record, claim.blob)
    if finding is None:
        yield State.MISMATCH, f"record {claim.record[:12]} is of another text"
        return
    yield from _differences(claim, finding)
    if held is not None:
        yield from _changed_includes(commit, claim, record, past)
    yield from _altered_evaluations(record, archive)


def _unnamed(claim: Claim, blob: str, archive: Archive) -> Iterator[tuple[State, str]]:
    """
    Hold a claim that names no record against those of its text.

    Leaving the name out must not be the way past the check: so one record of the kind that it
    speaks of has to say what it says.
    """
    found = _of_its_kind(claim, blob, archive) if blob else []
    whys = [[why for _, why in _differences(claim, one)] for one in found]
    if [] in whys:
        name = found[whys.index([])].digest[:12]
        yield State.CLAIMED, f"it names no record, though {name} says the same"
    elif whys:
        closest = min(range(len(whys)), key=lambda place: len(whys[place]))
        name = found[closest].digest[:12]
        yield State.MISMATCH, f"it names no record, and in {name}, of this text, {whys[closest][0]}"
    else:
        yield State.CLAIMED, "it names no record"


def _of_its_kind(claim: Claim, blob: str, archive: Archive) -> list[Finding]:
    """The records of a text on the half that the claim speaks of, comparisons before others."""
    read_ones = [read(record, blob) for record in archive.find(blob)]
    half = CLAIMED_HALF.get(claim.stage, "")
    found = [one for one in read_ones if one and one.score is not None]
    found = [one for one in found if not half or one.half == half]
    return [one for one in found if one.stage != "evaluation"] or found


def _differences(claim: Claim, finding: Finding) -> Iterator[tuple[State, str]]:
    """Every number of the message that is not the record's."""
    verdict = entry(finding.record.body, "verdict")
    effect, p_value = number(verdict.get("effect")), number(verdict.get("p_value"))
    said_effect, said_p = _delta(claim)
    forward = finding.stage not in ("baseline", "evaluation")
    compared: list[tuple[str, float | None, float | None]] = [
        ("the score before", claim.before, finding.before),
        ("the score", claim.after, finding.score),
        ("the number of cases", claim.n, finding.n),
        ("the cases fixed", claim.fixed, finding.fixed),
        ("the cases broken", claim.broke, finding.broke),
        ("the delta", said_effect if forward else None, effect),
        ("the p-value", said_p if forward else None, p_value),
    ]
    metrics = {clean_value(name)[:60].rstrip(): pair for name, pair in finding.metrics.items()}
    for name, (before, after) in claim.metrics.items():
        known = metrics.get(name, (None, None))
        compared += [(f"{name} before", before, known[0]), (name, after, known[1])]
    for what, said, known_value in compared:
        if said is not None and (known_value is None or abs(said - known_value) > TOLERANCE):
            told = "nothing" if known_value is None else f"{known_value:.6g}"
            yield State.MISMATCH, f"{what} is {said:.6g} here and {told} in the record"
    if claim.stage and claim.stage != finding.stage and forward:
        yield (
            State.MISMATCH,
            f"the stage is {claim.stage} here and {finding.stage} in the record",
        )


def _delta(claim: Claim) -> tuple[float | None, float | None]:
    """The effect and the p-value of `Eval-Delta: +0.0680 [+0.0310, +0.1050] p=0.0021`."""
    words = value(claim.trailers, "Eval-Delta").split()
    p_values = [word[2:] for word in words if word.startswith("p=")]
    return _read(words[:1]), _read(p_values[:1])


def _read(words: list[str]) -> float | None:
    try:
        return number(float(words[0])) if words else None
    except ValueError:
        return None


def _changed_includes(
    commit: str, claim: Claim, record: Record, past: Past
) -> Iterator[tuple[State, str]]:
    side = "prompt" if text(entry(record.body, "prompt"), "blob") == claim.blob else "baseline"
    for name, blob in entry(entry(record.body, side), "includes").items():
        if blob not in (past.blob_at(commit, place) for place in places(claim.path, name)):
            yield State.STALE, f"{name}, which it includes, is another text than was scored"


def _altered_evaluations(record: Record, archive: Archive) -> Iterator[tuple[State, str]]:
    for digest in record.body.get("evaluations", ()):
        try:
            archive.get(str(digest))
        except PromptgitError as error:
            yield State.ALTERED, f"the evaluation behind it: {error.message}"
