"""Lint prompts, mend what is mechanical, and count."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from promptgit.cli import lint_prompts
from promptgit.cli.lint_files import Tree
from promptgit.config.places import CONFIG_FILE, matches
from promptgit.errors import UserError
from promptgit.lint.finding import Finding, Severity, mended
from promptgit.lint.linting import lint
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

# A pipeline is no text that a model reads: of what is said of texts, this holds for it too.
OF_PIPELINES = frozenset(
    {
        "conflict-marker",
        "duplicate-case-id",
        "eval-file",
        "must-pass-nobody",
        "pipeline",
        "repeated-case",
        "secret",
        "symlink",
        "unreadable-cases",
    }
)
ROUNDS = 4  # of mending: an edit may make room for another


class Done(NamedTuple):
    """What one run of lint found."""

    findings: tuple[Finding, ...] = ()
    shown: tuple[str, ...] = ()  # the file of each, as seen from where the user stands
    checked: int = 0  # prompts
    mended: int = 0  # findings that are gone

    def fails(self, *, strict: bool) -> bool:
        return any(strict or found.severity is not Severity.ADVICE for found in self.findings)


def run(words: Sequence[str], rules: Sequence[Rule], *, fix: bool, only_prompts: bool) -> Done:
    """Lint the prompts that `words` name, or all; raise UserError for what is none."""
    here = Path.cwd()
    prompts = (
        lint_prompts.named(words, only_prompts=only_prompts) if words else lint_prompts.every(here)
    )
    found: dict[tuple[object, ...], tuple[Finding, str]] = {}
    checked = gone = 0
    for tree, subject in prompts:
        checked += subject.path != CONFIG_FILE
        findings = _lint(tree, subject, rules)
        if fix:
            before = len(findings)
            findings = _fixed(tree, subject, rules, findings)
            gone += before - len(findings)
        for one in findings:
            # What is wrong in an include or in shared cases is seen from several prompts.
            key = (tree.top, one.file, one.line, one.rule, one.message)
            found.setdefault(key, (one, _seen_from(here, tree.top / one.file)))
    said = found.values()
    return Done(tuple(one for one, _ in said), tuple(shown for _, shown in said), checked, gone)


def _lint(tree: Tree, subject: Subject, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    config = tree.config
    if subject.path == CONFIG_FILE:
        rules = [rule for rule in rules if rule.name == "config"]
    if subject.pipeline is not None:
        rules = [rule for rule in rules if rule.name in OF_PIPELINES]
    silent = set(config.ignore)
    for pattern, names in config.per_file.items():
        if matches(subject.path, (pattern,)):
            silent |= set(names)
    return lint(subject, [rule for rule in rules if rule.name not in silent])


def _fixed(
    tree: Tree, subject: Subject, rules: Sequence[Rule], findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """Write the mended text, if there is anything to mend; return what is left to be found."""
    text = subject.text
    if text is None or not any(found.edits for found in findings):
        return findings
    for _ in range(ROUNDS):
        after = mended(text, findings)
        if after == text:
            break
        text = after
        data = text.encode()
        findings = _lint(tree, replace(subject, data=data, size=len(data)), rules)
    _write(tree, subject, text.encode())
    return findings


def _write(tree: Tree, subject: Subject, content: bytes) -> None:
    from promptgit.edges import work_file

    place = tree.top / subject.path
    if not tree.is_file(subject.path):
        raise UserError(
            f"{subject.path} leads out of the repository, so it is not written",
            hint="a folder on the way to it is a symbolic link",
        )
    _, mode = work_file.read(place)
    work_file.rewrite(
        place,
        subject.path,
        content,
        mode,
        expected=subject.data,
        temporary=f".{place.name}.{os.getpid()}.promptgit",
    )


def _seen_from(here: Path, place: Path) -> str:
    return Path(os.path.relpath(place, here)).as_posix()
