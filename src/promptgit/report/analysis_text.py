"""An analysis of the logs, as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from promptgit.flywheel.cube import Cell, Dimension, Metric
from promptgit.flywheel.insights import (
    Analysis,
    Change,
    Example,
    Opportunity,
    Pattern,
    Performers,
    Trait,
)
from promptgit.flywheel.tally import Tally
from promptgit.report import metric_words as words
from promptgit.report.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

PROMPTS_SHOWN = 5
COLUMNS_SHOWN = 7  # of a table along versions or days, the newest
LONGEST = 300


def analysis(found: Analysis, by: Dimension | None = None) -> Group:
    """Every prompt's metrics with their change, then what follows from them."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(headline(found), style="bold")]
    parts.append(Text(f"{found.limits or found.engine}", style="dim"))
    for prompt in found.prompts[:PROMPTS_SHOWN]:
        parts.append(Text(f"\n{printable(prompt, 80) or '(no prompt named)'}", style="bold"))
        parts.append(_along(found, prompt, by) if by else _changes(found, prompt))
    if len(found.prompts) > PROMPTS_SHOWN:
        more = len(found.prompts) - PROMPTS_SHOWN
        parts.append(Text(f"and {counted(more, 'more prompt')}: --prompt NAME, or --json"))
    parts += _proven(found.changes)
    parts += _graded(found)
    for one in found.performers:
        parts += _best(one)
    parts += _patterns(found)
    parts += _opportunities(found.opportunities)
    parts += [Text(f"note: {note}", style="dim") for note in found.notices]
    return Group(*parts)


def headline(found: Analysis) -> str:
    """Say what was looked at."""
    since, until = found.window.since[:10], found.window.until[:10]
    of = f"; shown: {printable(found.prompt, 80)}" if found.prompt else ""
    return (
        f"{counted(found.now.calls, 'call')} in {counted(found.now.conversations, 'conversation')}"
        f", {since} to {until}; before: {counted(found.before.calls, 'call')}{of}"
    )


def groups(found: Analysis) -> Iterator[tuple[str, list[Metric]]]:
    """Metrics by their group, those without any value left out."""
    by_group: dict[str, list[Metric]] = {}
    for metric in found.now.metrics.values():
        if found.now.total(metric.name).n:
            by_group.setdefault(metric.group, []).append(metric)
    yield from by_group.items()


def _changes(found: Analysis, prompt: str) -> Table:
    table = _table("", "now", "95 % range", "before", "change")
    changes = {one.metric.name: one for one in found.changes if one.prompt == prompt}
    now, before = found.now.only(prompt=prompt), found.before.only(prompt=prompt)
    for group, metrics in groups(found):
        table.add_row(group, style="dim")
        for metric in metrics:
            after = now.total(metric.name)
            if not after.n:
                continue
            earlier = before.total(metric.name) if metric.name in before.metrics else Tally()
            change = changes.get(metric.name)
            table.add_row(
                f"  {printable(metric.title or metric.name, 60)}",
                words.value(metric, after),
                words.span(metric, after),
                words.value(metric, earlier) if earlier.n else words.NOTHING,
                change_words(change) if change else "",
                style={"better": "green", "worse": "red"}.get(
                    change.direction if change else "", ""
                ),
            )
    return table


def change_words(change: Change) -> str:
    """
    Say a change; one that is not proven in brackets.

    A count is what happened, so its change is a number; what is proven is the change of its rate.
    """
    metric = change.metric
    if metric.unit == "count":
        said = f"{change.after.x - change.before.x:+,.0f}"
    else:
        said = words.change(metric, change.difference)
    return f"{said} {change.direction}".strip() if change.proven else f"({said})"


def _along(found: Analysis, prompt: str, by: Dimension) -> Table:
    columns = dict(found.table(prompt, by))
    shown = _columns(columns, by)
    table = _table("", *(_name(cell, by) for cell in shown))
    table.add_row(
        "conversations",
        *(f"{max((t.clusters for t in columns[cell].values()), default=0):,}" for cell in shown),
        style="dim",
    )
    for group, metrics in groups(found):
        table.add_row(group, style="dim")
        for metric in metrics:
            tallies = [columns[cell].get(metric.name, Tally()) for cell in shown]
            if any(tally.n for tally in tallies):
                table.add_row(
                    f"  {printable(metric.title or metric.name, 60)}",
                    *(_with_span(metric, tally, len(shown) < 4) for tally in tallies),
                )
    return table


def _columns(columns: Mapping[Cell, Mapping[str, Tally]], by: Dimension) -> list[Cell]:
    """The newest days, or the busiest of what else there is."""
    if by == "day":
        return list(columns)[-COLUMNS_SHOWN:]

    def busy(cell: Cell) -> int:
        return max((tally.clusters for tally in columns[cell].values()), default=0)

    return sorted(columns, key=lambda cell: (-busy(cell), getattr(cell, by)))[:COLUMNS_SHOWN]


def _name(cell: Cell, by: Dimension) -> str:
    value = getattr(cell, by)
    short = value[:8] if by == "version" else value[5:] if by == "day" else value
    return printable(short, 24) or "(none)"


def _with_span(metric: Metric, tally: Tally, with_range: bool) -> str:
    said = words.value(metric, tally) if tally.n else words.NOTHING
    span = words.span(metric, tally) if with_range and tally.n else ""
    return f"{said} ({span})" if span else said


def _proven(changes: Sequence[Change]) -> list[RenderableType]:
    from rich.text import Text

    proven = [one for one in changes if one.proven]
    if not changes:
        return []
    if not proven:
        return [Text("\nNo change against the window before is proven.")]
    better = sum(one.direction == "better" for one in proven)
    worse = sum(one.direction == "worse" for one in proven)
    said = f"\nProven against the window before: {better} better, {worse} worse"
    return [
        Text(f"{said}, of {len(changes)} compared (in brackets: not proven; together 5 % error).")
    ]


def _graded(found: Analysis) -> list[RenderableType]:
    from rich.text import Text

    return [
        Text(
            printable(
                f"{one.metric.title} of {one.prompt}: {words.value(one.metric, one.tally)} "
                f"({words.span(one.metric, one.tally)}), by {one.by} on {one.asked:,} of "
                f"{one.of:,} conversations, seed {one.seed}"
                + (f"; {one.failed:,} not graded" if one.failed else ""),
                LONGEST,
            )
        )
        for one in found.sampled
    ]


def _best(one: Performers) -> list[RenderableType]:
    from rich.text import Text

    said = (
        f"\nTop answers of {one.prompt}: {one.top:,} with {one.score} {one.threshold:g} or more, "
        f"against {one.rest:,}"
    )
    parts: list[RenderableType] = [Text(printable(said, LONGEST), style="bold")]
    if not one.traits:
        parts.append(Text("  nothing that was counted tells them from the others"))
    parts += [Text("  " + printable(_trait(trait), LONGEST)) for trait in one.traits]
    return parts


def _trait(one: Trait) -> str:
    return (
        f"{100 * one.top / one.of_top:3.0f} % against {100 * one.rest / one.of_rest:3.0f} %  "
        f"{one.name}  "
        f"({one.top:,} of {one.of_top:,}, {one.rest:,} of {one.of_rest:,})"
    )


def _patterns(found: Analysis) -> list[RenderableType]:
    from rich.text import Text

    if not found.looked_at:
        return []
    parts: list[RenderableType] = [
        Text(
            f"\nSuspicious inputs that no rule knows: {found.looked_at:,} looked at, "
            f"{counted(len(found.patterns), 'group')} of alike ones",
            style="bold",
        )
    ]
    for pattern in found.patterns:
        parts.append(Text("  " + printable(pattern_words(pattern), LONGEST)))
        parts += [Text(f"    {example_words(one)}", style="dim") for one in pattern.examples[:1]]
    return parts


def pattern_words(pattern: Pattern) -> str:
    shared = ", ".join(pattern.words)
    return f"{counted(pattern.conversations, 'conversation')} of {pattern.prompt}: {shared}"


def example_words(one: Example) -> str:
    """One conversation on one line."""
    return printable(f"{one.conversation}: {one.input!r} -> {one.output!r}", LONGEST)


def _opportunities(found: Sequence[Opportunity]) -> list[RenderableType]:
    from rich.text import Text

    if not found:
        return []
    parts: list[RenderableType] = [Text("\nWhat could be won, the most first", style="bold")]
    for number, one in enumerate(found, start=1):
        parts.append(Text(printable(f"{number}. {one.prompt}: {one.said}", LONGEST)))
        parts.append(Text(f"   about {gain_words(one)}: " + printable(one.basis, LONGEST)))
        parts += [Text(f"   {example_words(each)}", style="dim") for each in one.examples]
        parts.append(Text(f"   {one.command}", style="cyan"))
    return parts


def gain_words(one: Opportunity) -> str:
    """
    Say what may be won, and what one of them is worth.

    >>> from promptgit.flywheel.cube import Metric
    >>> gain_words(Opportunity("p", Metric("m"), "", 12.4, 3.0, "", "", ""))
    '12, worth 3 each'
    """
    number = f"{one.gain:,.0f}" if one.gain >= 10 else f"{one.gain:.1f}"
    return number if one.worth == 1 else f"{number}, worth {one.worth:g} each"


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
