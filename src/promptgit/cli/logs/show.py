"""`promptgit logs show`: one call, one conversation, one person's calls, or the newest ones."""

from __future__ import annotations

import json

import click

from promptgit.cli.console import show_lines
from promptgit.cli.log_place import LogPlace, show_json, told, window_of
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.report import logs_text


@click.command(
    "show",
    short_help="Show a call, a conversation, a unit's calls, or the newest",
    epilog="""\b
Examples:
  promptgit logs show
  promptgit logs show chatcmpl-0042
  promptgit logs show --conversation session-17 --json
  promptgit logs show --unit jane@example.com --json

\b
JSON: {schema, calls: [the lines], feedback: [the lines]}""",
)
@click.argument("ident", metavar="[ID]", required=False)
@click.option("--conversation", metavar="ID", help="All calls of a conversation")
@click.option("--unit", metavar="ID", help="All calls of a unit: a customer, say")
@click.option("--prompt", default="", metavar="NAME", help="The newest calls of this prompt")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=10, show_default=True, help="At most so many"
)
@click.option("--since", metavar="TIME", help="Of the last so long, e.g. 7d; else of all there is")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; its keys are stable")
def command(
    ident: str | None,
    conversation: str | None,
    unit: str | None,
    prompt: str,
    limit: int,
    since: str | None,
    as_json: bool,
) -> None:
    """
    Show the call, or the calls of the conversation or the unit, that is called ID, with feedback.

    ID may be as the application knows it: an e-mail address is looked up by its pseudonym.
    Without ID, the newest calls are listed.
    """
    from promptgit.edges.logs import best

    place = LogPlace.here()
    if sum(map(bool, (ident, conversation, unit))) > 1:
        raise UserError("ID, --conversation and --unit each say what to show; give one of them")
    wanted = conversation or unit or ident
    if not wanted:
        name = name_of(prompt) if "/" in prompt else prompt
        with told():
            calls = best.newest(place.logs, name, window_of(since), limit)
        if as_json:
            lines = [json.loads(call.line()) for call in calls]
            show_json({"schema": 1, "calls": lines, "feedback": []})
            return
        if not calls:
            click.echo(
                f"no calls{f' of {name!r}' if name else ''} in {place.folder}\n"
                "`promptgit.capture` in your application writes them, and "
                "`promptgit logs import FILE` brings those that you logged elsewhere"
            )
        for call in calls:
            show_lines(logs_text.listed(call))
        return
    found = best.conversation(place.logs, wanted, place.redactor().identity(wanted))
    if found is None:
        raise UserError(
            f"no call, no conversation and no unit is called {wanted!r} in {place.folder}",
            hint="`promptgit logs show` lists the newest calls with their ids",
        )
    if as_json:
        show_json(
            {
                "schema": 1,
                "calls": [json.loads(call.line()) for call in found.calls],
                "feedback": [json.loads(said.line()) for said in found.feedback],
            }
        )
        return
    show_lines(logs_text.whole(found))
