"""The checks of `promptgit doctor`, each with what it found and the next move."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit import __version__
from promptgit.edges.clone import OLDEST_GIT, Clone, anywhere, git_version
from promptgit.edges.git import Git, GitFailed
from promptgit.errors import PromptgitError, UserError

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository
    from promptgit.config import Config
    from promptgit.core.ports import Answer

MANY_COMMITS = 5_000  # from here on, a commit-graph with path filters is worth its 3 seconds


class State(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but not as well as it could
    FAIL = "fail"  # something will not work


@dataclass(frozen=True, slots=True)
class Check:
    name: str  # what was looked at
    state: State
    said: str  # what was found
    next: str = ""  # a command to type, or what to change; empty when all is well


def checkup(where: Path, *, network: bool) -> Iterator[Check]:
    """Yield every check that makes sense at `where`; nothing is changed, and no model is paid."""
    yield Check("python", State.OK, f"{platform.python_version()} at {sys.executable}")
    yield Check("promptgit", State.OK, __version__)
    try:
        version = git_version(anywhere(where))
    except PromptgitError as error:
        yield Check("git", State.FAIL, error.message, error.hint)
        return
    yield _git(version)
    try:
        git = Git.discover(where)
    except UserError as error:
        yield Check("repository", State.WARN, error.message, error.hint)
        yield from _settings_alone(network)
        return
    yield _identity(git)
    yield from _shape(Clone(git))
    yield from _settings(git, network)
    yield from _state(Clone(git))


def _git(version: tuple[int, ...]) -> Check:
    said = ".".join(map(str, version)) or "of a version that it does not say"
    if version and version < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        return Check("git", State.FAIL, f"{said} is too old", f"install Git {oldest} or newer")
    return Check("git", State.OK, said)


def _identity(git: Git) -> Check:
    try:
        who = git.text("var", "GIT_AUTHOR_IDENT").rpartition("> ")[0] + ">"
        git.text("var", "GIT_COMMITTER_IDENT")
    except GitFailed:
        return Check(
            "identity",
            State.WARN,
            "Git does not know who you are, so nothing can be committed",
            'git config --global user.name "NAME" && git config --global user.email "EMAIL"',
        )
    return Check("identity", State.OK, who)


def _shape(clone: Clone) -> Iterator[Check]:
    git = clone.git
    traits = [
        "bare" if git.bare else "",
        "linked work tree" if clone.linked else "",
        "" if git.object_format == "sha1" else f"{git.object_format} objects",
        "" if clone.ref_format == "files" else f"{clone.ref_format} refs",
    ]
    shown = ", ".join(trait for trait in traits if trait)
    yield Check("repository", State.OK, f"{git.cwd}" + (f" ({shown})" if shown else ""))
    if git.shallow:
        yield Check(
            "history",
            State.WARN,
            "this clone is shallow: log, blame and revert see only a part",
            "git fetch --unshallow",
        )
    if clone.partial:
        yield Check(
            "history",
            State.WARN,
            "this clone is partial: older prompts are fetched when they are first read",
            "git fetch --refetch --no-filter",
        )
    commits = clone.commits
    if commits >= MANY_COMMITS and not clone.has_path_filters:
        yield Check(
            "commit-graph",
            State.WARN,
            f"{commits} commits, and no index of the paths that they touch: log is slow",
            "git commit-graph write --reachable --changed-paths",
        )
    else:
        said = "has path filters" if clone.has_path_filters else "not needed"
        yield Check("commit-graph", State.OK, f"{said} for {_count(commits, 'commit')}")


def _settings_alone(network: bool) -> Iterator[Check]:
    from promptgit.cli.wiring import user_config
    from promptgit.config import parse_config

    try:
        config = parse_config(b"", user_config())
    except PromptgitError as error:
        yield Check("config", State.FAIL, error.message, error.hint)
        return
    yield Check("config", State.OK, "your own settings can be read")
    yield from _models(config, network)


def _settings(git: Git, network: bool) -> Iterator[Check]:
    from promptgit.cli.wiring import Repository, user_config
    from promptgit.config import CONFIG_FILE, parse_config
    from promptgit.edges.work_tree import WorkTree

    try:
        data = WorkTree(git).read(CONFIG_FILE)
        config = parse_config(data or b"", user_config())
    except PromptgitError as error:
        yield Check("config", State.FAIL, error.message, error.hint)
        return
    said = f"{CONFIG_FILE} is valid" if data is not None else f"no {CONFIG_FILE}, so the defaults"
    yield Check("config", State.OK, said)
    yield from _prompts(Repository(git, config))
    yield from _models(config, network)


def _prompts(repository: Repository) -> Iterator[Check]:
    from promptgit.edges.work_tree import WorkTree

    if not repository.prompts:
        patterns = " ".join(repository.config.prompts)
        yield Check("prompts", State.WARN, f"no file is meant by {patterns}", "promptgit init")
        return
    if isinstance(repository.tree, WorkTree):
        repository.tree.gather(repository.prompts)
    for path in repository.prompts:
        yield _prompt(repository, path)


def _prompt(repository: Repository, path: str) -> Check:
    from promptgit.config import places

    try:
        asked = repository.eval_file(path)
        holes = repository.prompt(path).holes
        has_cases = asked.inline or asked.cases
        if not has_cases and not places.case_file(path, repository.tree.is_file):
            example = f"{places.stem_of(path)}.csv"
            return Check(
                f"prompt {path}",
                State.WARN,
                "no cases, so it can be logged and not evaluated",
                f"write {example} with a header like `input,expected`",
            )
        cases = repository.cases(path, asked)
    except PromptgitError as error:
        return Check(f"prompt {path}", State.FAIL, error.message, error.hint)
    unfilled = sorted(holes - set(cases.cases[0].inputs)) if cases.cases else []
    if unfilled:
        return Check(
            f"prompt {path}",
            State.FAIL,
            f"no column of {cases.name} fills {{{{ {unfilled[0]} }}}}",
            f"its columns are {', '.join(cases.cases[0].inputs)}; or set `template: none`",
        )
    dropped = f", {len(cases.dropped)} rows dropped" if cases.dropped else ""
    return Check(f"prompt {path}", State.OK, f"{_count(len(cases), 'case')}{dropped}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _models(config: Config, network: bool) -> Iterator[Check]:
    from promptgit.cli.bench import provider_of

    roles = {"model": config.model, "mentor": config.mentor, "judge": config.judge}
    named: dict[str, list[str]] = {}
    for role, choice in roles.items():
        named.setdefault(choice.name, []).append(role)
    for name, played in named.items():
        provider, model = provider_of(name)
        yield _model(", ".join(played), config, provider, model, network)


def _model(role: str, config: Config, provider: str, model: str, network: bool) -> Check:
    from promptgit.cli.bench import FREE, Bench
    from promptgit.evaluate.budget import Budget
    from promptgit.plugins import MODELS, names

    if provider == "offline":
        said = "offline: follows plain instructions, and is not a language model"
        return Check(role, State.OK, said)
    if provider in FREE or (provider in names("models") and provider not in MODELS):
        return Check(role, State.OK, f"{provider}/{model}, by a plug-in")
    try:
        endpoint = Bench(config, _Nothing(), Budget()).endpoint(provider)
    except PromptgitError as error:
        return Check(role, State.FAIL, error.message, error.hint)
    assert endpoint is not None
    if not network:
        return Check(role, State.OK, f"{provider}/{model} at {endpoint.host}, not asked")
    from promptgit.models.probe import probe

    found = probe(endpoint)
    if not found.reached:
        move = "is the server running, and the network up? `model: offline` needs neither"
        return Check(role, State.FAIL, f"{provider}/{model}: {found.said}", move)
    if not found.accepted:
        move = f"export {key_variable(config, provider)}=... with a key that is valid"
        return Check(role, State.FAIL, f"{provider}/{model}: {found.said}", move)
    if found.models and model not in found.models:
        return Check(
            role,
            State.WARN,
            f"{provider}/{model}: {found.said}, and does not list this model",
            _near(model, found.models),
        )
    return Check(role, State.OK, f"{provider}/{model}: {found.said}")


class _Nothing:
    """A store for answers that nobody will ask for."""

    def get(self, key: str) -> Answer | None:
        return None

    def put(self, key: str, answer: Answer) -> None:
        return None


def key_variable(config: Config, provider: str) -> str:
    from promptgit.models.endpoints import KNOWN

    own = config.providers.get(provider)
    if own and own.api_key_env:
        return own.api_key_env
    known = KNOWN.get(provider)
    return known.key_variable if known else f"{provider.upper()}_API_KEY"


def _near(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    more = ", …" if len(known) > 5 else ""
    return f"it lists {', '.join(known[:5])}{more}"


def _state(clone: Clone) -> Iterator[Check]:
    git = clone.git
    yield _cache(git.state_dir / "cache.db")
    yield Check("records", State.OK, f"{clone.records} in refs/promptgit/records")
    for path in clone.git_locks():
        yield Check(
            "lock",
            State.WARN,
            f"{path} exists: another git is running, or was killed",
            f"if no git runs here, rm {os.fspath(path)!r}",
        )
    for name, owner in clone.own_locks():
        if owner is None or owner.is_gone:
            said = f"{name} is locked by {owner or 'an unknown process'}, which is gone"
            yield Check("lock", State.OK, said + "; the next run breaks the lock")
        else:
            yield Check("lock", State.OK, f"{name} is locked by {owner}, which is running")


def _cache(path: Path) -> Check:
    from promptgit.edges.cache import SqliteAnswers

    if not path.exists():
        return Check("cache", State.OK, f"empty, will be at {path}")
    store = SqliteAnswers(path)
    try:
        count, size = store.size()
    except PromptgitError as error:
        return Check("cache", State.WARN, error.message, error.hint)
    finally:
        store.close()
    return Check("cache", State.OK, f"{count} answers, {size / 1e6:.1f} MB at {path}")
