"""What `improve` shows: the rounds while they run, and at the end what was proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any

from promptgit.core.candidate import Candidate, Fate, Proposal
from promptgit.core.run import Point
from promptgit.core.spend import Spend
from promptgit.report.text import money, printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

STYLES = {
    Fate.ACCEPTED: "green",
    Fate.DROPPED: "dim",
    Fate.REPEATED: "dim",
    Fate.GUARDED: "yellow",
    Fate.UNREADABLE: "yellow",
    Fate.UNSCORED: "red",
    Fate.FAILED: "red",
    Fate.SKIPPED: "dim",
}

MOST_ROUNDS = 12  # in the live view; `promptgit runs show` has all
FIXED_LINES = 8  # of the live view: title, headings, blanks, score, spend, and one to spare
ROUND = "{:>5}  {:<10}  {:<21}  "


@dataclass
class Progress:
    """Where a run stands, for whoever draws it."""

    title: str
    doing: str = "evaluating the prompt as it is"
    best: Candidate | None = None
    proposals: list[Proposal] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    spend: Spend = field(default_factory=Spend)
    stopped: str = ""  # why the search ended before its strategy did

    def found(self, candidate: Candidate) -> None:
        """Take note of the seed, or of a candidate that survived its race."""
        self.best = candidate
        if not self.points:
            self.points.append(Point(0, candidate.evaluation.mean, True))

    def tried(self, proposal: Proposal) -> None:
        self.proposals.append(proposal)
        best = self.points[-1].best if proposal.mean is None else proposal.mean
        self.points.append(Point(proposal.round, best, proposal.fate is Fate.ACCEPTED))

    def weighed(self, means: Sequence[float]) -> None:
        """
        Draw the curve anew by what the seed and each step scored on the same cases.

        `means`: of the seed, then of each prompt that was accepted, in order.
        """
        if len(means) != 1 + sum(point.accepted for point in self.points[1:]):
            return
        drawn, step = [], 0
        for place, point in enumerate(self.points):
            step += point.accepted and place > 0
            drawn.append(Point(point.round, means[step], point.accepted))
        self.points = drawn


def live(progress: Progress, *, lines: int = 24) -> RenderableType:
    """
    Draw the latest rounds, the best score with its interval, and the spend, in so many lines.

    Every part is one line, cut where the terminal ends: what wraps would scroll away.
    """
    from rich.console import Group
    from rich.padding import Padding

    parts: list[RenderableType] = [_line(progress.title, "bold")]
    shown = min(MOST_ROUNDS, lines - FIXED_LINES)
    if progress.proposals and shown > 0:
        parts += ["", *_rounds(progress.proposals[-shown:]), ""]
    parts.append(_line(_best_line(progress.points)))
    parts.append(_line(f"{progress.doing} … {spent(progress.spend)}", "dim"))
    return Padding(Group(*parts), (0, len("^C") + 1, 0, 0))  # its echo must not wrap


def _line(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _best_line(points: Sequence[Point]) -> str:
    if not points or isnan(points[-1].best):
        return ""
    return f"best so far {points[-1].best:.3f}, by the newest answer to each search case asked"


def ended(facts: Mapping[str, Any]) -> RenderableType:
    """Say how a run ended that somebody wants to resume; `facts` are its outcome's."""
    from rich.console import Group
    from rich.text import Text

    lines = [f"run {facts['run']} has ended; there is nothing left to do", facts["sentence"]]
    lines += [f"committed {commit[:10]} to {facts['branch']}" for commit in facts["commits"]]
    if facts["ref"] and not facts["commits"]:
        lines.append(f"kept as {facts['ref']}")
    lines.append("")
    return Group(Text("\n".join(lines)), typed(f"next: promptgit runs show {facts['run']}"))


def typed(line: str) -> Text:
    """A line with a command to type: the terminal may break it, but copies it whole."""
    from rich.text import Text

    return Text(line, no_wrap=True, overflow="ignore")


def _rounds(proposals: Sequence[Proposal]) -> Iterator[Text]:
    """One line a proposal: what became of it, its race, and why."""
    yield _line(ROUND.format("round", "fate", "race") + "why", "bold")
    for proposal in proposals:
        fate = proposal.fate.value
        line = _line(ROUND.format(proposal.round, fate, race_line(proposal)))
        line.stylize(STYLES[proposal.fate])
        line.append(printable(proposal.reason, 160))
        yield line


def race_line(proposal: Proposal) -> str:
    """
    Say how the race went, if there was one.

    >>> from promptgit.core.prompt import Prompt
    >>> race_line(Proposal(1, Prompt.of(""), Fate.DROPPED, "", before=0.5, after=0.4, raced=10))
    '0.500 -> 0.400 n=10'
    """
    if proposal.before is None or proposal.after is None:
        return ""
    return f"{proposal.before:.3f} -> {proposal.after:.3f} n={proposal.raced}"


def proposal_line(proposal: Proposal) -> str:
    """One line for a log: nothing is redrawn where nobody watches."""
    race = race_line(proposal) if proposal.fate is Fate.ACCEPTED else ""
    reason = printable(proposal.reason, 160) + (f" ({race})" if race else "")
    return f"round {proposal.round}: {proposal.fate.value}: {reason}"


def spent(spend: Spend) -> str:
    """
    Say what was paid.

    >>> spent(Spend(calls=3, tokens=120, usd=0.5))
    '3 calls, 120 tokens, 0.50 USD'
    """
    unpriced = f" + {spend.unpriced_calls} calls of unknown price" if spend.unpriced_calls else ""
    return f"{spend.calls:,} calls, {spend.tokens:,} tokens, {money(spend.usd)}{unpriced}"


def diff_text(diff: str) -> Text:
    """Colour a unified diff as git does."""
    from rich.text import Text

    text = Text()
    for line in diff.splitlines():
        head = line[:1]
        style = "bold" if line.startswith(("---", "+++")) else ""
        style = style or {"+": "green", "-": "red", "@": "cyan"}.get(head, "")
        text.append(line.replace("\x1b", "␛") + "\n", style=style)
    return text
