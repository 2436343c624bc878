"""One line of English for a shorter prompt: how much shorter, and what rules a loss out."""

from __future__ import annotations

from promptgit.core.verdict import Outcome, Policy, Verdict
from promptgit.improve.size import Size
from promptgit.report.sentences import cases_of, ending, first_reason, needed, points, range_of


def confirmation(
    verdict: Verdict,
    policy: Policy,
    sizes: tuple[Size, Size],
    *,
    than: str,
    proposals: int,
    calls: int,
    look: int = 1,
) -> str:
    """
    Say what the sealed cases proved about a shorter prompt; never that it is better.

    `than`: the branch whose text it was compared with.  `proposals`, `calls`: of the run.
    """
    moved = f"{points(verdict.effect)} points ({range_of(verdict)})"
    drop = f"a drop of {100 * policy.margin:.3g} points or more"
    on = f"on {cases_of(verdict)}"
    tail = ending(proposals, calls, look)
    match verdict.outcome:
        case Outcome.PASS:
            return (
                f"SHORTER: {tokens(*sizes)}, and not worse than {than}: {drop} is ruled out "
                f"{on} that chose nothing; {moved}.{tail}"
            )
        case Outcome.INVALID:
            return f"INVALID: {first_reason(verdict)}. Nothing delivered."
        case Outcome.REGRESSION:
            why = first_reason(verdict) or f"it fell by {points(verdict.effect)} points"
            return f"WORSE: {tokens(*sizes)}, but {why}; {moved} {on}. Nothing delivered.{tail}"
        case _:
            more = needed(verdict, "sealed cases")
            return (
                f"NOT CONFIRMED: {tokens(*sizes)}, but {drop} is not ruled out {on}; {moved}."
                f"{more} Nothing delivered.{tail}"
            )


def draft(search: int, sealed: int, least: int, sizes: tuple[Size, Size]) -> str:
    """Say why so few cases accept nothing, and how much shorter the draft is."""
    return (
        f"DRAFT: {tokens(*sizes)}, but {search + sealed} cases cannot prove that nothing is lost, "
        f"{least} is the least. The {search} search cases, which chose the cuts, score as before; "
        f"the {sealed} sealed cases were not asked. Read the diff yourself."
    )


def nothing_shorter(proposals: int, size: Size, *, wanted: str = "") -> str:
    """
    Say that every cut that was tried cost some score.

    `wanted`: where the budget ended the search, the budget that would have been enough.

    >>> nothing_shorter(12, Size(40, True)).split(". ")[0]
    'NOTHING FOUND: none of 12 shorter texts held the score of the prompt (40 tokens a call)'
    """
    tried = f"none of {proposals:,} shorter texts held the score of the prompt"
    if proposals == 1:
        tried = "the 1 shorter text that was tried did not hold the score of the prompt"
    if not proposals:
        tried = "there was nothing to take away from the prompt"
    if wanted and not proposals:
        tried = "the budget ended the search before any shorter text was tried to its end"
    elif wanted:
        tried += ", and then the budget ended the search"
    more = f" {wanted}." if wanted else ""
    return f"NOTHING FOUND: {tried} ({_tokens(size)} tokens a call). Nothing delivered.{more}"


def tokens(before: Size, after: Size) -> str:
    """
    Say how much shorter.

    >>> tokens(Size(412.4, True), Size(371.0, True))
    '412 -> 371 tokens a call (-10.0 %)'
    >>> tokens(Size(40, False), Size(30, False))
    '40 -> 30 tokens a call (-25.0 %, at four characters a token)'
    """
    share = 100 * (after.tokens / before.tokens - 1) if before.tokens else 0.0
    rule = "" if after.counted else ", at four characters a token"
    return f"{_tokens(before)} -> {_tokens(after)} tokens a call ({share:+.1f} %{rule})"


def _tokens(size: Size) -> str:
    return f"{round(size.tokens):,}"
