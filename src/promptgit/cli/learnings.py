"""What the commands of `promptgit library` share: which repository is meant, and what is in it."""

from __future__ import annotations

from difflib import get_close_matches

from promptgit.cli.wiring import Repository
from promptgit.config.learning_file import LARGEST, parse_learning
from promptgit.edges.library import SharedLibrary
from promptgit.errors import UserError
from promptgit.flywheel.learning import FOLDERS, Learning


def shared(repository: Repository, typed: str | None) -> SharedLibrary:
    """Open the shared repository that was typed, or that flywheel.yaml names."""
    from promptgit.config.flywheel_file import parse_flywheel
    from promptgit.flywheel.plan import FILE

    url = typed or parse_flywheel(repository.tree.read(FILE) or b"").library.url
    if not url:
        raise UserError(
            "no shared repository is named",
            hint="give its address, or write `library: {url: https://…}` in flywheel.yaml",
        )
    return SharedLibrary.at(repository.git, url)


def learnings(library: SharedLibrary) -> tuple[str, list[Learning], list[str]]:
    """
    Fetch and read all learnings; return the commit they are in, and what could not be read.

    A broken file is told, and does not stand in the way of the others.
    """
    commit = library.fetch()
    found: list[Learning] = []
    broken: list[str] = []
    for kind, folder in FOLDERS.items():
        for path, data in sorted(library.files(commit, folder, largest=LARGEST).items()):
            if isinstance(data, int):
                broken.append(f"{path}: {data:,} bytes are no learning")
                continue
            try:
                one = parse_learning(data, path)
            except UserError as error:
                broken.append(error.message)
                continue
            if one.kind == kind and one.path == path:
                found.append(one)
            else:
                broken.append(f"{path}: it says that it is {one.path}")
    return commit, found, broken


def named(library: SharedLibrary, name: str) -> tuple[str, Learning]:
    """Return the commit and the learning of this name; raise UserError with "did you mean"."""
    commit, found, broken = learnings(library)
    fitting = [one for one in found if name in (one.name, one.path)]
    if len(fitting) == 1:
        return commit, fitting[0]
    if fitting:
        paths = " and ".join(one.path for one in fitting)
        raise UserError(f"{name!r} is both {paths}", hint="give the whole path")
    for said in broken:
        if said.startswith(tuple(f"{folder}/{name}.yaml" for folder in FOLDERS.values())):
            raise UserError(said, hint="whoever publishes there has to mend it")
    close = get_close_matches(name, [one.name for one in found], n=1)
    raise UserError(
        f"{library.url} has no learning {name!r}",
        hint=f"did you mean {close[0]!r}?" if close else "`promptgit library list` lists them",
    )


def refuse_taken(library: SharedLibrary, learning: Learning) -> None:
    """Raise UserError where the name is taken, or the same is shared under another one."""
    _, found, _ = learnings(library)
    for one in found:
        same = (one.text, one.signatures) == (learning.text, learning.signatures)
        if same or one.path == learning.path:
            what = "the same" if same else "another learning"
            raise UserError(
                f"{library.url} has {what} as {one.path}",
                hint="there is nothing to share" if same else "give yours another --name",
            )
