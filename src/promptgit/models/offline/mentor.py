"""The offline mentor: proposes small edits, drawn from nothing but the misses it is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from promptgit.models.offline.breeding import bred
from promptgit.models.offline.briefing import Brief, brief_in
from promptgit.models.offline.editing import Edit, Idea, edited, is_new, unified
from promptgit.models.offline.interviewing import interview, patterns, shorten
from promptgit.models.offline.label_ideas import expects_labels, label_ideas
from promptgit.models.offline.reply_ideas import reply_ideas

LABEL_IDEAS = 1  # in one patch: cues for one label may spoil those of another
REPLY_IDEAS = 2
BURNT = 2  # refusals after which a cue is not proposed again

_ORDER = re.compile(
    r"\b(?:add|write|put)\b[^\n:]*\b(?:prompt|instructions|rules)\b[^\n:]*:[ \t]*(.+)", re.I
)
_NOTHING = "I see no edit that these misses call for."


def advise(text: str) -> str | None:
    """Answer a request that one of our meta-prompts wrote; None when it is something else."""
    brief = brief_in(text)
    if brief is None:
        return bred(text)
    if brief.kind == "critique":
        return _critique(_ideas(brief))
    if brief.kind == "patch":
        most = LABEL_IDEAS if expects_labels(brief.misses) else REPLY_IDEAS
        return _patch(brief, _ideas(brief)[:most])
    if brief.kind == "patches":
        return (
            "\n\n".join(_patch(brief, [idea]) for idea in _ideas(brief)[: brief.count]) or _NOTHING
        )
    if brief.kind == "interview":
        return interview(brief, _ideas(brief), _patch)
    if brief.kind == "patterns":
        return patterns(brief, _ideas(brief), _patch) or _NOTHING
    if brief.kind == "shorten":
        return shorten(brief)
    if brief.kind == "retry":
        return _fenced(brief, _added_lines(brief.reply))
    return _whole(brief)


def _ideas(brief: Brief) -> list[Idea]:
    burnt = _burnt(brief)
    labels = expects_labels(brief.misses)
    found = label_ideas(brief, burnt) if labels else reply_ideas(brief, burnt)
    wanted = [*_ordered(brief), *found]
    return [idea for idea in wanted if is_new(idea, brief.prompt, brief.tried)]


def _ordered(brief: Brief) -> list[Idea]:
    """Obey an order in the data, as a mentor may whom nobody warned of them."""
    if brief.is_warned:
        return []
    lines = brief.prompt.split("\n")
    end = len(lines) - 1 if lines[-1] == "" else len(lines)
    return [
        Idea("A text asks for it.", (number,), "do as it says", (Edit(end, (order[1].strip(),)),))
        for number, miss in enumerate(brief.misses, 1)
        for order in _ORDER.finditer(miss.input)
    ]


def _burnt(brief: Brief) -> frozenset[str]:
    """Cues of several refused patches; the prompt does not have them."""
    proposed: Counter[str] = Counter()
    for summary in brief.tried:
        added = " , ".join(line[1:] for line in summary.split("\n") if line.startswith("+"))
        proposed.update({item.strip(" .") for item in re.split(r",|: ", added)})
    return frozenset(cue for cue, count in proposed.items() if count >= BURNT)


def _critique(ideas: Sequence[Idea]) -> str:
    if not ideas:
        return f"- {_NOTHING}"
    return "\n".join(_point(idea) for idea in ideas[:5])


def _point(idea: Idea) -> str:
    where = f" ({_misses(idea)})" if idea.seen else ""
    adds = "".join(f"\n  Add: `{line}`" for line in idea.added)
    return f"- {idea.problem} Remedy: {idea.remedy}{where}.{adds}"


def _misses(idea: Idea) -> str:
    numbers = ", ".join(map(str, idea.seen))
    return f"miss {numbers}" if len(idea.seen) == 1 else f"misses {numbers}"


def _patch(brief: Brief, ideas: Sequence[Idea]) -> str:
    after = edited(brief.prompt, ideas)
    if after == brief.prompt:
        return _NOTHING
    return f"{_message(ideas)}\n\n```diff\n{unified(brief.path, brief.prompt, after)}\n```"


def _message(ideas: Sequence[Idea]) -> str:
    """What is done, as the subject of a commit; then what was wrong."""
    remedies = "; ".join(dict.fromkeys(idea.remedy for idea in ideas))
    problems = dict.fromkeys(idea.problem for idea in ideas)
    return " ".join([f"{remedies[:1].upper()}{remedies[1:]}.", *problems])


def _added_lines(reply: str) -> list[str]:
    return [line[1:] for line in reply.split("\n") if line.startswith("+") and line[:3] != "+++"]


def _with_lines(prompt: str, added: Sequence[str]) -> str:
    lines = prompt.split("\n")
    end = len(lines) - 1 if lines[-1] == "" else len(lines)
    return edited(prompt, [Idea("", (), "", (Edit(end, tuple(added)),))])


def _fenced(brief: Brief, added: Sequence[str]) -> str:
    """Write the lines of a patch that did not apply at the end of the file, where they fit."""
    after = _with_lines(brief.prompt, added)
    return f"```diff\n{unified(brief.path, brief.prompt, after)}\n```" if added else _NOTHING


def _whole(brief: Brief) -> str:
    added = re.findall(r"^\s*Add: `(.+)`$", brief.critique, re.M)
    ticks = max((len(row) for row in re.findall(r"`{3,}", brief.prompt)), default=2) + 1
    fence = "`" * ticks
    return f"{fence}text\n{_with_lines(brief.prompt, added).rstrip(chr(10))}\n{fence}"
