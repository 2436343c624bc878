"""
Look at a window of the logs: what is, what changed, what the best share, what to do next.

Everything but the cube is asked of a stated, seeded sample, so it costs the same for ten thousand
conversations and for a hundred million.
"""

from __future__ import annotations

from collections.abc import Sequence

from promptgit.flywheel.changes import changes
from promptgit.flywheel.cube import Cube
from promptgit.flywheel.detectors.applied import fires, firing
from promptgit.flywheel.detectors.measured import Rulebook
from promptgit.flywheel.examples import shown
from promptgit.flywheel.insights import Analysis, Example, Opportunity, Options, Pattern, Performers
from promptgit.flywheel.interaction import Conversation
from promptgit.flywheel.logs import Logs
from promptgit.flywheel.new_patterns import new_patterns
from promptgit.flywheel.opportunities import opportunities
from promptgit.flywheel.traits import performers
from promptgit.flywheel.window import Window

SUSPECT = "suspect"  # the detector of what no rule knows
SCORES = ("quality", "satisfaction")  # by the first of them that is given
MOST_PROMPTS = 5  # whose answers are looked at, the busiest first


def analyze(
    logs: Logs, rulebook: Rulebook, window: Window, options: Options, *, limits: str = ""
) -> Analysis:
    """Analyse a window; `options` say of which prompt, and how much is looked at."""
    now, before = logs.cube(window), logs.cube(window.before)
    if options.prompt:
        now, before = now.only(prompt=options.prompt), before.only(prompt=options.prompt)
    found = Analysis(window, now, before, logs.engine, limits, prompt=options.prompt)
    prompts = [name for name in found.prompts if name]
    samples = {
        name: logs.sample(window, prompt=name, limit=options.sample, seed=options.seed)
        for name in prompts[:MOST_PROMPTS]
    }
    patterns, looked_at = _patterns(logs, rulebook, window, options, samples)
    return Analysis(
        window,
        now,
        before,
        logs.engine,
        limits,
        changes(now, before, prompts),
        [one for name, sample in samples.items() if (one := _performers(name, sample, options))],
        patterns,
        looked_at,
        [
            _with_examples(one, logs, rulebook, window, options)
            for one in opportunities(
                now, rulebook.metrics, prompts, options.opportunities, trying=options.trying
            )
        ],
        notices=_notices(now, before, prompts),
        prompt=options.prompt,
    )


def _performers(prompt: str, sample: Sequence[Conversation], options: Options) -> Performers | None:
    for score in SCORES:
        found = performers(prompt, sample, score, examples=options.examples)
        if found is not None:
            return found
    return None


def _patterns(
    logs: Logs,
    rulebook: Rulebook,
    window: Window,
    options: Options,
    samples: dict[str, Sequence[Conversation]],
) -> tuple[list[Pattern], int]:
    """Seek new attacks among what is suspicious and no rule knows, prompt by prompt."""
    if SUSPECT not in rulebook.detectors:
        return [], 0
    suspect = rulebook.detectors[SUSPECT]
    found: list[Pattern] = []
    looked_at = 0
    for prompt, sample in samples.items():
        flagged = logs.flagged(
            SUSPECT, window, prompt=prompt, limit=options.suspects, seed=options.seed
        )
        suspects = [
            (one, call)
            for one in flagged
            for call in one.calls
            if fires(suspect, call, rulebook.detectors)
        ]
        looked_at += len(suspects)
        usual = [call.input for one in sample for call in one.calls]
        found += new_patterns(prompt, suspects, usual, examples=options.examples)
    return found, looked_at


def _with_examples(
    one: Opportunity, logs: Logs, rulebook: Rulebook, window: Window, options: Options
) -> Opportunity:
    from dataclasses import replace

    if not one.detector:
        return one
    detector = rulebook.detectors[one.detector]
    flagged = logs.flagged(
        one.detector, window, prompt=one.prompt, limit=options.examples, seed=options.seed
    )
    examples: list[Example] = []
    for conversation in flagged:
        call = firing(detector, conversation.calls, rulebook.detectors)
        examples.append(shown(conversation, call or conversation.calls[-1]))
    return replace(one, examples=examples)


def _notices(now: Cube, before: Cube, prompts: Sequence[str]) -> list[str]:
    found = []
    if now.rows and not before.rows:
        found.append("the window before has no calls, so nothing is compared with it")
    elif new := [name for name in prompts if not before.only(prompt=name).rows]:
        found.append(f"no calls in the window before: {', '.join(new)}")
    if any(not cell.prompt for cell in now.rows):
        found.append("some calls name no prompt: they are counted, and looked at no further")
    if any(not cell.version for cell in now.rows):
        found.append("some calls name no version: they join no text in Git")
    return found
