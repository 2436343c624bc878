"""A prompt with its cases, checks and results, as other tools are given them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.core import forms
from promptgit.core.dataset import Dataset
from promptgit.core.forms import holes as other_holes
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError
from promptgit.evaluate.suite import Assertion
from promptgit.history.finding import Finding, entry

Chat = tuple[tuple[str, str], ...]  # role, template

_INCLUDE = re.compile(r"\{%-?\s*include\s+(?:\"([^\"]+)\"|'([^']+)')[^%]*%\}")
_MARKS = ("{{", "{%", "{#")


@dataclass(frozen=True)
class Exported:
    """What is handed over, and the commit and blob that it is of."""

    path: str  # of the prompt, from the top level
    prompt: Prompt
    cases: Dataset | None = None  # None: the prompt has none
    assertions: tuple[Assertion, ...] = ()
    model: str = ""  # as our config names it
    options: Mapping[str, Any] = field(default_factory=dict)  # temperature, …
    commit: str = ""  # the last one that wrote this text; empty: it is not committed
    subject: str = ""  # of that commit
    finding: Finding | None = None  # what the records say of this text, if anything

    @property
    def results(self) -> Sequence[Mapping[str, Any]]:
        """The results of the evaluation that the records hold, one a case and repeat."""
        found = self.finding.record.body.get("results") if self.finding else None
        return [row for row in found or () if isinstance(row, Mapping)]

    @property
    def evidence(self) -> dict[str, str]:
        """Commit, blob, record and the model that answered: every result carries them."""
        found = {"promptgit_path": self.path, "promptgit_blob": self.prompt.blob}
        if self.commit:
            found["promptgit_commit"] = self.commit
        if self.finding:
            found["promptgit_record"] = f"sha256:{self.finding.digest}"
            model = entry(self.finding.record.body, "model")
            found["promptgit_model"] = "/".join(str(model.get(k)) for k in ("provider", "model"))
        return found

    @property
    def chat(self) -> Chat:
        """
        The messages as templates with `{{ holes }}`, the left-over inputs of a case among them.

        Raises UserError for what has no messages of its own.
        """
        if self.prompt.form == "pipeline":
            raise UserError(f"{self.path} is a pipeline, and other tools know prompts only")
        written = list(_messages(self.prompt))
        inputs = list(dict.fromkeys(n for case in self.cases or () for n in case.inputs))
        asked = self.prompt.holes
        asks = any(role == "user" and "{{" in text for role, text in written)
        rest = [name for name in inputs if name not in asked]
        if rest and not (self.prompt.is_formed and asks):
            written.append(("user", left_over(rest)))
        return tuple(written)


def left_over(names: Sequence[str]) -> str:
    """
    Write the user message that promptgit makes of inputs which no hole uses, as a template.

    >>> left_over(["question"]), left_over(["a", "b"])
    ('{{ question }}', 'a: {{ a }}\\nb: {{ b }}')
    """
    if len(names) == 1:
        return f"{{{{ {names[0]} }}}}"
    return "\n".join(f"{name}: {{{{ {name} }}}}" for name in names)


def literal(text: str) -> str:
    """
    Guard a text of a case against being taken for a template, or for the name of a file.

    >>> literal("plain"), literal("{{ x }}")
    ('plain', '{% raw %}{{ x }}{% endraw %}')
    """
    if any(mark in text for mark in _MARKS) or text.startswith("file://"):
        return f"{{% raw %}}{text}{{% endraw %}}"
    return text


def is_simple(text: str) -> bool:
    """Say whether a template has nothing but `{{ holes }}`: what most registries can fill."""
    inner = re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL)
    plain = all(re.fullmatch(r"\s*[A-Za-z_]\w*\s*", one) for one in inner)
    return plain and "{%" not in text and "{#" not in text


def _messages(prompt: Prompt) -> list[tuple[str, str]]:
    if not prompt.is_formed:
        text = literal(prompt.text) if prompt.template == "none" else _with_includes(prompt)
        return [("system", text.strip("\n"))] if text.strip() else []
    reading = forms.read(prompt.form, prompt.text)
    found = []
    for part in reading.parts:
        text = part.text
        if reading.syntax != "jinja":
            asked = other_holes.named(reading.syntax, text)
            marked = {name: f"{{{{ {name} }}}}" for name in asked}
            text = other_holes.filled(reading.syntax, text, marked)
        found.append((str(part.role), text.strip("\n")))
    return found


def _with_includes(prompt: Prompt) -> str:
    """Put the text of included files in their places; other tools include nothing."""
    text = prompt.text
    for _ in range(20):
        if not _INCLUDE.search(text):
            break
        text = _INCLUDE.sub(lambda found: prompt.includes.get(found[1] or found[2], ""), text)
    return text
