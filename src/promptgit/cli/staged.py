"""What is about to be committed, as a commit-msg hook may ask."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from promptgit.cli.interrupts import HOOK_INDEX
from promptgit.core.trailers import clean_value
from promptgit.edges.git import Git
from promptgit.errors import PromptgitError
from promptgit.history.claims import Claim, about
from promptgit.history.shape import Block

Stale = list[tuple[int, str]]  # line of the message, and what is wrong there


def comment_char(where: Path) -> str:
    """Return what begins a comment in a commit message here (Git manual, core.commentChar)."""
    try:
        set_to = Git.discover(where).setting("core.commentChar")
    except PromptgitError:
        return "#"
    return set_to if set_to and set_to != "auto" else "#"


def stale(where: Path, blocks: Sequence[Block]) -> tuple[Stale, str]:
    """
    Hold each claim against the index: return what is stale, and why nothing was checked, if so.

    Of several claims about one prompt, as a squash has them, the last one speaks of the commit.
    """
    claims = [block.claim for block in blocks if block.claim and block.claim.path]
    if not claims:
        return [], ""
    try:
        staged = _staged(where, [claim.path for claim in claims])
    except PromptgitError as error:
        return [], error.message
    found: Stale = []
    for block in blocks:
        claim = block.claim
        if claim and claim.blob and _speaks(claim, claims) and staged.get(claim.path) != claim.blob:
            found.append((_line(block), _said(claim, staged.get(claim.path, ""))))
    return found, ""


def _speaks(claim: Claim, claims: Sequence[Claim]) -> bool:
    return claim is about([other for other in claims if other.path == claim.path], claim.path, "")


def _line(block: Block) -> int:
    return next((line for line, key, _ in block.keys if key.lower() == "prompt-blob"), block.first)


def _said(claim: Claim, blob: str) -> str:
    path = clean_value(claim.path)
    if not blob:
        return f"{path} is not in the commit, and Prompt-Blob says {claim.blob[:10]}"
    return f"Prompt-Blob is {claim.blob[:10]}, and the commit holds {blob[:10]} as {path}"


def _staged(where: Path, paths: Sequence[str]) -> Mapping[str, str]:
    """Return the blob ids that the index has; a hook may have been given an index of its own."""
    git = Git.discover(where)
    index = os.environ.get(HOOK_INDEX)
    own = {"GIT_INDEX_FILE": index} if index else {}
    listed = git.read("ls-files", "--stage", "-z", "--", *paths, environment=own)
    found: dict[str, str] = {}
    for entry in filter(None, listed.split(b"\0")):
        meta, _, name = entry.partition(b"\t")
        _, blob, stage = meta.decode().split()
        if stage == "0":
            found[os.fsdecode(name)] = blob
    return found
