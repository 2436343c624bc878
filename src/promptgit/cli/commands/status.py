"""`promptgit status`: what is live where."""

from __future__ import annotations

import click

from promptgit.cli.completing import prompt_names


@click.command(
    short_help="Show what is live where: shares, since when, the next step",
    epilog="""\b
Examples:
  promptgit status
  promptgit status support-reply --json | jq '.rollouts[].share'

\b
JSON: {schema, file, commit, subject, committed, rollouts: [{environment, prompt, stable: {blob,
commit, evidence, score}, candidate, share, next, steps, guards, since,
problems}]}""",
)
@click.argument("prompt", required=False, shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="This environment only")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(prompt: str | None, environment: str | None, as_json: bool) -> None:
    """
    Show what prompts/rollout.yaml says here: for each environment and prompt the stable text and
    the candidate, their shares, how far each is proven, since when, the next step and the guards;
    and the commit that changed the file last, be it a `git revert`.
    """
    from promptgit.cli import past, rollouts
    from promptgit.cli.wiring import Repository
    from promptgit.report.rollout_text import status_json, status_lines

    repository = Repository.open()
    live, change, dirty = rollouts.live(repository, prompt, environment)
    if as_json:
        past.show_json(status_json(live, change, dirty=dirty))
    else:
        past.show(status_lines(live, change, dirty=dirty, now=rollouts.now()))
