"""
A text as it is written: pieces of source with the text that each stands for.

An edit of the text replaces the pieces that it touches and keeps the source of all others, so that
an escape, a fold or a gap between two literals stays as somebody wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promptgit.core.diff import opcodes, split_lines


@dataclass(frozen=True, slots=True)
class Atom:
    raw: str
    text: str
    fixed: bool = False  # no text, and yet it has to stay: the gap between two literals

    @property
    def is_run(self) -> bool:
        """Whether it stands for itself, and may be cut anywhere."""
        return self.raw == self.text


@dataclass(slots=True)
class Edit:
    start: int  # characters of the old text, as a slice
    stop: int
    text: str


def rewritten(atoms: Sequence[Atom], new: str, encode: Callable[[str], str | None]) -> str | None:
    """
    Return the source of `new`, with every piece kept that the edit leaves alone.

    `encode` writes new text; None when it cannot, or when the edit would swallow a fixed piece.

    >>> rewritten([Atom("caf", "caf"), Atom("\\\\u00e9", "é")], "my café", str)
    'my caf\\\\u00e9'
    """
    old = "".join(atom.text for atom in atoms)
    waiting = [_widened(edit, old, atoms) for edit in edits(old, new)]
    out: list[str] = []
    at = 0
    for atom in _cut(atoms, waiting):
        stop = at + len(atom.text)
        while waiting and at == waiting[0].start and (atom.text or at == waiting[0].stop):
            edit = waiting[0]
            written = encode(edit.text)
            if written is None:
                return None
            out.append(written)
            if edit.stop > at:
                break
            waiting.pop(0)
        inside = bool(waiting) and waiting[0].start <= at and stop <= waiting[0].stop
        swallowed = inside and (bool(atom.text) or waiting[0].start < at < waiting[0].stop)
        if swallowed and atom.fixed:
            return None
        if not swallowed:
            out.append(atom.raw)
        at = stop
        if waiting and waiting[0].start < waiting[0].stop == at and atom.text:
            waiting.pop(0)
    for edit in waiting:
        written = encode(edit.text)
        if written is None:
            return None
        out.append(written)
    return "".join(out)


def edits(old: str, new: str) -> list[Edit]:
    """
    List what an edit replaces, in order: by lines first, then less what is common at both ends.

    >>> edits("Be kind.\\nBe brief.\\n", "Be kind.\\nBe very brief.\\n")
    [Edit(start=12, stop=12, text='very ')]
    """
    before, after = split_lines(old), split_lines(new)
    found = []
    for tag, i1, i2, j1, j2 in opcodes(before, after):
        if tag == "equal":
            continue
        start = sum(map(len, before[:i1]))
        left, right = "".join(before[i1:i2]), "".join(after[j1:j2])
        head = _common(left, right)
        tail = _common(left[head:][::-1], right[head:][::-1])
        found.append(Edit(start + head, start + len(left) - tail, right[head : len(right) - tail]))
    return found


def _common(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))


def _widened(edit: Edit, old: str, atoms: Sequence[Atom]) -> Edit:
    """Take in the whole of any piece that cannot be cut."""
    at = 0
    start, stop = edit.start, edit.stop
    for atom in atoms:
        end = at + len(atom.text)
        if not atom.is_run and at < stop and start < end:
            start, stop = min(start, at), max(stop, end)
        elif not atom.is_run and start == stop and at < start < end:
            start, stop = at, end
        at = end
    text = old[start : edit.start] + edit.text + old[edit.stop : stop]
    return Edit(start, stop, text)


def _cut(atoms: Sequence[Atom], waiting: Sequence[Edit]) -> Iterator[Atom]:
    """Cut runs where edits begin and end."""
    cuts = sorted({place for edit in waiting for place in (edit.start, edit.stop)})
    at = 0
    for atom in atoms:
        end = at + len(atom.text)
        inner = [cut for cut in cuts if at < cut < end] if atom.is_run else []
        for first, last in zip([at, *inner], [*inner, end], strict=True):
            piece = atom.text[first - at : last - at]
            yield Atom(piece, piece) if inner else atom
        at = end
