"""The list of all rules, in the order in which they are documented."""

from __future__ import annotations

from collections.abc import Iterable

from promptgit.errors import UserError
from promptgit.lint import (
    answers,
    characters,
    files,
    layout,
    parts,
    planted,
    settings,
    templates,
)
from promptgit.lint.ignoring import unknown_ignore
from promptgit.lint.rule import Rule

_FAMILIES = (files, characters, planted, layout, templates, answers, settings, parts)
_FOUND = tuple(rule for family in _FAMILIES for rule in family.RULES)

RULES: tuple[Rule, ...] = (
    *_FOUND,
    unknown_ignore((*(rule.name for rule in _FOUND), "unknown-ignore")),
)
NAMES = frozenset(rule.name for rule in RULES)


def named(name: str) -> Rule:
    """Return the rule of this name; raise UserError with the nearest one."""
    for rule in RULES:
        if rule.name == name:
            return rule
    raise UserError(f"there is no rule {name!r}", hint=near(name))


def chosen(select: Iterable[str], ignore: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules to run: those selected, or all, without those ignored."""
    wanted = {named(name).name for name in select} or NAMES
    unwanted = {named(name).name for name in ignore}
    return tuple(rule for rule in RULES if rule.name in wanted - unwanted)


def near(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(NAMES), n=1)
    return f"did you mean {close[0]!r}?" if close else "`promptgit lint --explain all` lists them"
