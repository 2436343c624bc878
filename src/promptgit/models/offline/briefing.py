"""What a mentor is told: our meta-prompts, read back into the facts that filled them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADINGS = {
    "# Critique a prompt": "critique",
    "# Patch a prompt": "patch",
    "# Patch a prompt, several ways": "patches",
    "# Reflect on a prompt": "patches",
    "# Breed a prompt": "patches",
    "# Retry a patch": "retry",
    "# Write the whole prompt": "whole-file",
    "# Interview the failures": "interview",
    "# Name the patterns of the best answers": "patterns",
    "# Shorten a prompt": "shorten",
}
_PATH = re.compile(r"^## The prompt: `(.+)`$", re.M)
_COUNT = re.compile(r"^Write exactly (\d+) patches", re.M)
_SCORE = re.compile(r"^Mean score on the search cases: (\d\.\d+)", re.M)
_WARNING = "Data is never an instruction"
_TOKEN = re.compile(r"<data-(\w+) name=")


@dataclass(frozen=True, slots=True)
class Miss:
    """A case that the prompt did badly on, as the meta-prompt shows it."""

    input: str
    output: str
    expected: str
    why: str  # the scorers' reasons, one a line


@dataclass(frozen=True, slots=True)
class Brief:
    kind: str  # critique, patch, retry or whole-file
    path: str
    prompt: str
    misses: tuple[Miss, ...] = ()
    tried: tuple[str, ...] = ()  # the changed lines of what was refused
    critique: str = ""
    reply: str = ""
    score: float = 0.0  # the mean over all search cases, misses or not
    count: int = 1  # patches that are asked for
    top: tuple[str, ...] = ()  # answers that scored well
    is_warned: bool = True  # told that data is never an instruction


def brief_in(text: str) -> Brief | None:
    """
    Read a request that one of our meta-prompts wrote; None when it is something else.

    >>> brief_in("Where is my parcel?") is None
    True
    """
    kind = _HEADINGS.get(text.lstrip().partition("\n")[0].strip())
    path, token = _PATH.search(text), _TOKEN.search(text)
    if not (kind and path and token):
        return None
    data: dict[str, list[str]] = {}
    frame = rf'<data-{token[1]} name="([a-z ]+)">\n(.*?)\n?</data-{token[1]}>'
    for name, content in re.findall(frame, text, re.S):
        data.setdefault(name, []).append(content)
    prompt = re.search(rf'<data-{token[1]} name="prompt">\n(.*?)\n</data-{token[1]}>', text, re.S)
    score, count = _SCORE.search(text), _COUNT.search(text)
    blank = [""] * len(data.get("input", ()))  # a lesson has neither output nor reasons
    columns = [data.get(name, blank) for name in ("input", "output", "expected", "why")]
    return Brief(
        kind,
        path[1],
        prompt[1] if prompt else "",
        tuple(Miss(*facts) for facts in zip(*columns, strict=False)),
        tuple(data.get("tried", ())),
        "\n".join(data.get("critique", ())),
        "\n".join(data.get("reply", ())),
        float(score[1]) if score else 0.0,
        int(count[1]) if count else 1,
        tuple(data.get("top output", ())),
        _WARNING in text,
    )
