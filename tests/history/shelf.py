"""Evidence for tests: evaluations, comparisons, messages that claim them, and a shelf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.evidence import comparison_record, evaluation_record, joins
from promptgit.core.ports import ModelIdentity
from promptgit.core.prompt import Prompt
from promptgit.core.record import Record
from promptgit.core.verdict import Flip, Outcome, Verdict
from promptgit.errors import UserError

PATH = "prompts/reply.md"
SEED, BETTER, BEST = "Be kind.\n", "Be kind.\nBe brief.\n", "Be kind.\nBe brief.\nAsk first.\n"


@dataclass
class Shelf:
    """Records in memory, newest first, as the records ref would give them."""

    records: dict[str, Record] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)

    def put(self, *records: Record) -> None:
        for record in records:
            self.records[record.digest] = record

    def find(self, blob: str) -> Sequence[Record]:
        newest_first = reversed(self.records.values())
        return [one for one in newest_first if blob in joins(one) and self._whole(one)]

    def get(self, digest: str) -> Record | None:
        if digest in self.altered:
            raise UserError(f"record {digest[:12]} was altered")
        return self.records.get(digest)

    def alter(self, record: Record) -> None:
        self.altered.add(record.digest)

    def _whole(self, record: Record) -> bool:
        return record.digest not in self.altered


def an_evaluation(
    text: str, scores: Sequence[float], *, includes: Mapping[str, str] | None = None
) -> Evaluation:
    """One case for each score, called c0, c1, …; the output says the case and the text."""
    prompt = Prompt.of(text, name="reply")
    if includes:
        prompt = Prompt(prompt.text, prompt.blob, prompt.name, includes)
    cases = Dataset(tuple(Case(f"c{i}", {"comment": f"Hello {i}"}) for i in range(len(scores))))
    results = tuple(
        Result(f"c{i}", 0, f"{text.split()[-1]} to c{i}", {"contains": Score(score, "said")}, score)
        for i, score in enumerate(scores)
    )
    model = ModelIdentity("offline", "offline")
    return Evaluation(prompt, cases, model, (Metric("contains"),), results)


def evaluated(evaluation: Evaluation, *, half: str = "sealed", outputs: bool = True) -> Record:
    when = "2026-01-02T03:04:05Z"
    return evaluation_record(
        evaluation, path=PATH, suite="5" * 64, half=half, when=when, outputs=outputs
    )


def compared(
    before: Evaluation,
    after: Evaluation,
    *,
    stage: str = "confirmed",
    half: str = "sealed",
    outcome: Outcome = Outcome.PASS,
) -> Record:
    return comparison_record(
        a_verdict(before, after, outcome),
        stage=stage,
        baseline=before,
        candidate=after,
        path=PATH,
        suite="5" * 64,
        half=half,
        when="2026-01-02T03:04:05Z",
        evaluations=[evaluated(before, half=half).digest, evaluated(after, half=half).digest],
    )


def a_verdict(before: Evaluation, after: Evaluation, outcome: Outcome) -> Verdict:
    changed = [case for case in after.scores if after.scores[case] != before.scores[case]]
    was, now = fmean(before.scores.values()), fmean(after.scores.values())
    return Verdict(
        outcome=outcome,
        effect=now - was,
        low=0.01,
        high=0.5,
        n=len(after.scores),
        of=len(after.scores),
        baseline=was,
        candidate=now,
        p_value=0.01,
        alpha=0.05,
        flips=tuple(Flip(case, before.scores[case], after.scores[case]) for case in changed),
    )


def a_claim(record: Record, *, subject: str = "improve(reply): say it", **changed: str) -> str:
    """The commit message of a comparison; `changed` overrides or adds trailers (Eval_Score=…)."""
    verdict = record.body["verdict"]
    fixed = sum(1 for flip in verdict["flips"] if flip["after"] > flip["before"])
    trailers = {
        "Prompt-Path": PATH,
        "Prompt-Blob": record.body["prompt"]["blob"],
        "Prompt-Base": record.body["baseline"]["blob"],
        "Eval-Stage": record.body["stage"],
        "Eval-Score": f"{verdict['baseline']:.4f} -> {verdict['candidate']:.4f} n={verdict['n']}",
        "Eval-Flips": f"fixed={fixed} broke={len(verdict['flips']) - fixed}",
        "Eval-Record": f"sha256:{record.digest}",
        "Promptgit-Schema": "1",
    } | {key.replace("_", "-"): value for key, value in changed.items()}
    block = "".join(f"{key}: {value}\n" for key, value in trailers.items())
    return f"{subject}\n\nWhy it is better.\n\n{block}"


ZERO, HALF, MOST = [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]
FIRST_STEP = compared(an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF))
SECOND_STEP = compared(an_evaluation(BETTER, HALF), an_evaluation(BEST, MOST))


def a_shelf(*records: Record) -> Shelf:
    """A shelf with these records, or with those of the two steps SEED → BETTER → BEST."""
    shelf = Shelf()
    shelf.put(*(records or (FIRST_STEP, SECOND_STEP)))
    for text, scores in ((SEED, ZERO), (BETTER, HALF), (BEST, MOST)):
        if not records:
            shelf.put(evaluated(an_evaluation(text, scores)))
    return shelf
