"""
The same functions for an event loop: each runs in a thread of its own, so there is one of each.

Whoever cancels the task gets CancelledError at once; the thread makes no further call, and ends
when the calls in flight have come back.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from promptgit.api.checking import check
from promptgit.api.evaluating import evaluate
from promptgit.api.improving import improve
from promptgit.api.loading import load
from promptgit.cli.halting import HALT

Given = ParamSpec("Given")
Found = TypeVar("Found")


def off_thread(function: Callable[Given, Found]) -> Callable[Given, Awaitable[Found]]:
    """Make a coroutine function of a function that stops when it is told to."""

    @functools.wraps(function)
    async def awaited(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        halt = threading.Event()
        context = contextvars.copy_context()
        context.run(HALT.set, halt)
        call = functools.partial(context.run, function, *args, **kwargs)
        future = asyncio.get_running_loop().run_in_executor(None, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            halt.set()
            future.add_done_callback(_heard)
            raise

    return awaited


def _heard(future: asyncio.Future[Found]) -> None:
    """Take note of how the thread ended: nobody waits for it any more."""
    if not future.cancelled():
        future.exception()


aevaluate = off_thread(evaluate)
acheck = off_thread(check)
aimprove = off_thread(improve)
aload = off_thread(load)
