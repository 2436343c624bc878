"""
A gate's report on one screen: what is decided, how sure that is, and the worst cases.

Lines are runs of (text, style), as in `history_text`: a pipe gets the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.gate import CaseFinding, Flip, GateFinding, MetricFinding, PromptFinding, Report
from promptgit.core.secrets import redact
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.attribution_text import by_step
from promptgit.report.gate_words import one_line
from promptgit.report.history_text import Styled, plain
from promptgit.report.sentences import gate_finding

BROKEN_SHOWN = 5
WHY_SHOWN = 160  # characters
OUTCOMES = {
    Outcome.PASS: "bold green",
    Outcome.REGRESSION: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
    Outcome.INVALID: "bold magenta",
    Outcome.NOT_BETTER: "bold",
}
FLIPS = {Flip.BROKE: "red", Flip.FIXED: "green", Flip.UNSCORED: "magenta"}
SEVERITIES = {"error": "red", "warning": "yellow"}
HEADINGS = ("metric", "base", "head", "effect", "range", "pairs", "tolerated", "")
DROPPED_FIRST = ("tolerated", "pairs", "range")  # where a terminal is too narrow for all
GAP = "  "


def summary(report: Report, width: int | None = None) -> Iterator[Styled]:
    """Show a report in short; `width`: the columns of the terminal, None where nobody cuts."""
    report = words.worst_first(report)
    yield from top(report)
    for place, prompt in enumerate(report.prompts):
        if place or report.notices or report.gate_changed:
            yield ()
        yield from heading(prompt)
        shown: set[str] = set()
        for gate in prompt.gates:
            yield from verdict(gate, prompt, width)
            yield from _broken(gate, shown)
        for line in by_step(prompt):
            yield ((f"{GAP}{one_line(line)}", ""),)
    yield ()
    yield from closing(report)


def page(report: Report) -> str:
    """The same as plain text, for a file."""
    return "".join(f"{plain(line)}\n" for line in summary(report))


def top(report: Report) -> Iterator[Styled]:
    """What comes before any verdict: that the gate itself is touched, and notices."""
    changes = words.gate_changes(report)
    if changes:
        yield (("This change also changes the gate", "bold yellow"), (":", ""))
    for change in changes:
        place = f"{one_line(change.path)}:{change.line}" if change.line else one_line(change.path)
        yield (
            (f"{GAP}{one_line(change.what)}{GAP}", "yellow"),
            (f"{place}{GAP}", "cyan"),
            (one_line(change.says), ""),
        )
    for notice in report.notices:
        yield ((f"! {one_line(notice)}", "yellow"),)
    if not report.prompts:
        yield ((words.headline(report), ""),)


def heading(prompt: PromptFinding) -> Iterator[Styled]:
    """Which prompt, why it is tested, and why there is no verdict, if there is none."""
    facts = "; ".join(one_line(part) for part in (words.why_tested(prompt), prompt.model) if part)
    yield ((one_line(prompt.path), "bold"), (f"{GAP}({facts})" if facts else "", "dim"))
    if prompt.gates:
        if prompt.note:
            yield ((f"{GAP}{one_line(prompt.note)}", "yellow"),)
        return
    word = f"{prompt.outcome.value}: " if prompt.decided else ""
    yield ((f"{GAP}{word}", OUTCOMES[prompt.outcome]), (one_line(words.standing(prompt)), ""))


def verdict(gate: GateFinding, prompt: PromptFinding, width: int | None) -> Iterator[Styled]:
    """The sentence, what it leaves out, the metrics, and the count of flips."""
    rules = words.rules(gate, prompt)
    if rules:
        yield ((f"{GAP}{rules}:", "bold"),)
    word, colon, rest = gate_finding(gate).partition(": ")
    yield ((f"{GAP}{word}{colon}", OUTCOMES[gate.outcome]), (one_line(rest), ""))
    for reason in words.other_reasons(gate):
        yield ((f"{GAP}- {one_line(reason)}", ""),)
    yield from metric_lines(gate.metrics, width)
    facts = ". ".join(fact for fact in (words.flips(gate), words.smallest(gate)) if fact)
    if facts:
        yield ((f"{GAP}{facts}", "dim"),)


def metric_lines(metrics: Sequence[MetricFinding], width: int | None) -> Iterator[Styled]:
    """A table of metrics, with fewer columns where a terminal is narrow."""
    rows = [_cells(metric) for metric in metrics]
    share = words.share(metrics[0])
    title = {**dict(zip(HEADINGS, HEADINGS, strict=True)), "range": f"{share} range"}
    shown = _fitting([title, *rows], width)
    sizes = {name: max(len(row[name]) for row in (title, *rows)) for name in shown}
    yield tuple((_cell(title, name, sizes), "dim") for name in shown)
    for metric, row in zip(metrics, rows, strict=True):
        styles = _styles(metric)
        base = "" if metric.gated else "dim"
        yield tuple((_cell(row, name, sizes), styles.get(name, base)) for name in shown)


def _fitting(rows: Sequence[dict[str, str]], width: int | None) -> list[str]:
    """Which columns there is room for."""
    sizes = {name: len(GAP) + max(len(row[name]) for row in rows) for name in HEADINGS}
    for name in DROPPED_FIRST:
        if width is not None and sum(sizes.values()) > width:
            del sizes[name]
    return list(sizes)


def _cells(metric: MetricFinding) -> dict[str, str]:
    before, after = words.level(metric)
    return {
        "metric": one_line(metric.name, 40),
        "base": before,
        "head": after,
        "effect": words.effect(metric),
        "range": words.bounds(metric),
        "pairs": f"{metric.verdict.n:,} of {metric.verdict.of:,}",
        "tolerated": words.margin(metric),
        "": metric.verdict.outcome.value if metric.gated else "",
    }


def _cell(row: dict[str, str], name: str, sizes: dict[str, int]) -> str:
    pad = str.ljust if name in ("metric", "tolerated", "") else str.rjust
    return GAP + pad(row[name], sizes[name])


def _styles(metric: MetricFinding) -> dict[str, str]:
    worse = metric.verdict.effect * (-1 if metric.kind == "guard" else 1)
    styles = {"": OUTCOMES[metric.verdict.outcome]}
    if metric.kind == "score":
        styles["metric"] = "bold"
    if worse:
        styles["effect"] = "green" if worse > 0 else "red"
    return styles


def _broken(gate: GateFinding, shown: set[str]) -> Iterator[Styled]:
    """The worst cases by these rules, but for those that others have shown."""
    every = words.flipped(gate, Flip.BROKE)
    broken = [found for found in every if found.case.id not in shown]
    for found in broken[:BROKEN_SHOWN]:
        yield case_line(found)
        why = found.after.why if found.after else ""
        if why:
            yield ((f"{2 * GAP}{one_line(redact(why), WHY_SHOWN)}", "dim"),)
    if len(broken) > BROKEN_SHOWN:
        rest = len(broken) - BROKEN_SHOWN
        yield ((f"{GAP}… and {rest:,} more that broke: promptgit review", "dim"),)
    if len(broken) < len(every):
        again = len(every) - len(broken)
        yield ((f"{GAP}{again:,} of the cases above broke by these rules, too", "dim"),)
    shown.update(found.case.id for found in every)


def case_line(found: CaseFinding) -> Styled:
    """A case in a line: what became of it, its score, and what else is to be known."""
    marks = "; ".join(words.marks(found))
    return (
        (f"{GAP}{found.flip.value}{GAP}", FLIPS.get(found.flip, "dim")),
        (one_line(found.case.id, 80), "bold"),
        (f"{GAP}{move(found)}", ""),
        (f"{GAP}({one_line(marks)})" if marks else "", "yellow"),
    )


def move(found: CaseFinding) -> str:
    """Its score before and after."""
    if found.before is None and found.after is None:
        return ""
    return " -> ".join(words.scores(found))


def lint_lines(prompt: PromptFinding) -> Iterator[Styled]:
    for found in prompt.lint[: words.MOST]:
        column = f":{found.column}" if found.column else ""
        yield (
            (f"{GAP}{found.severity}{GAP}", SEVERITIES.get(found.severity, "dim")),
            (f"{one_line(found.path)}:{found.line}{column}{GAP}", "cyan"),
            (one_line(found.message), ""),
            (f" ({one_line(found.rule)})", "dim"),
        )
    if len(prompt.lint) > words.MOST:
        yield ((f"{GAP}… and {len(prompt.lint) - words.MOST:,} more: promptgit lint", "dim"),)


def closing(report: Report) -> Iterator[Styled]:
    """The whole in a sentence where there are several prompts, what it cost, and what was read."""
    if len(report.prompts) > 1:
        yield (
            (f"{report.outcome.value}: ", OUTCOMES[report.outcome]),
            (words.headline(report), ""),
        )
    head = report.head[:10] or "the work tree"
    merge = f", merged as {report.merge[:10]}" if report.merge else ""
    yield ((f"base {report.base[:10]}, head {head}{merge}", "dim"),)
    yield ((words.spent(report.spent), "dim"),)
