"""What a program has at hand, as the text and the numbers that a line of the logs holds."""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

DRAWN = 256  # names drawn by chance at once: the system is asked seldom
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def text_of(value: object) -> str:
    """
    Make text of what a program has; of the parts of a message, their text.

    >>> text_of(None), text_of(7), text_of({"a": 1}), text_of([{"type": "text", "text": "Hi"}])
    ('', '7', '{"a": 1}', 'Hi')
    """
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        parts = [part_of(part, "text") for part in value]
        if parts and any(isinstance(part, str) for part in parts):
            return "".join(part for part in parts if isinstance(part, str))
    if isinstance(value, list | tuple | Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def part_of(value: object, name: str) -> Any:
    """An item of a mapping, or an attribute of an object, or None."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def texts_of(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): text_of(value) for name, value in values.items()}


def number_of(value: Any) -> float | None:
    """
    Make a finite number of what a program has, or None.

    >>> number_of(3), number_of("0.5"), number_of("many"), number_of(float("nan"))
    (3.0, 0.5, None, None)
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def count_of(value: Any) -> int | None:
    """
    Make a whole number of what a program has, or None.

    >>> count_of(3), count_of(None)
    (3, None)
    """
    number = number_of(value)
    return None if number is None else int(number)


class Names:
    """
    Names for lines: 12 letters that say when, in milliseconds, and 20 by chance.

    They sort by time and cannot be guessed.  Of letters alone, so that no rule of a redaction
    takes one for a number.

    >>> name = Names()
    >>> len(name()), name().isalpha(), name() == name()
    (32, True, False)
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._drawn: deque[str] = deque()

    def __call__(self) -> str:
        if self._process != os.getpid():  # a child of `fork` draws for itself
            self._process, self._drawn = os.getpid(), deque()
        while True:
            try:
                chance = self._drawn.popleft()
                break
            except IndexError:
                drawn = os.urandom(10 * DRAWN).hex()
                self._drawn.extend(drawn[n : n + 20] for n in range(0, len(drawn), 20))
        return f"{time.time_ns() // 1_000_000:012x}{chance}".translate(_LETTERS)


def instant(ns: int) -> str:
    """
    Write nanoseconds since 1970 as an instant in UTC.

    >>> instant(1_795_293_605_123_456_789)
    '2026-11-21T20:40:05.123Z'
    """
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1_000_000:03}Z"


def moment_of(text: str) -> str:
    """
    Write an instant in ISO 8601 as lines have it; without an offset it is in UTC.

    Raises ValueError, or TypeError, for anything else.

    >>> moment_of("2026-11-21T22:40:05+02:00"), moment_of("2026-11-21")
    ('2026-11-21T20:40:05.000Z', '2026-11-21T00:00:00.000Z')
    """
    from datetime import UTC, datetime

    from promptgit.flywheel.window import instant as written

    said = datetime.fromisoformat(text)
    return written(said if said.tzinfo else said.replace(tzinfo=UTC))


def finite(name: str, value: float) -> float:
    """Return a finite number; raise ValueError, with its name, for anything else."""
    number = number_of(value)
    if number is None:
        raise ValueError(f"{name} is {value}")
    return number


new_id = Names()
