"""
The gate's report as Markdown: a pull request comment, a step summary, a file.

What matters most comes first, so that a service that cuts the end cuts what matters least.  Text
that a model, a case or a branch brought along is data: escaped, or fenced as code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from promptgit.core.gate import (
    CaseFinding,
    Finding,
    Flip,
    GateChange,
    GateFinding,
    MetricFinding,
    PromptFinding,
    Report,
    Side,
)
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.fitted import fitted
from promptgit.report.markdown import code_block, inline
from promptgit.report.sentences import gate_finding
from promptgit.report.text import counted

MOST = 1_000_000  # bytes: a step summary above 1 MiB is dropped whole (GitHub Docs)
CUT = "_The report was cut here: it is whole in the HTML page and in the JSON._"
SHOWN = 50  # broken cases of a prompt
NAMED = 100  # fixed cases of a prompt, by name
LONGEST = 1_500  # characters of an answer
DIFF_LINES = 200
MARKS = {
    Outcome.PASS: "✅",
    Outcome.REGRESSION: "❌",
    Outcome.INCONCLUSIVE: "⚠️",
    Outcome.INVALID: "⛔",
}


def page(report: Report) -> str:
    """The whole report, in at most 1 MB."""
    text = "\n".join(_lines(report)) + "\n"
    return fitted(text.encode("utf-8", "replace").decode(), MOST, CUT)  # half characters go


def _lines(report: Report) -> Iterator[str]:
    yield f"## {MARKS[report.outcome]} {report.outcome.value}: {inline(words.headline(report))}"
    yield ""
    changes = words.gate_changes(report)
    if changes:
        yield from _gate_changed(changes)
    for notice in report.notices:
        yield f"> {inline(notice)}"
        yield ""
    for prompt in report.prompts:
        yield from _prompt(prompt)
    yield "---"
    yield f"{_ends(report)} {inline(words.spent(report.spent))}"


def _gate_changed(changes: Sequence[GateChange]) -> Iterator[str]:
    yield "> **This change touches its own gate.** Base's rules decided, and head's must hold too:"
    for change in changes:
        line = f":{change.line}" if change.line else ""
        yield f"> * {inline(change.says)} ({inline(change.path)}{line})"
    yield ""


def _prompt(prompt: PromptFinding) -> Iterator[str]:
    outcome = prompt.outcome
    yield f"### {MARKS[outcome]} {inline(prompt.path)}"
    yield ""
    why = words.why_tested(prompt)
    if why:
        yield f"{inline(why)}; model {inline(prompt.model)}" if prompt.model else inline(why)
        yield ""
    if prompt.note or not prompt.gates:
        yield f"**{inline(words.standing(prompt))}**"
        yield ""
    for gate in prompt.gates:
        yield from _gate(gate, several=len(prompt.gates) > 1)
    if prompt.lint:
        yield from _lint(prompt.lint)
    yield from _diff(prompt)


def _gate(gate: GateFinding, *, several: bool) -> Iterator[str]:
    by = f"By {gate.rules}'s rules: " if several else ""
    yield f"{by}**{inline(gate_finding(gate))}**"
    yield ""
    for reason in words.other_reasons(gate):
        yield f"* {inline(reason)}"
    yield ""
    yield "| metric | base | head | change | range | tolerated | cases |"
    yield "|---|--:|--:|--:|--:|---|--:|"
    yield from (_metric(metric) for metric in gate.metrics)
    yield ""
    if gate.rules == "base" or not several:
        yield from _cases(gate)


def _metric(metric: MetricFinding) -> str:
    before, after = words.level(metric)
    cells = [
        inline(metric.name),
        before,
        after,
        words.effect(metric),
        words.bounds(metric),
        words.margin(metric),
        f"{metric.verdict.n} of {metric.verdict.of}",
    ]
    return f"| {' | '.join(cells)} |"


def _cases(gate: GateFinding) -> Iterator[str]:
    broke, fixed = gate.flipped(Flip.BROKE), gate.flipped(Flip.FIXED)
    lost = gate.flipped(Flip.UNSCORED)
    if broke:
        yield from _folded(
            f"{counted(len(broke), 'case')} got worse",
            (line for found in broke[:SHOWN] for line in _case(found)),
            opened=True,
        )
        if len(broke) > SHOWN:
            yield f"and {len(broke) - SHOWN} more"
            yield ""
    if lost:
        failures = (f"* {_title(found)}: {inline(_failure(found))}" for found in lost[:NAMED])
        yield from _folded(f"{counted(len(lost), 'case')} without a score", failures)
    if fixed:
        names = ", ".join(inline(found.case.id) for found in fixed[:NAMED])
        more = f" and {len(fixed) - NAMED} more" if len(fixed) > NAMED else ""
        yield from _folded(f"{counted(len(fixed), 'case')} got better", [names + more])


def _case(found: CaseFinding) -> Iterator[str]:
    yield f"**{_title(found)}**"
    yield ""
    asked = "\n".join(f"{name}: {value}" for name, value in found.case.inputs.items())
    yield code_block(_short(asked), "text")
    for name, side in (("base", found.before), ("head", found.after)):
        if side is not None:
            yield f"{name}: {_score(side)}"
            yield code_block(_short(side.output), "text")
    if found.after and found.after.why:
        yield f"why: {inline(found.after.why)}"
    yield ""


def _title(found: CaseFinding) -> str:
    marks = ", ".join(words.marks(found))
    return inline(found.case.id) + (f" ({inline(marks)})" if marks else "")


def _failure(found: CaseFinding) -> str:
    sides = (side for side in (found.before, found.after) if side)
    return "; ".join(dict.fromkeys(side.failure for side in sides if side.failure))


def _score(side: Side) -> str:
    return "no score" if side.score is None else f"{side.score:.3f}"


def _lint(findings: Sequence[Finding]) -> Iterator[str]:
    lines = (
        f"* {found.severity} {inline(found.rule)}, line {found.line}: {inline(found.message)}"
        for found in findings
    )
    yield from _folded(counted(len(findings), "lint finding"), lines)


def _diff(prompt: PromptFinding) -> Iterator[str]:
    before, after = (words.visible(text).splitlines() for text in prompt.texts)
    lines = list(difflib.unified_diff(before, after, "base", "head", lineterm="", n=2))
    if not lines:
        return
    shown = lines[:DIFF_LINES]
    if len(lines) > DIFF_LINES:
        shown.append(f"… {len(lines) - DIFF_LINES} more lines")
    yield from _folded("The change of the text", [code_block("\n".join(shown), "diff")])


def _folded(title: str, lines: Iterable[str], *, opened: bool = False) -> Iterator[str]:
    yield f"<details{' open' if opened else ''}><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""


def _ends(report: Report) -> str:
    merge = f", merged as {report.merge[:10]}" if report.merge else ""
    head = report.head[:10] or "the work tree"
    return f"base {report.base[:10]}, head {head}{merge}."


def _short(text: str) -> str:
    shown = words.visible(text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + f"\n… ({len(text):,} characters)"
