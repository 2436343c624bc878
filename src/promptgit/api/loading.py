"""`promptgit.load`: the text of a prompt as some revision has it, ready to be sent."""

from __future__ import annotations

from promptgit.api.footing import Place, repository_at
from promptgit.api.values import Prompt, shown_as


def load(name: str, *, ref: str | None = None, repo: Place | None = None) -> Prompt:
    """
    Read a prompt with what it includes.

    name: its name or its path.  ref: a tag, a branch or a commit; else its file as Git would store
    it now.  repo: a folder in the repository; else where the process stands.  Raises UserError
    when there is no such prompt or revision.
    """
    repository = repository_at(repo)
    return shown_as(Prompt, repository.prompt(repository.prompt_path(name), ref))
