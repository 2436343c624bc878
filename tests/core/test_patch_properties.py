"""Whatever a model gets wrong about a diff, the edit is applied as it was meant, or refused."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from promptgit.core.patch import Patch, Refusal, derive, read_patch

PATH = "prompts/support.md"
WORDS = [
    "",
    "a",
    "b",
    "- a",
    "- b",
    "-- a",
    "--- a",
    "+++ b",
    "+ a",
    "---",
    "```",
    " a",
    "a\u2028b",
]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14)
EDITS = st.lists(
    st.tuples(st.integers(0, 14), st.sampled_from([None, *WORDS])), min_size=1, max_size=3
)
HEADER = re.compile(r"(?m)^@@ .*$")


def edited(lines, edits):
    result = list(lines)
    for at, text in edits:
        result[at : at + 1] = [] if text is None else [text, *result[at : at + 1]]
    return result


def distinct(lines):
    """Make every line the only one of its kind, so that each place can be told by its words."""
    return [f"{line}{n}" for n, line in enumerate(lines)]


def text_of(lines):
    return "".join(f"{line}\n" for line in lines)


def is_right_or_refused(found, meant):
    return isinstance(found, Refusal) or found.after == meant


@settings(deadline=None, max_examples=300)
@given(TEXTS, EDITS)
def test_a_derived_diff_read_back_gives_the_same_text_or_is_refused(lines, edits):
    before, after = text_of(lines), text_of(edited(lines, edits))

    found = read_patch(derive(PATH, before, after).diff, PATH, before)

    assert is_right_or_refused(found, after)


@settings(deadline=None, max_examples=300)
@given(TEXTS, EDITS, st.lists(st.integers(0, 30), min_size=8, max_size=8), st.booleans())
def test_wrong_numbers_never_make_a_wrong_text(lines, edits, numbers, fenced):
    lines = distinct(lines)
    before, after = text_of(lines), text_of(edited(lines, edits))
    a, b, c, d, *more = numbers
    wrong = iter(
        [f"@@ -{a},{b} +{c},{d} @@", "@@", "@@ ... @@", f"@@ -{more[0]} +{more[1]} @@"] * 9
    )
    diff = HEADER.sub(lambda _: next(wrong), derive(PATH, before, after).diff)
    reply = f"Here you are:\n```diff\n{diff}```\nDone.\n" if fenced else diff

    found = read_patch(reply, PATH, before)

    assert is_right_or_refused(found, after)


@settings(deadline=None, max_examples=300)
@given(TEXTS, EDITS, st.data())
def test_a_line_that_lost_its_mark_never_makes_a_wrong_text(lines, edits, data):
    lines = distinct(lines)
    after = [line + "'" if line not in lines else line for line in edited(lines, edits)]
    patch = derive(PATH, text_of(lines), text_of(after))
    diff = patch.diff.split("\n")
    body = [n for n, line in enumerate(diff) if n > 2 and line[1:] and line[1] != "+"]
    if not body:
        return
    lost = data.draw(st.sampled_from(body))
    reply = "\n".join([*diff[:lost], diff[lost][1:], *diff[lost + 1 :]])

    found = read_patch(f"```diff\n{reply}```\n", PATH, patch.before)

    assert is_right_or_refused(found, patch.after)


@settings(deadline=None, max_examples=200)
@given(
    TEXTS, EDITS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_line_ends_are_the_files_own_whatever_the_diff_has(lines, edits, file, diff, ended):
    lines = distinct(["first", *lines])  # a file of one line need not have an end-of-line
    before, after = (file.join(x) + file * ended for x in (lines, edited(lines, edits)))
    plain = derive(PATH, text_of(lines), text_of(edited(lines, edits))).diff
    if not edited(lines, edits) or not plain:
        return

    found = read_patch(plain.replace("\n", diff), PATH, before)

    assert is_right_or_refused(found, after)


@settings(deadline=None, max_examples=200)
@given(TEXTS, EDITS)
def test_a_whole_file_in_a_longer_fence_is_taken_as_it_stands(lines, edits):
    lines = ["first", *lines, "last"]
    after = ["first", *edited(lines[1:-1], edits), "final"]

    found = read_patch(f"````text\n{text_of(after)}````\n", PATH, text_of(lines), whole_file=True)

    assert isinstance(found, Patch)
    assert found.after == text_of(after)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=400), st.text(alphabet="+- @a`\n=<>", max_size=200), st.booleans())
def test_no_reply_makes_the_ladder_fail(start, rest, whole_file):
    before = "a\n- a\n\n+ a\n"

    found = read_patch(start + rest, PATH, before, whole_file=whole_file)

    assert isinstance(found, Refusal | Patch)
