"""Several models side by side as Markdown, for a pull request or a page of a wiki."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.lineup import BestPrompt, Entrant, Lineup
from promptgit.report import suite_words as words
from promptgit.report.improve_text import spent
from promptgit.report.markdown import code_block, inline
from promptgit.report.text import counted

PAIRS_SHOWN = 15
COLUMNS = (
    "model",
    "score",
    "95 % range",
    "change",
    "its range",
    "scored",
    "p50",
    "p95",
    "tokens in",
    "out",
    "1,000 cases",
    "trade-off",
)


def page(lineup: Lineup) -> str:
    """Write the report; nothing that others wrote takes effect in it."""
    return "\n".join(_lines(lineup)) + "\n"


def _lines(lineup: Lineup) -> Iterator[str]:
    yield f"## {inline(words.headline(lineup))}"
    yield ""
    if lineup.ended:
        yield f"**PARTIAL:** {inline(words.partial(lineup))}"
        yield ""
    yield f"**Ranking:** {inline(words.ranking(lineup))}"
    yield ""
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|---|{'--:|' * (len(COLUMNS) - 2)}---|"
    yield from (_row(lineup, entrant) for entrant in lineup.entrants)
    yield ""
    yield from _pairs(lineup)
    for note in words.notes(lineup):
        yield f"<sub>{inline(note)}</sub>"
        yield ""
    troubles = words.all_troubles(lineup)
    if troubles:
        yield from (f"* {inline(said)}" for said in troubles)
        yield ""
    if lineup.best:
        yield from _best(lineup.best)
    yield f"Spent {inline(spent(lineup.spend))}; run {inline(lineup.run)}."


def _row(lineup: Lineup, entrant: Entrant) -> str:
    gap = lineup.to_current(entrant)
    name = inline(entrant.name) + (f" **({words.CURRENT})**" if entrant.current else "")
    cells = [
        name,
        words.score(entrant),
        words.own_range(entrant),
        (f"**{gap.effect:+.3f}**" if gap.proven else f"{gap.effect:+.3f}") if gap else "",
        words.span(gap) if gap else "",
        f"{entrant.scored:,} of {lineup.cases:,}",
        words.wait(entrant.p50_s),
        words.wait(entrant.p95_s),
        words.tokens(entrant.input_tokens),
        words.tokens(entrant.output_tokens),
        words.cost(entrant),
        inline(words.standing(entrant)),
    ]
    return f"| {' | '.join(cells)} |"


def _pairs(lineup: Lineup) -> Iterator[str]:
    told = [words.proven(pair) for pair in words.proven_inside(lineup)]
    told += [words.open_question(pair) for pair in words.unsettled(lineup)]
    if not told:
        return
    yield from (f"* {inline(line)}" for line in told[:PAIRS_SHOWN])
    if len(told) > PAIRS_SHOWN:
        yield f"* and {counted(len(told) - PAIRS_SHOWN, 'more pair')}"
    yield ""


def _best(best: Sequence[BestPrompt]) -> Iterator[str]:
    yield "### Best prompt of each model"
    yield ""
    yield inline(words.searched(best))
    yield ""
    for each in best:
        yield f"**{inline(words.best_line(each))}**"
        yield ""
        yield inline(each.sentence)
        yield ""
        if each.command:
            yield code_block(each.command, "sh")
            yield ""
