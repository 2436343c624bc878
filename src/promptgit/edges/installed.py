"""Which commit of promptgit runs here, as far as the installer wrote down what it installed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from promptgit.edges.git import Git
from promptgit.errors import PromptgitError

FULL_ID = re.compile(r"[0-9a-f]{40}")


def installed_commit() -> str:
    """Return the full commit id of the promptgit that is installed; empty where nobody knows."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        written = distribution("promptgit").read_text("direct_url.json")
    except PackageNotFoundError:
        return ""
    return commit_in(written or "")


def commit_in(direct_url: str) -> str:
    """
    Read a `direct_url.json` (PEP 610).

    A clone that is installed as editable is what its HEAD is.  Of a folder that was copied
    nobody knows: it may have moved on since.

    >>> commit_in('{"url": "https://x.test/p", "vcs_info": {"vcs": "git", "commit_id": "%s"}}' % (
    ...     "5e" * 20))[:6]
    '5e5e5e'
    >>> commit_in('{"url": "file:///src/p", "dir_info": {}}')
    ''
    """
    try:
        facts = json.loads(direct_url)
    except ValueError:
        return ""
    found = _written_down(facts) if isinstance(facts, dict) else ""
    return found if FULL_ID.fullmatch(found) else ""


def _written_down(facts: dict[str, Any]) -> str:
    match facts:
        case {"vcs_info": {"vcs": "git", "commit_id": str(commit)}}:
            return commit
        case {"url": str(url), "dir_info": {"editable": True}} if url.startswith("file:"):
            return _head(Path(url2pathname(urlsplit(url).path)))
    return ""


def _head(folder: Path) -> str:
    """The commit of a clone; empty for a folder that only lies inside somebody's repository."""
    try:
        git = Git.discover(folder)
        return git.resolve("HEAD") if git.cwd.samefile(folder) else ""
    except PromptgitError:
        return ""
