"""Which commit wrote each line of a prompt, from `git blame --porcelain` (Git manual)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from promptgit.core.revision import Revision
from promptgit.history.evidence import Judge
from promptgit.history.log import Change, RawCommit

_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_CONTROLS = MappingProxyType(
    {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
)


@dataclass(frozen=True, slots=True)
class Written:
    """A line as Git attributes it."""

    number: int  # 1-based, in the revision that was asked for
    text: str  # without its end-of-line
    commit: str
    path: str  # of the file when the commit wrote the line


@dataclass(frozen=True, slots=True)
class Blamed:
    line: Written
    revision: Revision


def parse_blame(porcelain: bytes) -> Iterator[Written]:
    """
    Read `git blame --porcelain`.

    A header names a commit's path once; later lines of the same commit leave it out unless it
    changes.
    """
    paths: dict[str, str] = {}
    commit, number = "", 0
    lines = iter(porcelain.split(b"\n"))
    for line in lines:
        if line.startswith(b"\t"):
            text = line[1:].removesuffix(b"\r").decode(errors="replace")
            yield Written(number, text, commit, paths[commit])
        elif line.startswith(b"filename "):
            paths[commit] = unquoted(line[len(b"filename ") :])
        elif line and _is_header(line):
            found, _, place = line.decode().split(" ")[:3]
            commit, number = found, int(place)


def unquoted(name: bytes) -> str:
    r"""
    Read a path as Git prints it: in double quotes, C style, where it holds odd characters.

    >>> unquoted(b"prompts/a b.md"), unquoted(rb'"a\tb\\\303\251"')
    ('prompts/a b.md', 'a\tb\\é')
    """
    if len(name) > 1 and name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name[1:-1])
    return name.decode("utf-8", "surrogateescape")


def _unescaped(found: re.Match[bytes]) -> bytes:
    mark = found[1]
    return _CONTROLS.get(mark) or (bytes([int(mark, 8)]) if len(mark) == 3 else mark)


def blame(
    lines: Sequence[Written], commits: Iterable[RawCommit], judge: Judge
) -> tuple[Blamed, ...]:
    """Join each line with what its commit bought; `commits` are those that the lines name."""
    by_id = {commit.id: commit for commit in commits}
    revisions: dict[tuple[str, str], Revision] = {}
    for line in lines:
        key = (line.commit, line.path)
        if key not in revisions:
            commit = by_id[line.commit]
            revisions[key] = judge.revision(commit, _change(commit, line.path, judge))
    return tuple(Blamed(line, revisions[line.commit, line.path]) for line in lines)


def _change(commit: RawCommit, path: str, judge: Judge) -> Change:
    """The change that wrote the line; a merge that kept one side's text changed nothing itself."""
    found = commit.change_of(path)
    if found:
        return found
    blob = judge.past.blob_at(commit.id, path) or ""
    return Change(path, "", blob, "M")


def _is_header(line: bytes) -> bool:
    fields = line.split(b" ")
    return (
        len(fields) in (3, 4)
        and len(fields[0]) in (40, 64)
        and all(field.isdigit() for field in fields[1:])
    )
