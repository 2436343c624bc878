"""A lab that keeps a prompt within what it may cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptgit.core.candidate import Candidate
from promptgit.core.prompt import Prompt
from promptgit.improve.objectives import Objectives
from promptgit.improve.shared import SharedLab


@dataclass
class BoundedLab(SharedLab):
    """Drops what breaks a limit of tokens, time or cost, or grows without a gain."""

    objectives: Objectives = field(default_factory=Objectives)

    def harm(self, parent: Candidate, child: Prompt) -> str:
        """Say whom or what the child harms; empty when nobody and nothing."""
        found = super().harm(parent, child)
        asked = parent.prompt.blob in self.results and child.blob in self.results
        if found or not asked:
            return found
        return self.objectives.breach(self.so_far(parent.prompt), self.so_far(child))
