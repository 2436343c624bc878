"""What a change was worth, in words: a sentence a metric, for terminals and pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from promptgit.core.record import Record
from promptgit.flywheel.cube import Metric
from promptgit.flywheel.measure import Effect, Measurement
from promptgit.flywheel.proposal import Compared, Guarded, Proposal
from promptgit.report import metric_words
from promptgit.report.history_text import SHORT, Styled, clean
from promptgit.report.markdown import inline

STYLE = {"better": "green", "worse": "red", "different": "yellow", "": ""}
RECORDS_SHOWN = 3


def measure_lines(
    found: Measurement, of: Compared, guards: Sequence[Guarded], proposal: Proposal | None
) -> Iterator[Styled]:
    """What was compared, what is proven, what is not, and what to do."""
    yield ((heading(of, found), "bold"),)
    yield ((_counts(found), "dim"),)
    known = [one for one in found.effects if one.difference]
    hopeless = [one for one in known if not (one.verdict or one.leans) and one.more is None]
    for title, shown in (
        ("proven", [one for one in known if one.verdict]),
        ("not proven", [one for one in known if not one.verdict and one not in hopeless]),
    ):
        if shown:
            yield ()
            yield ((title, "bold"),)
        for one in shown:
            yield (("  ", ""), (clean(sentence(one)), STYLE[one.verdict]))
    if hopeless:
        names = ", ".join(one.name for one in hopeless)
        said = "no number of conversations in sight would tell a difference"
        yield ()
        yield (("not to be told", "bold"), (f": {said}: {clean(names)}", "dim"))
    if not known:
        yield ()
        yield (("nothing can be compared: one side has no conversation", "yellow"),)
    if found.how == "before and after" and known:
        yield ()
        yield (("other things may have changed meanwhile; a rollout compares side by side", "dim"),)
    yield from _guard_lines(found, guards)
    if proposal:
        style = {"promote": "green", "abort": "red", "wait": ""}[proposal.move]
        yield ()
        yield (("proposal: ", "bold"), (proposal.move, style), (f": {clean(proposal.why)}", ""))
        if proposal.move != "wait":
            yield ((f"`{_typed(of, proposal)}`", "dim"),)


def heading(of: Compared, found: Measurement) -> str:
    """Say which texts were compared, and how."""
    texts = f"{of.after[:SHORT] or '?'} against {of.before[:SHORT] or '?'}"
    if not of.after and not of.before:
        texts = "this window against the one before"
    where = f" in {of.environment}" if of.environment else ""
    return f"{of.prompt}{where}: {texts}, {found.how}"


def sentence(one: Effect) -> str:
    """
    Say one difference in a plain sentence.

    >>> from promptgit.flywheel.tally import Difference
    >>> print(sentence(Effect(Metric("block_rate", better="higher"), 0.5217, 0.96,
    ...     Difference(0.4383, 0.1921, 0.6204), (23, 25), proven=True)))
    block_rate_improvement: 52.2 % to 96.0 %, +43.8 points (+19.2 to +62.0): better
    >>> print(sentence(Effect(Metric("error_rate", better="lower"), 0.004, 0.0034,
    ...     Difference(-0.0005, -0.002, 0.0011), (1000, 900))).partition("): ")[2])
    about 38,000 more conversations would tell
    """
    metric, found = one.metric, one.difference
    if found is None:
        return f"{one.name}: nothing to compare"
    before, after = (_amount(metric, value) for value in (one.before, one.after))
    low, high = (_signed(metric, bound) for bound in (found.low, found.high))
    unit = " points" if metric.unit == "share" else _per(metric)
    said = (
        f"{one.name}: {before} to {after}, {_signed(metric, found.value)}{unit} ({low} to {high})"
    )
    if one.verdict:
        return f"{said}: {one.verdict}"
    if one.leans:
        return f"{said}: likely, and not proven beside the others"
    if one.more is None:
        return f"{said}: no number of conversations in sight would tell"
    digits = max(0, len(str(one.more)) - 2)
    return f"{said}: about {round(one.more, -digits):,} more conversations would tell"


def recorded_lines(records: Sequence[Record], blob: str) -> Iterator[Styled]:
    """What production said of a text, as its records have it; newest first."""
    for record in records[:RECORDS_SHOWN]:
        body = record.body
        new, old = _blob(body, "prompt"), _blob(body, "baseline")
        other = f"against {old[:SHORT]}" if blob == new else f"as baseline of {new[:SHORT]}"
        since, until = _window(body)
        yield (
            ("production: ", "bold"),
            (f"{other}, {clean(str(body.get('how')))}, {since} to {until}", ""),
        )
        for name, effect in _proven(body):
            yield ((f"  {clean(name)}: {_told(effect)}", ""),)


def pull_request(
    found: Measurement,
    of: Compared,
    guards: Sequence[Guarded],
    proposal: Proposal,
    *,
    merged: str = "",
) -> str:
    """
    The body of a pull request that proposes to promote or to abort.

    merged: what merging does, where its branch has the commit; empty: a command makes it.
    """
    verb = {"promote": "Promote", "abort": "Abort", "wait": "Wait with"}[proposal.move]
    lines = [
        f"{verb} the candidate of `{of.prompt}` in {inline(of.environment)}: "
        f"{inline(proposal.why)}.",
        "",
        f"Compared {found.how}, {of.window.since[:10]} to {of.window.until[:10]}: "
        f"`{of.after[:SHORT]}` against `{of.before[:SHORT]}`, {_counts(found)}.",
        "",
        "| | stable | candidate | difference | 95 % range | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    ordered = sorted(found.effects, key=lambda one: not one.verdict)
    lines += [_row(one) for one in ordered if one.difference]
    if guards:
        lines += ["", "Guards:", ""]
        lines += [
            f"* {inline(one.condition)}: {inline(_guard_word(one))} ({inline(one.figures)})"
            for one in guards
        ]
    typed = f"`{_typed(of, proposal)}` makes the commit; `git revert` takes it back."
    if proposal.move != "wait":
        lines += ["", merged or typed]
    return "\n".join(lines) + "\n"


def _typed(of: Compared, proposal: Proposal) -> str:
    """The command that does what is proposed."""
    return f"promptgit {proposal.move} {of.prompt} --to {of.environment}"


def _row(one: Effect) -> str:
    found, metric = one.difference, one.metric
    assert found is not None
    cells = (
        f"`{one.name}`",
        _amount(metric, one.before),
        _amount(metric, one.after),
        _signed(metric, found.value),
        f"{_signed(metric, found.low)} to {_signed(metric, found.high)}",
        one.verdict or "not proven",
    )
    return f"| {' | '.join(cells)} |"


def _guard_lines(found: Measurement, guards: Sequence[Guarded]) -> Iterator[Styled]:
    held = [one for one in found.effects if one.guard and one.difference]
    if not guards and not held:
        return
    yield ()
    yield (("guards", "bold"),)
    for guard in guards:
        style = "red" if guard.holds else "green" if guard.holds is False else "yellow"
        yield (
            (f"  {clean(guard.condition)}: ", ""),
            (_guard_word(guard), style),
            (f" ({clean(guard.figures)})", ""),
        )
    words = {"holds": "no worse than that", "broken": "worse than that", "unknown": "not known yet"}
    for one in held:
        style = {"holds": "green", "broken": "red", "unknown": "yellow"}[one.guard]
        margin = _signed(one.metric, one.margin).lstrip("+")
        unit = " points" if one.metric.unit == "share" else ""
        yield (
            (f"  {one.metric.name}, at most {margin}{unit} worse: ", ""),
            (words[one.guard], style),
        )


def _guard_word(guard: Guarded) -> str:
    if guard.holds is None:
        return "not known yet"
    return "came true" if guard.holds else "did not come true"


def _counts(found: Measurement) -> str:
    old, new = found.conversations
    days = f"{found.days} day{'s' if found.days != 1 else ''}"
    names = ("stable", "candidate") if found.how == "side by side" else ("before", "after")
    left_out = f"; {found.left_out:,} of days with one variant only left out"
    return (
        f"conversations: {old:,} {names[0]}, {new:,} {names[1]}, in {days}"
        f"{left_out if found.left_out else ''}"
    )


def _amount(metric: Metric, value: float | None) -> str:
    if metric.unit == "count" and value is not None:
        return f"{1000 * value:.1f}"
    return metric_words.amount(metric.unit, value)


def _per(metric: Metric) -> str:
    return " per 1,000" if metric.unit == "count" else ""


def _signed(metric: Metric, value: float | None) -> str:
    if value is None or not isfinite(value):
        return "?"
    if metric.unit == "share":
        return f"{100 * value:+.1f}"
    if metric.unit == "count":
        return f"{1000 * value:+.1f}"
    sign = "-" if value < 0 else "+"
    return sign + _amount(metric, abs(value))


def _blob(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    return str(found.get("blob", "")) if isinstance(found, Mapping) else ""


def _window(body: Mapping[str, Any]) -> tuple[str, str]:
    found = body.get("window")
    ends = found if isinstance(found, list) and len(found) == 2 else ("?", "?")
    return clean(str(ends[0]))[:10], clean(str(ends[1]))[:10]


def _proven(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    effects = body.get("effects")
    for name, effect in sorted(effects.items()) if isinstance(effects, Mapping) else ():
        if isinstance(effect, Mapping) and effect.get("verdict") in ("better", "worse"):
            yield name, effect


def _told(effect: Mapping[str, Any]) -> str:
    """One effect of a record, which may be of any make."""
    numbers = [effect.get(name) for name in ("difference", "low", "high")]
    if not all(isinstance(number, int | float) for number in numbers):
        return clean(str(effect.get("verdict")))
    times, unit = (100, " points") if effect.get("unit") == "share" else (1, "")
    value, low, high = (float(number) * times for number in numbers)  # type: ignore[arg-type]
    return f"{value:+.4g}{unit} ({low:+.4g} to {high:+.4g}): {clean(str(effect['verdict']))}"
