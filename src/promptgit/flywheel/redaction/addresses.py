"""E-mail and IP addresses in text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.flywheel.redaction.rules import Span

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:'[\w.+-]+)?"
    r"(?:@| @ | ?[\[(<{] ?at ?[\])>}] ?)"
    r"(?:[\w-]{1,63}(?:\.| \. | ?[\[({] ?dot ?[\])}] ?)){1,8}"
    r"(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})",
    re.IGNORECASE,
)
_LETTER_BY_LETTER = re.compile(
    r"(?<!\S)(?:[\w.+-] ){2,64}@(?: [\w-]){1,63}(?: \.(?: [\w-]){2,63}){1,8}"
)
_WRITTEN_OUT = ("(at", "[at", "( at", "[ at", "<at", "{at", "(AT", "[AT")
_SPOKEN_DOT = re.compile(r" ?[\[({] ?dot ?[\])}] ?", re.IGNORECASE)
_SPOKEN_AT = re.compile(r" ?[\[(<{] ?at ?[\])>}] ?", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![^\W_])(?<!\w\.)\d{1,3}(?:(?:\.| \. )\d{1,3}){3}(?![^\W_]|\.\d)")
_VERSION = re.compile(r"(?:\bv|version|release|build)\W{0,2}$", re.IGNORECASE)
_IPV6 = re.compile(
    r"(?:(?<![\w:.])|(?<=[^\W\d_]:)(?!:))"  # a label may stand right before it: `ip:2001:db8::1`
    r"(?=[0-9a-f]{0,4}:[0-9a-f]{0,4}:)[0-9a-f:]{3,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?"
    r"(?![\w:])",
    re.IGNORECASE,
)
_SHORTEST_IPV6 = 6  # characters; `a::b` is more often code
_OWN = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255"})  # noqa: S104  (nobody's address)


def emails(text: str) -> Iterator[Span]:
    """
    Yield the addresses of a text, also as `jane [at] example [dot] com`.

    >>> [span.value for span in emails("to Jane.Doe@Example.com.")]
    ['jane.doe@example.com']
    """
    if "@" not in text and not any(mark in text for mark in _WRITTEN_OUT):
        return
    for match in _LETTER_BY_LETTER.finditer(text):
        yield Span(*match.span(), "email", match[0].lower().replace(" ", ""))
    for match in _EMAIL.finditer(text):
        start = match.start()
        while text[start] in ".-":  # what stands before it, and ends nothing
            start += 1
        value = _SPOKEN_AT.sub("@", _SPOKEN_DOT.sub(".", text[start : match.end()]))
        yield Span(start, match.end(), "email", "".join(value.lower().split()))


def ips(text: str) -> Iterator[Span]:
    """
    Yield the IPv4 and IPv6 addresses of a text; not those that every machine calls its own.

    >>> [span.value for span in ips("from 203.0.113.7 and 2001:DB8::1, not 127.0.0.1 at 12:30:45")]
    ['203.0.113.7', '2001:db8::1']
    """
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            octets = match[0].replace(" ", "").split(".")
            value = ".".join(str(int(octet)) for octet in octets)
            if (
                all(int(octet) < 256 for octet in octets)
                and value not in _OWN
                and not _VERSION.search(text, max(0, match.start() - 10), match.start())
            ):
                yield Span(*match.span(), "ip", value)
    if text.count(":") >= 2:
        for match in _IPV6.finditer(text):
            if len(match[0]) >= _SHORTEST_IPV6 and (value := _ipv6(match[0])):
                yield Span(*match.span(), "ip", value)


def _ipv6(written: str) -> str:
    import ipaddress

    try:
        found = ipaddress.IPv6Address(written)
    except ValueError:
        return ""
    return "" if found.is_loopback or found.is_unspecified else str(found)
