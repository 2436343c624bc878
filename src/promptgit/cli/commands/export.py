"""`promptgit export`: write prompts as other tools import them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import prompt_names, revisions
from promptgit.errors import UserError, WorldError

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository

ENDINGS = {
    "promptfoo": ".promptfooconfig.yaml",
    "langfuse": ".langfuse.json",
    "mlflow": ".mlflow.json",
}


@click.command(
    short_help="Write prompts as other tools import them",
    epilog="""\b
Examples:
  promptgit export --to promptfoo support-reply -o promptfooconfig.yaml
  promptgit export --to langfuse -o out/""",
)
@click.argument("prompts", metavar="[PROMPT]...", nargs=-1, shell_complete=prompt_names)
@click.option("--to", type=click.Choice(list(ENDINGS)), required=True, help="The tool to write for")
@click.option(
    "-o", "--output", metavar="FILE|DIR", help="Write there: a file, or a folder for several"
)
@click.option(
    "--ref", metavar="REV", shell_complete=revisions, help="Take the prompt from this revision"
)
@click.option(
    "--with-outputs", is_flag=True, help="For promptfoo: add the recorded outputs, to score offline"
)
def command(
    prompts: tuple[str, ...], to: str, output: str | None, ref: str | None, with_outputs: bool
) -> None:
    """
    Write PROMPT, or all prompts, with cases, checks and recorded results, for promptfoo, Langfuse
    or MLflow.

    Results carry the commit and the blob of the text that they are of.  What the other tool cannot
    say is told on stderr.  Nothing is sent anywhere; docs/promptfoo.md shows how to import.
    """
    from promptgit.cli.exporting import chosen
    from promptgit.cli.wiring import Repository

    if with_outputs and to != "promptfoo":
        raise click.UsageError("--with-outputs goes with --to promptfoo; the others have them.")
    repository = Repository.open()
    paths = chosen(repository, prompts)
    folder = _is_folder(output, len(paths))
    if len(paths) > 1 and not folder:
        raise UserError(
            f"{len(paths)} prompts do not fit into one file",
            hint=f"add -o DIR/, or name one: {paths[0]}",
        )
    names = _file_names(paths, ENDINGS[to])
    for path in paths:
        place = Path(output or "", names[path]) if folder else Path(output or "")
        text, losses = _written(repository, path, to, ref, place, with_outputs)
        for loss in losses:
            click.echo(f"not carried over from {path}: {loss}", err=True)
        if output is None:
            click.echo(text, nl=False)
        else:
            _write(place, text)
            click.echo(f"wrote {place.as_posix()}")


def _written(
    repository: Repository, path: str, to: str, ref: str | None, place: Path, with_outputs: bool
) -> tuple[str, list[str]]:
    from promptgit.cli.exporting import beside, exported

    subject = exported(repository, path, ref)
    if to == "langfuse":
        from promptgit.report.to_langfuse import to_langfuse

        return to_langfuse(subject)
    if to == "mlflow":
        from promptgit.report.to_mlflow import to_mlflow

        return to_mlflow(subject)
    from promptgit.report.to_promptfoo import to_promptfoo

    top = repository.git.cwd.resolve()
    there = place.resolve().parent
    folder = there.relative_to(top).as_posix() if there.is_relative_to(top) else ""
    eval_file = repository.eval_file(path).file
    config = to_promptfoo(
        subject, with_outputs=with_outputs, named=lambda name: beside(eval_file, name, folder)
    )
    return config.text, config.losses


def _is_folder(output: str | None, count: int) -> bool:
    if output is None:
        return False
    return (
        output.endswith(("/", "\\"))
        or Path(output).is_dir()
        or (count > 1 and not Path(output).suffix)
    )


def _file_names(paths: list[str], ending: str) -> dict[str, str]:
    """Name a file after each prompt; with its folders where two have one name."""
    from promptgit.config.places import stem_of

    stems = {path: Path(stem_of(path)).name for path in paths}
    twice = {stem for stem in stems.values() if list(stems.values()).count(stem) > 1}
    return {
        path: (stem_of(path).replace("/", "-") if stem in twice else stem) + ending
        for path, stem in stems.items()
    }


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorldError(f"{place} cannot be written: {error.strerror}") from error
