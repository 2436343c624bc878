"""Answer with a reply: do what the prompt's instructions ask for, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promptgit.models.offline.cues import CueIndex
from promptgit.models.offline.manners import Act, Manners, Rule, When
from promptgit.models.offline.words import sentences, stem, stems, words

TOPICS = 2  # conditions of equal weight that one reply speaks to

GENERIC = "We have received your message and will look into it."
PADDING = (
    "We understand how important this is to you and we take every message seriously.",
    "Our team is always happy to help with any question that you may have, at any time.",
    "Please do not hesitate to contact us again if there is anything else that we can do for you.",
)
_COLUMN = re.compile(r"^([A-Za-z]\w*): (.*)$")
_ORDER_COLUMN = re.compile(r"order(?:_?(?:id|number|no))?$", re.I)
_NAME_COLUMN = re.compile(r"(?:customer|first|user)?_?name$|customer$", re.I)
_ORDER_INLINE = re.compile(
    r"#\s?(\w*\d\w*)|\border\s+(?:number\s+|no\.?\s+|nr\.?\s+)?(\w*\d\w*)", re.I
)
_SAYS_NAME = re.compile(r"\b(?:[Mm]y name is|[Tt]his is)\s+([A-Z][a-z]+)")
_SIGNED = re.compile(r"(?:[-–—,]|[Tt]hanks|[Rr]egards|[Cc]heers)[,.]?\s+([A-Z][a-z]+)\.?\s*\Z")
_TROUBLE = frozenset(
    stems(
        "late broken broke wrong missing damaged never still disappointed unacceptable faulty "
        "cracked defective waiting scratched useless angry annoyed complaint lost bent"
    )
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A customer's message with what stands beside it."""

    body: str
    order: str = ""
    name: str = ""


def letter_in(text: str) -> Letter:
    """
    Find message, order number and name in what the model was sent.

    >>> letter_in("comment: Where is it? - Ida\\norder_id: 4417")
    Letter(body='Where is it? - Ida', order='4417', name='Ida')
    """
    order = name = ""
    body: list[str] = []
    for line in text.splitlines():
        column = _COLUMN.match(line)
        if column and _ORDER_COLUMN.match(column[1]):
            order = column[2].strip()
        elif column and _NAME_COLUMN.match(column[1]):
            name = (column[2].split() or [""])[0]
        else:
            known = column and column[1].islower()
            body.append(column[2] if column and known else line)
    message = "\n".join(body).strip()
    inline = _ORDER_INLINE.search(message)
    signed = _SAYS_NAME.search(message) or _SIGNED.search(message)
    return Letter(
        message,
        order or (next(filter(None, inline.groups())) if inline else ""),
        name or (signed[1] if signed else ""),
    )


def reply(manners: Manners, text: str) -> str:
    """
    Write a reply to the message in `text`.

    >>> reply(Manners(max_words=20), "Where is my parcel?")
    'We have received your message and will look into it.'
    """
    letter = letter_in(text)
    rules = _that_apply(manners.rules, letter)
    said = [
        _sentence(rule, letter)
        for rule in rules
        if rule.act not in (Act.GREET, Act.SIGN, Act.NEVER)
    ]
    greeting = [_sentence(rule, letter) for rule in rules if rule.act is Act.GREET]
    closing = [_sentence(rule, letter) for rule in rules if rule.act is Act.SIGN]
    if not any(rule.act is Act.SAY for rule in rules):
        said.append(GENERIC)
    if not (manners.brief or manners.max_words or manners.max_sentences):
        said += PADDING
    parts = [part for part in dict.fromkeys((*greeting, *said, *closing)) if part]
    allowed = [part for part in parts if not _is_banned(part, rules)]
    return " ".join(_cut(allowed, manners))


def _that_apply(rules: Sequence[Rule], letter: Letter) -> list[Rule]:
    """Keep the rules whose condition holds; of topics, those that the message shows most of."""
    found = stems(letter.body)
    topics = list({rule.topic: rule for rule in rules if rule.when is When.TOPIC}.values())
    scores = CueIndex(tuple(rule.cues for rule in topics)).scores(found)
    best = max(scores, default=0.0)
    chosen = [t.topic for t, score in zip(topics, scores, strict=True) if score == best > 0][
        :TOPICS
    ]
    holds = {
        When.ALWAYS: True,
        When.TROUBLE: not _TROUBLE.isdisjoint(found),
        When.NO_ORDER: not letter.order,
    }
    return [
        rule
        for rule in rules
        if (rule.topic in chosen if rule.when is When.TOPIC else holds[rule.when])
    ]


def _sentence(rule: Rule, letter: Letter) -> str:
    text = rule.text.replace("{name}", letter.name).replace("{order}", letter.order)
    if "{order}" in rule.text and not letter.order:
        return ""
    text = re.sub(r"\s+([,.!?])", r"\1", " ".join(text.split()))
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    ended = text[-1] in ".!?," or rule.act is Act.SIGN
    return text if ended else text + "."


def _is_banned(part: str, rules: Sequence[Rule]) -> bool:
    found = {stem(word) for word in words(part)}
    return any(rule.banned and rule.banned <= found for rule in rules if rule.act is Act.NEVER)


def _cut(parts: Sequence[str], manners: Manners) -> list[str]:
    """Stop before the sentence that would break a limit; what comes last is lost first."""
    kept: list[str] = []
    count = 0
    for part in parts:
        count += len(part.split())
        if manners.max_words is not None and kept and count > manners.max_words:
            break
        kept.append(part)
    if manners.max_sentences is not None:
        whole = [sentence for part in kept for sentence in sentences(part)]
        return whole[: manners.max_sentences]
    return kept
