"""
Whether the evidence blocks of a message are as they must be to be found again.

Held against the message alone, so that a commit-msg hook can run it anywhere.  Only messages that
carry keys of ours are looked at.  Comments are those of Git's editor; what stands below its
scissors line is no message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from promptgit.core import trailers
from promptgit.core.record import SCHEMA
from promptgit.history.claims import Claim, claims_in

KEYS = (
    *("Prompt-Path", "Prompt-Blob", "Prompt-Base", "Eval-Stage", "Eval-Score", "Eval-Metric"),
    *("Eval-Delta", "Eval-Flips", "Eval-Data", "Eval-Model", "Eval-Cost", "Eval-Against"),
    *("Eval-Record", "Promptgit-Run", "Promptgit-Strategy", trailers.SCHEMA_KEY),
)
NEEDED = ("Prompt-Path", "Prompt-Blob", trailers.SCHEMA_KEY)
REPEATABLE = ("eval-metric",)

_OURS = re.compile(r"(?:Prompt|Eval|Promptgit)-[A-Za-z0-9-]+[ \t]*:", re.IGNORECASE)
_KEY = re.compile(r"([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)\Z")
_FOLDED = re.compile(r"[ \t]+\S")
_BLOB = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\Z")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}\Z")
_DIVIDER = re.compile(r"---|diff --git |diff -|Index: |From ")
_SCISSORS = re.compile(r"\S+ -{24} >8 -{24}$")
_EXAMPLES = {
    "eval-score": "0.7440 -> 0.8120 n=60",
    "eval-metric": "contains 0.8000 -> 0.9500",
    "eval-flips": "fixed=11 broke=2",
    "eval-record": "sha256: and 64 hexadecimal digits",
    "prompt-blob": "the whole id of a blob, 40 or 64 hexadecimal digits",
    "prompt-base": "the whole id of a blob, 40 or 64 hexadecimal digits",
    "eval-against": "the id of a commit",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int  # 1-based, in the message as it was given
    message: str  # one sentence, without a full stop
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph with keys of ours."""

    lines: tuple[tuple[int, str], ...]  # with their numbers, 1-based, in the message
    in_subject: bool
    claim: Claim | None  # None: Git does not read it, or it does not say that it is ours

    @property
    def first(self) -> int:
        return self.lines[0][0]

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    @property
    def keys(self) -> list[tuple[int, str, str]]:
        """The number, key and value of each line that has a key of ours."""
        found = ((number, _KEY.match(line)) for number, line in self.lines if _OURS.match(line))
        return [(number, match[1], match[2].strip()) for number, match in found if match]


def blocks(message: str, comment: str = "#") -> tuple[Block, ...]:
    """
    Find the paragraphs that mean to be evidence, whether or not they succeed.

    >>> [block.first for block in blocks("subject\\n\\nPrompt-Path: p.md\\n")]
    [3]
    """
    found: list[Block] = []
    for place, lines in enumerate(_paragraphs(message, comment)):
        text = "\n".join(line for _, line in lines)
        if any(_OURS.match(line) for _, line in lines):
            claims = claims_in(f"subject\n\n{text}") if place else ()
            found.append(Block(lines, place == 0, claims[-1] if claims else None))
    return tuple(found)


def mistakes(message: str, comment: str = "#") -> Iterator[Mistake]:
    """Say which line of a message is wrong, and why; nothing for one without our keys."""
    found = blocks(message, comment)
    if not found:
        return
    yield from _dividers(message, comment, before=found[-1].first)
    for block in found:
        yield from _wrong_paragraph(block)
        yield from _wrong_keys(block)
        claim = block.claim or _as_if_ours(block)
        if claim:
            yield from _wrong_values(block, claim)


def _paragraphs(message: str, comment: str) -> Iterator[tuple[tuple[int, str], ...]]:
    """Yield the lines of each paragraph, with their numbers; comments are left out."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(message.replace("\r\n", "\n").split("\n"), start=1):
        if _SCISSORS.match(line):
            break
        if line.startswith(comment) and not _OURS.match(line):
            continue  # with core.commentChar=P, a block that is there is still looked at
        if line.strip():
            lines.append((number, line))
        elif lines:
            yield tuple(lines)
            lines = []
    if lines:
        yield tuple(lines)


def _dividers(message: str, comment: str, before: int) -> Iterator[Mistake]:
    _, *body = (line for lines in _paragraphs(message, comment) for line in lines)
    for number, line in body:
        divider = _DIVIDER.match(line) if number < before else None
        if divider:
            yield Mistake(
                number,
                f"a line that starts with {divider[0].strip()!r} ends the message for `git am`",
                "write it another way, or put a blank in front of it",
            )


def _wrong_paragraph(block: Block) -> Iterator[Mistake]:
    """Say why Git does not read the paragraph as trailers at all."""
    if block.in_subject:
        yield Mistake(
            block.keys[0][0],
            "the evidence stands in the paragraph of the subject, where Git reads no trailers",
            "put a blank line before it",
        )
    elif not trailers.last_block(f"subject\n\n{block.text}"):
        for place, (number, line) in enumerate(block.lines):
            follows = place > 0 and _FOLDED.match(line)
            if not trailers.looks_like_trailer(line) and not follows:
                yield Mistake(
                    number,
                    "this line is no trailer, so Git reads none of its paragraph",
                    "put a blank line between it and the evidence",
                )


def _wrong_keys(block: Block) -> Iterator[Mistake]:
    times = Counter(key.lower() for _, key, _ in block.keys)
    known = {key.lower(): key for key in KEYS}
    said: set[str] = set()
    for number, key, _ in block.keys:
        close = get_close_matches(key.lower(), known, n=1, cutoff=0.8)
        if key.lower() not in known and close and close[0] not in times:
            yield Mistake(number, f"{key} is no key of ours", f"did you mean {known[close[0]]}?")
        if key.lower() in said and key.lower() in known and key.lower() not in REPEATABLE:
            yield Mistake(number, f"{key} occurs more than once", "keep one of them")
        said.add(key.lower())
    for key in NEEDED:
        if key.lower() not in times:
            yield Mistake(
                block.first,
                f"the block has no {key}, so that nothing finds its evidence",
                "copy the whole block, or leave it out: the record keeps the evidence",
            )


def _as_if_ours(block: Block) -> Claim | None:
    """What a block would claim if it named our schema: its values are looked at all the same."""
    text = f"subject\n\n{block.text}\n{trailers.SCHEMA_KEY}: {SCHEMA}"
    return next(iter(claims_in(text)), None)


def _wrong_values(block: Block, claim: Claim) -> Iterator[Mistake]:
    metrics = {value for _, key, value in block.keys if key.lower() == "eval-metric"}
    wrong = {
        "eval-score": claim.after is None,
        "eval-metric": len(claim.metrics) < len(metrics),
        "eval-flips": claim.fixed is None,
        "eval-record": not claim.record,
        "prompt-blob": not _BLOB.match(claim.blob),
        "prompt-base": not _BLOB.match(claim.base),
        "eval-against": not _COMMIT.match(trailers.value(claim.trailers, "Eval-Against")),
    }
    for number, key, value in block.keys:
        if not value:
            yield Mistake(number, f"{key} has no value", "copy it again, or leave the line out")
        elif value != trailers.clean_value(value):
            yield Mistake(number, f"{key} holds what shows nothing", "type the line again")
        elif wrong.get(key.lower()):
            example = _EXAMPLES[key.lower()]
            yield Mistake(number, f"{key} is not understood", f"it reads like {example}")
    schema = trailers.value(claim.trailers, trailers.SCHEMA_KEY)
    if schema != str(SCHEMA):
        yield Mistake(
            block.first,
            f"the block is of schema {schema!r}, and this promptgit knows {SCHEMA}",
            "upgrade promptgit, or correct the line",
        )
