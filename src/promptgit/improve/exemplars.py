"""Worked examples in the prompt: a few cases with their expected answers, between markers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptgit.core.dataset import Case
from promptgit.core.prompt import TemplateKind

START = "<!-- promptgit: exemplars -->"
END = "<!-- promptgit: end of exemplars -->"

_BLOCK = re.compile(rf"\n*{re.escape(START)}\n.*?{re.escape(END)}\n?", re.DOTALL)


def with_exemplars(text: str, cases: Sequence[Case], template: TemplateKind = "jinja") -> str:
    """
    Put the cases at the end of a prompt, in place of those that were there before.

    Braces in a case are text, and stay text in a template.

    >>> print(with_exemplars("Sort.", [Case("a", {"message": "A pear"}, "fruit")]))
    Sort.
    <BLANKLINE>
    <!-- promptgit: exemplars -->
    Examples:
    <BLANKLINE>
    Input: A pear
    Answer: fruit
    <!-- promptgit: end of exemplars -->
    <BLANKLINE>
    """
    bare = _BLOCK.sub("\n", text).rstrip("\n")
    if not cases:
        return bare + "\n"
    shown = "\n\n".join(_shown(case) for case in cases)
    if template == "jinja" and re.search(r"\{[{%#]", shown):
        shown = "{% raw %}" + shown.replace("{% endraw %}", "") + "{% endraw %}"
    return f"{bare}\n\n{START}\nExamples:\n\n{shown}\n{END}\n"


def _shown(case: Case) -> str:
    inputs = list(case.inputs.values())
    if len(inputs) > 1:
        inputs = [f"{name}: {value}" for name, value in case.inputs.items()]
    asked = "\n".join(value.strip() for value in inputs)
    return f"Input: {asked}\nAnswer: {(case.expected or '').strip()}"
