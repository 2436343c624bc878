"""
Write another text into a YAML block scalar, `|` or `>`: lines that stay keep their source.

The header (`|2-  # comment`) stays as it is, and so do the blank lines at the end.  In a folded
block a text line that changes is wrapped anew, to the width that the block has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from promptgit.core.diff import opcodes, split_lines

if TYPE_CHECKING:
    from promptgit.core.forms.yaml_scalar import Written

DEEPER = 2  # columns by which a new block stands further in than its key
NARROWEST = 40  # columns that a changed line of a folded block is given


class _Block(NamedTuple):
    header: str  # with its line end
    lines: list[str]  # of the text, as they are in the file
    tail: str  # the blank lines after it
    indent: int


def ways(old: Written, new: str) -> Iterator[str]:
    """Yield ways to write `new` in the block that holds `old.text`."""
    wanted = new.rstrip("\n").split("\n")
    folded = old.raw[0] == ">"
    block = _block(old, folded=folded)
    if block is None:
        return
    if folded:
        yield _ended(block, _folded(block, wanted, old.end), old)
        yield _ended(block, _folded(block._replace(lines=[]), wanted, old.end), old)
    else:
        yield _ended(block, _literal(block, wanted, old.end), old)


def literal(old: Written, new: str) -> str:
    """Write a text as a new literal block under its key."""
    indent = old.column + DEEPER
    header = f"|{_chomping(new)}{old.end}"
    lines = [_line(text, indent, old.end) for text in new.rstrip("\n").split("\n")]
    whole = "".join([header, *lines, *[old.end] * max(0, new.count("\n") - len(lines))])
    return whole.removesuffix("\n").removesuffix("\r")


def _chomping(text: str) -> str:
    if not text.endswith("\n"):
        return "-"
    return "+" if text.endswith("\n\n") else ""


def _block(old: Written, *, folded: bool) -> _Block | None:
    """Tell the parts of a block; None when the text cannot be found in it."""
    header, *body = split_lines(old.raw)
    count = len(body)
    while count and not body[count - 1].strip():
        count -= 1
    lines, tail = body[:count], "".join(body[count:])
    if not lines:
        return _Block(header, [], tail, old.column + DEEPER)
    first = next(line for line in lines if line.strip())
    wanted = old.text.rstrip("\n")
    for indent in range(len(first) - len(first.lstrip(" ")), 0, -1):
        found = [_unindented(line, indent) for line in lines]
        if "\n".join(_unfolded(found) if folded else found) == wanted:
            return _Block(header, lines, tail, indent)
    return None


def _unindented(line: str, indent: int) -> str:
    return line.removesuffix("\n").removesuffix("\r")[indent:]


def _line(text: str, indent: int, end: str) -> str:
    return f"{' ' * indent}{text}{end}" if text else end


def _ended(block: _Block, lines: Sequence[str], old: Written) -> str:
    """Put the block together; it ends without a line feed if it did so."""
    header = block.header if block.header.endswith("\n") else block.header + old.end
    whole = "".join([header, *lines, block.tail])
    return whole if old.raw.endswith("\n") else whole.removesuffix("\n").removesuffix("\r")


def _literal(block: _Block, wanted: Sequence[str], end: str) -> list[str]:
    old = [_unindented(line, block.indent) for line in block.lines]
    result: list[str] = []
    for tag, i1, i2, j1, j2 in opcodes(old, wanted):
        if tag == "equal":
            result += [_with_end(line, end) for line in block.lines[i1:i2]]
        else:
            result += [_line(text, block.indent, end) for text in wanted[j1:j2]]
    return result


def _with_end(line: str, end: str) -> str:
    return line if line.endswith("\n") else line + end


class _Paragraph(NamedTuple):
    """One line of the text that is not blank, and the lines of the file that it is folded into."""

    text: str
    first: int
    last: int


def _unfolded(lines: Sequence[str]) -> list[str]:
    """Return the lines of the text that a folded block stands for."""
    result: list[str] = []
    for before, paragraph in _pairs(_paragraphs(lines)):
        blank = paragraph.first - (before.last + 1 if before else 0)
        if before and not _more_indented(before.text) and not _more_indented(paragraph.text):
            blank -= 1
        result += [""] * blank + [paragraph.text]
    return result


def _paragraphs(lines: Sequence[str]) -> list[_Paragraph]:
    groups: list[list[int]] = []
    for number, line in enumerate(lines):
        if not line:
            continue
        glued = bool(groups) and groups[-1][-1] == number - 1
        if glued and not _more_indented(line) and not _more_indented(lines[number - 1]):
            groups[-1].append(number)
        else:
            groups.append([number])
    return [_Paragraph(" ".join(lines[n] for n in group), group[0], group[-1]) for group in groups]


def _more_indented(line: str) -> bool:
    return line[:1] in (" ", "\t")


def _pairs(
    paragraphs: Sequence[_Paragraph],
) -> Iterator[tuple[_Paragraph | None, _Paragraph]]:
    before: _Paragraph | None = None
    for paragraph in paragraphs:
        yield before, paragraph
        before = paragraph


def _folded(block: _Block, wanted: Sequence[str], end: str) -> list[str]:
    lines = [_unindented(line, block.indent) for line in block.lines]
    paragraphs = _paragraphs(lines)
    width = max([NARROWEST, *map(len, lines)])
    kept = _same(paragraphs, wanted)
    result: list[str] = []
    last: tuple[str, int | None] | None = None  # the line of text before, and which it was
    blank = 0
    for number, text in enumerate(wanted):
        if not text:
            blank += 1
            continue
        which = kept.get(number)
        neighbours = last is not None and None not in (last[1], which)
        if last and neighbours and which == (last[1] or 0) + 1 and which is not None:
            between = block.lines[paragraphs[which - 1].last + 1 : paragraphs[which].first]
            result += [_with_end(line, end) for line in between]
        elif last and not _more_indented(last[0]) and not _more_indented(text):
            result += [end] * (blank + 1)
        else:
            result += [end] * blank
        if which is not None:
            own = block.lines[paragraphs[which].first : paragraphs[which].last + 1]
            result += [_with_end(line, end) for line in own]
        else:
            result += [_line(line, block.indent, end) for line in _wrapped(text, width, lines)]
        last, blank = (text, which), 0
    return result


def _same(paragraphs: Sequence[_Paragraph], wanted: Sequence[str]) -> dict[int, int]:
    """Map the places of text lines that stay to the paragraphs that hold them."""
    places = [number for number, text in enumerate(wanted) if text]
    new = [wanted[number] for number in places]
    found: dict[int, int] = {}
    for tag, i1, i2, j1, _ in opcodes([p.text for p in paragraphs], new):
        if tag == "equal":
            found |= {places[j1 + n]: i1 + n for n in range(i2 - i1)}
    return found


def _wrapped(text: str, width: int, old: Sequence[str]) -> list[str]:
    """Fold one line of text at single blanks; lines at both ends that were there before stay."""
    if _more_indented(text):
        return [text]
    head, at = _kept_head(text, old)
    tail, stop = _kept_tail(text, old, at)
    middle: list[str] = []
    while stop - at > width:
        cut = text.rfind(" ", at + 1, at + width + 1)
        while cut > 0 and (text[cut - 1] == " " or text[cut + 1 : cut + 2] in ("", " ")):
            cut = text.rfind(" ", at + 1, cut)
        if cut <= 0:
            break
        middle.append(text[at:cut])
        at = cut + 1
    return [*head, *middle, text[at:stop], *tail]


def _kept_head(text: str, old: Sequence[str]) -> tuple[list[str], int]:
    """Return the lines that a text begins with as before, and where the rest of it begins."""
    start = next((n for n, line in enumerate(old) if line and text.startswith(f"{line} ")), None)
    kept: list[str] = []
    at = 0
    while start is not None and start + 1 < len(old) and old[start + 1]:  # the last may go on
        after = at + len(old[start]) + 1
        if not text.startswith(f"{old[start]} ", at) or text[after : after + 1] in ("", " "):
            break
        kept.append(old[start])
        at, start = after, start + 1
    return kept, at


def _kept_tail(text: str, old: Sequence[str], at: int) -> tuple[list[str], int]:
    """Return the lines that a text ends with as before, and where what precedes them stops."""
    ends = (n for n, line in enumerate(old) if line and not "".join(old[n + 1 : n + 2]))
    last = next((n for n in ends if text.endswith(f" {old[n]}")), -1)
    kept: list[str] = []
    stop = len(text)
    while last >= 0 and old[last] and text.endswith(f" {old[last]}", at, stop):
        before = stop - len(old[last]) - 1
        if before <= at or text[before - 1] == " ":
            break
        kept.append(old[last])
        stop, last = before, last - 1
    return kept[::-1], stop
