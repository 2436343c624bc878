"""What the offline mentor makes of a population: a next instruction, and a guess at each patch."""

from __future__ import annotations

import re

from promptgit.models.offline.words import is_topical, stems, words

_INSTRUCTION = "# Breed an instruction"
_JUDGEMENT = "# Judge patches before they are run"
_DATA = re.compile(r'<data-(?P<token>\w+) name="([a-z ]+\d*)">\n(.*?)\n?</data-(?P=token)>', re.S)


def bred(text: str) -> str | None:
    """
    Answer a request for an instruction, or for a judgement; None when it is something else.

    >>> bred("Where is my parcel?") is None
    True
    """
    heading = text.lstrip().partition("\n")[0].strip()
    if heading == _INSTRUCTION:
        return _instruction(text)
    return _judged(text) if heading == _JUDGEMENT else None


def _instruction(text: str) -> str:
    """Keep the aim of the old instruction, and ask for a rule: more it does not understand."""
    old = next(
        (content for _, name, content in _DATA.findall(text) if name != "thinking style"), ""
    )
    aim = old.strip().rstrip(".").removesuffix(", as one rule that says what to look for")
    aim = aim or "Add what the misses have in common"
    return f"{aim}, as one rule that says what to look for."


def _judged(text: str) -> str:
    """Score a patch by how many words of the expected answers it brings."""
    found = [(name, content) for _, name, content in _DATA.findall(text)]
    wanted = {
        stem
        for name, content in found
        if name == "expected"
        for word in words(content)
        if is_topical(word)
        for stem in stems(word)
    }
    patches = [content for name, content in found if name.startswith("patch ")]
    lines = []
    for number, patch in enumerate(patches, 1):
        added = " ".join(line[1:] for line in patch.split("\n") if line.startswith("+"))
        share = len(wanted & set(stems(added))) / max(1, len(wanted))
        lines.append(f"{number}: {10 * share:.1f}")
    return "\n".join(lines)
