"""What a prompt says about a reply: greeting, what to mention, topics, length, sign-off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from promptgit.models.offline.cues import Cue, cues_in
from promptgit.models.offline.words import is_topical, quoted, sentences, stem, stems, words

HONOURED = 60  # instructions; whatever a longer prompt says after them is overlooked

_NUMBERS = dict(
    zip(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        range(1, 11),
        strict=True,
    )
)
_LIMIT = re.compile(r"\b(\d+|" + "|".join(_NUMBERS) + r")\s+(word|sentence)s?\b", re.I)
_BOUNDS = re.compile(
    r"\b(?:at most|max|maximum|no more|not more|under|below|within|up to|limit|keep|stay|in"
    r"|(?<!no )(?<!not )(?:fewer|less))\b",
    re.I,
)
_BELOW = re.compile(r"\b(?:under|below|(?:fewer|less) than)\s+$", re.I)
_VERBS = (
    r"say|tell|write|add|explain|mention|state|promise|offer|ask|apologi[sz]e|thank|greet|confirm|"
    r"start|begin|open|sign|end|close|finish|name|repeat|include|quote|give|refer|point|invite|send|"
    r"refund|replace|check|answer|reply|never|do not|don't|also"
)
_WHEN_FIRST = re.compile(
    rf"^(?:if|when|whenever|for)\s+(?P<when>.+?)(?:[,:]|,?\s+then)\s+(?:then\s+|also\s+|please\s+)?"
    rf"(?P<act>(?:{_VERBS})\b.*)$",
    re.I,
)
_WHEN_LAST = re.compile(
    r"^(?P<act>[^\"“]+?)\s+(?:if|when|whenever)\s+(?P<when>(?:the|a|they|it|something|there|no|none)\b.*)$",
    re.I,
)
_TOPIC = re.compile(rf"^(?P<when>[^:\"“]+):\s*(?P<act>(?:{_VERBS})\b.*)$", re.I)
_ORDER = re.compile(r"\border(?:'s)?[ _-](?:number|id|no\b|reference)", re.I)
_MENTIONS = re.compile(
    r"\b(?:mention|name|repeat|include|quote|give|state|refer|use|write|say)\b", re.I
)
_GREETS = re.compile(r"\b(?:greet\w*|salutation)\b|\b(?:start|begin|open)\w*(?: \w+)? with\b", re.I)
_SIGNS = re.compile(
    r"\bsign(?:s|ed)?\b|\bsign-?off\b|\b(?:end|close|finish)\w*(?: \w+){0,2} with\b", re.I
)
_SORRY = re.compile(r"\bapolog\w+|\bsorry\b", re.I)
_NOT = re.compile(r"^(?:please\s+)?(?:do not|don't|never|avoid)\s+(?P<rest>.*)$", re.I)
_SAYS_THAT = re.compile(
    r"\b(?:say|tell \w+(?: \w+)?|explain|mention|promise|state|confirm|add|write|answer|reply)"
    r"\s+that\s+(?P<what>.+)$",
    re.I,
)
_ASKS = re.compile(
    r"\bask(?: (?:the )?(?:customer|them|him|her|user))?\s+(?P<how>for|to)\s+(?P<what>.+)$", re.I
)
_WE_DO = re.compile(
    r"^(?P<verb>offer|promise|confirm|send|refund|replace|check|give)\s+(?P<what>.+)$", re.I
)
_THANKS = re.compile(r"\bthank\b(?:.*?\bfor (?P<what>.+))?", re.I)
_TROUBLE = re.compile(
    r"\b(?:something|anything|it) (?:went|goes|is|has gone) wrong"
    r"|\bour (?:fault|mistake)|upset|angry",
    re.I,
)
_MISSING = re.compile(r"\b(?:missing|no order|not given|absent|unknown|none|without)\b", re.I)
_BRIEF = re.compile(r"\b(?:short|brief|briefly|concise|succinct|to the point)\b", re.I)
_POLITE = re.compile(r"\b(?:polite\w*|courteous\w*|warm\w*)\b", re.I)


class Act(StrEnum):
    GREET = "greet"
    THANK = "thank"
    SORRY = "sorry"
    ORDER = "order"
    SAY = "say"
    SIGN = "sign"
    NEVER = "never"


class When(StrEnum):
    ALWAYS = "always"
    TOPIC = "topic"  # the rule's cues are in the message
    TROUBLE = "trouble"  # the customer complains
    NO_ORDER = "no order"  # no order number was given


@dataclass(frozen=True, slots=True)
class Rule:
    act: Act
    text: str = ""  # `{name}` stands for the customer's, `{order}` for the order number
    when: When = When.ALWAYS
    cues: tuple[Cue, ...] = ()
    banned: frozenset[str] = frozenset()  # stems that NEVER keeps out of the reply
    topic: int = -1  # rules of one condition share a number


@dataclass(frozen=True, slots=True)
class Manners:
    rules: tuple[Rule, ...] = ()
    max_words: int | None = None
    max_sentences: int | None = None
    brief: bool = False


def manners_in(prompt: str) -> Manners:
    """
    Read how a prompt wants a reply to be.

    >>> manners = manners_in("Mention the order number.\\nUse at most two sentences.")
    >>> [rule.act.value for rule in manners.rules], manners.max_sentences
    (['order'], 2)
    """
    rules: list[Rule] = []
    limits: dict[str, int] = {}
    brief = False
    for number, sentence in enumerate(_instructions(prompt)):
        if number >= HONOURED:
            break
        limit = _limit(sentence)
        if limit:
            unit, count = limit
            limits[unit] = min(count, limits.get(unit, count))
            continue
        brief = brief or bool(_BRIEF.search(sentence))
        rules += _rules(sentence, number)
    return Manners(tuple(rules), limits.get("word"), limits.get("sentence"), brief)


def _instructions(prompt: str) -> Iterator[str]:
    for line in prompt.splitlines():
        bare = re.sub(r"^\s*(?:[-*•+]|\d+[.)]|#+)\s+", "", line).strip()
        if re.match(r"^(?:if|when|whenever|for)\b", bare, re.I):
            yield bare.rstrip(".")  # what it says to write may be several sentences
        else:
            yield from (part.rstrip(".") for part in sentences(bare))


def _limit(sentence: str) -> tuple[str, int] | None:
    match = _LIMIT.search(sentence)
    if not match or not _BOUNDS.search(sentence) or quoted(sentence):
        return None
    count = _NUMBERS.get(match[1].lower()) or int(match[1])
    below = _BELOW.search(sentence[: match.start()])
    return match[2].lower(), count - 1 if below else count


def _rules(sentence: str, number: int) -> list[Rule]:
    match = _WHEN_FIRST.match(sentence) or _TOPIC.match(sentence) or _WHEN_LAST.match(sentence)
    if not match:
        return [rule for rule in _acts(sentence) if rule]
    condition = match["when"]
    if _MISSING.search(condition) and _ORDER.search(sentence):
        return [
            _with(rule, When.NO_ORDER, (), number) for rule in _acts(match["act"], conditional=True)
        ]
    if _TROUBLE.search(condition):
        return [
            _with(rule, When.TROUBLE, (), number) for rule in _acts(match["act"], conditional=True)
        ]
    cues = cues_in(condition)
    return [_with(rule, When.TOPIC, cues, number) for rule in _acts(match["act"], conditional=True)]


def _with(rule: Rule, when: When, cues: tuple[Cue, ...], topic: int) -> Rule:
    return Rule(rule.act, rule.text, when, cues, rule.banned, topic)


def _acts(sentence: str, *, conditional: bool = False) -> list[Rule]:
    """Read what one instruction asks for; nothing when it is not understood."""
    if match := _NOT.match(sentence):
        banned = frozenset(stem(word) for word in words(match["rest"]) if is_topical(word))
        said = frozenset(stems("mention promise offer say write use include give"))
        return [Rule(Act.NEVER, banned=banned - said)] if banned - said else []
    if _SIGNS.search(sentence):
        return [Rule(Act.SIGN, _closing(sentence))]
    if _GREETS.search(sentence):
        return [Rule(Act.GREET, _greeting(sentence))]
    literal = quoted(sentence)
    if literal and re.match(rf"(?:{_VERBS})\b", sentence, re.I):
        return [Rule(Act.SAY, _filled(text)) for text in literal]
    if match := _ASKS.search(sentence):
        what = _to_customer(match["what"])
        return [
            Rule(Act.SAY, f"please send us {what}" if match["how"] == "for" else f"please {what}")
        ]
    if match := _SAYS_THAT.search(sentence):
        return [Rule(Act.SAY, _to_customer(match["what"]))]
    if _ORDER.search(sentence) and _MENTIONS.search(sentence):
        return [Rule(Act.ORDER, "this is about order {order}")]
    if _SORRY.search(sentence):
        reason = re.search(r"\bfor (.+)$", sentence, re.I)
        return [
            Rule(
                Act.SORRY,
                f"we are sorry {f'for {_to_customer(reason[1])}' if reason else 'about this'}",
            )
        ]
    if match := _THANKS.search(sentence):
        return [Rule(Act.THANK, f"thank you for {_to_customer(match['what'] or 'your message')}")]
    if match := _WE_DO.match(sentence):
        verb = (
            "can offer you" if match["verb"].lower() == "offer" else f"will {match['verb'].lower()}"
        )
        return [Rule(Act.SAY, f"we {verb} {_to_customer(match['what'])}")] if conditional else []
    if _POLITE.search(sentence):
        return [Rule(Act.THANK, "thank you for your message")]
    return []


def _greeting(sentence: str) -> str:
    literal = quoted(sentence)
    words_ = _filled(literal[0]) if literal else "Hello"
    if "{name}" not in words_ and re.search(
        r"\bname\b", sentence.replace(literal[0] if literal else "", "")
    ):
        words_ = words_.rstrip(" ,!") + " {name}"
    return words_.rstrip(",") + ","


def _closing(sentence: str) -> str:
    literal = quoted(sentence)
    if literal:
        return _filled(", ".join(literal))
    match = re.search(r"\b(?:as|with)\s+(.+)$", sentence, re.I)
    return match[1].strip() if match else "Kind regards"


def _filled(text: str) -> str:
    """Turn the ways to write a blank into `{name}` and `{order}`."""
    text = re.sub(r"\[[^\]]*order[^\]]*\]|<[^>]*order[^>]*>|\bORDER\b|#NUMBER\b", "{order}", text)
    return re.sub(r"\[[^\]]*name[^\]]*\]|<[^>]*name[^>]*>|\bNAME\b", "{name}", text)


def _to_customer(text: str) -> str:
    """
    Turn what is said about the customer into what is said to them.

    >>> _to_customer("the customer keeps their lamp")
    'you keep your lamp'
    """
    text = re.sub(r"\b(?:the customer|they|he|she) (\w+?)s\b", r"you \1", text.strip(" ."))
    text = re.sub(r"\b(?:the customer's|their|his|her)\b", "your", text)
    return re.sub(r"\b(?:the customer|they|them)\b", "you", text)
