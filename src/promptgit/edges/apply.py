"""A second opinion on our diffs: does Git get the same bytes from them?"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from promptgit.core.patch import Patch
from promptgit.core.prompt import blob_id
from promptgit.edges.git import Git, GitFailed


def applies_exactly(git: Git, patch: Patch) -> bool:
    """
    Say whether `git apply` makes exactly the new text out of the old one.

    It works on an index and an object store of its own: nothing is left behind.
    """
    objects = git.text("rev-parse", "--path-format=absolute", "--git-path", "objects")
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        Path(folder, "objects").mkdir()
        own = {
            "GIT_INDEX_FILE": str(Path(folder, "index")),
            "GIT_OBJECT_DIRECTORY": str(Path(folder, "objects")),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(objects),
        }
        before = patch.before.encode()
        oid = git.read("hash-object", "-w", "--stdin", stdin=before, environment=own)
        line = b"100644 " + oid.strip() + b"\t" + os.fsencode(patch.path) + b"\0"
        git.read("update-index", "-z", "--index-info", stdin=line, environment=own)
        try:
            # --cached checks everything before it changes anything
            git.read("apply", "--cached", "-", stdin=patch.diff.encode(), environment=own)
        except GitFailed:
            return False
        listed = git.read("ls-files", "--stage", "-z", environment=own)
    expected = blob_id(patch.after, git.hex_digits)
    return listed == f"100644 {expected} 0\t".encode() + os.fsencode(patch.path) + b"\0"


def _quoted(folder: str) -> str:
    """Write one entry of a list that is parted by `:` (git(1), alternate object directories)."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
