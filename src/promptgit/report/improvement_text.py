"""What a run of improve would do, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptgit.core.evidence import finite, verdict_entry
from promptgit.core.verdict import Verdict
from promptgit.evaluate.budget import Cap
from promptgit.improve.improvement import ENOUGH_CASES, INVALID, Improvement, Plan
from promptgit.report import dependents_text
from promptgit.report.curve import text_curve
from promptgit.report.improve_text import diff_text, spent, typed
from promptgit.report.sentences import why_this_range
from promptgit.report.text import can_show, counted, money

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

STYLES = {"confirmed": "bold green", "invalid": "bold red"}
FLIPS_SHOWN = 5
SCHEMA = 1  # of what is printed as JSON


def plan(planned: Plan) -> str:
    """Say, before the first call, what will be done, and what so many cases can show."""
    halves = planned.halves
    guess = planned.seed_estimate
    search, sealed = len(halves.search), len(halves.sealed)
    lines = [
        f"improve {planned.path} with strategy {planned.strategy}; delivers to {planned.target}",
        *_elsewhere(planned),
        f"model {planned.model}, mentor {planned.mentor}, budget: {planned.cap}",
        _halved(search, sealed),
        *_twins(halves.twins),
        *dependents_text.plan_lines(planned.concerned),
        *dependents_text.unasked_lines(planned.unasked),
        f"evaluating the prompt once on all cases: {guess.calls} calls and {guess.cached_calls} "
        f"cached answers, {money(guess.usd)}",
        *_whole(planned),
    ]
    if not halves.enough:
        lines.append(
            f"fewer than {ENOUGH_CASES} cases: whatever is found will be a draft, for you to judge"
        )
    return "\n".join(lines)


def _whole(planned: Plan) -> Iterator[str]:
    """Say what the run may take, what such runs take, and what ends it."""
    if planned.cap.calls is not None and planned.most_calls == planned.cap.calls:
        yield (
            f"the whole run: at most {planned.most_calls:,} calls, about "
            f"{money(planned.most_usd)}; the budget ends the search before it takes more"
        )
        if planned.cap.calls < planned.least_calls:
            yield (
                f"one race and a confirmation take {planned.least_calls:,} calls at most, so this "
                "budget may end before anything is tried"
            )
        return
    yield (
        f"the whole run: usually about {_rounded(planned.usual_calls)} calls, "
        f"{money(planned.usual_usd)}; never more than {planned.most_calls:,} calls, "
        f"{money(planned.most_usd)}"
    )
    yield (
        f"usually: {counted(planned.usual_rounds, 'round')} of "
        f"{counted(planned.texts_a_round, 'edit')}, each tried on about "
        f"{counted(planned.tried_on, 'case')}, then a confirmation"
    )
    if planned.cap == Cap():
        yield "no --budget: the search goes on until it finds no more; --budget 1000calls ends it"


def wanted(planned: Plan) -> str:
    """Say what budget a search needs, where the one it had ended it: a sentence, unfinished."""
    free = replace(planned, cap=Cap())
    least, usual = f"{planned.least_calls:,} calls", f"{_rounded(free.usual_calls)} calls"
    if planned.cap.usd is not None and free.usual_usd is not None:
        each = free.usual_usd / free.usual_calls
        least += f" ({money(planned.least_calls * each)})"
        usual += f" ({money(free.usual_usd)})"
    return (
        f"One race and a confirmation take {least} at most, a whole search usually about {usual}: "
        f"raise --budget"
    )


def _rounded(calls: int) -> str:
    """
    Write a guess with no more digits than it is good for.

    >>> _rounded(1637), _rounded(84)
    ('1,600', '84')
    """
    return f"{calls if calls < 100 else round(calls, 1 - len(str(calls)) + 1):,}"


def _elsewhere(planned: Plan) -> Iterator[str]:
    """Say so where the text to start from is not the one that the user sees."""
    ahead, behind = planned.ahead
    if ahead or behind:
        counts = [f"{counted(ahead, 'commit')} ahead of HEAD"] if ahead else []
        counts += (
            [f"{counted(behind, 'commit')} behind{'' if ahead else ' HEAD'}"] if behind else []
        )
        yield f"starts from {planned.target}'s text, {' and '.join(counts)}"


def _halved(search: int, sealed: int) -> str:
    """
    Say what each half of the cases is for, and what the one that decides can show.

    >>> _halved(35, 45).split("; ")
    ['35 cases to search with, 45 sealed to confirm with', \
'the 45 can show a difference of about 0.18 or more']
    """
    if search + sealed < ENOUGH_CASES:
        return f"{search} cases to search with; {sealed} stay sealed, and are not asked"
    halves = f"{search} cases to search with, {sealed} sealed to confirm with"
    return f"{halves}; the {sealed} {can_show(sealed)}"


def _twins(count: int) -> Iterator[str]:
    """Say how many cases prove nothing."""
    if count:
        told = "a sealed case that says" if count == 1 else f"{count} sealed cases that say"
        yield f"left aside: {told} the same as another one, and so could prove nothing"


def plan_facts(planned: Plan) -> dict[str, Any]:
    """The plan in JSON's terms."""
    guess, halves = planned.seed_estimate, planned.halves
    return {
        "schema": SCHEMA,
        "prompt": planned.path,
        "branch": planned.target,
        "ahead": planned.ahead[0],
        "behind": planned.ahead[1],
        "model": planned.model,
        "mentor": planned.mentor,
        "strategy": planned.strategy,
        "cases": {"search": len(halves.search), "sealed": len(halves.sealed)},
        "seed_evaluation": {
            "calls": guess.calls,
            "cached_calls": guess.cached_calls,
            "usd": guess.usd,
        },
        **({"used_by": dependents_text.plan_facts(planned.concerned)} if planned.concerned else {}),
        **({"not_asked": list(planned.unasked)} if planned.unasked else {}),
        "usual_calls": planned.usual_calls,
        "usual_usd": planned.usual_usd,
        "most_calls": planned.most_calls,
        "most_usd": planned.most_usd,
        "budget": str(planned.cap),
    }


def outcome(ended: Improvement) -> RenderableType:
    """The diff, the learning curve, the verdict in one sentence, and what to type next."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    if ended.diff:
        parts.append(diff_text(ended.diff))
    if len(ended.curve) > 1:
        what = "best mean score on the search cases, round by round"
        if not ended.weighed:
            what = (
                "score by the newest answer to each search case asked, round by round (the budget "
                "did not reach for weighing all steps on the same cases)"
            )
        parts.append(Text(f"Learning curve: {what}\n", style="bold"))
        parts.append(Text(text_curve(ended.curve) + "\n"))
    verdict = ended.verdict  # false unless it says yes, so ask whether there is one
    if verdict is not None and verdict.flips:
        parts.append(_flips(verdict))
    if ended.retested:
        parts.append(Text("\n".join([*dependents_text.outcome_lines(ended.retested), ""])))
    parts.append(Text(ended.sentence, style=STYLES.get(ended.state, "bold yellow")))
    if verdict is not None and verdict.n:
        parts.append(Text(why_this_range(verdict.alpha), style="dim"))
    parts += [Text(f"committed {commit[:10]} to {ended.branch}") for commit in ended.commits]
    if ended.ref and not ended.commits:
        parts.append(Text(f"kept as {ended.ref}; nothing was delivered to {ended.branch}"))
    parts.append(Text(f"spent {spent(ended.spend)}; run {ended.run}", style="dim"))
    parts += ["", typed(f"next: {next_command(ended)}")]
    return Group(*parts)


def _flips(verdict: Verdict) -> Text:
    from rich.text import Text

    broke = [flip for flip in verdict.flips if not flip.fixed]
    fixed = len(verdict.flips) - len(broke)
    said = f"Sealed cases: {fixed} scored higher, {len(broke)} lower"
    if broke:
        worst = ", ".join(
            f"{flip.case_id} ({flip.before:.3f} -> {flip.after:.3f})"
            for flip in broke[:FLIPS_SHOWN]
        )
        said += f"; most lost: {worst}"
    return Text(said + "\n")


def next_command(ended: Improvement) -> str:
    """The command that most people want now."""
    if ended.state == INVALID:
        return f"promptgit improve --resume {ended.run}   (asks again for what failed)"
    if ended.commits and not ended.here:
        return f"git diff HEAD {ended.branch} -- {ended.path}   (then a pull request)"
    if ended.commits:
        return f"promptgit log {ended.path}   (undo: promptgit revert {ended.commits[-1][:10]})"
    if ended.ref:
        return f"git diff HEAD {ended.ref} -- {ended.path}"
    return f"promptgit runs show {ended.run}"


def facts(ended: Improvement) -> dict[str, Any]:
    """The outcome in JSON's terms; its keys are stable."""
    return {
        "schema": SCHEMA,
        "run": ended.run,
        "prompt": ended.path,
        "state": ended.state,
        "sentence": ended.sentence,
        "search": {
            "before": finite(ended.seed.evaluation.mean),
            "after": finite(ended.best.evaluation.mean),
        },
        "verdict": verdict_entry(ended.verdict) if ended.verdict is not None else None,
        **({"used_by": dependents_text.outcome_facts(ended.retested)} if ended.retested else {}),
        "blob": {"before": ended.seed.prompt.blob, "after": ended.best.prompt.blob},
        "diff": ended.diff,
        "ref": ended.ref,
        "branch": ended.branch,
        "commits": list(ended.commits),
        "curve": [
            {"round": point.round, "best": finite(point.best), "accepted": point.accepted}
            for point in ended.curve
        ],
        "spend": {
            "calls": ended.spend.calls,
            "tokens": ended.spend.tokens,
            "usd": ended.spend.usd,
            "unpriced_calls": ended.spend.unpriced_calls,
        },
    }
