"""
What is known about the text that a commit holds, and how far it can be believed.

Evidence joins by blob: the records of the text at `<commit>:<path>` count, whatever the message
says, so that a squash, rebase, amend, cherry-pick or revert never shows another text's score.
The message is a hint where to look, and a claim where there is nothing to find.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import Any, Protocol

from promptgit.core.record import Record
from promptgit.core.revision import Evidence, Revision, Step, WholeRun
from promptgit.core.trailers import value
from promptgit.errors import PromptgitError
from promptgit.history import claims as claiming
from promptgit.history.claims import Claim
from promptgit.history.log import Change, Past, RawCommit

HALVES = ("all", "search", "sealed")  # whose score speaks for a text, first to last
REMEMBERED = 64  # texts whose records are kept at hand; with outputs, each may be large

MOST_STEPS = 100  # of one run
CLAIMED_HALF = {"confirmed": "sealed", "not-confirmed": "sealed", "screening": "search"}
OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")

Pair = tuple[float | None, float | None]  # before, after


class Archive(Protocol):
    """Where records are kept."""

    def find(self, blob: str) -> Sequence[Record]:
        """The records in which this blob is the prompt, or what it is compared with."""
        ...

    def get(self, digest: str) -> Record | None:
        """The record of this name, None when it is not here; raises UserError when altered."""
        ...


@dataclass(frozen=True)
class Finding:
    """One record, read from the side of one text: its score, and that of the text before."""

    record: Record
    digest: str
    stage: str  # of a comparison: screening, confirmed, …; evaluation; or baseline
    score: float | None
    before: float | None = None
    was: str = ""  # blob of the text that `before` is the score of
    n: int | None = None
    fixed: int | None = None
    broke: int | None = None
    metrics: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        return self.stage == "confirmed"

    @property
    def half(self) -> str:
        """Which cases: search, sealed or all; empty where the record does not say."""
        return text(self.record.body, "half")

    @property
    def terms(self) -> tuple[str, ...]:
        """Cases, suite, model and half: scores under different terms are not compared."""
        body = self.record.body
        digests = tuple(text(entry(body, name), "digest") for name in ("cases", "suite", "model"))
        return (*digests, self.half)


def read(record: Record, blob: str) -> Finding | None:
    """Read what `record` says of the text `blob`; None when it says nothing of it."""
    if record.body.get("kind") == "comparison":
        return _of_comparison(record, blob)
    if text(entry(record.body, "prompt"), "blob") != blob:
        return None
    means = entry(record.body, "metrics")
    score = number(record.body.get("mean"))
    return Finding(
        record,
        record.digest,
        "evaluation",
        score,
        n=_scored_cases(record),
        metrics={name: (None, number(mean)) for name, mean in means.items()},
    )


def _of_comparison(record: Record, blob: str) -> Finding | None:
    body = record.body
    verdict = entry(body, "verdict")
    before, after = number(verdict.get("baseline")), number(verdict.get("candidate"))
    flips = [flip for flip in verdict.get("flips", ()) if isinstance(flip, Mapping)]
    changes = [(number(flip.get("before")), number(flip.get("after"))) for flip in flips]
    rose = sum(1 for was, now in changes if was is not None and now is not None and now > was)
    pairs = {
        name: (number(pair.get("before")), number(pair.get("after")))
        for name, pair in entry(body, "metrics").items()
        if isinstance(pair, Mapping)
    }
    new, old = text(entry(body, "prompt"), "blob"), text(entry(body, "baseline"), "blob")
    n, digest = verdict.get("n"), record.digest
    count = n if isinstance(n, int) else None
    if blob == new:
        stage = text(body, "stage")
        if stage == "confirmed" and verdict.get("outcome") != "PASS":
            stage = "not-confirmed"
        fell = len(changes) - rose
        return Finding(record, digest, stage, after, before, old, count, rose, fell, pairs)
    if blob == old:
        back = {name: (after, before) for name, (before, after) in pairs.items()}
        fell = len(changes) - rose
        return Finding(record, digest, "baseline", before, after, new, count, fell, rose, back)
    return None


@dataclass(frozen=True)
class Judge:
    """Says of each commit what is known about its text; asks seldom twice for the same records."""

    archive: Archive
    past: Past
    _known: dict[str, tuple[tuple[Finding, ...], str]] = field(default_factory=dict)

    def revision(self, commit: RawCommit, change: Change) -> Revision:
        """Join a commit's change of one prompt with the evidence for the text it left."""
        said = claiming.claims_in(commit.message)
        claim = claiming.about(said, change.path, change.after)
        if not claim and change.old_path:
            claim = claiming.about(said, change.old_path, change.after)
        revision = Revision(
            commit=commit.id,
            parents=commit.parents,
            when=commit.when,
            author=commit.author,
            subject=commit.subject,
            path=change.path,
            blob=change.after,
            evidence=Evidence.UNEVALUATED,
            was=change.before,
            trailers=dict(claim.trailers) if claim else {},
            steps=tuple(
                Step(step.blob, step.before, step.after)
                for step in claiming.steps(said, claim.path if claim else change.path)
            ),
        )
        if not change.after:
            return revision
        judged = self._judged(revision, claim)
        if commit.id in self.past.shallow:
            return replace(judged, evidence=Evidence.INCOMPLETE)
        return judged

    def findings(self, commit: str, path: str, blob: str) -> tuple[Finding, ...]:
        """What records say of the text at `<commit>:<path>`, with what it includes there."""
        found, _ = self._of_blob(blob)
        return tuple(one for one in found if self._includes_agree(one, commit, path, blob))

    def finding(self, revision: Revision) -> Finding | None:
        """The record that the revision's score is from."""
        found = self.findings(revision.commit, revision.path, revision.blob)
        return next((one for one in found if one.digest == revision.record), None)

    def _judged(self, revision: Revision, claim: Claim | None) -> Revision:
        found = self.findings(revision.commit, revision.path, revision.blob)
        problem = self._of_blob(revision.blob)[1]
        named = claim.record if claim else ""
        if named and all(one.digest != named for one in found):
            record, trouble = self._named(named)
            problem = problem or trouble
            one = read(record, revision.blob) if record else None
            if one and self._includes_agree(one, revision.commit, revision.path, revision.blob):
                found = (one, *found)
        best = choose(found, revision.was, named)
        if best:
            return replace(self._scored(revision, best, found, named), problem=problem)
        return replace(self._claimed(revision, claim), problem=problem)

    def _scored(
        self, revision: Revision, best: Finding, found: Sequence[Finding], named: str
    ) -> Revision:
        """Fill in what this step bought; what the whole run bought is told beside it."""
        proof = confirmation(found, named)
        before, fixed, broke = best.before, best.fixed, best.broke
        if not best.was or best.was != revision.was:
            before, fixed, broke = self._same_terms(revision, best), None, None
        apart = proof is not None and (proof is not best or proof.was != revision.was)
        return replace(
            revision,
            evidence=Evidence.CONFIRMED if proof else Evidence.SCREENING,
            score=best.score,
            before=before,
            n=best.n,
            fixed=fixed,
            broke=broke,
            record=best.digest,
            half=best.half,
            whole_run=self._whole_run(proof, revision.blob) if proof and apart else None,
        )

    def _whole_run(self, proof: Finding, blob: str) -> WholeRun:
        return WholeRun(
            proof.before,
            proof.score,
            proof.half,
            proof.n,
            proof.fixed,
            proof.broke,
            proof.digest,
            self._steps(proof, blob),
        )

    def _steps(self, proof: Finding, blob: str) -> int | None:
        """Count the screened steps of the run from the text it began with to this one."""
        run = text(proof.record.body, "run")
        texts, seen = {blob}, {blob}
        for count in range(1, MOST_STEPS):
            found = (one for name in texts for one in self._of_blob(name)[0])
            screened = (one for one in found if one.stage == "screening")
            texts = {one.was for one in screened if text(one.record.body, "run") == run} - seen
            if proof.was in texts:
                return count
            seen |= texts
        return None

    def _claimed(self, revision: Revision, claim: Claim | None) -> Revision:
        """Fill in what the message says; the numbers of a whole run are not the step's."""
        if claim is None:
            return revision
        if claim.blob and claim.blob != revision.blob:
            return replace(revision, evidence=Evidence.STALE)
        said = replace(
            revision,
            evidence=Evidence.CLAIMED,
            score=claim.after,
            before=claim.before,
            n=claim.n,
            fixed=claim.fixed,
            broke=claim.broke,
            half=CLAIMED_HALF.get(claim.stage, ""),
        )
        against = value(claim.trailers, "Eval-Against").lower()
        known = claim.path and OBJECT_ID.match(against)
        start = self.past.blob_at(against, claim.path) if known else None
        if start is None or start == revision.was:
            return said
        whole = WholeRun(said.before, said.score, said.half, said.n, said.fixed, said.broke)
        return replace(said, before=None, fixed=None, broke=None, whole_run=whole)

    def _same_terms(self, revision: Revision, other: Finding) -> float | None:
        """The score of the text before, on the same cases, by the same suite and model."""
        if not revision.was or not revision.parents:
            return None
        found = self.findings(revision.parents[0], revision.path, revision.was)
        return next((one.score for one in found if one.terms == other.terms), None)

    def _of_blob(self, blob: str) -> tuple[tuple[Finding, ...], str]:
        if blob not in self._known:
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[blob] = self._found(blob)
        return self._known[blob]

    def _found(self, blob: str) -> tuple[tuple[Finding, ...], str]:
        try:
            records = self.archive.find(blob)
        except PromptgitError as error:
            return (), error.message
        read_ones = (read(record, blob) for record in records)
        return tuple(one for one in read_ones if one and one.score is not None), ""

    def _named(self, digest: str) -> tuple[Record | None, str]:
        try:
            return self.archive.get(digest), ""
        except PromptgitError as error:
            return None, error.message

    def _includes_agree(self, one: Finding, commit: str, path: str, blob: str) -> bool:
        """Say whether the commit holds the included texts that the record was made with."""
        body = one.record.body
        side = "prompt" if text(entry(body, "prompt"), "blob") == blob else "baseline"
        includes = entry(entry(body, side), "includes")
        return all(
            expected in (self.past.blob_at(commit, place) for place in places(path, name))
            for name, expected in includes.items()
        )


def places(path: str, name: str) -> tuple[str, ...]:
    """
    Where a file that the prompt at `path` includes may be: beside it, or from the top.

    >>> places("prompts/reply.md", "persona.md")
    ('prompts/persona.md', 'persona.md')
    """
    return tuple(dict.fromkeys((normpath(join(dirname(path), name)), normpath(name))))


def choose(found: Sequence[Finding], was: str, named: str = "") -> Finding | None:
    """
    Pick the finding that says most about replacing `was` by this text.

    A comparison of exactly these two texts comes first: a confirmed one (the one that the commit
    names before others), then any on the sealed cases (a revert has it backwards), then any but
    a check.  Where there is none, the text has only a score of its own, see `own`.  Of equals the
    newest; `found` is newest first.
    """

    def rank(one: Finding) -> tuple[bool, ...]:
        best = one.confirmed and one.digest == named
        sealed = one.half == "sealed"
        checked = text(one.record.body, "stage") == "check"
        return (not best, not one.confirmed, not sealed, checked)

    exact = [one for one in found if was and one.was == was]
    return min(exact, key=rank, default=None) or next(iter(own(found)), None)


def confirmation(found: Sequence[Finding], named: str = "") -> Finding | None:
    """The finding that confirmed the text: the one that the commit names, else the newest."""
    proofs = [one for one in found if one.confirmed]
    return min(proofs, key=lambda one: one.digest != named, default=None)


def own(found: Sequence[Finding]) -> list[Finding]:
    """
    Sort findings by how much they say of the text alone, best first.

    All cases before the search half before the sealed half: the half that chose the text is the
    larger one, and every text of a run has a score there.  Then more cases before fewer, an
    evaluation before a comparison, newer before older.  The records of a run carry one time, so
    only records that agree in all of that, and thus in the score, are left to their digests.
    """

    def rank(one: Finding) -> tuple[int, int, bool]:
        half = HALVES.index(one.half) if one.half in HALVES else len(HALVES)
        return half, -(one.n or 0), one.stage != "evaluation"

    return sorted(found, key=rank)


def _scored_cases(record: Record) -> int | None:
    results = record.body.get("results")
    if not isinstance(results, Sequence):
        return None
    scored = [row for row in results if isinstance(row, Mapping) and row.get("score") is not None]
    return len({str(row.get("case")) for row in scored})


def entry(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`, empty when there is none: a record may be of any make."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""


def number(value: object) -> float | None:
    """Return a finite number, or None for anything else."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real and math.isfinite(value) else None  # type: ignore[arg-type]
