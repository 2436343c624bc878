"""`promptgit library list`."""

from __future__ import annotations

import json

import click


@click.command(
    "list",
    short_help="List the learnings of a shared repository",
    epilog="""\b
Examples:
  promptgit library list
  promptgit library list --from ../learnings --json

\b
JSON: {schema, url, commit, learnings: [{schema, kind, name, about, text?, detectors?,
evidence?: {said, record?}, from}], broken: [sentence]}""",
)
@click.option(
    "--from", "url", metavar="URL", help="Read this repository, not that of flywheel.yaml"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(url: str | None, as_json: bool) -> None:
    """List the learnings of a shared repository, with what was measured where they come from."""
    from promptgit.cli.console import show_lines
    from promptgit.cli.learnings import learnings, shared
    from promptgit.cli.wiring import Repository
    from promptgit.report import learning_text

    library = shared(Repository.open(), url)
    commit, found, broken = learnings(library)
    if as_json:
        facts = {
            "schema": 1,
            "url": library.url,
            "commit": commit,
            "learnings": [one.facts for one in found],
            "broken": broken,
        }
        click.echo(json.dumps(facts, indent=2, ensure_ascii=True))
        return
    for line in broken:
        click.echo(f"left out: {learning_text.said(line)}", err=True)
    if found:
        show_lines(learning_text.listed(found))
    else:
        click.echo(
            f"{library.url} has no learnings yet; `promptgit library publish` shares the first"
        )
