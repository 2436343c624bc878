"""Drafted cases as one commit on the branch of a turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from promptgit.cli.wiring import Repository
from promptgit.config import EvalFile, places
from promptgit.core import trailers
from promptgit.core.dataset import Case
from promptgit.core.prompt import Prompt
from promptgit.edges import plumbing
from promptgit.edges.columns import Columns
from promptgit.edges.delivery import deliver
from promptgit.edges.draft_rows import can_hold_drafts, with_drafts
from promptgit.edges.plumbing import Commit
from promptgit.edges.workspace import Base, preflight
from promptgit.errors import UserError
from promptgit.flywheel.drafting import Drafted, Failure, Slots, drafted
from promptgit.history.message import SUBJECT, body, inert, shortened
from promptgit.improve.performers import Performer

OWN_FILE = ".drafts.jsonl"  # beside the prompt, where its case file cannot be added to


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Where the drafts of a prompt go."""

    path: str
    columns: Columns
    delimiter: str
    is_read: bool  # its rows are cases once they are reviewed; else a person moves them


def case_file_of(repository: Repository, path: str) -> tuple[CaseFile, EvalFile]:
    """Where drafts go: the case file as it is committed if it can hold them, else their own."""
    asked = repository.eval_file(path)
    beside = asked.cases or places.case_file(path, repository.tree.is_file) or ""
    beside = "" if asked.inline else beside
    columns = Columns(asked.columns, asked.inputs)
    blob = repository.git.blob_at("HEAD", beside) if beside else None
    text = repository.git.blob(blob).decode(errors="replace") if blob else ""
    if beside and can_hold_drafts(beside, text, columns, delimiter=asked.delimiter):
        return CaseFile(beside, columns, asked.delimiter, is_read=True), asked
    return CaseFile(places.stem_of(path) + OWN_FILE, Columns(), "", is_read=False), asked


def slots_of(prompt: Prompt, cases: Sequence[Case]) -> Slots:
    """What a case of the prompt fills: the inputs of its cases, or the holes of its template."""
    names = tuple(dict.fromkeys(name for case in cases for name in case.inputs))
    names = names or tuple(sorted(prompt.holes)) or ("input",)
    free = [name for name in names if name not in prompt.holes]
    named = [name for name in free or names if name.lower() in _MESSAGES]
    main = named[0] if named else (free or [""])[0] if len(free) == 1 or not cases else ""
    needed = frozenset(name for name in names if name in prompt.holes)
    return Slots(names, main or (names[0] if len(names) == 1 else ""), needed)


_MESSAGES = ("input", "comment", "question", "text", "query", "message", "email", "ticket")


def draft(
    repository: Repository,
    path: str,
    name: str,
    failures: Sequence[Failure],
    best: Sequence[Performer],
    *,
    redact: Callable[[str], str],
    most: int,
) -> tuple[CaseFile, Drafted]:
    """Draft cases for a prompt, `name` in the logs, from what went wrong; nothing is written."""
    file, asked = case_file_of(repository, path)
    prompt = repository.prompt(path)
    try:
        cases = repository.cases(path, asked).cases
    except UserError:
        cases = ()  # there are none yet: these may become the first
    found = drafted(
        failures, name, slots_of(prompt, cases), known=cases, best=best, redact=redact, most=most
    )
    return file, found


def commit_drafts(
    repository: Repository,
    path: str,
    file: CaseFile,
    found: Drafted,
    *,
    branch: str,
    why: str,
    turn: str,
) -> str:
    """Commit the drafts on the branch, which may be new; return the commit, empty for none."""
    git = repository.git
    on_branch = preflight(git, git.cwd / path, branch=branch)
    mode, blob = plumbing.entry(git, on_branch.commit, file.path)
    text = git.blob(blob).decode() if blob else ""
    after = with_drafts(text, file.path, found.drafts, file.columns, delimiter=file.delimiter)
    if after == text:
        return ""
    base = Base(file.path, on_branch.commit, blob, mode, text, on_branch.ref, attached=False)
    message = message_of(path, found, why=why, turn=turn)
    return deliver(git, base, [Commit(file.path, blob, after, message)])[-1]


def message_of(path: str, found: Drafted, *, why: str, turn: str) -> str:
    stem = trailers.clean_value(PurePosixPath(places.stem_of(path)).name)[:30]
    count = len(found.drafts)
    many = "1 draft" if count == 1 else f"{count} drafts"
    subject = shortened(f"cases({stem}): {many} from logs, to be reviewed", SUBJECT)
    told = (
        f"{why} Each row has the tag needs-review, and counts for nothing before a person has "
        "written what a good answer is and taken the tag off."
    )
    facts = [("Prompt-Path", trailers.path_value(path)), ("Flywheel-Turn", turn)]
    return "\n\n".join([subject, body(inert(told)), trailers.block(facts)])
