"""
Refuse a patch before a model call is spent on it; never repair one.

Each rule asks what the patch brings that was not there, so a prompt that already has a link, a
tool or a strange character keeps it, and may be improved around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptgit.core import forms
from promptgit.core.dataset import Case
from promptgit.core.patch import Patch, Refusal, derive
from promptgit.core.prompt import Prompt
from promptgit.improve import copied, planted, protected, template


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one patch may change."""

    max_changed_lines: int = 40  # a replaced line counts once
    max_growth: float = 1.5  # times the characters that the text had
    free_growth: int = 1_200  # characters that any text may gain, however short it is
    copied_words: int = 8  # in a row, from a case: an answer given away


def guard(
    patch: Patch, prompt: Prompt, cases: Sequence[Case], limits: Limits | None = None
) -> Refusal | None:
    """
    Say why `patch` may not be tried on `prompt`, or return None.

    `cases` are those whose texts must not be copied into the prompt.  Raises UserError when the
    prompt itself, before the patch, is no template.
    """
    reason = next(_reasons(patch, prompt, cases, limits or Limits()), None)
    return Refusal(reason) if reason else None


def _reasons(patch: Patch, prompt: Prompt, cases: Sequence[Case], limits: Limits) -> Iterator[str]:
    """Yield every reason to refuse, the plainest first."""
    after = prompt.edited(patch.after)
    if prompt.is_formed:
        outside = forms.protected(prompt.form, patch.before, patch.after)
        if outside:
            yield outside
            return
        yield from protected.changes(patch.before, patch.after)
        patch = derive(patch.path, prompt.sheet, after.sheet)  # what models read, and nothing else
    yield from _size(patch, limits)
    yield from protected.changes(patch.before, patch.after)
    yield from template.changes(prompt, after)
    yield from planted.hidden_characters(patch.before, patch.after)
    yield from planted.conflict_markers(patch.before, patch.after)
    known = "\n".join([patch.before, *prompt.includes.values()])
    yield from planted.secrets(known, patch.after)
    yield from planted.contacts(known, patch.after)
    yield from planted.overrides(known, patch.after)
    yield from planted.tools(known, patch.after, cases)
    yield from copied.passages(patch, known, cases, limits.copied_words)


def _size(patch: Patch, limits: Limits) -> Iterator[str]:
    if not patch.after.strip():
        yield "the patch empties the prompt"
    if patch.changed_lines > limits.max_changed_lines:
        yield (
            f"the patch changes {patch.changed_lines} lines,"
            f" and at most {limits.max_changed_lines} may change at once"
        )
    size = len(patch.before)
    most = max(int(size * limits.max_growth), size + limits.free_growth)
    if len(patch.after) > most:
        yield (
            f"the patch makes the prompt {len(patch.after)} characters long,"
            f" and from {size} it may grow to {most} at once"
        )
