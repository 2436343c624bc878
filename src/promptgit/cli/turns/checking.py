"""What is wrong with flywheel.yaml that the repository tells, found before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

from promptgit import plugins
from promptgit.cli.turns.looking import path_of
from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core.located import Located, parse_yaml
from promptgit.errors import UserError
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.plan import FILE, Plan

Key = tuple[str | int, ...]


def refuse_unknown_names(repository: Repository, plan: Plan) -> None:
    """
    Raise UserError for a metric, a prompt or a strategy of the plan that there is none of.

    A trigger with `do: alarm` may watch a prompt of another repository, which is not here.
    """
    from promptgit.cli.flywheel_logs import rules_of

    located = parse_yaml(repository.tree.read(FILE) or b"", FILE)
    metrics = {name: one.metric for name, one in rules_of(repository, plan).metrics.items()}
    for key, text in _conditions(plan):
        try:
            parse(text, metrics)
        except UserError as error:
            raise _at(located, key, error.message, error.hint) from error
    for number, name in enumerate(plan.measure.metrics):
        if name not in metrics:
            said = f"no metric is called {name!r}"
            raise _at(located, ("measure", "metrics", number), said, meant(name, metrics))
    for number, rule in enumerate(plan.triggers):
        if rule.prompt and rule.do == "improve" and not path_of(repository, rule.prompt):
            known = [PurePosixPath(places.stem_of(path)).name for path in repository.prompts]
            said = f"no prompt of this repository is called {rule.prompt!r}"
            hint = f"{meant(rule.prompt, known)} (with `do: alarm` it may be another repository's)"
            raise _at(located, ("triggers", number, "prompt"), said, hint)
    try:
        plugins.strategy(plan.improve.strategy)
    except UserError as error:
        raise _at(located, ("improve", "strategy"), error.message, error.hint) from error


def _conditions(plan: Plan) -> Iterator[tuple[Key, str]]:
    for number, rule in enumerate(plan.triggers):
        yield ("triggers", number, "when"), rule.when
    for number, guard in enumerate(plan.deploy.guards):
        yield ("deploy", "guards", number), guard


def _at(located: Located, key: Key, said: str, hint: str) -> UserError:
    return UserError(f"{FILE}:{located.position(key).line}: {said}", hint=hint)


def meant(name: str, known: Iterable[str]) -> str:
    """The hint for a name that there is not."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names) or 'none'}"
