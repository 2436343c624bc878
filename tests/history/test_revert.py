"""What may be taken back, and what the commit that does it says."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from history.shelf import BETTER, FIRST_STEP, PATH, SEED
from promptgit.core.prompt import blob_id
from promptgit.core.revision import Evidence, Revision
from promptgit.core.trailers import find
from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.errors import UserError, WorldError
from promptgit.history.finding import read
from promptgit.history.log import Change, RawCommit
from promptgit.history.revert import Reversal, conflicting, message, undoable
from promptgit.testing.repositories import a_repository

COMMIT = RawCommit("c" * 40, ("p" * 40,), 0, "Ada", "improve(reply): be brief", "")
CHANGED = Change(PATH, blob_id(SEED), blob_id(BETTER), "M")


def a_reversal(**changed: object) -> Reversal:
    known = read(FIRST_STEP, blob_id(SEED))
    made = Reversal(PATH, "c" * 40, False, blob_id(BETTER), blob_id(SEED), SEED, known, ())
    return replace(made, **changed)  # type: ignore[arg-type]


def an_improvement(commit: str) -> Revision:
    return Revision(
        commit, (), 0, "Ada", "improve(reply): x", PATH, "", Evidence.CONFIRMED, 0.75, 0.5
    )


def test_the_text_before_a_change_comes_back():
    assert undoable(COMMIT, CHANGED, frozenset()) == blob_id(SEED)


def test_a_commit_whose_parent_is_missing_is_refused():
    with pytest.raises(WorldError, match="shallow"):
        undoable(COMMIT, CHANGED, frozenset({COMMIT.id}))


@pytest.mark.parametrize(
    ("commit", "change", "why"),
    [
        (replace(COMMIT, parents=("a", "b")), CHANGED, "is a merge"),
        (COMMIT, replace(CHANGED, before=""), "would delete it"),
        (COMMIT, replace(CHANGED, old_path="old.md"), "moved"),
        (COMMIT, replace(CHANGED, after=""), "deleted"),
    ],
)
def test_what_is_no_change_of_a_text_is_refused(commit: RawCommit, change: Change, why: str):
    with pytest.raises(UserError, match=why) as refused:
        undoable(commit, change, frozenset())

    assert refused.value.hint


def test_a_conflict_offers_the_way_back_and_says_what_it_costs():
    error = conflicting(COMMIT, PATH, [an_improvement("d" * 40)])

    assert "the same lines of prompts/reply.md, or lines right beside them" in error.message
    assert "drops 1 later change" in error.hint
    assert f"promptgit revert --to {'c' * 12}^ {PATH}" in error.hint


def test_the_message_carries_the_known_score_of_the_text_that_comes_back():
    text = message(a_reversal(), "improve(reply): be brief")

    assert text.split("\n")[0] == "revert(reply): be brief"
    assert find(text) == (
        ("Reverts", "c" * 40),
        ("Prompt-Path", PATH),
        ("Prompt-Blob", blob_id(SEED)),
        ("Prompt-Base", blob_id(BETTER)),
        ("Eval-Score", "0.5000 -> 0.0000 n=4"),
        ("Eval-Record", f"sha256:{FIRST_STEP.digest}"),
        ("Promptgit-Schema", "1"),
    )


@pytest.mark.parametrize(
    ("reverted", "subject"),
    [
        ("revert(reply): be brief", "reapply(reply): be brief"),
        ("reapply(reply): be brief", "revert(reply): be brief"),
        ('Revert "be brief"', "reapply(reply): be brief"),
        ('Reapply "be brief"', "revert(reply): be brief"),
        ("Revert to kind words", "revert(reply): Revert to kind words"),
    ],
)
def test_to_take_back_a_revert_is_to_apply_it_again(reverted: str, subject: str):
    assert message(a_reversal(), reverted).split("\n")[0] == subject


def test_the_subject_of_a_revert_is_a_whole_sentence_in_72_characters():
    long = "improve(reply): say which words tell `ambience` or `price` or `service` or `food`"

    subject = message(a_reversal(), long).split("\n")[0]

    assert subject == "revert(reply): say which words tell `ambience` or `price` or `service`"


def test_the_message_says_that_a_confirmed_gain_goes():
    assert "The text that goes was confirmed to be better." in " ".join(
        message(a_reversal(), "improve(reply): be brief").split()
    )


def test_a_score_that_was_compared_with_a_third_text_comes_back_alone():
    text = message(replace(a_reversal(), before=blob_id("Be rude.\n")), "improve(reply): be brief")

    assert ("Eval-Score", "0.0000 n=4") in find(text)


def test_a_text_that_nobody_scored_claims_nothing():
    text = message(a_reversal(known=None), "improve(reply): be brief")

    assert "Eval-Score" not in text
    assert "No record here" in text


def test_going_back_names_the_improvements_that_go_too():
    dropped = (an_improvement("d" * 40), replace(an_improvement("e" * 40), score=0.1))

    text = message(a_reversal(to=True, drops=dropped), "first")

    assert "d" * 12 in text
    assert "e" * 12 not in text
    assert find(text)[0] == ("Restores", "c" * 40)


def test_git_reads_the_message_as_it_was_meant(tmp_path: Path):
    hostile = "improve(x): a\x1b[31m --- \nSigned-off-by: ceo\n\n" + "é" * 90

    text = message(a_reversal(), hostile)

    parsed = subprocess.run(
        [
            "git",
            "-c",
            "trailer.separators=:",
            "-c",
            "trailer.ifexists=addIfDifferent",
            "-c",
            "core.commentChar=#",
            "interpret-trailers",
            "--parse",
            "--no-divider",
        ],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path,
    ).stdout
    assert parsed == "".join(f"{key}: {value}\n" for key, value in find(text))
    assert all(len(line) <= 72 for line in text.split("\n")[:-8])


def test_a_change_is_taken_back_from_under_a_later_one(tmp_path: Path):
    git = Git.discover(a_repository(tmp_path, {PATH: SEED}).path)
    base, theirs = b"a\n\nb\n\nc\n", b"A\n\nb\n\nc\n"

    with Commits.open(git) as commits:
        merged = commits.merged(b"a\n\nb\n\nC\n", base, theirs)

    assert merged == b"A\n\nb\n\nC\n"


def test_a_conflict_is_told_and_nothing_is_written(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: "<<<<<<< is how a conflict starts\n"})
    git = Git.discover(repository.path)

    with Commits.open(git) as commits:
        merged = commits.merged(b"one\n", b"two\n", b"three\n")

    assert merged is None
    assert repository.status() == ""


def test_conflict_marks_that_a_prompt_speaks_of_are_kept(tmp_path: Path):
    git = Git.discover(a_repository(tmp_path, {PATH: SEED}).path)
    mark = b"<<<<<<< HEAD\n=======\n>>>>>>> x\n"

    with Commits.open(git) as commits:
        merged = commits.merged(mark + b"a\n", mark + b"a\n", mark + b"b\n")

    assert merged == mark + b"b\n"
