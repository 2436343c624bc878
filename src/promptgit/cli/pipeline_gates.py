"""What the gate asks of a pipeline beside what it asks of a prompt: whose code, whose models."""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING

from promptgit.cli.bench import FREE, provider_of
from promptgit.cli.pipeline_files import step_choices
from promptgit.core.pipeline import FORM, pipeline_of

if TYPE_CHECKING:
    from promptgit.cli.gates import Permissions
    from promptgit.cli.subjects import Stand


def allowed(may: Permissions, before: Stand, after: Stand) -> tuple[bool, bool]:
    """Say whether the functions of base's pipeline may run, and those of head's."""
    any_code = may.base_code or may.head_code
    return any_code, may.head_code or (may.base_code and not _other_code(before, after))


def unread_code(before: Stand, after: Stand, may: Permissions) -> str:
    """Say which function of a step is off, and how it is switched on; empty when none is."""
    path = _other_code(before, after)
    if path and not may.head_code:
        return (
            f"head's pipeline runs {path}, which is code that base does not have: "
            "read it; --allow-head-code runs it"
        )
    if (_code(before) or _code(after)) and not (may.base_code or may.head_code):
        path = next(iter({**_code(before), **_code(after)}))
        return f"it runs {path}, code from the repository, and that is off: --allow-code"
    return ""


def step_unasked(before: Stand, after: Stand) -> str:
    """Say why a step's answers would count for nothing: because nobody is asked, or head says."""
    if after.prompt.form != FORM:
        return ""
    was, now = (step_choices(stand.repository, stand.prompt) for stand in (before, after))
    for step in (one.name for one in pipeline_of(after.prompt).asking):
        old, choice = was.get(step, before.choice), now.get(step, after.choice)
        provider, _ = provider_of(choice.name)
        if provider in FREE and choice.name != old.name:
            return (
                f"head's step {step} asks {choice.name} in place of {old.name}: "
                "its answers say nothing of those that users get"
            )
        path = normpath(join(before.repository.git.prefix, choice.name.partition("/")[2]))
        if provider == "replay" and before.blob(path) != after.blob(path):
            return f"head brings the answers itself: {path}, which its step {step} reads"
    return ""


def _other_code(before: Stand, after: Stand) -> str:
    """Return the file of a function in head's pipeline that is not base's own; empty for none."""
    known = _code(before)
    return next((path for path, text in _code(after).items() if known.get(path) != text), "")


def _code(stand: Stand) -> dict[str, str]:
    """The texts of the files whose functions a pipeline runs, by path."""
    if stand.prompt.form != FORM:
        return {}
    pipeline = pipeline_of(stand.prompt)
    return {step.code: pipeline.sources[step.name] for step in pipeline.steps if step.code}
