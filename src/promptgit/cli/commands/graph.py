"""`promptgit graph`: who includes whom, and which pipelines use which prompts."""

from __future__ import annotations

import json
from posixpath import join, normpath
from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import prompt_names, revisions

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository
    from promptgit.core.graph import Graph


@click.command(
    short_help="Draw which prompts include which files, and which pipelines use them",
    epilog="""\b
Examples:
  promptgit graph
  promptgit graph prompts/persona.md
  promptgit graph --ref v1.0 --format mermaid >> docs/prompts.md

\b
JSON: {schema, revision, files: [{path, kind, cases, eval_file, problem}],
uses: [{from, to, kind, name, missing}], circles: [[path, ...]]}""",
)
@click.argument("prompt", metavar="[PROMPT]", required=False, shell_complete=prompt_names)
@click.option("--ref", metavar="REV", shell_complete=revisions, help="Draw this revision")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "json"]),
    default="text",
    show_default=True,
    help="Print a tree, a Mermaid chart for Markdown, or JSON",
)
def command(prompt: str | None, ref: str | None, form: str) -> None:
    """
    Draw who uses whose text: which prompts include which files, directly or not, and which
    pipelines play which prompts.

    With PROMPT, or the path of any included file: what it uses, and who uses it.  An include that
    is missing is drawn as such, and so is one that leads round in a circle.
    """
    from promptgit.cli.console import show_lines
    from promptgit.cli.graphing import graph_of
    from promptgit.cli.wiring import Repository
    from promptgit.report import graph_mermaid, graph_text

    repository = Repository.open()
    if ref is not None:
        repository = Repository.at(repository.git, repository.git.resolve(ref))
    graph = graph_of(repository)
    path = _path(repository, graph, prompt) if prompt is not None else ""
    drawn = graph.around(path) if path else graph
    if form == "json":
        click.echo(json.dumps(graph_text.facts(drawn, repository.revision), indent=2))
    elif form == "mermaid":
        if len(drawn.edges) > graph_mermaid.MOST_EDGES:
            click.echo(
                f"{len(drawn.edges)} arrows are more than the {graph_mermaid.MOST_EDGES} that "
                "GitHub draws; name a prompt",
                err=True,
            )
        click.echo(graph_mermaid.mermaid(drawn))
    else:
        show_lines(graph_text.of_file(graph, path) if path else graph_text.whole(graph))


def _path(repository: Repository, graph: Graph, typed: str) -> str:
    """The file that somebody means: one of the graph by its path, or a prompt by its name."""
    from promptgit.errors import UserError

    path = normpath(join(repository.git.prefix, typed))
    if path in graph.nodes:
        return path
    found = repository.prompt_path(typed)
    if found not in graph.nodes:
        raise UserError(
            f"{found} is no prompt, and no prompt includes it",
            hint="`prompts:` in promptgit.yaml says which files are prompts",
        )
    return found
