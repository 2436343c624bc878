"""What a prediction is worth, how well it is calibrated, and what raises the risk."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.flywheel.prediction import FEWEST, FEWEST_HELD, TURN, Estimate, Prediction
from promptgit.report.history_text import Styled
from promptgit.report.text import counted, printable

STRONG = 8  # features that are shown
NOTABLE = 1.25  # times the odds, or their inverse


def verdict(found: Prediction) -> str:
    """
    Say in a sentence whether the prediction may be used.

    >>> verdict(Prediction("escalation", "reply", 80, 160, 9))
    'escalation cannot be predicted yet: 9 in 160 answers; 30 to learn from and 15 to be held \
against are needed.'
    """
    seen = f"{found.outcomes:,} in {counted(found.questions, 'answer')}"
    if not found.enough or found.gain is None:
        return (
            f"{found.outcome} cannot be predicted yet: {seen}; {FEWEST} to learn from and "
            f"{FEWEST_HELD} to be held against are needed."
        )
    gain = found.gain
    bits = f"log loss {_signed(-gain.value)} per answer (95 % range {_range(gain, -1)})"
    if not found.useful:
        return (
            f"{found.outcome} ({seen}): what fires before an answer predicts it no better than "
            f"the base rate of {100 * found.base_rate:.1f} %, as far as is proven: {bits}. "
            "No prediction is shown."
        )
    return (
        f"{found.outcome} ({seen}) is predicted better than by its base rate of "
        f"{100 * found.base_rate:.1f} %: {bits}, on the newest conversations, which it did not "
        f"learn from. The tenth of answers at the greatest risk has {100 * found.caught:.0f} % of "
        "them."
    )


def screen(found: Prediction) -> Iterator[Styled]:
    """Show the verdict; of a useful prediction also its calibration and what it goes by."""
    yield ((printable(found.prompt, 80) or "(no prompt named)", "bold"),)
    yield ((f"  {verdict(found)}", ""),)
    if not found.useful or found.slope is None:
        return
    yield ((f"  calibration: {calibration(found.slope)}", ""),)
    yield (("    predicted   observed (95 % range)     answers", "dim"),)
    for one in found.bins:
        seen = f"{_percent(one.observed)} ({_percent(one.low)} to {_percent(one.high)})"
        yield ((f"    {_percent(one.predicted):>9}   {seen:<25} {one.questions:>7,}", ""),)
    notable = [
        (name, odds)
        for name, odds in found.odds.items()
        if name != TURN and (odds >= NOTABLE or odds <= 1 / NOTABLE)
    ]
    if notable:
        words = ", ".join(f"{name} \u00d7{odds:.2g}" for name, odds in notable[:STRONG])
        yield ((f"  what changes the odds, together with the others: {words}", ""),)
    if found.riskiest:
        yield (("  the newest at risk (`promptgit logs show ID`):", ""),)
        for name, risk in found.riskiest:
            yield ((f"    {_percent(risk):>9}   {printable(name, 80)}", ""),)


def calibration(slope: Estimate) -> str:
    """
    Say whether the risks mean what they say.

    >>> calibration(Estimate(0.82, 0.69, 0.96))
    'slope 0.82 (95 % range 0.69 to 0.96): high risks are told too high, low ones too low'
    """
    shown = f"slope {slope.value:.2f} (95 % range {slope.low:.2f} to {slope.high:.2f})"
    if slope.high < 1:
        return f"{shown}: high risks are told too high, low ones too low"
    if slope.low > 1:
        return f"{shown}: high risks are told too low, low ones too high"
    return f"{shown}: nothing wrong is proven"


def facts(found: Prediction) -> dict[str, object]:
    """Say the same to a program; only a useful prediction has `bins` and `riskiest`."""
    told: dict[str, object] = {
        "prompt": found.prompt,
        "outcome": found.outcome,
        "conversations": found.conversations,
        "answers": found.questions,
        "outcomes": found.outcomes,
        "enough": found.enough,
        "useful": found.useful,
        "said": verdict(found),
    }
    for name, estimate in (("gain", found.gain), ("brier_gain", found.brier_gain)):
        if estimate:
            told[name] = _estimate(estimate)
    if found.enough:
        told["base_rate"] = found.base_rate
    if found.useful and found.slope:
        told |= {
            "slope": _estimate(found.slope),
            "caught": found.caught,
            "bins": [
                {
                    "answers": one.questions,
                    "predicted": one.predicted,
                    "observed": one.observed,
                    "low": one.low,
                    "high": one.high,
                }
                for one in found.bins
            ],
            "odds": dict(found.odds),
            "riskiest": [{"conversation": name, "risk": risk} for name, risk in found.riskiest],
        }
    return told


def _estimate(one: Estimate) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _signed(number: float) -> str:
    return f"{number:+.4f}"


def _range(one: Estimate, sign: int) -> str:
    low, high = sorted((sign * one.low, sign * one.high))
    return f"{_signed(low)} to {_signed(high)}"
