"""What `promptgit init --github` writes, refuses, and leaves to a person to do on GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptgit import __version__
from promptgit.edges.installed import installed_commit
from promptgit.edges.workflows import FOLDER, GATE, has_gate, paths, workflows
from promptgit.errors import UserError
from promptgit.evaluate.kinds import kinds

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository
    from promptgit.config.settings import Config
    from promptgit.evaluate.suite import Assertion

_RULES = (
    f"on GitHub, require the check `{GATE}`, and let a squash take the pull request's title "
    "and description (Settings, General)"
)


@dataclass(frozen=True, slots=True)
class OnGithub:
    """The workflows of one kind, and what to say of them."""

    workflows: dict[str, str]  # path → text
    notes: tuple[str, ...] = ()


def on_github(kind: str, repository: Repository, prompts: Iterable[str]) -> OnGithub:
    """
    Plan the workflows of a kind; raise UserError where another file has the required job.

    Two files that report one check would let either of them make it green: with `forks`, the
    one that a pull request can edit.
    """
    keys = sorted(set(_keys(repository, prompts)))
    commit = installed_commit()
    shipped = workflows(kind, commit=commit, keys=keys)
    _refuse_a_second_gate(kind, repository, shipped)
    return OnGithub(shipped, (_pin(commit), *_environment(kind, keys), _RULES))


def _environment(kind: str, keys: Sequence[str]) -> Iterator[str]:
    """Where a run is approved and its key lies; where there is neither, GitHub makes it itself."""
    reviewers = " with required reviewers" if kind == "forks" else ""
    secrets = f" and give it the secret{'s' if len(keys) > 1 else ''} {', '.join(keys)}"
    if reviewers or keys:
        yield f"on GitHub, make the environment `promptgit`{reviewers}{secrets if keys else ''}"


def _pin(commit: str) -> str:
    if commit:
        return f"the workflows install promptgit from GitHub at {commit[:10]}, which runs here"
    return (
        f"the workflows install promptgit at the tag v{__version__}, and a tag can be moved: write "
        "the full commit id at PROMPTGIT_COMMIT"
    )


def _refuse_a_second_gate(kind: str, repository: Repository, shipped: dict[str, str]) -> None:
    tree = repository.tree
    others = [
        path
        for path in tree.files()
        if path.startswith(f"{FOLDER}/")
        and path.endswith((".yml", ".yaml"))
        and path not in shipped
    ]
    gates = [p for p in others if has_gate((tree.read(p) or b"").decode("utf-8", "replace"))]
    if gates:
        with_it = [path for path in others if path in gates or path in paths()]
        raise UserError(
            f"{', '.join(gates)} has a job `{GATE}` already: with the one for `{kind}` there would "
            "be two, and either could make the required check green",
            hint=f"decide for one; for `{kind}`, remove {' and '.join(with_it)} first",
        )


def _keys(repository: Repository, prompts: Iterable[str]) -> Iterator[str]:
    """Yield the variable of each key that a check of these prompts needs."""
    for name in _asked(repository, prompts):
        yield from _key(repository.config, name)


def _asked(repository: Repository, prompts: Iterable[str]) -> Iterator[str]:
    """Yield the names of the models that a check asks."""
    config = repository.config
    yield config.model.name
    for path in prompts:
        try:
            asked = repository.eval_file(path)
        except UserError:
            continue  # init says so elsewhere
        if asked.model:
            yield asked.model.name
        yield from _graders(config, asked.assertions or config.assertions)


def _graders(config: Config, assertions: Iterable[Assertion]) -> Iterator[str]:
    types = kinds(assertions)
    if "llm-rubric" in types:
        yield config.judge.name
    if "similar" in types:
        yield config.model.name if config.embedder == "provider" else config.embedder


def _key(config: Config, name: str) -> Iterator[str]:
    from promptgit.cli.bench import provider_of
    from promptgit.cli.checkup import key_variable
    from promptgit.models.endpoints import KNOWN, OWN
    from promptgit.plugins import MODELS, names

    provider, _ = provider_of(name)
    plugged_in = provider in names("models") and provider not in MODELS
    keyless = provider in KNOWN and not KNOWN[provider].needs_key
    if not (name == "lexical" or provider in OWN or name in OWN or plugged_in or keyless):
        yield key_variable(config, provider)
