"""Signals and the environment we were started in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# `git rev-parse --local-env-vars` (Git manual): set for hooks, they name another repository.
HOOK_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
)

HOOK_INDEX = "PROMPTGIT_HOOK_INDEX"  # a variable of ours: the index that is to be committed


def leave_hook_environment() -> None:
    """
    Forget the repository that a Git hook told its children to act on: we act where we stand.

    The index alone is remembered, for whoever asks what is about to be committed: `git commit -a`
    and `git commit FILE` make one of their own.
    """
    index = os.environ.get("GIT_INDEX_FILE")
    os.environ.pop(HOOK_INDEX, None)
    if index:
        os.environ[HOOK_INDEX] = os.path.abspath(index)
    for name in HOOK_VARIABLES:
        os.environ.pop(name, None)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does: children waited for, locks released."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    previous = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in previous.items():
            signal.signal(getattr(signal, name), handler)
