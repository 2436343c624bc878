"""What became of a metric over time, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.flywheel.culprit import Cause
from promptgit.flywheel.drift import MOST, Drift, Watched
from promptgit.report.history_text import Styled
from promptgit.report.metric_words import amount
from promptgit.report.text import counted, printable


def said(drift: Drift, *, short: int = 10) -> str:
    """
    Say what drifted, since when, and whose drop it likely is.

    >>> from promptgit.flywheel.cube import Metric
    >>> metric = Metric("quality_score", unit="number", better="higher")
    >>> said(Drift("reply", metric, "2026-11-06T03:14:05.123Z", "2026-11-06T05:00:00.000Z", 9.0,
    ...            7.1, 45, True, (Cause("model", "llama3.2"),)))
    'quality_score fell from 9.00 to 7.10 about 45 conversations ago, on 2026-11-06 at 03:14 UTC \
(all that runs on llama3.2: likely the model, not a prompt).'
    """
    verb = "fell" if drift.after < drift.before else "rose"
    unit = drift.metric.unit if drift.metric.unit != "count" else "number"
    change = f"from {amount(unit, drift.before)} to {amount(unit, drift.after)}"
    when = f"on {drift.began[:10]} at {drift.began[11:16]} UTC"
    past = f"about {counted(drift.observations, 'conversation')} ago, " if drift.standing else ""
    recovered = "" if drift.standing else "; what followed does not prove it"
    if drift.recovered:
        recovered = f", and got better on {drift.recovered[:10]} at {drift.recovered[11:16]} UTC"
    return f"{drift.metric.name} {verb} {change} {past}{when}{recovered} ({blame(drift, short)})."


def blame(drift: Drift, short: int = 10) -> str:
    """Say whose drop it is, as far as it can be told."""
    causes = drift.causes
    if not causes:
        return "too little to say why"
    if len(causes) == 1:
        return _WORDS[causes[0].kind].format(name=_name(causes[0], short))
    named = " or ".join(_NAMES[cause.kind].format(name=_name(cause, short)) for cause in causes)
    return f"cannot be told apart: {named}"


def screen(watched: Sequence[Watched], notices: Sequence[str]) -> Iterator[Styled]:
    """Show alarms first, then what was looked at without one."""
    standing = sum(one.drifted is True for one in watched)
    prompts = dict.fromkeys(one.prompt for one in watched)
    metrics = dict.fromkeys(one.metric.name for one in watched)
    looked = f"{counted(len(metrics), 'metric')} of {counted(len(prompts), 'prompt')}"
    alarms = counted(standing, "alarm") if standing else "no alarm"
    yield ((f"{looked}: {alarms}", "bold"),)
    for prompt in prompts:
        own = [one for one in watched if one.prompt == prompt]
        yield (("", ""),)
        yield ((printable(prompt, 80) or "(no prompt named)", "bold"),)
        for one in own:
            for drift in _worth_showing(one):
                yield ((f"  {said(drift)}", "red" if drift.standing else "dim"),)
        little = [one for one in own if one.little]
        calm = [one for one in own if not _worth_showing(one) and not one.little]
        if calm:
            most = max(one.observations for one in calm)
            names = ", ".join(one.metric.name for one in calm)
            yield ((f"  no drift: {names} (up to {counted(most, 'conversation')})", ""),)
        for one in little:
            yield ((f"  {one.metric.name}: {quiet(one)}", "dim"),)
    for note in notices:
        yield ((f"note: {note}", "dim"),)


def _worth_showing(watched: Watched) -> list[Drift]:
    return [drift for drift in watched.drifts if drift.proven]


def facts(watched: Watched) -> dict[str, object]:
    """Say the same to a program."""
    return {
        "prompt": watched.prompt,
        "metric": watched.metric.name,
        "unit": watched.metric.unit,
        "observations": watched.observations,
        "block": watched.block,
        "newest_only": watched.cut,
        "drifted": watched.drifted,
        "drifts": [
            {
                "began": drift.began,
                "found": drift.found,
                "before": drift.before,
                "after": drift.after,
                "observations": drift.observations,
                "proven": drift.proven,
                "standing": drift.standing,
                "recovered": drift.recovered,
                "causes": [{"kind": cause.kind, "name": cause.name} for cause in drift.causes],
                "said": said(drift),
            }
            for drift in watched.drifts
        ],
    }


def quiet(watched: Watched) -> str:
    """Say what was looked at where no alarm rings; empty where there is nothing to explain."""
    if watched.little:
        return (
            f"{counted(watched.observations, 'conversation')}: too little history to detect "
            "anything but a collapse"
        )
    return ""


def limits(watched: Sequence[Watched]) -> list[str]:
    """Say what was left out of long streams."""
    notes: list[str] = []
    coarse = [one for one in watched if one.block > 1]
    if coarse:
        most = max(one.block for one in coarse)
        notes.append(
            f"long streams are looked at in means of up to {most} conversations: a drift is seen "
            "to within that many"
        )
    if any(one.cut for one in watched):
        notes.append(f"of streams of more than {MOST:,} conversations the newest were looked at")
    return notes


def _name(cause: Cause, short: int) -> str:
    limit = short if cause.kind in ("version", "new version") else 60
    return printable(cause.name[:limit]) or "(no name)"


_WORDS = {
    "version": "version {name} alone: likely its text, not the model",
    "prompt": "every version of {name}, and no other prompt: likely what is asked of it",
    "model": "all that runs on {name}: likely the model, not a prompt",
    "everything": "all versions and models: likely the provider or what is asked, not a prompt",
    "new version": "version {name} came then: likely its text",
    "new model": "model {name} came then: likely the model, not a prompt",
}
_NAMES = {
    "version": "version {name}",
    "prompt": "what is asked of {name}",
    "model": "model {name}",
    "everything": "everything",
    "new version": "version {name}, which came then",
    "new model": "model {name}, which came then",
}
