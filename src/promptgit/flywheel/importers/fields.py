"""Read values of JSON that somebody else wrote: never sure of a form, never surprised by one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from promptgit.flywheel.importers.record import Unfit
from promptgit.flywheel.window import instant

MOST_FACTS = 32  # of one record; what has more is no set of labels
_LONGEST_FACT = 2_000  # characters
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100, in seconds


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def word(value: Any) -> str:
    """An id, a name: text, or a number as text; else empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def text(value: Any) -> str:
    """
    The words of a message's content, whatever holds them.

    >>> text([{"type": "text", "text": "a"}, {"type": "text", "content": "b"}])
    'a\\nb'
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, map(text, value)))
    if isinstance(value, dict):
        for name in ("text", "content", "value", "output", "answer"):
            if isinstance(value.get(name), str | list):
                return text(value[name])
        if isinstance(value.get("text"), dict):
            return text(value["text"])
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def parsed(value: Any) -> Any:
    """JSON that was written into a string, read; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def real(value: Any) -> float | None:
    """A finite number, also as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    found = real(value)
    return None if found is None else int(found)


def milliseconds(seconds: Any) -> float | None:
    found = real(seconds)
    return None if found is None else round(found * 1000, 3)


def at(*values: Any) -> str:
    """
    The first of these that says something, as an instant of our log lines.

    Seconds, milliseconds, microseconds and nanoseconds since 1970 are told apart by their size;
    ISO 8601 without a zone is UTC.  Raises Unfit.

    >>> at("2026-11-21 20:40:05+01:00"), at(None, 1795293605000)
    ('2026-11-21T19:40:05.000Z', '2026-11-21T20:40:05.000Z')
    """
    for value in values:
        if value not in (None, ""):
            return _instant(value)
    raise Unfit("it does not say when it happened")


def _instant(value: Any) -> str:
    number = real(value)
    if number is not None:
        while number > _LATEST:
            number /= 1000
        if number < _EARLIEST:
            raise Unfit(f"{value!r:.40} is no time since the year 2000")
        return instant(datetime.fromtimestamp(number, UTC))
    try:
        moment = datetime.fromisoformat(str(value).strip().removesuffix(" UTC"))
    except ValueError as error:
        raise Unfit(f"{value!r:.40} is no time") from error
    if not 2000 <= moment.year < 2100:
        raise Unfit(f"{value!r:.40} is no time since the year 2000")
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def elapsed_ms(begin: Any, end: Any) -> float | None:
    """Milliseconds from one time to another; None if either is missing or they are reversed."""
    if begin in (None, "") or end in (None, ""):
        return None
    numbers = real(begin), real(end)
    if numbers[0] is not None and numbers[1] is not None:
        length = numbers[1] - numbers[0]
        unit = numbers[0]
        while unit > _LATEST:
            unit /= 1000
            length /= 1000
    else:
        try:
            first, last = (datetime.fromisoformat(str(value)) for value in (begin, end))
            length = (last - first).total_seconds()
        except (ValueError, TypeError):
            return None
    return round(length * 1000, 3) if length >= 0 else None


def facts(*sources: Any) -> dict[str, str]:
    """Short values of metadata as facts; what is nested or long is left out."""
    found: dict[str, str] = {}
    for source in sources:
        for name, value in mapping(source).items():
            if len(found) >= MOST_FACTS:
                break
            if isinstance(value, bool):
                found[name] = "yes" if value else "no"
            elif isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_FACT:
                found[name] = str(value)
    return {name: value for name, value in found.items() if value}


def texts(value: Any) -> dict[str, str]:
    """What filled the holes of a prompt."""
    return {str(name): text(one) for name, one in mapping(parsed(value)).items()}


def scores(value: Any) -> dict[str, float]:
    found = {str(name): real(one) for name, one in mapping(value).items()}
    return {name: one for name, one in found.items() if one is not None}


@dataclass(frozen=True, slots=True)
class Said:
    """What one call was sent, and what came back."""

    system: str = ""
    input: str = ""
    output: str = ""
    turn: int = 0


def said(messages: Iterable[Any], output: Any = None) -> Said:
    """The last turn of a list of messages; `output` is the answer where it stands elsewhere."""
    turns = list(all_said(messages))
    last = turns[-1] if turns else Said()
    if output is None:
        return last
    if last.output and len(turns) > 0:  # an earlier answer, sent along
        last = Said(last.system, "", "", last.turn + 1)
    return Said(last.system, last.input, text(output), last.turn)


def all_said(messages: Iterable[Any]) -> Iterator[Said]:
    """Yield the turns of a conversation: what the user said, and what was answered, if anything."""
    system: list[str] = []
    heard: list[str] = []
    answer: list[str] = []
    turn = 0
    for message in messages:
        role = str(mapping(message).get("role") or mapping(message).get("type") or "").lower()
        words = _content(mapping(message))
        if role in ("system", "developer"):
            system.append(words)
        elif role in ("user", "human", "input"):
            if answer:
                yield Said("\n".join(system), "\n".join(heard), "\n".join(answer), turn)
                heard, answer, turn = [], [], turn + 1
            heard.append(words)
        elif role in ("assistant", "ai", "model", "bot", "output") and words:
            answer.append(words)
    if heard or answer or system:
        yield Said("\n".join(system), "\n".join(heard), "\n".join(answer), turn)


def _content(message: Mapping[str, Any]) -> str:
    parts = message.get("parts", message.get("content", message.get("message")))
    if isinstance(parts, list):
        parts = [part for part in parts if _is_said(part)]
    return text(parts)


def _is_said(part: Any) -> bool:
    kind = mapping(part).get("type", "text")
    return kind in ("text", "input_text", "output_text", "refusal") or not isinstance(part, dict)


def answer_of(response: Any) -> str:
    """The text of a chat completion's first choice, or of a response that is one."""
    response = parsed(response)
    choices: Sequence[Any] = listed(mapping(response).get("choices"))
    if choices:
        choice = mapping(choices[0])
        return text(mapping(choice.get("message")).get("content", choice.get("text")))
    return text(response)


def digest(value: Any, line: int = 0) -> str:
    """An id for a record that has none: the same record on the same line has the same."""
    import hashlib

    whole_text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(f"{line}\0{whole_text}".encode()).hexdigest()[:32]
