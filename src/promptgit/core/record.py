"""The whole evidence of one evaluation or comparison, named by its own content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from promptgit.core.ports import canonical
from promptgit.errors import UserError

SCHEMA = 1


@dataclass(frozen=True)
class Record:
    """
    Canonical JSON.  `body` always has `schema`, `kind`, and `prompt` with its blob.

    Whoever holds a record's name can tell whether its content was edited.
    """

    body: Mapping[str, Any]

    @cached_property
    def data(self) -> bytes:
        """The record as it is stored: canonical JSON and one line feed."""
        return canonical(dict(self.body)) + b"\n"

    @property
    def digest(self) -> str:
        """64 hex digits: the sha256 of `data`."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def kind(self) -> str:
        """`evaluation`, `comparison` or `measurement`."""
        return str(self.body["kind"])

    @classmethod
    def read(cls, data: bytes, digest: str) -> Record:
        """Parse a stored record; raise UserError unless it is exactly the one that was named."""
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise UserError(
                f"record {digest[:12]} was altered: its content is {found[:12]}",
                hint="fetch it again with `promptgit sync`, or evaluate again",
            )
        try:
            body = json.loads(data)
        except ValueError as error:
            raise UserError(f"record {digest[:12]} is not JSON: {error}") from error
        if not isinstance(body, dict) or body.get("schema") != SCHEMA:
            raise UserError(
                f"record {digest[:12]} has a schema this version does not know",
                hint="upgrade promptgit",
            )
        return cls(body)
