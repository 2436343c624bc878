"""What a prompt says about labels: which there are, in which field, and by which cues."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from promptgit.models.offline.cues import Cue, CueIndex, cues_in
from promptgit.models.offline.words import is_topical, listed, quoted, sentences, stems, words

_KEY = re.compile(r"[\"`']([A-Za-z][\w-]*)[\"`']")
_BARE_KEY = re.compile(
    r"^\s*(?:[-*•]|\d+[.)])?\s*([A-Za-z][\w-]*)\s*(?::|=|as|is)\s+(?=one of\b)", re.I
)
_INTRODUCES = re.compile(r"\b(?:one of|either|among|from|out of)\b", re.I)
_MANY = re.compile(r"\bboolean|\bdictionary\b|\ball that apply\b|\blist of\b", re.I)
_ASKS_FOR_LABEL = re.compile(
    r"\b(?:classif\w+|categori[sz]\w+|labels?|label(?:l?ed|l?ing)|assign|sort|route|choose|pick|tag|"
    r"one of|(?:with|in) (?:exactly |just |only )?(?:one|a single) word(?=:)|"
    r"say whether (?:it|this|the (?:text|message)) is|which (?:of|categor(?:y|ies)|kind|type))\b",
    re.I,
)
_LIST_STARTS = re.compile(
    r"\b(?:one of|say whether (?:it|this|the (?:text|message)) is|"
    r"as(?: either)?|into(?: either)?|from|between|among|either)\b"
    r"(?:\s+(?:these|the|following|five|six|four|three|seven|eight|labels?|categor(?:y|ies)|classes|"
    r"types|words|tags))*\s*:?\s*",
    re.I,
)
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d+[.)])\s+")
_DEFAULT = re.compile(
    r"\b(?:otherwise|(?:if|when) (?:unsure|none)|in doubt|by default|(?:any|every)thing else)\b",
    re.I,
)
_CONDITION_FIRST = re.compile(
    r"^(?:if|when|whenever)\b(?P<cues>.*?)[,:]\s*(?:then\s+)?(?P<then>(?:answer|label|choose|use|set|"
    r"pick|return|reply|assign|mark|classify|it is|it's|the answer|the label|[\"`']).*)$",
    re.I | re.S,
)
_CONDITION_LAST = re.compile(
    r"^(?P<then>.*?)\b(?:if|when|whenever|for)\b(?P<cues>.*)$", re.I | re.S
)


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True)
class Field:
    """One thing to decide; `key` is empty when the answer is the bare label."""

    key: str
    options: tuple[Option, ...]
    default: str = ""  # what the prompt says to answer when no cue is found
    many: bool = False  # each option is true or false

    @cached_property
    def index(self) -> CueIndex:
        """Each option's cues; without any, there is its name to go by."""
        return CueIndex(tuple(option.cues + _name_cues(option.name) for option in self.options))


@dataclass
class _Found:
    """A field under construction."""

    key: str
    names: list[str]
    many: bool
    default: str = ""
    cues: dict[str, list[Cue]] = field(default_factory=dict)

    def mentioned(self, text: str) -> str:
        """Return the option that `text` names, the longest first; empty when there is none."""
        for name in sorted(self.names, key=len, reverse=True):
            if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.I):
                return name
        return ""


def fields_in(prompt: str) -> tuple[Field, ...]:
    """
    Read which labels a prompt asks for; empty when it asks for none.

    >>> [field] = fields_in("Classify the text as sport, music or politics.\\n- music: band, song")
    >>> [(option.name, len(option.cues)) for option in field.options]
    [('sport', 0), ('music', 2), ('politics', 0)]
    """
    lines = [line for line in prompt.splitlines() if line.strip()]
    found = list(_keyed(lines)) or list(_plain(lines))
    for line in lines:
        for part in [line] if _BULLET.match(line) else sentences(line):
            _read_cues(_BULLET.sub("", part).strip(), found)
    return tuple(
        Field(f.key, tuple(Option(n, tuple(f.cues.get(n, ()))) for n in f.names), f.default, f.many)
        for f in found
    )


def _keyed(lines: Sequence[str]) -> Iterator[_Found]:
    """Find `"key" … one of a, b, c`, several in a line if need be."""
    seen: set[str] = set()
    for line in lines:
        bare = _BARE_KEY.match(line)
        marks = [bare] if bare else list(_KEY.finditer(line))
        ends = [*(mark.start() for mark in marks[1:]), len(line)][: len(marks)]
        starts = [
            mark
            for mark, end in zip(marks, ends, strict=True)
            if _INTRODUCES.search(line, mark.end(), min(end, mark.end() + 240))
        ]
        for mark, following in pairwise([*starts, None]):
            assert mark is not None
            body = line[mark.end() : following.start() if following else len(line)]
            introduction = _INTRODUCES.search(body)
            names = _options(body[introduction.end() :]) if introduction else []
            if len(names) > 1 and mark[1] not in seen:
                seen.add(mark[1])
                yield _Found(mark[1], names, bool(_MANY.search(body)))


def _plain(lines: Sequence[str]) -> Iterator[_Found]:
    """Find the one list of labels of a prompt that wants nothing but a label."""
    for number, line in enumerate(lines):
        for sentence in sentences(line):
            if not _ASKS_FOR_LABEL.search(sentence):
                continue
            names = _enumerated(sentence) or _headed(lines[number + 1 :])
            if len(names) > 1:
                yield _Found("", names, many=False)
                return


def _enumerated(sentence: str) -> list[str]:
    bracketed = re.search(r"[\[(]([^\])]*,[^\])]*)[\])]", sentence)
    if bracketed:
        return _options(bracketed[1])
    if ":" in sentence:
        names = _options(sentence.rsplit(":", 1)[1])
        if len(names) > 1:
            return names
    for start in _LIST_STARTS.finditer(sentence):
        names = _options(sentence[start.end() :])
        if len(names) > 1:
            return names
    return []


def _headed(lines: Sequence[str]) -> list[str]:
    """Return the heads of the bullets that follow, as in `- billing: invoices, charges`."""
    names = []
    for line in lines:
        if not _BULLET.match(line):
            break
        names.append(re.split(r":|\s[—–-]\s", _BULLET.sub("", line))[0].strip(" *_`\"'."))
    return [name for name in names if 0 < len(name.split()) <= 4]


def _options(text: str) -> list[str]:
    if not quoted(text):
        text = re.split(r"[.;)\]](?:\s|$)|\s[—–]\s", text.lstrip(" :(["), maxsplit=1)[0]
    names = listed(text)
    return names if all(len(name.split()) <= 4 for name in names) else []


def _read_cues(sentence: str, found: Sequence[_Found]) -> None:
    field_, rest = _which_field(sentence, found)
    if not field_:
        return
    if _DEFAULT.search(rest):
        field_.default = field_.default or field_.mentioned(rest)
        return
    head, colon, tail = rest.partition(":")
    name = field_.mentioned(head) if colon and len(head.split()) <= 6 else ""
    if name and not listed_again(tail, field_):
        field_.cues.setdefault(name, []).extend(cues_in(tail))
        return
    match = _CONDITION_FIRST.match(rest) or _CONDITION_LAST.match(rest)
    if match and (name := field_.mentioned(match["then"])):
        field_.cues.setdefault(name, []).extend(cues_in(match["cues"]))


def listed_again(text: str, among: _Found) -> bool:
    """Say whether `text` merely lists the options themselves."""
    names = {name.lower() for name in among.names}
    return sum(item.lower() in names for item in listed(text)) > 1


def _which_field(sentence: str, found: Sequence[_Found]) -> tuple[_Found | None, str]:
    """Return the field that a sentence speaks of, and the sentence without the field's key."""
    for candidate in found:
        mark = re.search(rf"[\"`']{re.escape(candidate.key)}[\"`']\s*:?", sentence)
        if candidate.key and mark:
            return candidate, (sentence[: mark.start()] + sentence[mark.end() :]).strip()
    for candidate in found:
        if candidate.mentioned(sentence):
            return candidate, sentence
    return None, sentence


def _name_cues(name: str) -> tuple[Cue, ...]:
    parts = words(name.replace("_", " ").replace("-", " "))
    whole = tuple(stem for part in parts for stem in stems(part))
    single = tuple(Cue(stems(part), 0.4) for part in parts if is_topical(part))
    return (Cue(whole, 0.9), *(single if len(parts) > 1 else ())) if whole else ()
