"""What a run of improve leaves in Git: records, the ledger, its own ref, and the chain to deliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from promptgit.check.ledger import Ledger
from promptgit.cli.job import Job
from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Evaluation
from promptgit.core.evidence import comparison_record, evaluation_record, joins
from promptgit.core.record import Record
from promptgit.core.verdict import Verdict
from promptgit.edges import plumbing
from promptgit.edges.plumbing import Commit
from promptgit.edges.records import Records
from promptgit.errors import WorldError
from promptgit.history.message import Facts, improvement


@dataclass
class Keeper:
    """Writes records before anything refers to them; every write may be repeated on resume."""

    job: Job
    looks: int = 0  # the how-manieth finalist the sealed half judges
    tip: str = field(init=False)

    def __post_init__(self) -> None:
        self.tip = self.job.start_commit

    @property
    def ref(self) -> str:
        """The run's own ref: what it tried and kept, whether or not it is delivered."""
        return f"refs/promptgit/runs/{self.job.run}"

    def screen(self, parent: Candidate, child: Candidate, verdict: Verdict) -> str:
        """Commit a survivor of the race to the run's own ref; return the commit."""
        record = self._compared(
            verdict, parent.evaluation, child.evaluation, stage="screening", half="search"
        )
        message = self._message(child, verdict, parent.evaluation, child.evaluation, record)
        commit = Commit(self.job.base.path, parent.prompt.blob, child.prompt.text, message)
        git = self.job.repository.git
        made = plumbing.make_commit(git, self.tip, commit, when=self.job.started)
        old = plumbing.tip(git, self.ref)
        if made != old and not plumbing.move(git, self.ref, made, old, "promptgit: screened"):
            raise WorldError(f"{self.ref} moved: is the same run going on elsewhere?")
        self.tip = made
        return made

    def look(self, finalist: Candidate) -> float:
        """Enter in the ledger that the sealed half is asked about `finalist`; return its alpha."""
        sealed, records = self.job.halves.sealed, Records(self.job.repository.git)
        name = f"{self.job.run} {self.job.prompt.identity} {finalist.prompt.identity}"
        ledger = records.update_ledger(lambda facts: Ledger.of(facts).judged(sealed, name).facts)
        self.looks = Ledger.of(ledger).look(sealed, name)
        return Ledger.of(ledger).alpha(sealed, name, self.job.policy.alpha)

    def judge(
        self, verdict: Verdict, baseline: Evaluation, candidate: Evaluation, *, confirmed: bool
    ) -> str:
        """Record what the sealed cases said; return the record's digest."""
        stage = "confirmed" if confirmed else "not-confirmed"
        return self._compared(verdict, baseline, candidate, stage=stage, half="sealed")

    def delivery(
        self,
        chain: Sequence[Candidate],
        verdict: Verdict,
        baseline: Evaluation,
        candidate: Evaluation,
        record: str,
    ) -> tuple[Commit, ...]:
        """
        The commits for the branch: the chain, whose tip carries the sealed comparison.
        """
        from promptgit.check.screening import screened

        commits = []
        for link in chain:
            parent = link.parents[0]
            if link is chain[-1]:
                message = self._message(
                    link, verdict, baseline, candidate, record, confirmed=True, chain=chain
                )
            else:
                shown = screened(parent.evaluation, link.evaluation)
                digest = self._compared(
                    shown, parent.evaluation, link.evaluation, stage="screening", half="search"
                )
                message = self._message(link, shown, parent.evaluation, link.evaluation, digest)
            commits.append(
                Commit(self.job.base.path, parent.prompt.blob, link.prompt.text, message)
            )
        if self.job.asked.squash and len(commits) > 1:
            return (plumbing.squashed(commits, commits[-1].message),)
        return tuple(commits)

    def _compared(
        self,
        verdict: Verdict,
        baseline: Evaluation,
        candidate: Evaluation,
        *,
        stage: str,
        half: str,
    ) -> str:
        """Record both evaluations and what comparing them concluded; return the latter's digest."""
        job = self.job
        common = {"path": job.base.path, "suite": job.suite.digest, "half": half}
        common |= {"when": job.started, "run": job.run}
        outputs = not job.asked.no_outputs
        sides = [
            evaluation_record(evaluation, outputs=outputs, **common)
            for evaluation in (baseline, candidate)
        ]
        comparison = comparison_record(
            verdict,
            stage=stage,
            baseline=baseline,
            candidate=candidate,
            evaluations=[side.digest for side in sides],
            split=self._split(),
            **common,
        )
        kept = Records(job.repository.git).put_many(
            (record, joins(record)) for record in (*sides, comparison)
        )
        return kept[-1]

    def _split(self) -> dict[str, object]:
        """Which cases were searched with, which were sealed, and how often those were asked."""
        halves = self.job.halves
        return {
            "search": [case.id for case in halves.search],
            "sealed": [case.id for case in halves.sealed],
            "looks": self.looks,
        }
