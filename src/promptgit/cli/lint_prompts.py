"""Which prompts `promptgit lint` looks at: those that are named, or all of the repository."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from promptgit.cli.lint_files import (
    Tree,
    folded,
    is_included_nearby,
    settings,
    subject,
)
from promptgit.config.places import CONFIG_FILE, prompt_beside
from promptgit.core.naming import name_of
from promptgit.errors import UserError
from promptgit.lint.subject import Subject

Found = tuple[Tree, Subject]


def named(words: Sequence[str], *, only_prompts: bool) -> Iterator[Found]:
    """
    Read the prompts that are typed as paths; raise UserError for what is none.

    An eval file or a case file stands for the prompt that it lies beside, a folder for all prompts
    in it.  With `only_prompts`, what the config does not call a prompt is left out.  The config of
    each repository comes before its first prompt.
    """
    seen: set[Path] = set()
    for word in words:
        for tree, path in _meant(word):
            is_config = path == CONFIG_FILE
            if only_prompts and not is_config and not tree.means(path):
                continue
            if tree.top / CONFIG_FILE not in seen:
                seen.add(tree.top / CONFIG_FILE)
                yield tree, settings(tree)
            if tree.top / path in seen:
                continue
            seen.add(tree.top / path)
            included = partial(is_included_nearby, tree)
            yield tree, subject(tree, path, twins=tree.twins, is_included=included)


def _meant(word: str) -> Iterator[tuple[Tree, str]]:
    place = Path(os.path.abspath(word))
    if place.is_dir() and not place.is_symlink():
        top = Tree.around(place) or Tree(place)
        prefix = place.relative_to(top.top).as_posix()
        inside = "" if prefix == "." else f"{prefix}/"
        files = [path for path in _listed(place, top) if path.startswith(inside)]
        yield from ((top, path) for path in filter(top.means, files))
        return
    tree = Tree.around(place.parent) or _standing(place)
    path = place.relative_to(tree.top).as_posix()
    if os.path.lexists(place):
        yield tree, prompt_beside(path, tree.is_file, tree.config.pipelines)
    else:
        yield tree, _called(word, tree)


def _standing(place: Path) -> Tree:
    here = Path.cwd()
    return Tree(here if place.is_relative_to(here) else place.parent)


def _called(word: str, tree: Tree) -> str:
    """Find a prompt by its name, as every command does."""
    from promptgit.cli.wiring import called

    files = _listed(tree.top, tree) if (tree.top / ".git").exists() else []
    prompts = list(filter(tree.means, files))
    found = called(word, prompts)
    if found is None:
        from difflib import get_close_matches

        close = get_close_matches(word, [*prompts, *(name_of(path) for path in prompts)], n=1)
        raise UserError(
            f"there is no file and no prompt {word!r}",
            hint=f"did you mean {close[0]!r}?"
            if close
            else "`promptgit lint` looks at all prompts",
        )
    return found


def every(where: Path) -> Iterator[Found]:
    """Read the config of the repository around `where`, and its prompts in order of paths."""
    tree = Tree.around(where)
    if tree is None:
        raise UserError(
            f"{where} is not in a Git repository",
            hint="name the files to look at: promptgit lint FILE",
        )
    yield tree, settings(tree)
    files = _listed(where, tree)
    prompts = list(filter(tree.means, files))
    alike = collisions(files)
    found = {path: subject(tree, path, twins=lambda name: alike.get(name, ())) for path in prompts}
    parts = {part.path for one in found.values() for part in one.included}
    parts |= {path for one in found.values() for path in _steps(one)}
    for path, one in found.items():
        yield tree, replace(one, is_included=True) if path in parts else one


def _steps(subject: Subject) -> Iterable[str]:
    """The files that a pipeline plays: they need no cases of their own."""
    if subject.pipeline is None:
        return ()
    from promptgit.core.pipeline import files_named

    return files_named(subject.path, subject.text or "")


def collisions(paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """
    Map each path to the others that macOS and Windows cannot tell from it.

    >>> collisions(["prompts/a.md", "prompts/A.md", "prompts/b.md"])
    {'prompts/a.md': ('prompts/A.md',), 'prompts/A.md': ('prompts/a.md',)}
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        alike[folded(path)].append(path)
    groups = [group for group in alike.values() if len(group) > 1]
    return {
        path: tuple(other for other in group if other != path) for group in groups for path in group
    }


def _listed(where: Path, tree: Tree) -> list[str]:
    """List what Git tracks, or what is untracked and not ignored; deleted files left out."""
    from promptgit.edges.git import Git

    git = Git.discover(where)
    listed = git.read(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"
    )
    names = (os.fsdecode(name) for name in listed.split(b"\0") if name)
    return sorted(name for name in names if os.path.lexists(tree.top / name))
