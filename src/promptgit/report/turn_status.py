"""The turns of the flywheel as lines for a terminal, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promptgit.report.history_text import Styled
from promptgit.report.text import printable
from promptgit.report.turn_markdown import effect_words, legible

ROLLOUT = 200  # characters of what is said of one
STYLES = {"better": "green", "worse": "red", "mixed": "yellow"}


def status_lines(turns: Sequence[Mapping[str, Any]]) -> Iterator[Styled]:
    for number, turn in enumerate(turns):
        if number:
            yield (("", ""),)
        yield from _turn(turn)


def _turn(turn: Mapping[str, Any]) -> Iterator[Styled]:
    count = turn["conversations"]
    looked = f"{count:,} conversations" if count is not None else "not analysed yet"
    yield (
        (f"turn {turn['turn']}", "bold"),
        (f"  {turn['since'][:10]} to {turn['until'][:10]}, {looked}", ""),
    )
    if turn["given_up"]:
        yield (("  cut short, and given up for a later turn", "dim"),)
    elif not turn["ended"]:
        yield (("  cut short: `promptgit flywheel run --resume` goes on with it", "yellow"),)
    for one in turn["fired"]:
        what = "" if one["do"] == "improve" else " (alarm)"
        yield ((f"  fired: {_name(one['prompt'])}: {printable(one['when'], 100)}{what}", ""),)
    if not turn["fired"] and turn["ended"]:
        yield (("  no trigger fired", "dim"),)
    for one in turn["improvements"]:
        yield ((f"  {_name(one['prompt'])}: {_outcome(one)}", ""),)
        effect = one["since_then"]
        if effect:
            yield (
                ("    since then: ", ""),
                (legible(effect_words(effect)), STYLES.get(effect["verdict"], "")),
            )
        elif one["blob"]:
            yield (("    since then: its text is not seen in production yet", "dim"),)
    for sentence in turn["aborted"]:
        yield ((f"  {printable(sentence, ROLLOUT)}", "red"),)
    for sentence in turn["rollouts"]:
        yield ((f"  {printable(sentence, ROLLOUT)}", ""),)


def _outcome(one: Mapping[str, Any]) -> str:
    drafts = one["drafts"]
    cases = f", {drafts} case{'s' if drafts != 1 else ''} to review" if drafts else ""
    branch = f" on {one['branch']}" if one["branch"] else ""
    return f"{printable(one['state'], 40)}{cases}{branch}"


def _name(prompt: str) -> str:
    return printable(prompt, 60)
