"""Several models side by side, as a terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptgit.check.needed import smallest_effect
from promptgit.check.standings import ALPHA
from promptgit.core.lineup import BestPrompt, Difference, Lineup
from promptgit.evaluate.budget import Cap
from promptgit.evaluate.estimate import Estimate
from promptgit.improve.improvement import Plan
from promptgit.report import suite_words as words
from promptgit.report.improve_text import spent, typed
from promptgit.report.text import can_show, counted, money, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

PAIRS_SHOWN = 8


def estimates(each: Sequence[tuple[str, Estimate]], total: Estimate, cases: int, cap: Cap) -> str:
    """Say, before the first call, what every model will take."""
    lines = [f"{name}: {_estimate(one)}" for name, one in each]
    usd = "at prices that are not all known" if total.usd is None else money(total.usd)
    lines.append(f"together: {counted(total.calls, 'call')}, {usd}; budget: {cap}")
    lines.append(_can_show(cases, len(each)))
    return "\n".join(lines)


def _estimate(one: Estimate) -> str:
    if not one.calls:
        return f"nothing to pay, {counted(one.cached_calls, 'answer')} in the cache"
    tokens = one.input_tokens + one.output_tokens
    cached = f", {one.cached_calls:,} in the cache" if one.cached_calls else ""
    return (
        f"{counted(one.calls, 'call')} to make{cached}; about {tokens:,} tokens, {money(one.usd)}"
    )


def _can_show(cases: int, models: int) -> str:
    """
    Say which difference between two of the models so many cases can prove.

    >>> _can_show(90, 3)
    '90 cases can prove a difference of about 0.16 or more between two of the 3 models'
    """
    pairs = models * (models - 1) // 2
    if pairs < 2:
        return f"{counted(cases, 'case')} {can_show(cases)}"
    smallest = smallest_effect(cases, alpha=ALPHA / 2 / pairs)
    said = f"can prove a difference of about {smallest:.2f} or more"
    if smallest >= 1:
        said = "are too few to prove a difference"
    return f"{counted(cases, 'case')} {said} between two of the {models} models"


def searches(plans: Sequence[Plan]) -> str:
    """Say what searching for better prompts may take, on top."""
    usual = sum(plan.usual_calls for plan in plans)
    most = sum(plan.most_calls for plan in plans)
    usd = [plan.usual_usd for plan in plans]
    known = [each for each in usd if each is not None]
    price = money(sum(known)) if len(known) == len(usd) else "an unknown price"
    halves = plans[0].halves
    return (
        f"then a search for each model, {len(halves.search)} cases to search with and "
        f"{len(halves.sealed)} sealed: usually about {usual:,} calls, {price}, and never "
        f"more than {most:,}, on the same budget"
    )


def lineup(found: Lineup) -> RenderableType:
    """The ranking, two tables (how good; how fast and for how much), and what is not settled."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(words.headline(found), style="bold")]
    if found.ended:
        parts.append(Text(f"PARTIAL: {words.partial(found)}", style="bold yellow"))
    parts += [_quality(found), _effort(found)]
    said = Text("Ranking: ", style="bold")
    said.append(printable(words.ranking(found), 600), style="bold")
    parts.append(said)
    parts += [_inset(words.proven(each)) for each in words.proven_inside(found)]
    questions = words.unsettled(found)
    parts += [_inset(words.open_question(each)) for each in questions[:PAIRS_SHOWN]]
    if len(questions) > PAIRS_SHOWN:
        parts.append(Text(f"  and {len(questions) - PAIRS_SHOWN} more pairs not settled: --json"))
    parts += [Text(note, style="dim") for note in words.notes(found)]
    troubles = words.all_troubles(found)
    if troubles:
        parts.append(Text("\n" + "\n".join(map(printable, troubles)), style="yellow"))
    if found.best:
        parts += _best(found.best)
    parts.append(Text(f"\nspent {spent(found.spend)}; run {found.run}", style="dim"))
    return Group(*parts)


def _inset(line: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(printable(line)), (0, 0, 0, 2))


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _quality(found: Lineup) -> Table:
    table = _table("model", "score", "95 % range", "change", "its range", "cases")
    for entrant in found.entrants:
        gap = found.to_current(entrant)
        style = "dim" if not entrant.answered else "bold" if entrant.current else ""
        table.add_row(
            printable(entrant.name, 120),
            words.score(entrant),
            words.own_range(entrant),
            _gap(gap) if gap else words.CURRENT if entrant.current else "",
            words.span(gap) if gap else "",
            f"{entrant.scored:,}" + ("" if entrant.scored == found.cases else f"/{found.cases:,}"),
            style=style,
        )
    return table


def _gap(gap: Difference) -> str:
    return f"{gap.effect:+.3f}{'*' if gap.proven else ' '}"


def _effort(found: Lineup) -> Table:
    table = _table("model", "p50", "p95", "tokens in", "out", "1,000 cases", "trade-off")
    for entrant in found.entrants:
        table.add_row(
            printable(entrant.name, 120),
            words.wait(entrant.p50_s),
            words.wait(entrant.p95_s),
            words.tokens(entrant.input_tokens),
            words.tokens(entrant.output_tokens),
            words.cost(entrant),
            "beaten" if entrant.beaten_by else words.standing(entrant),
            style="" if entrant.answered else "dim",
        )
    return table


def _best(best: Sequence[BestPrompt]) -> list[RenderableType]:
    from rich.text import Text

    parts: list[RenderableType] = [
        Text("\nBest prompt of each model", style="bold"),
        Text(words.searched(best)),
    ]
    for each in best:
        parts.append(Text(f"  {printable(words.best_line(each))}", style="bold"))
        parts.append(Text(f"    {printable(each.sentence, 400)}"))
        if each.file:
            parts.append(Text(f"    written to {printable(each.file)}"))
        if each.command:
            parts.append(typed(f"    {each.command}"))
    return parts
