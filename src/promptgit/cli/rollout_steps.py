"""Carries out one step of a rollout, and says what it did."""

from __future__ import annotations

from collections.abc import Sequence

import click

from promptgit.cli import past
from promptgit.cli.rollouts import Committed
from promptgit.edges.git import Git
from promptgit.flywheel.rollout_message import Step, step_message
from promptgit.report.history_text import clean
from promptgit.report.rollout_text import Proof, step_json, step_lines


def carry_out(
    git: Git,
    committed: Committed,
    step: Step,
    proof: Proof,
    findings: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
) -> str | None:
    """Commit a step unless it is a dry run; print it, and return the commit's id."""
    commit = None
    if dry_run:
        committed.text_after(step.after)  # or say why it cannot be written
    else:
        commit = committed.commit(git, step)
    if as_json:
        past.show_json(step_json(step, proof, findings, commit))
        return commit
    past.show(step_lines(step, proof, commit))
    past.show((("lint: ", "yellow"), (clean(found), "")) for found in findings)
    if dry_run:
        click.echo(f"\n{step_message(step)}", nl=False)
    return commit
