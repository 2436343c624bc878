"""Evaluations and verdicts in plain lines, for the report of a test that failed."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.core.evaluation import Evaluation
from promptgit.core.gate import Flip, Report
from promptgit.core.verdict import Verdict
from promptgit.report import gate_words
from promptgit.report.by_label import worst
from promptgit.report.sentences import points
from promptgit.report.text import counted, model_name, printable

FLIPS = 10
LONGEST = 300  # characters of a line


def misses(found: Evaluation, most: int) -> str:
    """The score, and the worst misses with what was asked, said and wanted."""
    return "\n".join(_misses(found, most))


def answer(found: Verdict | Report) -> str:
    """What a comparison, or the gate, found."""
    return "\n".join(_verdict(found) if isinstance(found, Verdict) else _report(found))


def _misses(found: Evaluation, most: int) -> Iterator[str]:
    scored = f"{counted(len(found.scores), 'case')} scored, {len(found.unscored)} not"
    yield f"mean {found.mean:.3f}, {scored}, {model_name(found.model)}"
    for miss in worst(found, most):
        (case,) = found.cases.only([miss.case_id])
        whys = (f"{name}: {score.why}" for name, score in miss.scores.items() if score.value < 1)
        yield f"{miss.case_id}  {miss.score:.3f}  {printable('; '.join(whys), LONGEST)}"
        yield f"    asked: {printable(' '.join(case.inputs.values()), LONGEST)}"
        yield f"    said:  {printable(miss.output, LONGEST)}"
    for result in found.failures[:1]:
        if result.failure:
            yield f"not scored: {len(found.failures)}; {printable(result.failure.message, LONGEST)}"


def _verdict(found: Verdict) -> Iterator[str]:
    yield (
        f"{found.outcome.value}: {points(found.effect)} points ({points(found.low)} to "
        f"{points(found.high)}) on {found.n} of {counted(found.of, 'case')}"
    )
    yield from found.reasons
    for flip in sorted(found.flips, key=lambda flip: flip.after - flip.before)[:FLIPS]:
        what = "fixed" if flip.fixed else "broke"
        yield f"{what}  {flip.case_id}  {flip.before:.3f} to {flip.after:.3f}"


def _report(found: Report) -> Iterator[str]:
    yield f"{found.outcome.value}: {gate_words.headline(found)}"
    yield from found.notices
    for prompt in gate_words.worst_first(found).prompts:
        said = [gate_words.sentence(gate) for gate in prompt.gates] or [gate_words.standing(prompt)]
        yield from (f"{prompt.path}: {printable(sentence, LONGEST)}" for sentence in said)
        for gate in prompt.gates[:1]:
            broke = gate_words.flipped(gate, Flip.BROKE)[:FLIPS]
            yield from (f"    broke {case.case.id}" for case in broke)
