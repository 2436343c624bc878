"""
What a turn did, as Markdown: for the terminal, a file, and the summary of a workflow's step.

It is written from the results of the stages as the journal has them, so that a turn that was
resumed reads as one that was not.  Names and messages of logs are data, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from promptgit.flywheel.cube import Cube, Metric, Unit
from promptgit.flywheel.cube_facts import cube_of
from promptgit.flywheel.tally import Tally, difference
from promptgit.report.markdown import inline
from promptgit.report.metric_words import amount, per_thousand, value
from promptgit.report.turn_pull_request import typed

Facts = Mapping[str, Any]

NEXT = "\n### Next\n"  # what follows are commands to type
ENOUGH = 20  # conversations on each side of a comparison


def turn_markdown(
    turn: str, start: Facts, done: Mapping[str, Facts], *, remote: str, has_gh: bool
) -> str:
    """
    Write the summary of a turn, a dry run where it is empty; stages that did not run are left out.

    remote: what branches are pushed to; empty: there is none.
    """
    lines = [
        f"## Turn {turn} of the flywheel" if turn else "## Dry run of a turn of the flywheel",
        "",
    ]
    lines += [f"Logs from {_minute(start['since'])} to {_minute(start['until'])}, in UTC.", ""]
    if "capture" in done:
        lines += [*_capture(done["capture"]), ""]
    if "analyze" in done:
        lines += [*_analyze(done["analyze"]), ""]
    if "insights" in done:
        lines += [*_insights(done["insights"], done["analyze"]), ""]
    if "improve" in done:
        lines += [*_improve(done["improve"]), ""]
    if "deploy" in done and done["deploy"]["requests"]:
        lines += [*_deploy(done["deploy"]), ""]
    if "measure" in done:
        lines += [*_measure(done["measure"]), ""]
    if "deploy" in done:
        steps = done.get("measure", {}).get("requests", ())  # earlier journals lack it
        found = {**done["deploy"], "requests": [*done["deploy"]["requests"], *steps]}
        lines += _next(found, str(start["base"]), remote=remote, has_gh=has_gh)
    return "\n".join(lines).rstrip() + "\n"


def legible(markdown: str) -> str:
    """
    Take the escapes out, for a terminal, where nothing is marked up anyway.

    >>> legible(r"quality\\_score \\(0 to 10\\): &lt;b&gt;")
    'quality_score (0 to 10): <b>'
    """
    plain = re.sub(r"\\([\\`*_\[\]()|#!~+=-])", r"\1", markdown)
    return unescape(plain.replace("&#8203;", ""))


def _capture(found: Facts) -> Iterator[str]:
    yield f"**capture**: {inline(found['sentence'])}"


def _analyze(found: Facts) -> Iterator[str]:
    yield (
        f"**analyze**: {found['conversations']:,} conversations, {found['calls']:,} calls "
        f"({inline(found['engine'])})"
    )
    if not found["calls"]:
        yield "* no call in this window: `promptgit logs import FILE` brings some"
    yield from _graded(found)
    cube, before = cube_of(found["cube"]), cube_of(found["before"])
    for one in found["prompts"]:
        yield ""
        yield f"### {_named(one['name'])}"
        yield ""
        yield _where(one)
        if one["path"]:
            name = one["name"]
            yield ""
            yield from _table(cube.only(prompt=name), before.only(prompt=name))


def _graded(found: Facts) -> Iterator[str]:
    """What a judge said, always with how many it was asked about."""
    for one in found["graded"]:
        ranged = f" ({one['range']})" if one["range"] else ""
        yield (
            f"* {_named(one['prompt'])}: {inline(one['title'])} {one['value']}{ranged}, by "
            f"{inline(one['by'])} on {one['asked']:,} of {one['of']:,} conversations"
        )
    yield from (f"* {inline(notice)}" for notice in found["notices"])


def _seen(found: Facts) -> Iterator[str]:
    """What an analysis would do next, and the attacks that no rule knows."""
    for one in found["opportunities"]:
        yield f"* opportunity, {_named(one['prompt'])}: {inline(one['said'])}"
    for one in found["patterns"]:
        words = inline(", ".join(one["words"][:6]))
        yield (
            f"* a new kind of attack on {_named(one['prompt'])}? {one['conversations']} "
            f"conversations say: {words}"
        )


def _named(prompt: str) -> str:
    return inline(prompt) or "(no prompt named)"


def _where(one: Facts) -> str:
    """Say which prompt it is, and which of its texts production used."""
    if not one["name"]:
        return (
            f"These calls ({sum(each['conversations'] for each in one['versions']):,} "
            "conversations) do not say which prompt they are of; `promptgit flywheel analyze` "
            "shows them."
        )
    if not one["path"]:
        return "No prompt of this repository has this name; `promptgit flywheel analyze` shows it."
    known = {"current": "as it is here", "here": "an earlier text", "unknown": "unknown here"}
    parts = [
        f"`{_plain(each['blob'])[:10] or 'not said'}` {known[each['known']]} "
        f"({each['conversations']:,})"
        for each in one["versions"][:4]
    ]
    more = len(one["versions"]) - 4
    tail = f", and {more} more texts" if more > 0 else ""
    return f"`{_plain(one['path'])}`; texts in use: {', '.join(parts)}{tail}."


def _table(cube: Cube, before: Cube) -> Iterator[str]:
    measured = [one for one in cube.metrics.values() if cube.total(one.name).n]
    if not before.rows:
        yield "| metric | now |"
        yield "|---|---:|"
        for one in measured:
            yield f"| {inline(one.title or one.name)} | {value(one, cube.total(one.name))} |"
        return
    yield "| metric | now | before | change |"
    yield "|---|---:|---:|---|"
    for one in measured:
        now = cube.total(one.name)
        was = before.total(one.name) if one.name in before.metrics else Tally()
        yield (
            f"| {inline(one.title or one.name)} | {value(one, now)} | {value(one, was)} | "
            f"{_change(one, was, now)} |"
        )


def _change(metric: Metric, before: Tally, after: Tally) -> str:
    """Say whether it got better, as far as that is proven."""
    if metric.unit == "count" or min(before.clusters, after.clusters) < ENOUGH:
        return ""
    found = difference(before, after, share=metric.unit == "share")
    if found is None or not found.proven:
        return "not proven" if found else ""
    if not metric.better:
        return "changed"
    return "better" if (found.value > 0) == (metric.better == "higher") else "**worse**"


def _insights(found: Facts, looked: Facts) -> Iterator[str]:
    count = len(found["fired"])
    yield f"**insights**: {count or 'no'} trigger{'s' if count != 1 else ''} fired"
    yield from _seen(looked)
    for one in found["fired"]:
        what = "starts an improvement" if one["do"] == "improve" else "is an alarm"
        yield f"* {inline(one['prompt'])}: {inline(one['why'])}; it {what}"
    for one in found["resting"]:
        yield (
            f"* {inline(one['prompt'])}: {inline(one['why'])}; it fired lately and rests until "
            f"{_minute(one['until'])}"
        )
    for one in found["drifts"]:
        yield (
            f"* {inline(one['prompt'])}: {inline(one['metric'])} drifted on "
            f"{_minute(one['began'])}, from {amount(one['unit'], one['before'])} to "
            f"{amount(one['unit'], one['after'])}{_causes(one['causes'])}"
        )


def _causes(causes: Sequence[Sequence[str]]) -> str:
    named = [" ".join(filter(None, (kind, name[:40]))) for kind, name in causes[:2]]
    return inline(f"; likely cause: {' or '.join(named)}") if named else ""


def _improve(found: Facts) -> Iterator[str]:
    if not found["improvements"]:
        yield "**improve**: nothing to do"
        return
    yield "**improve**:"
    for one in found["improvements"]:
        drafts = len(one["drafts"]["drafts"])
        cases = f"{drafts} case{'s' if drafts != 1 else ''} drafted, to be reviewed"
        yield f"* {inline(one['prompt'])}: {cases}; {inline(one['sentence'] or one['state'])}"


def _deploy(found: Facts) -> Iterator[str]:
    yield "**deploy**:"
    for one in found["requests"]:
        words = one["rollout"] or "no text was confirmed, so there is nothing to roll out"
        yield f"* {inline(one['prompt'])}: {words}"


def _measure(found: Facts) -> Iterator[str]:
    broken = found.get("broken", ())  # journals of earlier releases lack it
    if not (found["effects"] or found["rollouts"] or found["aborted"] or broken):
        yield "**measure**: no rollout is under way, and no text that a turn found is in use yet"
        return
    yield "**measure**:"
    yield from (f"* **alarm**: {inline(sentence)}" for sentence in broken)
    for sentence in (*found["aborted"], *found["rollouts"]):
        yield f"* {inline(sentence)}"
    for one in found["effects"]:
        yield f"* {inline(one['prompt'])}, since turn {one['turn']}: {effect_words(one)}"


def effect_words(one: Facts) -> str:
    """Say in a line what is proven of a text that is in use now."""
    before, after = one["conversations"]
    counted = f"{after:,} conversations, against {before:,} before"
    if not one["proven"]:
        return f"nothing is proven yet ({counted})"
    parts = [
        f"{inline(each['title'])} "
        f"{_told(each['unit'], each['before'], each['after'], each.get('per', ''))}"
        for each in one["proven"]
    ]
    return f"{one['verdict']}: {'; '.join(parts)} ({counted}; other things may have changed too)"


def _told(unit: Unit, before: float | None, after: float | None, per: str) -> str:
    """Both values; a count is one of 1,000 calls, or what it is counted `per`: weeks differ."""
    if unit == "count":
        words = inline(per.replace("_", " "))
        return f"{per_thousand(before)} to {per_thousand(after)} per 1,000 {words}".rstrip()
    return f"{amount(unit, before)} to {amount(unit, after)}"


def _next(found: Facts, base: str, *, remote: str, has_gh: bool) -> Iterator[str]:
    """The commands that open the pull requests; a person types them."""
    waiting = found.get("waiting", ())  # journals of earlier releases lack it
    if not (found["requests"] or waiting):
        return
    yield NEXT.strip()
    yield ""
    if found["requests"]:
        yield "Each of these is a branch of its own; nothing was pushed, and nothing is in use yet."
        yield ""
        yield from _typed(found["requests"], base, remote=remote, has_gh=has_gh)
    for number, one in enumerate(waiting):
        if number or found["requests"]:
            yield ""
        yield (
            f"A branch of turn {one['turn']} still waits for review ({inline(one['prompt'])}: "
            f"{inline(one['state'])}):"
        )
        yield ""
        yield from _typed([one], base, remote=remote, has_gh=has_gh)


def _typed(requests: Sequence[Facts], base: str, *, remote: str, has_gh: bool) -> Iterator[str]:
    yield "```sh"
    for one in requests:
        title, body = one["title"], one["body"]
        yield from typed(one["branch"], base, title, body, remote=remote, has_gh=has_gh)
    yield "```"


def _minute(at: str) -> str:
    return f"{at[:10]} {at[11:16]}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c != "`")
