"""A run that was begun earlier: what its journal holds, and whether it may go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from promptgit.core import trailers
from promptgit.core.journal import Event, last, paid_answers
from promptgit.core.naming import name_of
from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.edges.run_refs import run_ref, run_tip
from promptgit.edges.runs import RunJournal, run_ids
from promptgit.errors import BudgetSpent, PromptgitError, UserError
from promptgit.improve.improvement import INVALID

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository

SHOWN = 5  # runs, of all there are
SAID: Mapping[str, str] = {
    "base": "prompt",
    "prompt": "prompt (or a file that it includes)",
    "cases": "cases",
    "suite": "assertions",
    "model": "model",
    "model_digest": "model's endpoint",
    "mentor": "mentor",
    "mentor_digest": "mentor's endpoint",
    "settings": "settings in promptgit.yaml",
    "metaprompts": "meta-prompts (they come with promptgit: is it another version?)",
    "seed": "seed",
    "dependents": "prompts that use the text, or their cases or rules,",
}


@dataclass(frozen=True)
class Earlier:
    """The journal of a run, when it is resumed."""

    journal: RunJournal
    events: tuple[Event, ...]

    @property
    def run(self) -> str:
        return self.journal.run

    @property
    def start(self) -> Event:
        """The first event: what the run started from."""
        return next(event for event in self.events if event["kind"] == "start")

    @property
    def asked(self) -> Mapping[str, Any]:
        """What was asked, as of the last time: a raised budget stays raised."""
        latest = last(self.events, "start")
        assert latest is not None
        found: Mapping[str, Any] = latest["asked"]
        return found

    @property
    def sentence(self) -> str:
        """Say what is gone on with."""
        paid = sum(1 for _ in paid_answers(self.events))
        began = self.start["started"]
        return f"going on with run {self.run}, begun {began}: {paid} answers are paid for"

    def check(self, inputs: Mapping[str, Any]) -> None:
        """Raise UserError when what the run depended on is not what is here now."""
        was = self.start["inputs"]
        for name in (*SAID, *was):
            if inputs.get(name) != was.get(name):
                again = f"promptgit improve {self.start['path']}"
                raise UserError(
                    f"run {self.run} cannot go on: its {SAID.get(name, name)} changed since",
                    hint=f"put it back, or start anew with `{again}`: answers that still "
                    "count come from the cache",
                )

    def check_branch(self, ref: str, *, named: bool) -> None:
        """Raise UserError when another branch is checked out than the run was to improve."""
        meant = str(self.start.get("ref", ref))
        if not named and ref != meant:
            here, there = (name.removeprefix("refs/heads/") for name in (ref, meant))
            raise UserError(
                f"run {self.run} improves the branch {there}, and {here} is checked out",
                hint=f"`git switch {there}`, or pass --branch NAME",
            )

    def ending(self) -> Mapping[str, Any] | None:
        """
        Return the facts with which the run ended; None if there is something left to do.

        A run that was cut off after its commits had reached the branch has ended: what is missing
        in its journal is filled in.  One whose verdict is INVALID goes on: what failed then is
        asked again, in the same look at the sealed cases.
        """
        end = last(self.events, "end")
        if end is not None and end["outcome"]["state"] == INVALID:
            return None
        if end is None:
            end = self._landed()
        if end is None:
            return None
        return {"run": self.run, "prompt": self.start["path"], **end["outcome"]}

    def _landed(self) -> Event | None:
        meant = last(self.events, "delivering")
        if meant is None:
            return None
        commits = self._delivered(meant)
        if not commits:
            return None
        outcome = {**meant["outcome"], "commits": commits}
        self.journal.note("delivered", commits=commits)
        self.journal.note(
            "end", state=outcome["state"], sentence=outcome["sentence"], outcome=outcome
        )
        return {"outcome": outcome}

    def _delivered(self, meant: Event) -> list[str]:
        """The commits of this run on its branch, oldest first; none unless all are there."""
        git = self.journal.git
        tip = plumbing.tip(git, meant["ref"])
        if not tip:
            return []
        words = ("--reverse", "--fixed-strings", f"--grep=Promptgit-Run: {self.run}")
        found = git.text("rev-list", *words, tip, f"^{self.start['commit']}", "--").split()
        ours = [commit for commit in found if self._is_ours(commit)]
        last_blob = plumbing.entry(git, ours[-1], self.start["path"])[1] if ours else ""
        return ours if last_blob == meant["blob"] else []

    def _is_ours(self, commit: str) -> bool:
        message = plumbing.message_of(self.journal.git, commit)
        return ("Promptgit-Run", self.run) in trailers.find(message)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run whose journal is here."""

    run: str
    path: str  # of its prompt, from the top level


def find_run(repository: Repository, run: str, path: str | None) -> Earlier:
    """
    Find a run by its id, by the beginning of it, or as the `latest` (of the prompt at `path`):
    the newest that was interrupted, or, where none was, the newest.

    The name of a prompt instead of a run means the latest of that prompt.  Raises UserError when
    there is no such run, or it is of another prompt.
    """
    begun = _begun(repository.git)
    if path is None and run != "latest" and not any(one.run.startswith(run) for one in begun):
        path = repository.find_prompt(run)
        if path is None:
            raise UserError(f"there is no run {run!r}", hint=_near(run, begun))
        run = "latest"
    if run == "latest":
        meant = [one for one in begun if path in (None, one.path)]
        broken = (one for one in meant if not _has_ended(repository.git, one.run))
        found = [next(broken, meant[0])] if meant else []
    else:
        found = [one for one in begun if one.run.startswith(run)]
    if len(found) > 1:
        raise UserError(f"the ids of {len(found)} runs begin with {run!r}", hint=_there_are(found))
    if not found:
        whose = f" of {path}" if path else ""
        what = f"there is no run{whose} here" if run == "latest" else f"there is no run {run!r}"
        raise UserError(what, hint=_near(run, begun))
    if path not in (None, found[0].path):
        raise UserError(f"run {found[0].run} is of {found[0].path}", hint="leave the prompt out")
    journal = RunJournal(repository.git, found[0].run)
    return Earlier(journal, tuple(journal.events()))


def _begun(git: Git) -> list[Begun]:
    """The searches begun here, newest first; a run that wrote nothing down is none."""
    firsts = ((run, next(RunJournal(git, run).events(), None)) for run in run_ids(git))
    return [
        Begun(run, str(first["path"]))
        for run, first in firsts
        if first and "path" in first and first.get("command", "improve") == "improve"
    ]


def _has_ended(git: Git, run: str) -> bool:
    return any(event["kind"] == "end" for event in RunJournal(git, run).events())


def _near(run: str, begun: Sequence[Begun]) -> str:
    from difflib import get_close_matches

    named = [name for one in begun for name in (one.run, name_of(one.path))]
    close = get_close_matches(run, named, n=1)
    return f"did you mean {close[0]!r}?" if close else _there_are(begun)


def _there_are(begun: Sequence[Begun]) -> str:
    if not begun:
        return "none was begun here: `promptgit improve PROMPT` begins one"
    shown = ", ".join(f"{one.run} (of {one.path})" for one in begun[:SHOWN])
    more = f" and {len(begun) - SHOWN} more: `promptgit runs`" if len(begun) > SHOWN else ""
    return f"there are: {shown}{more}"


@contextmanager
def resumable(journal: RunJournal) -> Iterator[None]:
    """Whatever ends a run early, Ctrl-C or an error: say how it goes on."""
    command = f"promptgit improve --resume {journal.run}"
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted; what was paid for is kept", err=True)
        click.echo(f"to go on: {command}", err=True)
        raise click.exceptions.Exit(130) from None
    except PromptgitError as error:
        if any(journal.events()):
            kept = run_ref(journal.git, journal.run) if run_tip(journal.git, journal.run) else ""
            more = " --budget MORE" if isinstance(error, BudgetSpent) else ""
            said = [
                error.hint,
                kept and f"the work is kept as {kept}",
                f"to go on: {command}{more}",
            ]
            error.hint = "; ".join(filter(None, said))
        raise
