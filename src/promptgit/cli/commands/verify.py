"""`promptgit verify`: the claims in commit messages against the records, and who vouches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from promptgit.cli import past
from promptgit.edges.records import Records
from promptgit.errors import UserError
from promptgit.history.log import RawCommit, parse_log
from promptgit.history.trust import Judged, Trust, short_of
from promptgit.history.verify import Checked, State, verify
from promptgit.report import history_json, history_text, trust_text

if TYPE_CHECKING:
    from promptgit.cli.trusting import Notary

FOUND, INCOMPLETE = 1, 3  # exit codes
REQUIRED = {trust.word: trust for trust in (Trust.VERIFIED_CI, Trust.CONFIRMED)}


@click.command(
    short_help="Check the claims in commit messages against the records",
    epilog="""\b
Examples:
  promptgit verify
  promptgit verify origin/main..HEAD --strict
  promptgit verify origin/main..HEAD --ci --require confirmed

\b
JSON: {schema, complete, counts: {ok, claimed, stale, mismatch, altered}, claims: [{commit,
subject, path, state, why, record}], broken: [{path, what}]}; with --ci each claim has also
{trust, by, why_not}, and beside them {base, signers: {path, found, keys, workflows}, trust:
{verified-ci, confirmed, screening, evaluated, claimed, stale, mismatch, altered}, short: [commit],
notice}.""",
)
@click.argument("revisions", metavar="[RANGE]", default="HEAD")
@click.option("--strict", is_flag=True, help="Also fail on claims that have no record here")
@click.option("--ci", is_flag=True, help="Say who vouches for each claim: a signature, or gh")
@click.option("--base", metavar="REV", help="Read who may vouch from REV")
@click.option("--signers", metavar="FILE", help="... in FILE there, not .promptgit/ci-signers")
@click.option(
    "--require", type=click.Choice(list(REQUIRED)), help="Fail on a claim that is worse than this"
)
@click.option("--json", "as_json", is_flag=True, help=past.JSON_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    revisions: str,
    strict: bool,
    ci: bool,
    base: str | None,
    signers: str | None,
    require: str | None,
    as_json: bool,
) -> None:
    """
    Check every claim that commit messages in RANGE (A..B, or all that a revision reaches) make
    about a prompt: is it about the text the commit holds, and are its numbers the record's?

    Each claim is ok, claimed (no record here), stale (another text), mismatch (other numbers) or
    altered (the record was edited).  One that names no record is held against those of its text.
    The records themselves are read too.  Exits with 1 on the
    last three or a broken record, with --strict on claimed too, and with 3 where a shallow clone
    hides older commits.

    With --ci it says how far each claim can be trusted: verified-ci (the commit is signed by, or
    the text is attested by, somebody on the list), confirmed or screening (a record here says
    so), evaluated (one has its numbers), claimed, stale, mismatch or altered.  The list is
    .promptgit/ci-signers as of --base, by default where RANGE left the default branch: a change
    cannot put itself on it.  --require verified-ci or --require confirmed make what is worse an
    exit code 1; a step of a run that was confirmed as a whole counts as confirmed.
    """
    if (base or signers) and not (ci or require):
        raise UserError("--base and --signers say who may vouch", hint="pass --ci too")
    with past.here() as here:
        tips = _tips(here, revisions)
        commits = list(parse_log(here.commits.claiming(tips)))
        notary = _notary(here, tips[0], base, signers) if ci or require else None
        found = _Found(
            here,
            revisions,
            *_claims(here, commits, notary),
            REQUIRED.get(require or ""),
            broken=[(one.path, one.what) for one in Records(here.git).verify()],
        )
        if as_json:
            past.show_json(found.facts(notary))
        else:
            found.show(notary)
    if found.fails(strict=strict):
        ctx.exit(FOUND)
    ctx.exit(0 if found.complete else INCOMPLETE)


@dataclass(frozen=True)
class _Found:
    """What came of it."""

    here: past.Here
    revisions: str
    claims: Sequence[Checked]
    judged: Sequence[Judged]  # empty without --ci
    required: Trust | None
    broken: Sequence[tuple[str, str]]  # record, what is wrong with it

    @property
    def complete(self) -> bool:
        return ".." in self.revisions or not self.here.commits.shallow

    @property
    def short(self) -> tuple[Judged, ...]:
        """The claims that do not go as far as --require asks."""
        return () if self.required is None else short_of(self.judged, self.required)

    def fails(self, *, strict: bool) -> bool:
        worst = max((claim.state for claim in self.claims), default=State.OK)
        return bool(self.broken or self.short) or worst > (State.OK if strict else State.CLAIMED)

    def show(self, notary: Notary | None) -> None:
        if notary:
            listed = notary.listed
            past.show([trust_text.list_line(listed.base, listed.path, listed.signers)])
            past.show(line for one in self.judged for line in trust_text.lines(one))
        else:
            past.show(line for claim in self.claims for line in history_text.verify_lines(claim))
        past.show(history_text.broken_record(path, what) for path, what in self.broken)
        if notary:
            past.show([((notary.notice, "yellow"),)] if notary.notice else [])
            past.show([trust_text.total(Counter(one.trust for one in self.judged))])
            if self.required is not None and self.short:
                past.show([trust_text.short(self.short, self.required)])
        else:
            past.show([history_text.verified(Counter(claim.state for claim in self.claims))])
        if not self.complete:
            past.show([history_text.incomplete(len(self.here.commits.shallow))])

    def facts(self, notary: Notary | None) -> dict[str, Any]:
        states = Counter(claim.state for claim in self.claims)
        found: dict[str, Any] = {
            "schema": history_json.SCHEMA,
            "complete": self.complete,
            "counts": {state.word: states[state] for state in State},
            "claims": [history_json.checked(claim) for claim in self.claims],
            "broken": [{"path": path, "what": what} for path, what in self.broken],
        }
        if notary is None:
            return found
        trusts = Counter(one.trust for one in self.judged)
        signers = notary.listed.signers
        return found | {
            "claims": [trust_text.facts(one) for one in self.judged],
            "trust": {trust.word: trusts[trust] for trust in Trust},
            "base": notary.listed.base,
            "signers": {
                "path": notary.listed.path,
                "found": signers is not None,
                "keys": len(signers.keys) if signers else 0,
                "workflows": len(signers.workflows) if signers else 0,
            },
            "short": [one.checked.commit for one in self.short],
            "notice": notary.notice,
        }


def _claims(
    here: past.Here, commits: Sequence[RawCommit], notary: Notary | None
) -> tuple[list[Checked], list[Judged]]:
    if notary is None:
        return list(verify(commits, here.judge.archive, here.commits)), []
    judged = list(notary.judged(commits))
    return [one.checked for one in judged], judged


def _notary(here: past.Here, tip: str, base: str | None, signers: str | None) -> Notary:
    from promptgit.cli.trusting import notary

    return notary(here, tip, base=base, path=signers)


def _tips(here: past.Here, revisions: str) -> tuple[str, ...]:
    if "..." in revisions:
        raise UserError(
            f"{revisions} has three dots, which needs a common ancestor",
            hint=f"write {revisions.replace('...', '..')}",
        )
    old, dots, new = revisions.partition("..")
    if not dots:
        return (here.git.resolve(old),)
    return (here.git.resolve(new or "HEAD"), f"^{here.git.resolve(old or 'HEAD')}")
