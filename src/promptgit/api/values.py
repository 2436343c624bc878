"""
The values that the library returns: those of `core`, which also show themselves.

The drawing is in `report/notebook.py` and is imported when a notebook asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from promptgit.core import candidate, evaluation, gate, verdict
from promptgit.core import prompt as prompts
from promptgit.core.dataset import Dataset, JsonText
from promptgit.core.verdict import Outcome
from promptgit.improve import improvement

Found = TypeVar("Found")


def _as_input(value: Any) -> str:
    """
    Make an input of what a program has: a list or a mapping is one to a template, else JSON.

    >>> _as_input(7), _as_input(["a"]), _as_input("[]")
    ('7', '["a"]', '[]')
    """
    if isinstance(value, str):  # what is read as JSON stays so
        return value
    if isinstance(value, list | tuple | Mapping):
        return JsonText(json.dumps(value, ensure_ascii=False))
    return str(value)


def shown_as(kind: type[Found], value: Any) -> Found:
    """Make a `kind` of a value of the class that it is derived from."""
    if isinstance(value, kind):
        return value
    return kind(**{field.name: getattr(value, field.name) for field in fields(value)})


class Prompt(prompts.Prompt):
    """
    A prompt as a repository holds it at some revision, or of a text alone (`Prompt.of`).

    >>> Prompt.of("Answer for {{ shop }}.").messages(shop="Acme", question="Open?")
    [{'role': 'system', 'content': 'Answer for Acme.'}, {'role': 'user', 'content': 'Open?'}]
    """

    __slots__ = ()

    def render(
        self, inputs: Mapping[str, Any] | None = None, /, **named: Any
    ) -> tuple[prompts.Message, ...]:
        """
        Fill the holes; whatever no hole uses becomes the user message.

        Inputs are given as a mapping, by name, or both; a template may loop over a list or a
        mapping.  Raises UserError for a hole without an input.
        """
        given = {**(inputs or {}), **named}
        return super().render({name: _as_input(value) for name, value in given.items()})

    def messages(
        self, inputs: Mapping[str, Any] | None = None, /, **named: Any
    ) -> list[dict[str, str]]:
        """The same as the `messages=` that chat clients take."""
        rendered = self.render(inputs, **named)
        return [{"role": message.role, "content": message.text} for message in rendered]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        holes = f", holes: {', '.join(sorted(self.holes))}" if self.holes else ""
        return f"<Prompt {self.name} {self.blob[:10]}, {len(self.text)} characters{holes}>"


class Evaluation(evaluation.Evaluation):
    """An evaluation that a notebook shows with its intervals and its worst misses."""

    def on(self, cases: Dataset) -> Evaluation:
        """The part of this evaluation that concerns `cases`."""
        return shown_as(Evaluation, super().on(cases))

    def __repr__(self) -> str:
        scored = f"{len(self.scores)} of {len(self.cases)} cases"
        return f"<Evaluation of {self.prompt.name}: {self.mean:.3f} on {scored}, {self.model}>"

    def _repr_html_(self) -> str:
        from promptgit.report import notebook

        return notebook.evaluation(self)


class Verdict(verdict.Verdict):
    """A verdict that a notebook shows with its interval and what flipped; truthy if it passed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return (
            f"<Verdict {self.outcome.value}: {self.effect:+.3f} "
            f"({self.low:+.3f} to {self.high:+.3f}) on {self.n} of {self.of} cases>"
        )

    def _repr_html_(self) -> str:
        from promptgit.report import notebook

        return notebook.verdict(self)


class Report(gate.Report):
    """What the gate found about a change; truthy exactly when it may land."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return self.outcome is Outcome.PASS and not any(one.faults for one in self.prompts)

    def __repr__(self) -> str:
        return f"<Report {self.outcome.value}: {len(self.prompts)} prompts, base {self.base[:10]}>"

    def _repr_html_(self) -> str:
        from promptgit.report import notebook

        return notebook.gate(self)


class Candidate(candidate.Candidate):
    """A proposed prompt that a notebook shows as the patch that made it, with its score."""

    __slots__ = ()

    def __repr__(self) -> str:
        mean, born = self.evaluation.mean, "patched" if self.patch else "seed"
        return f"<Candidate {self.prompt.blob[:10]}, {born}: {mean:.3f} on the search cases>"

    def _repr_html_(self) -> str:
        from promptgit.report import notebook

        return notebook.candidate(self)


class Improvement(improvement.Improvement):
    """How a run ended; a notebook shows its sentence, the verdict and the change of the text."""

    @property
    def prompt(self) -> prompts.Prompt:
        """The best prompt that was found: the one from before where none was better."""
        return self.best.prompt

    @property
    def confirmed(self) -> bool:
        """Whether the sealed cases proved that the best prompt is better than the first."""
        return self.state == improvement.CONFIRMED

    def __repr__(self) -> str:
        return f"<Improvement {self.run} of {self.path}: {self.sentence}>"

    def _repr_html_(self) -> str:
        from promptgit.report import notebook

        return notebook.improvement(self)
