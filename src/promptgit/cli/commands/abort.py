"""`promptgit abort`: give everybody the stable text again."""

from __future__ import annotations

import click

from promptgit.cli.completing import prompt_names


@click.command(
    short_help="End a rollout: everybody gets the stable text again",
    epilog="""\b
Examples:
  promptgit abort support-reply
  promptgit abort support-reply --to staging --why "customers complain about the tone"

\b
JSON: as of `promptgit deploy`""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="Environment (default: where it is tried)")
@click.option("--why", default="", help="A sentence for the commit message")
@click.option("--automatic", is_flag=True, help="Say in the commit that no person asked for it")
@click.option("--branch", metavar="NAME", help="Commit to branch NAME, not to the one checked out")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be committed, and stop")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(
    prompt: str,
    environment: str | None,
    why: str,
    automatic: bool,
    branch: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take the candidate of PROMPT out of an environment, in one commit of prompts/rollout.yaml.
    Everybody gets the stable text again; `git revert` of that commit goes on with the rollout.
    """
    from promptgit.cli import rollouts
    from promptgit.cli.rollout_steps import carry_out
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.rollout import aborted
    from promptgit.flywheel.rollout_message import Step

    repository = Repository.open()
    path = repository.prompt_path(prompt)
    committed = rollouts.Committed.at(repository.git, branch=branch)
    name = rollouts.name_of(repository, path)
    before = rollouts.entry(committed.rollouts, name, environment)
    after = aborted(before, at=rollouts.now())
    proof = rollouts.proof(path, after.stable)
    step = Step("abort", path, before, after, proof.words, why, automatic)
    carry_out(repository.git, committed, step, proof, (), dry_run=dry_run, as_json=as_json)
