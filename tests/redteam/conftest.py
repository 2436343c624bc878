"""The machine that every attack is made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redteam.attack import Machine, a_machine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A CI machine with a sound repository."""
    with a_machine(tmp_path, monkeypatch) as found:
        yield found
