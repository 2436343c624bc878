"""What a turn looks at: the logs on their engine, and the prompts that are in use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.flywheel.cube import Cube

ENGINE = "PROMPTGIT_ENGINE"  # a user's own word for the engine: a URL may hold a password
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

Known = Literal["current", "here", "unknown"]


@dataclass(frozen=True, slots=True)
class Version:
    """A text of a prompt that production used."""

    blob: str  # as the logs have it; any text
    conversations: int
    known: Known  # `current`: HEAD's; `here`: an object of this repository


@dataclass(frozen=True, slots=True)
class Active:
    """A prompt that the logs name."""

    name: str
    path: str  # empty: this repository has no such prompt
    versions: tuple[Version, ...]  # the most used first

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "path": self.path,
            "versions": [
                {"blob": one.blob, "conversations": one.conversations, "known": one.known}
                for one in self.versions
            ],
        }


def engine_of(typed: str | None, written: str) -> str:
    """`--engine` first, then the user's environment, then what flywheel.yaml says."""
    return typed or os.environ.get(ENGINE) or written


def active(repository: Repository, cube: Cube) -> tuple[Active, ...]:
    """
    The prompts of the logs, joined with the repository by name, their texts by blob id.

    What logs call a prompt, or a version, is anybody's text: it is looked up and never run.
    """
    found = []
    for name in cube.values("prompt"):
        path = path_of(repository, name)
        used = {
            cell.version: max((tally.clusters for tally in row.values()), default=0)
            for cell, row in cube.only(prompt=name).by("version").items()
        }
        current = repository.git.blob_at("HEAD", path) if path else None
        versions = (
            Version(blob, count, _known(repository, blob, current)) for blob, count in used.items()
        )
        ordered = sorted(versions, key=lambda one: (-one.conversations, one.blob))
        found.append(Active(name, path, tuple(ordered)))
    return tuple(found)


def path_of(repository: Repository, name: str) -> str:
    """The prompt of this name; a path, or a name that several have, is none."""
    if not name or "\0" in name or "\n" in name:
        return ""
    from promptgit.cli.wiring import called

    try:
        path = called(name, repository.prompts)
    except UserError:
        return ""
    return path if path and places.stem_of(path).endswith(name) else ""


def _known(repository: Repository, blob: str, current: str | None) -> Known:
    if blob and blob == current:
        return "current"
    is_here = _BLOB.fullmatch(blob) and repository.git.succeeds(
        "cat-file", "-e", f"{blob}^{{blob}}"
    )
    return "here" if is_here else "unknown"
