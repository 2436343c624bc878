"""`promptgit promote`: take the next step of a rollout."""

from __future__ import annotations

from contextlib import suppress

import click

from promptgit.cli.completing import prompt_names


@click.command(
    short_help="Give a candidate its next share, at last everybody",
    epilog="""\b
Examples:
  promptgit promote support-reply
  promptgit promote support-reply --to staging --branch promote-support-reply

\b
JSON: as of `promptgit deploy`""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="Environment (default: where it is tried)")
@click.option("--why", default="", help="A sentence for the commit message")
@click.option("--force", is_flag=True, help="Though a guard does not hold, or nobody can tell")
@click.option("--branch", metavar="NAME", help="Commit to branch NAME, not to the one checked out")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be committed, and stop")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(
    prompt: str,
    environment: str | None,
    why: str,
    force: bool,
    branch: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take the next step of a rollout: the candidate of PROMPT gets the next share, and after the
    last step it is the stable text for everybody.  One commit of prompts/rollout.yaml.

    The guards of the rollout are looked at first, on what the candidate did in the logs of the
    last 30 days; where one came true, or nobody can tell, nothing is committed unless --force says
    so.  Without guards it goes on, and says what the logs lack for it.  Only a person promotes:
    nothing that runs by itself calls this.
    """
    from promptgit.cli import rollouts
    from promptgit.cli.guarding import refuse_unguarded
    from promptgit.cli.promoting import unproven
    from promptgit.cli.rollout_steps import carry_out
    from promptgit.cli.wiring import Repository
    from promptgit.errors import WorldError
    from promptgit.flywheel.rollout import promoted
    from promptgit.flywheel.rollout_message import Step

    repository = Repository.open()
    path = repository.prompt_path(prompt)
    committed = rollouts.Committed.at(repository.git, branch=branch)
    name = rollouts.name_of(repository, path)
    before = rollouts.entry(committed.rollouts, name, environment)
    after = promoted(before, at=rollouts.now())
    with suppress(WorldError):  # a shallow clone may lack the commit; it was there at the deploy
        rollouts.prompt_of(repository.git, name, after.candidate or after.stable)
    refuse_unguarded(repository, before, force=force)
    if not before.guards and not force and (lacking := unproven(repository, before, path)):
        click.echo(f"warning: {lacking}", err=True)
    proof = rollouts.proof(path, after.candidate or after.stable)
    step = Step("promote", path, before, after, evidence=proof.words, why=why)
    carry_out(repository.git, committed, step, proof, (), dry_run=dry_run, as_json=as_json)
