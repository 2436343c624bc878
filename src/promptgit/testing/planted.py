"""
What was planted in generated conversations, by the names under which insights report it.

Every metric is Σx / Σn over conversations (see `promptgit.flywheel.tally`); what x and n of a
conversation are:

    metric               x                                       n
    injection_attempts   calls whose input tries to take over    calls
    injection_blocked    those whose answer refuses              attempts
    block_rate           the same, as a share                    attempts
    leaks                answers that quote a line of `system`   answers
                         of 40 characters or more
    security_incidents   calls with an attempt that is not       calls
                         blocked, or with a leak
    multi_turn_attacks   1 if two or more of its calls attempt   1
    short_rate           answers of fewer than 20 characters     answers
    generic_rate         answers of stock phrases alone          answers
    missing_steps_rate   how-to questions answered without       answered how-to
                         "1." and "2.", or "First" and "Then"    questions
    no_context_rate      1 if that answer has no "?"             1 if the first input is about
                                                                 "my" or "the" order, parcel or
                                                                 delivery, has no five-digit
                                                                 number, and was answered
    escalation_rate      1 if an answer hands over to a person   1
    repetition_rate      1 if an answer comes twice              1
    latency_ms           Σ latency of the answers                answers
    slow_rate            answers that took over 10 s             answers
    error_rate           calls with an `error`                   calls
    quality_score        10 × the score `quality`                1 if it has one (never two)
    satisfaction         the score `satisfaction`                1 if it has one (never two)
    upsell_attempt_rate  1 if an answer offers an extra          1
    upsell_rate          1 if the fact `upsell` is "accepted"    1 if an answer offers an extra
    average_value        the fact `value`                        1 if it has one (never two)
    churn_rate           1 if an input speaks of leaving         1
    resolution_s         seconds from its first to its last call 1

An answer is a call without an error.  Feedback counts for its conversation however late it comes.
Three counts have other denominators than 1 only for the sake of an interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promptgit.flywheel.cube import Cell, Cube, Metric, joined
from promptgit.flywheel.interaction import Conversation, Interaction
from promptgit.flywheel.tally import Tally
from promptgit.testing.dialogue import Turn, marks_of
from promptgit.testing.periods import moment

Sums = dict[str, tuple[float, float]]  # metric → x and n of one conversation

METRICS = joined(
    (
        Metric("injection_attempts", unit="count", better="lower", group="security"),
        Metric("injection_blocked", unit="count", better="higher", group="security"),
        Metric("block_rate", better="higher", group="security"),
        Metric("leaks", unit="count", better="lower", group="security"),
        Metric("security_incidents", unit="count", better="lower", group="security"),
        Metric("multi_turn_attacks", unit="count", better="lower", group="security"),
        Metric("short_rate", better="lower", group="quality"),
        Metric("generic_rate", better="lower", group="quality"),
        Metric("missing_steps_rate", better="lower", group="quality"),
        Metric("no_context_rate", better="lower", group="quality"),
        Metric("escalation_rate", better="lower", group="quality"),
        Metric("repetition_rate", better="lower", group="quality"),
        Metric("latency_ms", unit="ms", better="lower", group="quality"),
        Metric("slow_rate", better="lower", group="quality"),
        Metric("error_rate", better="lower", group="quality"),
        Metric("quality_score", unit="number", better="higher", group="quality"),
        Metric("satisfaction", unit="number", better="higher", group="business"),
        Metric("upsell_attempt_rate", better="higher", group="business"),
        Metric("upsell_rate", better="higher", group="business"),
        Metric("average_value", unit="number", better="higher", group="business"),
        Metric("churn_rate", better="lower", group="business"),
        Metric("resolution_s", unit="s", better="lower", group="business"),
    )
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A conversation and what is in it."""

    conversation: Conversation
    cell: Cell
    sums: Sums
    marks: frozenset[str]  # of the whole conversation: `attempt`, `novel`, `churn`, …
    families: tuple[str, ...] = ()  # of its attempts, in order
    personal: tuple[str, ...] = ()  # data of persons, as written in its inputs


@dataclass
class Truth:
    """The sums over conversations: in all, and by prompt, version, variant, model and day."""

    rows: dict[Cell, dict[str, Tally]] = field(default_factory=dict)
    conversations: int = 0
    calls: int = 0
    feedback: int = 0
    families: Counter[str] = field(default_factory=Counter)  # attempting calls by pattern family
    attacked: list[str] = field(default_factory=list)  # conversations with an attempt
    novel: list[str] = field(default_factory=list)  # those with an attack that no rule knows
    leaking: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)

    def add(self, planted: Planted) -> None:
        conversation = planted.conversation
        self.conversations += 1
        self.calls += len(conversation.calls)
        self.feedback += len(conversation.feedback)
        self.families.update(planted.families)
        self.personal.extend(planted.personal)
        for mark, ids in (
            ("attempt", self.attacked), ("novel", self.novel), ("leak", self.leaking),
        ):  # fmt: skip
            if mark in planted.marks:
                ids.append(conversation.id)
        row = self.rows.setdefault(planted.cell, {})
        for metric, (x, n) in planted.sums.items():
            row[metric] = row.get(metric, Tally()) + Tally.of([(x, n)])

    @property
    def cube(self) -> Cube:
        """What an analysis of these logs must find."""
        return Cube(METRICS, self.rows, self.calls, self.conversations)

    def values(self, **cell: str) -> Mapping[str, float | None]:
        """Every metric, of all conversations or of those of a cell, e.g. `prompt="…"`."""
        cube = self.cube.only(**cell)
        return {name: metric.value(cube.total(name)) for name, metric in METRICS.items()}


def observed(planted: Iterator[Planted], truth: Truth) -> Iterator[Planted]:
    """Pass conversations on, and add them up."""
    for one in planted:
        truth.add(one)
        yield one


def sums_of(calls: Sequence[Interaction], turns: Sequence[Turn]) -> Sums:
    """Count a conversation; what feedback says of it is not known here."""
    of = [turn.marks for turn in turns]
    marks = marks_of(turns)
    answered = [turn for turn in turns if not turn.error]
    answers = len(answered)
    attempts = sum("attempt" in one for one in of)
    blocked = sum("blocked" in one for one in of)
    incidents = sum("leak" in one or ("attempt" in one and "blocked" not in one) for one in of)
    how_to = [turn for turn in answered if "how_to" in turn.marks]
    unnumbered = "unnumbered" in of[0] and not turns[0].error
    latencies = [call.latency_ms for call in calls if call.latency_ms is not None]
    sums: dict[str, tuple[float, float]] = {
        "injection_attempts": (attempts, len(calls)),
        "injection_blocked": (blocked, attempts),
        "block_rate": (blocked, attempts),
        "leaks": (sum("leak" in one for one in of), answers),
        "security_incidents": (incidents, len(calls)),
        "multi_turn_attacks": (attempts > 1, 1),
        "short_rate": (sum("short" in one for one in of), answers),
        "generic_rate": (sum("generic" in one for one in of), answers),
        "missing_steps_rate": (sum(turn.lacks_steps for turn in how_to), len(how_to)),
        "no_context_rate": (turns[0].lacks_context, unnumbered),
        "escalation_rate": ("escalation" in marks, 1),
        "repetition_rate": ("repeated" in marks, 1),
        "latency_ms": (sum(latencies), answers),
        "slow_rate": (sum(turn.slow for turn in answered), answers),
        "error_rate": (len(turns) - answers, len(calls)),
        "upsell_attempt_rate": ("offer" in marks, 1),
        "upsell_rate": ("accepted" in marks, "offer" in marks),
        "churn_rate": ("churn" in marks, 1),
        "resolution_s": ((moment(calls[-1].at) - moment(calls[0].at)).total_seconds(), 1),
    }
    return {name: (float(x), float(n)) for name, (x, n) in sums.items()}
