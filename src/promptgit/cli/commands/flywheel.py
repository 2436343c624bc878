"""`promptgit flywheel`: production logs in, proven improvements and staged rollouts out."""

from __future__ import annotations

import click

from promptgit.cli.lazy_group import LazyGroup

SUMMARIES: dict[str, str] = {  # in the order in which they are used
    "init": "Write a commented flywheel.yaml",
    "analyze": "Say what the logs show: rates, changes, patterns, opportunities",
    "drift": "Say what got worse, since when, and whose drop it is",
    "predict": "Predict which conversations will be escalated, if that is proven possible",
    "measure": "Say what a change was worth: side by side, or before and after",
    "bandit": "Say which variant leads, what is proven, and the share it should have",
    "improve": "Draft cases from the failures of a prompt, and search, on a branch",
    "run": "Do one full turn: logs in, a pull request out",
    "status": "Show the turns, and whether each made things better",
    "demo": "Turn it once on made-up logs, offline, in a repository made for it",
    "dashboard": "Write trends, alarms, experiments and rollouts as one page",
}


@click.group(
    "flywheel",
    cls=LazyGroup,
    package="promptgit.cli.flywheel",
    summaries=SUMMARIES,
    short_help="Turn production logs into alarms, improvements and rollouts",
    epilog="""\b
Examples:
  promptgit flywheel init
  promptgit flywheel analyze --since 7d
  promptgit flywheel run""",
)
def command() -> None:
    """
    Turn production logs into insights, drift alarms, cases, improvements and staged rollouts.

    capture, analyze, insights, improve, deploy, measure: each stage is a command of its own, and
    `promptgit flywheel run` does one full turn.  `flywheel.yaml` says what is looked at.
    """
