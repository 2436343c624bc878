"""Rules on characters that a reviewer does not see, or must not see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from promptgit.core.invisible import hidden, is_mixed
from promptgit.core.quote import quoted
from promptgit.core.secrets import spans
from promptgit.lint.files import BOM
from promptgit.lint.finding import Edit, Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = frozenset("\u061c\u200e\u200f")  # of a direction only: right in a text that needs them
_RIGHT_TO_LEFT = ("R", "AL")  # Unicode, Bidi_Class
_NO_FIX = ("Cc", "Co", "Cs", "Zl", "Zp")  # somebody may have meant something


def hidden_text(subject: Subject) -> Iterator[Mark]:
    """
    Tag characters (U+E0000 to U+E007F) spell text that no editor shows and that models read.

    It is how instructions are smuggled into a prompt.  The finding shows the hidden words.  It has
    no fix on purpose: find out who wrote them first.  Flags of regions, such as Scotland's, are
    written with such characters too, and are left alone.
    """
    text = subject.text or ""
    for start, stop in () if text.isascii() else _runs(text, _is_tag):
        if text[start - 1 : start] == "\U0001f3f4":
            continue  # U+1F3F4 and tags: the flag of a region
        words = "".join(chr(ord(c) - 0xE0000) for c in text[start:stop])
        yield Mark(
            f"{_times(stop - start, 'invisible tag character')} hide the text {quoted(words)}",
            start,
            stop,
            hint="delete them, and ask who put them there: `git log -S` or `promptgit blame`",
        )


def bidi_control(subject: Subject) -> Iterator[Mark]:
    """
    A bidirectional control character makes a line look other than it reads.

    The model is sent the characters in the order of the file; a reviewer sees them rearranged
    ("Trojan Source", CVE-2021-42574).  In a text with Arabic or Hebrew letters the plain marks of
    direction (U+200E, U+200F, U+061C) are left alone.
    """
    text = subject.text or ""
    if not _BIDI & set(text):
        return
    needed = _MARKS if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text) else ()
    for start, stop in _runs(text, lambda c: c in _BIDI and c not in needed):
        yield Mark(
            f"{_named(text[start])} makes the line look other than it reads",
            start,
            stop,
            hint="delete it",
        )


def invisible_character(subject: Subject) -> Iterator[Mark]:
    """
    A character shows nothing: of no width, a control character, a variation selector.

    It splits words for the model (`re\\u200bfund` is not `refund`), makes search fail, and may
    carry hidden data.  Joiners within emoji and within scripts that need them are left alone.
    `--fix` takes out those of no width.
    """
    text = subject.text or ""
    for start, stop in _alike(text):
        c = text[start]
        fixable = unicodedata.category(c) not in _NO_FIX
        yield Mark(
            f"{_named(c)} shows nothing" + (f", {stop - start} times" if stop > start + 1 else ""),
            start,
            stop,
            hint="delete it",
            edits=(Edit(start, stop),) if fixable else (),
        )


def _alike(text: str) -> Iterator[tuple[int, int]]:
    """Yield runs of one invisible character, less those that other rules speak of."""
    others = {*_BIDI, "\0", "\r"}
    for c in dict.fromkeys(text[at] for at in hidden(text)):
        if c not in others and not _is_tag(c):
            for start, stop in _runs(text, c.__eq__):
                is_mark = start == 0 and c == BOM
                if stop > start + is_mark:
                    yield start + is_mark, stop


def lookalike_letters(subject: Subject) -> Iterator[Mark]:
    """
    A word mixes Latin letters with Cyrillic or Greek ones that look the same.

    For a model `p\\u0430yment`, with a Cyrillic letter, is another word than `payment`.
    """
    text = subject.text or ""
    if text.isascii():
        return
    for word in re.finditer(r"\w+", text):
        if is_mixed(word[0]):
            yield Mark(
                f"the word {quoted(word[0])} mixes letters that only look alike",
                word.start(),
                word.end(),
                hint="type it again",
            )


def secret(subject: Subject) -> Iterator[Mark]:
    """
    A key, a token or a password stands in the prompt.

    It would be sent with every call, and stay in the history of every clone.  Take it out, and
    revoke it: once it was pushed, it is known.  The finding does not repeat it.
    """
    for kind, start, stop in spans(subject.text or ""):
        yield Mark(
            f"this looks like a secret ({kind})",
            start,
            stop,
            hint="take it out; if it was ever pushed, revoke it",
        )


def _runs(text: str, wanted: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yield where characters that are `wanted` start and stop, those in a row as one."""
    start = stop = -1
    for at in hidden(text):
        if not wanted(text[at]):
            continue
        if at != stop:
            if stop > 0:
                yield start, stop
            start = at
        stop = at + 1
    if stop > 0:
        yield start, stop


def _is_tag(c: str) -> bool:
    return "\U000e0000" <= c <= "\U000e007f"


def _named(c: str) -> str:
    return f"U+{ord(c):04X} ({unicodedata.name(c, 'a control character')})"


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


RULES = (
    Rule("hidden-text", Severity.ERROR, "Tag characters hide text", hidden_text),
    Rule(
        "bidi-control",
        Severity.ERROR,
        "A bidirectional control character makes a line look other than it reads",
        bidi_control,
    ),
    Rule(
        "invisible-character",
        Severity.ERROR,
        "A character shows nothing",
        invisible_character,
        fixable=True,
    ),
    Rule(
        "lookalike-letters",
        Severity.WARNING,
        "A word mixes letters that only look alike",
        lookalike_letters,
    ),
    Rule("secret", Severity.ERROR, "A key, token or password stands in the prompt", secret),
)
