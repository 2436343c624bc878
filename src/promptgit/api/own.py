"""What callers bring of their own instead of files and names: cases, scorers, a model."""

from __future__ import annotations

import hashlib
import inspect
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptgit.core.dataset import Case, Dataset, checked_unique
from promptgit.core.evaluation import Metric, Score
from promptgit.core.ports import Answer, Model, ModelIdentity, Request, canonical
from promptgit.errors import CallFailed, UserError
from promptgit.evaluate.suite import Assertion, Suite

OwnScorer = Callable[..., "float | bool | Score"]
OwnModel = Callable[[list[dict[str, str]]], "str | Answer"]

Cases = Dataset | str | os.PathLike[str] | Iterable[Case | Mapping[str, Any]]
ScorerLike = str | Mapping[str, Any] | OwnScorer
Scorers = ScorerLike | Sequence[ScorerLike]
ModelLike = str | Model | OwnModel


def dataset(
    cases: Cases,
    columns: Mapping[str, str],
    inputs: tuple[str, ...],
    json_inputs: tuple[str, ...] = (),
) -> Dataset:
    """
    Make a Dataset of a file, of rows or of Cases.

    What the eval file says: `columns`, `inputs`, `json_inputs`.  Raises UserError naming the row.
    """
    from promptgit.edges import cases as files
    from promptgit.edges.columns import Columns
    from promptgit.edges.rows import Row

    if isinstance(cases, Dataset):
        return cases
    roles = Columns(columns, inputs, json_inputs)
    if isinstance(cases, str | os.PathLike):
        return files.read(Path(cases), columns=roles)
    rows = list(cases) if isinstance(cases, Iterable) else [cases]
    whole = [(number, row) for number, row in enumerate(rows, 1) if isinstance(row, Case)]
    if rows and len(whole) == len(rows):
        return Dataset(checked_unique(whole, "cases"))
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise UserError(
                f"cases, row {number}: {row!r} is no case",
                hint='write {"input": "…", "expected": "…"}, or Cases only',
            )
    found = (Row(number, row) for number, row in enumerate(rows, 1) if isinstance(row, Mapping))
    return files.from_rows(found, "cases", columns=roles)


def listed(scorers: Scorers) -> list[ScorerLike]:
    """One scorer is a list of one."""
    if isinstance(scorers, Sequence) and not isinstance(scorers, str):
        return list(scorers)
    return [scorers]


def assertion(written: str | Mapping[str, Any]) -> Assertion:
    """
    Read a scorer as an eval file would have it; `bind` checks the options.

    >>> assertion({"type": "contains", "value": "order"}).value
    'order'
    """
    facts: dict[str, Any] = {"type": written} if isinstance(written, str) else dict(written)
    kind = facts.pop("type", None)
    if not isinstance(kind, str):
        raise UserError(
            f"a scorer says its type, and {written!r} says none",
            hint='write {"type": "contains", "value": "…"}',
        )
    return Assertion(
        type=kind,
        value=facts.pop("value", None),
        threshold=facts.pop("threshold", None),
        weight=facts.pop("weight", 1.0),
        metric=str(facts.pop("metric", "")),
        options=facts,
    )


def with_functions(suite: Suite | None, functions: Sequence[OwnScorer]) -> Suite:
    """Add functions to a suite; each is a metric that is called as the function is."""
    metrics = list(suite.metrics) if suite else []
    scored: dict[str, tuple[OwnScorer, bool]] = {}
    for function in functions:
        name = _free(_name(function, "scorer"), {metric.name for metric in metrics})
        metrics.append(Metric(name))
        scored[name] = (function, "answer" in inspect.signature(function).parameters)

    def score(case: Case, answer: Answer) -> Mapping[str, Score]:
        found = dict(suite.score(case, answer)) if suite else {}
        for name, (function, wants_answer) in scored.items():
            more = {"answer": answer} if wants_answer else {}
            found[name] = _as_score(function(case, answer.text, **more), name)
        return found

    content = [suite.digest if suite else "", *scored]
    digest = hashlib.sha256(canonical(content)).hexdigest()
    return Suite(tuple(metrics), score, digest)


def _as_score(value: object, name: str) -> Score:
    if isinstance(value, Score):
        return value
    if isinstance(value, int | float):
        return Score(float(value), "" if value >= 1 else f"{name} gave {float(value):g}")
    raise UserError(
        f"the scorer {name} returned {value!r}, which is no score",
        hint="return True or False, a number from 0 to 1, or a promptgit.Score",
    )


def _name(function: Callable[..., Any], otherwise: str) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return otherwise if name == "<lambda>" else name


def _free(name: str, taken: set[str]) -> str:
    """
    >>> _free("polite", {"polite", "polite-2"})
    'polite-3'
    """
    candidates = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def own_model(model: Model | OwnModel) -> Model:
    """Take a Model as it is, and a function as one that is given messages."""
    if hasattr(model, "identity") and hasattr(model, "complete"):
        return model
    if callable(model):
        return _Function(model, ModelIdentity("function", _name(model, "model")))
    raise UserError(
        f"{model!r} is no model",
        hint="give a name such as 'gpt-5-mini', a function of messages, or a promptgit.Model",
    )


@dataclass(frozen=True)
class _Function:
    """A function as a model: messages in, as chat clients take them; text out."""

    function: OwnModel
    identity: ModelIdentity

    def complete(self, request: Request) -> Answer:
        """Answer; a network that is in the way fails the call, other errors are the caller's."""
        messages = [{"role": said.role, "content": said.text} for said in request.messages]
        started = time.monotonic()
        try:
            found: object = self.function(messages)
        except OSError as error:
            raise CallFailed(f"{self.identity.model}: {error}", kind="connection") from error
        if isinstance(found, Answer):
            return found
        if not isinstance(found, str):
            raise UserError(
                f"the model {self.identity.model} returned {found!r}, not a text",
                hint="return the text of the answer, or a promptgit.Answer",
            )
        latency_s = time.monotonic() - started
        return Answer(found, cost_usd=0.0, latency_s=latency_s, model=self.identity.model)
