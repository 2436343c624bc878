"""Evidence in messages: what we write Git reads back, and what Git would read we find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptgit.core.trailers import (
    MAX_VALUE,
    block,
    clean_value,
    find,
    find_all,
    last_block,
    looks_like_trailer,
    path_of,
    path_value,
    value,
)
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository, a_repository

OURS = "Prompt-Path: p.md\nEval-Score: 0.5000 -> 0.7500 n=40\nPromptgit-Schema: 1"
FOUND = (
    ("Prompt-Path", "p.md"),
    ("Eval-Score", "0.5000 -> 0.7500 n=40"),
    ("Promptgit-Schema", "1"),
)
SIGNED = ("Signed-off-by", "A <a@b.c>")
PICKED = "(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)"

# What became of a message in the hands of people and tools → what there is to find in it.
TORTURE = {
    "as it was written": (f"s\n\nwhy\n\n{OURS}\n", FOUND),
    "without a body": (f"s\n\n{OURS}\n", FOUND),
    "without a final line feed": (f"s\n\n{OURS}", FOUND),
    "with CRLF": (f"s\n\nwhy\n\n{OURS}\n".replace("\n", "\r\n"), FOUND),
    "a divider in the body": (f"s\n\nit was\n---\nbad\n\n{OURS}\n", FOUND),
    "cherry-pick -x": (f"s\n\n{OURS}\n{PICKED}\n", FOUND),
    "cherry-pick -x -s": (f"s\n\n{OURS}\n{PICKED}\nSigned-off-by: A <a@b.c>\n", (*FOUND, SIGNED)),
    "a paragraph of trailers before": (f"s\n\nResult: better\n\n{OURS}\n", FOUND),
    "prose directly above": (f"s\n\nsome words\n{OURS}\n", ()),
    "prose directly above, signed": (
        f"s\n\nsome words\n{OURS}\nSigned-off-by: A <a@b.c>\n",
        (*FOUND, SIGNED),
    ),
    "no blank line after the subject": (f"s\n{OURS}\n", ()),
    "nothing but trailers": (f"{OURS}\n", ()),
    "a comment in the block": (f"s\n\n# words\n{OURS}\n", FOUND),
    "a key that is none": (f"s\n\nEval_Score: 1\n{OURS}\n", ()),
    "a folded value": (f"s\n\nEval-Note: one\n  two\n{OURS}\n", (("Eval-Note", "one two"), *FOUND)),
    "a paragraph after": (f"s\n\n{OURS}\n\nReviewed in a meeting.\n", FOUND),
    "another block after": (f"s\n\n{OURS}\n\nCo-authored-by: B <b@c.d>\n", FOUND),
    "a rule and another block after": (
        f"s\n\n{OURS}\n\n---------\n\nCo-authored-by: B <b@c.d>\n",
        FOUND,
    ),
    "blank lines of blanks": (f"s\n \t\n{OURS}\n\t\nfooter\n", FOUND),
    "indented by merge --squash": (f"Squashed commit\n\n    {OURS}\n".replace("\n", "\n    "), ()),
    "prose that quotes one": ("s\n\nIt says Promptgit-Schema: 1 there.\n", ()),
    "no evidence": ("s\n\nwhy\n\nSigned-off-by: A <a@b.c>\n", ()),
    "amend -m": ("another message\n", ()),
    "nothing": ("", ()),
}


@pytest.mark.parametrize("fate", TORTURE)
def test_our_block_is_found_whatever_became_of_the_message(fate: str):
    message, expected = TORTURE[fate]

    assert find(message) == expected


def test_a_squash_of_two_improvements_has_two_blocks():
    second = OURS.replace("0.7500", "0.8000")
    message = f"PR (#7)\n\n* one\n\nwhy\n\n{OURS}\n\n* two\n\n{second}\n\nCo-authored-by: B <b@c>\n"

    blocks = find_all(message)

    assert [value(found, "Eval-Score") for found in blocks] == [
        "0.5000 -> 0.7500 n=40",
        "0.5000 -> 0.8000 n=40",
    ]
    assert find(message) == blocks[1]


def git_parses(repository: Repository, message: str) -> tuple[tuple[str, str], ...]:
    arguments = ("-c", "trailer.separators=:", "-c", "core.commentChar=#")
    words = ("interpret-trailers", "--parse", "--no-divider")
    parsed = repository.git(*arguments, *words, stdin=message)
    pairs = (line.partition(":") for line in parsed.split("\n") if line)
    return tuple((key, text.strip()) for key, _, text in pairs)


def without_marks(pairs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [pair for pair in pairs if not pair[0].startswith("(cherry")]


ENDS_OTHERWISE = ("a paragraph after", "blank lines of blanks")


@pytest.mark.parametrize("fate", [fate for fate in TORTURE if fate not in ENDS_OTHERWISE])
def test_the_last_block_is_what_git_parses(tmp_path: Path, fate: str):
    message, _ = TORTURE[fate]
    repository = a_repository(tmp_path)

    assert list(last_block(message)) == without_marks(git_parses(repository, message))


values = st.text(min_size=1, max_size=60).filter(lambda text: bool(clean_value(text)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["Eval-Score", "A", "9-b"]), values), min_size=1))
def test_git_reads_back_whatever_we_write(tmp_path_factory: pytest.TempPathFactory, pairs):
    written = block(pairs)
    message = f"subject\n\nwhy\n\n{written}"

    expected = tuple((key, clean_value(text)) for key, text in pairs)
    assert last_block(message) == expected
    repository = Repository(tmp_path_factory.getbasetemp())
    assert git_parses(repository, message) == expected


@pytest.mark.parametrize("key", ["Eval_Score", "Eval Score", "Éval-Score", "", "-x", "a:b", "a\n"])
def test_a_key_that_git_would_not_parse_is_refused(key: str):
    with pytest.raises(UserError, match="trailer key"):
        block([(key, "1")])


@pytest.mark.parametrize("empty", ["", " ", "\n", "\u200b", "\x1b"])
def test_a_value_that_nobody_can_see_is_refused(empty: str):
    with pytest.raises(UserError, match="no value"):
        block([("Eval-Score", empty)])


@pytest.mark.parametrize(
    "forged",
    ["1\nEval-Verified: yes", "1\r\nEval-Verified: yes", "1\x0bEval-Verified: yes", "1\u2028E: y"],
)
def test_a_value_cannot_forge_a_second_trailer(forged: str):
    assert block([("Eval-Score", forged)]).count("\n") == 1


def test_a_value_hides_nothing():
    hidden = "a\u202eb\u200bc\U000e0041d\ufe0fe\ud800f\x1b[31mg\U000e0101h"

    assert clean_value(hidden) == "abcdef [31mgh"


def test_a_long_value_is_cut_between_characters():
    cut = clean_value("é" * MAX_VALUE)

    assert len(cut.encode()) <= MAX_VALUE
    assert set(cut) == {"é"}


@pytest.mark.parametrize(
    "path",
    ["a.md", "a b.md", "a  b.md", "two\nlines.md", '"quoted".md', " x", "\udcff.md", "é/\u200b.md"],
)
def test_any_path_survives_as_a_value(path: str):
    written = block([("Prompt-Path", path_value(path)), ("Promptgit-Schema", "1")])

    assert path_of(value(find(f"s\n\n{written}"), "Prompt-Path")) == path


def test_a_path_that_only_looks_quoted_stands_for_itself():
    assert path_of('"half') == '"half'


def test_a_message_full_of_blank_lines_is_read_in_one_go():
    message = "s\n" + "\n \t" * 200_000 + "\n\n" + OURS

    assert find(message) == FOUND


@pytest.mark.parametrize(
    ("line", "looks"),
    [
        ("Key: value", True),
        ("Key : value", True),
        ("Key:", True),
        ("Two words: value", False),
        ("> Key: value", False),
        (PICKED, True),
        ("", False),
    ],
)
def test_a_line_that_git_could_take_for_a_trailer_is_known(line: str, looks: bool):
    assert looks_like_trailer(line) is looks
