"""`promptgit flywheel init`: a commented flywheel.yaml, and a workflow that turns it."""

from __future__ import annotations

from pathlib import PurePosixPath

import click

from promptgit.errors import UserError


@click.command(
    "init",
    short_help="Write a commented flywheel.yaml",
    epilog="""\b
Examples:
  promptgit flywheel init
  promptgit flywheel init --github""",
)
@click.option("--github", is_flag=True, help="Write a workflow, too, that turns it on a schedule")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing")
def command(github: bool, dry_run: bool) -> None:
    """
    Write flywheel.yaml: what is looked at in the logs, which conditions start an improvement, and
    how it is rolled out.

    Every line is a default, so it may stay empty or be left out.  Nothing is overwritten.  Which
    prompts are in use is found in the logs.
    """
    from promptgit.cli.flywheel_plan import flywheel_plan
    from promptgit.cli.setup import Plan, Step, shell_word
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.plan import FILE

    repository = Repository.open()
    if repository.git.bare:
        raise UserError("a bare repository has no files to set up", hint="run it in a clone")
    exists = repository.tree.is_file
    files = {FILE: flywheel_text([PurePosixPath(path).stem for path in repository.prompts])}
    if github:
        files |= _workflow(flywheel_plan(repository).schedule)
    steps = tuple(Step(path, text) for path, text in files.items() if not exists(path))
    kept = [path for path in files if exists(path)]
    if not steps:
        raise UserError(
            f"{' and '.join(kept)} {'is' if len(kept) == 1 else 'are'} here already",
            hint="`promptgit schema flywheel` describes its keys; nothing was overwritten",
        )
    if dry_run:
        for step in steps:
            click.echo(f"would write {step.path}:\n\n{step.text}")
        return
    Plan(repository.git, steps).carry_out()
    for path in kept:
        click.echo(f"kept {path}")
    for step in steps:
        click.echo(f"wrote {step.path}")
    paths = " ".join(shell_word(step.path) for step in steps)
    click.echo(f'\nkeep it: git add {paths} && git commit -m "Set up the flywheel"')
    click.echo("next: promptgit flywheel run --dry-run")


def _workflow(schedule: str) -> dict[str, str]:
    from promptgit.edges.installed import installed_commit
    from promptgit.edges.workflows import flywheel_workflow
    from promptgit.flywheel.plan import cron

    return flywheel_workflow(cron(schedule), commit=installed_commit())


def flywheel_text(prompts: list[str]) -> str:
    """Return a `flywheel.yaml` that says the defaults, with a word on each."""
    from promptgit.config.schema import modeline

    named = ", ".join(prompts[:6]) + (", …" if len(prompts) > 6 else "")
    here = f"\n# Here there are: {named}." if prompts else ""
    return f"""\
{modeline("flywheel")}
# How production logs become improvements (docs/flywheel.md).  Every key has a default.
# Which prompts are looked at?  Those that the logs name, joined by the id of their text.{here}

schedule: weekly             # hourly, daily, weekly, monthly, or as cron has it; in UTC
environment: production      # whose lines are looked at; "" means all

capture:
  retention: 30 days         # or forever
  # folder: logs             # in this repository; default: its own state, which Git never sees
  # redact: {{names: [Northwind], patterns: {{customer: "C-[0-9]{{6}}"}}}}

analyze:
  engine: duckdb             # or pyspark
  window: 7d
  # detectors: [detectors/*.yaml]             # yours, besides those of the package
  # judge: {{sample: 100, model: gpt-5-mini}}   # grades so many conversations of each prompt

triggers:                    # `do: improve` drafts cases and searches; `do: alarm` only says so
  - {{when: security_incidents > 5, do: improve, cooldown: 1 week}}
  - {{when: quality_score < 7, do: improve, cooldown: 1 week}}
  # - {{when: upsell_rate < 20%, do: improve, cooldown: 1 week}}
  - {{when: drift(quality_score), do: alarm, cooldown: 1 week}}

improve:
  strategy: mixture          # begins with what the best answers share that the rest lack
  cases: 20                  # drafted from the failures, at most; a person reviews them
  branch: flywheel/{{prompt}}-{{date}}
  # budget: 2usd             # default: that of promptgit.yaml

deploy:                      # proposed, never promoted by a robot; a guard that trips aborts
  steps: [10, 50, 100]       # percent of the units
  # guards: [error_rate > 2%]

measure:
  value: value               # the fact that says what a conversation was worth
  # metrics: [quality_score, satisfaction]   # default: those of the triggers, and satisfaction
"""
