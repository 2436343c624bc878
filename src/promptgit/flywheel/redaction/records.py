"""
What offices and machines know people by: social security numbers, dates of birth, MAC addresses.

The number of the US Social Security Administration has no check digit.  It is known by its groups
of 3, 2 and 4 digits with hyphens, none of them all zeros, or by its name before it; a date is one
of birth where a word says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.flywheel.redaction.rules import Span

_SSN_CALLED = re.compile(
    r"\b(?:ssn|social[ -]security(?:[ -](?:number|no|nr|id|#))?|social insurance number)\b"
    r"[^\w\n]{0,6}(?:(?:number|no|is|was|of mine|ist)\b[^\w\n]{0,4}){0,2}"
    r"(?P<value>\d{3}[ .\-]{0,3}\d{2}[ .\-]{0,3}\d{4})(?!\w)",
    re.IGNORECASE,
)
_SSN = re.compile(
    r"(?<![\w#])(?<![\w#][.:/\-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?!\w|[\-/.:]\w)"
)
_SSN_MARK = re.compile(r"\d-\d\d-\d|\b(?:ssn|social)\b", re.IGNORECASE)
_BIRTH_WORDS = ("born", "birth", "dob", "d.o.b", "geb", "né", "nacid", "nato", "nata")
_MONTH = (
    r"(?:jan|feb|fev|fév|m[aä]r|apr|avr|ma[iy]|jun|jui|jul|aug|ago|aoû|sep|o[ck]t|nov|de[czi]|dé?c"
    r"|gen|ene)[^\W\d_]{0,7}\.?"
)
_BIRTH = re.compile(
    r"\b(?:born|birth ?day|birth ?date|date of birth|d\.?o\.?b|geboren|geb|geburtstag|geburtsdatum"
    r"|née?|naissance|nacid[oa]|nacimiento|nat[oa])\b"
    r"[^\w\n]{0,4}(?:(?:in [^\W\d_]{1,30}|is|was|on|the|of mine|am|ist|le|el|il|den)\b"
    r"[^\w\n]{0,4}){0,3}"
    r"(?P<value>\d{1,2}[./\-] ?\d{1,2}[./\-] ?(?:\d{4}|\d\d)"
    r"|\d{4}[./\-]\d{1,2}[./\-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?{_MONTH},?(?: de)? \d{{4}}"
    rf"|(?<=[ :]){_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?!\w)",
    re.IGNORECASE,
)
_MAC = re.compile(
    r"(?<![\w:\-])[0-9a-f]{2}(?P<mark>[:\-])(?:[0-9a-f]{2}(?P=mark)){4}[0-9a-f]{2}(?![\w:\-])",
    re.IGNORECASE,
)
_CALLED_SOMETHING_ELSE = re.compile(
    r"(?:\b(?:order|ticket|case|ref(?:erence)?|invoice|tracking|part|item|sku|bestellung|auftrag)s?"
    r"\b|#)\W{0,4}(?:(?:number|nummer|no|nr|id|is)\b\W{0,4}){0,3}$",
    re.IGNORECASE,
)
_LOOK_BACK = 40  # characters before a number, in which it may be called something


def social_security_numbers(text: str) -> Iterator[Span]:
    """
    Yield US social security numbers; not the order numbers that look like them.

    >>> [span.value for span in social_security_numbers("SSN 123-45-6789; order 123-45-6780")]
    ['123456789']
    """
    if not _SSN_MARK.search(text):
        return
    called = set()
    for match in _SSN_CALLED.finditer(text):
        called.add(match.start("value"))
        yield Span(*match.span("value"), "document", _digits(match["value"]))
    for match in _SSN.finditer(text):
        start = match.start()
        if start not in called and not _CALLED_SOMETHING_ELSE.search(
            text, max(0, start - _LOOK_BACK), start
        ):
            yield Span(*match.span(), "document", _digits(match[0]))


def birthdates(text: str) -> Iterator[Span]:
    """
    Yield dates that are said to be those of a birth.

    >>> [span.value for span in birthdates("born 12.03.1981, ordered 12.03.2026")]
    ['12.03.1981']
    """
    lowered = text.lower()
    for word in _BIRTH_WORDS:  # not any(): most texts have none, and a generator costs more
        if word in lowered:
            break
    else:
        return
    for match in _BIRTH.finditer(text):
        value = " ".join(match["value"].casefold().split())
        yield Span(*match.span("value"), "birthdate", value)


def mac_addresses(text: str) -> Iterator[Span]:
    """
    Yield the addresses of network cards; with hyphens only where a letter tells it from a number.

    >>> [span.value for span in mac_addresses("00:1A:2b:3c:4d:5e but 10-20-30-40-50-60")]
    ['00:1a:2b:3c:4d:5e']
    """
    if text.count(":") < 5 and text.count("-") < 5:
        return
    for match in _MAC.finditer(text):
        if match["mark"] == ":" or not match[0].replace("-", "").isdigit():
            yield Span(*match.span(), "mac", match[0].lower().replace("-", ":"))


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written))
