"""Worked examples in the prompt: a few cases with their expected answers, between markers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptgit.core.dataset import Case
from promptgit.core.prompt import Prompt, TemplateKind
from promptgit.improve import planted
from promptgit.improve.first_message import edited

START = "<!-- promptgit: exemplars -->"
END = "<!-- promptgit: end of exemplars -->"

_BLOCK = re.compile(rf"\n*{re.escape(START)}\n.*?{re.escape(END)}\n?", re.DOTALL)
_OPENS_END = re.compile(r"\{%(?=[-+]?\s*endraw\b)")
_COMMENT = re.compile(
    r"\bpromptgit\s*:", re.IGNORECASE
)  # of ours: it ends the block, or protects it


def is_fit(case: Case, prompt: Prompt) -> bool:
    """
    Say whether a case may stand in a prompt's file: it has an answer, and brings nothing planted.

    The guard is not asked of worked examples, for they copy cases on purpose.  But whoever writes
    to the log that cases are drawn from does not write a link, a secret or an order into a prompt.
    """
    if not case.expected:
        return False
    shown, known = _shown(case), "\n".join([prompt.text, *prompt.includes.values()])
    rules = (
        planted.hidden_characters,
        planted.conflict_markers,
        planted.secrets,
        planted.contacts,
        planted.overrides,
        planted.marks,
    )
    return not _COMMENT.search(shown) and not any(any(rule(known, shown)) for rule in rules)


def shown_in(prompt: Prompt, cases: Sequence[Case]) -> str | None:
    """
    Return the text of a prompt's file with the cases shown in its first message.

    None where the file cannot hold them, as a pipeline cannot, or its template would read a case
    as code.
    """
    return edited(prompt, lambda text, kind: with_exemplars(text, cases, kind))


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
        opened = _OPENS_END.sub('{% endraw %}{{ "{%" }}{% raw %}', shown)
        shown = "{% raw %}" + opened + "{% endraw %}"
    return f"{bare}\n\n{START}\nExamples:\n\n{shown}\n{END}\n"


def _shown(case: Case) -> str:
    inputs = list(case.inputs.values())
    if len(inputs) > 1:
        inputs = [f"{name}: {value}" for name, value in case.inputs.items()]
    asked = "\n".join(value.strip() for value in inputs)
    return f"Input: {asked}\nAnswer: {(case.expected or '').strip()}"
