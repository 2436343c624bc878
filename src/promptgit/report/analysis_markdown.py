"""An analysis of the logs as Markdown: for a summary of a job, or a pull request."""

from __future__ import annotations

from promptgit.flywheel.insights import Analysis
from promptgit.report import metric_words as words
from promptgit.report.analysis_text import (
    change_words,
    example_words,
    gain_words,
    groups,
    headline,
    pattern_words,
)
from promptgit.report.markdown import inline


def analysis(found: Analysis) -> str:
    """The same as a terminal shows; nothing of a log takes effect in it."""
    lines = ["# What the logs show", "", inline(headline(found)), "", inline(found.limits)]
    for prompt in found.prompts:
        lines += ["", f"## {inline(prompt) or '(no prompt named)'}", "", *_table(found, prompt)]
    for one in found.performers:
        lines += ["", f"### Top answers of {inline(one.prompt)}", ""]
        lines += [
            f"* {inline(trait.name)}: {trait.top:,} of {trait.of_top:,} top answers, "
            f"{trait.rest:,} of {trait.of_rest:,} others"
            for trait in one.traits
        ]
    if found.patterns:
        lines += ["", "## Suspicious inputs that no rule knows", ""]
    for pattern in found.patterns:
        lines.append(f"* {inline(pattern_words(pattern))}")
        lines += [f"  * {inline(example_words(one))}" for one in pattern.examples[:1]]
    if found.opportunities:
        lines += ["", "## What could be won, the most first", ""]
    for number, each in enumerate(found.opportunities, start=1):
        lines.append(f"{number}. **{inline(each.prompt)}**: {inline(each.said)}")
        lines.append(f"   about {gain_words(each)}: {inline(each.basis)}")
        lines.append(f"   `{each.command}`")
        lines += [f"   * {inline(example_words(one))}" for one in each.examples]
    if found.notices:
        lines += ["", *(f"* {inline(note)}" for note in found.notices)]
    return "\n".join(lines) + "\n"


def _table(found: Analysis, prompt: str) -> list[str]:
    changes = {one.metric.name: one for one in found.changes if one.prompt == prompt}
    now = found.now.only(prompt=prompt)
    lines = ["| metric | now | 95 % range | change |", "|---|--:|--:|--:|"]
    for _, metrics in groups(found):
        for metric in metrics:
            tally = now.total(metric.name)
            if tally.n:
                change = changes.get(metric.name)
                said = change_words(change) if change else ""
                lines.append(
                    f"| {inline(metric.title or metric.name)} | {words.value(metric, tally)} | "
                    f"{words.span(metric, tally)} | {said} |"
                )
    return lines
