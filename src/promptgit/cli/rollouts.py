"""What the commands of a rollout share: which prompt, what is committed, and the next commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core import naming
from promptgit.core.prompt import Prompt
from promptgit.edges.git import Git
from promptgit.edges.workspace import Base
from promptgit.errors import PromptgitError, UserError, WorldError
from promptgit.flywheel.rollout import (
    CANDIDATE,
    ROLLOUT_FILE,
    STABLE,
    Arm,
    Rollout,
    Rollouts,
    Variant,
)
from promptgit.flywheel.rollout_message import Step, step_message
from promptgit.flywheel.window import instant
from promptgit.report.rollout_text import Change, Live, Proof


@dataclass(frozen=True)
class Committed:
    """The rollouts as they are committed where the next commit will go."""

    base: Base
    rollouts: Rollouts

    @classmethod
    def at(cls, git: Git, *, branch: str | None = None) -> Committed:
        """Read them; raise UserError where no commit can be made."""
        from promptgit.config.rollout_file import parse_rollouts
        from promptgit.edges.rollout_delivery import rollout_base

        base = rollout_base(git, branch=branch)
        return cls(base, parse_rollouts(base.text.encode()))

    def text_after(self, after: Rollout) -> str:
        from promptgit.config.rollout_file import with_entry

        return with_entry(self.base.text, after)

    def commit(self, git: Git, step: Step) -> str:
        """Commit one step; return the commit's id."""
        from promptgit.edges.rollout_delivery import deliver_rollout

        text = self.text_after(step.after)
        return deliver_rollout(git, self.base, text, step_message(step))


def now() -> str:
    return instant(datetime.now(UTC))


def name_of(repository: Repository, path: str) -> str:
    """
    What a rollout calls a prompt: its short name, or its path without suffix where others have it.
    """
    name = naming.name_of(path)
    alike = {one for one in repository.prompts if naming.name_of(one) == name}
    return name if alike <= {path} else naming.stem_of(path)


def entry(rollouts: Rollouts, name: str, environment: str | None) -> Rollout:
    """Find what is live of a prompt, where it has a candidate; raise UserError where it is not."""
    live = rollouts.of(name)
    if environment is not None:
        found = rollouts.get(environment, name)
        if found:
            return found
        there = ", ".join(one.environment for one in live)
        raise UserError(
            f"{name} is not live in {environment!r}",
            hint=f"it is live in: {there}" if live else _deploy_it(name),
        )
    trying = [one for one in live if one.candidate]
    if len(trying) == 1:
        return trying[0]
    if trying:
        names = " or ".join(one.environment for one in trying)
        raise UserError(f"{name} has a candidate in {names}", hint="say which: `--to ENVIRONMENT`")
    if live:
        names = ", ".join(one.environment for one in live)
        raise UserError(f"{name} has no candidate in {names}", hint=_deploy_it(name))
    raise UserError(f"{name} is live nowhere", hint=_deploy_it(name))


def _deploy_it(name: str) -> str:
    return f"`promptgit deploy {name} --to ENVIRONMENT` brings a text there"


def arm_at(git: Git, path: str, ref: str | None) -> Arm:
    """The text of a prompt as a revision has it; without one, as it is committed and unchanged."""
    commit = git.resolve(ref or "HEAD")
    blob = git.blob_at(commit, path)
    if blob is None:
        raise UserError(
            f"{path} is not in {ref or 'HEAD'}",
            hint="commit it first" if ref is None else f"`promptgit log {path}` lists where it is",
        )
    if ref is None and not git.bare and git.read("status", "--porcelain", "-z", "--", path):
        raise UserError(
            f"{path} has changes that are not committed, and only a commit can be deployed",
            hint="commit them, or deploy what is committed: `--ref HEAD`",
        )
    return Arm(blob, _last_touching(git, path, commit))


def _last_touching(git: Git, path: str, commit: str) -> str:
    """The commit that people know a text by: the last one that changed what is read for it."""
    from promptgit.cli import past

    with past.here() as here:
        included = here.included(commit, path)
    beside = [naming.stem_of(path) + suffix for suffix in places.EVAL_SUFFIXES]
    files = (path, *included, *beside, places.CONFIG_FILE)
    found = git.text("log", "-1", "--format=%H", commit, "--", *files)
    same = found and all(
        git.blob_at(found, one) == git.blob_at(commit, one) for one in (path, *included)
    )
    return found if same else commit


def prompt_of(git: Git, name: str, arm: Arm) -> Prompt:
    """Read a text with what it included then; raise WorldError where this clone lacks it."""
    if not git.succeeds("cat-file", "-e", f"{arm.commit}^{{commit}}"):
        raise WorldError(
            f"the commit {arm.commit[:12]}, which holds {name}, is not in this clone",
            hint="fetch it (`git fetch --unshallow`), or serve from a `promptgit bundle`",
        )
    repository = Repository.at(git, arm.commit)
    try:
        found = repository.prompt(repository.prompt_path(name))
    except UserError:
        found = None
    if found and found.blob == arm.blob:
        return found
    paths = (path for path in repository.prompts if git.blob_at(arm.commit, path) == arm.blob)
    path = next(paths, None)
    if path is None:
        raise UserError(
            f"{ROLLOUT_FILE}: the commit {arm.commit[:12]} holds no prompt with the text "
            f"{arm.blob[:12]}",
            hint=f"deploy it again: `promptgit deploy {name} --ref REV`",
        )
    return repository.prompt(path)


def proof(path: str, arm: Arm) -> Proof:
    """Look up how far the score of a text can be believed."""
    from promptgit.cli import past
    from promptgit.history.choice import choose, confirmation
    from promptgit.history.evidence import state_of

    with past.here() as here:
        found = here.judge.findings(arm.commit, path, arm.blob)
    best = choose(found, "")
    if best is None:
        return Proof()
    return Proof(state_of(best, confirmation(found)), best.score, best.n)


def lint_words(git: Git, path: str, arm: Arm) -> Iterator[str]:
    """What lint says of the text itself: errors and warnings, a line each."""
    from promptgit.edges.snapshot import Snapshot
    from promptgit.lint.finding import Severity
    from promptgit.lint.linting import lint
    from promptgit.lint.rules import RULES
    from promptgit.lint.subject import Subject

    tree = Snapshot(git, arm.commit)
    repository = Repository.at(git, arm.commit)
    if not tree.is_file(path) or repository.is_pipeline(path):
        return
    data, _ = tree.as_stored(path)

    def read(place: str) -> str | None:
        found = tree.read(place)
        return None if found is None else found.decode(errors="replace")

    template = repository.prompt(path).template == "jinja"
    subject = Subject(path, data, len(data), is_template=template, is_included=True, read=read)
    for one in lint(subject, [rule for rule in RULES if rule.severity is not Severity.ADVICE]):
        yield f"{one.file}:{one.line}: {one.message} ({one.rule})"


def environment(name: str) -> str:
    """Return the name of an environment as it was typed; raise UserError where it can be none."""
    from promptgit.config.rollout_file import NAMED, fault_in_environment

    if fault := fault_in_environment(name):
        raise UserError(fault, hint=NAMED)
    return name


def live(
    repository: Repository, prompt: str | None, environment: str | None
) -> tuple[list[Live], Change | None, bool]:
    """
    What the file says here, the commit that changed it last, and whether it is not as committed.
    """
    from promptgit.config.rollout_file import parse_rollouts

    git = repository.git
    data = repository.tree.read(ROLLOUT_FILE)
    shown = [
        one
        for one in parse_rollouts(data or b"").entries.values()
        if environment in (None, one.environment)
    ]
    if prompt is not None:
        shown = entry_of(shown, repository, prompt)
    if environment is not None and not shown:
        raise UserError(f"nothing is live in {environment!r}", hint="`promptgit status` shows all")
    status = b"" if git.bare else git.read("status", "--porcelain", "-z", "--", ROLLOUT_FILE)
    return list(map(partial(_live, repository), shown)), _last_change(git), bool(status)


def entry_of(shown: list[Rollout], repository: Repository, typed: str) -> list[Rollout]:
    """Those entries that a person means by a name; a prompt may have gone since it was deployed."""
    found = [one for one in shown if one.prompt == typed]
    if found:
        return found
    name = name_of(repository, repository.prompt_path(typed))
    found = [one for one in shown if one.prompt == name]
    if not found:
        raise UserError(f"{name} is live nowhere", hint=_deploy_it(name))
    return found


def _live(repository: Repository, one: Rollout) -> Live:
    git, path = repository.git, repository.find_prompt(one.prompt) or ""
    arms: dict[Variant, Arm] = {STABLE: one.stable}
    if one.candidate:
        arms[CANDIDATE] = one.candidate
    here = {name: arm for name, arm in arms.items() if _is_here(git, arm)}
    proofs = {name: proof(path, arm) for name, arm in here.items() if path}
    subjects = {arm.commit: _subject(git, arm.commit) for arm in here.values()}
    return Live(one, proofs, subjects, tuple(_problems(git, one.prompt, arms.values())))


def _problems(git: Git, name: str, arms: Iterable[Arm]) -> Iterator[str]:
    """Say which texts nobody could be served from this clone."""
    for arm in arms:
        try:
            prompt_of(git, name, arm)
        except PromptgitError as error:
            yield error.message


def _is_here(git: Git, arm: Arm) -> bool:
    return git.succeeds("cat-file", "-e", f"{arm.commit}^{{commit}}")


def _subject(git: Git, commit: str) -> str:
    return git.text("log", "-1", "--format=%s", commit, "--")


def _last_change(git: Git) -> Change | None:
    asked = ("log", "-1", "--date=format:%Y-%m-%d", "--format=%H%n%ad%n%an%n%s", "HEAD", "--")
    if not git.succeeds("rev-parse", "--verify", "--quiet", "HEAD"):
        return None
    found = git.text(*asked, ROLLOUT_FILE)
    if not found:
        return None
    commit, when, author, subject = found.split("\n", 3)
    return Change(commit, when, author, subject)
