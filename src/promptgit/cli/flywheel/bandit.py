"""`promptgit flywheel bandit`: who leads, what is proven, and which share would be best."""

from __future__ import annotations

import click

from promptgit.cli.completing import prompt_names
from promptgit.cli.past import JSON_HELP


@click.command(
    "bandit",
    short_help="Say which variant leads, what is proven, and the share it should have",
    epilog="""\b
Examples:
  promptgit flywheel bandit support-reply
  promptgit flywheel bandit support-reply --metric upsell_rate --apply

\b
JSON: {schema, prompt, environment, metric, since, arms: {stable: {blob, rewards, mean, p_best,
traffic}, candidate}, regret: {value, low, high}, proven, needed, share, proposed, cooldown_until,
move, why, commit}""",
)
@click.argument("prompt", shell_complete=prompt_names)
@click.option("--to", "environment", metavar="ENV", help="Environment (default: flywheel.yaml's)")
@click.option(
    "--metric",
    default="quality_score",
    show_default=True,
    help="What a conversation is rewarded for",
)
@click.option("--since", metavar="TIME", help="Begin so long ago, or on a day (default: 30 days)")
@click.option("--until", metavar="TIME", help="End so long ago, or before a day (default: now)")
@click.option("--engine", metavar="E", help="Ask duckdb, pyspark, or an Ibis URL")
@click.option("--table", default="", metavar="NAME", help="Read this table of a warehouse")
@click.option("--forget", is_flag=True, help="Discount old rewards, where the world drifts")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draws")
@click.option("--apply", is_flag=True, help="Commit the proposed share, at most once a week")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
def command(
    prompt: str,
    environment: str | None,
    metric: str,
    since: str | None,
    until: str | None,
    engine: str | None,
    table: str,
    forget: bool,
    seed: int,
    apply: bool,
    as_json: bool,
) -> None:
    """
    Look at the candidate of PROMPT as Thompson sampling does: how likely each text is the best,
    what the comparison has cost so far, and which share the candidate should have next.

    The stable text keeps a tenth of the traffic, and another tenth is spread over both.  P(best)
    moves shares and proves nothing: a promotion is proposed only where the likelihood ratio proves
    it, and is a person's to make.  All is worked out from the logs each time; nothing is kept.
    """
    from promptgit.cli import bandits, past
    from promptgit.cli.measuring import Asked
    from promptgit.cli.wiring import Repository
    from promptgit.report.bandit_screen import bandit_json, bandit_lines

    repository = Repository.open()
    asked = Asked(prompt, environment, since, until, engine=engine, table=table)
    found = bandits.standing(asked, repository, metric, forget=forget, seed=seed)
    commit = bandits.apply(repository, found) if apply else None
    if as_json:
        past.show_json({**bandit_json(found), "commit": commit})
        return
    past.show(bandit_lines(found))
    if commit:
        click.echo(f"committed {commit[:10]}; `git revert {commit[:10]}` undoes it")
