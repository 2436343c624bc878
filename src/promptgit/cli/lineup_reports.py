"""The forms in which a suite can be told, and the files that it is written to."""

from __future__ import annotations

import json

from promptgit.cli import check_reports
from promptgit.core.lineup import Lineup
from promptgit.errors import UserError

SUFFIXES = {".md": "markdown", ".json": "json", ".html": "html", ".htm": "html", ".txt": "table"}


def form_of(file: str) -> str:
    """
    Tell a report's form from its file's name; raise UserError for one that tells nothing.

    >>> form_of("out/models.html")
    'html'
    """
    suffix = "." + file.rpartition(".")[2].lower()
    if "." not in file or suffix not in SUFFIXES:
        raise UserError(
            f"the name {file!r} does not tell the form of the report",
            hint=f"it ends in {', '.join(SUFFIXES)}",
        )
    return SUFFIXES[suffix]


def expect(file: str | None) -> None:
    """Raise for a file that could not be written, before anything is paid."""
    if file is not None:
        form_of(file)
        check_reports.expect(file)


def written(found: Lineup, form: str) -> str:
    """The report in one form, ending with a line feed."""
    if form == "json":
        from promptgit.report.suite_json import facts

        text = json.dumps(facts(found), indent=2, ensure_ascii=False, allow_nan=False)
        text = text.replace("##[", "##\\u005b")  # the same text, and no command to a runner
    elif form == "markdown":
        from promptgit.report.suite_markdown import page

        text = page(found)
    elif form == "html":
        from promptgit.report.suite_html import page as web_page

        text = web_page(found)
    else:
        text = _plain(found)
    return text.rstrip("\n") + "\n"


def save(found: Lineup, file: str) -> None:
    """Write the report to a file, whole or not at all; raise WorldError when that fails."""
    check_reports.store(written(found, form_of(file)), file)


def _plain(found: Lineup) -> str:
    from io import StringIO

    from rich.console import Console

    from promptgit.cli.console import PIPE_WIDTH
    from promptgit.report.suite_text import lineup

    page = StringIO()
    console = Console(
        file=page, width=PIPE_WIDTH, markup=False, emoji=False, highlight=False, no_color=True
    )
    console.print(lineup(found))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())
