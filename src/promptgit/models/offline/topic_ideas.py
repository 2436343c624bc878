"""What to say when a message is about something: rules drawn from the misses of one topic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from promptgit.models.offline.briefing import Brief, Miss
from promptgit.models.offline.contrast import telling
from promptgit.models.offline.cues import cues_in
from promptgit.models.offline.editing import Edit, Idea
from promptgit.models.offline.replying import letter_in
from promptgit.models.offline.words import is_topical, quoted, sentences, stems, words

RULES_A_PATCH = 6
PHRASES_A_RULE = 4
QUOTABLE = 6  # words in a row that may come from a case
SHARED = 5  # cues for a topic that several misses have in common, in one patch
SINGLE = (3, 1, 5)  # cues from a miss that has none of those; each refusal moves on to the next
SAME = 0.7  # the share of a phrase's words that makes it said already

HEAD = "- When the message mentions "

_BEGINS = frozenset(
    ["of", "within", "with", "by", "to", "in", "on", "for", "from", "at", "until", "the", "a"]
)
_JOINS = frozenset(
    ["and", "or", "but", "so", "then", "that", "which", "as", "our", "your", "is", "are"]
)
_CLAUSE_END = re.compile(r"[.;:!?,]\s+|\s+(?:and|but|so)\s+")


@dataclass
class _Topic:
    """Misses that want the same thing said."""

    phrases: list[str]
    members: list[int] = field(default_factory=list)  # indexes of misses
    line: int = -1  # of the prompt, when it has a rule for it already


def topic_idea(brief: Brief, burnt: frozenset[str]) -> Iterator[Idea]:
    """Propose rules of the form `When the message mentions …: say "…", then "…".`"""
    topics = list(_topics(brief))
    texts = [letter_in(miss.input).body for miss in brief.misses]
    lines = brief.prompt.split("\n")
    end = len(lines) - 1 if lines[-1] == "" else len(lines)
    edits: list[Edit] = []
    seen: list[int] = []
    known = {cue for line in lines for cue in _cues_of(line)}
    for topic in sorted(topics, key=lambda topic: -len(topic.members))[:RULES_A_PATCH]:
        hints = {word for i in topic.members for word in stems(brief.misses[i].expected)}
        members = set(topic.members)
        chosen = telling(
            texts,
            members,
            avoid=known,
            hints=hints,
            shared=SHARED,
            single=SINGLE[len(brief.tried) % len(SINGLE)],
        )
        cues = sorted(cue for cue in chosen if cue not in burnt and not _is_verb(cue))
        if not cues:
            continue
        if topic.line >= 0:
            head, colon, rest = lines[topic.line].partition(":")
            edits.append(Edit(topic.line, (f"{head}, {', '.join(cues)}{colon}{rest}",), 1))
        else:
            edits.append(Edit(end, (_rule(cues, topic.phrases),)))
        seen += [i + 1 for i in topic.members]
    if edits:
        problem = "The reply does not say what happens next."
        yield Idea(
            problem, tuple(sorted(set(seen))), "say what happens next, by topic", tuple(edits)
        )


def _topics(brief: Brief) -> Iterator[_Topic]:
    """Group the misses by what they want said; a miss that an old rule would serve goes there."""
    waiting: dict[int, list[str]] = {}
    old: dict[int, _Topic] = {}
    for i, miss in enumerate(brief.misses):
        at = _served_by(brief.prompt, miss)
        if at >= 0:
            old.setdefault(at, _Topic([], line=at)).members.append(i)
        elif phrases := _unsaid(miss):
            waiting[i] = phrases
    yield from old.values()
    while waiting:
        first = next(iter(waiting))
        alike = [i for i in waiting if i == first or _overlap(waiting[first], waiting[i])]
        phrases = [p for p in waiting[first] if len(alike) == 1 or _said_by_two(p, alike, waiting)]
        yield _Topic(phrases[:PHRASES_A_RULE], alike)
        for i in alike:
            del waiting[i]


def _served_by(prompt: str, miss: Miss) -> int:
    """Return the line whose rule says what was expected but not said; -1 when there is none."""
    for at, line in enumerate(prompt.split("\n")):
        said = quoted(line) if line.startswith(HEAD) else []
        wanted = [text for text in said if _is_in(text, miss.expected)]
        if said and len(wanted) * 2 >= len(said) and not all(_is_in(t, miss.output) for t in said):
            return at
    return -1


def _unsaid(miss: Miss) -> list[str]:
    """Cut the expected answer into short phrases that were not said and are not of this case."""
    letter = letter_in(miss.input)
    own = {stem for word in words(letter.body) if is_topical(word) for stem in stems(word)}
    own |= set(stems(f"{letter.name} {letter.order}"))
    found = []
    for clause in _clauses(miss.expected):
        for piece in _pieces(clause.split()):
            inside = set(stems(piece))
            topical = [word for word in words(piece) if is_topical(word)]
            if topical and not inside & own and not _is_in(piece, miss.output):
                found.append(piece)
    return found


def _clauses(text: str) -> Iterable[str]:
    """Leave out how it begins and ends: the frame has rules of its own."""
    inner = re.sub(r"^\s*\S+(?:\s+\S+)?,\s+", "", text)
    whole = sentences(inner)
    kept = whole[:-1] if len(whole) > 1 and len(whole[-1].split()) <= QUOTABLE else whole
    for sentence in kept:
        yield from (part.strip(" .!?,;:") for part in _CLAUSE_END.split(sentence))


def _pieces(tokens: Sequence[str]) -> Iterator[str]:
    """
    Cut a clause into runs of at most QUOTABLE words, where a new phrase begins if possible.

    >>> list(_pieces("you hear from us within one working day".split()))
    ['you hear from us', 'within one working day']
    """
    if len(tokens) > QUOTABLE:
        middle = len(tokens) / 2
        cut = min(
            range(2, len(tokens) - 1),
            key=lambda i: (tokens[i].lower() not in _BEGINS, abs(i - middle)),
        )
        yield from _pieces(tokens[:cut])
        yield from _pieces(tokens[cut:])
        return
    piece = list(tokens)
    while piece and piece[-1].lower() in _BEGINS | _JOINS:
        piece.pop()
    while piece and piece[0].lower() in _JOINS:
        piece.pop(0)
    if len(piece) > 1:
        yield " ".join(piece)


def _overlap(left: Sequence[str], right: Sequence[str]) -> bool:
    return any(_is_in(phrase, other) for phrase in left for other in right)


def _said_by_two(phrase: str, alike: Sequence[int], waiting: dict[int, list[str]]) -> bool:
    return sum(any(_is_in(phrase, other) for other in waiting[i]) for i in alike) > 1


def _is_in(phrase: str, text: str) -> bool:
    wanted = stems(phrase)
    there = set(stems(text))
    return bool(wanted) and sum(word in there for word in wanted) / len(wanted) >= SAME


def _rule(cues: Sequence[str], phrases: Sequence[str]) -> str:
    said = ", then ".join(f'"{phrase[0].lower()}{phrase[1:]}"' for phrase in phrases)
    return f"{HEAD}{', '.join(cues)}: say {said}."


def _cues_of(line: str) -> set[tuple[str, ...]]:
    if not line.startswith(HEAD):
        return set()
    return {cue.stems for cue in cues_in(line[len(HEAD) :].partition(":")[0])}


def _is_verb(cue: str) -> bool:
    """Say whether a cue would read as the beginning of what to do."""
    return cue.split()[0] in {"say", "tell", "ask", "send", "check", "refund", "replace", "offer"}
