"""The GitHub workflows that come with the package, for `promptgit init --github` to write."""

from __future__ import annotations

from pathlib import Path

import promptgit
from promptgit.errors import WorldError

KINDS = {  # who opens pull requests, and which workflows that takes
    "private": ("promptgit.yml", "promptgit-records.yml"),
    "forks": ("promptgit-forks.yml", "promptgit-trusted.yml", "promptgit-records.yml"),
}
FOLDER = ".github/workflows"


def workflows(kind: str) -> dict[str, str]:
    """Return path → text of the workflows of one kind."""
    folder = _folder()
    return {f"{FOLDER}/{name}": (folder / name).read_text(encoding="utf-8") for name in KINDS[kind]}


def _folder() -> Path:
    """Where they are: inside an installed package, or beside `src` in a checkout."""
    package = Path(promptgit.__file__).parent
    for place in (package / "workflows", package.parent.parent / "docs" / "github"):
        if (place / "promptgit.yml").is_file():
            return place
    raise WorldError("the workflows are missing from this installation")
