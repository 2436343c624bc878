"""
Keys, tokens and passwords in text: find them, and blot them out.

Three rules.  Known formats (OpenAI, GitHub, AWS, private key blocks, JSON Web Tokens, …).  A value
that is called a key, a secret or a password where it is assigned.  A token of 32 characters or
more that looks drawn at random: upper case, lower case and digits mixed, at least 4.2 bits a
character (Shannon, of its own letters), and not made of words.  Plain hexadecimal is left alone,
for it is what Git ids and digests look like.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

LONG_TOKEN = 32  # characters
MIN_BITS = 4.2  # a character
SHORTEST_KNOWN = 8  # characters; a shorter value of an environment variable is no secret

# What it is, what is always in it, how to find it.  Most texts hold none of the marks, and then
# no pattern is even compiled: to look for eleven formats costs a hook more than all else.
_FORMATS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "private key",
        ("-----BEGIN ",),
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|\Z)",
    ),
    ("JSON Web Token", ("eyJ",), r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    ("API key", ("sk-",), r"(?<![A-Za-z0-9])sk-(?=[\w-]{0,80}\d)[\w-]{16,}"),
    (
        "GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
    ),
    ("GitLab token", ("glpat-",), r"\bglpat-[\w-]{20,}"),
    ("AWS key id", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("Google API key", ("AIza",), r"\bAIza[\w-]{30,}"),
    ("Slack token", ("xox",), r"\bxox[abeoprs]-[\w-]{10,}"),
    ("Stripe key", ("k_live_", "k_test_"), r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    (
        "access token",
        ("hf_", "gsk_", "r8_", "npm_", "xai-", "pypi-"),
        r"\b(?:hf|gsk|r8|npm)_[A-Za-z0-9]{20,}|\bxai-\w{20,}|\bpypi-[\w-]{40,}",
    ),
    ("SendGrid key", ("SG.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
)
_MARKS = tuple((mark, kind) for kind, marks, _ in _FORMATS for mark in marks)
_NAMES = ("bearer", "key", "secret", "token", "passw", "authorization")  # one of `_NAMED` has one
_NAMED = (
    r"(?i)(?:bearer[ \t]+|"
    r"(?:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|authorization)"
    r"[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:bearer[ \t]+)?)"
    r"(?P<value>(?=[^\s\"'@]{0,200}\d)[^\s\"'@<>{}]{8,})"
)
_IN_URL = r"://[^\s/:@]{1,80}:(?P<value>[^\s/@]{1,200})@"
_PSEUDONYM = re.compile(r"<[a-z][a-z0-9_-]{0,30}:[a-f][0-9a-f]{11}>")  # of what was redacted
_TOKEN = re.compile(rf"[A-Za-z0-9+/_=-]{{{LONG_TOKEN},}}")


def find_secrets(text: str) -> tuple[tuple[str, str], ...]:
    """
    List (kind, value) of what looks like a secret, in order, without repeats.

    >>> find_secrets("the key is AKIAIOSFODNN7EXAMPLE")
    (('AWS key id', 'AKIAIOSFODNN7EXAMPLE'),)
    """
    return tuple(dict.fromkeys((kind, text[a:b]) for kind, a, b in spans(text)))


def redact(text: str, known: Iterable[str] = ()) -> str:
    """
    Replace each secret, and each value in `known` (of the environment, say), by its kind.

    >>> redact("Incorrect API key provided: sk-proj-4f9a8b7c6d5e4f3a2b1c.")
    'Incorrect API key provided: [API key redacted].'
    """
    for value in sorted(set(known), key=len, reverse=True):
        if len(value) >= SHORTEST_KNOWN:
            text = text.replace(value, "[secret redacted]")
    for kind, start, stop in reversed(list(spans(text))):
        text = f"{text[:start]}[{kind} redacted]{text[stop:]}"
    return text


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, start, stop) of each secret, in order, none inside another."""
    lowered = text.casefold()
    marked = {kind for mark, kind in _MARKS if mark in text}
    found = [
        (m.start(), m.end(), kind)
        for kind, _, pattern in (_FORMATS if marked else ())
        if kind in marked
        for m in re.finditer(pattern, text)
    ]
    for kind, marks, pattern in (("secret", _NAMES, _NAMED), ("password", ("://",), _IN_URL)):
        if any(mark in lowered for mark in marks):
            found += [
                (m.start("value"), m.end("value"), kind)
                for m in re.finditer(pattern, text)
                if not _is_pseudonym(text, *m.span("value"))
            ]
    found += [
        (m.start(), m.end(), "random-looking token")
        for m in _TOKEN.finditer(text)
        if _looks_random(m[0])
    ]
    end = 0
    for start, stop, kind in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= end:
            yield kind, start, stop
            end = stop


def _is_pseudonym(text: str, start: int, stop: int) -> bool:
    """`<secret:…>` reads as a secret that is called one, and is what was left of it."""
    match = _PSEUDONYM.match(text, max(text.rfind("<", max(0, start - 40), start + 1), 0))
    return bool(match and match.end() >= stop)


def _looks_random(token: str) -> bool:
    mixed = all(re.search(kind, token) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    parts = [part for part in re.split(r"[-_/+=]", token) if part]
    words = all(re.fullmatch(r"[A-Za-z]*[0-9]{0,4}|[0-9]+", part) for part in parts)
    return mixed and not words and _bits(token) >= MIN_BITS


def _bits(token: str) -> float:
    """Shannon entropy of the token's characters, in bits a character."""
    shares = [count / len(token) for count in Counter(token).values()]
    return -sum(share * math.log2(share) for share in shares)
