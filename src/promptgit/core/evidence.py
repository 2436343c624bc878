"""
What a record says: how evaluations and comparisons are written down, and read again.

A record holds everything that its score depends on, by digest, and every case's result, so that
a reader who trusts nobody can check the means against the cases.  Secrets are struck out before
anything is written.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Metric, Result
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.ports import ModelIdentity, Request, StepOutput
from promptgit.core.prompt import Prompt, blob_id
from promptgit.core.record import SCHEMA, Record
from promptgit.core.secrets import redact
from promptgit.core.trace import LONGEST, Trace, trace_facts, trace_text
from promptgit.core.verdict import Verdict


def evaluation_record(
    evaluation: Evaluation,
    *,
    path: str,
    suite: str,
    half: str,
    when: str,
    outputs: bool = True,
    run: str = "",
) -> Record:
    """
    Write down an evaluation.

    `path` is the prompt's, from the repository's top; `suite` the digest (hex) of its
    assertions; `half` is search, sealed, all, or part (of them); `when` an ISO 8601 time in UTC;
    `run` the id of the run it belongs to, if any.  Without `outputs` only the sha256 of each
    output is kept, and no `why`, for it may quote them.  With them each result names the request
    that it answers, so that whoever has to ask the same again need not.
    """
    requests = _requests(evaluation) if outputs else {}
    body = {
        "schema": SCHEMA,
        "kind": "evaluation",
        "prompt": prompt_entry(evaluation.prompt, path),
        "cases": _cases(evaluation),
        "suite": _suite(evaluation.metrics, suite),
        "model": model_entry(evaluation.model),
        "half": half,
        "mean": finite(evaluation.mean),
        "metrics": {m.name: finite(evaluation.metric_mean(m.name)) for m in evaluation.metrics},
        "unscored": list(evaluation.unscored),
        "results": [
            result_entry(result, outputs=outputs)
            | requests.get((result.case_id, result.repeat), {})
            for result in evaluation.results
        ],
        "cost_usd": evaluation.cost_usd,
        "calls": sum(result.calls for result in evaluation.results),
        "when": when,
    }
    return Record(body | ({"run": run} if run else {}))


def comparison_record(
    verdict: Verdict,
    *,
    stage: str,
    baseline: Evaluation,
    candidate: Evaluation,
    path: str,
    suite: str,
    half: str,
    when: str,
    evaluations: Sequence[str] = (),
    split: Mapping[str, Any] | None = None,
    run: str = "",
) -> Record:
    """
    Write down what comparing two evaluations concluded.

    `stage` is screening, confirmed, not-worse, not-confirmed or check.  `evaluations` are the
    digests of the records of baseline and candidate: the outputs are there, not here.  `split`
    tells how the cases were halved and how often the sealed half was looked at.
    """
    body = {
        "schema": SCHEMA,
        "kind": "comparison",
        "stage": stage,
        "prompt": prompt_entry(candidate.prompt, path),
        "baseline": prompt_entry(baseline.prompt, path),
        "cases": _cases(candidate),
        "suite": _suite(candidate.metrics, suite),
        "model": model_entry(candidate.model),
        "half": half,
        "verdict": verdict_entry(verdict),
        "metrics": _metric_pairs(baseline, candidate, aside=verdict.aside),
        "evaluations": list(evaluations),
        "split": dict(split or {}),
        "when": when,
    }
    return Record(body | ({"run": run} if run else {}))


def joins(record: Record) -> tuple[str, ...]:
    """
    The blob ids by which a record is found: of the prompt, and of what it was compared with.

    >>> joins(Record({"prompt": {"blob": "b2"}, "baseline": {"blob": "a1"}}))
    ('b2', 'a1')
    """
    entries = (record.body.get(name) for name in ("prompt", "baseline"))
    blobs = (entry["blob"] for entry in entries if isinstance(entry, Mapping))
    return tuple(dict.fromkeys(blobs))


def prompt_entry(prompt: Prompt, path: str) -> dict[str, Any]:
    """Identify a prompt by the blobs of its text and of everything it includes."""
    size = len(prompt.blob)
    return {
        "path": path,
        "blob": prompt.blob,
        "identity": prompt.identity,
        "includes": {name: blob_id(text, size) for name, text in sorted(prompt.includes.items())},
    }


def model_entry(model: ModelIdentity) -> dict[str, Any]:
    return {
        "provider": model.provider,
        "model": model.model,
        "host": model.host,
        "options": dict(model.options),
        "digest": model.digest,
    }


def verdict_entry(verdict: Verdict) -> dict[str, Any]:
    """The verdict in JSON's terms; a number that is not finite becomes null."""
    return {
        "outcome": verdict.outcome.value,
        "effect": finite(verdict.effect),
        "low": finite(verdict.low),
        "high": finite(verdict.high),
        "n": verdict.n,
        "of": verdict.of,
        "baseline": finite(verdict.baseline),
        "candidate": finite(verdict.candidate),
        "p_value": finite(verdict.p_value),
        "alpha": verdict.alpha,
        "reasons": [redact(reason) for reason in verdict.reasons],
        "flips": [
            {"case": flip.case_id, "before": flip.before, "after": flip.after}
            for flip in verdict.flips
        ],
        "unscored": list(verdict.unscored),
        "aside": list(verdict.aside),
        "needed": verdict.needed,
        "looks": verdict.looks,
    }


def finite(value: float | None) -> float | None:
    """Return the number, or None where JSON has no word for it (NaN, infinity)."""
    return value if value is not None and math.isfinite(value) else None


def _cases(evaluation: Evaluation) -> dict[str, Any]:
    cases = evaluation.cases
    return {"name": cases.name, "digest": cases.digest, "n": len(cases)}


def _suite(metrics: Sequence[Metric], digest: str) -> dict[str, Any]:
    return {"digest": digest, "metrics": [{"name": m.name, "weight": m.weight} for m in metrics]}


def _requests(evaluation: Evaluation) -> dict[tuple[str, int], dict[str, str]]:
    """Name the request behind each result that a model answered; a pipeline's has several."""
    if evaluation.prompt.form == PIPELINE:
        return {}
    inputs = {case.id: case.inputs for case in evaluation.cases}
    return {
        (result.case_id, result.repeat): {
            "request": Request(evaluation.prompt.render(inputs[result.case_id]), result.repeat).key(
                evaluation.model
            )
        }
        for result in evaluation.results
        if not result.failure
    }


def result_entry(result: Result, *, outputs: bool) -> dict[str, Any]:
    """One case's result; without `outputs`, nothing that a model or a scorer wrote."""
    entry: dict[str, Any] = {
        "case": result.case_id,
        "repeat": result.repeat,
        "score": result.score,
        "scores": {
            name: {"value": score.value} | ({"why": redact(score.why)} if outputs else {})
            for name, score in result.scores.items()
        },
        "cost_usd": result.cost_usd,
        "latency_s": result.latency_s,
        "usage": {"input": result.usage.input_tokens, "output": result.usage.output_tokens},
    }
    if result.failure:
        entry["failure"] = {
            "kind": result.failure.kind,
            "message": redact(result.failure.message),
        }
    elif outputs:
        entry["output"] = redact(result.output)
    else:
        entry["output_sha256"] = _sha256(result.output)
    if result.flags:
        entry["flags"] = list(result.flags)
    if result.mean_logprob is not None:
        entry["mean_logprob"] = result.mean_logprob
    if result.steps:  # each with a trace of its own
        entry["steps"] = [_step_entry(step, outputs=outputs) for step in result.steps]
    elif outputs and result.trace is not None:
        entry["trace"] = _trace_entry(result.trace)
    return entry


def _step_entry(step: StepOutput, *, outputs: bool) -> dict[str, Any]:
    """What one step of a pipeline gave; with the output, the request that it answers."""
    entry: dict[str, Any] = {"step": step.name, "calls": step.calls}
    if not outputs:
        return entry | {"output_sha256": _sha256(step.text)}
    entry["output"] = redact(step.text)
    if step.request:
        entry |= {
            "request": step.request,
            "cost_usd": step.cost_usd,
            "latency_s": step.latency_s,
            "usage": {"input": step.usage.input_tokens, "output": step.usage.output_tokens},
        }
    if step.flags:
        entry["flags"] = list(step.flags)
    if step.trace is not None:
        entry["trace"] = _trace_entry(step.trace)
    return entry


def _trace_entry(trace: Trace) -> list[dict[str, Any]] | str:
    """Return the spans; as a text, and no trace any more, when it is too long or holds a secret."""
    text = trace_text(trace)
    shown = redact(text)
    if shown == text and len(text) <= LONGEST:
        return trace_facts(trace)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]} [cut]"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _metric_pairs(
    baseline: Evaluation, candidate: Evaluation, *, aside: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Each metric's means before and after, over the pairs that the verdict counts."""
    counted = set(baseline.scores) & set(candidate.scores) - set(aside)
    shares = _shares(candidate.cases, counted)
    pairs = {}
    for metric in candidate.metrics:
        before = baseline.metric_scores(metric.name)
        after = candidate.metric_scores(metric.name)
        shared = [case for case in shares if case in before and case in after]
        pairs[metric.name] = {
            "before": _weighted({case: before[case] for case in shared}, shares),
            "after": _weighted({case: after[case] for case in shared}, shares),
        }
    return pairs


def _shares(cases: Dataset, counted: Collection[str]) -> dict[str, float]:
    """
    How much each counted case weighs: the members of a group share the weight of one case.

    So the metrics are means as the verdict's score is one, which counts every group once.
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(f"group {case.group}" if case.group else f"case {case.id}", []).append(
            case
        )
    shares: dict[str, float] = {}
    for members in groups.values():
        heard = [case for case in members if case.id in counted]
        total = sum(case.weight for case in heard)
        mean = sum(case.weight for case in members) / len(members)
        shares |= {case.id: case.weight * mean / total for case in heard}
    return shares


def _weighted(scores: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    total = sum(weights[case] for case in scores)
    return sum(scores[case] * weights[case] for case in scores) / total if total else None
