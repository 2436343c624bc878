"""Prompts that head calls otherwise: renamed, or deleted and written anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Dataset
from promptgit.edges.commits import Commits

if TYPE_CHECKING:
    from promptgit.cli.subjects import Subject

ALIKE = 0.5  # of a deleted prompt's cases that another one brings: then it takes its place


def moved(base: Repository, head: Repository) -> dict[str, str]:
    """New path → old path, as Git finds it; also where head looks for no prompts any more."""
    with Commits.open(base.git) as commits:
        changes = commits.between(base.revision, head.revision)
    return {
        change.path: change.old_path
        for change in changes
        if change.old_path
        and change.old_path != change.path
        and base.config.means(change.old_path)
        and not head.tree.is_file(change.old_path)
    }


def rejoined(found: Iterable[Subject]) -> Iterator[Subject]:
    """
    Join a prompt that was deleted to the new one that answers its cases.

    Where none does, and there are new ones, any may have taken its place: nothing shows that it
    is as good, and the subject says so.
    """
    subjects = tuple(found)
    deleted = [one for one in subjects if one.after is None and _cases(one)]
    new = [one for one in subjects if one.before is None]
    joined = dict(_pairs(deleted, new))
    heirs = {one.path for one in joined.values()}
    strange = [
        one.path
        for one in subjects
        if one.path not in heirs and (_is_strange(one) or _took_cases(one, deleted))
    ]
    for subject in subjects:
        if subject.path in joined:
            yield replace(subject, after=joined[subject.path].after)
        elif subject in deleted and strange:
            yield replace(subject, heirs=tuple(strange))
        elif subject.path not in heirs or subject.before is not None:
            yield subject


def _pairs(deleted: Sequence[Subject], new: Sequence[Subject]) -> Iterator[tuple[str, Subject]]:
    left = list(new)
    for one in deleted:
        alike = [(_shared(_cases(one), _cases(other)), other) for other in left]
        share, heir = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if heir is not None and share >= ALIKE:
            left.remove(heir)
            yield one.path, heir


def _shared(old: Dataset | None, new: Dataset | None) -> float:
    """The share of the old cases whose inputs the new ones have, too."""
    if not old or not new:
        return 0.0
    known = {frozenset(case.inputs.items()) for case in new}
    return sum(frozenset(case.inputs.items()) in known for case in old) / len(old)


def _is_strange(subject: Subject) -> bool:
    """
    Say whether a text comes under this name, and nothing of base shows how good it is.

    What was renamed from a prompt without cases is as good as new.
    """
    if subject.before is None:
        return True
    return bool(subject.old_path) and subject.before.rules.cases is None


def _took_cases(subject: Subject, deleted: Iterable[Subject]) -> bool:
    """Say whether a prompt of another name now answers the cases of a deleted one."""
    if not subject.old_path or subject.after is None:
        return False
    now = subject.after.rules.cases
    return any(_shared(_cases(one), now) >= ALIKE for one in deleted)


def _cases(subject: Subject) -> Dataset | None:
    stand = subject.before or subject.after
    return stand.rules.cases if stand else None
