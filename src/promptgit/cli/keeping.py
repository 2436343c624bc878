"""What a run of improve leaves in Git: records, the ledger, its own ref, the chain to deliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from promptgit.check.screening import screened
from promptgit.cli.job import Job
from promptgit.cli.shortening import shortens
from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Evaluation, merged
from promptgit.core.evidence import comparison_record, evaluation_record, joins
from promptgit.core.record import Record
from promptgit.core.spend import Spend
from promptgit.core.verdict import Verdict
from promptgit.edges.plumbing import Commit
from promptgit.edges.records import Records
from promptgit.edges.run_refs import append_run, run_ref
from promptgit.history.message import Facts, improvement
from promptgit.improve.target import Alone, Dependent


@dataclass
class Keeper:
    """Writes records before anything refers to them; every write may be repeated on resume."""

    job: Job
    looks: int = 0  # the how-manieth finalist the sealed half judges
    steps: dict[str, Commit] = field(default_factory=dict)  # by the blob of their text
    spends: dict[str, Spend] = field(default_factory=dict)  # by blob: until its race was won
    tip: str = field(init=False)

    def __post_init__(self) -> None:
        self.tip = self.job.start_commit

    @property
    def ref(self) -> str:
        """The run's own ref: what it tried and kept, whether or not it is delivered."""
        return run_ref(self.job.repository.git, self.job.run)

    def screen(self, child: Candidate) -> str:
        """Commit a survivor of the race to the run's own ref; return the commit."""
        job = self.job
        self.spends[child.prompt.blob] = job.budget.spend
        step = self.steps[child.prompt.blob] = self._step(child, found_by_text=False)
        self.tip = append_run(job.repository.git, job.run, step, parent=self.tip, when=job.started)
        return self.tip

    def weigh(self, chain: Sequence[Candidate]) -> None:
        """Take a chain that was compared on the same cases as what is to be delivered."""
        for child in chain:
            self.steps[child.prompt.blob] = self._step(child, found_by_text=True)

    def look(self, finalist: Candidate) -> float:
        """Enter in the ledger that the sealed half is asked about `finalist`; return its alpha."""
        sealed = self.job.halves.sealed
        name = f"{self.job.run} {self.job.question(finalist.prompt)}"
        ledger = Records(self.job.repository.git).judged(sealed, name)
        self.looks = ledger.look(sealed, name)
        return ledger.alpha(sealed, name, self.job.policy.alpha)

    def earlier_look(self, finalist: Candidate) -> float | None:
        """
        Return the alpha at which another run has asked the very same; None where none has.

        To read the same answers once more is the same look, as long as all of them are at hand.
        """
        sealed, question = self.job.halves.sealed, self.job.question(finalist.prompt)
        ledger = Records(self.job.repository.git).ledger()
        names = ledger.asked(sealed, question)
        if not names or f"{self.job.run} {question}" in names:
            return None
        self.looks = ledger.look(sealed, names[0])
        return ledger.alpha(sealed, names[0], self.job.policy.alpha)

    def judged(
        self, verdict: Verdict, baseline: Evaluation, candidate: Evaluation, *, confirmed: bool
    ) -> Record:
        """Record what the sealed cases said."""
        won = "not-worse" if shortens(self.job) else "confirmed"
        stage = won if confirmed else "not-confirmed"
        return self._compared(verdict, baseline, candidate, stage=stage, half="sealed")

    def held(
        self, one: Dependent, verdict: Verdict, pairs: Sequence[tuple[Evaluation, Evaluation]]
    ) -> Record:
        """Record what the sealed cases of one that uses the text said, as its own evidence."""
        job = self.job
        sides = [merged([pair[side] for pair in pairs]) for side in (0, 1)]
        half = "sealed" if verdict.n == len(one.halves.sealed) else "part"
        about = {"path": one.path, "suite": one.use.suite, "half": half}
        about |= {"when": job.started, "run": job.run}
        outputs = not job.asked.no_outputs
        made = [evaluation_record(side, outputs=outputs, **about) for side in sides]
        comparison = comparison_record(
            verdict,
            stage="check",
            baseline=sides[0],
            candidate=sides[1],
            evaluations=[record.digest for record in made],
            split={"looks": self.looks},
            **about,
        )
        kept = [(record, joins(record)) for record in (*made, comparison)]
        Records(job.repository.git).put_many(kept)
        return comparison

    def delivery(self, chain: Sequence[Candidate], proof: Record) -> tuple[Commit, ...]:
        """The commits for the branch: one a patch, the last with the sealed comparison."""
        *steps, last = chain
        start = self.job.prompt.blob
        squash = self.job.asked.squash and bool(steps)
        why = last.why
        if squash:
            why = "\n\n".join([last.why, *(f"Before that: {step.why}" for step in steps)])
        facts = self._facts(
            why, base=start if squash else last.parents[0].prompt.blob, against=self.job.base.commit
        )
        tip = Commit(self.job.base.path, facts.base, last.prompt.text, improvement(proof, facts))
        return (tip,) if squash else (*(self.steps[step.prompt.blob] for step in steps), tip)

    def _step(self, child: Candidate, *, found_by_text: bool) -> Commit:
        """
        The commit of one patch, with what its search cases said and it had cost until then.

        Its record is `found_by_text` only when its cases were not chosen for it.
        """
        before, after = child.compared
        verdict = screened(before, after)
        record = self._compared(
            verdict, before, after, stage="screening", half="search", found_by_text=found_by_text
        )
        facts = replace(self._facts(child.why), spend=self.spends[child.prompt.blob])
        message = improvement(record, facts)
        return Commit(self.job.base.path, before.prompt.blob, child.prompt.text, message)

    def _facts(self, why: str, *, base: str = "", against: str = "") -> Facts:
        config = self.job.repository.config
        return Facts(
            why=why,
            base=base,
            against=against,
            data=self.job.halves.search.name,
            run=self.job.run,
            strategy=config.improve.strategy,
            spend=self.job.budget.spend,
            type=config.commit_type,
        )

    def _compared(
        self,
        verdict: Verdict,
        baseline: Evaluation,
        candidate: Evaluation,
        *,
        stage: str,
        half: str,
        found_by_text: bool = True,
    ) -> Record:
        """Record both evaluations and what comparing them concluded; return the latter."""
        job = self.job
        about = {"path": job.base.path, "suite": job.target.use.suite, "half": half}
        about |= {"when": job.started, "run": job.run}
        # What several are asked is recorded with each of them: here no request answers to the text.
        outputs = not job.asked.no_outputs and isinstance(job.target.use, Alone)
        sides = [
            evaluation_record(evaluation, outputs=outputs, **about)
            for evaluation in (baseline, candidate)
        ]
        comparison = comparison_record(
            verdict,
            stage=stage,
            baseline=baseline,
            candidate=candidate,
            evaluations=[side.digest for side in sides],
            split=self._split(),
            **about,
        )
        kept = [(record, joins(record) if found_by_text else ()) for record in (*sides, comparison)]
        Records(job.repository.git).put_many(kept)
        return comparison

    def _split(self) -> dict[str, object]:
        """Which cases were searched with, which were sealed, and how often those were asked."""
        halves = self.job.halves
        return {
            "search": [case.id for case in halves.search],
            "sealed": [case.id for case in halves.sealed],
            "looks": self.looks,
        }
