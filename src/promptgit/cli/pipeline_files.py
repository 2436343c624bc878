"""Pipelines as a repository holds them: which files are meant, what they name, who runs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.cli import telling
from promptgit.core.dataset import Case, Dataset
from promptgit.core.pipeline import FORM, REFERENCE, files_named, pipeline_of
from promptgit.core.pipeline_file import Step, near, parse_steps
from promptgit.core.prompt import Prompt, TemplateKind
from promptgit.errors import CallFailed, UserError
from promptgit.evaluate.pipelines import StepModels

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptgit.cli.bench import Bench
    from promptgit.cli.wiring import Repository
    from promptgit.config import ModelChoice
    from promptgit.core.ports import Model

    Make = Callable[[ModelChoice, str], Model]  # a model by what it is for


def read(repository: Repository, path: str, revision: str | None, template: TemplateKind) -> Prompt:
    """
    Read a pipeline with the files of its steps, and what those include.

    Raises UserError with the line for what is wrong in the file, and for a file that is missing.
    """
    text, blob = repository.source(path, revision)
    files: dict[str, str] = {}
    for step in parse_steps(text, path).steps:
        if step.file not in files:
            _gather(repository, path, step, revision, step.template or template, files)
    telling.fact(f"pipeline: {path}, blob {blob}, with {', '.join(files)}")
    prompt = Prompt(text, blob, Path(path).stem, files, template, FORM)
    pipeline_of(prompt)
    return prompt


def _gather(
    repository: Repository,
    path: str,
    step: Step,
    revision: str | None,
    template: TemplateKind,
    files: dict[str, str],
) -> None:
    """Put the texts of a step's files into `files`, by their paths from the top level."""
    where = f"{path}:{step.line}"
    if not repository.exists(step.file, revision):
        known = [*repository.prompts, *(p for p in repository.tree.files() if p.endswith(".py"))]
        raise UserError(
            f"{where}: the step {step.name!r} names {step.file}, and there is no such file",
            hint=f"paths are from the top level; {near(step.file, known[:200])}",
        )
    if step.prompt and repository.is_pipeline(step.prompt):
        raise UserError(
            f"{where}: the step {step.name!r} is a pipeline itself",
            hint="name its steps here",
        )
    if revision is None:
        repository.refuse_ignored(step.file, f"{where} names {step.file!r}")
    if step.code:
        files[step.code], _ = repository.source(step.code, revision)
        return
    # Reading it as a prompt of its own refuses what is missing, or includes itself.
    repository.prompt(step.prompt, revision, template=template)
    waiting = [step.prompt]
    while waiting:
        within = waiting.pop()
        files[within], _ = repository.source(within, revision)
        for name in files_named(within, files[within]) if template == "jinja" else ():
            _, place = repository.first([name], within, revision)
            if place and place not in files:
                waiting.append(place)


def without_references(cases: Dataset, text: str, path: str) -> Dataset:
    """Keep what single steps should give, `expected_<step>`, from all that a model may see."""
    hidden = {f"{REFERENCE}{step.name}" for step in parse_steps(text, path).steps}
    return replace(cases, cases=tuple(_keeping(case, hidden) for case in cases))


def _keeping(case: Case, hidden: Collection[str]) -> Case:
    told = {name: value for name, value in case.inputs.items() if name in hidden}
    shown = {name: value for name, value in case.inputs.items() if name not in hidden}
    return replace(case, inputs=shown, reference={**case.reference, **told}) if told else case


def model_for(
    bench: Bench,
    repository: Repository,
    prompt: Prompt,
    choice: ModelChoice,
    *,
    allow_code: bool = False,
    make: Make | None = None,
) -> Model:
    """
    Make the model that a prompt asks; for a pipeline, those of its steps.

    A model that was typed on the command line answers all steps.  `make` is `bench.model`, or
    what `sharing` makes of it.
    """
    make = make or bench.model
    model = make(choice, "model")
    if prompt.form != FORM:
        return model
    others = {
        name: make(own, f"model of {name}")
        for name, own in step_choices(repository, prompt).items()
    }
    return StepModels(model, others, called if allow_code else None)


def sharing(bench: Bench) -> Make:
    """
    Make each model once, for both sides of a comparison.

    Base and head ask a step that did not change the same, at the same time: then one of them
    waits for the other's answer, and it is paid for once.
    """
    made: dict[tuple[str, str], Model] = {}

    def make(choice: ModelChoice, purpose: str) -> Model:
        key = str(choice), purpose
        if key not in made:
            made[key] = bench.model(choice, purpose)
        return made[key]

    return make


def step_choices(repository: Repository, prompt: Prompt) -> Mapping[str, ModelChoice]:
    """The models that single steps of a pipeline ask for; none where `--model` says which."""
    from promptgit.config.settings import step_model

    if prompt.form != FORM or repository.model_was_typed:
        return {}
    pipeline = pipeline_of(prompt)
    return {
        step.name: step_model(step.model, f"{pipeline.file}:{step.line}")
        for step in pipeline.asking
        if step.model
    }


def called(path: str, source: str, function: str, output: str, inputs: Mapping[str, str]) -> str:
    """Run a function of a step as the scorer `python` runs its own: apart, and with nothing."""
    from promptgit.scorers.python import answered

    asked = {
        "path": path,
        "function": function,
        "source": source,
        "output": output,
        "context": {"vars": dict(inputs)},
    }
    try:
        found = answered(asked)
    except CallFailed as error:
        raise CallFailed(error.message, kind="step", hint=error.hint) from error
    if not isinstance(found, str):
        raise UserError(
            f"{path}:{function} returned {type(found).__name__}, and a step gives text",
            hint="return str(…), or json.dumps(…)",
        )
    return found
