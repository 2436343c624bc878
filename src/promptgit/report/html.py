"""
A gate's report as one page that needs nothing else: it opens from disk and asks no server.

Only the script and the style that stand here run: the page's policy names them by their digests.
Cases are data that the script draws as text, page by page, so that 10,000 of them are no burden.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

from promptgit import __version__
from promptgit.core.gate import GateFinding, MetricFinding, PromptFinding, Report
from promptgit.history.diff import Line
from promptgit.report import gate_words, interval_bar
from promptgit.report.case_rows import MOST_BYTES, SIGN, SIGN_END, rows

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

DIFF_LINES = 600  # of one prompt


def page(report: Report, most_bytes: int = MOST_BYTES) -> str:
    """Write the page; `most_bytes` bounds what the cases take of it."""
    from markupsafe import Markup

    report = gate_words.worst_first(report)
    cases = rows(report, most_bytes)
    style, script = template("review.css"), template("review.js")
    return (
        _environment()
        .get_template("review.html.j2")
        .render(
            report=report,
            cases=cases,
            cases_json=Markup(cases.json),  # noqa: S704  (`<`, `>` and `&` are escaped in it)
            style=Markup(style),  # noqa: S704  (ours)
            script=Markup(script),  # noqa: S704  (ours)
            policy=_policy(style, script),
            version=__version__,
        )
        .lstrip()
    )


def _policy(style: str, script: str) -> str:
    """Let these two run, and nothing load, from anywhere."""
    return (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Name a script or a style as a page's policy does."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def template(name: str) -> str:
    """Read a part of a page that comes with the package."""
    folder = files("promptgit.report") / "templates"
    return (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


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
        bar_of=interval_bar.bar,
        bounds=gate_words.bounds,
        diff_of=_diff,
        direction=_direction,
        effect=gate_words.effect,
        flips=gate_words.flips,
        gate_changes=gate_words.gate_changes,
        headline=gate_words.headline,
        level=gate_words.level,
        margin=gate_words.margin,
        most=gate_words.MOST,
        reasons=gate_words.other_reasons,
        rules=gate_words.rules,
        sentence=gate_words.sentence,
        share=gate_words.share,
        smallest=gate_words.smallest,
        span_of=_span,
        spent=gate_words.spent,
        standing=gate_words.standing,
        why_tested=gate_words.why_tested,
    )
    return environment


def shown(text: Any) -> Markup:
    """
    Escape a text for HTML, with the characters that show nothing named in a box of their own.

    >>> str(shown("<b>\u202e"))
    '&lt;b&gt;<span class="sign">U+202E</span>'
    """
    from markupsafe import Markup, escape

    first, *rest = gate_words.visible(str(text), SIGN, SIGN_END).split(SIGN)
    parts = [escape(first)]
    for part in rest:
        name, _, following = part.partition(SIGN_END)
        parts.append(Markup('<span class="sign">{}</span>{}').format(name, following))
    return Markup("").join(parts)


def _diff(prompt: PromptFinding) -> tuple[list[Line | None], int]:
    """The word diff of a prompt's text, and how many lines of it are too many to show."""
    lines = gate_words.text_diff(prompt)
    kept = list(islice(lines, DIFF_LINES))
    return kept, sum(1 for _ in lines)


def _direction(metric: MetricFinding) -> str:
    moved = metric.verdict.effect * (-1 if metric.kind == "guard" else 1)
    return "better" if moved > 0 else "worse" if moved < 0 else ""


def _span(gate: GateFinding, metric: MetricFinding) -> float:
    return interval_bar.span_of(gate.metrics, metric)
