"""
Which column of a case file plays which part.

A name is compared without case and outer blanks.  One column may be the expected answer; id,
tags, weight, group and from_log have their own names; all others are inputs and keep the name
that the file gives them.  When two columns could be the expected answer we ask, and never guess:
the other one would be shown to the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promptgit.errors import UserError

EXPECTED = (
    "expected",
    "__expected",
    "expected_output",
    "response",
    "answer",
    "output",
    "label",
    "target",
    "ideal",
    "reference",
    "gold",
    "ground_truth",
)
INPUT = (
    "input",
    "comment",
    "question",
    "text",
    "query",
    "message",
    "email",
    "ticket",
    "prompt",
    "sentence",
    "review",
)
OTHERS = {
    "id": ("id", "case_id"),
    "tags": ("tags", "tag"),
    "weight": ("weight",),
    "group": ("group",),
    "from_log": ("from_log",),  # the log line that the case was drafted from
}
PARTS = ("expected", *OTHERS)  # what is not an input


@dataclass(frozen=True, slots=True)
class Columns:
    """What an eval file says about the columns of its cases."""

    mapping: Mapping[str, str] = field(default_factory=dict)  # our name → column, `a.b` for nested
    inputs: tuple[str, ...] = ()  # the ones a model may see, by our name; empty: all inputs
    json_inputs: tuple[str, ...] = ()  # those of them that a template reads as JSON


@dataclass(frozen=True, slots=True)
class Roles:
    """The part that each column of one file plays."""

    parts: Mapping[str, str]  # expected, id, tags, weight, group → column as the file has it
    inputs: Mapping[str, str]  # name in the case → column; shown to the model
    reference: Mapping[str, str]  # name in the case → column; for scorers only

    @property
    def main_input(self) -> str:
        """The input that no case can do without; empty when no single one stands out."""
        if len(self.inputs) == 1:
            return next(iter(self.inputs))
        named = [name for name in self.inputs if folded(name) in INPUT]
        return named[0] if len(named) == 1 else ""


def folded(name: str) -> str:
    """
    Return a column name as it is compared.

    >>> folded(" Expected Output")
    'expected_output'
    """
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def roles(header: Sequence[str], columns: Columns, where: str) -> Roles:
    """
    Decide what each column of `header` is; raise UserError when that is not clear.

    >>> found = roles(["comment", "response", "order_id"], Columns(), "cases.csv:1")
    >>> found.parts, sorted(found.inputs)
    ({'expected': 'response'}, ['comment', 'order_id'])
    """
    parts = {ours: theirs for ours, theirs in columns.mapping.items() if ours in PARTS}
    renamed = {theirs: ours for ours, theirs in columns.mapping.items() if ours not in PARTS}
    for theirs in columns.mapping.values():
        if theirs not in header and theirs.split(".")[0] not in header:
            raise UserError(
                f"{where}: there is no column {theirs!r} (columns: {', '.join(header)})",
                hint="correct `columns:` in the eval file",
            )
    free = [name for name in header if name not in parts.values()]
    answers = [name for name in free if folded(name) in EXPECTED and name not in renamed]
    if "expected" not in parts and answers:
        parts["expected"] = _only(answers, where)
        answers = []
    for part, names in OTHERS.items():
        found = [name for name in free if folded(name) in names and name not in renamed]
        if part not in parts and found:
            parts[part] = found[0]

    inputs: dict[str, str] = dict(zip(renamed.values(), renamed, strict=True))
    reference: dict[str, str] = {}
    nested = {theirs.split(".")[0] for theirs in columns.mapping.values() if theirs not in header}
    for name in free:
        if name in renamed or name in parts.values() or name in nested:
            continue
        hidden = name in answers or name.strip().startswith("__")
        (reference if hidden else inputs)[name.strip()] = name
    if columns.inputs:
        inputs, reference = _narrowed(columns.inputs, inputs, reference, parts, where)
    if not inputs:
        raise UserError(
            f"{where}: no column is an input (columns: {', '.join(header) or 'none'})",
            hint="add a column `input`, or name one: `columns: {input: NAME}` in the eval file",
        )
    return Roles(parts, inputs, reference)


def _only(answers: Sequence[str], where: str) -> str:
    if len(answers) > 1:
        raise UserError(
            f"{where}: {' and '.join(repr(name) for name in answers)} could each be the "
            "expected answer",
            hint=f"say which in the eval file: `columns: {{expected: {answers[0]}}}`; "
            "the others are then for scorers only",
        )
    return answers[0]


def _narrowed(
    wanted: Sequence[str],
    inputs: Mapping[str, str],
    reference: Mapping[str, str],
    parts: Mapping[str, str],
    where: str,
) -> tuple[dict[str, str], dict[str, str]]:
    """Keep the wanted columns as inputs; scorers may see the others."""
    known = {**inputs, **reference}
    for name in wanted:
        if name in known:
            continue
        if name in parts or name in parts.values():
            raise UserError(
                f"{where}: {name!r} is not an input, so the model may not see it",
                hint="take it out of `inputs:` in the eval file",
            )
        raise UserError(
            f"{where}: there is no input {name!r} (inputs: {', '.join(known)})",
            hint="correct `inputs:` in the eval file",
        )
    kept = {name: known[name] for name in wanted}
    return kept, {name: column for name, column in known.items() if name not in kept}
