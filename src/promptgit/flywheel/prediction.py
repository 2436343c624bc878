"""
How likely the next answer of a conversation is to end badly, from what was seen before it.

A row is a question: what fired in the conversation up to it, and whether its answer was the first
with the outcome.  Rows after the outcome are left out, so nothing of it or after it is a feature
(a discrete-time hazard: Singer and Willett, "It's about time", J. Educ. Stat. 18, 1993).  A
logistic model with an L2 penalty is fitted to the earlier conversations, by Newton's method, and
held against the base rate on the later ones: it is worth showing only if it is proven better
there.  Conversations, not questions, are what the intervals count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, exp, log
from typing import TYPE_CHECKING

from promptgit.flywheel.logs import Step
from promptgit.flywheel.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

LATER = 0.3  # share of the conversations that the model is held against: the newest
FEWEST = 30  # outcomes to learn from, and
FEWEST_HELD = 15  # outcomes to be held against
RARE = 10  # conversations in which something has to have fired, to be a feature
PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0)  # on half the squared log-odds
NEWEST = 0.2  # of the rows to learn from, by which the penalty is chosen
STEPS = 50  # of Newton's method; it takes about 6
BINS = 5
RISKIEST = 5
TURN = "question number"  # the feature that is no detector: log(1 + how many came before)


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of about equal risk, held against what became of them."""

    questions: int
    predicted: float  # the mean risk
    observed: float
    low: float  # of the 95 % interval of `observed`
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float  # of the 95 % interval
    high: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was learned, and how it did on the newest conversations."""

    outcome: str
    prompt: str
    conversations: int
    questions: int
    outcomes: int
    base_rate: float = 0.0  # of the earlier conversations, by question
    gain: Estimate | None = None  # log loss of the base rate less that of the model; by question
    brier_gain: Estimate | None = None
    slope: Estimate | None = None  # of the calibration; 1 is right, below 1 is too sure
    bins: tuple[Bin, ...] = ()  # from the least to the greatest risk
    caught: float = 0.0  # share of the outcomes among the tenth of questions at the greatest risk
    odds: Mapping[str, float] = field(default_factory=dict)  # feature → odds ratio, strongest first
    riskiest: tuple[tuple[str, float], ...] = ()  # of the newest conversations, without the outcome

    @property
    def enough(self) -> bool:
        """Whether there were outcomes enough to fit and to judge a model."""
        return self.gain is not None

    @property
    def useful(self) -> bool:
        """Whether the model is proven better than the base rate on what it has not seen."""
        return self.gain is not None and self.gain.low > 0


@dataclass(frozen=True)
class Model:
    """A logistic model: the log-odds are `intercept` plus the weights of what fired."""

    names: tuple[str, ...]
    intercept: float
    weights: tuple[float, ...]

    def risk(self, step: Step) -> float:
        """The chance that the answer to this question has the outcome."""
        values = _features(step, self.names)
        odds = self.intercept + sum(w * x for w, x in zip(self.weights, values, strict=True))
        return 1 / (1 + exp(-max(-35.0, min(35.0, odds))))


def predict(outcome: str, prompt: str, steps: Iterable[Step]) -> Prediction:
    """Learn from the earlier conversations, and hold the model against the later ones."""
    by_name: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_name[step.conversation].append(step)
    for told in by_name.values():
        told.sort(key=lambda step: step.turn)
    talks = sorted(by_name.values(), key=lambda told: (told[0].at, told[0].conversation))
    size = len(talks) - ceil(len(talks) * LATER)
    earlier, later = talks[:size], talks[size:]
    rows = [step for told in talks for step in told]
    outcomes = sum(step.happened for step in rows)
    known = Prediction(outcome, prompt, len(talks), len(rows), outcomes)
    learned = [step for told in earlier for step in told]
    held = [step for told in later for step in told]
    count, rest = (sum(step.happened for step in part) for part in (learned, held))
    if count < FEWEST or rest < FEWEST_HELD:
        return known
    base = count / len(learned)
    model = fit(learned, earlier)
    risks = [[model.risk(step) for step in told] for told in later]
    flat = [risk for told in risks for risk in told]
    strongest = sorted(zip(model.names, model.weights, strict=True), key=lambda one: -abs(one[1]))
    return Prediction(
        outcome,
        prompt,
        len(talks),
        len(rows),
        outcomes,
        base,
        _gain(later, risks, base, _log_loss),
        _gain(later, risks, base, lambda risk, happened: (risk - happened) ** 2),
        _slope(flat, held),
        _bins(later, risks),
        _caught(flat, held),
        {name: exp(weight) for name, weight in strongest},
        _riskiest(later, risks),
    )


def fit(rows: Sequence[Step], talks: Sequence[Sequence[Step]]) -> Model:
    """
    Fit the model to rows; a detector that fired in too few conversations is left out.

    Of detectors that always fire together, one is kept.  The penalty is the one that does best on
    the newest fifth of the rows, learned from the others.
    """
    import numpy as np

    seen: dict[str, set[int]] = defaultdict(set)
    for place, told in enumerate(talks):
        for step in told:
            for name, fired in step.fired.items():
                if fired:
                    seen[name].add(place)
    names: list[str] = []
    alike: set[bytes] = set()
    for name in sorted(seen):
        pattern = np.array([step.fired.get(name, 0.0) for step in rows]).tobytes()
        common = RARE <= len(seen[name]) <= len(talks) - RARE
        if common and pattern not in alike:
            alike.add(pattern)
            names.append(name)
    names.append(TURN)
    x = np.array([[1.0, *_features(step, names)] for step in rows])
    y = np.array([float(step.happened) for step in rows])
    inner = int(len(rows) * (1 - NEWEST))

    def loss(penalty: float) -> float:
        odds = np.clip(x[inner:] @ _newton(x[:inner], y[:inner], penalty), -35, 35)
        return float((np.logaddexp(0, odds) - y[inner:] * odds).sum())

    found = _newton(x, y, min(PENALTIES, key=loss))
    return Model(tuple(names), float(found[0]), tuple(float(weight) for weight in found[1:]))


def _features(step: Step, names: Sequence[str]) -> list[float]:
    return [log(1 + step.turn) if name is TURN else step.fired.get(name, 0.0) for name in names]


def _newton(x: Numbers, y: Numbers, penalty: float) -> Numbers:
    """Maximise the penalised likelihood; the first column, the intercept, is free."""
    import numpy as np

    weights: Numbers = np.zeros(x.shape[1])
    rate = min(max(float(y.mean()), 1e-6), 1 - 1e-6)
    weights[0] = log(rate / (1 - rate))
    ridge = np.full(x.shape[1], penalty)
    ridge[0] = 1e-9
    for _ in range(STEPS):
        risk = 1 / (1 + np.exp(-np.clip(x @ weights, -35, 35)))
        slope = x.T @ (y - risk) - ridge * weights
        curve = (x * (risk * (1 - risk))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        weights += step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def _log_loss(risk: float, happened: bool) -> float:
    return -log(max(1e-15, risk if happened else 1 - risk))


def _gain(
    talks: Sequence[Sequence[Step]],
    risks: Sequence[Sequence[float]],
    base: float,
    loss: Callable[[float, bool], float],
) -> Estimate:
    """By how much the loss of the base rate is above that of the model, by question."""
    pairs = [
        (
            sum(
                loss(base, step.happened) - loss(risk, step.happened)
                for step, risk in zip(told, own, strict=True)
            ),
            float(len(told)),
        )
        for told, own in zip(talks, risks, strict=True)
    ]
    tally = Tally.of(pairs)
    return Estimate(tally.value or 0.0, *tally.interval(share=False))


def _slope(risks: Sequence[float], held: Sequence[Step]) -> Estimate:
    """Fit outcome on the log-odds of the risk (Cox, "Two further applications", 1958)."""
    import numpy as np

    odds = np.array([log(risk / (1 - risk)) for risk in risks])
    if float(odds.std()) < 1e-9:
        return Estimate(0.0, float("-inf"), float("inf"))
    x = np.column_stack([np.ones(len(odds)), odds])
    found = _newton(x, np.array([float(step.happened) for step in held]), 1e-9)
    risk = 1 / (1 + np.exp(-np.clip(x @ found, -35, 35)))
    spread = np.linalg.inv((x * (risk * (1 - risk))[:, None]).T @ x)
    half = 1.96 * float(spread[1, 1]) ** 0.5
    return Estimate(float(found[1]), float(found[1]) - half, float(found[1]) + half)


def _bins(talks: Sequence[Sequence[Step]], risks: Sequence[Sequence[float]]) -> tuple[Bin, ...]:
    """Cut the questions into five parts of growing risk, and count what became of them."""
    rows = sorted(
        (risk, place, step.happened)
        for place, (told, own) in enumerate(zip(talks, risks, strict=True))
        for step, risk in zip(told, own, strict=True)
    )
    found: list[Bin] = []
    for number in range(BINS):
        part = rows[number * len(rows) // BINS : (number + 1) * len(rows) // BINS]
        sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for _, place, happened in part:
            sums[place][0] += happened
            sums[place][1] += 1
        tally = Tally.of([(x, n) for x, n in sums.values()])
        low, high = tally.interval(share=True)
        mean = sum(risk for risk, _, _ in part) / len(part)
        found.append(Bin(len(part), mean, tally.value or 0.0, low, high))
    return tuple(found)


def _caught(risks: Sequence[float], held: Sequence[Step]) -> float:
    order = sorted(range(len(held)), key=lambda place: -risks[place])
    top = order[: max(1, len(order) // 10)]
    return sum(held[place].happened for place in top) / sum(step.happened for step in held)


def _riskiest(
    talks: Sequence[Sequence[Step]], risks: Sequence[Sequence[float]]
) -> tuple[tuple[str, float], ...]:
    """Name the newest conversations that were likeliest to end so at their last question."""
    last = [
        (told[-1].conversation, own[-1])
        for told, own in zip(talks, risks, strict=True)
        if not told[-1].happened
    ]
    return tuple(sorted(last, key=lambda one: (-one[1], one[0]))[:RISKIEST])
