"""What a run of improve rests on and Git does not know: nobody else could check what it proves."""

from __future__ import annotations

from promptgit.cli.wiring import Repository
from promptgit.config import places


def untracked(repository: Repository, path: str) -> tuple[str, ...]:
    """Return the eval file and the case file of a prompt, as far as Git tracks them not."""
    is_file = repository.tree.is_file
    asked = repository.eval_file(path)
    beside = "" if asked.inline else asked.cases or places.case_file(path, is_file)
    files = dict.fromkeys(name for name in (asked.file, beside) if name and is_file(name))
    return tuple(name for name in files if not repository.git.read("ls-files", "-z", "--", name))


def note(files: tuple[str, ...]) -> str:
    """Say so, and what to type."""
    names = " and ".join(files)
    return f"note: Git does not track {names}; nobody else can check this run: git add " + " ".join(
        files
    )
