"""
What a pipeline file may say, read strictly: every mistake with its line, and what was meant.

    steps:
      - {name: classify, prompt: prompts/classify.md}
      - {name: reply, prompt: prompts/reply.md, inputs: {label: "{{ classify }}"}}
    output: reply
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from posixpath import normpath
from typing import Any

from promptgit.core.located import Located, Path, parse_yaml
from promptgit.core.prompt import Prompt, TemplateKind
from promptgit.errors import UserError

KEYS = ("steps", "output")
STEP_KEYS = ("name", "prompt", "python", "inputs", "model", "template")
TEMPLATES = ("jinja", "none")
MOST_STEPS = 50
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FOR_EXAMPLE = "for example `- {name: classify, prompt: prompts/classify.md}`"


@dataclass(frozen=True)
class Step:
    """One step as it is written: a prompt, or a function of a Python file."""

    name: str
    line: int  # 1-based, in the pipeline's file
    prompt: str = ""  # path from the top level; empty for a function
    code: str = ""  # path from the top level of the function's file; empty for a prompt
    function: str = ""
    inputs: Mapping[str, str] | None = None  # name → template; None: the case's columns
    uses: frozenset[str] = frozenset()  # what the templates of `inputs` name
    model: Mapping[str, Any] = field(default_factory=dict)  # `name`, and options; empty: none

    template: TemplateKind | None = None  # None: as the pipeline's

    @property
    def file(self) -> str:
        return self.prompt or self.code


@dataclass(frozen=True)
class Steps:
    """A pipeline file, without the texts of its steps."""

    steps: tuple[Step, ...]
    output: str  # a step's name


def parse_steps(text: str, file: str) -> Steps:
    """
    Read a pipeline file; raise UserError with file, line, column and the next move.

    >>> parse_steps("steps: [{name: a, prompt: p/a.md}]", "a.yaml").output
    'a'
    """
    located = parse_yaml(text.encode("utf-8", "surrogatepass"), file)
    data = located.data if isinstance(located.data, dict) else {}
    _refuse_unknown(located, (), data, KEYS)
    listed = data.get("steps")
    if not isinstance(listed, list) or not listed:
        raise _wrong(located, ("steps",), "`steps` must be a list with at least one step")
    if len(listed) > MOST_STEPS:
        raise _wrong(located, ("steps",), f"there are {len(listed)} steps, {MOST_STEPS} at most")
    steps = tuple(_step(located, number, entry) for number, entry in enumerate(listed))
    _refuse_twice(located, steps)
    _refuse_later(located, steps)
    output = data.get("output", steps[-1].name)
    names = [step.name for step in steps]
    if output not in names:
        raise UserError(
            f"{located.at(('output',))}: there is no step {output!r}", hint=near(output, names)
        )
    _refuse_idle(located, steps, output)
    return Steps(steps, output)


def near(name: object, known: Sequence[str]) -> str:
    """
    Say which of the known names was meant, or which there are.

    >>> near("clasify", ["classify", "reply"]), near("x", ["classify"])
    ("did you mean 'classify'?", 'there are: classify')
    """
    close = get_close_matches(str(name), known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(known)}" if known else "there are none"


def _step(located: Located, number: int, entry: Any) -> Step:
    path: Path = ("steps", number)
    if not isinstance(entry, dict):
        raise _wrong(located, path, f"step {number + 1} must be a mapping with name and prompt")
    _refuse_unknown(located, path, entry, STEP_KEYS)
    name = _text(located, path, entry, "name")
    if not NAME.fullmatch(name):
        raise UserError(
            f"{located.at((*path, 'name'))}: {name!r} cannot be the name of a step",
            hint="use letters, digits and _, as {{ name }} stands for its output",
        )
    if ("prompt" in entry) == ("python" in entry):
        raise _wrong(located, path, f"the step {name!r} needs either `prompt` or `python`")
    inputs = _inputs(located, path, entry)
    return Step(
        name=name,
        line=located.position(path).line,
        prompt=_file(located, path, entry, "prompt"),
        code=_file(located, path, entry, "python").rpartition(":")[0],
        function=str(entry.get("python", "")).rpartition(":")[2],
        inputs=inputs,
        uses=_uses(located, path, inputs or {}),
        model=_model(located, path, entry),
        template=_template(located, path, entry),
    )


def _file(located: Located, path: Path, entry: Mapping[str, Any], key: str) -> str:
    if key not in entry:
        return ""
    written = _text(located, path, entry, key)
    at = located.at((*path, key))
    found = normpath(written)
    if written.startswith(("/", "~")) or "\\" in written or found.split("/")[0] == "..":
        raise UserError(
            f"{at}: {written!r} is not a file of this repository",
            hint="write the path from the top level of the repository, with `/`",
        )
    if key == "python" and not re.fullmatch(r".+\.py:[A-Za-z_]\w*", written):
        raise UserError(
            f"{at}: {written!r} names no function of a Python file",
            hint="for example `python: steps/clean.py:trim`",
        )
    return found


def _inputs(located: Located, path: Path, entry: Mapping[str, Any]) -> Mapping[str, str] | None:
    if "inputs" not in entry:
        return None
    written = entry["inputs"]
    if not isinstance(written, dict) or not all(isinstance(v, str) for v in written.values()):
        raise UserError(
            f"{located.at((*path, 'inputs'))}: `inputs` must be a mapping of names to text",
            hint='for example `inputs: {label: "{{ classify }}"}`',
        )
    return written


def _uses(located: Located, path: Path, inputs: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    for name, text in inputs.items():
        try:
            found |= Prompt.of(text).holes
        except UserError as error:
            where = located.at((*path, "inputs", name))
            raise UserError(f"{where}: {error.message}", hint='write {{ "{{" }}') from error
    return frozenset(found)


def _model(located: Located, path: Path, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if "model" not in entry:
        return {}
    written = entry["model"]
    if "python" in entry or not isinstance(written, str | dict) or not written:
        raise UserError(
            f"{located.at((*path, 'model'))}: `model` is the name of a model, in a step with a "
            "prompt",
            hint="for example `model: gpt-5-mini`",
        )
    return {"name": written} if isinstance(written, str) else written


def _template(located: Located, path: Path, entry: Mapping[str, Any]) -> TemplateKind | None:
    written = entry.get("template")
    if written is None or ("prompt" in entry and written in TEMPLATES):
        return written
    raise UserError(
        f"{located.at((*path, 'template'))}: `template` is {' or '.join(TEMPLATES)}, in a step "
        "with a prompt",
        hint=near(written, TEMPLATES),
    )


def _refuse_twice(located: Located, steps: Sequence[Step]) -> None:
    first: dict[str, Step] = {}
    for number, step in enumerate(steps):
        if step.name in first:
            raise UserError(
                f"{located.at(('steps', number, 'name'))}: the step {step.name!r} is already on "
                f"line {first[step.name].line}",
                hint="give each step a name of its own",
            )
        first[step.name] = step


def _refuse_later(located: Located, steps: Sequence[Step]) -> None:
    """Refuse a step that uses itself, or one that comes after it."""
    by_name = {step.name: step for step in steps}
    for number, step in enumerate(steps):
        earlier = [one.name for one in steps[:number]]
        for used in sorted(step.uses & by_name.keys() - set(earlier)):
            circle = _way(used, step.name, by_name)
            if used == step.name or circle:
                way = " -> ".join((step.name, *(circle or (step.name,))))
                what, hint = f"the steps go round in a circle: {way}", "break it"
            else:
                what = f"the step {step.name!r} uses {used!r}, which comes after it"
                hint = f"put {used!r} before {step.name!r}"
            raise UserError(f"{located.at(('steps', number, 'inputs'))}: {what}", hint=hint)


def _way(start: str, goal: str, by_name: Mapping[str, Step]) -> tuple[str, ...]:
    """Return the steps that lead from `start` to `goal` by what they use; empty for no way."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == goal:
            return way
        following = sorted(by_name[way[-1]].uses & by_name.keys() - seen)
        seen.update(following)
        ways += [(*way, name) for name in following]
    return ()


def _refuse_idle(located: Located, steps: Sequence[Step], output: str) -> None:
    """Refuse a step that is paid for, and whose output nobody reads."""
    used = {output} | {name for step in steps for name in step.uses}
    used |= {before.name for before, step in pairwise(steps) if step.code}
    columns = sorted({name for step in steps for name in step.uses} - {s.name for s in steps})
    for number, step in enumerate(steps):
        if step.name in used:
            continue
        hint = f'read it in an input, "{{{{ {step.name} }}}}", or take the step out'
        if meant := get_close_matches(step.name, columns, n=1, cutoff=0.75):
            hint = f"did you mean {{{{ {step.name} }}}} where it says {{{{ {meant[0]} }}}}?"
        where = located.at(("steps", number))
        raise UserError(f"{where}: nothing uses what the step {step.name!r} gives", hint=hint)


def _refuse_unknown(
    located: Located, path: Path, entry: Mapping[str, Any], known: Iterable[str]
) -> None:
    for key in entry:
        if key not in known:
            where = located.at((*path, key), key=True)
            raise UserError(f"{where}: unknown key {key!r}", hint=near(key, list(known)))


def _text(located: Located, path: Path, entry: Mapping[str, Any], key: str) -> str:
    written = entry.get(key)
    if not isinstance(written, str) or not written:
        what = "is missing" if key not in entry else f"is {written!r}, but must be text"
        raise _wrong(located, (*path, key), f"`{key}` of a step {what}")
    return written


def _wrong(located: Located, path: Path, message: str) -> UserError:
    return UserError(f"{located.at(path)}: {message}", hint=FOR_EXAMPLE)
