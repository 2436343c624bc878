"""A run that rests on files which Git does not know says so; init names all that is to be kept."""

from __future__ import annotations

from pathlib import Path

from cli.terminal import PROMPT, SEED, promptgit, sorting_cases
from promptgit.testing.repositories import a_repository


def test_cases_that_git_does_not_track_are_named_before_the_run(tmp_path: Path):
    office = a_repository(tmp_path / "office", {PROMPT: SEED, "promptgit.yaml": "model: offline\n"})
    (office.path / "prompts/sort.csv").write_text(sorting_cases())

    said = promptgit(office, "improve", "sort", "--dry-run")

    assert "Git does not track prompts/sort.csv" in said.err
    assert "git add prompts/sort.csv" in said.err


def test_where_all_is_tracked_nothing_is_said(tmp_path: Path):
    files = {
        PROMPT: SEED,
        "prompts/sort.csv": sorting_cases(),
        "promptgit.yaml": "model: offline\n",
    }
    office = a_repository(tmp_path / "office", files)

    assert "does not track" not in promptgit(office, "improve", "sort", "--dry-run").err


def test_init_names_prompt_and_cases_among_what_is_to_be_kept(tmp_path: Path):
    office = a_repository(tmp_path / "office", {"README.md": "An office.\n"})
    (office.path / "prompts").mkdir()
    (office.path / PROMPT).write_text(SEED)
    (office.path / "prompts/sort.csv").write_text(sorting_cases())

    said = promptgit(office, "init")

    (line,) = [line for line in said.lines if line.startswith("keep it: ")]
    assert " prompts/sort.md " in line
    assert " prompts/sort.csv " in line
