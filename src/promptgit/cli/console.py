"""Where results go (standard output) and where progress goes (standard error)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 120  # columns when nobody looks: a table is not squeezed into 80


def results() -> Console:
    """A console for results: colours on a terminal only, never when NO_COLOR is set."""
    return _console(stderr=False)


def progress() -> Console:
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=False,
        width=None if stream.isatty() else PIPE_WIDTH,
        emoji=False,
        markup=False,  # what we print comes from models and cases: brackets are brackets
    )


def show(renderable: RenderableType) -> None:
    """Print a result; in a pipe without the blanks that pad a terminal's lines."""
    console = results()
    if console.is_terminal:
        console.print(renderable)
        return
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")
