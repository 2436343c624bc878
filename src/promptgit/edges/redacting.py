"""The redactor that `flywheel.yaml` asks for, with the key of this repository or machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from promptgit.edges.redaction_key import redaction_key
from promptgit.flywheel.plan import Redact
from promptgit.flywheel.redaction import Finder, Redactor, Rule


def redactor(wanted: Redact, state: Path | None) -> Redactor:
    """
    Make the redactor; `state` is where its key is, or is made: `Git.state_dir`.

    Without a repository (None) the key is the user's own.  Raises UserError for a pattern that
    cannot be read, and for presidio where it is missing.
    """
    rules: list[Finder] = [Rule(kind, pattern) for kind, pattern in wanted.patterns]
    if wanted.names:
        listed = "|".join(map(re.escape, sorted(wanted.names, key=len, reverse=True)))
        rules.append(Rule("name", rf"(?i)(?<!\w)(?:{listed})(?!\w)"))
    if wanted.presidio:
        from promptgit.flywheel.redaction.presidio import Presidio

        rules.append(Presidio())
    return Redactor(redaction_key(state or user_state()), rules, frozenset(wanted.keep))


def user_state(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the user's own state is (XDG Base Directory Specification): never with the logs."""
    home = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "promptgit"
