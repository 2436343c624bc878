"""Three texts into one: what two edits of the same text come to, by `git merge-file`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from promptgit.errors import WorldError

MARKER = 41  # characters of a conflict marker; a prompt has no such row of them
CONFLICTS = 127  # the most that the exit code can count; above it Git failed

_CONFLICT = re.compile(
    rf"^<{{{MARKER}}}[^\n]*\n(?P<ours>.*?)^\|{{{MARKER}}}[^\n]*\n(?P<base>.*?)"
    rf"^={{{MARKER}}}\r?\n(?P<theirs>.*?)^>{{{MARKER}}}[^\n]*\n",
    re.MULTILINE | re.DOTALL,
)


def merged(base: str, ours: str, theirs: str) -> str | None:
    r"""
    Apply to `ours` what turned `base` into `theirs`, hunk by hunk; None when they conflict.

    Where both only add lines at one place, both additions are kept, ours first: two instructions
    that were appended do not contradict each other for that.

    >>> merged("a\nb\n", "a\nb\nours\n", "A\nb\ntheirs\n")
    'A\nb\nours\ntheirs\n'
    >>> merged("a\n", "ours\n", "theirs\n") is None
    True
    """
    if not all(text.endswith("\n") for text in (base, ours, theirs)):
        return None  # an unended last line would run into the marker, or the next line
    joined = _CONFLICT.sub(_both, _merge_file(base, ours, theirs))
    return None if re.search(rf"^[<>|]{{{MARKER}}}", joined, re.MULTILINE) else joined


def _both(conflict: re.Match[str]) -> str:
    if conflict["base"]:
        return conflict[0]
    ours, theirs = conflict["ours"], conflict["theirs"]
    return ours if ours == theirs else ours + theirs


def _merge_file(base: str, ours: str, theirs: str) -> str:
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            Path(folder, name).write_bytes(text.encode())
        command = ["git", "merge-file", "-p", "-q", "--diff3", f"--marker-size={MARKER}"]
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            [*command, "ours", "base", "theirs"],
            cwd=folder,
            capture_output=True,
            check=False,
            env={**environment, "GIT_DIR": folder, "LC_ALL": "C"},
        )
    if not 0 <= done.returncode <= CONFLICTS:
        first = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise WorldError(f"git merge-file: {first or f'exit code {done.returncode}'}")
    return done.stdout.decode()
