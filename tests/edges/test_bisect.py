"""The graph that a bisect searches, held against `git bisect` itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from promptgit.edges.bisect import suspects
from promptgit.edges.git import Git
from promptgit.history.bisect import Mark, Search
from promptgit.testing.repositories import Repository, a_repository

PATH, OTHER = "prompts/reply.md", "notes.txt"
COMMITS = 60


def a_tangle(path: Path, rng: random.Random, broken: int) -> tuple[Repository, list[str]]:
    """
    Sixty commits, every fifth of them a merge, most of which add a line to the prompt.

    Number `broken` adds the line BROKEN; a merge has the lines of both sides.  The last commit
    has everything before it behind it.  Returns the ids, from the first on.
    """
    stream, held, heads = [], [], set()
    for number in range(COMMITS):
        parents = sorted(rng.sample(range(max(0, number - 4), number), min(number, 1)))
        if number % 5 == 4:
            parents = [number - 1, rng.randrange(max(0, number - 6), number - 1)]
        lines = set().union(*(held[parent] for parent in parents)) if parents else set()
        if number == broken:
            lines |= {"BROKEN"}
        elif len(parents) < 2 and rng.random() < 0.7:
            lines |= {f"line {number:02d}"}
        held.append(lines)
        heads = (heads - set(parents)) | {number}
        stream.append(_imported(number, parents, lines))
    merged = [":" + str(number + 1) for number in range(COMMITS)]
    stream.append(_imported(COMMITS, sorted(heads), set().union(*held)))
    repository = a_repository(path)
    marks = path / ".git" / "marks"
    repository.git("fast-import", "--quiet", f"--export-marks={marks}", stdin="".join(stream))
    repository.git("reset", "--quiet", "--hard")
    named = dict(line.split() for line in marks.read_text().splitlines())
    return repository, [named[mark] for mark in merged]


def _imported(number: int, parents: list[int], lines: set[str]) -> str:
    text = "".join(f"{line}\n" for line in sorted(lines))
    first, *rest = [f":{parent + 1}" for parent in parents] or [""]
    return (
        f"commit refs/heads/main\nmark :{number + 1}\n"
        f"committer Ada <ada@example.com> {1767323045 + number} +0000\n"
        f"data {len(str(number))}\n{number}\n"
        + (f"from {first}\n" if first else "")
        + "".join(f"merge {parent}\n" for parent in rest)
        + f"M 100644 inline {PATH}\ndata {len(text)}\n{text}\n"
        + f"M 100644 inline {OTHER}\ndata {len(str(number))}\n{number}\n"
    )


@pytest.mark.parametrize("seed", range(6))
def test_it_names_the_commit_that_git_bisect_names(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    repository, commits = a_tangle(tmp_path / "r", rng, broken := rng.randrange(5, COMMITS))
    git, good = Git.discover(repository.path), commits[0]

    search, tried = Search(suspects(git, repository.head, good, [PATH])), 0
    while commit := search.next:
        text = git.blob(git.blob_at(commit, PATH) or "")
        search = search.told(commit, Mark.BAD if b"BROKEN" in text else Mark.GOOD)
        tried += 1

    repository.git("bisect", "start", repository.head, good, "--", PATH)
    trial = f"echo >> .git/trials; ! grep -q BROKEN {PATH}"
    said = repository.git("bisect", "run", "sh", "-c", trial)
    assert f"{search.culprit} is the first bad commit" in said
    assert search.culprit == commits[broken]
    by_git = len((repository.path / ".git" / "trials").read_text().splitlines())
    assert tried <= by_git + 2  # the bad end is a suspect here


def test_only_what_touches_the_paths_is_suspected_parents_first(tmp_path: Path):
    repository = a_repository(tmp_path / "r", {PATH: "1\n"})
    good = repository.head
    second = repository.commit({PATH: "2\n"}, "two\n")
    repository.commit({OTHER: "2\n"}, "aside\n")
    third = repository.commit({PATH: "3\n"}, "three\n")
    bad = repository.commit({OTHER: "3\n"}, "aside\n")

    found = suspects(Git.discover(repository.path), bad, good, [PATH])

    assert [suspect.commit for suspect in found] == [second, third]
    assert found[1].parents == (second,)
