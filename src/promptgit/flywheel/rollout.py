"""
What is live where: for each environment and prompt a stable text, and perhaps a candidate.

A rollout is a file in Git, so a deploy is a commit, a promotion can be a pull request, and
`git revert` is the way back.  Here is what each step makes of an entry; `config/rollout_file`
reads and writes the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from promptgit.errors import UserError

ROLLOUT_FILE = "prompts/rollout.yaml"  # from the top level of the repository
STEPS = (10.0, 50.0, 100.0)  # percent
PRODUCTION = "production"
STABLE: Variant = "stable"
CANDIDATE: Variant = "candidate"

Variant = Literal["stable", "candidate"]


@dataclass(frozen=True, slots=True)
class Arm:
    """A text that some units get."""

    blob: str  # the Git object id of the prompt's own text
    commit: str  # one that holds it, with what it includes


@dataclass(frozen=True, slots=True)
class Rollout:
    """One prompt in one environment."""

    environment: str
    prompt: str  # its name
    stable: Arm
    candidate: Arm | None = None
    share: float = 0.0  # percent of the units that get the candidate; 0 without one
    steps: tuple[float, ...] = STEPS  # of the share, in percent, ascending
    guards: tuple[str, ...] = ()  # conditions that abort: `leaks > 0`
    since: str = ""  # when this became so; an instant in UTC
    salt: str = ""  # what the units are drawn by; empty: the candidate's blob

    @property
    def draw(self) -> str:
        """What tells this draw of units from others: a new candidate gets other units first."""
        return self.salt or (self.candidate.blob if self.candidate else "")

    @property
    def next_step(self) -> float | None:
        """The share that `promote` sets, in percent; None where it makes the candidate stable."""
        return next((step for step in self.steps if step > self.share), None)

    def arm(self, variant: Variant) -> Arm:
        if variant == CANDIDATE and self.candidate:
            return self.candidate
        return self.stable

    def propensity(self, variant: Variant) -> float:
        """
        The chance with which a unit gets this variant.

        >>> one = Rollout("production", "reply", Arm("a", "c"), Arm("b", "d"), share=10)
        >>> one.propensity("candidate"), one.propensity("stable")
        (0.1, 0.9)
        """
        share = self.share if self.candidate else 0.0
        return (share if variant == CANDIDATE else 100 - share) / 100


Entries = Mapping[tuple[str, str], Rollout]  # (environment, prompt) → what is live


@dataclass(frozen=True, slots=True)
class Rollouts:
    """All of a file."""

    entries: Entries = field(default_factory=lambda: MappingProxyType({}))

    @property
    def environments(self) -> tuple[str, ...]:
        """In the order of the file."""
        return tuple(dict.fromkeys(environment for environment, _ in self.entries))

    def get(self, environment: str, prompt: str) -> Rollout | None:
        return self.entries.get((environment, prompt))

    def of(self, prompt: str) -> tuple[Rollout, ...]:
        """Every environment that has this prompt."""
        return tuple(one for (_, name), one in self.entries.items() if name == prompt)

    def having(self, one: Rollout) -> Rollouts:
        """The same with this entry in the place of the one before."""
        return Rollouts(
            MappingProxyType({**self.entries, (one.environment, one.prompt): one}),
        )


def deployed(
    before: Rollout | None,
    environment: str,
    prompt: str,
    arm: Arm,
    *,
    percent: float | None,
    guards: tuple[str, ...] = (),
    at: str,
) -> Rollout:
    """
    Put a text into an environment: at once where nothing is live yet, else for a share of units.

    percent: of units; None: the first step.  guards: in place of those of a candidate that has
    this text already; empty: as they are.  Raises UserError where that is no step forward.
    """
    if before is None:
        if percent is not None and percent < 100:
            raise UserError(
                f"{prompt} has no stable text in {environment} yet, so nothing is there for the "
                f"other {100 - percent:g} %",
                hint=f"deploy the text that is live today first: `promptgit deploy {prompt} "
                f"--to {environment} --ref REV`",
            )
        return Rollout(environment, prompt, arm, since=at)
    share = before.steps[0] if percent is None else percent
    if before.candidate is None:
        if arm.blob == before.stable.blob:
            raise UserError(
                f"{prompt} is live in {environment} with this very text ({arm.blob[:10]})",
                hint="nothing to deploy; `promptgit status` shows what is live",
            )
        return replace(before, candidate=arm, share=share, since=at)
    if arm.blob != before.candidate.blob:
        raise UserError(
            f"{prompt} has another candidate in {environment} "
            f"({before.candidate.blob[:10]}, {before.share:g} %)",
            hint=f"`promptgit promote {prompt} --to {environment}` or "
            f"`promptgit abort {prompt} --to {environment}` first",
        )
    if percent is None or share == before.share:
        if guards not in ((), before.guards):
            return replace(before, guards=guards)
        raise UserError(
            f"this text is the candidate in {environment} already, with {before.share:g} %",
            hint="`promptgit promote` takes the next step, `--percent` sets a share, `--guard` "
            f"the guards; `steps` stand in {ROLLOUT_FILE}: edit and commit it",
        )
    return replace(before, candidate=arm, share=share, since=at)


def promoted(before: Rollout, *, at: str) -> Rollout:
    """Take the next step: a larger share, or the candidate becomes the stable text."""
    candidate = _candidate(before, "promote")
    step = before.next_step
    if step is not None:
        return replace(before, share=step, since=at)
    return replace(before, stable=candidate, candidate=None, share=0.0, since=at)


def aborted(before: Rollout, *, at: str) -> Rollout:
    """Give every unit the stable text again."""
    _candidate(before, "abort")
    return replace(before, candidate=None, share=0.0, since=at)


def shared(before: Rollout, share: float, *, at: str) -> Rollout:
    """Give the candidate another share, in percent."""
    _candidate(before, "share out")
    return replace(before, share=share, since=at)


def _candidate(one: Rollout, verb: str) -> Arm:
    if one.candidate is None:
        raise UserError(
            f"{one.prompt} has no candidate in {one.environment}: there is nothing to {verb}",
            hint=f"`promptgit deploy {one.prompt} --to {one.environment}` brings one; `git revert` "
            "takes a deploy back",
        )
    return one.candidate
