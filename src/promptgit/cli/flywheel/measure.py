"""`promptgit flywheel measure`: what a change was worth in production."""

from __future__ import annotations

import click

from promptgit.cli.completing import prompt_names, revisions
from promptgit.cli.past import JSON_HELP


@click.command(
    "measure",
    short_help="Say what a change was worth: side by side, or before and after",
    epilog="""\b
Examples:
  promptgit flywheel measure support-reply
  promptgit flywheel measure support-reply --before HEAD~1 --after HEAD --record
  promptgit flywheel measure support-reply --since 7d --pull-request body.md

\b
JSON: {schema, prompt, path, environment, how, before, after, window, earlier, days, conversations,
left_out, effects: {NAME: {metric, unit, before, after, difference, low, high, verdict,
conversations, more, margin, guard}}, guards, proposal, record, commit}""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="Environment (default: flywheel.yaml's)")
@click.option("--since", metavar="TIME", help="Begin so long ago (7d), or on a day")
@click.option("--until", metavar="TIME", help="End so long ago, or before a day (default: now)")
@click.option(
    "--before", metavar="REV", shell_complete=revisions, help="Compare this version (or blob id)"
)
@click.option("--after", metavar="REV", shell_complete=revisions, help="With this (default: HEAD)")
@click.option(
    "--margin",
    "margins",
    multiple=True,
    metavar="METRIC=X",
    help="Guard a metric: at most X worse (0.5%, 0.2)",
)
@click.option("--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL")
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--record", is_flag=True, help="Keep the result among the evidence of both texts")
@click.option(
    "--pull-request", "body", metavar="FILE", help="Write the body of a pull request to FILE"
)
@click.option(
    "--abort-automatically", is_flag=True, help="Commit the abort where a guard is broken"
)
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def command(
    prompt: str,
    environment: str | None,
    since: str | None,
    until: str | None,
    before: str | None,
    after: str | None,
    margins: tuple[str, ...],
    engine: str | None,
    table: str,
    record: bool,
    body: str | None,
    abort_automatically: bool,
    as_json: bool,
) -> None:
    """
    Compare what production did with two texts of PROMPT, on every metric, each with an interval
    and one sentence: what is proven, and about how many more conversations would tell.

    Where the environment has a candidate, it is compared with the stable text within days, so that
    a share that was raised meanwhile does not confound; guards are held against it, and promote,
    abort or wait is proposed.  With --before two versions are compared, else the window with the
    one before it.  Nothing but an abort is ever done automatically.
    """
    from promptgit.cli import measuring, past
    from promptgit.cli.bundling import write_file
    from promptgit.cli.wiring import Repository
    from promptgit.report.measure_json import measurement
    from promptgit.report.measure_text import measure_lines, pull_request

    repository = Repository.open()
    asked = measuring.Asked(
        prompt,
        environment,
        since,
        until,
        before,
        after,
        engine,
        table,
        measuring.margins_of(margins),
    )
    told = measuring.measured(asked, repository)
    digest = measuring.keep(repository, told) if record else None
    if body:
        if told.proposal is None:
            raise click.UsageError("--pull-request needs a candidate, and there is none")
        write_file(pull_request(told.found, told.of, told.guards, told.proposal), body)
    commit = None
    if abort_automatically and told.proposal and told.proposal.move == "abort":
        commit = measuring.abort(repository, told)
    if as_json:
        found = measurement(told.found, told.of, told.guards, told.proposal)
        past.show_json({**found, "record": digest, "commit": commit})
        return
    past.show(measure_lines(told.found, told.of, told.guards, told.proposal))
    if digest:
        click.echo(f"kept as record {digest[:12]}; `promptgit show` tells of it")
    if commit:
        click.echo(f"aborted in {commit[:10]}; `git revert {commit[:10]}` takes it back")
