"""
The state of the flywheel as one page that needs nothing else; see `report/html.py`.

It has no script: the plots are drawn here, and every number in them is told in words as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptgit import __version__
from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.dashboard import Alarm, Dashboard
from promptgit.flywheel.tally import difference
from promptgit.report import metric_words as words
from promptgit.report import trend
from promptgit.report.html import digest, shown, template

if TYPE_CHECKING:
    from jinja2 import Environment

GROUPS = ("security", "quality", "business")  # in this order, then others by name
ALPHA = 0.05  # that any change is called proven although there is none, over the whole page


@dataclass(frozen=True, slots=True)
class Card:
    """One metric of one prompt."""

    metric: Metric
    title: str
    value: str
    span: str  # its 95 % range
    change: str  # since the window before; empty where there was none
    direction: str  # `better` or `worse` where that is proven
    plot: trend.Trend | None


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Panel:
    """One prompt."""

    prompt: str
    conversations: int
    versions: Sequence[str]
    models: Sequence[str]  # that are known
    alarms: Sequence[Alarm]
    groups: Sequence[Group]
    silent: Sequence[str] = ()  # titles of counts that were 0 all the time


def page(board: Dashboard) -> str:
    """Write the page."""
    from markupsafe import Markup

    style = template("review.css") + template("dashboard.css")
    panels = [_panel(board, prompt) for prompt in board.now.values("prompt")]
    panels.sort(key=lambda panel: -panel.conversations)
    return (
        _environment()
        .get_template("dashboard.html.j2")
        .render(
            board=board,
            panels=panels,
            headline=_headline(board),
            style=Markup(style),  # noqa: S704  (ours)
            policy=(
                f"default-src 'none'; style-src '{digest(style)}'; "
                "base-uri 'none'; form-action 'none'"
            ),
            version=__version__,
        )
        .lstrip()
    )


def _headline(board: Dashboard) -> str:
    count = len(board.alarms)
    if count:
        return f"{count} alarm{'s' if count > 1 else ''}"
    return "No alarm" if board.now.rows else "Nothing was logged in this window"


def _panel(board: Dashboard, prompt: str) -> Panel:
    now, before = board.now.only(prompt=prompt), board.before.only(prompt=prompt)
    drawn = (board.history or board.now).only(prompt=prompt)
    seen = [metric for metric in now.metrics.values() if _counted(now, metric)]
    looks = len(seen) * len(board.now.values("prompt"))
    silent = [m for m in seen if m.unit == "count" and not _happened(m, now, before, drawn)]
    named = dict.fromkeys([*GROUPS, *sorted(metric.group for metric in seen)])
    shown_ones = [metric for metric in seen if metric not in silent]
    groups = [
        Group(
            name or "other",
            [_card(now, before, drawn, m, looks) for m in shown_ones if m.group == name],
        )
        for name in named
    ]
    return Panel(
        prompt=prompt,
        conversations=max((now.total(metric.name).clusters for metric in seen), default=0),
        versions=now.values("version"),
        models=[name for name in now.values("model") if name],
        alarms=[alarm for alarm in board.alarms if alarm.prompt in ("", prompt)],
        groups=[group for group in groups if group.cards],
        silent=[_title(metric) for metric in silent],
    )


def _happened(metric: Metric, *cubes: Cube) -> bool:
    return any(cube.total(metric.name).x for cube in cubes if metric.name in cube.metrics)


def _title(metric: Metric) -> str:
    return metric.title or metric.name.replace("_", " ")


def _counted(cube: Cube, metric: Metric) -> bool:
    tally = cube.total(metric.name)
    return bool(tally.n if metric.unit != "count" else tally.clusters)


def _card(now: Cube, before: Cube, drawn: Cube, metric: Metric, looks: int) -> Card:
    tally, was = now.total(metric.name), before.total(metric.name)
    share = metric.unit == "share"
    moved = difference(was, tally, share=share)
    strict = difference(was, tally, share=share, confidence=1 - ALPHA / max(1, looks))
    if metric.unit == "count":
        change = f"{tally.x - was.x:+,.0f}" if before.rows else ""
    else:
        change = words.change(metric, moved) if moved else ""
    return Card(
        metric=metric,
        title=_title(metric),
        value=words.value(metric, tally),
        span=words.span(metric, tally),
        change=change,
        direction="" if metric.unit == "count" else words.direction(metric, strict),
        plot=trend.trend(drawn, metric),
    )


def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["moment"] = lambda at: at[:16].replace("T", " ")
    environment.globals.update(
        bottom=trend.BOTTOM,
        conversations=lambda count: f"{count:,} conversation{'s' * (count != 1)}",
        height=trend.HEIGHT,
        left=trend.LEFT,
        right=trend.RIGHT,
        top=trend.TOP,
        width=trend.WIDTH,
    )
    return environment
