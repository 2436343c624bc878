"""
What one application learnt, for others to try: a text that made a prompt better, or an attack.

A learning is a file in a Git repository that applications share.  It says what it is, what was
measured where it comes from, and who published it.  None of that is believed by whoever adopts
it: a text goes through the guard, a race and the sealed half there, a signature through the logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["pattern", "signature"]
FOLDERS: Mapping[Kind, str] = {"pattern": "patterns", "signature": "signatures"}
LONGEST_TEXT = 2_000  # characters
MOST_PATTERNS = 50  # regular expressions of one signature


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to attack, as regular expressions that are sought in one field of a call."""

    name: str
    title: str
    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a learning comes from, as whoever published it says."""

    repository: str = ""
    commit: str = ""  # whose patch it was
    by: str = ""
    at: str = ""  # day, in UTC


@dataclass(frozen=True, slots=True)
class Learning:
    kind: Kind
    name: str  # letters, digits and dashes; also the name of its file
    about: str  # one sentence
    text: str = ""  # pattern: what was added to a prompt
    signatures: tuple[Signature, ...] = ()
    evidence: str = ""  # one sentence: what was measured there
    record: str = ""  # sha256 (hex) of the record behind that
    origin: Origin = field(default=Origin())

    @property
    def path(self) -> str:
        """
        Its file in the shared repository.

        >>> Learning("pattern", "ask-first", "").path
        'patterns/ask-first.yaml'
        """
        return f"{FOLDERS[self.kind]}/{self.name}.yaml"

    @property
    def facts(self) -> dict[str, Any]:
        """The same in JSON's terms, in the order in which a file has it."""
        found: dict[str, Any] = {
            "schema": 1,
            "kind": self.kind,
            "name": self.name,
            "about": self.about,
        }
        if self.text:
            found["text"] = self.text
        if self.signatures:
            found["detectors"] = self.detectors
        if self.evidence:
            found["evidence"] = {"said": self.evidence}
            if self.record:
                found["evidence"]["record"] = self.record
        said = {
            "repository": self.origin.repository,
            "commit": self.origin.commit,
            "by": self.origin.by,
            "at": self.origin.at,
        }
        found["from"] = {name: value for name, value in said.items() if value}
        return found

    @property
    def detectors(self) -> dict[str, Any]:
        """Its signatures, as a file of detectors has them."""
        return {
            one.name: {"title": one.title, "field": one.field, "patterns": list(one.patterns)}
            for one in self.signatures
        }
