"""`promptgit schema`: the JSON Schema of what a user writes."""

from __future__ import annotations

import json

import click


@click.command(
    short_help="Print the JSON Schema of the config files",
    epilog="""\b
Example:
  promptgit schema eval > eval.schema.json""",
)
@click.argument(
    "which",
    type=click.Choice(["config", "eval", "user", "flywheel", "rollout", "detectors"]),
    default="config",
)
def command(which: str) -> None:
    """
    Print the JSON Schema (draft 2020-12) of promptgit.yaml (config), of X.eval.yaml (eval), of
    your own settings (user), of flywheel.yaml (flywheel), of prompts/rollout.yaml (rollout) or of
    detectors/X.yaml (detectors).

    Editors that know YAML find it by the first line of a file, which `promptgit init` writes.
    """
    from promptgit.config import json_schema

    click.echo(json.dumps(json_schema(which), indent=2, ensure_ascii=False))
