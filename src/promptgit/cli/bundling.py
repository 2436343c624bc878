"""Reads what is live with its texts, and writes it as one file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from promptgit.cli.rollouts import prompt_of
from promptgit.edges.git import Git
from promptgit.errors import UserError, WorldError
from promptgit.flywheel.bundle import Served, Serving, written
from promptgit.flywheel.rollout import ROLLOUT_FILE, Rollout


def serving(git: Git, rollouts: Iterable[Rollout]) -> Serving:
    """Read the texts of these entries; raise WorldError where this clone lacks one."""
    return {(one.environment, one.prompt): _served(git, one) for one in rollouts}


def _served(git: Git, one: Rollout) -> Served:
    stable = prompt_of(git, one.prompt, one.stable)
    candidate = prompt_of(git, one.prompt, one.candidate) if one.candidate else None
    return Served(one, stable, candidate)


def bundle_of(git: Git, revision: str, environment: str | None) -> str:
    """Write what is live as of a revision; raise UserError where nothing is."""
    from promptgit.config.rollout_file import parse_rollouts

    commit = git.resolve(revision)
    blob = git.blob_at(commit, ROLLOUT_FILE)
    found = parse_rollouts(git.blob(blob) if blob else b"").entries.values()
    shown = [one for one in found if environment in (None, one.environment)]
    if not shown:
        where = f" in {environment!r}" if environment else ""
        raise UserError(
            f"nothing is live{where} as of {revision}",
            hint="`promptgit deploy PROMPT --to production` says what is",
        )
    return written(serving(git, shown))


def write_file(text: str, file: str) -> None:
    """Replace a file whole: whoever reads it meanwhile has the old one or the new one."""
    place = Path(file)
    draft = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        draft.write_bytes(text.encode())
        os.replace(draft, place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise WorldError(f"{file} cannot be written: {error.strerror}") from error
