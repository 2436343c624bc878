"""Rules on what a user sets: `promptgit.yaml` and the eval file, as every command reads them."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.lint.finding import Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject


def config(subject: Subject) -> Iterator[Mark]:
    """
    `promptgit.yaml` is refused: an unknown key, a value that a key cannot have, a scorer or a
    strategy that nobody offers.

    Every command but `lint` stops at it.  It is looked at once, whichever prompts are named, and
    the words are those of the other commands.
    """
    for trouble in subject.settings:
        yield Mark(trouble.message, hint=trouble.hint, place=trouble.place)


def eval_file(subject: Subject) -> Iterator[Mark]:
    """
    The eval file is refused: an unknown key, a value that a key cannot have, a scorer that nobody
    offers, an option that it does not take, a `{{ hole }}` without a column, a quarantine that
    does not hold.

    `eval`, `improve` and `check` would stop at it, in the same words.  While the file cannot be
    read, the rules that need the cases are not checked.  A quarantine does not hold after its last
    day (in UTC), for a case that does not exist or that must pass, and for more than 5 % of the
    cases.  Not looked at is whether the value of `is-json` is a JSON Schema.
    """
    for trouble in subject.asked.refused:
        yield Mark(trouble.message, hint=trouble.hint, place=trouble.place)


def pipeline(subject: Subject) -> Iterator[Mark]:
    """
    The file of a pipeline is refused: an unknown key, a step that uses what comes after it, a file
    that is not there, a name that is neither an earlier step nor a column of the cases.

    `eval`, `improve` and `check` would stop at it, in the same words.  Of the other rules only
    those on the eval file and the cases look at a pipeline: its prompts are looked at by
    themselves.
    """
    for trouble in subject.pipeline or ():
        yield Mark(trouble.message, hint=trouble.hint, place=trouble.place)


RULES = (
    Rule("config", Severity.ERROR, "`promptgit.yaml` is refused", config),
    Rule("eval-file", Severity.ERROR, "The eval file is refused", eval_file),
    Rule("pipeline", Severity.ERROR, "The file of a pipeline is refused", pipeline),
)
