"""
Which text a unit gets, decided in microseconds from what was read before.

A router reads a rollout once.  After that it looks at most once a second whether the file is
another one, by its times and size, and reads it in a thread of its own: no caller ever waits for
a parser or for Git.  A file that is broken or gone changes nothing: what was read last is served
on, and `RolloutState.problem` and one warning say so.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from time import monotonic
from typing import Any, Protocol

from promptgit.api.values import Prompt
from promptgit.core import prompt as prompts
from promptgit.errors import PromptgitError, UserError
from promptgit.flywheel.bundle import Served, Serving
from promptgit.flywheel.rollout import CANDIDATE, STABLE, Variant
from promptgit.flywheel.routing import Route, route

LOOK_EVERY_S = 1.0
LONGEST_PAUSE_S = 60.0  # between two tries to read what is broken
KNOWN_NAMES = 10_000  # other ways to write a prompt's name that are remembered

Stamp = tuple[Any, ...]


@dataclass(frozen=True, slots=True, repr=False)
class RoutedPrompt(Prompt):
    """A prompt as a rollout gave it to a unit; what it was called by is logged with the call."""

    variant: str = ""  # `stable`, `candidate`, or empty where no rollout speaks of the prompt
    propensity: float = 1.0  # the chance with which this variant was chosen
    environment: str = ""
    unit: str = ""

    @property
    def version(self) -> str:
        """The blob id of the text, as log lines have it."""
        return self.blob

    def for_unit(self, unit: str) -> RoutedPrompt:
        """The same for this unit; filled slot by slot, in half the time of `__init__`."""
        made = object.__new__(RoutedPrompt)
        _TEXT(made, self.text)
        _BLOB(made, self.blob)
        _NAME(made, self.name)
        _INCLUDES(made, self.includes)
        _TEMPLATE(made, self.template)
        _FORM(made, self.form)
        _VARIANT(made, self.variant)
        _PROPENSITY(made, self.propensity)
        _ENVIRONMENT(made, self.environment)
        _UNIT(made, unit)
        return made

    def __repr__(self) -> str:
        shown = f"{self.variant} in {self.environment}" if self.variant else "not routed"
        return f"<Prompt {self.name} {self.blob[:10]}, {shown}>"


_SLOTS = [getattr(RoutedPrompt, one.name).__set__ for one in fields(RoutedPrompt)]
_TEXT, _BLOB, _NAME, _INCLUDES, _TEMPLATE, _FORM, *_ROUTED = _SLOTS
_VARIANT, _PROPENSITY, _ENVIRONMENT, _UNIT = _ROUTED


@dataclass(frozen=True, slots=True)
class RolloutState:
    """What a process serves from, and whether that is the newest."""

    source: str  # the file
    read_at: str  # an instant in UTC; of what is served now
    entries: int  # environments times prompts
    problem: str = ""  # why the file as it is now could not be read; empty: all is well


class Source(Protocol):
    """Where rollouts come from."""

    @property
    def name(self) -> str: ...

    def stamp(self) -> Stamp:
        """Something that is another one when the source has changed; quick, and never raises."""
        ...

    def read(self) -> Serving:
        """Read everything; raise PromptgitError where it is broken or gone."""
        ...

    def called(self, prompt: str) -> str:
        """What rollouts call a prompt that somebody names by its path; empty: nobody knows."""
        ...

    def unlisted(self, prompt: str) -> prompts.Prompt | None:
        """The text of a prompt that no rollout speaks of, where the source has one."""
        ...


class Router:
    """Serves one source to all threads of a process."""

    def __init__(self, source: Source) -> None:
        """Read the source; raise PromptgitError where that is not possible."""
        self.source = source
        self._stamp: Stamp = source.stamp()
        self._routes: dict[tuple[str, str], Route[RoutedPrompt]] = {}
        self._unlisted: dict[tuple[str, str], RoutedPrompt] = {}
        self._failures = 0
        self._serve(source.read())
        self.renew()
        _ROUTERS.append(self)

    def renew(self) -> None:
        """Begin to look anew: a child process has none of its parent's threads."""
        self._gate = threading.Lock()
        self._reading = False
        self._look_at = monotonic() + LOOK_EVERY_S

    def choose(self, prompt: str, environment: str, unit: str | None) -> RoutedPrompt:
        """Choose the variant of a unit; raise UserError where the prompt is not live there."""
        if monotonic() >= self._look_at:
            self._look()
        found = self._routes.get((environment, prompt)) or self._alias(environment, prompt)
        chosen = found.choose(unit)
        return chosen.for_unit(unit) if unit else chosen

    def choose_or_load(self, prompt: str, environment: str, unit: str | None) -> RoutedPrompt:
        """The same, but what no rollout speaks of is the prompt's own file."""
        if monotonic() >= self._look_at:
            self._look()
        key = environment, prompt
        if key not in self._routes:
            found = self._unlisted.get(key)
            if found is None and self._same(environment, prompt) is None:
                plain = self.source.unlisted(prompt)
                if plain is None:
                    raise self._unknown(environment, prompt)
                found = self._unlisted[key] = _routed(plain, "", 1.0, environment)
            if found is not None:
                return found.for_unit(unit) if unit else found
        return self.choose(prompt, environment, unit)

    def refresh(self) -> None:
        """Read the source now, and serve it; where it is broken, stay with what there is."""
        stamp = self.source.stamp()
        try:
            serving = self.source.read()
        except PromptgitError as error:
            self._failed(error.message)
            return
        self._stamp = stamp
        self._serve(serving)

    def _look(self) -> None:
        """See whether the source has changed, and if so have it read beside us."""
        if not self._gate.acquire(blocking=False):
            return
        try:
            self._look_at = monotonic() + LOOK_EVERY_S
            if self._reading or self.source.stamp() == self._stamp:
                return
            self._reading = True
            threading.Thread(
                target=self._read_beside, name="promptgit-rollout", daemon=True
            ).start()
        finally:
            self._gate.release()

    def _read_beside(self) -> None:
        try:
            self.refresh()
        finally:
            self._reading = False

    def _serve(self, serving: Serving) -> None:
        self._routes = {key: _route(one) for key, one in serving.items()}
        self._unlisted = {}
        self._failures = 0
        self.state = RolloutState(self.source.name, _now(), len(serving))

    def _failed(self, problem: str) -> None:
        """Say it once, and try again: soon, then ever more seldom."""
        import logging

        self._failures += 1
        pause = min(LONGEST_PAUSE_S, LOOK_EVERY_S * 2**self._failures)
        self._look_at = monotonic() + pause
        if problem != self.state.problem:
            served = self.state
            self.state = RolloutState(served.source, served.read_at, served.entries, problem)
            logging.getLogger("promptgit").warning(
                "%s; what was read at %s is served on", problem, served.read_at
            )

    def _alias(self, environment: str, prompt: str) -> Route[RoutedPrompt]:
        found = self._same(environment, prompt)
        if found is None:
            raise self._unknown(environment, prompt)
        if len(self._routes) < KNOWN_NAMES:
            self._routes[environment, prompt] = found
        return found

    def _same(self, environment: str, prompt: str) -> Route[RoutedPrompt] | None:
        """Find a prompt by another way to write its name: `prompts/reply.md` is `reply`."""
        called = self.source.called(prompt)
        return self._routes.get((environment, called)) if called else None

    def _unknown(self, environment: str, prompt: str) -> UserError:
        from difflib import get_close_matches

        there = [name for where, name in self._routes if where == environment]
        if not there:
            places = ", ".join(sorted({where for where, _ in self._routes})) or "nothing"
            return UserError(
                f"nothing is live in {environment!r}",
                hint=f"{self.source.name} has: {places}",
            )
        close = get_close_matches(prompt, there, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"live there: {', '.join(sorted(there))}"
        return UserError(f"{prompt!r} is not live in {environment!r}", hint=hint)


_ROUTERS: list[Router] = []


def _after_fork() -> None:
    for router in _ROUTERS:
        router.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _route(one: Served) -> Route[RoutedPrompt]:
    rollout = one.rollout

    def arm(variant: Variant) -> RoutedPrompt:
        chance = rollout.propensity(variant)
        return _routed(one.text(variant), variant, chance, rollout.environment)

    candidate = arm(CANDIDATE) if rollout.candidate else None
    return route(
        rollout.environment,
        rollout.prompt,
        rollout.draw,
        rollout.share,
        arm(STABLE),
        candidate,
    )


def _routed(
    plain: prompts.Prompt, variant: str, propensity: float, environment: str
) -> RoutedPrompt:
    facts: Mapping[str, Any] = {
        name: getattr(plain, name)
        for name in ("text", "blob", "name", "includes", "template", "form")
    }
    return RoutedPrompt(**facts, variant=variant, propensity=propensity, environment=environment)


def _now() -> str:
    from datetime import UTC, datetime

    from promptgit.flywheel.window import instant

    return instant(datetime.now(UTC))
