"""
Who signed a commit, and what is attested of a text: asked of Git, OpenSSH and `gh`.

Who may sign is read from a commit that the change under review cannot edit; what the user's own
settings call trusted does not count.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptgit.edges.ends import default_branch, merge_base
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.history.trust import (
    PREDICATE,
    Signature,
    Signers,
    Workflow,
    attests,
    parse_signers,
)

SIGNERS_FILE = ".promptgit/ci-signers"
GH_TIMEOUT_S = 60.0
_FORMAT = "%H%x1f%G?%x1f%GF%x1f%GP%x1f%GS"


@dataclass(frozen=True, slots=True)
class List:
    """Who may vouch, and where that is written."""

    base: str  # full commit id
    path: str
    signers: Signers | None  # None: base has no such file


def read_list(git: Git, tip: str, *, base: str | None = None, path: str = SIGNERS_FILE) -> List:
    """
    Read the list as of `base`, by default where `tip` left the default branch.

    Never from `tip` or the work tree: a change that adds its own key must not be trusted for it.
    """
    commit = git.resolve(base) if base else _default_base(git, tip)
    blob = git.blob_at(commit, path)
    found = parse_signers(git.blob(blob), f"{path} ({commit[:12]})") if blob else None
    return List(commit, path, found)


def signatures(git: Git, commits: Sequence[str], signers: Signers) -> dict[str, Signature]:
    """
    Ask Git for the signatures of commits, with only the list's keys allowed.

    The user's own list of allowed signers, and whatever program their settings name to check
    SSH signatures with, are left out of it.
    """
    if not commits:
        return {}
    listed = "".join(f"{commit}\n" for commit in dict.fromkeys(commits)).encode()
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        allowed = Path(folder) / "allowed_signers"
        allowed.write_text("".join(f"{line}\n" for line in signers.ssh), encoding="utf-8")
        settings = (f"gpg.ssh.allowedSignersFile={allowed}", "gpg.ssh.program=ssh-keygen")
        asked = ("log", "-z", "--no-walk=unsorted", "--no-patch", f"--format={_FORMAT}", "--stdin")
        said = git.read(*(w for s in settings for w in ("-c", s)), *asked, stdin=listed)
    rows = (entry.decode(errors="replace").strip("\n").split("\x1f") for entry in said.split(b"\0"))
    return {row[0]: Signature(*row[1:5]) for row in rows if len(row) == 5}


def can_check_ssh() -> bool:
    return shutil.which("ssh-keygen") is not None


def attested(workflow: Workflow, text: bytes, record: str) -> str:
    """
    Ask `gh` for an attestation of `text` by a workflow; return why there is none, else nothing.

    Whatever keeps `gh` from answering is a reason too: what cannot be checked is not trusted.
    """
    if shutil.which("gh") is None:
        return "attestations were not checked: gh, GitHub's program, is not installed"
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        file = Path(folder) / "prompt"
        file.write_bytes(text)
        command = [
            *("gh", "attestation", "verify", str(file)),
            *("--repo", workflow.repository),
            *("--signer-workflow", workflow.file),
            *("--predicate-type", PREDICATE),
            *("--format", "json"),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=GH_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"attestations were not checked: gh: {error}"
    if done.returncode:
        return f"gh: {_last_line(done.stderr)}"
    return attests(_read(done.stdout), hashlib.sha256(text).hexdigest(), record)


def _default_base(git: Git, tip: str) -> str:
    branch = default_branch(git)
    if not branch:
        raise UserError(
            "nothing tells which branch is the default one, whose list of signers counts",
            hint="name it: --base origin/main",
        )
    return merge_base(git, git.resolve(branch), tip)


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _last_line(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said no"
