"""Is an evidence block as it must be to be found again?"""

from __future__ import annotations

import pytest

from promptgit.core import trailers
from promptgit.history.shape import KEYS, blocks, mistakes

BLOB = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
BLOCK = f"""\
Prompt-Path: prompts/reply.md
Prompt-Blob: {BLOB}
Prompt-Base: {BLOB[::-1]}
Eval-Stage: screening
Eval-Score: 0.7440 -> 0.8120 n=60
Eval-Metric: contains 0.8000 -> 0.9500
Eval-Metric: word-count 0.5000 -> 0.6000
Eval-Delta: +0.0680 [+0.0310, +0.1050] p=0.0021
Eval-Flips: fixed=11 broke=2
Eval-Data: prompts/reply.csv sha256:1f0c9d2e77aa01b3
Eval-Model: openai/gpt-5-mini temperature=0
Eval-Cost: 0.4213 USD 1204 calls
Eval-Record: sha256:{"ab" * 32}
Promptgit-Run: 20261120T154010Z-3f2a
Promptgit-Strategy: critique
Promptgit-Schema: 1
"""
MESSAGE = f"improve(reply): ask first\n\nIt promised too much.\n\n{BLOCK}"


def said(message: str, comment: str = "#") -> list[tuple[int, str]]:
    return [(found.line, found.message) for found in mistakes(message, comment)]


def with_line(key: str, value: str) -> str:
    """The message with one line of the block written anew."""
    lines = [f"{key}: {value}" if x.startswith(f"{key}:") else x for x in MESSAGE.split("\n")]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "fix: a typo\n",
        "fix: a typo\n\n---\nSigned-off-by: A <a@b.c>\nFrom here on\n",
        "docs: say what Eval-Score is\n\nThe key Eval-Score holds a score.\n",
    ],
)
def test_a_message_without_our_keys_is_none_of_its_business(message: str):
    assert (said(message), blocks(message)) == ([], ())


def test_a_whole_block_has_no_mistakes():
    assert said(MESSAGE) == []


def test_what_git_puts_around_it_is_no_mistake():
    signed = MESSAGE + "Signed-off-by: Ada <a@b.c>\n(cherry picked from commit abc)\n"
    edited = MESSAGE + "\n# Please enter the commit message\n# ------------------------ >8 ---\n"
    verbose = (
        MESSAGE + "# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n"
    )

    assert (
        said(signed) == said(edited) == said(verbose) == said(MESSAGE.replace("\n", "\r\n")) == []
    )


def test_a_squash_of_several_improvements_is_no_mistake():
    assert said(f"{MESSAGE}\nimprove(reply): be brief\n\n{BLOCK}") == []


def test_a_footer_after_the_block_is_no_mistake():
    assert said(f"{MESSAGE}\nReviewed in the meeting of Monday.\n") == []


def test_the_reader_of_history_finds_what_has_no_mistakes():
    assert trailers.find(MESSAGE) == blocks(MESSAGE)[0].claim.trailers  # type: ignore[union-attr]


def test_prose_right_above_the_block_is_found_on_its_line():
    message = f"improve(reply): x\n\nIt promised too much.\n{BLOCK}"

    assert said(message) == [(3, "this line is no trailer, so Git reads none of its paragraph")]


def test_a_line_within_the_block_that_is_no_trailer_is_found():
    message = MESSAGE.replace("Eval-Flips", "and so on\nEval-Flips")

    assert said(message)[0][0] == 13


def test_a_value_that_goes_on_in_the_next_line_is_not_blamed():
    folded = MESSAGE.replace("Eval-Model: openai/", "Eval-Model:\n  openai/")
    broken = folded.replace("Eval-Flips", "and so on\nEval-Flips")

    assert [line for line, _ in said(broken)] == [13]


def test_a_block_in_the_paragraph_of_the_subject_is_found():
    assert said(f"improve(reply): x\n{BLOCK}")[0] == (
        2,
        "the evidence stands in the paragraph of the subject, where Git reads no trailers",
    )


@pytest.mark.parametrize("key", ["Prompt-Path", "Prompt-Blob", "Promptgit-Schema"])
def test_a_block_without_what_finds_it_is_a_mistake(key: str):
    lines = [line for line in MESSAGE.split("\n") if not line.startswith(f"{key}:")]

    assert any(f"has no {key}" in message for _, message in said("\n".join(lines)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Prompt-Blob", BLOB[:10]),
        ("Prompt-Blob", BLOB[:-1] + "g"),
        ("Prompt-Base", "HEAD"),
        ("Eval-Score", "74 % -> 81 %"),
        ("Eval-Score", "0.5 -> 1.5 n=60"),
        ("Eval-Score", "nan -> inf"),
        ("Eval-Score", "0,7440 -> 0,8120"),
        ("Eval-Flips", "11 fixed"),
        ("Eval-Metric", "contains"),
        ("Eval-Record", "sha256:abc"),
    ],
)
def test_a_value_that_is_not_understood_is_found_on_its_line(key: str, value: str):
    message = with_line(key, value)
    line = next(i for i, x in enumerate(message.split("\n"), 1) if x.startswith(f"{key}: {value}"))

    assert (line, f"{key} is not understood") in said(message)


def test_a_value_that_is_empty_or_hides_something_is_found():
    assert said(with_line("Eval-Model", "")) == [(15, "Eval-Model has no value")]
    assert said(with_line("Eval-Model", "open\u200bai/x")) == [
        (15, "Eval-Model holds what shows nothing")
    ]


def test_a_key_that_occurs_twice_is_found_but_metrics_may():
    assert said(MESSAGE.replace("Eval-Stage: screening", "Prompt-Path: prompts/other.md"))[0] == (
        8,
        "Prompt-Path occurs more than once",
    )


def test_a_misspelt_key_is_found_and_a_strange_one_left_alone():
    assert said(MESSAGE.replace("Eval-Score", "Eval-Scores")) == [
        (9, "Eval-Scores is no key of ours")
    ]
    assert said(MESSAGE.replace("Eval-Cost", "Eval-Reviewer")) == []


def test_another_schema_is_not_judged_as_ours():
    assert "schema '2'" in said(with_line("Promptgit-Schema", "2"))[0][1]


@pytest.mark.parametrize("line", ["---", "--- a/x", "diff --git a/x b/x", "Index: x", "From abc"])
def test_a_line_that_ends_the_message_for_git_am_is_found(line: str):
    message = MESSAGE.replace("It promised too much.", f"It promised too much.\n{line}")

    assert said(message)[0][0] == 4
    assert "git am" in said(message)[0][1]


def test_lines_are_counted_with_comments_and_blank_lines():
    message = "# a comment\n\n" + MESSAGE.replace("Prompt-Blob", "# another\nPrompt-Blob")
    broken = message.replace(BLOB + "\nPrompt-Base", "x\nPrompt-Base")

    assert said(broken)[0] == (9, "Prompt-Blob is not understood")


def test_a_comment_character_that_eats_our_keys_does_not_hide_them():
    assert said(MESSAGE, comment="P") == []


def test_keys_are_those_that_messages_are_written_with():
    assert {key for key, _ in trailers.find(MESSAGE)} | {"Eval-Against"} == set(KEYS)


def test_a_value_is_looked_at_though_the_block_names_no_schema():
    found = [one.message for one in mistakes("s\n\nPrompt-Path: p.md\nEval-Score: banana\n")]

    assert "Eval-Score is not understood" in found
