"""`promptgit bisect`: which commit broke a case, a metric or the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from promptgit.cli import past
from promptgit.cli.completing import case_ids, model_names, prompt_names, revisions
from promptgit.errors import BudgetSpent, PromptgitError, UserError
from promptgit.history.bisect import Hunt, Mark, Rule, Search, Trial
from promptgit.history.diff import word_diff
from promptgit.history.log import RawCommit, parse_log
from promptgit.report import bisect_text
from promptgit.report.history_text import clean

if TYPE_CHECKING:
    from promptgit.cli.bisecting import Lineup
    from promptgit.report.bisect_text import Changed

NOT_PROVEN = 5
GOOD, BAD, SKIP, ABORT = 0, 1, 125, 128  # what `git bisect run` makes of an exit code
BISECT_BAD = "refs/bisect/bad"  # there while `git bisect` is in progress


@click.command(
    short_help="Find the commit that broke a case or a metric",
    epilog="""\b
Examples:
  promptgit bisect support-reply --good v1.0
  promptgit bisect support-reply --good v1.0 --case refund-abuse
  promptgit bisect support-reply --good v1.0 --metric contains --threshold 0.9
  git bisect run promptgit bisect support-reply --run --case refund-abuse --threshold 1

\b
JSON: {schema, path, good, bad, rule: {case, metric, threshold, margin}, commits, at_most,
evaluations, calls, trials: [{commit, mark, value, why, calls}], suspects, culprit: {commit,
author, subject, before, after, files: [{path, old_path, words}], measured, undo}}; mark is good,
bad or skipped, culprit is null where several are suspected, undo where nothing takes it back.""",
)
@click.argument("prompt", metavar="PROMPT", shell_complete=prompt_names)
@click.option(
    "--bad", metavar="REV", shell_complete=revisions, help="Where it is broken; HEAD by default"
)
@click.option(
    "--good", metavar="REV", shell_complete=revisions, help="An older commit, where it is not"
)
@click.option(
    "--case", default="", metavar="ID", shell_complete=case_ids, help="Let this case alone decide"
)
@click.option("--metric", default="", metavar="M", help="Let this metric decide, not the score")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), metavar="S", help="Call below S bad, not a fall"
)
@click.option(
    "--model", metavar="M", shell_complete=model_names, help="Run M instead of the configured model"
)
@click.option("--repeats", type=click.IntRange(1), default=1, help="Ask N times for each case")
@click.option("--budget", metavar="CAP", help="Spend at most CAP: 2usd, 500calls, 100000tokens")
@click.option("--allow-code", is_flag=True, help="Let `python` assertions run their code")
@click.option("--no-record", is_flag=True, help="Keep no evidence records")
@click.option("--run", is_flag=True, help="Try HEAD alone, for `git bisect run`")
@click.option("-n", "--dry-run", is_flag=True, help="Say what it may take, and stop")
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str,
    bad: str | None,
    good: str | None,
    case: str,
    metric: str,
    threshold: float | None,
    model: str | None,
    repeats: int,
    budget: str | None,
    allow_code: bool,
    no_record: bool,
    run: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Find the commit between --good and --bad that broke PROMPT.

    Bad is a text whose mean score is lower than that of --good by the margin of the config or
    more; with --case, one where that case scores lower.  Only commits that touch the prompt or
    what it includes are tried, under whatever name the prompt had.  Cases, assertions and model
    are those of --bad for all of them.

    It halves what is left at each step, as `git bisect` does: of N commits in a row it evaluates
    at most log2(N) + 1, and no text twice.  --bad is tried as early as that bound allows; with
    `promptgit eval PROMPT --ref REV` before, it is known at once if it is not bad.  What cannot be
    evaluated (a broken template, a missing include) is passed over; where that leaves several
    suspects they are listed, and the exit code is 5.  Your files, index, HEAD and refs stay as
    they are.

    A model that answers differently each time may mislead it: --repeats asks more often.
    """
    quiet = ctx.obj["quiet"]
    asked = _Asked(
        prompt=prompt,
        bad=bad,
        good=good,
        rule=Rule(case, metric, threshold),
        model=model,
        repeats=repeats,
        budget=budget,
        allow_code=allow_code,
        keep=not (no_record or run),
        quiet=quiet,
    )
    with past.here() as here:
        if run:
            ctx.exit(_run_one(here, asked))
        if good is None:
            raise UserError(
                "--good REV is missing: a commit where it was not broken yet",
                hint=f"`promptgit log {prompt}` shows what is known of each",
            )
        lineup, begun = _prepared(here, asked)
        if not quiet and not as_json:
            _say(_plan(lineup, begun))
        if dry_run:
            if as_json:
                past.show_json(bisect_text.facts(begun))
            return
        found = _hunted(lineup, begun, quiet=quiet)
        _show(here, lineup, found, as_json=as_json)
    ctx.exit(0 if found.search.culprit else NOT_PROVEN)


@dataclass(frozen=True)
class _Asked:
    """What was typed."""

    prompt: str
    bad: str | None
    good: str | None
    rule: Rule
    model: str | None
    repeats: int
    budget: str | None
    allow_code: bool
    keep: bool  # evaluations as evidence
    quiet: bool


def _prepared(here: past.Here, asked: _Asked) -> tuple[Lineup, Hunt]:
    """Read everything that a search needs; call no model."""
    from promptgit.edges.bisect import refuse_unordered

    bad, good = here.git.resolve(asked.bad or "HEAD"), here.git.resolve(asked.good or "HEAD")
    refuse_unordered(here.git, bad, good)
    lineup = _lineup(here, asked, bad, good)
    path, graph = lineup.yardstick.path, lineup.way.graph
    if not graph:
        raise UserError(
            f"no commit from {good[:12]} to {bad[:12]} touches {path}, or what it includes",
            hint="did its cases or its eval file change?  one yardstick judges all: that of --bad",
        )
    return lineup, Hunt(path, good, bad, lineup.rule, Search(graph))


def _lineup(here: past.Here, asked: _Asked, bad: str, good: str) -> Lineup:
    """The texts from `good` to `bad`, and what they are held against."""
    from promptgit.cli.bisecting import Lineup, trail, yardstick
    from promptgit.cli.wiring import Repository

    repository = Repository.at(here.git, bad, model=asked.model)
    path = repository.prompt_path(asked.prompt)
    gate = repository.config.check
    rule = replace(asked.rule, margin=gate.margin, max_unscored=gate.max_unscored)
    measure = yardstick(
        repository,
        path,
        rule,
        budget=asked.budget,
        repeats=asked.repeats,
        allow_code=asked.allow_code,
    )
    keep = asked.keep and not rule.case
    return Lineup(here, measure, rule, trail(here, bad, good, path), asked.quiet, keep)


def _plan(lineup: Lineup, begun: Hunt) -> str:
    measure = lineup.yardstick
    try:
        each = measure.estimate(lineup.prompt(begun.bad), cached=False)
    except UserError:
        each = None  # the bad end cannot be evaluated; others may
    return bisect_text.plan(begun, len(measure.cases), measure.repeats, each)


def _hunted(lineup: Lineup, begun: Hunt, *, quiet: bool) -> Hunt:
    """Search, telling of each trial; say what is left where the budget ends first."""
    from promptgit.cli.bisecting import hunt
    from promptgit.cli.evaluating import Stopped

    found = begun
    try:
        for found in hunt(lineup, begun):
            if not quiet:
                subject = _commits(lineup.here, [found.trials[-1].commit])[0].subject
                _say(bisect_text.trial_line(found, subject))
    except Stopped as error:
        left = len(found.search.suspects)
        raise BudgetSpent(
            f"{error.cause.message}; {left} commits are suspected still",
            hint="what was paid for is kept: the same command with a larger --budget goes on",
        ) from error
    if not found.search.suspects:
        raise UserError(
            f"--bad {found.bad[:12]} is not bad: {found.rule.what} is "
            f"{found.trials[-1].value:.4f} there, and {found.was:.4f} at --good",
            hint=f"bad is {found.rule.bar(found.was)}; --case ID and --threshold S say otherwise",
        )
    return found


def _show(here: past.Here, lineup: Lineup, found: Hunt, *, as_json: bool) -> None:
    commits = _commits(here, [suspect.commit for suspect in found.search.suspects])
    if not found.search.culprit:
        if as_json:
            past.show_json(bisect_text.facts(found))
        else:
            past.show(bisect_text.suspect_lines(found, commits))
        return
    changed = _changed(here, lineup, commits[0])
    measured, undo = lineup.measured(found), _undo(here, found, commits[0])
    if as_json:
        past.show_json(bisect_text.facts(found, commits[0], changed, measured, undo))
    else:
        past.show(bisect_text.culprit_lines(found, commits[0], changed, measured, undo))


def _undo(here: past.Here, found: Hunt, culprit: RawCommit) -> str:
    """The command that undoes it and will not be refused; empty where there is none."""
    from promptgit.cli.reverting import Asked

    reached = here.git.succeeds("merge-base", "--is-ancestor", culprit.id, "HEAD")
    tip = here.git.resolve("HEAD") if reached else found.bad
    ways = [(culprit.id, False), *((parent, True) for parent in culprit.parents[:1])]
    for commit, to in ways:
        try:
            Asked(here, commit, to).reversal(found.path, tip)
        except PromptgitError:
            continue
        return bisect_text.undoing(found, commit, to=to)
    return ""


def _changed(here: past.Here, lineup: Lineup, commit: RawCommit) -> list[Changed]:
    """What the commit did to the prompt and to what it includes, in words."""
    if not commit.parents:
        return []
    return [
        (change, list(word_diff(here.text(change.before), here.text(change.after))))
        for change in here.commits.between(commit.parents[0], commit.id)
        if change.path in lineup.way.paths
    ]


def _run_one(here: past.Here, asked: _Asked) -> int:
    """
    Try HEAD, for `git bisect run`; return what that understands.

    An error there would be taken for "bad": so a text that cannot be evaluated is skipped, and
    everything else that goes wrong ends the bisect.
    """
    from promptgit.cli.evaluating import Stopped

    try:
        trial = _trial_of_head(here, asked)
    except (PromptgitError, Stopped) as error:
        _say(f"error: {clean(str(error))}")
        return ABORT
    value = "-" if trial.value is None else f"{trial.value:.4f}"
    click.echo(f"{trial.mark.value}  {value}  {clean(trial.why)}".rstrip())
    return {Mark.GOOD: GOOD, Mark.BAD: BAD, Mark.SKIPPED: SKIP}[trial.mark]


def _trial_of_head(here: past.Here, asked: _Asked) -> Trial:
    """Hold HEAD against --threshold, or against --good."""
    if asked.good is None and asked.rule.threshold is None:
        raise UserError("--run needs --threshold S, or --good REV to compare with")
    begun = here.git.succeeds("rev-parse", "--verify", "--quiet", BISECT_BAD)
    bad = here.git.resolve(asked.bad or (BISECT_BAD if begun else "HEAD"))
    head = here.git.resolve("HEAD")
    good = here.git.resolve(asked.good) if asked.good else head
    lineup = _lineup(here, asked, bad, good)
    was = lineup.good_end(good).value if asked.good else None
    return lineup.trial(head, was or 0.0)


def _commits(here: past.Here, ids: Sequence[str]) -> list[RawCommit]:
    """These commits, in this order."""
    found = {commit.id: commit for commit in parse_log(here.commits.alone(ids))}
    return [found[one] for one in ids if one in found]


def _say(line: str) -> None:
    click.echo(line, err=True)
