"""
Values as a notebook shows them: small pieces of HTML that need no style sheet and no script.

Colours are those of the notebook, light or dark; what is good or bad is said in words and
coloured besides.  Whatever a model, a case or a branch brought along is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite

from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Evaluation, Result
from promptgit.core.gate import Report
from promptgit.core.verdict import Flip, Outcome, Verdict
from promptgit.evaluate.interval import independent, interval
from promptgit.improve.improvement import CONFIRMED, Improvement
from promptgit.report import gate_words
from promptgit.report.by_label import worst
from promptgit.report.sentences import points
from promptgit.report.text import counted, model_name, money

MISSES = 10  # of an evaluation
FLIPS = 20  # of a verdict
LONGEST = 240  # characters of an answer
DIFF_LINES = 200
WIDTH, HEIGHT = 220, 18  # of a drawn interval, in pixels

GOOD, BAD, WARN = "#1f883d", "#d1242f", "#9a6700"  # 3:1 or more on white and on black
LINE = "rgba(128,128,128,.35)"
CELL = f"padding:2px 10px 2px 0;border-bottom:1px solid {LINE};text-align:"
COLOURS = {Outcome.PASS: GOOD, Outcome.REGRESSION: BAD, Outcome.NOT_BETTER: BAD}


def evaluation(found: Evaluation) -> str:
    """The score with its interval, the metrics, and the worst misses."""
    several = len(found.metrics) > 1
    worth = independent(found.cases, found.scores.keys())
    failed = f", {len(found.unscored)} without a score" if found.unscored else ""
    parts = [
        _head(found.prompt.name, f"{_score(found.mean)} on {counted(len(found.scores), 'case')}"),
        _quiet(f"{model_name(found.model)}{failed}; {_spent(found)}"),
        _table(
            ("metric", "mean", "95 % interval", ""),
            [
                _measured(
                    metric.name,
                    found.metric_scores(metric.name),
                    found.metric_mean(metric.name),
                    worth,
                )
                for metric in found.metrics
            ]
            + ([_measured("score", found.scores, found.mean, worth)] if several else []),
            right={1, 2},
        ),
    ]
    misses = worst(found, MISSES)
    if misses:
        rows = [_miss(found, miss) for miss in misses]
        total = len(found.misses(1.0))
        parts.append(_titled(f"{counted(total, 'answer')} missed something, the worst first"))
        parts.append(_table(("case", "score", "input", "output", "why"), rows, right={1}))
    if found.failures:
        first = found.failures[0]
        said = first.failure.message if first.failure else ""
        parts.append(
            _quiet(f"{counted(len(found.failures), 'failure')}, not scored; the first: {said}")
        )
    return _framed(parts)


def verdict(found: Verdict) -> str:
    """The outcome, the interval drawn, the reasons, and the cases that flipped."""
    parts = [
        _outcome(found),
        _span(found),
        *(_quiet(reason) for reason in found.reasons),
        *_flips(found.flips),
    ]
    return _framed(parts)


def improvement(found: Improvement) -> str:
    """How the run ended, in a sentence; its verdict; and the change of the text."""
    colour = GOOD if found.state == CONFIRMED else WARN
    parts = [_head(found.path, found.state, colour), _paragraph(found.sentence)]
    if found.verdict is not None:
        parts += [_span(found.verdict), *_flips(found.verdict.flips)]
    parts += [_diff(found.diff), _quiet(_kept(found))]
    return _framed(parts)


def candidate(found: Candidate) -> str:
    """What was changed and why, with the score on the search cases."""
    mean = found.evaluation.mean
    parts = [_head(found.prompt.name, f"{_score(mean)} on the search cases")]
    if found.parents:
        was = found.parents[0].evaluation.mean
        parts.append(_quiet(f"from {_score(was)}: screened, which is no proof"))
    parts.append(_paragraph(found.why))
    parts.append(_diff(found.patch.diff if found.patch else ""))
    return _framed(parts)


def gate(found: Report) -> str:
    """A row for each prompt that the change concerns, and what flipped."""
    found = gate_words.worst_first(found)
    colour = COLOURS.get(found.outcome, WARN)
    parts = [_head(found.outcome.value, gate_words.headline(found), colour)]
    parts += [_quiet(notice) for notice in found.notices]
    rows = []
    for prompt in found.prompts:
        said = [gate_words.sentence(one) for one in prompt.gates] or [gate_words.standing(prompt)]
        rows.append(
            [
                _words(prompt.path),
                _coloured(prompt.outcome.value, COLOURS.get(prompt.outcome, WARN)),
                "<br>".join(_words(sentence) for sentence in said),
                "".join(_bar(one.score.verdict) for one in prompt.gates[:1]),
            ]
        )
    parts.append(_table(("prompt", "verdict", "", "change of the score"), rows))
    for prompt in found.prompts:
        for one in prompt.gates[:1]:
            parts += _flips(one.score.verdict.flips, f"{prompt.path}: ")
    parts.append(_quiet(gate_words.spent(found.spent)))
    return _framed(parts)


def _measured(name: str, scores: dict[str, float], mean: float, worth: float) -> list[str]:
    if not scores:
        return [_words(name), "–", "–", ""]
    low, high = interval(list(scores.values()), worth=worth)
    return [_words(name), f"{mean:.3f}", f"{low:.3f} to {high:.3f}", _drawn(low, high, mean, 0, 1)]


def _miss(found: Evaluation, miss: Result) -> list[str]:
    (case,) = found.cases.only([miss.case_id])
    whys = (f"{name}: {score.why}" for name, score in miss.scores.items() if score.value < 1)
    asked = " ".join(case.inputs.values())
    texts = (asked, miss.output, "; ".join(whys))
    score = _coloured(f"{miss.score:.3f}", BAD)
    return [_words(miss.case_id), score, *(_words(text, LONGEST) for text in texts)]


def _outcome(found: Verdict) -> str:
    effect = f"{points(found.effect)} points" if found.n else "nothing was compared"
    said = f"{effect} on {found.n:,} of {counted(found.of, 'case')}"
    return _head(found.outcome.value, said, COLOURS.get(found.outcome, WARN))


def _span(found: Verdict) -> str:
    if not found.n or not all(map(isfinite, (found.low, found.high))):
        return ""
    share = round(100 * (1 - 2 * found.alpha), 1)
    said = (
        f"{found.baseline:.3f} to {found.candidate:.3f}; "
        f"{share:g} % interval of the change {points(found.low)} to {points(found.high)} points"
    )
    return f"<div>{_bar(found)} {_words(said)}</div>"


def _bar(found: Verdict) -> str:
    """Draw the interval of a change: zero in the middle."""
    ends = (found.low, found.high, found.effect)
    if not found.n or not all(map(isfinite, ends)):
        return ""
    reach = 1.1 * max(map(abs, ends)) or 1.0
    return _drawn(found.low, found.high, found.effect, -reach, reach)


def _drawn(low: float, high: float, at: float, start: float, end: float) -> str:
    def place(value: float) -> float:
        return round((value - start) / (end - start) * WIDTH, 1)

    zero = place(0.0) if start < 0 else None
    middle = f'<line x1="{zero}" x2="{zero}" y1="1" y2="{HEIGHT - 1}"/>' if zero is not None else ""
    label = f"{at:.3f}, between {low:.3f} and {high:.3f}"
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'style="vertical-align:middle;overflow:visible" stroke="currentColor">'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}" stroke-opacity=".25"/>'
        f"{middle}"
        f'<line x1="{place(low)}" x2="{place(high)}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}" '
        f'stroke-width="4" stroke-opacity=".6"/>'
        f'<circle cx="{place(at)}" cy="{HEIGHT / 2}" r="4" fill="currentColor"/></svg>'
    )


def _flips(flips: Sequence[Flip], where: str = "") -> list[str]:
    """What broke first, the worst loss before all others."""
    if not flips:
        return []
    ordered = sorted(flips, key=lambda flip: (flip.after - flip.before, flip.case_id))
    broke = sum(1 for flip in flips if not flip.fixed)
    rows = [
        [
            _words(flip.case_id),
            _coloured("fixed", GOOD) if flip.fixed else _coloured("broke", BAD),
            f"{flip.before:.3f}",
            f"{flip.after:.3f}",
        ]
        for flip in ordered[:FLIPS]
    ]
    more = f", {len(flips) - FLIPS:,} more" if len(flips) > FLIPS else ""
    return [
        _titled(f"{where}{broke:,} broke, {len(flips) - broke:,} fixed"),
        _table(("case", "", "before", "after"), rows, right={2, 3}),
        _quiet(more.removeprefix(", ")),
    ]


def _diff(diff: str) -> str:
    lines = diff.splitlines()
    if not lines:
        return ""
    shown = [_diff_line(line) for line in lines[:DIFF_LINES]]
    if len(lines) > DIFF_LINES:
        shown.append(f"… {len(lines) - DIFF_LINES:,} more lines")
    style = f"border:1px solid {LINE};padding:6px 8px;overflow-x:auto;background:transparent"
    return f'<pre style="{style};color:inherit;text-align:left">{chr(10).join(shown)}</pre>'


def _diff_line(line: str) -> str:
    text = escape(gate_words.visible(line))
    if line.startswith(("+++", "---", "@@")):
        return f'<span style="opacity:.65">{text}</span>'
    colour = {"+": GOOD, "-": BAD}.get(line[:1])
    return f'<span style="color:{colour}">{text}</span>' if colour else text


def _kept(found: Improvement) -> str:
    if found.commits:
        return f"{counted(len(found.commits), 'commit')} on {found.branch}; run {found.run}"
    kept = f"the work is kept as {found.ref}; " if found.ref else ""
    return f"no branch moved; {kept}run {found.run}, {counted(found.spend.calls, 'call')}"


def _spent(found: Evaluation) -> str:
    cached = sum(result.cached_calls for result in found.results)
    return (
        f"{counted(found.paid_calls, 'call')}, {counted(cached, 'answer')} from the cache, "
        f"{money(found.cost_usd)}"
    )


def _score(mean: float) -> str:
    return f"{mean:.3f}" if isfinite(mean) else "no score"


def _words(text: str, limit: int = 0) -> str:
    """Escape a text, on one line, with what is invisible named."""
    return escape(gate_words.one_line(text, limit) if limit else gate_words.one_line(text))


def _head(title: str, said: str, colour: str = "inherit") -> str:
    return (
        f'<div style="font-weight:600;margin-bottom:2px"><span style="color:{colour}">'
        f'{_words(title)}</span> <span style="font-weight:400">{_words(said)}</span></div>'
    )


def _titled(text: str) -> str:
    return f'<div style="font-weight:600;margin-top:8px">{_words(text)}</div>'


def _paragraph(text: str) -> str:
    return f'<div style="max-width:70em">{_words(text)}</div>' if text else ""


def _quiet(text: str) -> str:
    return f'<div style="opacity:.75;font-size:.92em">{_words(text)}</div>' if text else ""


def _coloured(text: str, colour: str) -> str:
    style = f"color:{colour};font-weight:600;white-space:nowrap"
    return f'<span style="{style}">{_words(text)}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Lay out cells that are HTML already; `right`: columns of numbers."""
    numbers = set(right)
    sides = [
        "right;white-space:nowrap" if place in numbers else "left" for place in range(len(heads))
    ]
    head = "".join(
        f'<th scope="col" style="{CELL}{side};font-weight:600">{escape(name)}</th>'
        for name, side in zip(heads, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{CELL}{side};vertical-align:top;max-width:34em;overflow-wrap:anywhere">'
            f"{cell}</td>"
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    style = "border-collapse:collapse;margin:4px 0;background:transparent;color:inherit"
    return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _framed(parts: Iterable[str]) -> str:
    return f'<div class="promptgit">{"".join(parts)}</div>'
