"""`improve --shorten`, in real repositories with the offline model: shorter, and not worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.terminal import PROMPT, WORDS, promptgit, sorting_cases
from promptgit.core import trailers
from promptgit.testing.repositories import Repository, a_repository

CUES = "".join(f"- {label}: {', '.join(words)}\n" for label, words in WORDS.items())
TASK = f"Sort the message.\n\n{CUES}"
PADDING = (
    "You are a wonderful assistant who loves to sort messages for our many customers.\n"
    "Please always do your best work, because our whole team is counting on it.\n\n"
)
THANKS = "\nThank you for all of your hard work. We hope that you enjoy it.\n"
FILES = {
    "promptgit.yaml": "model: offline\n",
    "prompts/sort.eval.yaml": "assert: [{type: equals, value: '{{ expected }}'}]\n",
    "prompts/sort.csv": sorting_cases(60),
}


def an_office(path: Path, prompt: str, **files: str) -> Repository:
    return a_repository(path, {**FILES, PROMPT: prompt, **files})


@pytest.fixture(scope="module")
def shortened(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """An office after a padded prompt was made shorter; tests that share it must only look."""
    office = an_office(tmp_path_factory.mktemp("shortened") / "office", PADDING + TASK + THANKS)
    said = promptgit(office, "improve", "sort", "--shorten")
    assert said.code == 0, said.err
    assert "SHORTER: " in said.out
    return office


def test_what_no_score_needs_is_gone_and_the_rest_is_as_it_was(shortened: Repository):
    assert (shortened.path / PROMPT).read_text().strip() == TASK.strip()
    assert shortened.status() == ""


def test_the_tip_says_by_how_much_and_never_that_it_is_better(shortened: Repository):
    message = " ".join(shortened.message().split())

    assert "shorter by" in message
    assert "better" not in message
    assert "tokens a call" in message


def test_its_trailers_are_true(shortened: Repository):
    found = dict(trailers.find(shortened.message()))

    assert found["Eval-Stage"] == "not-worse"
    assert found["Prompt-Blob"] == shortened.blob(PROMPT)
    assert found["Eval-Flips"] == "fixed=0 broke=0"
    assert promptgit(shortened, "verify").code == 0


def test_the_gate_lets_it_pass(shortened: Repository):
    first = shortened.git("rev-list", "--max-parents=0", "HEAD")

    said = promptgit(shortened, "check", first, "HEAD")

    assert said.code == 0
    assert "PASS" in said.out
    assert "got better" not in said.out


def test_the_sealed_cases_are_compared_once_and_named_for_what_they_show(shortened: Repository):
    said = promptgit(shortened, "runs", "show", "latest").out

    assert "SHORTER: " in said
    assert "a drop of 5 points or more is ruled out" in " ".join(said.split())


def test_a_prompt_in_which_every_line_matters_is_left_alone(tmp_path: Path):
    office = an_office(tmp_path / "office", TASK)
    head = office.head

    said = promptgit(office, "improve", "sort", "--shorten")

    assert said.code == 5
    assert "NOTHING FOUND: none of" in said.out
    assert office.head == head


def test_it_can_be_one_commit(tmp_path: Path):
    office = an_office(tmp_path / "office", PADDING + TASK + THANKS)

    said = promptgit(office, "improve", "sort", "--shorten", "--squash")

    assert said.code == 0
    assert office.git("rev-list", "--count", "HEAD") == "2"
    assert office.message().startswith("improve(sort): shorten by ")


def test_too_few_cases_make_a_draft(tmp_path: Path):
    few = {"prompts/sort.csv": sorting_cases(10)}
    office = a_repository(tmp_path / "office", {**FILES, **few, PROMPT: PADDING + TASK})

    said = promptgit(office, "improve", "sort", "--shorten")

    assert said.code == 5
    assert "DRAFT: " in said.out
    assert "cannot prove that nothing is lost" in " ".join(said.out.split())


def test_options_of_another_strategy_in_the_config_do_not_stop_it(tmp_path: Path):
    config = "model: offline\nimprove: {misses_shown: 3, rounds: 30}\n"
    office = an_office(tmp_path / "office", PADDING + TASK, **{"promptgit.yaml": config})

    said = promptgit(office, "improve", "sort", "--shorten", "--dry-run")

    assert said.code == 0
    assert "strategy shorten" in said.err


def test_another_strategy_beside_it_is_an_error(tmp_path: Path):
    office = an_office(tmp_path / "office", TASK)

    said = promptgit(office, "improve", "sort", "--shorten", "--strategy", "critique")

    assert said.code == 2
    assert "leave one of them out" in said.err
