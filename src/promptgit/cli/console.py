"""Where results go (standard output) and where progress goes (standard error)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from promptgit.cli.streams import for_runner
from promptgit.report.history_text import Styled, plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

PIPE_WIDTH = 2000  # columns when nobody looks: a row of a table is a line, for grep and for less
HANGING = 2  # columns by which the rest of a line that does not fit stands further in


def results() -> Console:
    """A console for results: colours on a terminal only, never when NO_COLOR is set."""
    return _console(stderr=False)


def progress() -> Console:
    return _console(stderr=True)


def width() -> int | None:
    """The columns of the terminal that results go to; None where they go elsewhere."""
    console = results()
    return console.width if console.is_terminal else None


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
        console.print(renderable, crop=False)  # a command to type is longer than some terminals
        return
    with console.capture() as captured:
        console.print(renderable, crop=False)
    for line in captured.get().splitlines():
        sys.stdout.write(for_runner(line.rstrip()) + "\n")


def show_lines(lines: Iterable[Styled], *, hanging: int = HANGING) -> None:
    """
    Print lines as they come, as plain words in a pipe.

    On a terminal they have their colours, and what is too long goes on below, `hanging` columns
    further in, cut between words.
    """
    if not sys.stdout.isatty():
        for line in lines:
            click.echo(for_runner(plain(line)))
        return
    from rich.text import Text

    console = results()
    for line in lines:
        for part in _folded(Text.assemble(*line), console, hanging):
            console.print(part, soft_wrap=True)


def _folded(line: Text, console: Console, hanging: int) -> Iterator[Text]:
    from rich.text import Text

    if line.cell_len <= console.width:
        yield line
        return
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    indent = min(indent, console.width // 3)
    first, *others = line[indent:].wrap(console, console.width - indent - hanging)
    first.rstrip()
    yield Text(" " * indent).append_text(first)
    for part in others:
        part.rstrip()
        yield Text(" " * (indent + hanging)).append_text(part)
