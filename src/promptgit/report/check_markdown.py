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
)
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.attribution_text import by_step
from promptgit.report.fitted import fitted
from promptgit.report.markdown import code_block
from promptgit.report.markdown import inline as escaped
from promptgit.report.sentences import gate_finding
from promptgit.report.text import counted

MOST = 1_000_000  # bytes: a step summary above 1 MiB is dropped whole (GitHub Docs)
CUT = "_The report was cut here: it is whole in the HTML page and in the JSON._"
LISTED = 100  # prompts in the overview, and notes of a kind
OPENED = 5  # broken cases of a prompt that show without a click
SHOWN = 50  # broken cases of a prompt
NAMED = 100  # fixed cases of a prompt, by name
LINE = 1_000  # characters of a line
LONGEST = 1_500  # characters of an answer
DIFF_LINES = 200
DIFFED = 200_000  # characters of a text that is compared line by line
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


def inline(text: str) -> str:
    """One line in which nothing takes effect, and nothing is unseen."""
    return escaped(words.one_line(text, LINE))


def _lines(report: Report) -> Iterator[str]:
    yield f"## {MARKS[report.outcome]} {report.outcome.value}: {inline(words.headline(report))}"
    yield ""
    changes = words.gate_changes(report)
    if changes:
        yield from _gate_changed(changes)
    for notice in report.notices[:LISTED]:
        yield f"> {inline(notice)}"
        yield ""
    prompts = words.worst_first(report).prompts
    if len(prompts) > 1:
        yield from _overview(prompts)
    for prompt in prompts:
        yield from _prompt(prompt)
    yield "---"
    yield ""
    yield f"{_ends(report)} {inline(words.spent(report.spent))}"


def _gate_changed(changes: Sequence[GateChange]) -> Iterator[str]:
    yield "> **This change touches its own gate.** Base's rules decided, and head's must hold too:"
    for change in changes[:LISTED]:
        line = f":{change.line}" if change.line else ""
        yield f"> * {inline(change.says)} ({inline(change.path)}{line})"
    yield ""


def _overview(prompts: Sequence[PromptFinding]) -> Iterator[str]:
    yield "| prompt | verdict | change of the score |"
    yield "|---|---|--:|"
    for prompt in prompts[:LISTED]:
        effect = words.effect(prompt.gates[0].score) if prompt.gates else words.UNKNOWN
        verdict = f"{MARKS[prompt.outcome]} {prompt.outcome.value}"
        yield f"| {inline(prompt.path)} | {verdict} | {effect} |"
    yield ""
    if len(prompts) > LISTED:
        yield f"and {len(prompts) - LISTED:,} more"
        yield ""


def _prompt(prompt: PromptFinding) -> Iterator[str]:
    yield f"### {MARKS[prompt.outcome]} {inline(prompt.path)}"
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
    steps = list(by_step(prompt))
    if steps:
        yield from (f"* {inline(line)}" for line in steps)
        yield ""
    if prompt.lint:
        yield from _lint(prompt.lint)
    yield from _diff(prompt)


def _gate(gate: GateFinding, *, several: bool) -> Iterator[str]:
    by = f"By {gate.rules}'s rules: " if several else ""
    yield f"{by}**{inline(gate_finding(gate))}**"
    yield ""
    reasons = words.other_reasons(gate)
    if reasons:
        yield from (f"* {inline(reason)}" for reason in reasons)
        yield ""
    share = words.share(gate.score)
    yield f"| metric | base | head | change | {share} range | tolerated | cases | |"
    yield "|---|--:|--:|--:|--:|---|--:|---|"
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
        f"{metric.verdict.n:,} of {metric.verdict.of:,}",
        metric.verdict.outcome.value if metric.gated else "",
    ]
    return f"| {' | '.join(cells)} |"


def _cases(gate: GateFinding) -> Iterator[str]:
    broke, fixed = words.flipped(gate, Flip.BROKE), words.flipped(gate, Flip.FIXED)
    lost = words.flipped(gate, Flip.UNSCORED)
    if broke:
        yield from _broken(broke)
    if lost:
        failures = [f"* {_title(found)}: {inline(_failure(found))}" for found in lost[:NAMED]]
        yield from _folded(
            f"{counted(len(lost), 'case')} without a score", [*failures, *_more(lost, NAMED, "* ")]
        )
    if fixed:
        names = ", ".join(inline(found.case.id) for found in fixed[:NAMED])
        title = f"{counted(len(fixed), 'case')} got better"
        yield from _folded(title, [" ".join([names, *_more(fixed, NAMED)])])


def _broken(broke: Sequence[CaseFinding]) -> Iterator[str]:
    first, others = broke[:OPENED], broke[OPENED:SHOWN]
    title = f"{counted(len(broke), 'case')} got worse"
    yield from _folded(title, (line for found in first for line in _case(found)), opened=True)
    if others:
        lines = (line for found in others for line in _case(found))
        title = f"{counted(len(broke) - OPENED, 'more case')} that got worse"
        yield from _folded(title, [*lines, *_more(broke, SHOWN)])


def _more(found: Sequence[object], shown: int, mark: str = "") -> list[str]:
    return [f"{mark}and {len(found) - shown:,} more"] if len(found) > shown else []


def _case(found: CaseFinding) -> Iterator[str]:
    yield f"**{_title(found)}**"
    yield ""
    asked = (f"{name}: {words.told(value, LONGEST)}" for name, value in found.case.inputs.items())
    yield code_block(words.told("\n".join(asked), LONGEST), "text")
    if found.case.expected:
        yield f"expected: {inline(words.told(found.case.expected, LINE))}"
        yield ""
    before, after = words.scores(found)
    for name, side, score in (("base", found.before, before), ("head", found.after, after)):
        if side is not None:
            yield f"{name}: {'no score' if side.score is None else score}"
            yield code_block(words.told(side.output, LONGEST), "text")
    if found.after and found.after.why:
        yield f"why: {inline(words.told(found.after.why, LINE))}"
        yield ""


def _title(found: CaseFinding) -> str:
    marks = ", ".join(words.marks(found))
    return inline(found.case.id) + (f" ({inline(marks)})" if marks else "")


def _failure(found: CaseFinding) -> str:
    sides = (side for side in (found.before, found.after) if side)
    failures = (words.told(side.failure, LINE) for side in sides if side.failure)
    return "; ".join(dict.fromkeys(failures))


def _lint(findings: Sequence[Finding]) -> Iterator[str]:
    lines = (
        f"* {found.severity} {inline(found.rule)}, line {found.line}: {inline(found.message)}"
        for found in findings[: words.MOST]
    )
    more = _more(findings, words.MOST, "* ")
    yield from _folded(counted(len(findings), "lint finding"), [*lines, *more])


def _diff(prompt: PromptFinding) -> Iterator[str]:
    before, after = (words.told(text, DIFFED).splitlines() for text in prompt.texts)
    lines = list(difflib.unified_diff(before, after, "base", "head", lineterm="", n=2))
    if not lines:
        return
    shown = [line if len(line) <= LINE else f"{line[:LINE]}…" for line in lines[:DIFF_LINES]]
    if len(lines) > DIFF_LINES:
        shown.append(f"… {len(lines) - DIFF_LINES:,} more lines")
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
