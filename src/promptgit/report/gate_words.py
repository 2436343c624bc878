"""The words and numbers in which the gate's findings are told, on a page as in a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

from promptgit.core.gate import (
    SEVERITY,
    CaseFinding,
    Flip,
    GateChange,
    GateFinding,
    MetricFinding,
    Origin,
    PromptFinding,
    Report,
    Spent,
)
from promptgit.core.invisible import hidden
from promptgit.core.secrets import redact
from promptgit.core.verdict import Outcome
from promptgit.history.diff import Line, Span, word_diff
from promptgit.report.sentences import gate_finding, got_better, percent, points
from promptgit.report.text import counted, money

ORDER = (Flip.BROKE, Flip.FIXED, Flip.UNSCORED, Flip.SAME, Flip.NOT_RUN)  # as cases are shown
ORIGINS = {
    Origin.ADDED: "added by head",
    Origin.DELETED: "deleted by head, run all the same",
    Origin.CHANGED: "changed by head, run as in base",
}
STANDINGS = {
    "changed": "Nothing could be compared.",
    "new": "A new prompt: there is nothing to compare it with.",
    "deleted": "The prompt is deleted: there is nothing to run.",
    "unchecked": "The prompt was not checked.",
}
UNKNOWN = "–"
LONGEST_SECRET = 4_000  # characters that are read beyond a cut, so that it halves none
_COMMAND = re.compile(r"^([^\S\n]*)(?=::)|(?<=##)(?=\[)", re.MULTILINE)
MOST = 20  # reasons, or findings of lint: who has more knows enough
LEAST_DIGITS, MOST_DIGITS = 3, 9  # of a score: what differs after these is rounding
MOST_OF_A_LINE = 4_000  # characters of a prompt's line that its diff shows


def visible(text: str, before: str = "<", after: str = ">") -> str:
    r"""
    Name the characters that show nothing, so that none of them takes effect unseen.

    >>> visible("a\x1b[31m\u202eb\n")
    'a<U+001B>[31m<U+202E>b\n'
    """
    if not any(list(hidden(c)) for c in set(text)):  # fast: few characters, many times each
        return text
    spots = list(hidden(text))
    parts, start = [], 0
    for spot in spots:
        parts.append(f"{text[start:spot]}{before}U+{ord(text[spot]):04X}{after}")
        start = spot + 1
    return "".join([*parts, text[start:]])


def one_line(text: str, limit: int = 0) -> str:
    r"""
    Make one line of a text, cut to `limit` characters if there is one.

    >>> one_line("a\nb\x07c"), one_line("abcdef", 4)
    ('a b<U+0007>c', 'abc…')
    """
    start = text[: 4 * limit] if limit else text  # a megabyte is not read for its first words
    line = uncommanded(" ".join(visible(start).split()))
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def uncommanded(text: str) -> str:
    r"""
    Keep what a log shows from speaking to GitHub's runner (GitHub Docs, "Workflow commands").

    It obeys a line that begins with `::`, blanks aside, and its older `##[` anywhere.

    >>> uncommanded("  ::error::x, a ::b and ##[error]y")
    '  \\::error::x, a ::b and ##\\[error]y'
    """
    return _COMMAND.sub(r"\1\\", text)


def told(text: str, limit: int) -> str:
    r"""
    Show what a model, a scorer or a case says: its start, without secrets, nothing in it unseen.

    >>> told("my password: hunter2-x", 100), told("abcdef", 3)
    ('my password: [secret redacted]', 'abc\n… (6 characters)')
    """
    start = uncommanded(visible(redact(text[: limit + LONGEST_SECRET])))
    if len(text) <= limit:
        return start
    return f"{start[:limit]}\n… ({counted(len(text), 'character')})"


def worst_first(report: Report) -> Report:
    """The same report; prompts that got worse come before those that did not."""
    prompts = sorted(report.prompts, key=lambda prompt: -SEVERITY.index(prompt.outcome))
    return replace(report, prompts=tuple(prompts))


def headline(report: Report) -> str:
    """Say in one sentence what became of all prompts."""
    total = len(report.prompts)
    if not total:
        return "The change concerns no prompt."
    hit = Counter(prompt.outcome for prompt in report.prompts)[report.outcome]
    of = "The prompt" if total == 1 else f"{hit} of {total} prompts"
    match report.outcome:
        case Outcome.REGRESSION:
            return f"{of} got worse."
        case Outcome.INVALID:
            return f"{of} could not be compared."
        case Outcome.INCONCLUSIVE:
            effect = {"pass": "lets the change pass", "warn": "only warns", "fail": "fails"}
            verb = "is" if hit == 1 else "are"
            return f"{of} {verb} undecided, which {effect[report.on_inconclusive]} here."
        case _:
            compared = sum(1 for prompt in report.prompts if prompt.gates)
            if not compared:
                return f"{counted(total, 'prompt')}, nothing to compare."
            return _passed(report)


def _passed(report: Report) -> str:
    gains = sum(1 for p in report.prompts if p.gates and all(map(got_better, p.gates[:1])))
    if len(report.prompts) == 1:
        return "The prompt got better." if gains else "The prompt did not get worse."
    return "No prompt got worse" + (f", {gains} got better." if gains else ".")


def standing(prompt: PromptFinding) -> str:
    """Say in one sentence why there is no verdict on a prompt."""
    return prompt.note or STANDINGS[prompt.standing]


def sentence(gate: GateFinding) -> str:
    """The verdict in one sentence, without the word that stands beside it anyway."""
    word, _, rest = gate_finding(gate).partition(": ")
    return f"{rest[0].upper()}{rest[1:]}" if rest and word.isupper() else word


def other_reasons(gate: GateFinding) -> list[str]:
    """
    What neither the sentence says nor the list of cases shows, and faults of the quarantine.

    A must-pass case that got worse stands in that list, marked and with both scores.
    """
    said = gate_finding(gate).casefold()
    lost = (found for found in gate.cases if found.must_pass and found.flip is Flip.BROKE)
    listed = tuple(f"the must-pass case {found.case.id!r} got worse" for found in lost)
    every = dict.fromkeys((*gate.faults, *gate.reasons))
    left = [r for r in every if r.casefold() not in said and not r.startswith(listed)]
    more = [f"and {counted(len(left) - MOST, 'more reason')}"] if len(left) > MOST else []
    return left[:MOST] + more


def gate_changes(report: Report) -> list[GateChange]:
    """What the change does to the gate; what several prompts share is said once."""
    return list(dict.fromkeys(change for prompt in report.prompts for change in prompt.changes))


def text_diff(prompt: PromptFinding) -> Iterator[Line | None]:
    """The word diff of a prompt's text; nothing where it is the same."""
    before, after = prompt.texts
    if before == after:
        return
    for line in word_diff(before, after):
        nothing = line is not None and not any(span.text for span in line)
        if not (nothing and not (before and after)):  # a text that was not there has no lines
            yield line and tuple(Span(span.kind, _start(span.text)) for span in line)


def _start(text: str) -> str:
    left = len(text) - MOST_OF_A_LINE
    return text if left <= 0 else f"{text[:MOST_OF_A_LINE]}… ({counted(left, 'more character')})"


def why_tested(prompt: PromptFinding) -> str:
    """
    >>> why_tested(PromptFinding("p.md", "changed", ("its text changed", "its cases changed")))
    'its text changed, its cases changed'
    """
    renamed = (f"renamed from {prompt.old_path}",) if prompt.old_path else ()
    return ", ".join((*prompt.why, *renamed))


def told_apart(before: float | None, after: float | None) -> tuple[str, str]:
    """
    Write two scores to three digits, or to as many as show that they differ.

    >>> told_apart(1.0, 0.5), told_apart(0.5556, 0.5564), told_apart(None, 0.25)
    (('1.000', '0.500'), ('0.5556', '0.5564'), ('–', '0.250'))
    """
    for digits in range(LEAST_DIGITS, MOST_DIGITS + 1):
        shown = _digits(before, digits), _digits(after, digits)
        if shown[0] != shown[1]:
            return shown
    return _digits(before, LEAST_DIGITS), _digits(after, LEAST_DIGITS)


def _digits(score: float | None, digits: int) -> str:
    return UNKNOWN if score is None else f"{score:.{digits}f}"


def scores(found: CaseFinding) -> tuple[str, str]:
    """A case's score in base and in head."""
    sides = (found.before, found.after)
    return told_apart(*(side.score if side else None for side in sides))


def level(metric: MetricFinding) -> tuple[str, str]:
    """The means before and after; of a guard in its own unit."""
    return _level(metric, metric.verdict.baseline), _level(metric, metric.verdict.candidate)


def _level(metric: MetricFinding, value: float) -> str:
    if not isfinite(value):
        return UNKNOWN
    if metric.kind != "guard":
        return f"{value:.3f}"
    if metric.name == "cost":
        return money(value)
    return f"{value:.2f} s" if metric.name == "latency" else f"{value:,.0f} characters"


def effect(metric: MetricFinding) -> str:
    """How the metric moved: score points, or the share that a guard grew by."""
    return moved(metric, metric.verdict.effect)


def moved(metric: MetricFinding, by: float) -> str:
    if not isfinite(by):
        return UNKNOWN
    if metric.kind != "guard":
        return points(by)
    return percent(by)


def bounds(metric: MetricFinding) -> str:
    low, high = metric.verdict.low, metric.verdict.high
    if not metric.verdict.n or not (isfinite(low) and isfinite(high)):
        return UNKNOWN
    return f"{moved(metric, low)} to {moved(metric, high)}"


def margin(metric: MetricFinding) -> str:
    """Say what would not be tolerated."""
    if not metric.gated:
        return "for information"
    if metric.kind == "guard":
        return f"at most {100 * metric.margin:.3g} % more"
    return f"a drop under {100 * metric.margin:.3g} points"


def share(metric: MetricFinding) -> str:
    """The confidence of the interval, named by its share: 90 % at an error of 5 % a side."""
    return f"{100 * (1 - 2 * metric.verdict.alpha):.3g} %"


def marks(found: CaseFinding) -> Iterator[str]:
    """What else is to be known of a case, each a few words."""
    if found.must_pass:
        yield "must pass"
    if found.already_failing:
        yield "already failing in base"
    if found.flaky:
        yield "flaky: it flips by itself"
    if found.quarantined:
        q = found.quarantined
        yield f"quarantined until {q.until.isoformat()} by {q.owner}: {q.reason}"
    if found.origin in ORIGINS:
        yield ORIGINS[found.origin]


def shown_order(gate: GateFinding) -> list[CaseFinding]:
    """
    Broken cases first, then fixed ones, then the rest; each kind as the gate ordered it, but those
    that must pass ahead: one of them decides.
    """
    return sorted(gate.cases, key=lambda found: (ORDER.index(found.flip), not found.must_pass))


def flipped(gate: GateFinding, flip: Flip) -> list[CaseFinding]:
    return [found for found in shown_order(gate) if found.flip is flip]


def flips(gate: GateFinding) -> str:
    """Count what became of the cases, `2 broke, 1 fixed, 37 same`, and who is in no mean."""
    counts = Counter(found.flip for found in gate.cases)
    said = ", ".join(f"{counts[flip]:,} {flip.value}" for flip in ORDER if counts[flip])
    compared = [case for case in gate.cases if case.flip not in (Flip.NOT_RUN, Flip.UNSCORED)]
    beside = len(compared) - gate.score.verdict.n
    held = sum(1 for case in compared if case.quarantined)
    early = min(beside - held, sum(1 for case in compared if case.must_pass))
    why = [f"{held} in quarantine"] if held else []
    why += [f"{early} must-pass, asked out of turn"] if early > 0 else []
    return f"{said}; not in the score: {', '.join(why)}" if beside > 0 and why else said


def spent(spent: Spent) -> str:
    """
    Say what the check cost, and what it did without.

    >>> spent(Spent(80, 40, 2_000, 12_000, 0.0123, 7.5))
    '80 calls, 40 answers reused, 2,000 not needed; 12,000 tokens, 0.01 USD, 7.5 s'
    """
    reused = f"{counted(spent.reused, 'answer')} reused"
    saved = f"{spent.saved:,} not needed"
    return (
        f"{counted(spent.calls, 'call')}, {reused}, {saved}; "
        f"{counted(spent.tokens, 'token')}, {money(spent.usd)}, {spent.seconds:.1f} s"
    )


def smallest(gate: GateFinding) -> str:
    """Say which drop this many cases could have shown; nothing where nobody computed it."""
    if gate.smallest_effect is None:
        return ""
    cases = counted(len(gate.cases), "case")
    drop = f"{100 * gate.smallest_effect:.3g} points or more"
    return f"A drop of {drop} would show on {cases} four times out of five"


def rules(gate: GateFinding, prompt: PromptFinding) -> str:
    """Say by whose rules, where there are two sets of them."""
    return f"By {gate.rules}'s rules" if len(prompt.gates) > 1 else ""
