"""
`promptgit.capture` and `promptgit.feedback`: what production said and heard, into the logs.

Nothing here raises into the application or waits for a disk (docs/capture.md says what holds).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from promptgit.api.call import SOURCE, Call
from promptgit.api.recorder import PROCESS, CaptureStats, Recorder
from promptgit.api.settled import Redact, settled
from promptgit.api.subject import NOBODY, Prompted, about
from promptgit.api.texts import finite, instant, moment_of, new_id, text_of, texts_of
from promptgit.flywheel.interaction import FEEDBACK, Interaction


def capture(
    prompt: Prompted | None = None,
    *,
    unit: object = None,
    conversation: object = None,
    turn: int | None = None,
    environment: str | None = None,
    input: object = "",
    inputs: Mapping[str, Any] | None = None,
    model: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Call:
    """
    Record what happens to one call of a prompt: `with promptgit.capture(prompt) as call:`.

    prompt: as `load` returned it, or its name.  unit: whom a variant sticks to, such as a user.
    conversation: what its calls have in common.  turn: the how-manieth call of it, from 0.
    input: the last message of the user.  inputs: what filled the holes.  facts: what else is
    known, by name (`agent`, `channel`, `value`, …).  What is not given comes from `using`.

    The call is timed; the name of an exception becomes its `error`, and the exception passes on.
    For `async with`, too.
    """
    recorder = PROCESS.recorder
    subject = NOBODY
    with recorder.shield:
        subject = about(prompt, unit, conversation, turn, environment, facts)
    call = Call(subject, recorder=recorder)
    call.input = input
    call.inputs = {} if inputs is None else inputs
    call.model = model
    return call


def feedback(
    id: str,
    *,
    score: float | bool | None = None,
    name: str = "satisfaction",
    comment: str = "",
    at: str | None = None,
    **facts: object,
) -> bool:
    """
    Record what somebody said of a call, or of a conversation, later, in whatever process.

    id: of the call, or of the conversation.  score: by convention 0 to 1.  comment: in words; it
    is redacted like everything.  at: the instant, `2026-11-21T20:40:05.123Z`; else now.
    facts: such as `value="49.90"`, `upsell="accepted"`.  Returns whether it was accepted; what
    names nothing is not.
    """
    recorder = PROCESS.recorder
    with recorder.shield:
        if id is None or not (of := text_of(id)):
            recorder.say("feedback", "feedback that names no call says nothing, and is not kept")
            return False
        scores = {} if score is None else {str(name): finite(name, score)}
        said = {"comment": comment, **facts} if comment else facts
        line = Interaction(
            id=new_id(),
            at=instant(time.time_ns()) if at is None else moment_of(at),
            kind=FEEDBACK,
            of=of,
            environment=recorder.environment,
            scores=scores,
            facts=texts_of(said),
            source=SOURCE,
        )
        clean = recorder.clean(line)
        if clean is None:
            return False
        accepted = recorder.accept(clean)
        with recorder.shield:
            recorder.spans.feedback(clean)
        return accepted
    return False


def flush(timeout_s: float = 5.0) -> bool:
    """Write what was captured so far where readers see it; False: not all within the time."""
    recorder = PROCESS.recorder
    with recorder.shield:
        return recorder.flush(timeout_s)
    return False


def capture_stats() -> CaptureStats:
    """Count what became of this process's calls and feedback."""
    return PROCESS.recorder.stats


def capture_to(
    folder: str | os.PathLike[str] | None = None,
    *,
    redact: Redact | None = None,
    environment: str | None = None,
) -> None:
    """
    Settle where this process captures to, now instead of at the first call.

    folder: of the logs; else PROMPTGIT_LOGS, `capture.folder` of flywheel.yaml, or the state
    folder of the repository.  redact: in the place of the usual redaction, a function of an
    Interaction that returns one.  environment: of calls whose prompt names none.
    Raises UserError where none of this leads to a folder: the one thing here that raises.
    """
    found = settled(folder, redact=redact, environment=environment)
    PROCESS.use(Recorder(lambda: found))
