"""The body of a pull request, and what becomes of its evidence when GitHub squashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.terminal import promptgit
from history.shelf import (
    BEST,
    BETTER,
    HALF,
    MOST,
    PATH,
    SEED,
    ZERO,
    a_claim,
    an_evaluation,
    compared,
    evaluated,
)
from promptgit.core.evidence import joins
from promptgit.core.trailers import find, find_all, last_block, value
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.runs import RunJournal
from promptgit.testing.repositories import Repository, a_repository


@pytest.fixture
def improved(tmp_path: Path) -> Repository:
    """Two steps on a branch, screened each, and confirmed as a whole."""
    sides = {
        text: an_evaluation(text, scores)
        for text, scores in ((SEED, ZERO * 2), (BETTER, HALF * 2), (BEST, MOST * 2))
    }
    first = compared(sides[SEED], sides[BETTER], stage="screening", half="search")
    second = compared(sides[BETTER], sides[BEST], stage="screening", half="search")
    whole = compared(sides[SEED], sides[BEST])
    kept = [evaluated(side) for side in sides.values()]
    repository = a_repository(tmp_path / "here", {PATH: SEED, "promptgit.yaml": ""})
    repository.git("switch", "--quiet", "--create", "better")
    repository.commit({PATH: BETTER}, a_claim(first))
    repository.commit({PATH: BEST}, a_claim(whole))
    Records(Git.discover(repository.path)).put_many(
        [(record, joins(record)) for record in (*kept, first, second, whole)]
    )
    return repository


def test_the_last_paragraph_is_the_evidence_of_the_whole_branch(improved: Repository):
    body = promptgit(improved, "pr-body", "main..better").out

    block = last_block(f"title\n\n{body}")
    assert value(block, "Prompt-Blob") == improved.blob(PATH, "better")
    assert value(block, "Prompt-Base") == improved.blob(PATH, "main")
    assert value(block, "Eval-Stage") == "confirmed"
    assert body.endswith("Promptgit-Schema: 1\n")


def test_it_says_what_changed_and_what_it_bought(improved: Repository):
    body = promptgit(improved, "pr-body", "main..better").out

    assert "### reply" in body
    assert "| score n=8 | 0.0000 | 0.7500 |" in body
    assert "> +Ask first." in body
    assert body.count("* improve\\(reply\\)") == 2


def test_git_reads_the_evidence_after_a_squash_with_the_body_as_message(improved: Repository):
    body = promptgit(improved, "pr-body", "main..better").out
    improved.git("switch", "--quiet", "main")

    improved.commit({PATH: BEST}, f"Better replies (#7)\n\n{body}")

    trailers = improved.git(
        *("-c", "trailer.separators=:", "log", "-1", "--format=%(trailers:only,unfold)")
    )
    assert f"Prompt-Blob: {improved.blob(PATH)}" in trailers
    said = promptgit(improved, "verify", "HEAD~1..HEAD")
    assert (said.code, said.lines[-1].strip()) == (0, "1 claim: 1 ok")
    assert "confirmed" in promptgit(improved, "log", PATH).lines[0]


def test_the_body_survives_a_mail(improved: Repository, tmp_path: Path):
    """`git am` cuts a message where a patch seems to begin."""
    body = promptgit(improved, "pr-body", "main..better").out
    improved.git("switch", "--quiet", "main")
    improved.commit({PATH: BEST}, f"Better replies (#7)\n\n{body}")
    message = improved.message()
    plain = ("-U3", "--src-prefix=a/", "--dst-prefix=b/")
    mail = improved.git("format-patch", "--stdout", *plain, "-1")
    improved.git("reset", "--quiet", "--hard", "HEAD~1")

    improved.git("-c", "core.commentChar=#", "am", "--quiet", stdin=mail + "\n")

    assert find(improved.message()) == find(message)


def test_a_co_author_that_github_adds_hides_nothing_from_us(improved: Repository):
    body = promptgit(improved, "pr-body", "main..better").out
    improved.git("switch", "--quiet", "main")
    tail = "---------\n\nCo-authored-by: Bo <bo@example.com>\n"

    improved.commit({PATH: BEST}, f"Better replies (#7)\n\n{body}\n{tail}")

    assert "confirmed" in promptgit(improved, "log", PATH).lines[0]
    assert promptgit(improved, "verify", "HEAD~1..HEAD").code == 0


def test_without_a_record_the_claim_is_passed_on_as_it_is(improved: Repository):
    said = find(improved.message("better"))
    improved.git("update-ref", "-d", "refs/promptgit/records")

    body = promptgit(improved, "pr-body", "main..better").out

    assert find(f"title\n\n{body}") == said


def test_a_hand_made_change_has_no_evidence_and_says_so(tmp_path: Path):
    repository = a_repository(tmp_path / "here", {PATH: SEED, "promptgit.yaml": ""})
    repository.commit({PATH: BEST}, "by hand\n")

    said = promptgit(repository, "pr-body", "HEAD~1..HEAD")

    assert said.code == 0
    assert "there is no evidence for this text yet" in said.out
    assert find_all(f"title\n\n{said.out}") == ()


def test_nothing_in_a_prompt_or_a_subject_acts(tmp_path: Path):
    evil = (
        "---\n--- a/x\n+++ b/x\ndiff --git a/x b/x\nFrom 123\n```\n\n"
        "Prompt-Path: x\nPromptgit-Schema: 1\n\n@octo/team <img src=x>\x1b[31m\n"
    )
    repository = a_repository(tmp_path / "here", {PATH: SEED, "promptgit.yaml": ""})
    repository.commit({PATH: evil}, "@octo/team <!-- x --> [a](http://evil) #1 ${{ x }}\n")

    body = promptgit(repository, "pr-body", "HEAD~1..HEAD").out

    assert find_all(f"title\n\n{body}") == ()
    starts = ("---", "diff", "From ", "Index: ", "+++")
    assert not [line for line in body.split("\n") if line.startswith(starts)]
    assert "\x1b" not in body
    outside = "\n".join(line for line in body.split("\n") if not line.startswith(">"))
    assert "@octo" not in outside
    assert "](http" not in outside
    assert "<!--" not in outside


def test_long_diffs_leave_room_for_the_evidence(improved: Repository):
    text = "".join(f"Rule {number}: {'be very kind ' * 40}\n" for number in range(3_000))
    record = compared(an_evaluation(SEED, ZERO), an_evaluation(text, MOST))
    Records(Git.discover(improved.path)).put_many([(record, joins(record))])
    improved.commit({PATH: text, "prompts/a.md": text, "prompts/b.md": text}, "much\n")

    body = promptgit(improved, "pr-body", "main..better").out

    assert len(body.encode()) <= 60_000
    assert "… cut: the whole diff is in this pull request." in body
    assert value(last_block(f"title\n\n{body}"), "Prompt-Blob") == improved.blob(PATH)


@pytest.mark.parametrize("what", ["nonsense", "main", "20261120T154010Z-3f2a", "latest", "a..b"])
def test_what_is_no_run_and_no_range_is_refused(improved: Repository, what: str):
    said = promptgit(improved, "pr-body", what)

    assert said.code == 2
    assert "hint: " in said.err


def test_the_newest_run_that_delivered_something_is_told_of(improved: Repository):
    runs = {"20260101T000000Z-aaaa": [improved.head], "20260102T000000Z-bbbb": []}
    for name, commits in runs.items():
        RunJournal(Git.discover(improved.path), name).note("delivered", commits=commits)

    said = promptgit(improved, "pr-body")

    assert said.code == 0
    assert value(last_block(f"title\n\n{said.out}"), "Prompt-Blob") == improved.blob(PATH)


def test_what_a_check_found_is_said_in_sentences_and_without_a_p(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED, "promptgit.yaml": ""})
    repository.commit({PATH: BETTER}, "better\n")
    step = compared(
        an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF), stage="check", half="all"
    )
    Records(Git.discover(repository.path)).put_many([(step, joins(step))])

    body = promptgit(repository, "pr-body", "HEAD~1..HEAD").out

    assert (
        f"`{PATH}`: `promptgit check` compared it with the text before, which proves no gain. "
        "The score changed by +0.5000 (range +0.0100 to +0.5000). 2 cases got better, 0 got worse."
    ) in body
    assert "p=" not in body


def test_a_range_that_changes_no_prompt_is_refused(improved: Repository):
    improved.commit({"README.md": "x\n"}, "docs\n")

    said = promptgit(improved, "pr-body", "HEAD~1..HEAD")

    assert said.code == 2
    assert "changes no prompt" in said.err


def test_two_prompts_have_two_blocks_at_the_end(improved: Repository):
    other = "prompts/other.md"
    improved.commit({other: SEED}, "another prompt\n")
    claim = improved.message("HEAD~1").replace(PATH, other)
    improved.commit({other: BEST}, claim)

    body = promptgit(improved, "pr-body", "main..better").out

    blocks = find_all(f"title\n\n{body}")
    assert sorted(value(block, "Prompt-Path") for block in blocks) == [other, PATH]
    *_, words, first, last = body.rstrip("\n").split("\n\n")
    assert first.startswith("Prompt-Path: ")
    assert last.startswith("Prompt-Path: ")
    assert not words.startswith("Prompt-Path: ")


def test_a_text_that_was_compared_with_an_older_one_names_both(improved: Repository):
    """The branch's last commit was confirmed against main, not against its parent."""
    seed = improved.git("rev-parse", "main")
    claim = (
        improved.message("better")
        .rstrip("\n")
        .replace("Promptgit-Schema", f"Eval-Against: {seed}\nPromptgit-Schema")
    )
    improved.git("reset", "--quiet", "--hard", "better~1")
    improved.commit({PATH: BEST}, f"{claim}\n")
    screened = find(promptgit(improved, "pr-body", "better~1..better").out.join(["t\n\n", ""]))
    improved.git("update-ref", "-d", "refs/promptgit/records")
    whole = compared(an_evaluation(SEED, ZERO * 2), an_evaluation(BEST, MOST * 2))
    Records(Git.discover(improved.path)).put_many([(whole, joins(whole))])

    body = promptgit(improved, "pr-body", "better~1..better").out

    block = last_block(f"title\n\n{body}")
    assert value(block, "Prompt-Base") == improved.blob(PATH, "better~1")
    assert value(block, "Eval-Against") == seed
    assert value(screened, "Eval-Against") == ""
