"""What an edit of shared text does to those who use it: in a plan, and when it was tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptgit.core.evidence import verdict_entry
from promptgit.core.verdict import Outcome, Verdict
from promptgit.improve.improvement import Concerned, Retested
from promptgit.report.sentences import cases_of, first_reason, listed, needed, points, range_of
from promptgit.report.text import printable

NAME = 40  # characters of a name, in a table
MOST = 20  # lines of a table
APART = (
    "(each is asked until it is settled for it alone, so these are not the cases of the whole,\n"
    "and their mean is not its figure)"
)
WORDS = {
    Outcome.PASS: "no worse",
    Outcome.REGRESSION: "worse",
    Outcome.INCONCLUSIVE: "not settled",
    Outcome.INVALID: "not tested",
}


def plan_lines(every: Sequence[Concerned]) -> list[str]:
    """Say whom an edit concerns, one a line, and what each of them will be asked."""
    if not every:
        return []
    width = max(len("used by"), *(len(printable(one.name, NAME)) for one in every))
    lines = [f"{'used by':<{width}}  search  sealed  counts  calls to confirm, at most"]
    for one in every[:MOST]:
        share = f"{100 * one.share:.3g} %" if one.share else "-"
        lines.append(
            f"{printable(one.name, NAME):<{width}}  {one.search:>6}  {one.sealed:>6}  {share:>6}"
            f"  {one.calls:>6,}"
        )
    if len(every) > MOST:
        lines.append(f"… and {len(every) - MOST} more; --json lists them all")
    return [*lines, *_warnings(every), "delivered only if none of them is worse, each on its own"]


def unasked_lines(paths: Sequence[str]) -> list[str]:
    """Say who includes the text and is not asked, because the text has cases of its own."""
    if not paths:
        return []
    who = "includes it and is" if len(paths) == 1 else "include it and are"
    return [f"{_named(paths)} {who} not asked; --for-all asks them too"]


def _warnings(every: Sequence[Concerned]) -> list[str]:
    """Say once what is to be said of several."""
    warned: dict[str, list[str]] = {}
    for one in every:
        for said in one.warnings:
            warned.setdefault(said, []).append(one.name)
    return [f"{_named(names)}: {said}" for said, names in warned.items()]


def _named(names: Sequence[str]) -> str:
    return listed([printable(name, NAME) for name in names])


def plan_facts(every: Sequence[Concerned]) -> list[dict[str, Any]]:
    """The same in JSON's terms."""
    return [
        {
            "name": one.name,
            "prompt": one.path,
            "cases": {"search": one.search, "sealed": one.sealed},
            "share": one.share,
            "margin": one.margin,
            "most_calls": one.calls,
            "warnings": list(one.warnings),
        }
        for one in every
    ]


def undelivered(whole: Verdict | None, every: Sequence[Retested]) -> str:
    """
    Say why an edit that is better on the whole is not delivered, and whom it harms by name.

    Empty when nobody stands in its way.
    """
    if whole is None or all(one.verdict for one in every):
        return ""
    harmed = [one for one in every if one.verdict.outcome is Outcome.REGRESSION]
    open_ones = [one for one in every if one.verdict.outcome is not Outcome.PASS]
    head = f"NOT DELIVERED: {points(whole.effect)} points on the whole ({range_of(whole)}), but "
    if harmed:
        return (
            head
            + "; ".join(f"{_named([one.name])} gets worse: {_told(one)}" for one in harmed)
            + "."
        )
    unsettled = (
        f"{_named([one.name])} may lose {100 * one.margin:.3g} points or more: {_told(one)}"
        f"{needed(one.verdict, 'sealed cases of it')}"
        for one in open_ones
    )
    return head + "; ".join(unsettled).rstrip(".") + "."


def _told(one: Retested) -> str:
    verdict = one.verdict
    if verdict.outcome is Outcome.INVALID or not verdict.n:
        return first_reason(verdict)
    told = f"{points(verdict.effect)} points ({range_of(verdict)}), {cases_of(verdict)}"
    must = first_reason(verdict)
    return f"{told}; {must}" if "must-pass" in must else told


def outcome_lines(every: Sequence[Retested]) -> list[str]:
    """One line for each that uses the text, those in the way first: what its own cases say."""
    order = sorted(every, key=lambda one: one.verdict.outcome is Outcome.PASS)
    width = max((len(printable(one.name, NAME)) for one in every), default=0)
    lines = [
        f"{printable(one.name, NAME):<{width}}  {WORDS[one.verdict.outcome]:<11}  {_told(one)}"
        for one in order[:MOST]
    ]
    lines += [f"… and {len(every) - MOST} more"] if len(every) > MOST else []
    partly = any(0 < one.verdict.n < one.verdict.of for one in every)
    return [*lines, *([APART] if partly else [])]


def told_lines(used_by: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same of what `outcome_facts` wrote down, as a journal has it."""
    width = max((len(printable(one["name"], NAME)) for one in used_by), default=0)
    lines = []
    for one in used_by[:MOST]:
        verdict = one["verdict"]
        effect = "" if verdict["effect"] is None else f"{points(verdict['effect'])} points, "
        lines.append(
            f"{printable(one['name'], NAME):<{width}}  {WORDS[Outcome(verdict['outcome'])]:<11}  "
            f"{effect}{verdict['n']} of {verdict['of']} sealed cases"
        )
    return [*lines, *([f"… and {len(used_by) - MOST} more"] if len(used_by) > MOST else [])]


def outcome_facts(every: Sequence[Retested]) -> list[dict[str, Any]]:
    """The same in JSON's terms."""
    return [
        {
            "name": one.name,
            "prompt": one.path,
            "margin": one.margin,
            "verdict": verdict_entry(one.verdict),
        }
        for one in every
    ]
