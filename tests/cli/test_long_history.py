"""
Long histories: 300 prompts in 3,000 commits.

What is counted is processes.  A reader that starts one per commit is slow however fast the
machine is; one that starts the same few for a short and a long history is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from cli.started import programs_started
from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

PROMPTS, COMMITS = 300, 3000
MINE = "prompts/topic-007.md"
MOST = 20  # processes that a command may start, however long the history is


def steps(commits: int) -> Iterator[tuple[Mapping[str, str], str]]:
    """Each commit rewrites a line of one prompt, and claims that it did good."""
    for number in range(commits):
        name = f"prompts/topic-{number % PROMPTS:03d}.md"
        lines = [f"Rule {line}.\n" for line in range(8)]
        lines[number % 8] = f"Rule {number}, written later.\n"
        message = (
            f"improve(topic): rule {number}\n\nPrompt-Path: {name}\n"
            "Eval-Score: 0.5000 -> 0.6000 n=60\nPromptgit-Schema: 1\n"
        )
        yield {name: "".join(lines)}, message


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = a_repository(
        tmp_path_factory.mktemp("long"), {"promptgit.yaml": "model: offline\n"}
    )
    repository.commit_many(steps(COMMITS))
    repository.commit(
        {"prompts/topic-007.csv": "input,expected\nhello,hi\nbye,so long\n"}, "cases\n"
    )
    text = (repository.path / MINE).read_text(encoding="utf-8")
    repository.commit({MINE: f"{text}One more rule.\n"}, "one more\n")
    return repository


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["log", MINE], COMMITS // PROMPTS),
        (["log"], COMMITS),
        (["log", "-n", "50"], 50),
        (["blame", MINE], 8),
        (["show", "HEAD"], 8),
        (["verify", "HEAD"], 2 * COMMITS + 1),
        (["verify", "--ci"], 2 * COMMITS + 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_process_is_started_per_commit_or_prompt(long: Repository, words: list[str], lines: int):
    with programs_started() as started:
        said = promptgit(long, *words)

    assert len(said.lines) >= lines
    assert len(started) <= MOST


def test_neither_by_a_bisect_that_has_nothing_to_ask_yet(long: Repository):
    with programs_started() as started:
        said = promptgit(long, "bisect", MINE, "--good", f"HEAD~{COMMITS - 7}", "--dry-run")

    assert "10 commits may have broken it" in said.err
    assert len(started) <= MOST


def test_neither_by_a_diff_of_everything(long: Repository):
    with programs_started() as started:
        said = promptgit(long, "diff", f"HEAD~{COMMITS // 2}", "HEAD", "--json")

    assert len(said.json["prompts"]) == PROMPTS
    assert len(started) <= MOST


def test_neither_by_a_review_of_one_change(long: Repository):
    with programs_started() as started:
        said = promptgit(long, "review", "HEAD~1", "HEAD")

    assert MINE in said.out
    assert len(started) <= 3 * MOST


def test_neither_by_doctor_however_many_prompts_there_are(long: Repository):
    with programs_started() as started:
        said = promptgit(long, "doctor", "--no-network")

    assert len(said.lines) >= PROMPTS
    assert len(started) <= 2 * MOST
