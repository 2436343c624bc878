"""What the gate asks for."""

from __future__ import annotations

from dataclasses import dataclass

from promptgit.core.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Ask:
    """What to run next, with both prompts."""

    cases: Dataset
    repeat: int  # the how-manieth answer to each, from 0
