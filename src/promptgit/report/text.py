"""An evaluation, as a terminal shows it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import floor, isnan, log10
from typing import TYPE_CHECKING, Any

from promptgit.check.needed import smallest_effect
from promptgit.core.dataset import Dropped
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.evidence import finite, result_entry
from promptgit.core.ports import ModelIdentity
from promptgit.evaluate.interval import independent, interval
from promptgit.report.by_label import Label, labels
from promptgit.report.by_label import worst as worst_of

if TYPE_CHECKING:
    from rich.console import Group, JustifyMethod, RenderableType
    from rich.table import Table

    from promptgit.evaluate.budget import Cap
    from promptgit.evaluate.estimate import Estimate

SCHEMA = 1  # of what is printed as JSON
WORST_SHOWN = 5
DROPPED_SHOWN = 3
WIDE = 72  # columns from which the worst cases are a table


def evaluation(
    found: Evaluation,
    *,
    worst: int = WORST_SHOWN,
    width: int | None = None,
    wanted: int | None = None,
) -> Group:
    """
    Show the metrics with their intervals, the worst cases, the failures, and the cost.

    `width` is the terminal's; None where nobody's eye limits a row.  `wanted`: how many answers
    it was to be, so that half an evaluation is not taken for a whole one.
    """
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(_headline(found))]
    if wanted is not None and wanted > len(found.results):
        said = f"PARTIAL: {len(found.results):,} of {counted(wanted, 'answer')}, then it ended"
        parts.append(Text(said, style="bold yellow"))
    parts.append(metrics_table(found, width))
    told = _fewer(found)
    if told:
        parts.append(Text(told, style="yellow"))
    if found.cases.dropped:
        parts.append(Text(_left_out(found.cases.dropped), style="yellow"))
    by_label = labels(found)
    if by_label:
        parts.append(_label_table(by_label))
    misses = worst_of(found, worst)
    if misses:
        parts.append(Text("\nWorst cases", style="bold"))
        narrow = width is not None and width < WIDE
        parts += _worst_list(found, misses) if narrow else [_worst_table(found, misses, width)]
    if found.failures:
        parts.append(Text("\n" + _failures(found), style="yellow"))
    flags = Counter(flag for result in found.results for flag in result.flags)
    if flags:
        said = ", ".join(f"{count} {flag}" for flag, count in sorted(flags.items()))
        parts.append(Text(f"\nScored as they stand: {said}", style="yellow"))
    parts.append(Text("\n" + spend_line(found), style="dim"))
    return Group(*parts)


def estimate(found: Estimate, cases: int, cap: Cap) -> str:
    """Say, before the first call, what it will take and what it can show."""
    tokens = found.input_tokens + found.output_tokens
    return (
        f"{counted(found.calls, 'call')} to make, {counted(found.cached_calls, 'answer')} in the "
        f"cache; about {tokens:,} tokens, {money(found.usd)}; budget: {cap}\n"
        f"{counted(cases, 'case')} {can_show(cases)}"
    )


def can_show(cases: int) -> str:
    """
    Say which difference so many cases can show, in the words of a sentence.

    >>> can_show(100), can_show(3)
    ('can show a difference of about 0.12 or more', 'are too few to show a difference')
    """
    smallest = smallest_effect(cases) if cases else 1.0
    if cases == 1:
        return "is too few to show a difference"
    if smallest >= 1:
        return "are too few to show a difference"
    return f"can show a difference of about {smallest:.2f} or more"


def estimate_facts(found: Estimate) -> dict[str, Any]:
    """An estimate in JSON's terms."""
    return {
        "calls": found.calls,
        "cached_calls": found.cached_calls,
        "input_tokens": found.input_tokens,
        "output_tokens": found.output_tokens,
        "usd": found.usd,
    }


def evaluation_facts(found: Evaluation, path: str, wanted: int | None = None) -> dict[str, Any]:
    """An evaluation in JSON's terms: the keys are stable, a number that is unknown is null."""
    worth = independent(found.cases, found.scores.keys())
    return {
        "schema": SCHEMA,
        "prompt": {"path": path, "blob": found.prompt.blob},
        "model": str(found.model),
        "cases": len(found.cases),
        "answers": len(found.results),
        "partial": wanted is not None and wanted > len(found.results),
        "dropped": [{"line": row.line, "why": row.why} for row in found.cases.dropped],
        "score": _mean_facts(found.scores, found.mean, worth),
        "metrics": {
            metric.name: {
                **_mean_facts(
                    found.metric_scores(metric.name), found.metric_mean(metric.name), worth
                ),
                "weight": metric.weight,
            }
            for metric in found.metrics
        },
        "labels": [
            {"expected": label.expected, "n": label.n, "mean": finite(label.mean)}
            for label in labels(found)
        ],
        "unscored": list(found.unscored),
        "results": [result_entry(result, outputs=True) for result in found.results],
        "calls": found.paid_calls,
        "cost_usd": found.cost_usd,
    }


def _mean_facts(scores: Mapping[str, float], mean: float, worth: float) -> dict[str, Any]:
    low, high = interval(list(scores.values()), worth=worth)
    return {"mean": finite(mean), "low": low, "high": high, "n": len(scores)}


def metrics_table(found: Evaluation, width: int | None = None) -> Table:
    """
    One row a metric and one for the score: mean, 95 % interval, share that is perfect.

    The last columns go where they do not fit; what is left is never broken.
    """
    from rich import box
    from rich.table import Table

    worth = independent(found.cases, found.scores.keys())
    rows = [
        (
            metric.name,
            *_summary(scores, found.metric_mean(metric.name), worth),
            f"{metric.weight:g}",
        )
        for metric in found.metrics
        for scores in [found.metric_scores(metric.name)]
    ]
    last = ("score", *_summary(found.scores, found.mean, worth), "")
    headings = ("metric", "mean", "95 % interval", "perfect", "weight")
    widths = [max(map(len, column)) for column in zip(headings, *rows, last, strict=True)]
    kept = len(headings)
    while width is not None and kept > 3 and sum(widths[:kept]) + 3 * kept > width:
        kept -= 1
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, least in zip(headings[:kept], widths, strict=False):
        justify: JustifyMethod = "left" if heading == "metric" else "right"
        fixed = None if heading == "metric" else least
        table.add_column(heading, justify=justify, no_wrap=True, min_width=fixed)
    for row in rows:
        table.add_row(*row[:kept])
    table.add_section()
    table.add_row(*last[:kept], style="bold")
    return table


def _label_table(found: Sequence[Label]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("expected")
    table.add_column("cases", justify="right", no_wrap=True)
    table.add_column("mean", justify="right", no_wrap=True)
    for label in found:
        table.add_row(printable(label.expected), f"{label.n:,}", f"{label.mean:.3f}")
    return table


def _summary(scores: dict[str, float], mean: float, worth: float) -> tuple[str, str, str]:
    if not scores:
        return "–", "–", "–"
    low, high = interval(list(scores.values()), worth=worth)
    perfect = sum(1 for score in scores.values() if score == 1.0) / len(scores)
    return f"{mean:.3f}", f"{low:.3f} to {high:.3f}", f"{perfect:.0%}"


def _headline(found: Evaluation) -> str:
    scored, of = len(found.scores), len(found.cases)
    cases = counted(of, "case") if scored == of else f"{scored} of {counted(of, 'case')} scored"
    dropped = len(found.cases.dropped)
    left_out = f", {counted(dropped, 'row')} left out" if dropped else ""
    name, where = printable(found.prompt.name), printable(found.cases.name)
    head = f"{name} ({found.prompt.blob[:10]}) on {where}: {cases}{left_out}"
    return f"{head}\n{model_name(found.model)}"


def model_name(model: ModelIdentity) -> str:
    """
    Name a model; the offline one always says what it is.

    >>> model_name(ModelIdentity("offline", "rules-1"))
    'offline/rules-1 (a text program, not a language model)'
    """
    note = " (a text program, not a language model)" if model.provider == "offline" else ""
    return f"{model}{note}"


def _fewer(found: Evaluation) -> str:
    """Say so where the intervals are wider than so many cases would make them."""
    worth = independent(found.cases, found.scores.keys())
    if worth > len(found.scores) - 0.5:
        return ""
    return (
        f"Cases of one group, and cases that say the same, count as one: the intervals are those "
        f"of about {worth:.0f}, not {len(found.scores)}"
    )


def _left_out(dropped: Sequence[Dropped]) -> str:
    """Name the rows that are no cases, by line."""
    named = [f"line {row.line}: {printable(row.why, 60)}" for row in dropped[:DROPPED_SHOWN]]
    more = len(dropped) - len(named)
    rest = f"; and {more} more, see --json" if more else ""
    return f"Rows left out: {'; '.join(named)}{rest}"


def _worst_table(found: Evaluation, misses: Sequence[Result], width: int | None) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    whole = width is None  # a row of a pipe is a line
    table.add_column("case", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("input", max_width=None if whole else 30, no_wrap=whole)
    table.add_column("why", ratio=1, no_wrap=whole)
    for miss in misses:
        table.add_row(miss.case_id, f"{miss.score:.3f}", _asked(found, miss), _why(miss))
    return table


def _worst_list(found: Evaluation, misses: Sequence[Result]) -> Iterator[RenderableType]:
    """The same for a narrow terminal: input and why below the case."""
    from rich.padding import Padding
    from rich.text import Text

    for miss in misses:
        yield Text(f"\n{miss.case_id}  {miss.score:.3f}")
        yield Padding(Text(_asked(found, miss), style="dim"), (0, 0, 0, 2))
        yield Padding(Text(_why(miss)), (0, 0, 0, 2))


def _asked(found: Evaluation, miss: Result) -> str:
    inputs = next(case.inputs for case in found.cases if case.id == miss.case_id)
    return printable(" ".join(inputs.values()), 56)


def _why(miss: Result) -> str:
    whys = [f"{name}: {score.why}" for name, score in miss.scores.items() if score.value < 1]
    return printable("; ".join(whys))


def _failures(found: Evaluation) -> str:
    kinds = Counter(result.failure.kind for result in found.results if result.failure)
    first = next(result for result in found.results if result.failure)
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    assert first.failure is not None
    return (
        f"Failures, not scored: {said}\n"
        f"  first: case {first.case_id}: {printable(first.failure.message)}"
    )


def spend_line(found: Evaluation) -> str:
    """What the evaluation cost, with what came from the cache said apart."""
    paid = found.paid_calls
    cached = sum(result.cached_calls for result in found.results)
    done = f"{counted(paid, 'call')}, {counted(cached, 'answer')} from the cache"
    if found.cost_usd == 0:
        return f"{done}; free of charge"
    earlier = ", with what was paid for them earlier" if cached else ""
    return f"{done}; {money(found.cost_usd)} in all{earlier}"


def counted(number: int, noun: str) -> str:
    """
    Say how many.

    >>> counted(1, "case"), counted(5000, "case")
    ('1 case', '5,000 cases')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def money(usd: float | None) -> str:
    """
    Say an amount in US dollars.

    >>> money(None), money(0.0), money(0.000022), money(3.5)
    ('an unknown price', '0.00 USD', '0.000022 USD', '3.50 USD')
    """
    if usd is None or isnan(usd):
        return "an unknown price"
    if 0 < usd < 0.01:
        return f"{usd:.{1 - floor(log10(usd))}f} USD"
    return f"{usd:.2f} USD"


def printable(text: str, limit: int = 300) -> str:
    """
    Make one line that a terminal shows as it is: what models write may hold escape codes.

    >>> printable("red\\x1b[31m\\nalert")
    'red [31m alert'
    """
    clean = "".join(" " if unicodedata.category(c) in ("Cc", "Cf") else c for c in text)
    line = " ".join(clean.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
