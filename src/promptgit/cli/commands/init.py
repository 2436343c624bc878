"""`promptgit init`: set up promptgit in a repository."""

from __future__ import annotations

import json
from pathlib import Path

import click

from promptgit.cli.setup import Plan, plan, shell_word

UNSAID = ""  # what `--github` is where nothing follows it


class Whose(click.Choice[str]):
    """Who opens pull requests; without an answer, both are named."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == UNSAID:
            self.fail("say `private` (pull requests come from people who may push) or `forks`")
        return super().convert(value, param, ctx)


@click.command(
    short_help="Set up promptgit in this repository",
    epilog="""\b
Example:
  promptgit init --dry-run
  promptgit init
  promptgit init --github private""",
)
@click.option("--example", is_flag=True, help="Write a small prompt with cases if there is none")
@click.option(
    "--github",
    type=Whose(["private", "forks"]),
    is_flag=False,
    flag_value=UNSAID,
    help="Write workflows, too, for pull requests from people who may push, or from forks",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
def command(example: bool, github: str | None, dry_run: bool, as_json: bool) -> None:
    """
    Find prompts and their cases, and write what is missing: promptgit.yaml, an eval file for the
    first prompt that has cases but none, and lines in .gitattributes.

    Nothing is ever overwritten: what exists is kept, and said.
    """
    found = plan(Path.cwd(), example=example, github=github)
    if not dry_run:
        found.carry_out()
    options = f"{' --example' if example else ''}{f' --github {github}' if github else ''}"
    following = f"promptgit init{options}" if dry_run else found.next
    click.echo(_json(found, dry_run) if as_json else _text(found, dry_run, following))


def _text(found: Plan, dry_run: bool, following: str) -> str:
    wrote, added = ("would write", "would add to") if dry_run else ("wrote", "added to")
    lines = [f"{prompt.path}: {_cases(prompt.cases)}" for prompt in found.prompts]
    lines += [f"{added if step.adds else wrote} {step.path}" for step in found.steps]
    lines += [f"kept {path}" for path in found.kept]
    lines += [f"note: {note}" for note in found.notes]
    paths = " ".join(shell_word(step.path) for step in found.steps)
    if paths and not dry_run:
        lines += ["", f'keep it: git add {paths} && git commit -m "Set up promptgit"']
    return "\n".join([*lines, f"next: {following}"])


def _cases(count: int | None) -> str:
    if count is None:
        return "no cases"
    return f"{count} cases" if count != 1 else "1 case"


def _json(found: Plan, dry_run: bool) -> str:
    facts = {
        "schema": 1,
        "dry_run": dry_run,
        "written": [step.path for step in found.steps if not step.adds],
        "extended": [step.path for step in found.steps if step.adds],
        "kept": list(found.kept),
        "prompts": [{"path": prompt.path, "cases": prompt.cases} for prompt in found.prompts],
        "notes": list(found.notes),
        "next": found.next,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)
