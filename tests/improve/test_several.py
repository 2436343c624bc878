"""Several patches in one reply."""

from __future__ import annotations

from promptgit.improve.several import parts_of

ONE = "Be short.\n\n```diff\n@@\n-a\n+b\n```"
TWO = "Be kind.\n\n```diff\n@@\n-c\n+d\n```"


def test_each_fenced_diff_is_a_part_with_the_words_before_it():
    assert parts_of(f"{ONE}\n\n{TWO}") == [ONE, f"\n{TWO}"]


def test_words_after_the_last_fence_belong_to_none():
    assert parts_of(f"{ONE}\n\nThat is all.") == [ONE]


def test_a_reply_without_a_fenced_diff_is_one_part():
    for reply in ("No.", "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE", "```\nwhole file\n```"):
        assert parts_of(reply) == [reply]


def test_a_fence_that_is_no_diff_belongs_to_the_words():
    reply = f"For example\n```text\nhello\n```\n{ONE}"

    assert parts_of(reply) == [reply]


def test_a_longer_fence_may_hold_a_shorter_one():
    reply = "```` diff\n@@\n+```\n+code\n+```\n````"

    assert parts_of(reply) == [reply]


def test_a_fence_that_is_never_closed_is_left_to_the_reader_of_patches():
    assert parts_of("Cut:\n```diff\n@@\n+a") == ["Cut:\n```diff\n@@\n+a"]
