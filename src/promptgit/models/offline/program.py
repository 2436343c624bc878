"""The offline model itself: which of its trades a request asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptgit.core.ports import Answer, ModelIdentity, Request, Usage
from promptgit.errors import UserError
from promptgit.models.offline.judging import graded
from promptgit.models.offline.labelling import labelled
from promptgit.models.offline.mentor import advise
from promptgit.models.offline.reading import read
from promptgit.models.offline.replying import reply

NOTE = "offline (a text program, not a language model)"
RULES = "rules-1"

_INPUT = re.compile(
    r"^[#>*\s]*(?:input|question|message|ticket|comment|text|customer|e-?mail)s?\**:\**[ \t]*",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Offline:
    """A Model that needs no network: the same words always get the same answer, for nothing."""

    note: str = NOTE  # to be shown wherever the name is

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(provider="offline", model=RULES)

    def complete(self, request: Request) -> Answer:
        text = _answer(request)
        asked = sum(len(message.text.split()) for message in request.messages)
        usage = Usage(input_tokens=asked, output_tokens=len(text.split()))
        return Answer(text, usage, cost_usd=0.0, model=RULES)


def factory(
    name: str,
    *,
    options: Mapping[str, Any],  # noqa: ARG001  (a port; temperature and the like mean nothing here)
    endpoint: object = None,  # noqa: ARG001
) -> Offline:
    """Make the offline model.  `name` is empty, `offline` or `rules-1`, as typed or alone."""
    if name.removeprefix("offline/") not in ("", "offline", RULES):
        raise UserError(
            f"there is no offline model called {name!r}", hint=f"write `offline`, it means {RULES}"
        )
    return Offline()


def _answer(request: Request) -> str:
    prompt = "\n".join(m.text for m in request.messages if m.role == "system")
    text = "\n".join(m.text for m in request.messages if m.role == "user")
    if not (prompt and text) and (advice := advise(prompt or text)) is not None:
        return advice
    if (grade := graded(prompt, text)) is not None:
        return grade
    if not text:
        prompt, text = _parted(prompt)
    reading = read(prompt)
    if reading.fields:
        return labelled(reading.fields, text, as_json=reading.as_json, fenced=reading.fenced)
    return reply(reading.manners, text)


def _parted(prompt: str) -> tuple[str, str]:
    """Part a prompt that holds its input: after the last `Message:` or so, or a blank line."""
    marks = list(_INPUT.finditer(prompt))
    if marks:
        return prompt[: marks[-1].start()], prompt[marks[-1].end() :]
    head, _, tail = prompt.rstrip().rpartition("\n\n")
    return head, tail
