"""
Find the edit in what a mentor wrote: a unified diff, search/replace blocks, or the whole file.

Prose around it is passed over.  Anything that can be read in two ways is refused: two forms in one
reply, fences that do not pair, a file that is named and is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promptgit.core.block import Block, Unreadable, replacing
from promptgit.core.diff import split_lines
from promptgit.core.quote import quoted
from promptgit.core.unified import blocks_of, starts_diff

_SEARCH = re.compile(r"<{5,9} ?SEARCH\s*\Z")
_DIVIDER = re.compile(r"={5,9}\s*\Z")
_REPLACE = re.compile(r">{5,9} ?REPLACE\s*\Z")
_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)\Z")
_DIFF_INFO = frozenset({"diff", "patch", "udiff", "unidiff"})
_PATH = re.compile(
    r"[\w.~\\-]*/[\w./~\\-]+|[\w-]+\.(?:md|txt|j2|jinja2?|prompt|ya?ml|json|py|sh|toml)"
)
_LEFT_OUT = re.compile(
    r"(?:the )?(?:rest|remainder|remaining|existing|other)\b.{0,60}"
    r"\b(?:unchanged|same|before|is|here|omitted)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole text of the file, as lines without their end-of-line."""

    lines: tuple[str, ...]


def edit_in(reply: str, path: str, before: str, *, whole_file: bool) -> tuple[Block, ...] | Whole:
    """
    Return the blocks that the reply wants changed, or the whole file; raise Unreadable.

    `whole_file` says that the whole file was asked for: then a fence that is not clearly a diff
    is the file.
    """
    lines = [line.removesuffix("\n").removesuffix("\r") for line in split_lines(reply)]
    file = [line.removesuffix("\n").removesuffix("\r") for line in split_lines(before)]
    fence = next((i for i, line in enumerate(lines) if _FENCE.match(line)), len(lines))
    diff = next((i for i in range(len(lines)) if starts_diff(lines, i)), len(lines))
    blocks = any(_SEARCH.match(line) for line in lines)

    edit: tuple[Block, ...] | Whole
    if whole_file and fence < len(lines) and not _is_diff(lines, fence) and not _is_search(lines):
        edit = _whole(lines, fence, path, file)
    elif blocks:
        edit = _search_blocks(lines, path)
    elif diff < fence:
        edit = tuple(blocks_of(lines[diff:], path, frozenset(file), bare=True))
    elif any(_is_diff(lines, i) for i in range(fence, len(lines)) if _FENCE.match(lines[i])):
        edit = _fenced_diffs(lines, path, frozenset(file))
    elif fence < len(lines):
        edit = _whole(lines, fence, path, file)
        _refuse_a_snippet(edit, file)
    else:
        raise Unreadable("the reply holds no edit, only prose")
    _refuse_elisions(edit, file)
    return edit


def _search_blocks(lines: Sequence[str], path: str) -> tuple[Block, ...]:
    blocks = []
    i = 0
    while i < len(lines):
        if starts_diff(lines, i):
            raise Unreadable("the reply holds search/replace blocks and a diff; send only one")
        if not _SEARCH.match(lines[i]):
            i += 1
            continue
        _same_file(_said_before(lines, i), path)
        end = next((n for n in range(i, len(lines)) if _REPLACE.match(lines[n])), None)
        if end is None:
            raise Unreadable("a search/replace block has no end: >>>>>>> REPLACE is missing")
        inside = lines[i + 1 : end]
        dividers = [n for n, line in enumerate(inside) if _DIVIDER.match(line)]
        if len(dividers) != 1 or any(_SEARCH.match(line) for line in inside):
            raise Unreadable("a search/replace block must hold one line ======= and no other block")
        search, replace = inside[: dividers[0]], inside[dividers[0] + 1 :]
        blocks.append(replacing(search, replace))
        i = end + 1
    return tuple(blocks)


def _fenced_diffs(lines: Sequence[str], path: str, file: frozenset[str]) -> tuple[Block, ...]:
    """Read every fence that holds a diff; each line between fences is prose."""
    blocks: list[Block] = []
    i = 0
    while i < len(lines):
        fence = _FENCE.match(lines[i])
        if not fence:
            if starts_diff(lines, i):
                raise Unreadable("a part of the diff stands outside its fence")
            i += 1
            continue
        close = _closing(lines, i)
        inside = lines[i + 1 : close]
        if _is_diff(lines, i):
            _same_file(fence[2], path)
            blocks += blocks_of(inside, path, file, bare=False)
        elif close == len(lines) or any(line[:1] in ("+", "-", "@") for line in inside):
            raise Unreadable("the fences do not pair, so the end of the diff is not certain")
        i = close + 1
    return tuple(blocks)


def _whole(lines: Sequence[str], first: int, path: str, file: Sequence[str]) -> Whole:
    fence = _FENCE.match(lines[first])
    assert fence
    _same_file(fence[2], path)
    _same_file(_said_before(lines, first + 1), path)
    last = _end_of_file(lines, first, file)
    inside = lines[first + 1 : last]
    return Whole(tuple(inside))


def _end_of_file(lines: Sequence[str], first: int, file: Sequence[str]) -> int:
    """
    Find the fence that closes the one at `first`, whose content may have fences of its own.

    An inner fence opens with a language and closes without, or is shorter than the outer.  When
    that does not come out even, the last fence of the reply is the end if what stands in inner
    fences is what stands in the file's own.
    """
    tick = _marker(lines[first])
    fences = [i for i in range(first + 1, len(lines)) if _fences_like(lines[i], tick)]
    if not fences:
        raise Unreadable("the fence around the whole file is never closed, so it may be cut")
    depth = 1
    for i in fences:
        depth += 1 if _info(lines[i]) else -1
        if depth == 0:
            break
    if depth == 0 and i == fences[-1]:
        return i
    last = fences[-1]
    own = _fenced_text(lines[first + 1 : last])
    if own is not None and own == _fenced_text(file) and not _info(lines[last]):
        return last
    raise Unreadable(
        "where the whole file ends is not certain, for it has fences inside; put it in a fence of"
        " more backticks than any of them"
    )


def _fenced_text(lines: Sequence[str]) -> list[str] | None:
    """The lines from each fence to its end, all together; None when the last has no end."""
    found: list[str] = []
    inside = False
    for line in lines:
        fence = _FENCE.match(line)
        if fence or inside:
            found.append(line)
        if fence:
            inside = not inside
    return None if inside or not found else found


def _refuse_a_snippet(edit: Whole, file: Sequence[str]) -> None:
    """Unasked, a fence is the whole file only if it keeps most words and half of the lines."""
    lines = [line.strip() for line in file if line.strip()]
    kept = {line.strip() for line in edit.lines}
    words = re.findall(r"\w+", " ".join(file).casefold())
    known = set(re.findall(r"\w+", " ".join(edit.lines).casefold()))
    most = sum(word in known for word in words) >= 0.6 * len(words)
    half = len(lines) == 1 or sum(line in kept for line in lines) >= 0.5 * len(lines)
    if not (most and half):
        raise Unreadable("the reply holds neither a diff nor the whole file, only a part of a text")


def _refuse_elisions(edit: tuple[Block, ...] | Whole, file: Sequence[str]) -> None:
    """`… rest unchanged …` would be taken at its word, and the rest would be lost."""
    if isinstance(edit, Whole):
        added = list(edit.lines)
    else:
        added = [line.text for block in edit for line in block.lines if line.mark == "+"]
    for line in added:
        if _is_elision(line) and line not in file:
            raise Unreadable(f"a line stands for text that was left out: {quoted(line)}")


def _is_elision(line: str) -> bool:
    """
    Say whether the line stands for others.

    >>> [_is_elision(line) for line in ("...", "(rest of the prompt unchanged)", "Wait...")]
    [True, True, False]
    """
    core = line.strip(" \t.…()[]{}<>#/*-!")
    if not core:
        return "..." in line or "…" in line
    framed = line.lstrip()[0] in "([{<.…#/*"
    return framed and len(core) <= 120 and bool(_LEFT_OUT.fullmatch(core))


def _is_diff(lines: Sequence[str], fence: int) -> bool:
    """Say whether the fence at this line holds a diff."""
    info = _info(lines[fence]).split()
    if info and info[0].lower() in _DIFF_INFO:
        return True
    start = next((i for i in range(fence + 1, len(lines)) if lines[i].strip()), None)
    return start is not None and starts_diff(lines, start)


def _is_search(lines: Sequence[str]) -> bool:
    """Say whether the reply's edit is search/replace blocks, all of it, whatever was asked for."""
    found = (i for i, line in enumerate(lines) if _SEARCH.match(line))
    first = next(found, None)
    if first is None:
        return False
    return first == 0 or bool(_FENCE.match(lines[first - 1])) or not lines[first - 1].strip()


def _closing(lines: Sequence[str], fence: int) -> int:
    """Where the fence ends; past the last line when it never does."""
    tick = _marker(lines[fence])
    ends = (i for i in range(fence + 1, len(lines)) if _fences_like(lines[i], tick))
    return next((i for i in ends if not _info(lines[i])), len(lines))


def _fences_like(line: str, tick: str) -> bool:
    fence = _FENCE.match(line)
    return bool(fence) and line.startswith(tick)


def _marker(line: str) -> str:
    fence = _FENCE.match(line)
    return fence[1] if fence else ""


def _info(line: str) -> str:
    fence = _FENCE.match(line)
    return fence[2].strip() if fence else ""


def _said_before(lines: Sequence[str], i: int) -> str:
    """The last line before `i` that is neither blank nor a fence: a file's name may stand there."""
    above = (line for line in reversed(lines[:i]) if line.strip() and not _FENCE.match(line))
    return next(above, "")


def _same_file(words: str, path: str) -> None:
    """Refuse when `words` name a file, and it is another one."""
    for word in [words] if " " not in words.strip() else words.split()[-1:]:
        name = word.strip("\t *`'\":#()[]")
        if _PATH.fullmatch(name) and name not in (path, f"a/{path}", f"b/{path}", f"./{path}"):
            raise Unreadable(
                f"the reply names the file {quoted(name)}; only {quoted(path)} may change"
            )
