"""What misses teach about replies: the frame they share, and what to say on which topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from promptgit.models.offline.briefing import Brief, Miss
from promptgit.models.offline.editing import Edit, Idea
from promptgit.models.offline.manners import Act, When, manners_in
from promptgit.models.offline.replying import letter_in
from promptgit.models.offline.topic_ideas import topic_idea
from promptgit.models.offline.words import sentences, stems, words

MOST = 0.6  # the share of misses that makes a habit of something
QUOTABLE = 6  # words in a row that may come from a case

_LIMIT = re.compile(
    r"\b(?:at most|max(?:imum)?|more than|limit(?: is| of)?|up to)\D{0,12}(\d+)", re.I
)


def reply_ideas(brief: Brief, burnt: frozenset[str]) -> list[Idea]:
    """Derive ideas from the misses of a prompt that writes replies, the most useful first."""
    frame = [*_greeting(brief), *_order(brief), *_closing(brief), *_length(brief), *_idle(brief)]
    topics = topic_idea(brief, burnt)
    ranked = sorted(frame, key=lambda idea: -len(idea.seen))
    return [*ranked[:2], *topics, *ranked[2:]]


def _greeting(brief: Brief) -> Iterator[Idea]:
    """The expected answers open alike, the given ones do not."""

    def opening(text: str, miss: Miss) -> str:
        first = re.match(r"^\s*((?:\S+\s+){0,3}?\S+?)[,!]\s", text + " ")
        name = letter_in(miss.input).name
        if not first:
            return ""
        return re.sub(rf"\b{re.escape(name)}\b", "NAME", first[1]) if name else first[1]

    habit, seen = _habit(brief.misses, opening)
    if habit and len(habit.split()) <= QUOTABLE:
        bare = habit.replace("NAME", "").strip()
        with_name = " and the customer's first name" if "NAME" in habit else ""
        line = f'- Start with "{bare}"{with_name}.' if bare else "- Start with the customer's name."
        yield _added(
            brief, "The reply does not greet as it should.", seen, "say how to begin", line
        )


def _closing(brief: Brief) -> Iterator[Idea]:
    """The expected answers end alike, the given ones do not."""

    def ending(text: str, _: Miss) -> str:
        last = sentences(text)[-1] if sentences(text) else ""
        return last.rstrip(".") if len(last.split()) <= QUOTABLE else ""

    habit, seen = _habit(brief.misses, ending)
    if habit:
        line = f'- Sign off with "{habit}".'
        yield _added(brief, "The reply is not signed off.", seen, "say how to end", line)


def _order(brief: Brief) -> Iterator[Idea]:
    """The order number is known and expected, but not in the reply."""
    seen = []
    for i, miss in enumerate(brief.misses, 1):
        order = letter_in(miss.input).order
        if order and order in miss.expected and order not in miss.output:
            seen.append(i)
    if len(seen) > len(brief.misses) / 2:
        problem = "The reply never names the order it is about."
        yield _added(brief, problem, seen, "ask for it", "- Mention the order number.")


def _length(brief: Brief) -> Iterator[Idea]:
    """The replies are too long."""
    limits = [
        int(m[1]) for miss in brief.misses for m in _LIMIT.finditer(miss.why) if "word" in miss.why
    ]
    longest = max((len(miss.expected.split()) for miss in brief.misses), default=0)
    limit = min(limits, default=(longest // 10 + 1) * 10)
    seen = [i for i, m in enumerate(brief.misses, 1) if len(m.output.split()) > limit]
    if len(seen) > len(brief.misses) / 3:
        line = f"- Use at most {limit} words."
        yield _added(brief, "The reply is too long.", seen, f"limit it to {limit} words", line)


def _idle(brief: Brief) -> Iterator[Idea]:
    """A line makes the model say what no expected answer says."""
    expected = [set(stems(miss.expected)) for miss in brief.misses]
    for at, line in enumerate(brief.prompt.split("\n")):
        said = [
            set(stems(rule.text))
            for rule in manners_in(line).rules
            if rule.when is When.ALWAYS and rule.act in (Act.SAY, Act.THANK)
        ]
        if not said or not expected:
            continue
        if fmean(len(s & e) / max(1, len(s)) for s in said for e in expected) < 0.5:
            everywhere = tuple(range(1, len(expected) + 1))
            problem = "One line makes every reply say what no good reply says."
            yield Idea(problem, everywhere, "take the line out", (Edit(at, (), 1),))


def _habit(misses: Sequence[Miss], read: Callable[[str, Miss], str]) -> tuple[str, list[int]]:
    """Return what `read` finds in most expected answers, and the misses whose output lacks it."""
    found = Counter(read(miss.expected, miss) for miss in misses)
    found.pop("", None)
    habit, count = found.most_common(1)[0] if found else ("", 0)
    if count < max(2, MOST * len(misses)):
        return "", []
    lacking = [i for i, miss in enumerate(misses, 1) if read(miss.output, miss) != habit]
    return (habit, lacking) if lacking else ("", [])


def _added(brief: Brief, problem: str, seen: Sequence[int], remedy: str, line: str) -> Idea:
    """Add a line, in the place of one that says the same thing otherwise."""
    lines = brief.prompt.split("\n")
    acts = {rule.act for rule in manners_in(line).rules} & {Act.GREET, Act.SIGN, Act.ORDER}
    for at, old in enumerate(lines):
        if acts and acts == {rule.act for rule in manners_in(old).rules}:
            return Idea(problem, tuple(seen), remedy, (Edit(at, (line,), 1),))
    end = len(lines) - 1 if lines[-1] == "" else len(lines)
    return Idea(problem, tuple(seen), remedy, (Edit(end, (line,)),))


def expects_prose(misses: Sequence[Miss]) -> bool:
    return bool(misses) and fmean(len(words(miss.expected)) for miss in misses) > 5
