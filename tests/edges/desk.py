"""A repository with a prompt in it, and the whole way of an improvement in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from promptgit.core.prompt import blob_id
from promptgit.edges.delivery import deliver
from promptgit.edges.git import Git
from promptgit.edges.plumbing import Commit
from promptgit.edges.workspace import Base, preflight
from promptgit.testing.repositories import Repository, a_repository

PATH = "prompts/reply.md"
OTHER = "notes/other.txt"
BEFORE = "Be kind.\nAnswer in English.\n"
AFTER = "Be kind.\nAnswer in English.\nBe brief.\n"
LATER = "Be kind.\nAnswer in English.\nBe brief.\nName the order.\n"

HOSTILE_PATHS = [  # case 77
    "with space.md",
    "quote'\".md",
    "new\nline.md",
    "tab\there.md",
    "[a]*?.md",
    ":x.md",
    ":(glob)*.md",
    "-x.md",
    "#hash.md",
    "a%2fb.md",
    "ünicode.md",
    "ü̈/💡.md",
    "back\\slash.md",
]


def a_desk(path: Path, files: Mapping[str, str | bytes] | None = None, **shape: str) -> Repository:
    """A repository with a prompt and another file, both committed."""
    return a_repository(path, {PATH: BEFORE, OTHER: "one\n", **(files or {})}, **shape)


def a_message(path: str = PATH, *, kind: str = "improve", blob: str = "0" * 40) -> str:
    return (
        f"{kind}(reply): ask for less\n\n"
        "The replies were long.\n\n"
        f"Prompt-Path: {path}\nPrompt-Blob: {blob}\n"
        "Eval-Metric: contains 0.5000 -> 0.7500\nEval-Metric: brief 0.2500 -> 1.0000\n"
        "Eval-Score: 0.5000 -> 0.7500 n=40\nPromptgit-Schema: 1\n"
    )


def a_chain(base: Base, *texts: str, kind: str = "improve") -> list[Commit]:
    """One commit for each text, each on top of the one before."""
    commits = []
    before = base.blob
    for text in texts:
        blob = blob_id(text, len(base.blob))
        message = a_message(base.path, kind=kind, blob=blob) if base.path == PATH else PLAIN
        commits.append(Commit(base.path, before, text, message))
        before = blob
    return commits


PLAIN = "improve: a text\n\nPrompt-Blob: abc\nPromptgit-Schema: 1\n"


def started(
    repository: Repository, path: str | Path = PATH, *, branch: str | None = None
) -> tuple[Git, Base]:
    git = Git.discover(repository.path)
    return git, preflight(git, path, branch=branch)


def improve(
    repository: Repository,
    *texts: str,
    path: str | Path = PATH,
    branch: str | None = None,
    kind: str = "improve",
) -> tuple[str, ...]:
    git, base = started(repository, path, branch=branch)
    return deliver(git, base, a_chain(base, *(texts or (AFTER,)), kind=kind))


def state(repository: Repository) -> dict[str, str]:
    """Everything of the user's that must not change: HEAD, refs, index, status, every file."""
    files = {
        str(file.relative_to(repository.path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(repository.path.rglob("*"))
        if ".git" not in file.parts and file.is_file()
    }
    return {
        "head": repository.git("rev-parse", "--symbolic-full-name", "HEAD"),
        "refs": repository.git("for-each-ref", "refs/heads"),
        "index": repository.git("ls-files", "--stage", "-v"),
        "status": repository.status(),
        "files": repr(files),
        "locks": repr(locks(repository)),
    }


def locks(repository: Repository) -> list[str]:
    """Every lock and plan that is left in the git directory."""
    folder = Path(repository.git("rev-parse", "--absolute-git-dir"))
    left = [*folder.rglob("*.lock"), *folder.glob("promptgit/deliveries/*")]
    return sorted(str(file.relative_to(folder)) for file in left)


def a_hook(repository: Repository, name: str, script: str) -> None:
    """Install a hook, a shell script."""
    folder = Path(repository.git("rev-parse", "--absolute-git-dir")) / "hooks"
    folder.mkdir(exist_ok=True)
    hook = folder / name
    hook.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    hook.chmod(0o755)


def changed_paths(repository: Repository, commit: str) -> list[str]:
    listed = repository.git("diff-tree", "-r", "-z", "--name-only", f"{commit}^", commit)
    return [name for name in listed.split("\0") if name]
