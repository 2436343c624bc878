"""
A change of one prompt's text, and the ladder from what a mentor wrote to a change it surely means.

The reply is never applied as such.  Each block must be found in the real text exactly and once,
then, failing that, exactly but for blanks at the ends of lines and once; line numbers only settle
which of several equal places is meant, and only when the whole header fits.  From the places the
new text is made, and from the two texts our own diff (`promptgit.core.diff.derive`).  Any doubt
on the way is a Refusal, with the real lines nearest to what was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NoReturn

from promptgit.core.block import Block, Unreadable
from promptgit.core.diff import Hunk, Patch, Refusal, bare, derive, opcodes, split_lines
from promptgit.core.quote import quoted
from promptgit.core.reply import Whole, edit_in

__all__ = ["Hunk", "Patch", "Refusal", "derive", "read_patch"]

MAX_REPLY = 64 * 1024  # bytes, of UTF-8
MAX_LINE = 4 * 1024  # bytes
MAX_BLOCKS = 200  # edits in one reply
MAX_COMPARED = 400  # characters of a line, and
MAX_SEARCHED = 4_000  # lines of a file, when the nearest real lines are looked for
SHOWN = 12  # lines, at most, in `nearest`


@dataclass(frozen=True, slots=True)
class _Place:
    block: Block
    start: int  # the first line of the file that the block covers, from 0

    @property
    def stop(self) -> int:
        return self.start + len(self.block.old)

    @property
    def edits(self) -> list[tuple[int, int, list[str]]]:
        """Which lines of the file, from 0 and as a slice, give way to which."""
        edits: list[tuple[int, int, list[str]]] = []
        at = self.start
        for line in self.block.lines:
            if line.mark == " ":
                at += 1
                continue
            if not edits or edits[-1][1] != at:
                edits.append((at, at, []))
            start, stop, added = edits[-1]
            if line.mark == "+":
                edits[-1] = (start, stop, [*added, line.text])
            else:
                at += 1
                edits[-1] = (start, at, added)
        return edits


def read_patch(
    reply: str,
    path: str,
    before: str,
    *,
    finish_reason: str = "stop",
    whole_file: bool = False,
) -> Patch | Refusal:
    """
    Read a mentor's reply as one edit of `before`, the text of `path`, or say why it is none.

    `finish_reason` is the model's: a reply that was cut is refused.  `whole_file` says that the
    whole file was asked for.  The file keeps its kind of line ends, also at its own end.
    """
    try:
        _refuse_unsafe(reply, finish_reason)
        edit = edit_in(reply, path, before, whole_file=whole_file)
        after = _rewritten(edit, before) if isinstance(edit, Whole) else _edited(edit, before)
    except Unreadable as error:
        return Refusal(error.reason, error.nearest)
    if after == before:
        return Refusal("the edit changes nothing; the text already reads like this")
    return derive(path, before, after)


def _refuse_unsafe(reply: str, finish_reason: str) -> None:
    if finish_reason in ("length", "content_filter"):
        raise Unreadable("the reply was cut before its end, so the edit may be incomplete")
    if len(reply) > MAX_REPLY:  # characters; no need to count bytes
        raise Unreadable(f"the reply is longer than {MAX_REPLY // 1024} kB")
    try:
        data = reply.encode()
    except UnicodeEncodeError as error:
        raise Unreadable("the reply holds half of a character (a lone surrogate)") from error
    if len(data) > MAX_REPLY:
        raise Unreadable(f"the reply is longer than {MAX_REPLY // 1024} kB")
    if any(len(line) > MAX_LINE for line in data.split(b"\n")):
        raise Unreadable(f"the reply has a line longer than {MAX_LINE // 1024} kB")


def _rewritten(edit: Whole, before: str) -> str:
    """Take the new lines, but keep each old line that is the same but for blanks at its end."""
    old = split_lines(before)
    new = _without_blank_end(edit.lines)
    if not new:
        raise Unreadable("the whole file that was sent is empty")
    body = _without_blank_end(old)
    ends = _Ends(old)
    result: list[str] = []
    for tag, i1, i2, j1, j2 in opcodes([_rstrip(bare(x)) for x in body], [_rstrip(x) for x in new]):
        if tag == "equal":
            result += old[i1:i2]
        else:
            result += [line + ends.near(min(i1 + n, i2)) for n, line in enumerate(new[j1:j2])]
    return ends.joined([*result, *old[len(body) :]])


def _edited(blocks: Sequence[Block], before: str) -> str:
    """Put every block where it belongs; raise Unreadable unless that is certain."""
    changing = [block for block in blocks if block.changes]
    if not changing:
        raise Unreadable("the edit changes nothing: no line is removed or added")
    if len(blocks) > MAX_BLOCKS:
        raise Unreadable(f"the reply holds more than {MAX_BLOCKS} edits")
    lines = split_lines(before)
    texts = [bare(line) for line in lines]
    for block in blocks:
        if not block.changes:
            _refuse_unfound(block, texts)
    places = sorted((_place(block, changing, texts) for block in changing), key=lambda p: p.start)
    for one, two in combinations(places, 2):
        if _in_the_way(one, two) or _in_the_way(two, one):
            raise Unreadable(f"two edits overlap at line {two.start + 1}; write them as one")
    ends = _Ends(lines)
    result: list[str] = []
    done = 0
    for start, stop, added in sorted(edit for place in places for edit in place.edits):
        result += lines[done:start]
        result += [line + ends.near(min(start + n, stop)) for n, line in enumerate(added)]
        done = stop
    return ends.joined(result + lines[done:])


def _in_the_way(one: _Place, two: _Place) -> bool:
    """Say whether `one` changes what `two` changes or keeps; lines that both keep are no matter."""
    for start, stop, _ in one.edits:
        if start < stop and start < two.stop and two.start < stop:
            return True
        if start == stop and two.start < start < two.stop:
            return True
        if any(start == other and stop == end for other, end, _ in two.edits):
            return True
    return False


def _place(block: Block, blocks: Sequence[Block], texts: Sequence[str]) -> _Place:
    """Find the one place of the block, exactly, then but for blanks at line ends."""
    if not block.old:
        if texts:
            raise Unreadable("an edit only adds lines and shows none of the lines around them")
        return _Place(block, 0)
    loose = [_rstrip(text) for text in texts]
    for variant in _variants(block):
        old = variant.old
        found = _occurrences(old, texts) or _occurrences([_rstrip(x) for x in old], loose)
        if len(found) > 1:
            found = _numbered(variant, blocks, found) or _refuse_ambiguous(variant, found, texts)
        if found:
            _refuse_applied(variant, found[0], texts)
            return _Place(variant, found[0])
    if any(variant.new and _occurrences(variant.new, texts) for variant in _variants(block)):
        raise Unreadable(
            "the edit is already applied: its result stands in the text, its original does not",
            _nearest(block, texts),
        )
    raise Unreadable(
        f"the text has no such lines as the edit of {_subject(block)} expects",
        _nearest(block, texts),
    )


def _refuse_unfound(block: Block, texts: Sequence[str]) -> None:
    """A block that changes nothing must fit all the same: an added line may have lost its mark."""
    loose = [_rstrip(text) for text in texts]
    fits = any(_occurrences([_rstrip(x) for x in v.old], loose) for v in _variants(block))
    if not fits and any(text.strip() for text in block.old):
        raise Unreadable(
            f"the text has no such lines as the part around {_subject(block)} shows",
            _nearest(block, texts),
        )


def _variants(block: Block) -> list[Block]:
    """The block; then without the blank lines at its ends that may be no part of it."""
    lines = list(block.lines)
    variants = [block]
    while lines and lines[-1].stripped:
        lines.pop()
        variants.append(Block(tuple(lines), block.numbers))
    while lines and lines[0].stripped:
        lines.pop(0)
        variants.append(Block(tuple(lines), block.numbers))
    return [variant for variant in variants if variant.old]


def _occurrences(old: Sequence[str], file: Sequence[str]) -> list[int]:
    """Where the lines `old` stand in `file`, overlapping places too, from 0."""
    text, wanted = (f"\n{joined}\n" for joined in map("\n".join, (file, old)))
    found = []
    line = at = 0
    while (place := text.find(wanted, at)) >= 0:
        line += text.count("\n", at, place)
        found.append(line)
        at = place + 1
        line += 1
    return found


def _numbered(block: Block, blocks: Sequence[Block], found: Sequence[int]) -> list[int]:
    """Which of equal places the header names; none unless all its numbers fit the block."""
    numbers = block.numbers
    if numbers is None or any(other.numbers is None for other in blocks):
        return []
    earlier = [b for b in blocks if b.numbers and b.numbers.old_start < numbers.old_start]
    shift = sum(len(other.new) - len(other.old) for other in earlier)
    new_start = numbers.old_start + shift - (0 if block.new else 1)
    fits = (
        numbers.old_count == len(block.old)
        and numbers.new_count == len(block.new)
        and numbers.new_start == new_start
    )
    return [start for start in found if fits and start + 1 == numbers.old_start]


def _refuse_ambiguous(block: Block, found: Sequence[int], texts: Sequence[str]) -> NoReturn:
    lines = ", ".join(str(start + 1) for start in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    raise Unreadable(
        f"the edit of {_subject(block)} fits in {len(found)} places (lines {lines}{more});"
        " show more of the lines around it",
        "\n".join(texts[max(0, found[0] - 2) : found[0] + len(block.old) + 2][:SHOWN]),
    )


def _refuse_applied(block: Block, start: int, texts: Sequence[str]) -> None:
    """Refuse an insertion whose lines already stand just there."""
    new, end = block.new, start + len(block.old)
    for first in range(max(0, end - len(new)), start + 1):
        if new != block.old and texts[first : first + len(new)] == new:
            raise Unreadable("the edit is already applied: its lines stand in the text just there")


def _subject(block: Block) -> str:
    """Name a block by its first removed line, or by the first that it keeps."""
    removed = (line.text for line in block.lines if line.mark == "-" and line.text.strip())
    kept = (text for text in block.old if text.strip())
    return quoted(next(removed, next(kept, "")))


def _nearest(block: Block, texts: Sequence[str]) -> str:
    """The real lines at the place where the longest line of the block nearly stands."""
    from difflib import get_close_matches

    wanted = max(range(len(block.old)), key=lambda n: len(block.old[n]))
    cut = [text[:MAX_COMPARED] for text in texts[:MAX_SEARCHED]]
    close = get_close_matches(block.old[wanted][:MAX_COMPARED], cut, n=1, cutoff=0.5)
    if not close:
        return ""
    first = max(0, cut.index(close[0]) - wanted)
    return "\n".join(cut[first : first + min(len(block.old), SHOWN)])


class _Ends:
    """How the lines of a file end, so that new lines end like their neighbours."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        first = next((line for line in lines if line.endswith("\n")), "\n")
        self.usual = "\r\n" if first.endswith("\r\n") else "\n"

    def near(self, i: int) -> str:
        """The end of line `i`, or of the one before when there is no such line."""
        for line in self.lines[max(0, i - 1) : i + 1][::-1]:
            if line.endswith("\n"):
                return "\r\n" if line.endswith("\r\n") else "\n"
        return self.usual

    def joined(self, lines: Sequence[str]) -> str:
        """Join lines into a text that ends, or does not end, with a line feed as the file did."""
        whole = [
            line if line.endswith("\n") else line + self.near(len(self.lines)) for line in lines
        ]
        text = "".join(whole)
        unended = bool(self.lines) and not self.lines[-1].endswith("\n")
        if unended and whole:
            return text.removesuffix("\n").removesuffix("\r" if whole[-1].endswith("\r\n") else "")
        return text


def _without_blank_end(lines: Sequence[str]) -> list[str]:
    stop = len(lines)
    while stop and not lines[stop - 1].strip():
        stop -= 1
    return list(lines[:stop])


def _rstrip(text: str) -> str:
    """Take blanks and tabs off the end; other spaces (no-break, ideographic) are text."""
    return text.rstrip(" \t")
