"""The key that pseudonyms are made with: made once, private, and never among what it protects."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from promptgit.edges.lock import lock
from promptgit.errors import UserError, WorldError

VARIABLE = "PROMPTGIT_REDACTION_KEY"
NAME = "redaction.key"
BYTES = 32
SHORTEST = 16  # characters of the variable
PATIENCE_S = 10.0


def redaction_key(state: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """
    The key of PROMPTGIT_REDACTION_KEY, else that of a file in `state`, which is made if need be.

    state: `Git.state_dir`, or a folder of the application's own where there is no repository.
    Two who make it at once get the same one.  Raises UserError for a short variable, and
    WorldError when the file cannot be made or is damaged.
    """
    given = environment.get(VARIABLE, "").strip()
    if given:
        if len(given) < SHORTEST:
            raise UserError(
                f"{VARIABLE} has {len(given)} characters; a key has at least {SHORTEST}",
                hint="make one with: python -c 'import secrets; print(secrets.token_hex())'",
            )
        return given.encode()
    path = state / NAME
    return _read(path) or _made(path)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise WorldError(
            f"{path} cannot be read: {error.strerror}",
            hint=f"pseudonyms are made with it; make it readable, or set {VARIABLE}",
        ) from error
    if len(key) != BYTES:
        raise WorldError(
            f"{path} has {len(key)} bytes; a redaction key has {BYTES}",
            hint="restore it from a copy; if you remove it, new pseudonyms join no old ones",
        )
    return key


def _made(path: Path) -> bytes:
    with lock(path.parent / "locks", "redaction-key", doing="make a key", wait_s=PATIENCE_S):
        if key := _read(path):
            return key
        draft = path.with_name(f".{path.name}.{os.getpid()}.new")
        key = secrets.token_bytes(BYTES)
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                os.write(handle, key)
                os.fsync(handle)
            finally:
                os.close(handle)
            draft.replace(path)
        except OSError as error:
            raise WorldError(
                f"{path} cannot be written: {error.strerror}",
                hint=f"make its folder writable, or set {VARIABLE}",
            ) from error
        return key
