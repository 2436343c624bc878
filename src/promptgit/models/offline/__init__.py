"""
The embedded default: a small deterministic text program, not a language model.

As a model it follows the plain instructions that it recognises in a prompt; as a mentor it
proposes edits from the failures that it is shown.  Its answer depends on the words of the
request alone.
"""

from __future__ import annotations

from promptgit.models.offline.program import NOTE, Offline, factory

__all__ = ["NOTE", "Offline", "factory"]
