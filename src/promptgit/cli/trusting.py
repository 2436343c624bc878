"""Who vouches for the claims of commits: put together from history, signatures and `gh`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from promptgit.cli import past
from promptgit.edges import signatures
from promptgit.edges.signatures import List
from promptgit.history.evidence import OBJECT_ID
from promptgit.history.log import RawCommit
from promptgit.history.trust import (
    WHY_NOT,
    Judged,
    Signature,
    Signers,
    Trust,
    Workflow,
    trust,
    vouched,
)
from promptgit.history.verify import Checked, State, verify

NO_SSH_KEYGEN = "ssh-keygen is not installed: SSH signatures were not checked"


@dataclass(frozen=True)
class Notary:
    """Holds claims against the list of who may vouch."""

    here: past.Here
    listed: List

    def judged(self, commits: Sequence[RawCommit]) -> Iterator[Judged]:
        """Judge every claim of every commit, in the order given."""
        claims = list(verify(commits, self.here.judge.archive, self.here.commits))
        ids = [claim.commit for claim in claims]
        signed = signatures.signatures(self.here.git, ids, self._signers)
        for claim in claims:
            by, why = self._voucher(claim, signed.get(claim.commit))
            yield Judged(claim, trust(claim, by), by, why)

    @property
    def notice(self) -> str:
        """What could not be checked at all; empty when everything could."""
        missing = self._signers.ssh and not signatures.can_check_ssh()
        return NO_SSH_KEYGEN if missing else ""

    def _voucher(self, claim: Checked, signature: Signature | None) -> tuple[str, str]:
        """Who vouches for a claim; or why nobody does, where somebody could."""
        if claim.state > State.CLAIMED or self.listed.signers is None:
            return "", ""
        by = vouched(signature, self._signers)
        if by:
            return by, ""
        why = [self.notice or WHY_NOT.get(signature.status if signature else "N", "")]
        for workflow in self._signers.workflows:
            objection = self._objection(claim, workflow)
            if not objection:
                return f"attested by {workflow.file}", ""
            why.append(objection)
        return "", "; ".join(dict.fromkeys(why))

    def _objection(self, claim: Checked, workflow: Workflow) -> str:
        key = (claim.blob, claim.record, workflow)
        if key not in self._asked:
            known = OBJECT_ID.match(claim.blob)  # it was typed by somebody: no `HEAD:secret`
            found = self.here.commits.reader.read(claim.blob) if known else None
            self._asked[key] = (
                signatures.attested(workflow, found[1], claim.record)
                if found
                else "the text that it speaks of is not here"
            )
        return self._asked[key]

    @cached_property
    def _asked(self) -> dict[tuple[str, str, Workflow], str]:
        return {}

    @property
    def _signers(self) -> Signers:
        return self.listed.signers or Signers()


def notary(here: past.Here, tip: str, *, base: str | None, path: str | None) -> Notary:
    """Read who may vouch for what `tip` reaches."""
    chosen = path or signatures.SIGNERS_FILE
    return Notary(here, signatures.read_list(here.git, tip, base=base, path=chosen))


def vouched_for(judged: Sequence[Judged]) -> frozenset[tuple[str, str]]:
    """The (commit, path) pairs whose claims are verified."""
    return frozenset(
        (one.checked.commit, one.checked.path) for one in judged if one.trust is Trust.VERIFIED_CI
    )
