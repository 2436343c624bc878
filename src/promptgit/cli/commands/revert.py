"""`promptgit revert`: take back a change of a prompt, knowing the score that comes back."""

from __future__ import annotations

import click

from promptgit.cli import past
from promptgit.cli.completing import prompt_paths, revisions
from promptgit.cli.reverting import Asked
from promptgit.core.patch import derive
from promptgit.errors import UserError
from promptgit.history import revert
from promptgit.history.log import parse_log
from promptgit.history.revert import Reversal
from promptgit.report import history_json, log_text


@click.command(
    short_help="Undo a change of a prompt, knowing the score that comes back",
    epilog="""\b
Examples:
  promptgit revert 3f2a1c9 --dry-run
  promptgit revert --to HEAD~4 prompts/support-reply.md

\b
JSON: {schema, path, reverts, to, before, blob, evidence, score, half, n, record, drops,
message, diff, commit}; commit is null in a dry run.""",
)
@click.argument("revision", metavar="REV", shell_complete=revisions)
@click.argument("prompts", metavar="[PROMPT]", nargs=-1, shell_complete=prompt_paths)
@click.option("--to", is_flag=True, help="Go back to the text as of REV, dropping what came after")
@click.option("--branch", metavar="NAME", help="Commit to branch NAME, not to the one checked out")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be committed, and stop")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
def command(
    revision: str,
    prompts: tuple[str, ...],
    to: bool,
    branch: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take back what commit REV did to PROMPT, in a commit of its own that says which score comes
    back.  Later changes stay; where they changed the same lines, or lines right beside them,
    nothing is written, and --to shows the way: the text as of REV, without what came after.

    History is never rewritten.  PROMPT may be left out where REV changed one prompt only.
    """
    with past.here() as here:
        prompt = _one_prompt(here, revision, prompts, to)
        asked = Asked(here, here.git.resolve(revision), to)
        tip = here.git.resolve(branch_tip(here, branch))
        if not to:
            _must_hold(here, tip, asked.commit, branch)
        path = here.path(prompt) if prompt else asked.only_prompt()
        reversal = asked.reversal(path, tip)
        subject = next(parse_log(here.commits.alone([reversal.reverts]))).subject
        message = revert.message(reversal, subject)
        diff = derive(path, here.text(reversal.before), reversal.text).diff
        commit = None if dry_run else _deliver(here, reversal, message, branch)
        if as_json:
            past.show_json(history_json.reversal(reversal, message, diff, commit))
        else:
            past.show(log_text.reversal_lines(reversal, message, diff, commit))


def _one_prompt(here: past.Here, revision: str, words: tuple[str, ...], to: bool) -> str | None:
    """Return the prompt among the words after REV; raise UserError for what is none."""
    here.git.resolve("HEAD")  # or say that there is no commit yet
    if not _is_commit(here, revision) and _is_prompt(here, revision):
        other = next(iter(words), "REV")
        raise UserError(
            f"{revision} is a prompt, and the commit comes first",
            hint=f"type `promptgit revert {'--to ' if to else ''}{other} {revision}`",
        )
    known = [word for word in words if _is_prompt(here, word)]
    commits = [word for word in words if word not in known and _is_commit(here, word)]
    name = "".join(f" {word}" for word in known[:1])
    if commits and to:
        raise UserError(
            f"`--to` takes no value: it goes back to the text as of REV, here {revision}",
            hint=f"type `promptgit revert --to {commits[0]}{name}` to go back to {commits[0]}, or "
            f"`promptgit revert {revision}{name}` to take back that one commit",
        )
    if commits:
        raise UserError(
            f"{commits[0]} is a commit, and one commit at a time is taken back",
            hint=f"type `promptgit revert {revision}{name}`, then the other; or "
            f"`promptgit revert --to {commits[0]}{name}` to go back to the text as of it",
        )
    if len(words) > 1:
        raise UserError(
            f"one prompt at a time is reverted, not {', '.join(words)}",
            hint="run it again for each of them",
        )
    return next(iter(words), None)


def _is_prompt(here: past.Here, word: str) -> bool:
    return bool(here.commits.blob_at("HEAD", here.path(word)))


def _is_commit(here: past.Here, word: str) -> bool:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    return here.git.succeeds(*asked)


def branch_tip(here: past.Here, branch: str | None) -> str:
    """What the new commit will be built upon: the branch, or HEAD where it is to be made."""
    name = f"refs/heads/{branch}"
    if branch and here.git.succeeds("rev-parse", "--verify", "--quiet", name):
        return name
    return "HEAD"


def _must_hold(here: past.Here, tip: str, commit: str, branch: str | None) -> None:
    """Raise UserError where `tip` does not reach the commit."""
    git = here.git
    if git.succeeds("merge-base", "--is-ancestor", commit, tip):
        return
    checked_out = git.succeeds("symbolic-ref", "--quiet", "HEAD")
    name = git.text("symbolic-ref", "--short", "HEAD").strip() if checked_out else "HEAD"
    listed = ("for-each-ref", f"--contains={commit}", "--format=%(refname:lstrip=2)", "refs/heads/")
    raise revert.elsewhere(commit, branch or name, git.text(*listed).split())


def _deliver(here: past.Here, reversal: Reversal, message: str, branch: str | None) -> str:
    from promptgit.edges.delivery import deliver
    from promptgit.edges.plumbing import Commit
    from promptgit.edges.workspace import preflight

    base = preflight(here.git, here.git.cwd / reversal.path, branch=branch)
    if base.blob != reversal.before:
        raise UserError(f"{reversal.path} has changed meanwhile", hint="try again")
    commits = [Commit(reversal.path, base.blob, reversal.text, message)]
    return deliver(here.git, base, commits)[-1]
