"""A change of one prompt's text, and the one way we write it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from promptgit.errors import PromptgitError

CONTEXT = 3  # unchanged lines around a change, as Git has it
MAX_ALIGNED = 1_000_000  # pairs of lines; above it the changed middle is one big replacement

Opcode = tuple[Literal["equal", "replace", "delete", "insert"], int, int, int, int]


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines: where it was (1-based), what left, what came."""

    start: int
    removed: tuple[str, ...]  # lines without their end-of-line
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """Old text, new text, and the unified diff that we derived between them."""

    path: str  # of the prompt, as in the diff's header
    before: str
    after: str
    diff: str  # canonical, with `--- a/path` and `+++ b/path`, three lines of context
    hunks: tuple[Hunk, ...]

    @property
    def changed_lines(self) -> int:
        """How many lines changed; a line that was replaced counts once."""
        return sum(max(len(hunk.removed), len(hunk.added)) for hunk in self.hunks)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no patch, in one sentence; falsy, so that `if patch` reads well."""

    reason: str
    nearest: str = ""  # the real lines that the mentor may have meant

    def __bool__(self) -> bool:
        return False


def derive(path: str, before: str, after: str) -> Patch:
    r"""
    Write the unified diff from `before` to `after` that `git apply` takes.

    A line ends at a line feed and nowhere else: a carriage return, a form feed or U+2028 is part
    of its line.  Equal texts give an empty diff.

    >>> print(derive("p.md", "Be kind.\n", "Be kind.\nBe brief.").diff, end="")
    --- a/p.md
    +++ b/p.md
    @@ -1 +1,2 @@
     Be kind.
    +Be brief.
    \ No newline at end of file
    """
    old, new = split_lines(before), split_lines(after)
    codes = opcodes(old, new)
    hunks = tuple(
        Hunk(i1 + 1, tuple(map(bare, old[i1:i2])), tuple(map(bare, new[j1:j2])))
        for tag, i1, i2, j1, j2 in codes
        if tag != "equal"
    )
    if not hunks:
        return Patch(path, before, after, "", ())
    diff = _header(path) + "".join(_hunk(group, old, new) for group in _groups(codes))
    changes = [code for code in codes if code[0] != "equal"]
    removed = [line for _, i1, i2, _, _ in changes for line in old[i1:i2]]
    added = [line for _, _, _, j1, j2 in changes for line in new[j1:j2]]
    _check(diff, removed, added, len(old) - len(removed))
    return Patch(path, before, after, diff, hunks)


def split_lines(text: str) -> list[str]:
    r"""
    Cut `text` after each line feed, and nowhere else.

    >>> split_lines("a\r\nb\u2028c")
    ['a\r\n', 'b\u2028c']
    """
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def bare(line: str) -> str:
    """Take the end-of-line off."""
    return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line


def opcodes(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """
    Align two texts by line, as `difflib.SequenceMatcher.get_opcodes` does, in bounded time.

    What is common at both ends is set aside first, for that is nearly everything in an edit.
    """
    from difflib import SequenceMatcher

    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    codes: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    if left and right and len(left) * len(right) > MAX_ALIGNED:
        codes.append(("replace", head, head + len(left), head, head + len(right)))
    else:
        inner = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        codes += [
            (tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in inner
        ]
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))


def _groups(codes: Sequence[Opcode]) -> list[list[Opcode]]:
    """Put changes that lie within twice the context of each other in one hunk."""
    groups: list[list[Opcode]] = []
    current: list[Opcode] = []
    for n, (tag, i1, i2, j1, j2) in enumerate(_joined(codes)):
        if tag != "equal":
            current.append((tag, i1, i2, j1, j2))
            continue
        if n == 0:  # leading context
            keep = min(CONTEXT, i2 - i1)
            current = [(tag, i2 - keep, i2, j2 - keep, j2)]
        elif i2 - i1 > 2 * CONTEXT:
            groups.append([*current, (tag, i1, i1 + CONTEXT, j1, j1 + CONTEXT)])
            current = [(tag, i2 - CONTEXT, i2, j2 - CONTEXT, j2)]
        else:
            current.append((tag, i1, i2, j1, j2))
    if any(code[0] != "equal" for code in current):
        groups.append(_trimmed(current))
    return [group for group in groups if any(code[0] != "equal" for code in group)]


def _joined(codes: Sequence[Opcode]) -> list[Opcode]:
    """Join neighbours that are both equal: the set-aside ends touch what was aligned."""
    joined: list[Opcode] = []
    for code in codes:
        if joined and joined[-1][0] == code[0] == "equal":
            _, i1, _, j1, _ = joined.pop()
            code = ("equal", i1, code[2], j1, code[4])
        joined.append(code)
    return joined


def _trimmed(group: list[Opcode]) -> list[Opcode]:
    """Keep three lines at most of the context that ends a group."""
    tag, i1, i2, j1, j2 = group[-1]
    if tag != "equal":
        return group
    return [*group[:-1], (tag, i1, min(i2, i1 + CONTEXT), j1, min(j2, j1 + CONTEXT))]


def _hunk(group: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> str:
    first, last = group[0], group[-1]
    header = f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    lines = []
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            lines += [f" {line}" for line in old[i1:i2]]
        else:
            lines += [f"-{line}" for line in old[i1:i2]] + [f"+{line}" for line in new[j1:j2]]
    ended = (x if x.endswith("\n") else f"{x}\n\\ No newline at end of file\n" for x in lines)
    return header + "".join(ended)


def _range(start: int, stop: int) -> str:
    """Write a range as POSIX `diff -U` does: an empty one names the line before it."""
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _header(path: str) -> str:
    return f"--- {quoted_name(f'a/{path}')}\n+++ {quoted_name(f'b/{path}')}\n"


def quoted_name(name: str) -> str:
    r"""
    Write a file name in a diff's header as Git does (`core.quotePath=false`).

    A name with a space is followed by a tab, so that nothing after it is taken for a date.

    >>> quoted_name('a/say "hi".md')
    '"a/say \\"hi\\".md"'
    """
    if any(c in '"\\' or c < " " or c == "\x7f" for c in name):
        return '"' + "".join(_escaped(c) for c in name) + '"'
    return f"{name}\t" if " " in name else name


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    short = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r"}
    if c in short:
        return f"\\{short[c]}"
    return f"\\{ord(c):03o}" if c < " " or c == "\x7f" else c


def _check(diff: str, removed: Sequence[str], added: Sequence[str], same: int) -> None:
    """Read the diff back with unidiff and compare; a difference is a bug of ours."""
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    try:
        (file,) = PatchSet(diff)
    except (UnidiffParseError, ValueError) as error:
        raise PromptgitError("the diff that was derived cannot be read back") from error
    lines = [line for hunk in file for line in hunk]
    left = [line.value for line in lines if line.is_removed]
    came = [line.value for line in lines if line.is_added]
    context = sum(line.is_context for line in lines)
    as_read = [[line.removesuffix("\n") for line in side] for side in (left, came)]
    as_meant = [[line.removesuffix("\n") for line in side] for side in (removed, added)]
    if as_read != as_meant or context > same:
        raise PromptgitError("the diff that was derived reads back as another")
