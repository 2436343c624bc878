"""`promptgit library publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promptgit.cli.completing import revisions

if TYPE_CHECKING:
    from promptgit.cli.wiring import Repository
    from promptgit.flywheel.learning import Learning, Origin


@click.command(
    "publish",
    short_help="Share what made a prompt better here, or an attack's signature",
    epilog="""\b
Examples:
  promptgit library publish HEAD --name ask-first --dry-run
  promptgit library publish 3f2a1c9 --to git@example.com:prompts/learnings.git
  promptgit library publish detectors/attacks.yaml --branch new-attacks""",
)
@click.argument("what", metavar="COMMIT|FILE", shell_complete=revisions)
@click.option("--to", "url", metavar="URL", help="Share it there, not where flywheel.yaml says")
@click.option("--name", metavar="NAME", help="Call it so  [default: its first words]")
@click.option("--about", metavar="SENTENCE", help="Say in a sentence what it is good for")
@click.option("--branch", metavar="NAME", help="Push to the branch NAME, for review")
@click.option(
    "--only", multiple=True, metavar="DETECTOR", help="Of FILE share only this one; repeatable"
)
@click.option("--dry-run", is_flag=True, help="Show what would be shared, and stop")
def command(
    what: str,
    url: str | None,
    name: str | None,
    about: str | None,
    branch: str | None,
    only: tuple[str, ...],
    dry_run: bool,
) -> None:
    """
    Share what was learnt here: the text that a confirmed COMMIT of `improve` added to a prompt,
    or the detectors of FILE that are regular expressions alone.

    What is not proven here is not shared, and neither is anything that looks personal or secret.
    It is pushed as one commit to the shared repository; what is there already stays as it is.
    """
    from promptgit.cli.console import show_lines
    from promptgit.cli.learnings import refuse_taken, shared
    from promptgit.cli.wiring import Repository
    from promptgit.config.learning_file import parse_learning
    from promptgit.errors import UserError
    from promptgit.flywheel.redaction import Redactor
    from promptgit.flywheel.sharing import private
    from promptgit.report import learning_text
    from promptgit.report.plain_yaml import plain_yaml

    repository = Repository.open()
    library = shared(repository, url)
    _refuse_odd_name(name)
    if what.endswith((".yaml", ".yml")):
        learning = _signatures(repository, what, name, about, only)
    else:
        learning = _pattern(repository, what, name, about)
    for reason in private(learning, Redactor(b"nobody keeps this").text):
        raise UserError(
            f"{learning.name} is not shared: {reason}",
            hint="what is shared cannot be taken back; publish something else",
        )
    text = plain_yaml(learning.facts)
    parse_learning(text.encode(), learning.path)  # what nobody could read is not pushed
    refuse_taken(library, learning)
    show_lines(learning_text.whole(learning, ""))
    if dry_run:
        click.echo(f"a dry run: nothing was pushed to {library.url}")
        return
    message = f"{learning.kind}: {learning.name}\n\n{learning.about}\n"
    made = library.publish({learning.path: text}, message, branch=branch or "")
    click.echo(f"shared as {learning.path} in {library.url}, commit {made[:12]}")


def _refuse_odd_name(name: str | None) -> None:
    import re

    from promptgit.config.learning_shapes import SLUG
    from promptgit.errors import UserError
    from promptgit.flywheel.sharing import slug

    if name is not None and not re.fullmatch(SLUG, name):
        raise UserError(
            f"{name!r} cannot be the name of a learning: letters, digits and single dashes",
            hint=f"--name {slug(name) or 'ask-first'}",
        )


def _pattern(repository: Repository, what: str, name: str | None, about: str | None) -> Learning:
    """What a confirmed commit added to its prompt."""
    from promptgit.cli import past
    from promptgit.core.patch import derive
    from promptgit.core.revision import Evidence
    from promptgit.errors import UserError
    from promptgit.flywheel.learning import Learning
    from promptgit.flywheel.sharing import added, slug
    from promptgit.history.log import parse_log
    from promptgit.report.history_text import evidence_lines, plain

    with past.here() as here:
        commit = next(parse_log(here.commits.alone([repository.git.resolve(what)])))
        changes = [change for change in commit.changes if repository.means(change.path)]
        if len(changes) != 1 or not changes[0].before or not changes[0].after:
            raise UserError(
                f"{commit.id[:12]} does not change just one prompt",
                hint="`promptgit log` lists the commits of `improve`",
            )
        (change,) = changes
        revision = here.judge.revision(commit, change)
        if revision.evidence not in (Evidence.CONFIRMED, Evidence.VERIFIED_CI):
            raise UserError(
                f"{commit.id[:12]} is {revision.evidence.value}: only what was confirmed is shared",
                hint="`promptgit improve` confirms; `promptgit log` says what is confirmed",
            )
        before, after = here.text(change.before), here.text(change.after)
        told = [plain(line).strip() for line in evidence_lines(revision)]
    text = added(derive(change.path, before, after).diff)
    if not text:
        raise UserError(
            f"{commit.id[:12]} adds nothing to {change.path}",
            hint="what was taken out of one prompt is no advice for another",
        )
    subject = commit.subject.partition(": ")[2] or commit.subject
    return Learning(
        kind="pattern",
        name=name or slug(subject),
        about=about or subject,
        text=text,
        evidence="; ".join(line for line in told[1:] if not line.startswith("record ")),
        record=revision.whole_run.record if revision.whole_run else revision.record,
        origin=_origin(repository, commit.id),
    )


def _signatures(
    repository: Repository,
    file: str,
    name: str | None,
    about: str | None,
    only: tuple[str, ...],
) -> Learning:
    """The detectors of a file that are nothing but regular expressions."""
    from pathlib import Path

    from promptgit.config.detector_file import rulebook
    from promptgit.errors import UserError
    from promptgit.flywheel.detectors.detector import Patterns
    from promptgit.flywheel.learning import Learning, Signature

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error
    own = [one for one in rulebook({file: data}).detectors.values() if one.file == file]
    names = [one.name for one in own]
    for wanted in only:
        if wanted not in names:
            raise UserError(
                f"{file} has no detector {wanted!r}", hint=f"it has {', '.join(names) or 'none'}"
            )
    found = tuple(
        Signature(one.name, one.title, one.rule.field, one.rule.patterns)
        for one in own
        if isinstance(one.rule, Patterns) and (not only or one.name in only)
    )
    left = [one for one in names if one not in [signature.name for signature in found]]
    if left and found:
        click.echo(f"not shared: {', '.join(left)}", err=True)
    if not found:
        raise UserError(
            f"{file} has no detector of regular expressions",
            hint="others run no code of yours: only `patterns` can be shared",
        )
    return Learning(
        kind="signature",
        name=name or Path(file).stem.replace("_", "-").lower(),
        about=about or "; ".join(one.title or one.name.replace("_", " ") for one in found),
        signatures=found,
        origin=_origin(repository, ""),
    )


def _origin(repository: Repository, commit: str) -> Origin:
    from datetime import UTC, datetime

    from promptgit.core.secrets import redact
    from promptgit.flywheel.learning import Origin

    git = repository.git
    return Origin(
        redact(git.setting("remote.origin.url")),
        commit,
        git.setting("user.name"),
        datetime.now(UTC).date().isoformat(),
    )
