"""`promptgit trailers`, as a commit-msg hook and by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

PROMPT = "prompts/reply.md"
SCRIPT = """#!/bin/sh
exec "{python}" -m promptgit.cli.main trailers "$1"
"""


def a_message(blob: str, path: str = PROMPT) -> str:
    block = f"Prompt-Path: {path}\nPrompt-Blob: {blob}\nPromptgit-Schema: 1\n"
    return f"improve(reply): be kind\n\nBecause.\n\n{block}"


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "office", {PROMPT: "Be kind.\n"})


def check(where: Repository | Path, message: str) -> tuple[int, list[str]]:
    folder = where.path if isinstance(where, Repository) else where
    (folder / "message").write_text(message)
    said = promptgit(folder, "trailers", "message")
    return said.code, said.lines


def test_a_block_about_the_text_that_is_staged_is_fine(office: Repository):
    assert check(office, a_message(office.blob(PROMPT))) == (0, [])


def test_a_message_without_our_keys_is_none_of_its_business(office: Repository):
    assert check(office, "fix: a typo\n") == (0, [])


def test_a_block_about_another_text_than_the_staged_one_is_stale(office: Repository):
    before = office.blob(PROMPT)
    office.write({PROMPT: "Be very kind.\n"})
    unstaged = check(office, a_message(before))
    office.git("add", PROMPT)
    after = office.git("rev-parse", f":{PROMPT}")

    code, lines = check(office, a_message(before))

    assert unstaged == (0, [])
    assert code == 1
    assert lines[0] == (
        f"message:6: stale: Prompt-Blob is {before[:10]}, and the commit holds {after[:10]} "
        f"as {PROMPT}"
    )


def test_a_block_about_a_file_that_is_not_there_is_stale(office: Repository):
    code, lines = check(office, a_message("a" * 40, "prompts/other.md"))

    assert code == 1
    assert "prompts/other.md is not in the commit" in lines[0]


def test_of_a_squash_the_last_claim_about_a_prompt_counts(office: Repository):
    good = a_message(office.blob(PROMPT))

    assert check(office, f"{a_message('a' * 40)}\n{good}")[0] == 0
    assert check(office, f"{good}\n{a_message('a' * 40)}")[0] == 1


def test_a_line_that_is_wrong_is_named_with_the_next_move(office: Repository):
    message = a_message(office.blob(PROMPT)).replace("Because.\n\n", "Because.\n")

    code, lines = check(office, message)

    assert code == 1
    assert lines == [
        "message:3: this line is no trailer, so Git reads none of its paragraph",
        "    put a blank line between it and the evidence",
    ]


def test_what_cannot_be_checked_is_said_to_be_not_checked(tmp_path: Path):
    code, lines = check(tmp_path, a_message("a" * 40))

    assert code == 0
    assert lines == [
        f"message: stale blobs were not checked: {tmp_path} is not in a Git repository"
    ]


def test_a_path_with_odd_characters_is_found(office: Repository):
    name = 'prompts/two\nlines "x".md'
    office.commit({name: "x\n"})
    written = '"prompts/two\\nlines\\u0020\\"x\\".md"'

    assert check(office, a_message(office.blob(name), written)) == (0, [])


def test_it_works_in_a_repository_of_sha256(tmp_path: Path):
    office = a_repository(tmp_path / "new", {PROMPT: "Be kind.\n"}, object_format="sha256")

    assert check(office, a_message(office.blob(PROMPT))) == (0, [])
    assert check(office, a_message("a" * 64))[0] == 1


def test_a_file_that_is_not_there_is_a_users_error(office: Repository):
    assert promptgit(office, "trailers", "nothing").code == 2


@pytest.mark.parametrize("how", [("-a",), (PROMPT,)], ids=["commit -a", "commit FILE"])
def test_as_a_hook_it_sees_the_index_that_is_committed(office: Repository, how: tuple[str, ...]):
    """`git commit -a` and `git commit FILE` hand an index of their own to the hook."""
    hook = office.path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(SCRIPT.format(python=sys.executable))
    hook.chmod(0o755)
    before = office.blob(PROMPT)
    office.write({PROMPT: "Be very kind.\n"})
    after = office.git("hash-object", PROMPT)
    commit = ("-c", "core.commentChar=#", "commit", "--quiet", "-F", "-", *how)

    with pytest.raises(AssertionError, match="stale"):
        office.git(*commit, stdin=a_message(before))
    office.git(*commit, stdin=a_message(after))

    assert office.blob(PROMPT) == after
