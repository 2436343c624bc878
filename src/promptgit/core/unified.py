"""
Read the hunks of a unified diff as a model writes it: wrong numbers, lost marks and all.

Numbers never say where a hunk ends, for a wrong count would lose a line: a hunk ends where the
next header begins.  Whatever is neither marked nor a header makes the diff unreadable, with one
exception, a blank line, which is taken for context that lost its space.  Nothing here is
trusted: what a hunk removes and keeps must then be found in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptgit.core.block import Block, Line, Numbers, Unreadable
from promptgit.core.diff import quoted_name
from promptgit.core.quote import quoted

_NUMBERS = re.compile(r"@@\s*-(\d{1,9})(?:,(\d{1,9}))?\s+\+(\d{1,9})(?:,(\d{1,9}))?\s*@@")
_METADATA = re.compile(
    r"(rename (?:from|to)|copy (?:from|to)|(?:dis)?similarity index|old mode|new mode"
    r"|deleted file mode|new file mode|GIT binary patch|Binary files?|literal \d+|delta \d+)\b"
)
_INDEX = re.compile(r"index [0-9a-fA-F]+(?:,[0-9a-fA-F]+)*\.\.[0-9a-fA-F]+(?: (\d+))?\s*\Z")
_SPECIAL = {"120000": "a symbolic link", "160000": "a submodule"}


def starts_diff(lines: Sequence[str], i: int) -> bool:
    """Say whether a diff may begin at line `i`."""
    return lines[i].startswith(("diff --git ", "@@")) or _is_header(lines, i)


def blocks_of(lines: Sequence[str], path: str, file: frozenset[str], *, bare: bool) -> list[Block]:
    """
    Read a diff of `path`, line by line, into its hunks.

    `file` holds the lines of the real file; it only settles what `--- x` over `+++ y` is.  A `bare`
    diff stood in no fence: prose may follow it.  Raises Unreadable.
    """
    reader = _Reader(path, file)
    for i in range(len(lines)):
        if bare and reader.may_end(lines, i):
            break
        reader.read(lines, i)
    reader.close()
    return reader.blocks


class _Reader:
    def __init__(self, path: str, file: frozenset[str]) -> None:
        self.path = path
        self.file = file
        self.blocks: list[Block] = []
        self.lines: list[Line] | None = None  # of the hunk that is open
        self.numbers: Numbers | None = None
        self.skip = False  # this line was read together with the one before

    def read(self, lines: Sequence[str], i: int) -> None:
        line = lines[i]
        if self.skip:
            self.skip = False
        elif _is_header(lines, i) and not self._removes(line):
            self.close()
            self._same_file(line[4:], "a/")
            self._same_file(lines[i + 1][4:], "b/")
            self.skip = True
        elif line.startswith("@@"):
            self._open(line)
        elif line[:1] in ("+", "-", " "):
            self._mark(line)
        elif not line.strip(" \t"):
            if self.lines is not None:
                self.lines.append(Line(" ", "", stripped=True))
        elif not re.match(r"\\ *no newline", line, re.IGNORECASE):
            self.close()
            self._metadata(line)

    def close(self) -> None:
        if self.lines is not None:
            self.blocks.append(Block(tuple(self.lines), self.numbers))
        self.lines = self.numbers = None

    def may_end(self, lines: Sequence[str], i: int) -> bool:
        """
        Say whether only prose is left: it follows a blank line, and looks like no diff.

        A header that promised more lines than came before is a sign that a line lost its mark.
        """
        if self.lines is None or i == 0 or lines[i - 1].strip() or not lines[i].strip():
            return False
        if any(line[:1] in ("+", "-", " ", "@", "`", "~", "\\") for line in lines[i:]):
            return False
        if _METADATA.match(lines[i]) or starts_diff(lines, i):
            return False
        block = Block(tuple(line for line in self.lines if not line.stripped))
        promised = self.numbers.new_count if self.numbers else 0
        return len(block.new) >= promised

    def _open(self, line: str) -> None:
        self.close()
        if line.startswith("@@@"):
            raise Unreadable("the diff is a combined diff of a merge, which cannot be read")
        found = _NUMBERS.match(line)
        if found:
            old_start, old_count, new_start, new_count = found.groups()
            self.numbers = Numbers(
                int(old_start), int(old_count or 1), int(new_start), int(new_count or 1)
            )
        self.lines = []

    def _mark(self, line: str) -> None:
        if self.lines is None:
            self.lines = []
        mark, text = line[0], line[1:]
        self.lines.append(Line("+" if mark == "+" else "-" if mark == "-" else " ", text))

    def _removes(self, line: str) -> bool:
        """Say whether `--- x` removes the file's line `-- x`, in a hunk that promised more."""
        if self.lines is None or self.numbers is None or line[1:] not in self.file:
            return False
        block = Block(tuple(self.lines))
        more_old = len(block.old) < self.numbers.old_count
        return more_old and len(block.new) < self.numbers.new_count

    def _same_file(self, written: str, side: str) -> None:
        name = written.rstrip(" \t") if "\t" not in written else written.split("\t", 1)[0]
        if name == "/dev/null":
            raise Unreadable(
                "the diff creates or deletes a file; only the prompt's text may change"
            )
        allowed = {self.path, f"a/{self.path}", f"b/{self.path}"}
        if name not in allowed and name != quoted_name(side + self.path):
            raise _other_file(name, self.path)

    def _metadata(self, line: str) -> None:
        """Pass over a line that only repeats which file this is; refuse every other one."""
        if _METADATA.match(line):
            raise Unreadable(f"the diff changes more than lines: {quoted(line)}")
        if index := _INDEX.match(line):
            mode = index[1] or "100644"
            if mode in ("100644", "100755"):
                return
            raise Unreadable(f"the diff makes the prompt {_SPECIAL.get(mode, f'of mode {mode}')}")
        if line.startswith("diff --git "):
            names = line.removeprefix("diff --git ").rstrip()
            plain = {f"a/{self.path} b/{self.path}", f"{self.path} {self.path}"}
            exact = " ".join(quoted_name(f"{side}/{self.path}").rstrip("\t") for side in "ab")
            if names not in plain | {exact}:
                raise _other_file(names, self.path)
            return
        if line.startswith("Index: "):
            self._same_file(line.removeprefix("Index: "), "a/")
            return
        if not re.fullmatch(r"={10,}", line):
            raise Unreadable(
                f"the diff has a line that starts with neither a space, + nor -: {quoted(line)}"
            )


def _is_header(lines: Sequence[str], i: int) -> bool:
    """Say whether a file's header begins here: `---` over `+++`, and no later `@@` missing."""
    if not lines[i].startswith("--- ") or i + 1 == len(lines):
        return False
    if not lines[i + 1].startswith("+++ "):
        return False
    first = not any(line.startswith(("@@", "--- ", "diff --git ")) for line in lines[:i])
    return first or (i + 2 < len(lines) and lines[i + 2].startswith("@@"))


def _other_file(name: str, path: str) -> Unreadable:
    return Unreadable(f"the diff names the file {quoted(name)}; only {quoted(path)} may change")
