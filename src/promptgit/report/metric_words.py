"""How the flywheel's numbers are written: by unit, with as many digits as say something."""

from __future__ import annotations

from math import floor, isfinite, log10

from promptgit.flywheel.cube import Metric, Unit
from promptgit.flywheel.tally import Difference, Tally

NOTHING = "—"
MOST_PLACES = 9  # of a dollar


def value(metric: Metric, tally: Tally) -> str:
    """
    Write the value of a metric.

    >>> value(Metric("escalation_rate"), Tally.of([(1, 1)] + [(0, 1)] * 7))
    '12.5 %'
    """
    return amount(metric.unit, metric.value(tally))


def amount(unit: Unit, number: float | None) -> str:
    """
    Write a number of a unit; None is a dash.

    >>> [amount("ms", 812.4), amount("ms", 4200.0), amount("s", 4000.0), amount("usd", 12.5)]
    ['812 ms', '4.20 s', '1 h 7 min', '$12.50']
    >>> [amount("count", 1234.0), amount("number", 7.4142), amount("share", None)]
    ['1,234', '7.41', '—']
    >>> [amount("usd", 0.0402), amount("usd", 0.00031)]  # a call costs fractions of a cent
    ['$0.0402', '$0.000310']
    """
    if number is None or not isfinite(number):
        return NOTHING
    if unit == "share":
        return f"{100 * number:.1f} %"
    if unit == "count":
        return f"{number:,.0f}"
    if unit == "ms":
        return f"{number:,.0f} ms" if abs(number) < 1_000 else _time(number / 1_000)
    if unit == "s":
        return _time(number)
    places = _cents(abs(number)) if unit == "usd" else 2
    sign, digits = ("-" if number < 0 else ""), f"{abs(number):,.{places}f}"
    return f"{sign}${digits}" if unit == "usd" else sign + digits


def per_thousand(number: float | None) -> str:
    """
    Write a count of one call, say, as one of 1,000, with a digit that is not 0 where it is not.

    >>> [per_thousand(number) for number in (0.0013, 0.00004, 0.25, 1.5, 0.0)]
    ['1.3', '0.04', '250', '1,500', '0']
    """
    if number is None or not isfinite(number):
        return NOTHING
    rate = 1_000 * number
    return f"{rate:,.0f}" if rate == 0 or abs(rate) >= 10 else f"{float(f'{rate:.2g}'):g}"


def span(metric: Metric, tally: Tally) -> str:
    """
    Write the 95 % range of a metric; a count is what was counted, and has none.

    >>> span(Metric("escalation_rate"), Tally.of([(1, 1)] * 10 + [(0, 1)] * 70))
    '6.9 % to 21.6 %'
    """
    if metric.unit == "count" or tally.clusters < 2:
        return ""
    low, high = tally.interval(share=metric.unit == "share", top=metric.top)
    if metric.unit not in ("share", "number"):
        low = max(0.0, low)
    return f"{amount(metric.unit, low)} to {amount(metric.unit, high)}"


def change(metric: Metric, difference: Difference) -> str:
    """
    Write a difference with its sign; of shares in points.

    >>> change(Metric("escalation_rate"), Difference(-0.021, -0.03, -0.01))
    '-2.1 points'
    """
    if metric.unit == "share":
        return f"{100 * difference.value:+.1f} points"
    sign = "-" if difference.value < 0 else "+"
    return sign + amount(metric.unit, abs(difference.value))


def direction(metric: Metric, difference: Difference | None) -> str:
    """
    Say `better` or `worse` of what is proven; else nothing.

    >>> direction(Metric("escalation_rate", better="lower"), Difference(-0.021, -0.03, -0.01))
    'better'
    """
    if difference is None or not difference.proven or not metric.better:
        return ""
    return "better" if (difference.value > 0) == (metric.better == "higher") else "worse"


def _cents(dollars: float) -> int:
    """The decimal places of an amount: four below a dollar, three digits of what is smaller."""
    if not 0 < dollars < 1:
        return 2
    return min(MOST_PLACES, max(4, 2 - floor(log10(dollars))))


def _time(seconds: float) -> str:
    if abs(seconds) < 60:
        return f"{seconds:.2f} s" if abs(seconds) < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.1f} days"
