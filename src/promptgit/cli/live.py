"""Progress while a command works: redrawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from promptgit.cli.console import progress as progress_console
from promptgit.core.candidate import Candidate, Proposal
from promptgit.core.ports import Notebook
from promptgit.core.spend import Spend
from promptgit.report.improve_text import Progress, live, proposal_line
from promptgit.report.text import money

if TYPE_CHECKING:
    from rich.live import Live


Found = TypeVar("Found")
PAUSE_S = 1.0  # between two lines of progress: what is done at once needs none


class ImproveView:
    """
    Shows a run of improve as it goes.  It is a Notebook, and an audience: nothing waits for it.
    """

    def __init__(self, title: str, spend: Callable[[], Spend], *, quiet: bool) -> None:
        self.progress = Progress(title)
        self._spend = spend
        self._quiet = quiet
        self._live: Live | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Draw until the block ends; on a terminal the last picture is then wiped away."""
        console = progress_console()
        if self._quiet or not console.is_terminal:
            if not self._quiet:
                console.print(self.progress.title)
            yield
            return
        from rich.live import Live

        with Live(
            console=console, transient=True, refresh_per_second=4, get_renderable=self._draw
        ) as self._live:
            yield

    def note(self, kind: str, **facts: Any) -> None:
        match kind:
            case "asking":
                self._now(
                    f"round {facts['round']}: asking the mentor about {facts['misses']} misses"
                )
            case "racing":
                self._now(f"round {facts['round']}: racing the patch")
            case "proposal":
                self._tried(facts["proposal"])
            case "confirming":
                self._now(f"confirming on sealed cases ({facts['cases']} at most)")
            case "retesting":
                self._now(f"asking {facts['name']} ({facts['cases']} sealed cases at most)")
            case "stopped":
                self.progress.stopped = facts["reason"]
                self._line(facts["reason"])

    def found(self, candidate: Candidate) -> None:
        self.progress.found(candidate)

    def _tried(self, proposal: Proposal) -> None:
        self.progress.tried(proposal)
        self._line(proposal_line(proposal))

    def _now(self, doing: str) -> None:
        self.progress.doing = doing

    def _line(self, text: str) -> None:
        if self._live is None and not self._quiet:
            progress_console().print(text)

    def _draw(self) -> Any:
        self.progress.spend = self._spend()
        return live(self.progress, lines=progress_console().height)


class Notebooks:
    """One notebook that writes into several: the journal first, then whoever watches."""

    def __init__(self, notebooks: Sequence[Notebook]) -> None:
        self._notebooks = tuple(notebooks)

    def note(self, kind: str, **facts: Any) -> None:
        for notebook in self._notebooks:
            notebook.note(kind, **facts)


def counted(
    results: Iterator[Found],
    total: int,
    spend: Callable[[], Spend],
    *,
    quiet: bool,
    at_most: str = "",
) -> Iterator[Found]:
    """
    Pass results on, showing how far they are, what they cost and how long the rest may take.

    `at_most` names what is counted where it may end before `total`: nobody is told to wait for
    what may not come.
    """
    console = progress_console()
    if quiet or not total:
        yield from results
    elif console.is_terminal:
        yield from _bar(results, total, spend, at_most)
    else:
        yield from _tenths(results, total, spend, at_most)


def _bar(
    results: Iterator[Found], total: int, spend: Callable[[], Spend], at_most: str
) -> Iterator[Found]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("checking" if at_most else "evaluating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[cost]}"),
        TextColumn("at most" if at_most else ""),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=progress_console(), transient=True) as bar:
        task = bar.add_task("evaluating", total=total, cost="")
        for result in results:
            bar.update(task, advance=1, cost=money(spend().usd))
            yield result


def _tenths(
    results: Iterator[Found], total: int, spend: Callable[[], Spend], at_most: str
) -> Iterator[Found]:
    import sys
    import time

    started = last = time.monotonic()
    told = 0
    for done, result in enumerate(results, 1):
        tenth, now = done * 10 // total, time.monotonic()
        if tenth > told and now - last >= PAUSE_S:
            told, last = tenth, now
            left = (now - started) / done * (total - done)
            cost = f"{money(spend().usd)} so far"
            said = f"{done}/{total} cases, {cost}, about {left:.0f} s left"
            if at_most:
                said = f"{done} of at most {total} {at_most}, {cost}, {left:.0f} s for all of them"
            print(said, file=sys.stderr)  # noqa: T201  (progress for a log, not a result)
        yield result
