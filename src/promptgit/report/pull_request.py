"""
The body of a pull request: what changed, what it bought, and last the evidence as trailers.

Where a repository squashes with the pull request's body as message, these words become the
commit message.  So nothing here may be taken for a patch or a trailer by Git (no line begins
with `---`, `diff`, `From `), and nothing comes after the trailers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from promptgit.core import trailers
from promptgit.core.naming import name_of
from promptgit.core.run import Point
from promptgit.core.trailers import Trailers
from promptgit.report.curve import text_curve
from promptgit.report.fitted import fitted
from promptgit.report.markdown import code_block, inline
from promptgit.report.text import printable

MOST = 60_000  # bytes; GitHub takes 65,536 characters
DIFF_LINES = 120
LINE = 400  # characters
STAGES = {
    "confirmed": "The sealed cases confirm that it got better.",
    "not-confirmed": "The sealed cases do not confirm that it got better.",
    "not-worse": "It is shorter, and the sealed cases rule out that it got worse by the margin.",
    "screening": "It was compared on the search cases only, which confirms nothing.",
    "check": "`promptgit check` compared it with the text before, which proves no gain.",
}
_NUMBER = r"[+-]?\d{1,3}\.\d{1,6}"
_DELTA = re.compile(
    rf"(?P<by>{_NUMBER}) \[(?P<low>{_NUMBER}), (?P<high>{_NUMBER})\](?: p=(?P<p>{_NUMBER}))?\Z"
)
_FLIPS = re.compile(r"fixed=(\d{1,9}) broke=(\d{1,9})\Z")
CUT = "… cut: the whole diff is in this pull request."


@dataclass(frozen=True, slots=True)
class PromptChange:
    """What a pull request does to one prompt."""

    path: str
    before: str  # texts
    after: str
    subjects: tuple[str, ...]  # of its commits, oldest first
    block: Trailers = ()  # the evidence; empty when there is none
    curve: tuple[Point, ...] = ()  # of the run that found it, where its journal is here
    sentence: str = ""  # how that run ended


def pull_request_body(changes: Sequence[PromptChange]) -> str:
    """Write the body; it ends with the last block of evidence and one line feed."""
    blocks = "\n".join(trailers.block(change.block) for change in changes if change.block)
    words = "\n".join(line for change in changes for line in _told(change))
    head = fitted(words, MOST - len(blocks.encode()), CUT).rstrip("\n")
    return f"{head}\n\n{blocks}" if blocks else f"{head}\n"


def _told(change: PromptChange) -> Iterator[str]:
    yield f"### {inline(name_of(change.path))}"
    yield ""
    yield f"`{printable(change.path, LINE).replace('`', '')}`: {_outcome(change)}"
    rows = list(_rows(change.block))
    if rows:
        yield ""
        yield "| | before | after |"
        yield "|---|---:|---:|"
        yield from rows
    yield ""
    yield from (f"* {inline(subject)}" for subject in change.subjects)
    yield ""
    yield from _quoted(code_block("\n".join(_diff(change.before, change.after)), "diff"))
    yield ""
    if len(change.curve) > 1:
        yield "The best score on the search cases, round by round:"
        yield ""
        yield from _quoted(code_block(text_curve(change.curve), "text"))
        yield ""


def _outcome(change: PromptChange) -> str:
    if not change.block:
        return "there is no evidence for this text yet."
    stage = trailers.value(change.block, "Eval-Stage")
    how = STAGES.get(stage, f"{inline(stage)}." if stage else "")
    said = [inline(change.sentence) if change.sentence else how]
    if not change.sentence:
        said.append(_delta(trailers.value(change.block, "Eval-Delta")))
    said.append(_flips(trailers.value(change.block, "Eval-Flips")))
    return " ".join(filter(None, said))


def _delta(value: str) -> str:
    """
    Say a change of the score as a sentence; another one is quoted as it stands.

    >>> _delta("+0.0680 [+0.0310, +0.1050] p=0.0021")
    'The score changed by +0.0680 (range +0.0310 to +0.1050; p of no gain: 0.0021).'
    """
    found = _DELTA.match(value)
    if not found:
        return f"Change of the score: {inline(value)}." if value else ""
    p = f"; p of no gain: {found['p']}" if found["p"] else ""
    return f"The score changed by {found['by']} (range {found['low']} to {found['high']}{p})."


def _flips(value: str) -> str:
    """
    Count the cases that changed, in words.

    >>> _flips("fixed=11 broke=1"), _flips("")
    ('11 cases got better, 1 got worse.', '')
    """
    found = _FLIPS.match(value)
    if not found:
        return f"Cases: {inline(value)}." if value else ""
    cases = "1 case" if int(found[1]) == 1 else f"{int(found[1])} cases"
    return f"{cases} got better, {int(found[2])} got worse."


def _rows(block: Trailers) -> Iterator[str]:
    for key, value in block:
        if key not in ("Eval-Score", "Eval-Metric"):
            continue
        words, arrow, after = value.rpartition(" -> ")
        name, _, before = words.rpartition(" ")
        if arrow:
            number, _, count = after.partition(" ")
            label = f"score {count}".strip() if key == "Eval-Score" else name
            yield f"| {inline(label)} | {inline(before)} | {inline(number)} |"


def _diff(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=2, lineterm="")
    shown = [f"{line[:1]}{printable_line(line[1:])}" for line in islice(lines, 2, DIFF_LINES + 3)]
    return shown if len(shown) <= DIFF_LINES else [*shown[:DIFF_LINES], CUT]


def printable_line(line: str) -> str:
    """
    Show a line as it is, its indentation too, without what a reader cannot see.

    >>> printable_line("  two\\x1b[31m")
    '  two [31m'
    """
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + printable(line[indent:], LINE)


def _quoted(block: str) -> Iterator[str]:
    """Put a block into a quotation: no line of it begins with what Git might read."""
    return (f"> {line}".rstrip() for line in block.split("\n"))
