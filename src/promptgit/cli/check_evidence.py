"""What a check leaves behind for `log`, `show` and the next check, and what it finds there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from promptgit.check.flaky import flaky_cases
from promptgit.cli.evaluating import now
from promptgit.core.evidence import comparison_record, evaluation_record, joins
from promptgit.core.gate import GateFinding, Report
from promptgit.core.record import Record
from promptgit.edges.records import Records
from promptgit.edges.reuse import answers_on_record, reuse

if TYPE_CHECKING:
    from promptgit.cli.checking import Checking, Evidence
    from promptgit.cli.gates import Gate


def take_over(checking: Checking) -> int:
    """Put the answers that the records hold into the cache; return how many."""
    records = Records(checking.base.git)
    return sum(
        reuse(records, contender, checking.store, repeats=gate.policy.repeats)
        for gates in checking.found
        for gate in gates.gates[:1]
        for contender in gate.contenders
    )


def flaky(checking: Checking, gate: Gate) -> frozenset[str]:
    """Ids of the cases that, as the records tell, change by themselves."""
    records = Records(checking.base.git)
    return flaky_cases(answers_on_record(records, side) for side in gate.contenders)


def keep(checking: Checking, found: list[Evidence], report: Report) -> Report:
    """Write the comparisons by base's rules down; return the report with their digests."""
    records = Records(checking.base.git)
    digests = {}
    for evidence in found:
        made = _records(evidence)
        known = _known(records, made[-1])
        digests[evidence.subject.path] = (
            known or records.put_many([(record, joins(record)) for record in made])[-1]
        )
    prompts = tuple(
        replace(prompt, record=digests.get(prompt.path, "")) for prompt in report.prompts
    )
    return replace(report, prompts=prompts)


def _records(evidence: Evidence) -> list[Record]:
    subject, gate, finding = evidence.subject, evidence.gate, evidence.finding
    half, when = _half(finding), now()
    paths = (subject.old_path or subject.path, subject.path)
    sides = [
        evaluation_record(one, path=path, suite=gate.suite.digest, half=half, when=when)
        for one, path in zip(evidence.pair, paths, strict=True)
    ]
    verdict = replace(finding.score.verdict, outcome=finding.outcome, reasons=finding.reasons)
    comparison = comparison_record(
        verdict,
        stage="check",
        baseline=evidence.pair[0],
        candidate=evidence.pair[1],
        path=subject.path,
        suite=gate.suite.digest,
        half=half,
        when=when,
        evaluations=[side.digest for side in sides],
    )
    return [*sides, comparison]


def _half(finding: GateFinding) -> str:
    """A check that stopped early saw some cases only; `log` must not take them for all."""
    verdict = finding.score.verdict
    return "all" if verdict.n == verdict.of else "part"


def _known(records: Records, wanted: Record) -> str:
    """The digest of a record that says the same but for its time; empty when there is none."""
    timeless = ("when", "evaluations")
    said = {key: value for key, value in wanted.body.items() if key not in timeless}
    for record in records.find(str(wanted.body["prompt"]["blob"])):
        if {key: value for key, value in record.body.items() if key not in timeless} == said:
            return record.digest
    return ""
