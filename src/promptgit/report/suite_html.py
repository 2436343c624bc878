"""
Several models side by side as one page that needs nothing else; see `report/html.py`.

It has no script at all: the plot is drawn here, its points are links to the rows of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptgit import __version__
from promptgit.core.lineup import Difference, Lineup
from promptgit.report import scatter
from promptgit.report import suite_words as words
from promptgit.report.html import digest, shown, template
from promptgit.report.improve_text import spent

if TYPE_CHECKING:
    from jinja2 import Environment

PAIRS_SHOWN = 200


def page(lineup: Lineup) -> str:
    """Write the page."""
    from markupsafe import Markup

    style = template("review.css") + template("suite.css")
    return (
        _environment()
        .get_template("suite.html.j2")
        .render(
            lineup=lineup,
            plot=scatter.plot(lineup),
            place={each.name: place for place, each in enumerate(lineup.entrants, 1)},
            style=Markup(style),  # noqa: S704  (ours)
            policy=(
                f"default-src 'none'; style-src '{digest(style)}'; "
                "base-uri 'none'; form-action 'none'"
            ),
            version=__version__,
        )
        .lstrip()
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
    environment.globals.update(
        bottom=scatter.HEIGHT - scatter.BOTTOM,
        height=scatter.HEIGHT,
        left=scatter.LEFT,
        most=PAIRS_SHOWN,
        ring=scatter.RING,
        right=scatter.WIDTH - scatter.RIGHT,
        spent=spent,
        tone=_tone,
        told=scatter.told,
        top=scatter.TOP,
        width=scatter.WIDTH,
        words=words,
    )
    return environment


def _tone(pair: Difference | None) -> str:
    """Green and red are for what is proven."""
    if pair is None or not pair.proven:
        return ""
    return "better" if pair.effect > 0 else "worse"
