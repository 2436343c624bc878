"""`X.eval.yaml`, beside the prompt `X.md`: its cases, what a good answer is, who must not lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptgit.config.glance import json_inputs
from promptgit.config.places import inside
from promptgit.config.settings import ModelChoice, gate_settings, model_choice
from promptgit.core.located import Located, Path, parse_yaml
from promptgit.core.verdict import Quarantined
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.config.shapes import AssertionShape, EvalShape
    from promptgit.core.prompt import TemplateKind
    from promptgit.evaluate.suite import Assertion

# Under these keys are data, not settings: a JSON Schema may well have a property `url`.
DATA = frozenset({"cases", "columns", "value"})


@dataclass(frozen=True, slots=True)
class InlineCase:
    """A case that is written in the eval file itself."""

    line: int  # 1-based, in the eval file
    values: Mapping[str, Any]  # by column; a plain scalar is the text that was written


@dataclass(frozen=True, slots=True)
class EvalFile:
    """What an eval file says; the defaults are those of a prompt without one."""

    file: str = ""  # path from the top level; empty when there is none
    cases: str = ""  # path from the top level; empty: the file beside the prompt
    delimiter: str = ""  # of a CSV; empty: sniffed
    inline: tuple[InlineCase, ...] = ()  # instead of a file
    columns: Mapping[str, str] = field(default_factory=dict)  # our name → the file's column
    inputs: tuple[str, ...] = ()  # the model sees only these; empty: all that are not the answer
    json_inputs: tuple[str, ...] = ()  # those of `inputs` that a template reads as JSON
    assertions: tuple[Assertion, ...] = ()  # empty: the repository's defaults
    places: tuple[str, ...] = ()  # `file:line:column` of each assertion
    must_pass: tuple[str, ...] = ()  # case ids or tags that may never get worse
    quarantine: tuple[Quarantined, ...] = ()  # cases that count for nothing until a day
    check: Mapping[str, Any] = field(default_factory=dict)  # over the repository's `check:`
    tags: tuple[str, ...] = ()  # use only cases with one of these; empty: all
    template: TemplateKind | None = None  # None: the repository's default
    model: ModelChoice | None = None  # None: the repository's
    left_out: tuple[str, ...] = ()  # what a prompt file of another tool asks for, and we cannot
    weight: float = 1.0  # against the others, where text that they share is improved; above 0


def parse_eval_file(data: bytes, file: str) -> EvalFile:
    """
    Read an eval file; `file` is its path from the top level of the repository.

    Raises UserError with file, line, column, key and what would be right.

    >>> found = parse_eval_file(b"cases: reply.csv", "prompts/reply.eval.yaml")
    >>> found.cases
    'prompts/reply.csv'
    """
    from promptgit.config.mistakes import checked
    from promptgit.config.redirects import refuse_redirects

    located = parse_yaml(data, file, verbatim=_is_inline_cell)
    if located.data is None:
        return EvalFile(file)
    refuse_redirects(located, free=DATA)
    shape: EvalShape = checked(located, "eval")
    path, delimiter, inline = _cases(shape, located)
    return EvalFile(
        file=file,
        cases=path,
        delimiter=delimiter,
        inline=inline,
        columns=shape.columns or {},
        inputs=tuple(shape.inputs or ()),
        json_inputs=json_inputs(shape.inputs),
        assertions=assertions(shape.assert_ or ()),
        places=tuple(located.at(("assert", index)) for index in range(len(shape.assert_ or ()))),
        must_pass=tuple(shape.must_pass or ()),
        quarantine=tuple(
            Quarantined(one.case, one.owner, one.reason, one.until)
            for one in shape.quarantine or ()
        ),
        check=gate_settings(shape.check) if shape.check else {},
        tags=tuple(shape.tags or ()),
        template=shape.template,
        model=model_choice(shape.model) if shape.model else None,
        weight=1.0 if shape.weight is None else shape.weight,
    )


def assertions(shapes: Sequence[AssertionShape]) -> tuple[Assertion, ...]:
    from promptgit.evaluate.suite import Assertion

    return tuple(
        Assertion(
            type=shape.type,
            value=shape.value,
            threshold=shape.threshold,
            weight=shape.weight,
            metric=shape.metric,
            options=dict(shape.model_extra or {}),
        )
        for shape in shapes
    )


def _cases(shape: EvalShape, located: Located) -> tuple[str, str, tuple[InlineCase, ...]]:
    if shape.cases is None:
        return "", "", ()
    if isinstance(shape.cases, list):
        lines = (located.position(("cases", i)).line for i in range(len(shape.cases)))
        return "", "", tuple(map(InlineCase, lines, shape.cases))
    path = inside(located.file, shape.cases.file)
    if path is None:
        raise UserError(
            f"{located.at(('cases',))}: the cases {shape.cases.file!r} are not in this repository",
            hint="write a path relative to the eval file, with `/`",
        )
    return path, shape.cases.delimiter or "", ()


def _is_inline_cell(path: Path) -> bool:
    return len(path) == 3 and path[0] == "cases"
