"""
A pipeline: steps that work on a case one after the other, each a prompt or a function.

It travels as a Prompt of the form `pipeline`: its text is the YAML file, its includes are the
texts of the steps' files and of what those include, by their paths from the top level.  So
whatever goes by a prompt's identity (records, caches, the gate) goes by all of the pipeline.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from posixpath import basename, dirname, join, normpath, splitext
from typing import Any

from promptgit.core.pipeline_file import Step, Steps, near, parse_steps
from promptgit.core.prompt import Prompt, blob_id, included_paths, inclusions
from promptgit.errors import UserError

FORM = "pipeline"  # of the Prompt that a pipeline travels as
SUFFIXES = (".yaml", ".yml")
REFERENCE = "expected_"  # the column `expected_classify` says what the step classify should give


@dataclass(frozen=True)
class Pipeline:
    """What a prompt of the form `pipeline` says, ready to be played."""

    steps: tuple[Step, ...]
    output: str  # the step whose output is the answer
    prompts: Mapping[str, Prompt]  # by step; none for a function
    sources: Mapping[str, str]  # the text of a function's file, by step
    file: str = "pipeline"  # as people know it
    columns: frozenset[str] = field(default=frozenset())  # of the case, that some step asks for

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    @property
    def asking(self) -> tuple[Step, ...]:
        """The steps that ask a model."""
        return tuple(step for step in self.steps if step.prompt)

    def visible(self, inputs: Mapping[str, str]) -> Mapping[str, str]:
        """
        Return what the steps may see of a case's inputs: all but the steps' own references.

        Raises UserError for a column that some step asks for and the case has not, and for one
        that is called like a step.
        """
        hidden = {f"{REFERENCE}{name}" for name in self.names}
        seen = {name: value for name, value in inputs.items() if name not in hidden}
        for step in self.steps:
            if step.name in seen:
                raise UserError(
                    f"{self.file}:{step.line}: the step {step.name!r} is called like a column of "
                    "the cases",
                    hint="give the step another name",
                )
            for name in sorted(self._asked(step) - seen.keys()):
                raise UserError(
                    f"{self.file}:{step.line}: the step {step.name!r} asks for {name!r}, which is "
                    "neither an earlier step nor a column of the cases",
                    hint=near(name, [*self.names[: self.names.index(step.name)], *seen]),
                )
        return seen

    def inputs(
        self, step: Step, columns: Mapping[str, str], outputs: Mapping[str, str]
    ) -> Mapping[str, str]:
        """What a step is given: its own inputs filled from columns and outputs, or the columns."""
        if step.inputs is None:
            return columns
        known = {**columns, **outputs}
        filler = Prompt.of("", name=f"{self.file}, step {step.name}")
        return {name: filler.edited(text).fill(known) for name, text in step.inputs.items()}

    def before(self, step: Step) -> str:
        """The name of the step before; empty for the first."""
        place = self.names.index(step.name)
        return self.names[place - 1] if place else ""

    def _asked(self, step: Step) -> frozenset[str]:
        """The columns that a step asks for: in its inputs, or without any in its own text."""
        if step.inputs is None:
            found = self.prompts[step.name].holes if step.prompt else frozenset[str]()
        else:
            found = step.uses - set(self.names)
            unfilled = self.prompts[step.name].holes - step.inputs.keys() if step.prompt else ()
            for name in sorted(unfilled):
                raise UserError(
                    f"{self.file}:{step.line}: {step.prompt} has the hole {name!r}, and the "
                    f"inputs of the step {step.name!r} do not fill it",
                    hint=f'add it: inputs: {{{name}: "{{{{ … }}}}"}}',
                )
        return found


def pipeline_of(prompt: Prompt) -> Pipeline:
    """Read a prompt of the form `pipeline`; raise UserError with the line that is wrong."""
    includes = tuple(sorted(prompt.includes.items()))
    return _pipeline(prompt.text, includes, prompt.name, prompt.template, len(prompt.blob))


@lru_cache(maxsize=64)
def _pipeline(
    text: str, includes: tuple[tuple[str, str], ...], name: str, template: Any, digits: int
) -> Pipeline:
    written = parse_steps(text, f"{name}.yaml")
    files = dict(includes)
    prompts, sources = {}, {}
    for step in written.steps:
        if step.file not in files:
            raise UserError(f"{name}.yaml:{step.line}: there is no file {step.file}")
        if step.prompt:
            prompts[step.name] = _part(step, files, step.template or template, digits)
        else:
            sources[step.name] = files[step.code]
    found = Pipeline(written.steps, written.output, prompts, sources, f"{name}.yaml")
    columns = frozenset(column for step in found.steps for column in found._asked(step))
    return replace(found, columns=columns)


def _part(step: Step, files: Mapping[str, str], template: Any, digits: int) -> Prompt:
    text = files[step.prompt]
    included = dict(_included(step.prompt, files, {step.prompt})) if template == "jinja" else {}
    name = splitext(basename(step.prompt))[0]
    form, _ = _form(step.prompt, text)
    return Prompt(text, blob_id(text, digits), name, included, template, form)


def _form(path: str, text: str) -> tuple[str, str]:
    """The form of a step's file, and what of it is filled as a Jinja template."""
    from promptgit.core import forms

    form = forms.form_of(path, text)
    if form == forms.TEXT:
        return form, text
    try:
        reading = forms.read(form, text)
    except forms.Broken as error:
        raise error.at(path) from error
    return form, "\n".join(part.text for part in reading.parts) * (reading.syntax == "jinja")


def _included(path: str, files: Mapping[str, str], seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what the file at `path` includes, by the name that is written there, with its text."""
    for inclusion in inclusions(_form(path, files[path])[1]):
        found = ((name, place) for name in inclusion.names for place in looked_up(path, name))
        name, place = next(((n, p) for n, p in found if p in files), ("", ""))
        if place:
            yield name, files[place]
        if place and place not in seen:
            yield from _included(place, files, seen | {place})


def looked_up(path: str, name: str) -> tuple[str, str]:
    """
    Where an include may be that the file at `path` names: beside it, then from the top.

    >>> looked_up("prompts/reply.md", "persona.md")
    ('prompts/persona.md', 'persona.md')
    """
    return normpath(join(dirname(path), name)), normpath(name)


def with_step(pipeline: Prompt, path: str, text: str) -> Prompt:
    """
    Return the pipeline with another text in one of its files.

    `path` is the file's, from the top level; raises UserError for one that is no part of it.
    """
    if path not in pipeline.includes:
        raise UserError(
            f"{path} is no part of the pipeline {pipeline.name}",
            hint=near(path, list(pipeline.includes)),
        )
    return replace(pipeline, includes={**pipeline.includes, path: text})


def files_named(path: str, text: str) -> tuple[str, ...]:
    """
    List the files that the file at `path` names: a pipeline's steps, or what a prompt includes.

    A file that is broken names nothing.

    >>> files_named("pipelines/reply.yaml", "steps: [{name: a, prompt: prompts/a.md}]")
    ('prompts/a.md',)
    >>> files_named("prompts/a.md", '{% include "persona.md" %}')
    ('persona.md',)
    """
    if path.endswith(SUFFIXES) and "steps:" in text:
        try:
            return tuple(dict.fromkeys(step.file for step in _steps(text).steps))
        except UserError:
            return ()
    return included_paths(text)


@lru_cache(maxsize=64)
def _steps(text: str) -> Steps:
    return parse_steps(text, "pipeline")


def reference(step: str, output: str, case: Mapping[str, str], expected: str | None) -> str | None:
    """
    What a case says that a step should give: its column `expected_<step>`, or the expected answer.

    >>> reference("classify", "reply", {"expected_classify": "refund"}, "Dear …")
    'refund'
    """
    if f"{REFERENCE}{step}" in case:
        return case[f"{REFERENCE}{step}"]
    return expected if step == output else None


def unknown_references(prompt: Prompt, columns: Collection[str]) -> tuple[str, ...]:
    """Columns like `expected_clasify` that name no step, though they look as if they did."""
    known = {f"{REFERENCE}{name}" for name in pipeline_of(prompt).names}
    return tuple(sorted(c for c in columns if c.startswith(REFERENCE) and c not in known))
