"""Which programs are started: counts say what times, on a busy machine, do not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def programs_started() -> Iterator[list[str]]:
    """Collect the command lines of all processes that are started in the block."""
    started: list[str] = []
    begin = subprocess.Popen.__init__

    def noting(self: Any, arguments: Any, *rest: Any, **options: Any) -> None:
        started.append(" ".join(map(str, arguments)))
        begin(self, arguments, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", noting)
        yield started
