"""
Who gets which text: a sticky hash of the unit, and nothing else.

The same unit gets the same variant in every process, on every machine and in every version of
Python: the draw is BLAKE2b (RFC 7693) over environment, prompt, salt and unit.  A unit's place in
the draw never moves, and the candidate has those below its share; so raising the share moves
nobody who has the candidate already, and lowering it nobody who keeps the stable text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

PLACES = 1 << 64  # of the draw

Text = TypeVar("Text")


def key(environment: str, prompt: str, salt: str) -> bytes:
    """
    Name a draw, in 32 bytes; no two triples give the same text to hash.

    >>> key("a", "bc", "") == key("ab", "c", "")
    False
    """
    parts = (part.encode() for part in (environment, prompt, salt))
    whole = b"".join(b"%d:%b" % (len(part), part) for part in parts)
    return hashlib.blake2b(whole, digest_size=32).digest()


def place(draw: bytes, unit: str) -> int:
    """
    Where a unit stands in a draw, from 0 to 2^64 - 1, evenly.

    >>> place(key("production", "support-reply", ""), "user-1")
    9804785617583776703
    """
    return _place(_drawer(draw), unit)


def threshold(share: float) -> int:
    """The places below this get the candidate; `share` in percent."""
    return round(share / 100 * PLACES)


@dataclass(frozen=True, slots=True)
class Route(Generic[Text]):
    """Decides between two things, ready to be asked often, from many threads."""

    stable: Text
    candidate: Text | None  # None: everybody gets the stable one
    drawer: hashlib.blake2b  # that has seen the draw's key, and is copied for every unit
    below: int  # places that get the candidate

    def choose(self, unit: str | None) -> Text:
        """Choose for a unit; without one it is the stable text, for nothing would stick."""
        if self.candidate is None or unit is None or _place(self.drawer, unit) >= self.below:
            return self.stable
        return self.candidate


def route(
    environment: str,
    prompt: str,
    salt: str,
    share: float,
    stable: Text,
    candidate: Text | None,
) -> Route[Text]:
    """Make a route; `share` in percent."""
    drawer = _drawer(key(environment, prompt, salt))
    return Route(stable, candidate, drawer, threshold(share))


def _drawer(draw: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8, key=draw)


def _place(drawer: hashlib.blake2b, unit: str) -> int:
    one = drawer.copy()
    one.update(unit.encode("utf-8", "surrogatepass"))
    return int.from_bytes(one.digest(), "big")
