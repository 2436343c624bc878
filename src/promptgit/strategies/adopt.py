"""
Adopt: try texts that somebody found good elsewhere, one after another, and keep what helps here.

What helped another team's prompt may do nothing for this one, or harm it.  So a text from
elsewhere gets no credit for where it comes from: it goes through the guard, a race on the search
cases and the sealed half like any proposal.  No mentor is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from promptgit.core.candidate import Candidate
from promptgit.core.patch import derive
from promptgit.core.prompt import Prompt, TemplateKind
from promptgit.improve.first_message import edited
from promptgit.improve.ground import Ground
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.sieve import Sieve

NOTHING: Mapping[str, str] = MappingProxyType({})


def adopt(
    seed: Prompt,
    lab: Lab,
    *,
    texts: Mapping[str, str] = NOTHING,
    first_look: int = 40,
    miss_threshold: float = 0.95,
    min_improvement: float = 0.0,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt with one more of the texts that won its race.

    texts: by name, in the order in which they are tried; each becomes a paragraph at the end of
    the first message.  first_look: cases to look at before the first race.  miss_threshold: a
    score (0 to 1) below which a case is a miss.  min_improvement: gain in the mean that each race
    must show, in score points (0 to 1).
    """
    ground = Ground(lab, seed)
    ground.look(first_look)
    first = Candidate(seed, lab.so_far(seed))
    sieve = Sieve(lab, ground, first, miss_threshold, min_improvement)
    yield sieve.best
    if not texts:
        lab.skip(sieve.best, "there is no text to adopt: name some in the option `texts`")
    for name, text in texts.items():
        lab.round += 1
        draft = drafted(sieve.best.prompt, lab, name, text)
        child = sieve.raced(draft) if lab.vetted(sieve.best, draft) else None
        if child is not None:
            yield child


def drafted(prompt: Prompt, lab: Lab, name: str, text: str) -> Draft:
    """Put a text at the end of the prompt's first message, as a patch."""
    why = f"Adopt {name.replace('-', ' ')}: {text.strip()}"
    after = edited(prompt, lambda first, kind: with_paragraph(first, text, kind))
    if after is None:
        return Draft("", (why,), (), refusal="the file cannot hold this text")
    return Draft("", (why,), (), derive(lab.mentor.path, prompt.text, after))


def with_paragraph(first: str, text: str, template: TemplateKind) -> str:
    """
    Put a text at the end of a message; its braces are text, and stay text in a template.

    >>> with_paragraph("Sort.\\n", "Name one fruit.", "jinja")
    'Sort.\\n\\nName one fruit.\\n'
    """
    shown = text.strip()
    if template == "jinja" and any(mark in shown for mark in ("{{", "{%", "{#")):
        shown = "{% raw %}" + shown.replace("endraw", "end raw") + "{% endraw %}"
    return f"{first.rstrip()}\n\n{shown}\n"
