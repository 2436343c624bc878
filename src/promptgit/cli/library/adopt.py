"""`promptgit library adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import prompt_names

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.learning import Learning

MOST = 0.02  # of the conversations here that a signature may fire in, and still be one of attacks


@click.command(
    "adopt",
    short_help="Try a learning here, and keep it if it holds",
    epilog="""\b
Examples:
  promptgit library adopt ask-first support-reply
  promptgit library adopt ask-first support-reply --budget 300calls --branch adopt-ask-first
  promptgit library adopt role-swap --since 30d""",
)
@click.argument("name")
@click.argument("prompt", required=False, shell_complete=prompt_names)
@click.option(
    "--from", "url", metavar="URL", help="Read this repository, not that of flywheel.yaml"
)
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--branch", metavar="NAME", help="Deliver to the branch NAME, for a pull request")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice")
@click.option(
    "--since", metavar="T", default="30d", show_default=True, help="Try it on logs from T"
)
@click.option("--engine", metavar="E", help="Ask the logs with E: duckdb, pyspark or an address")
@click.option(
    "--most",
    type=click.FloatRange(0, 1),
    default=MOST,
    show_default=True,
    help="Refuse a signature that fires in a greater share of the conversations",
)
@click.option("--dry-run", is_flag=True, help="Say what it would do and cost, and stop")
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    prompt: str | None,
    url: str | None,
    budget: str | None,
    branch: str | None,
    seed: int,
    since: str,
    engine: str | None,
    most: float,
    dry_run: bool,
) -> None:
    """
    Try the learning NAME of a shared repository here.

    A pattern is tried on PROMPT as `promptgit improve --strategy adopt` would: past the guard, in
    a race on the search cases, and at the end on the sealed ones.  It is committed when it won.  A
    signature is tried on the logs: it says how often it fires, and is written to the detectors of
    this repository, for you to review, unless it fires too often to be one of attacks.
    """
    from promptgit.cli.learnings import named, shared
    from promptgit.cli.wiring import Repository
    from promptgit.errors import UserError

    repository = Repository.open()
    library = shared(repository, url)
    commit, learning = named(library, name)
    if learning.kind == "pattern":
        if prompt is None:
            raise UserError(
                f"{learning.name} is a text for prompts: say for which",
                hint=f"promptgit library adopt {learning.name} PROMPT",
            )
        from promptgit.cli.commands.improve import command as improve

        ctx.invoke(
            improve,
            prompt=prompt,
            strategy="adopt",
            options={"texts": {learning.name: learning.text}},
            budget=budget,
            branch=branch,
            seed=seed,
            dry_run=dry_run,
        )
        return
    if prompt is not None:
        raise UserError(
            f"{learning.name} is a signature: it is sought in the logs of every prompt",
            hint=f"promptgit library adopt {learning.name}",
        )
    _seek(repository, learning, commit, since, engine, most, dry_run)


def _seek(
    repository: Repository,
    learning: Learning,
    commit: str,
    since: str,
    engine: str | None,
    most: float,
    dry_run: bool,
) -> None:
    from promptgit.cli.signatures import tried, written
    from promptgit.errors import UserError

    found = tried(repository, learning, since, engine)
    click.echo(
        f"{learning.name} fires in {found.fired:,} of {found.conversations:,} conversations "
        f"of the last {since}; in {found.unknown:,} of them no rule here knows an attack"
    )
    if found.share > most:
        raise UserError(
            f"{learning.name} is not adopted: it fires in {100 * found.share:.1f} % of all "
            f"conversations, and attacks are not that many",
            hint=f"look at some, and if it is right: --most {min(1.0, found.share * 1.5):.2f}",
        )
    if dry_run:
        return
    file = written(repository, learning, f"commit {commit[:12]}")
    click.echo(f"written to {file}; read it, then: git add {file} && git commit -m 'Adopt …'")
