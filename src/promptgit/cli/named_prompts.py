"""Which prompts `flywheel drift` and `predict` look at: those that calls name."""

from __future__ import annotations

from promptgit.errors import UserError
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.window import Window
from promptgit.report.text import counted


def named_prompts(cube: Cube, window: Window, prompt: str = "") -> tuple[list[str], list[str]]:
    """
    Return the prompts that calls of a window name, and what to say of the calls that name none.

    To ask the logs of the prompt "" is to ask of all of them, so a call without a name has no
    course of its own.  Raises UserError where no call names a prompt, or none the wanted one.
    """
    names = [name for name in cube.values("prompt") if name]
    left_out = counted(_conversations(cube.only(prompt="")), "conversation")
    unnamed = len(names) < len(cube.values("prompt"))
    between = f"from {window.since[:16]} to {window.until[:16]}"
    if not names and unnamed:
        raise UserError(
            f"no call {between} names its prompt ({left_out})",
            hint="`promptgit logs import FILE --prompt NAME` names it where the log does not",
        )
    if not names or (prompt and prompt not in names):
        raise UserError(
            f"no call{f' of {prompt}' * bool(prompt)} {between}",
            hint=f"there are {', '.join(names)}"
            if names
            else "`promptgit logs import FILE` brings some; --since 90d looks further back",
        )
    if not unnamed or prompt:
        return names, []
    return names, [f"{left_out} without the name of a prompt: left out"]


def _conversations(cube: Cube) -> int:
    """How many the metric has that most of them have."""
    return max((cube.total(name).clusters for name in cube.metrics), default=0)
