"""What other commands refuse in a pipeline, found by lint: the file, its steps, and their cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from promptgit.cli.lint_settings import troubles
from promptgit.config.places import is_pipeline, names_prompts
from promptgit.core.pipeline import FORM, files_named, looked_up, pipeline_of, unknown_references
from promptgit.core.pipeline_file import Step, near, parse_steps
from promptgit.core.prompt import Prompt, blob_id
from promptgit.errors import UserError
from promptgit.lint.finding import Place
from promptgit.lint.subject import Asked, Trouble

if TYPE_CHECKING:
    from promptgit.cli.lint_files import Tree


def faults(tree: Tree, path: str, asked: Asked) -> tuple[Trouble, ...]:
    """List what is wrong with a pipeline, in the words of the commands that would stop at it."""
    text = tree.text(path) or ""
    try:
        steps = parse_steps(text, path).steps
    except UserError as error:
        return troubles(error, path)
    missing = tuple(_missing(tree, path, steps))
    if missing:
        return missing
    try:
        prompt = _prompt(tree, path, text, steps)
        pipeline = pipeline_of(prompt)
        for step in steps:
            if step.model:
                from promptgit.config.settings import step_model

                step_model(step.model, f"{path}:{step.line}")
        if asked.cases:
            pipeline.visible(asked.cases[0].case.inputs)
    except UserError as error:
        return troubles(error, path)
    columns = asked.cases[0].case.columns if asked.cases else ()
    return tuple(
        Trouble(
            f"the column {name!r} says what a step should give, and no step is called so",
            near(name, [f"expected_{step.name}" for step in steps]),
            Place(asked.case_file),
        )
        for name in unknown_references(prompt, columns)
    )


def _missing(tree: Tree, path: str, steps: tuple[Step, ...]) -> Iterator[Trouble]:
    for step in steps:
        place = Place(path, step.line)
        if not tree.is_file(step.file):
            message = f"the step {step.name!r} names {step.file}, and there is no such file"
            yield Trouble(message, "paths are from the top level of the repository", place)
        elif step.prompt and _is_pipeline(tree, step.prompt):
            message = f"the step {step.name!r} is a pipeline itself"
            yield Trouble(message, "name its steps here", place)


def _is_pipeline(tree: Tree, path: str) -> bool:
    return is_pipeline(path, tree.config.pipelines) and names_prompts(tree.read(path) or b"")


def _prompt(tree: Tree, path: str, text: str, steps: tuple[Step, ...]) -> Prompt:
    files: dict[str, str] = {}
    waiting = [step.file for step in steps]
    while waiting:
        within = waiting.pop()
        files[within] = tree.text(within) or ""
        for name in files_named(within, files[within]):
            place = next(filter(tree.is_file, looked_up(within, name)), "")
            if place and place not in files:
                waiting.append(place)
    return Prompt(text, blob_id(text), path.rpartition(".")[0], files, form=FORM)
