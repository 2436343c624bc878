"""
Draft cases from conversations that went wrong.

A draft is a row with the tag `needs-review`: whoever reads cases leaves it out, so that it is
neither searched with nor sealed nor gated, until a person has said what a good answer is and
taken the tag off.  Whether a model may see the conversation meanwhile is decided by the half that
the case will then belong to: what will be sealed is never shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from promptgit.core.dataset import NEEDS_REVIEW, Case, is_sealed
from promptgit.core.invisible import hidden
from promptgit.flywheel.interaction import Conversation, Interaction
from promptgit.improve.likeness import Likeness
from promptgit.improve.performers import Performer

ALIKE = 0.85  # of 1: two messages that say nearly the same
FEW = 4  # words; a shorter message says too little to have one right answer
TOP = 0.9  # of 1: an answer as it should be
LONGEST = 8_000  # characters of one message; a longer one is read by nobody
CORRECTED = ("corrected", "correction", "expected")  # facts with which a person says it better
QUALITY = ("quality", "satisfaction")  # scores of an answer, the first that there is
_NUMBER = re.compile(r"\d+")
_SLUG = re.compile(r"[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Failure:
    """A conversation that went wrong, and what says so."""

    conversation: Conversation
    found: str  # the detector, or the metric: `injection_attempt`
    call: str = ""  # the id of the call that it is about; empty: the one that went worst


@dataclass(frozen=True, slots=True)
class Draft:
    """One row for a case file."""

    id: str
    log: str  # the id of the log line that it comes from
    inputs: Mapping[str, str]
    expected: str = ""  # empty: only a person can say
    answer: str = ""  # what production said, for whoever reviews; never in the case file
    found: str = ""
    is_later: bool = False  # it was said later in a conversation: it may need what came before

    @property
    def tags(self) -> tuple[str, ...]:
        later = "later-turn" if self.is_later else ""
        return tuple(filter(None, (NEEDS_REVIEW, slug(self.found), later)))

    @property
    def case(self) -> Case:
        """The case that it becomes with a review."""
        return Case(self.id, self.inputs, self.expected or None)

    @property
    def will_be_sealed(self) -> bool:
        return is_sealed(self.case)


@dataclass(frozen=True, slots=True)
class Drafted:
    drafts: tuple[Draft, ...] = ()
    repeated: int = 0  # said what a case or another draft says
    unfit: int = 0  # had no message, a too long one, or not what the template's holes want
    failures: int = 0  # that were looked at


@dataclass(frozen=True, slots=True)
class Slots:
    """What a case of a prompt has to fill."""

    names: tuple[str, ...]  # inputs, as the case file calls them
    main: str  # the one that takes the user's message; empty: none does
    needed: frozenset[str] = frozenset()  # without them a template cannot be filled


def drafted(
    failures: Iterable[Failure],
    prompt: str,
    slots: Slots,
    *,
    known: Sequence[Case] = (),
    best: Sequence[Performer] = (),
    redact: Callable[[str], str],
    most: int,
) -> Drafted:
    """
    Draft at most `most` cases for `prompt`, in the order of the failures.

    known: cases that exist already.  best: answers of the same prompt with their scores, of which
    a top one to the same words is proposed as the expected answer.  Everything is redacted once
    more, and stripped of what a reviewer would not see.
    """
    clean = _Clean(redact)
    found: list[Draft] = []
    repeated = unfit = looked = 0
    texts = {f"case {case.id}": _said(case.inputs) for case in known}
    exact = {_but_numbers(text) for text in texts.values()}
    candidates = [(one, _drafted(one, prompt, slots, clean)) for one in failures]
    drafts = [draft for _, draft in candidates if draft]
    top = [each for each in best if each.score >= TOP]
    like = Likeness(texts | {f"draft {draft.id}": _said(draft.inputs) for draft in drafts})
    kept = list(texts)
    for failure, draft in candidates:
        if len(found) == most:
            break
        looked += 1
        if draft is None:
            unfit += 1
            continue
        said, name = _said(draft.inputs), f"draft {draft.id}"
        if _but_numbers(said) in exact or any(like.between(name, other) >= ALIKE for other in kept):
            repeated += 1
            continue
        exact.add(_but_numbers(said))
        kept.append(name)
        expected = _corrected(failure.conversation, clean) or _answered(draft, top, clean)
        found.append(replace(draft, expected=expected))
    return Drafted(tuple(found), repeated, unfit, looked)


def performers(
    conversations: Iterable[Conversation],
    prompt: str,
    *,
    failing: Iterable[Failure] = (),
) -> list[Performer]:
    """
    Return the scored answers of a prompt, and those of failing conversations as the worst.

    Answers to messages that would be sealed as cases are left out: the mentor reads these.
    """
    found: dict[str, Performer] = {}
    for one in failing:
        call = failing_call(one.conversation, prompt, one.call)
        if call and call.output and not will_be_sealed(call):
            score = min(0.5, _quality(one.conversation, call) or 0.0)
            found[call.id] = Performer(call.input, call.output, score)
    for conversation in conversations:
        for call in conversation.calls:
            quality = _quality(conversation, call)
            is_ours = call.prompt == prompt and call.output and not will_be_sealed(call)
            if is_ours and quality is not None and call.id not in found:
                found[call.id] = Performer(call.input, call.output, quality)
    return list(found.values())


def will_be_sealed(call: Interaction) -> bool:
    """Say whether a case that is drafted from a call belongs to the sealed half."""
    return is_sealed(Case(draft_id(call.id), {}))


def draft_id(log: str) -> str:
    """
    Name the case that is drafted from a log line; ids of logs may be any text.

    >>> draft_id("chatcmpl-81")
    'log-bb0cd0a62a'
    """
    return "log-" + hashlib.sha256(log.encode("utf-8", "replace")).hexdigest()[:10]


def slug(words: str) -> str:
    """
    Write words as a tag.

    >>> slug("Security incidents > 5")
    'security-incidents-5'
    """
    return _SLUG.sub("-", words.lower()).strip("-")[:40]


def failing_call(conversation: Conversation, prompt: str, blamed: str = "") -> Interaction | None:
    """The call that is blamed, or scored worst; where nothing tells, the one that began it all."""
    calls = [call for call in conversation.calls if call.prompt == prompt]
    if not calls:
        return None
    named = next((call for call in calls if blamed and call.id == blamed), None)
    if named:
        return named
    scored = [(score, call) for call in calls if (score := _own(conversation, call)) is not None]
    return min(scored, key=lambda pair: pair[0])[1] if scored else calls[0]


@dataclass(frozen=True, slots=True)
class _Clean:
    redact: Callable[[str], str]

    def __call__(self, text: str) -> str:
        """Redact a text, and take out what a person who reviews it would not see."""
        seen = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        unseen = set(hidden(seen))
        return self.redact("".join(c for i, c in enumerate(seen) if i not in unseen)).strip()


def _drafted(failure: Failure, prompt: str, slots: Slots, clean: _Clean) -> Draft | None:
    call = failing_call(failure.conversation, prompt, failure.call)
    if call is None:
        return None
    inputs = {name: clean(call.inputs.get(name, "")) for name in slots.names}
    if slots.main and not inputs[slots.main]:
        inputs[slots.main] = clean(call.input)
    fits = all(inputs.get(name) for name in slots.needed) and any(inputs.values())
    if slots.main and not inputs[slots.main]:
        fits = False
    if not fits or max(map(len, inputs.values())) > LONGEST:
        return None
    log = clean(call.id).replace("\n", " ")[:200]
    is_later = call.turn > 0 or call is not failure.conversation.calls[0]
    answer = clean(call.output)[:LONGEST]
    return Draft(draft_id(call.id), log, inputs, "", answer, failure.found, is_later)


def _corrected(conversation: Conversation, clean: _Clean) -> str:
    """What a person said the answer should have been."""
    for line in (*reversed(conversation.feedback), *reversed(conversation.calls)):
        for name in CORRECTED:
            if said := clean(line.facts.get(name, "")):
                return said[:LONGEST]
    return ""


def _answered(draft: Draft, top: Sequence[Performer], clean: _Clean) -> str:
    """
    The best of the top answers to the same words, said without anything before them.

    An answer with numbers that the message does not have was about somebody's own order.
    """
    said = _plain(_said(draft.inputs))
    if draft.is_later or len(said.split()) < FEW:
        return ""
    numbers = set(_NUMBER.findall(said))
    fitting = [
        (each.score, each.output)
        for each in top
        if _plain(clean(each.input)) == said and set(_NUMBER.findall(each.output)) <= numbers
    ]
    return clean(max(fitting)[1])[:LONGEST] if fitting else ""


def quality_of(conversation: Conversation, score: str) -> float | None:
    """The lowest value of a score that the calls of a conversation, or its feedback, have."""
    lines = (*conversation.calls, *conversation.feedback)
    return min((line.scores[score] for line in lines if score in line.scores), default=None)


def _quality(conversation: Conversation, call: Interaction) -> float | None:
    """The score of an answer: its own, that of its feedback, or that of its conversation."""
    own = _own(conversation, call)
    if own is not None:
        return own
    return _first(line.scores for line in _said_of(conversation, conversation.id))


def _own(conversation: Conversation, call: Interaction) -> float | None:
    return _first([call.scores, *(line.scores for line in _said_of(conversation, call.id))])


def _said_of(conversation: Conversation, name: str) -> Iterator[Interaction]:
    return (line for line in reversed(conversation.feedback) if line.of == name)


def _first(scores: Iterable[Mapping[str, float]]) -> float | None:
    every = list(scores)
    found = (one[name] for name in QUALITY for one in every if name in one)
    score = next(found, None)
    return None if score is None else min(1.0, max(0.0, score))


def _said(inputs: Mapping[str, str]) -> str:
    return "\n".join(inputs.values())


def _but_numbers(text: str) -> str:
    """
    A text whose numbers do not count, such as that of an order, where enough else is said.

    >>> _but_numbers("Where is my order 4711?") == _but_numbers("where is my order 4712?")
    True
    >>> _but_numbers("6 times 7?") == _but_numbers("6 times 8?")
    False
    """
    said = _plain(text)
    without = _NUMBER.sub("0", said)
    return without if len(_NUMBER.sub("", said).split()) >= FEW else said


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
