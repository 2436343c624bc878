"""`promptgit suite --improve`: the search for a better prompt, model by model, on one budget."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from promptgit.cli import improving
from promptgit.cli.asking import Asked
from promptgit.cli.job import enter, prepare
from promptgit.cli.lineups import Contestant, cap_as_typed, share
from promptgit.cli.live import ImproveView
from promptgit.core.lineup import BestPrompt
from promptgit.core.naming import name_of, stem_of
from promptgit.core.spend import Spend
from promptgit.errors import PromptgitError, UserError, WorldError
from promptgit.evaluate.budget import Cap
from promptgit.improve.improvement import CONFIRMED, Improvement, Plan

FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Search:
    """How a better prompt is looked for, for every model alike."""

    prompt: str  # as typed
    strategy: str | None = None
    rounds: int | None = None
    mentor: str | None = None
    file: str | None = None
    allow_code: bool = False

    def asked(self, typed: str | None, budget: Cap | None = None) -> Asked:
        """What one `promptgit improve` would be asked; `typed` is None for the current model."""
        return Asked(
            prompt=self.prompt,
            strategy=self.strategy,
            rounds=self.rounds,
            budget=(cap_as_typed(budget) or None) if budget else None,
            model=typed,
            mentor=self.mentor,
            file=self.file,
            allow_code=self.allow_code,
        )

    def command(self, contestant: Contestant) -> str:
        """
        The command line that does the same again, and delivers to a branch.

        The same run makes the same calls, so it reads every answer from the cache.
        """
        words = ["promptgit", "improve", self.prompt]
        given = {
            "--model": contestant.typed,
            "--mentor": self.mentor,
            "--strategy": self.strategy,
            "--rounds": self.rounds,
            "--cases": self.file,
        }
        for option, value in given.items():
            words += [option, str(value)] if value is not None else []
        words += ["--allow-code"] if self.allow_code else []
        return shlex.join([*words, "--branch", f"for-{slug(contestant.name)}"])


def plans(search: Search, contestants: Sequence[Contestant]) -> Iterator[Plan]:
    """Find what would make a search fail, before anything is paid; raises as `job.prepare`."""
    for contestant in contestants:
        door = enter(search.asked(contestant.typed))
        for notice in door.notices:
            click.echo(notice, err=True)
        yield prepare(door, dry_run=True).plan


def searches(
    search: Search, contestants: Sequence[Contestant], cap: Cap, spent: Spend, *, quiet: bool
) -> Iterator[tuple[BestPrompt, str, Spend]]:
    """
    Look for a better prompt for one model after the other, and deliver none.

    Yields what was found, its text (empty where nothing was), and what that took.  Each search may
    spend an even part of what is left of the budget; one that fails leaves the others alone.
    """
    for number, contestant in enumerate(contestants):
        left = share(cap, spent, len(contestants) - number)
        found, text, took = _one(search, contestant, left, quiet=quiet)
        spent += took
        yield found, text, took


def _one(
    search: Search, contestant: Contestant, left: Cap, *, quiet: bool
) -> tuple[BestPrompt, str, Spend]:
    try:
        job = prepare(enter(search.asked(contestant.typed, left)))
    except PromptgitError as error:
        return _failed(contestant, "", error), "", Spend()
    view = ImproveView(job.title, lambda: job.budget.spend, quiet=quiet)
    try:
        with view.watching():
            outcome = improving.perform(job, view, deliver=False)
    except PromptgitError as error:
        run = job.run if any(job.journal.events()) else ""
        return _failed(contestant, run, error), "", job.budget.spend
    text = outcome.best.prompt.text if outcome.diff else ""
    return _found(search, contestant, outcome), text, job.budget.spend


def _found(search: Search, contestant: Contestant, outcome: Improvement) -> BestPrompt:
    verdict = outcome.verdict
    asked = verdict if verdict is not None and verdict.n else None
    command = f"promptgit runs show {outcome.run}"
    if outcome.state == CONFIRMED:
        command = search.command(contestant)
    elif outcome.ref:
        command = f"git diff HEAD {outcome.ref} -- {shlex.quote(outcome.path)}"
    return BestPrompt(
        name=contestant.name,
        state=outcome.state,
        sentence=outcome.sentence,
        run=outcome.run,
        blob=outcome.best.prompt.blob if outcome.diff else "",
        ref=outcome.ref,
        sealed=outcome.sealed_means,
        effect=asked.effect if asked else None,
        low=asked.low if asked else None,
        high=asked.high if asked else None,
        n=asked.n if asked else 0,
        command=command,
    )


def _failed(contestant: Contestant, run: str, error: PromptgitError) -> BestPrompt:
    resume = f"promptgit improve --resume {run}" if run else ""
    return BestPrompt(contestant.name, FAILED, error.message, run, command=resume)


def refuse_folder(folder: str) -> None:
    """Raise UserError where no folder can be, before anything is paid."""
    if Path(folder).exists() and not Path(folder).is_dir():
        raise UserError(f"{folder} is no folder", hint="name another one with --write")


def write(folder: str, path: str, found: BestPrompt, text: str) -> BestPrompt:
    """Write a text where `--write` says; its name tells whether the sealed cases confirmed it."""
    sign = "" if found.confirmed else ".not-confirmed"
    suffix = path.removeprefix(stem_of(path))
    file = Path(folder) / f"{name_of(path)}.{slug(found.name)}{sign}{suffix}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise WorldError(f"{file} cannot be written: {error.strerror}") from error
    return replace(found, file=file.as_posix())


def slug(name: str) -> str:
    """
    Turn a model's name into a part of a file's or a branch's name.

    >>> slug("ollama/llama3.2:1b temperature=0")
    'ollama-llama3.2-1b-temperature-0'
    """
    return (
        re.sub(r"[^A-Za-z0-9]*[^A-Za-z0-9.]+[^A-Za-z0-9]*|\.\.+", "-", name).strip("-.") or "model"
    )
