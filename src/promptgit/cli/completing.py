"""What a shell may offer for a word that is half typed.  A mistake here offers nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from promptgit.core.naming import name_of
from promptgit.errors import PromptgitError

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _offering(known: Callable[[click.Context], Iterable[str]]) -> Complete:
    def complete(ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        try:
            return [word for word in known(ctx) if word.startswith(begun)]
        except (PromptgitError, OSError):
            return []

    return complete


def _repository(ctx: click.Context) -> Repository:
    """Find the repository; `-C DIR` was read by click, and not acted on."""
    from promptgit.cli.wiring import Repository

    directory = ctx.find_root().params.get("directory")
    if directory:
        os.chdir(directory)
    return Repository.open()


def _prompts(ctx: click.Context) -> list[str]:
    """The names of prompts where they are unique, and the paths of all."""
    paths = _repository(ctx).prompts
    stems = [name_of(path) for path in paths]
    return [*(stem for stem in stems if stems.count(stem) == 1), *paths]


def _paths(ctx: click.Context) -> list[str]:
    """The paths of prompts from where the user stands."""
    found = _repository(ctx)
    here = found.git.prefix or "."
    return [os.path.relpath(path, here).replace(os.sep, "/") for path in found.prompts]


def _runs(ctx: click.Context) -> tuple[str, ...]:
    from promptgit.edges.runs import run_ids

    return ("latest", *run_ids(_repository(ctx).git))


def _strategies(_ctx: click.Context) -> tuple[str, ...]:
    from promptgit import plugins

    return plugins.names("strategies")


def _models(_ctx: click.Context) -> list[str]:
    from promptgit.models.endpoints import KNOWN

    return ["offline", *(f"{provider}/" for provider in sorted(KNOWN))]


def _revisions(ctx: click.Context) -> list[str]:
    """HEAD, branches, tags, and the branches of remotes."""
    format_ = "--format=%(refname:short)"
    listed = _repository(ctx).git.text(
        "for-each-ref", format_, "refs/heads", "refs/tags", "refs/remotes"
    )
    return ["HEAD", *filter(None, listed.split("\n"))]


def _range_ends(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Revisions, and behind the dots of `main..` the one to compare with."""
    left, dots, right = begun.rpartition("..")
    return [f"{left}{dots}{found}" for found in revisions(ctx, parameter, right)]


def _cases(ctx: click.Context) -> Iterator[str]:
    """The ids of cases: of the prompt that was read already, or of all."""
    repository = _repository(ctx)
    named = ctx.params.get("prompt")  # click reads nothing in front of an option without its value
    for path in [repository.prompt_path(named)] if named else repository.prompts:
        try:
            cases = repository.cases(path, repository.eval_file(path))
        except PromptgitError:
            continue
        yield from (case.id for case in cases)


def _rules(_ctx: click.Context) -> list[str]:
    from promptgit.lint.rules import RULES

    return [rule.name for rule in RULES]


def _commands(ctx: click.Context) -> list[str]:
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    return root.command.list_commands(root)


prompt_names = _offering(_prompts)
prompt_paths = _offering(_paths)
run_names = _offering(_runs)
strategy_names = _offering(_strategies)
model_names = _offering(_models)
revisions = _offering(_revisions)
range_ends: Complete = _range_ends
case_ids = _offering(_cases)
rule_names = _offering(_rules)
command_names = _offering(_commands)
