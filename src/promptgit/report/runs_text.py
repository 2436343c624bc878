"""Runs, as a terminal lists them and tells one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from promptgit.core.candidate import Fate, Proposal, proposed
from promptgit.core.interview import Interview
from promptgit.core.journal import proposal_facts
from promptgit.core.naming import name_of
from promptgit.core.run import Point, Run
from promptgit.improve.improvement import INVALID
from promptgit.report.curve import text_curve
from promptgit.report.dependents_text import told_lines
from promptgit.report.history_text import Styled
from promptgit.report.improve_text import STYLES, diff_text, race_line, spent, typed
from promptgit.report.sentences import why_this_range
from promptgit.report.text import money, printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

SCHEMA = 1  # of what is printed as JSON
GAP = "  "
NUMBERS = frozenset({"accepted", "calls", "tokens", "cost"})
LAYOUTS = (  # of the table of runs, the first that fits is taken
    ("run", "prompt", "state", "accepted", "calls", "tokens", "cost"),
    ("run", "prompt", "state", "accepted", "calls", "cost"),
    ("run", "name", "state", "accepted", "calls", "cost"),
    ("run", "name", "state", "accepted", "cost"),
    ("run", "name", "state", "accepted"),
    ("run", "name", "state"),
)
NARROWEST = ("run", "state")
CRITIQUE = "The critique, written before the patch, which may take up only part of it"
GOES_ON = ("interrupted", INVALID)


def runs_lines(runs: Sequence[Run], width: int | None = None) -> Iterator[Styled]:
    """
    One line a run, under a heading: with every column in a pipe, else with those that fit.

    Tokens go first; of the prompt's path the name stays longest.
    """
    rows = [_cells(run) for run in runs]
    heading = {name: name for name in (*LAYOUTS[0], "name")} | {"name": "prompt"}
    widths = {name: max(len(row[name]) for row in (heading, *rows)) for name in heading}
    shown = next((each for each in LAYOUTS if _columns(each, widths) <= (width or inf)), NARROWEST)
    yield ((_row(heading, shown, widths), "bold"),)
    for row in rows:
        yield ((_row(row, shown, widths), ""),)


def _cells(run: Run) -> dict[str, str]:
    fates = Counter(proposal.fate for proposal in run.proposals)
    spend = run.spend
    return {
        "run": run.id,
        "prompt": printable(run.prompt_path),
        "name": printable(name_of(run.prompt_path)),
        "state": run.state,
        "accepted": "" if run.command == "suite" else _accepted(run, fates),
        "calls": f"{spend.calls:,}",
        "tokens": f"{spend.tokens:,}",
        "cost": f"{money(spend.usd)} or more" if spend.unpriced_calls else money(spend.usd),
    }


def _accepted(run: Run, fates: Counter[Fate]) -> str:
    return f"{fates[Fate.ACCEPTED]} of {len(proposed(run.proposals))}"


def _columns(shown: Sequence[str], widths: Mapping[str, int]) -> int:
    return sum(widths[name] for name in shown) + len(GAP) * (len(shown) - 1)


def _row(cells: Mapping[str, str], shown: Sequence[str], widths: Mapping[str, int]) -> str:
    return GAP.join(
        f"{cells[name]:{'>' if name in NUMBERS else '<'}{widths[name]}}" for name in shown
    ).rstrip()


def run_story(run: Run) -> RenderableType:
    """Tell a run: its inputs, every proposal with critique, diff, fate and reason, and its end."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(f"run {run.id}: {run.command} {run.prompt_path}", style="bold"),
        Text("\n".join(_inputs(run))),
    ]
    held = {interview.round: interview for interview in run.interviews}
    for proposal in run.proposals:
        if proposal.round in held:
            parts += _interview(held.pop(proposal.round))
        parts += _proposal(proposal)
    parts += [part for interview in held.values() for part in _interview(interview)]
    curve = points(run)
    if len(curve) > 1:
        parts += [Text("\nLearning curve, best score on the search cases", style="bold")]
        parts += [Text(text_curve(curve))]
    if run.used_by:
        parts.append(Text("\n".join(["", *told_lines(run.used_by)])))
    parts.append(Text(f"\n{run.sentence or run.state}", style="bold"))
    if run.verdict.get("n"):
        parts.append(Text(why_this_range(run.verdict["alpha"]), style="dim"))
    parts += [Text(f"  delivered {commit[:10]}") for commit in run.delivered]
    parts.append(Text(f"spent {spent(run.spend)}", style="dim"))
    if run.state in GOES_ON:
        parts.append(typed(f"to go on: promptgit improve --resume {run.id}"))
    return Group(*parts)


def _inputs(run: Run) -> list[str]:
    """What it started from; digests are cut, `--json` has them whole."""
    inputs = run.inputs
    cases = inputs.get("cases", {})
    halves = ", ".join(f"{half} {digest[:12]}" for half, digest in sorted(cases.items()))
    return [
        f"  started {run.started}, seed {inputs.get('seed')}",
        f"  prompt {str(inputs.get('base', ''))[:12]}; cases: {halves}",
        f"  model {inputs.get('model')}, mentor {inputs.get('mentor')}",
    ]


def points(run: Run) -> list[Point]:
    """The learning curve: the seed, then the best score after each proposal."""
    start = next((i.mean for i in run.iterations if i.round == 0 and i.mean is not None), None)
    if start is None:
        return []
    curve = [Point(0, start, True)]
    for proposal in run.proposals:
        best = curve[-1].best if proposal.mean is None else proposal.mean
        curve.append(Point(proposal.round, best, proposal.fate is Fate.ACCEPTED))
    return curve


def _proposal(proposal: Proposal) -> list[RenderableType]:
    from rich.text import Text

    race = race_line(proposal)
    head = Text(f"\nround {proposal.round}  ", style="bold")
    head.append(proposal.fate.value, style=STYLES[proposal.fate])
    head.append(f"  {race}" if race else "")
    parts: list[RenderableType] = [head, Text(f"  {printable(proposal.reason, 400)}")]
    if proposal.critique:
        lines = "\n".join(map(_point, proposal.critique.splitlines()))
        parts += [Text(f"  {CRITIQUE}", style="bold"), _block(Text(lines, style="dim"))]
    if proposal.patch:
        diff = diff_text(proposal.patch.diff)
        diff.rstrip()
        parts += [Text("  The patch", style="bold"), _block(diff)]
    return parts


def _interview(interview: Interview) -> list[RenderableType]:
    """Questions, answers and analysis; the changes follow, each as the proposal that it became."""
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(f"\nround {interview.round}  interview about {interview.parent[:12]}", style="bold")
    ]
    for each in interview.exchanges:
        case = f"  {printable(each.case)}" if each.case else ""
        lines = [f"Q: {printable(each.question, 400)}{case}", f"A: {printable(each.answer, 400)}"]
        parts.append(_block(Text("\n".join(lines), style="dim")))
    if interview.analysis:
        lines = [printable(line, 400) for line in interview.analysis.splitlines()]
        parts += [Text("  The analysis", style="bold"), _block(Text("\n".join(lines)))]
    return parts


def _point(line: str) -> str:
    """One line of a critique; what belongs to a point stays below it."""
    return " " * (len(line) - len(line.lstrip(" "))) + printable(line, 400)


def _block(text: Text) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 4))


def run_facts(run: Run, *, whole: bool = False) -> dict[str, Any]:
    """A run in JSON's terms; `whole` with every proposal."""
    fates = Counter(proposal.fate.value for proposal in run.proposals)
    facts: dict[str, Any] = {
        "run": run.id,
        "command": run.command,
        "prompt": run.prompt_path,
        "started": run.started,
        "state": run.state,
        "sentence": run.sentence,
        "proposals": dict(sorted(fates.items())),
        "curve": [point.best for point in points(run)],
        "delivered": list(run.delivered),
        "spend": {
            "calls": run.spend.calls,
            "tokens": run.spend.tokens,
            "usd": run.spend.usd,
            "unpriced_calls": run.spend.unpriced_calls,
        },
    }
    if whole:
        facts["inputs"] = dict(run.inputs)
        facts["verdict"] = dict(run.verdict)
        facts["used_by"] = [dict(one) for one in run.used_by]
        facts["interviews"] = [interview.facts for interview in run.interviews]
        facts["rounds"] = [proposal_facts(proposal) for proposal in run.proposals]
    return facts
