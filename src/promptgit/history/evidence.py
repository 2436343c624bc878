"""
What is known about the text that a commit holds, and how far it can be believed.

Evidence joins by blob: the records of the text at `<commit>:<path>` count, whatever the message
says, so that a squash, rebase, amend, cherry-pick or revert never shows another text's score.
The message is a hint where to look, and a claim where there is nothing to find.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import Protocol

from promptgit.core.record import Record
from promptgit.core.revision import Evidence, Revision, Step, WholeRun
from promptgit.core.trailers import value
from promptgit.errors import PromptgitError
from promptgit.history import claims as claiming
from promptgit.history.choice import choose, confirmation
from promptgit.history.claims import Claim
from promptgit.history.finding import Finding, entry, read, text
from promptgit.history.log import Change, Past, RawCommit

REMEMBERED = 64  # texts whose records are kept at hand; with outputs, each may be large

MOST_STEPS = 100  # of one run
TERMS = 16  # hex digits that tell terms apart
CLAIMED_HALF = {
    "confirmed": "sealed",
    "not-worse": "sealed",
    "not-confirmed": "sealed",
    "screening": "search",
}
OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class Archive(Protocol):
    """Where records are kept."""

    def find(self, blob: str) -> Sequence[Record]:
        """The records in which this blob is the prompt, or what it is compared with."""
        ...

    def get(self, digest: str) -> Record | None:
        """The record of this name, None when it is not here; raises UserError when altered."""
        ...


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
        before = self._before(revision)
        best = choose(found, revision.was, named, before)
        if best:
            scored = self._scored(revision, best, confirmation(found, named), before)
            return replace(scored, problem=problem)
        return replace(self._claimed(revision, claim), problem=problem)

    def _scored(
        self,
        revision: Revision,
        best: Finding,
        proof: Finding | None,
        known: Sequence[Finding],
    ) -> Revision:
        """Fill in what this step bought; what the whole run bought is told beside it."""
        before, fixed, broke = best.before, best.fixed, best.broke
        if not best.was or best.was != revision.was:
            same = (one.score for one in known if one.comparable(best))
            before, fixed, broke = next(same, None), None, None
        apart = proof is not None and (proof is not best or proof.was != revision.was)
        return replace(
            revision,
            evidence=state_of(best, proof),
            score=best.score,
            before=before,
            n=best.n,
            fixed=fixed,
            broke=broke,
            record=best.digest,
            half=best.half,
            terms=hashlib.sha256("\n".join(best.terms).encode()).hexdigest()[:TERMS],
            takes_back=best.takes_back and best.was == revision.was,
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

    def _before(self, revision: Revision) -> tuple[Finding, ...]:
        """What records say of the text before, with what it included there."""
        if not revision.was or not revision.parents:
            return ()
        return self.findings(revision.parents[0], revision.path, revision.was)

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


def state_of(best: Finding, proof: Finding | None) -> Evidence:
    """Say how far to believe the score of `best`, of a text that `proof` confirmed, if any did."""
    if proof:
        return Evidence.CONFIRMED
    return Evidence.SCREENING if best.stage == "screening" else Evidence.EVALUATED
