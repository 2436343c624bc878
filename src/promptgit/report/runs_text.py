"""Runs, as a terminal lists them and tells one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from promptgit.core.candidate import Fate, Proposal
from promptgit.core.journal import proposal_facts
from promptgit.core.run import Point, Run
from promptgit.report.curve import text_curve
from promptgit.report.improve_text import STYLES, diff_text, race_line, spent
from promptgit.report.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def runs_table(runs: Sequence[Run]) -> Table:
    """One row a run, newest first."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("run", "prompt", "state", "proposals", "accepted", "spent"):
        table.add_column(heading, no_wrap=heading == "run")
    for run in runs:
        fates = Counter(proposal.fate for proposal in run.proposals)
        table.add_row(
            run.id,
            run.prompt_path,
            run.state,
            str(len(run.proposals)),
            str(fates[Fate.ACCEPTED]),
            spent(run.spend),
        )
    return table


def run_story(run: Run) -> RenderableType:
    """Tell a run: its inputs, every proposal with critique, diff, fate and reason, and its end."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(f"run {run.id}: {run.command} {run.prompt_path}", style="bold"),
        Text("\n".join(_inputs(run))),
    ]
    for proposal in run.proposals:
        parts += _proposal(proposal)
    curve = points(run)
    if len(curve) > 1:
        parts += [Text("\nLearning curve, best score on the search cases", style="bold")]
        parts += [Text(text_curve(curve))]
    parts.append(Text(f"\n{run.state}: {run.sentence}" if run.sentence else f"\n{run.state}"))
    for commit in run.delivered:
        parts.append(Text(f"  delivered {commit[:10]}"))
    parts.append(Text(f"spent {spent(run.spend)}", style="dim"))
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
    from rich.padding import Padding
    from rich.text import Text

    race = race_line(proposal)
    head = Text(f"\nround {proposal.round}  ", style="bold")
    head.append(proposal.fate.value, style=STYLES[proposal.fate])
    head.append(f"  {race}" if race else "")
    parts: list[RenderableType] = [head, Text(f"  {printable(proposal.reason, 400)}")]
    if proposal.critique:
        lines = [printable(line, 400) for line in proposal.critique.splitlines()]
        parts.append(Padding(Text("\n".join(lines), style="dim"), (0, 0, 0, 2)))
    if proposal.patch:
        parts.append(Padding(diff_text(proposal.patch.diff), (0, 0, 0, 2)))
    return parts


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
        facts["rounds"] = [proposal_facts(proposal) for proposal in run.proposals]
    return facts
