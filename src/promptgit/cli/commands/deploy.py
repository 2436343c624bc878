"""`promptgit deploy`: put a text of a prompt into an environment."""

from __future__ import annotations

from dataclasses import replace

import click

from promptgit.cli.completing import prompt_names, revisions


@click.command(
    short_help="Put a text of a prompt into an environment, for a share of the units",
    epilog="""\b
Examples:
  promptgit deploy support-reply --ref v1.4
  promptgit deploy support-reply --percent 10
  promptgit deploy support-reply --guard "leaks > 0" --guard "error_rate > 2%"

\b
JSON: {schema, action, what, evidence, score, findings, rollout: {...as in status}, commit}""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="Environment (default: flywheel.yaml's)")
@click.option(
    "--percent",
    type=click.FloatRange(0, 100),
    metavar="N",
    help="Percent of the units that get it (default: the first step)",
)
@click.option(
    "--ref", metavar="REV", shell_complete=revisions, help="The text as of REV, not as of HEAD"
)
@click.option("--guard", "guards", multiple=True, help="A condition that ends the rollout")
@click.option("--why", default="", help="A sentence for the commit message")
@click.option("--branch", metavar="NAME", help="Commit to branch NAME, not to the one checked out")
@click.option(
    "--bundle", metavar="FILE", help="Then write what is live to FILE, for use without Git"
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be committed, and stop")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(
    prompt: str,
    environment: str | None,
    percent: float | None,
    ref: str | None,
    guards: tuple[str, ...],
    why: str,
    branch: str | None,
    bundle: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Make PROMPT live in an environment, in one commit of prompts/rollout.yaml.

    Where nothing of it is live yet, everybody gets this text.  Else it becomes the candidate: a
    share of the units get it, always the same ones, and the others keep the stable text.
    `promptgit promote` takes the next step, `promptgit abort` goes back; so does `git revert`.
    With --guard and the text that is the candidate already, only the guards are replaced.

    How far the text is proven is said, and nothing is refused for it.
    """
    from promptgit.cli import rollouts
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.guarding import hold_guards
    from promptgit.cli.rollout_steps import carry_out
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.rollout import deployed
    from promptgit.flywheel.rollout_message import Step

    repository = Repository.open()
    git = repository.git
    path = repository.prompt_path(prompt)
    plan = flywheel_plan(repository)
    target = rollouts.environment(environment or plan.target)
    name = rollouts.name_of(repository, path)
    committed = rollouts.Committed.at(git, branch=branch)
    before = committed.rollouts.get(target, name)
    arm = rollouts.arm_at(git, path, ref)
    after = deployed(before, target, name, arm, percent=percent, guards=guards, at=rollouts.now())
    if before is None:
        after = replace(after, steps=plan.deploy.steps, guards=plan.deploy.guards)
    if guards:
        after = replace(after, guards=guards)
    hold_guards(repository, plan, after.guards)
    proof = rollouts.proof(path, arm)
    step = Step("deploy", path, before, after, evidence=proof.words, why=why)
    findings = tuple(rollouts.lint_words(git, path, arm))
    carry_out(git, committed, step, proof, findings, dry_run=dry_run, as_json=as_json)
    if bundle and not dry_run:
        from promptgit.cli.bundling import bundle_of, write_file

        write_file(bundle_of(git, branch or "HEAD", target), bundle)
