"""Passages that a patch copies out of the cases: an answer that is given away is not learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.dataset import Case
from promptgit.core.passages import copies, words
from promptgit.core.patch import Patch
from promptgit.core.quote import quoted


def passages(patch: Patch, known: str, cases: Sequence[Case], size: int) -> Iterator[str]:
    """Name what the added lines copy from the cases; `size` is in words."""
    added = [words("\n".join(hunk.added)) for hunk in patch.hunks]
    for copy in copies(added, words(known), cases, size):
        what = "the expected answer" if copy.is_answer else "the words"
        said = quoted(" ".join(copy.words))
        yield f"the patch copies {what} of case {quoted(copy.case.id)}: {said}"
