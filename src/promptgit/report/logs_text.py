"""
The logs, as a terminal shows them.

What production said and heard is an outsider's: no control character, no change of direction and
nothing invisible of it reaches the terminal.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from promptgit.core.quote import plain
from promptgit.flywheel.interaction import Conversation, Interaction
from promptgit.report.history_text import Styled

GLANCE = 76  # characters of a text in a list
LONGEST = 20_000  # characters of a text that is shown whole
_PLURALS = {"address": "addresses", "birthdate": "birthdates"}


def harmless(text: str) -> Iterator[str]:
    r"""
    Yield the lines of a text, without anything that a terminal would obey.

    >>> list(harmless("a\x1b]0;title\x07b\r\n\u202ec"))
    ['a]0;titleb', 'c']
    """
    for line in text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        yield "".join(_shown(c) for c in line)
    if len(text) > LONGEST:
        yield f"… {len(text) - LONGEST:,} more characters: --json has them"


def _shown(c: str) -> str:
    if c == "\t":
        return "    "
    category = unicodedata.category(c)
    return "" if category[0] == "C" or category in ("Zl", "Zp") else c


def glance(text: str, longest: int = GLANCE) -> str:
    return plain(text, longest)


def listed(call: Interaction, score: float | None = None) -> Iterator[Styled]:
    """A call in two or three lines: when, what was asked, what was answered."""
    about = [call.at[:16].replace("T", " "), call.prompt, call.variant, call.model]
    marks = "  ".join(glance(word, 40) for word in about if word)
    yield (
        (f"{score:5.2f}  " if score is not None else "", "bold"),
        (marks, "dim"),
        (f"  {glance(call.id, 60)}", ""),
    )
    indent = " " * 7 if score is not None else "  "
    if call.input:
        yield ((f"{indent}> {glance(call.input)}", ""),)
    answer = call.output or (f"error: {call.error}" if call.error else "no answer")
    yield ((f"{indent}< {glance(answer)}", "" if call.output else "yellow"),)


def whole(conversation: Conversation) -> Iterator[Styled]:
    """A conversation with every word of it."""
    for number, call in enumerate(conversation.calls):
        if number:
            yield ()
        yield from _call(call)
    for said in conversation.feedback:
        words = ", ".join(
            [f"{glance(name, 40)} {value:g}" for name, value in said.scores.items()]
            + [f"{glance(name, 40)}: {glance(value)}" for name, value in said.facts.items()]
        )
        yield ()
        yield ((f"feedback of {said.at[:16].replace('T', ' ')}: {words}", "bold"),)


def _call(call: Interaction) -> Iterator[Styled]:
    yield ((glance(call.id, 80), "bold"), (f"  {call.at}", "dim"))
    facts: dict[str, str] = {
        "conversation": f"{call.conversation} turn {call.turn}" if call.conversation else "",
        "prompt": f"{call.prompt} {call.version[:12]}".strip(),
        "variant": call.variant,
        "model": f"{call.model} {call.provider}".strip(),
        "unit": call.unit,
        "environment": call.environment,
        "latency": "" if call.latency_ms is None else f"{call.latency_ms:,.0f} ms",
        "tokens": _tokens(call),
        "cost": "" if call.cost_usd is None else f"${call.cost_usd:.6f}",
        "error": call.error,
        **{f"score {name}": f"{value:g}" for name, value in call.scores.items()},
        **{f"fact {name}": value for name, value in call.facts.items()},
        **{f"input {name}": value for name, value in call.inputs.items()},
    }
    for name, value in facts.items():
        if value:
            yield ((f"  {glance(name, 40)}: {glance(value, 200)}", "dim"),)
    for name, text in (("system", call.system), ("user", call.input), ("answer", call.output)):
        if text:
            yield ((f"{name}:", "bold"),)
            for line in harmless(text):
                yield ((f"  {line}", ""),)


def _tokens(call: Interaction) -> str:
    counts = (("in", call.input_tokens), ("out", call.output_tokens))
    return ", ".join(f"{count:,} {which}" for which, count in counts if count is not None)


def counted(counts: Mapping[str, int]) -> str:
    """
    Say what was taken out.

    >>> counted(Counter(email=2, address=1, name=3))
    '3 names, 2 emails, 1 address'
    """
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(
        f"{count:,} {kind if count == 1 else _PLURALS.get(kind, kind + 's')}"
        for kind, count in most
    )


def reasons(counts: Counter[str], shown: int = 5) -> Iterable[str]:
    """The most frequent reasons, and how many others there are."""
    for reason, count in counts.most_common(shown):
        yield f"{count:,} × {glance(reason, 120)}"
    if len(counts) > shown:
        yield f"and {len(counts) - shown:,} other reasons"


def days(counts: Mapping[str, int]) -> str:
    """
    Say which days there are.

    >>> days({"2026-11-20": 3, "2026-11-18": 1})
    '2 days, 2026-11-18 to 2026-11-20'
    """
    if not counts:
        return "no day"
    first, last = min(counts), max(counts)
    return first if first == last else f"{len(counts):,} days, {first} to {last}"
