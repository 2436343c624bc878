"""`promptgit init`: set up promptgit in a repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptgit.cli.setup import Plan, plan, shell_word

if TYPE_CHECKING:
    from promptgit.cli.promptfoo.taking_over import TakenOver

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
  promptgit init --github private
  promptgit init --from promptfooconfig.yaml --dry-run""",
)
@click.option("--example", is_flag=True, help="Write a small prompt with cases if there is none")
@click.option(
    "--github",
    type=Whose(["private", "forks"]),
    is_flag=False,
    flag_value=UNSAID,
    help="Write workflows, too, for pull requests from people who may push, or from forks",
)
@click.option(
    "--from",
    "origin",
    metavar="FILE",
    help="Take over prompts, tests and assertions of a promptfoo config",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
def command(
    example: bool, github: str | None, origin: str | None, dry_run: bool, as_json: bool
) -> None:
    """
    Find prompts and their cases, and write what is missing: promptgit.yaml, an eval file for the
    first prompt that has cases but none, and lines in .gitattributes.

    Nothing is ever overwritten: what exists is kept, and said.

    With --from, prompts, providers, tests and assertions of a promptfoo config become ours, and
    what could not be carried over is listed at the end, with file, line and why.
    """
    if origin is not None:
        if example or github:
            raise click.UsageError("--from goes alone; run `promptgit init --github …` afterwards.")
        _take_over(origin, dry_run, as_json)
        return
    found = plan(Path.cwd(), example=example, github=github)
    if not dry_run:
        found.carry_out()
    options = f"{' --example' if example else ''}{f' --github {github}' if github else ''}"
    following = f"promptgit init{options}" if dry_run else found.next
    click.echo(_json(found, dry_run) if as_json else _text(found, dry_run, following))


def _take_over(origin: str, dry_run: bool, as_json: bool) -> None:
    from promptgit.cli.promptfoo.taking_over import taken_over

    found = taken_over(Path.cwd(), origin)
    if not dry_run:
        found.carry_out()
    click.echo(_json_of(found, dry_run) if as_json else _text_of(found, origin, dry_run))


def _text_of(found: TakenOver, origin: str, dry_run: bool) -> str:
    wrote, added = ("would write", "would add to") if dry_run else ("wrote", "added to")
    lines = [f"{path}: {_cases(count)}" for path, count in found.prompts]
    lines += [f"{added if step.adds else wrote} {step.path}" for step in found.steps]
    lines += [f"kept {path}" for path in found.kept]
    lines += [f"note: {note}" for note in found.notes]
    if found.losses:
        lines += ["", "not carried over:"]
        lines += [f"  {loss.where}: {loss.what}: {loss.why}" for loss in found.losses]
    paths = " ".join(shell_word(step.path) for step in found.steps)
    if paths and not dry_run:
        message = f"Take over {Path(origin).name}"
        lines += ["", f'keep it: git add {paths} && git commit -m "{message}"']
    following = f"promptgit init --from {shell_word(origin)}" if dry_run else found.next
    return "\n".join([*lines, f"next: {following}"])


def _json_of(found: TakenOver, dry_run: bool) -> str:
    facts = {
        "schema": 1,
        "dry_run": dry_run,
        "written": [step.path for step in found.steps if not step.adds],
        "extended": [step.path for step in found.steps if step.adds],
        "kept": list(found.kept),
        "prompts": [{"path": path, "cases": count} for path, count in found.prompts],
        "notes": list(found.notes),
        "not_carried": [
            {"where": loss.where, "what": loss.what, "why": loss.why} for loss in found.losses
        ],
        "next": found.next,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _text(found: Plan, dry_run: bool, following: str) -> str:
    wrote, added = ("would write", "would add to") if dry_run else ("wrote", "added to")
    lines = [f"{prompt.path}: {_cases(prompt.cases)}" for prompt in found.prompts]
    lines += [f"{added if step.adds else wrote} {step.path}" for step in found.steps]
    lines += [f"kept {path}" for path in found.kept]
    lines += [f"note: {note}" for note in found.notes]
    files = [step.path for step in found.steps]
    files += [name for prompt in found.prompts for name in (prompt.path, prompt.cases_file) if name]
    paths = " ".join(shell_word(path) for path in dict.fromkeys(files))
    if found.steps and not dry_run:
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
