"""What is said of several models, in whatever form: one wording for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.lineup import BestPrompt, Difference, Entrant, Lineup
from promptgit.report.text import counted, money

CURRENT = "current"
UNKNOWN = "unknown"
NO_DIFFERENCE = "no difference is proven"
FRONT = "front"
WHAT_FRONT_IS = (
    f"{FRONT}: as measured, no other model is at least as good, as fast and as cheap, and better "
    "at one of the three"
)


def headline(lineup: Lineup) -> str:
    """What was compared."""
    models = counted(len(lineup.entrants), "model")
    return f"{lineup.path} on {models}, {counted(lineup.cases, 'case')} of {lineup.dataset}"


def ranking(lineup: Lineup) -> str:
    """
    Say which differences are proven: `a, b > c`.

    A `>` stands only where all before it are proven better than all after it.
    """
    if not lineup.ranked:
        return "no model has a score"
    if len(lineup.ranked) == 1:
        return f"{lineup.ranked[0].name} alone has scores: there is nothing to rank"
    said = " > ".join(", ".join(tier) for tier in lineup.tiers)
    if len(lineup.tiers) > 1:
        return said
    return f"{said}: {NO_DIFFERENCE if not proven_inside(lineup) else 'see below'}"


def tier_of(lineup: Lineup, name: str) -> int:
    return next(place for place, tier in enumerate(lineup.tiers) if name in tier)


def proven_inside(lineup: Lineup) -> tuple[Difference, ...]:
    """Differences that are proven, and that the cuts of the ranking do not tell."""
    return tuple(pair for pair in lineup.pairs if pair.proven and _inside(lineup, pair))


def unsettled(lineup: Lineup) -> tuple[Difference, ...]:
    """Pairs of which neither is proven better; those that the fewest cases would settle first."""
    found = [pair for pair in lineup.pairs if not pair.proven]
    return tuple(sorted(found, key=lambda pair: (pair.more is None, pair.more or 0)))


def _inside(lineup: Lineup, pair: Difference) -> bool:
    return tier_of(lineup, pair.first) == tier_of(lineup, pair.second)


def proven(pair: Difference) -> str:
    """
    Say that one is better.

    >>> proven(Difference("a", "b", 0.08, 0.02, 0.14, 120, 14, 4, 0.01, True))
    'a > b: +0.080 (+0.020 to +0.140) on 120 cases'
    """
    better = pair if pair.effect > 0 else pair.mirrored
    return f"{better.first} > {better.second}: {change(better)} on {counted(pair.n, 'case')}"


def open_question(pair: Difference) -> str:
    """
    Say that it is not known who is better, and what would tell.

    >>> open_question(Difference("a", "b", 0.01, -0.02, 0.04, 120, 3, 2, 1.0, False, 3400))
    'a vs b not settled: +0.010 (-0.020 to +0.040) on 120 cases; about 3,400 more would settle it'
    """
    start = f"{pair.first} vs {pair.second} not settled: "
    if not pair.n:
        return f"{start}no case has a score from both"
    if not pair.won and not pair.lost:
        return f"{start}no score differs on {counted(pair.n, 'case')}"
    cases = counted(pair.n, "case")
    more = "even a million would hardly settle it"
    if pair.more is not None:
        more = f"about {pair.more:,} more would settle it"
    return f"{start}{change(pair)} on {cases}; {more}"


def finding(pair: Difference) -> str:
    """
    Say in a word or two what a pair shows.

    >>> finding(Difference("a", "b", 0.01, -0.02, 0.04, 120, 3, 2, 1.0, False, 3400))
    'not settled; about 3,400 more cases'
    """
    if pair.proven:
        return "better" if pair.effect > 0 else "worse"
    if not pair.won and not pair.lost:
        return "no score differs"
    return "not settled" + (f"; about {pair.more:,} more cases" if pair.more is not None else "")


def change(pair: Difference) -> str:
    return f"{pair.effect:+.3f} ({span(pair)})"


def span(pair: Difference) -> str:
    return f"{pair.low:+.3f} to {pair.high:+.3f}"


def score(entrant: Entrant) -> str:
    return "none" if entrant.mean is None else f"{entrant.mean:.3f}"


def own_range(entrant: Entrant) -> str:
    return "" if entrant.mean is None else f"{entrant.low:.2f} to {entrant.high:.2f}"


def wait(seconds: float | None) -> str:
    """
    >>> wait(0.0421), wait(1.26), wait(73.2), wait(None)
    ('42 ms', '1.3 s', '73 s', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{1_000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def tokens(count: float | None) -> str:
    return "-" if count is None else f"{count:,.0f}"


def cost(entrant: Entrant) -> str:
    """What 1,000 cases cost; a price that nobody knows is said."""
    if entrant.p50_s is None:
        return "-"
    if entrant.usd_per_1000 is None:
        return UNKNOWN
    return "free" if not entrant.usd_per_1000 else dollars(entrant.usd_per_1000)


def dollars(usd: float) -> str:
    """
    Write a price so that two of them can be compared.

    >>> dollars(0.0149), dollars(0.5), dollars(12.345), dollars(0.000021)
    ('0.015 USD', '0.50 USD', '12.35 USD', '0.000021 USD')
    """
    if 0.01 <= usd < 0.1:
        return f"{usd:.3f} USD"
    return money(usd)


def standing(entrant: Entrant) -> str:
    """Whether there is a reason to take this model, by quality, speed and cost as measured."""
    if entrant.beaten_by:
        others = f" and {len(entrant.beaten_by) - 1} more" if len(entrant.beaten_by) > 1 else ""
        return f"beaten by {entrant.beaten_by[0]}{others}"
    return FRONT if on_front(entrant) else ""


def on_front(entrant: Entrant) -> bool:
    """Say whether nothing beats it at quality, speed and cost together, as far as is known."""
    known = None not in (entrant.mean, entrant.p50_s, entrant.usd_per_1000)
    return known and not entrant.beaten_by


def troubles(entrant: Entrant) -> Iterator[str]:
    """What to know of a model's answers before its figures are trusted."""
    if entrant.failures:
        kinds = ", ".join(f"{number} {kind}" for kind, number in entrant.failures.items())
        what = "no score at all" if not entrant.answered else f"{entrant.unscored} unscored"
        of = counted(entrant.asked, "case")
        yield f"{entrant.name}: {what} of {of} ({kinds}); {entrant.failure}"
    elif not entrant.asked:
        yield f"{entrant.name}: not asked"
    if entrant.flags:
        flags = ", ".join(f"{number} {flag}" for flag, number in entrant.flags.items())
        yield f"{entrant.name}: scored as they stand: {flags}"


def all_troubles(lineup: Lineup) -> tuple[str, ...]:
    return tuple(said for entrant in lineup.entrants for said in troubles(entrant))


def together(lineup: Lineup) -> str:
    """Say how far the ranges and the ranking may be trusted."""
    pairs = len(lineup.pairs)
    chance = f"{100 * lineup.alpha:g} %"
    over = f" (Bonferroni over {pairs} pairs)" if pairs > 1 else ""
    return (
        'Paired, case by case. ">" and the ranges of differences hold together: the chance that '
        f"any is wrong is about {chance} at most{over}. A change (against the current "
        "model) is proven when its range leaves out 0."
    )


def partial(lineup: Lineup) -> str:
    """Say how far it came before it ended."""
    least = min(entrant.asked for entrant in lineup.entrants)
    cases = counted(lineup.cases, "case")
    return f"{lineup.ended}; every model was asked about {least:,} of {cases}"


def notes(lineup: Lineup) -> Iterator[str]:
    """What the signs in the tables mean, and how far they may be trusted."""
    if lineup.pairs:
        yield together(lineup)
    parts = []
    if any(map(on_front, lineup.entrants)) and len(lineup.ranked) > 1:
        parts.append(WHAT_FRONT_IS)
    if unknown_prices(lineup):
        parts.append("an unknown price is not 0, and is compared with none: say it in `prices:`")
    if parts:
        yield "; ".join(parts)


def unknown_prices(lineup: Lineup) -> tuple[str, ...]:
    return tuple(
        entrant.name
        for entrant in lineup.entrants
        if entrant.usd_per_1000 is None and entrant.p50_s is not None
    )


def best_line(best: BestPrompt) -> str:
    """What searching found for one model; the figures are those of the sealed cases."""
    figures = ""
    if best.sealed:
        figures = f"; sealed: {best.sealed[0]:.3f} -> {best.sealed[1]:.3f}"
    return f"{best.name}: {best.state}{figures}"


def searched(best: Sequence[BestPrompt]) -> str:
    """What the section on better prompts is about."""
    confirmed = sum(1 for each in best if each.confirmed)
    return (
        f"A better prompt is confirmed for {confirmed} of {counted(len(best), 'model')}. "
        "Nothing was delivered. The ranking above is of the prompt as it is."
    )
