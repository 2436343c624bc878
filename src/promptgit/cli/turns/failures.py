"""The conversations that went wrong, by the metric that a trigger is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from promptgit.flywheel.detectors.applied import firing
from promptgit.flywheel.detectors.measured import CALLS, CONVERSATIONS, Measured, Rulebook
from promptgit.flywheel.drafting import Failure, quality_of
from promptgit.flywheel.interaction import Conversation
from promptgit.flywheel.logs import Logs
from promptgit.flywheel.window import Window

LOOKED_AT = 2_000  # conversations of a sample, where no detector says which are bad
WORST = 0.6  # of 1: a conversation that scored below is one that went wrong
PER_DRAFT = 4  # conversations for each draft: many say the same


def failures(
    logs: Logs,
    rulebook: Rulebook,
    metrics: Sequence[str],
    window: Window,
    *,
    prompt: str,
    most: int,
) -> list[Failure]:
    """Return conversations that make these metrics bad, turn and turn about, each once."""
    several = [
        list(_of(logs, rulebook, rulebook.metrics[name], window, prompt, most * PER_DRAFT))
        for name in metrics
    ]
    found: dict[str, Failure] = {}
    for one in chain.from_iterable(zip_longest(*several)):
        if one is not None:
            found.setdefault(one.conversation.id, one)
    return list(found.values())


def _of(
    logs: Logs, rulebook: Rulebook, one: Measured, window: Window, prompt: str, most: int
) -> Iterator[Failure]:
    if one.how in ("mean", "sum"):
        if one.what.startswith("scores."):
            yield from _worst(logs, one, window, prompt, most)
        return
    if rulebook.detectors[one.what].is_sampled:
        return
    if one.metric.better == "higher":
        yield from _missed(logs, one, window, prompt, most)
        return
    for talk in logs.flagged(one.what, window, prompt=prompt, limit=most):
        calls = tuple(call for call in talk.calls if call.prompt == prompt)
        blamed = firing(rulebook.detectors[one.what], calls, rulebook.detectors)
        yield Failure(talk, one.what, blamed.id if blamed else "")


def _worst(logs: Logs, one: Measured, window: Window, prompt: str, most: int) -> Iterator[Failure]:
    """The conversations of a sample that scored worst."""
    scored: list[tuple[float, str, Conversation]] = []
    for talk in logs.sample(window, prompt=prompt, limit=LOOKED_AT):
        score = quality_of(talk, one.what.removeprefix("scores."))
        if score is not None and score < WORST:
            scored.append((score, talk.id, talk))
    for _, _, talk in sorted(scored, key=lambda each: each[:2])[:most]:
        yield Failure(talk, f"low {one.what.removeprefix('scores.')}")


def _missed(logs: Logs, one: Measured, window: Window, prompt: str, most: int) -> Iterator[Failure]:
    """Those where it should have happened and did not: offers that nobody took."""
    if one.of in (CALLS, CONVERSATIONS):
        wanted: Sequence[Conversation] = logs.sample(window, prompt=prompt, limit=LOOKED_AT)
    else:
        wanted = logs.flagged(one.of, window, prompt=prompt, limit=LOOKED_AT)
    took = {talk.id for talk in logs.flagged(one.what, window, prompt=prompt, limit=10_000)}
    missed = (talk for talk in wanted if talk.id not in took)
    for _, talk in zip(range(most), missed, strict=False):
        yield Failure(talk, f"no {one.what}")
