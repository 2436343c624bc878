"""Which steps of a pipeline are to blame, as a terminal shows it and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from promptgit.core.attribution import Attribution, Blame
from promptgit.core.gate import Flip, PromptFinding
from promptgit.report.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Group

SHOWN = 5  # cases


def attribution(found: Attribution, *, worst: int = SHOWN) -> Group:
    """Show how many failed cases each step is to blame for, and the first of them with the why."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    if not found.blames and not found.left:
        return Group(Text("\nNo case failed, so no step is to blame", style="dim"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("step")
    table.add_column("cases blamed", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    for step, count in found.shares:
        share = f"{count / len(found.blames):.0%}" if found.blames else "–"
        table.add_row(step, f"{count:,}", share)
    heading = Text("\nWhich step failed cases come from", style="bold")
    lines = [Text(f"  {line}") for line in _cases(found, worst)]
    return Group(heading, table, *lines, Text(f"\n{took(found)}", style="dim"))


def took(found: Attribution) -> str:
    """
    Say what replaying took, and what it did not reach.

    >>> took(Attribution(("a",), (), left=2))
    'replaying took 0 calls, 0 answers from the cache; 2 cases were not replayed: the budget ended'
    """
    calls, reused = counted(found.calls, "call"), counted(found.reused, "answer")
    said = f"replaying took {calls}, {reused} from the cache"
    if found.left:
        verb = "was" if found.left == 1 else "were"
        said += f"; {counted(found.left, 'case')} {verb} not replayed: the budget ended"
    return said


def attribution_facts(found: Attribution) -> dict[str, Any]:
    """An attribution in JSON's terms; the keys are stable."""
    return {
        "steps": [
            {
                "step": step,
                "cases": count,
                "share": count / len(found.blames) if found.blames else None,
            }
            for step, count in found.shares
        ],
        "cases": [_blame(blame) for blame in found.blames],
        "calls": found.calls,
        "cached": found.reused,
        "not_replayed": found.left,
    }


def by_step(prompt: PromptFinding) -> Iterator[str]:
    """Say what the change of each step did to the cases of a pipeline, and what telling took."""
    found = prompt.attribution
    if not found or not prompt.gates:
        return
    flips = {case.case.id: case.flip for case in prompt.gates[0].cases}
    whys: dict[str, list[Blame]] = {}
    for blame in found.blames:
        whys.setdefault(blame.why if len(blame.steps) == 1 else blame.step, []).append(blame)
    for why, blames in whys.items():
        broke = sum(flips.get(blame.case_id) is Flip.BROKE for blame in blames)
        fixed = sum(flips.get(blame.case_id) is Flip.FIXED for blame in blames)
        did = [f"broke {counted(broke, 'case')}"] * bool(broke)
        did += [f"fixed {counted(fixed, 'case')}"] * bool(fixed)
        yield f"by step: {printable(why)}, and {' and '.join(did)}"
    yield took(found)


def _blame(blame: Blame) -> dict[str, Any]:
    return {
        "case": blame.case_id,
        "steps": list(blame.steps),
        "why": blame.why,
        "scores": dict(blame.scores),
    }


def _cases(found: Attribution, most: int) -> Iterator[str]:
    for blame in found.blames[:most]:
        yield f"{printable(blame.case_id)}: {blame.step} ({printable(blame.why)})"
    if len(found.blames) > most > 0:
        yield f"and {len(found.blames) - most:,} more: --json lists them all"
