"""Line → commit → what it bought."""

from __future__ import annotations

from pathlib import Path

from history.shelf import (
    BEST,
    BETTER,
    FIRST_STEP,
    PATH,
    SECOND_STEP,
    SEED,
    Shelf,
    a_claim,
    a_shelf,
)
from promptgit.core.revision import Evidence
from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.history.blame import Blamed, blame, parse_blame
from promptgit.history.evidence import Judge
from promptgit.history.log import parse_log
from promptgit.testing.repositories import Repository, a_repository


def blamed(repository: Repository, shelf: Shelf | None = None, path: str = PATH) -> list[Blamed]:
    git = Git.discover(repository.path)
    with Commits.open(git) as commits:
        lines = tuple(parse_blame(commits.blame(git.resolve("HEAD"), path)))
        ids = list(dict.fromkeys(line.commit for line in lines))
        judge = Judge(shelf or a_shelf(), commits)
        return list(blame(lines, parse_log(commits.alone(ids)), judge))


def test_each_line_names_its_commit_and_what_that_bought(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.commit({PATH: BEST}, a_claim(SECOND_STEP))

    found = blamed(repository)

    assert [(one.line.number, one.line.text) for one in found] == [
        (1, "Be kind."),
        (2, "Be brief."),
        (3, "Ask first."),
    ]
    bought = [(one.revision.before, one.revision.score) for one in found]
    assert bought == [(None, 0.0), (0.0, 0.5), (0.5, 0.75)]
    assert found[2].revision.evidence is Evidence.CONFIRMED


def test_a_line_keeps_its_commit_through_a_rename(tmp_path: Path):
    repository = a_repository(tmp_path, {"old/reply.md": SEED})
    repository.commit({"old/reply.md": BETTER}, "two\n")
    repository.git("rm", "--quiet", "--cached", "old/reply.md")
    repository.commit({PATH: BETTER}, "move\n")

    found = blamed(repository)

    assert [one.revision.subject for one in found] == ["first", "two"]
    assert found[1].revision.path == "old/reply.md"
    assert found[1].revision.score == 0.5


def test_a_line_that_looks_like_a_blame_header_is_a_line(tmp_path: Path):
    text = f"{'a' * 40} 1 1 1\nfilename evil\nauthor me\n\tfour\n"
    repository = a_repository(tmp_path, {PATH: text})

    found = blamed(repository)

    assert [one.line.text for one in found] == text.split("\n")[:-1]
    assert {one.line.commit for one in found} == {repository.head}


def test_commits_that_the_user_ignores_in_blame_are_not_ignored(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED})
    newest = repository.commit({PATH: "Be rude.\n"}, "two\n")
    ignored = tmp_path / ".git" / "ignored"
    ignored.write_text(newest + "\n", encoding="utf-8")
    repository.git("config", "blame.ignoreRevsFile", str(ignored))

    (line,) = blamed(repository)

    assert line.revision.subject == "two"


def test_carriage_returns_are_not_part_of_a_line(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: "Be kind.\r\nBe brief.\r\n"})

    assert [one.line.text for one in blamed(repository)] == ["Be kind.", "Be brief."]


def test_an_empty_prompt_has_no_lines(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: ""})

    assert blamed(repository) == []
