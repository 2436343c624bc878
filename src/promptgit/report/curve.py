"""The learning curve: the score of the best prompt after each round, drawn in text or as PNG."""

from __future__ import annotations

from collections.abc import Sequence

from promptgit.core.run import Point
from promptgit.errors import UserError

EIGHTHS = " ▁▂▃▄▅▆▇█"


WIDTH = 64  # columns of a curve in text, at most


def text_curve(points: Sequence[Point], *, height: int = 6) -> str:
    """
    Draw columns, one a proposal, from just below the lowest to the highest score.

    Where there are more than WIDTH, each column is the last of several.

    >>> curve = [Point(0, 0.5, True), Point(1, 0.5, False), Point(2, 1.0, True)]
    >>> print(text_curve(curve, height=2))
    1.000 ┤  █
    0.500 ┤▁▁█
    """
    low = min(point.best for point in points)
    high = max(point.best for point in points)
    span = high - low
    if not span:
        rounds = len(points) - 1
        return f"flat at {low:.3f} through {rounds} round{'s' if rounds != 1 else ''}"
    rows = []
    shown = thinned(points)
    for row in range(height, 0, -1):
        cells = [_cell(point.best - low, span, height, row) for point in shown]
        label = f"{high:.3f}" if row == height else f"{low:.3f}" if row == 1 else ""
        rows.append(f"{label:>5} ┤{''.join(cells)}".rstrip())
    return "\n".join(rows)


def thinned(points: Sequence[Point]) -> list[Point]:
    """
    Keep the first point and the last of each of at most WIDTH - 1 equal parts of the others.

    >>> points = [Point(number, 0.0, False) for number in range(200)]
    >>> [point.round for point in thinned(points)[:3]], thinned(points)[-1].round
    ([0, 3, 6], 199)
    """
    count = len(points) - 1
    if count < WIDTH:
        return list(points)
    places = (round(part * count / (WIDTH - 1)) for part in range(WIDTH))
    return [points[place] for place in places]


def _cell(gain: float, span: float, height: int, row: int) -> str:
    eighths = 1 + round(gain / span * (height * 8 - 1))
    return EIGHTHS[max(0, min(8, eighths - (row - 1) * 8))]


def png_curve(points: Sequence[Point], *, title: str, sealed: tuple[float, float] | None) -> bytes:
    """
    Draw the curve as a PNG; `sealed` are the confirmed scores before and after, if there are any.

    Raises UserError when matplotlib, an extra, is not installed.
    """
    import io

    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise UserError("a PNG needs matplotlib", hint="pip install matplotlib") from error

    figure = Figure(figsize=(7, 4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = range(len(points))
    axes.step(steps, [p.best for p in points], where="post", label="search cases", color="#3b6ea5")
    gains = [step for step in steps if points[step].accepted and step]
    axes.plot(gains, [points[step].best for step in gains], "o", color="#3b6ea5")
    if sealed:
        before, after = sealed
        axes.axhline(before, linestyle=":", color="#b5651d", label=f"sealed, before: {before:.3f}")
        axes.axhline(after, linestyle="--", color="#b5651d", label=f"sealed, after: {after:.3f}")
    axes.set_xlabel("proposal")
    axes.set_ylabel("mean score")
    axes.set_title(title, fontsize="small", wrap=True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()
