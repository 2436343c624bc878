"""`promptgit.load`: the text of a prompt, ready to be sent: of a revision, or what is live."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.api.routed import RolloutState, Router
from promptgit.api.values import Prompt, shown_as
from promptgit.errors import UserError
from promptgit.flywheel.rollout import PRODUCTION

if TYPE_CHECKING:
    from promptgit.api.footing import Place

BUNDLE = "PROMPTGIT_ROLLOUT"
ENVIRONMENT = "PROMPTGIT_ENVIRONMENT"

_routers: dict[tuple[str, str], Router] = {}  # (bundle, or folder of a repository) → router
_opening = threading.Lock()


def load(
    name: str,
    *,
    ref: str | None = None,
    repo: Place | None = None,
    unit: object = None,
    environment: str | None = None,
    rollout: Place | None = None,
) -> Prompt:
    """
    Read a prompt with what it includes.

    name: its name or its path.  ref: a tag, a branch or a commit; else its file as Git would store
    it now.  repo: a folder in the repository; else where the process stands.

    unit: whom it is for, such as a user: prompts/rollout.yaml then says which text that one gets
    in an environment, always the same one while the rollout lasts.  environment: else that of
    PROMPTGIT_ENVIRONMENT, else production.  rollout: a file that `promptgit bundle` wrote; else
    that of PROMPTGIT_ROLLOUT.  With either no repository is needed.  A call with an `environment`
    or a `rollout` and no unit gets the stable text.  What comes back carries `variant`,
    `propensity`, `environment` and `unit`.

    The first call reads; later ones decide in microseconds, and take up a new rollout within
    seconds.  Raises UserError when there is no such prompt or revision, or it is not live there.
    """
    bundle = os.fspath(rollout) if rollout is not None else os.environ.get(BUNDLE, "")
    if not bundle and unit is None and environment is None:
        return _revision(name, ref, repo)
    if ref is not None:
        if unit is None and environment is None and rollout is None:
            return _revision(name, ref, repo)
        raise UserError(
            "`ref` names a text, and so does the rollout of a unit", hint="leave one of them out"
        )
    router = _router(bundle, repo)
    whom = unit if isinstance(unit, str) or unit is None else str(unit)
    if bundle or environment is not None:
        target = environment or os.environ.get(ENVIRONMENT) or PRODUCTION
        return router.choose(name, target, whom)
    return router.choose_or_load(name, os.environ.get(ENVIRONMENT) or PRODUCTION, whom)


def rollout_state(*, repo: Place | None = None, rollout: Place | None = None) -> RolloutState:
    """
    Say what `load` serves from, since when, and what is wrong with the file as it is now.

    Raises UserError where there is nothing to serve from.
    """
    bundle = os.fspath(rollout) if rollout is not None else os.environ.get(BUNDLE, "")
    return _router(bundle, repo).state


def _revision(name: str, ref: str | None, repo: Place | None) -> Prompt:
    from promptgit.api.footing import repository_at

    repository = repository_at(repo)
    return shown_as(Prompt, repository.prompt(repository.prompt_path(name), ref))


def _router(bundle: str, repo: Place | None) -> Router:
    """Find the router of a source, or make it; what was opened once stays open."""
    where = "" if bundle and os.path.isabs(bundle) else os.getcwd() if repo is None else str(repo)
    if found := _routers.get((bundle, where)):
        return found
    with _opening:
        if (bundle, where) not in _routers:
            from promptgit.api.rollout_sources import BundleFile, WorkTreeFile

            source = BundleFile(Path(bundle)) if bundle else WorkTreeFile(Path(where).absolute())
            _routers[bundle, where] = Router(source)
        return _routers[bundle, where]
