"""An edit goes back into the file, and nothing else of the file changes."""

from __future__ import annotations

import time

import pytest

from promptgit.core import forms
from promptgit.core.diff import Refusal


def put(form: str, file: str, *edits: tuple[str, str]) -> str | Refusal:
    """Replace pieces of the messages, and write them back."""
    texts = [text for _, text in forms.messages(form, file)]
    for old, new in edits:
        assert sum(text.count(old) for text in texts) == 1, (old, texts)
        texts = [text.replace(old, new) for text in texts]
    return forms.with_texts(form, file, texts)


def github(content: str) -> str:
    return f"messages:\n  - role: system\n    content: {content}\n  - role: user\n    content: Hi\n"


@pytest.mark.parametrize(
    ("content", "edit", "becomes"),
    [
        # the style of a scalar stays, and what the edit leaves alone stays as it was written
        ('"caf\\u00e9 \\x41 b"', (" b", " c"), '"caf\\u00e9 \\x41 c"'),
        ("'it''s ok'", ("ok", "fi'ne"), "'it''s fi''ne'"),
        ("plain text # note", ("text", "words"), "plain words # note"),
        ('"one\n      two\n\n      three"', ("three", "four"), '"one\n      two\n\n      four"'),
        ("plain\n      and folded", ("folded", "gone"), "plain\n      and gone"),
        ("&a 'x y'", ("y", "z"), "&a 'x z'"),
        ("!!str x y", ("y", "z"), "!!str x z"),
        ('"a\\\n      b"', ("b", "c"), '"a\\\n      c"'),
        ('"\\x41\n\n\n      two"', ("A\n\ntwo", "A\nor two"), '"\\x41\\nor two"'),
        ('"a \\x41\\x42 b\\x43"', ("AB", "AX"), '"a \\x41X b\\x43"'),
        ("'one\n\n\n      two'", ("one\n\ntwo", "one\nor two"), "|-\n      one\n      or two"),
        # another style only where the old one cannot hold the text
        ("plain text", ("text", "text: it"), '"plain text: it"'),
        ("plain text # note", ("text", "a\nb"), '"plain a\\nb" # note'),
        ("plain text", ("text", "a\nb"), "|-\n      plain a\n      b"),
        ("'x'", ("x", "a\tb"), '"a\\tb"'),
        # blocks keep their header, their indentation, and every line that stays
        ("|2-\n       a\n\n      b\n", ("b", "c"), "|2-\n       a\n\n      c\n"),
        ("|+\n      a\n      b\n\n\n", ("b", "c"), "|+\n      a\n      c\n\n\n"),
        ("|  # why\n      a\n   \n      b  ", ("a", "x"), "|  # why\n      x\n   \n      b  "),
        ("|\n          a\n            b", ("a", "x"), "|\n          x\n            b"),
        (
            ">-\n      You are\n      kind.\n\n      Be\n      brief.",
            ("brief", "short"),
            ">-\n      You are\n      kind.\n\n      Be\n      short.",
        ),
        (
            ">-\n      a\n      b\n\n        - more\n\n      c\n      d",
            ("c d", "c d\nnew line"),
            ">-\n      a\n      b\n\n        - more\n\n      c\n      d\n\n      new line",
        ),
        (">\n      a\n      b", ("a b", "a b c"), ">\n      a\n      b c"),
    ],
)
def test_yaml_keeps_its_style_wherever_it_can_hold_the_text(content, edit, becomes):
    assert put("github-models", github(content), edit) == github(becomes)


def test_a_long_line_of_a_folded_block_is_wrapped_to_the_blocks_width():
    words = "word " * 30
    file = github(">-\n      " + "x" * 60 + "\n      two")

    written = put("github-models", file, ("two", words.strip()))

    assert isinstance(written, str)
    assert max(map(len, written.splitlines())) <= 66
    assert words.strip() in forms.messages("github-models", written)[0][1]


def test_an_edit_within_a_folded_paragraph_leaves_the_lines_around_it():
    lines = [f"Rule number {number} is as old as the house." for number in range(9)]
    file = github(">-\n" + "\n".join(f"      {line}" for line in lines))

    written = put("github-models", file, ("number 4 is", "number four is"))

    assert written == file.replace("number 4 is", "number four is")


def test_crlf_stays_crlf_in_every_new_line():
    file = github("|\n      a\n      b").replace("\n", "\r\n")

    assert put("github-models", file, ("b", "c\nd")) == github(
        "|\n      a\n      c\n      d"
    ).replace("\n", "\r\n")


def test_crlf_stays_crlf_in_a_body_too_and_models_are_sent_line_feeds():
    file = "---\r\na: 1\r\n---\r\nsystem:\r\nOne.\r\nTwo.\r\n\r\nuser:\r\nHi"

    assert forms.messages("prompty", file)[0] == ("system", "One.\nTwo.")
    assert put("prompty", file, ("Two.", "Two.\nThree."), ("Hi", "Hi\nHo")) == file.replace(
        "Two.", "Two.\r\nThree."
    ).replace("Hi", "Hi\r\nHo")


def test_mixed_line_ends_of_a_body_stay_as_they_are():
    file = "system:\r\nOne.\nTwo.\r\nThree.\n"

    assert put("prompty", file, ("Two", "2")) == file.replace("Two", "2")


def test_no_final_line_feed_is_added():
    file = "messages:\n- role: system\n  content: |-\n    a\n    b"

    assert put("github-models", file, ("b", "c\nd")) == file.removesuffix("b") + "c\n    d"


def test_an_edit_of_one_message_leaves_the_others_byte_for_byte():
    file = github('"a \\u0062" # c') + "testData:\n  - {input:  'x' , expected: y}\n"

    assert put("github-models", file, ("Hi", "Hello")) == file.replace("Hi", "Hello")


def test_text_that_an_alias_uses_elsewhere_is_refused():
    file = "messages:\n- role: user\n  content: &a Hi\ntestData:\n- input: *a\n"

    refused = put("github-models", file, ("Hi", "Ho"))

    assert isinstance(refused, Refusal)
    assert "YAML alias" in refused.reason


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("A = 'it\\'s \\x41'", ("it", "that"), "A = 'that\\'s \\x41'"),
        ('A = "a"', ("a", 'say "b"\nc'), 'A = "say \\"b\\"\\nc"'),
        ('A = """a\nb\n"""', ("b", "c\\d"), 'A = """a\nc\\\\d\n"""'),
        ('A = """a"""', ("a", 'b"""c'), 'A = """b\\"\\"\\"c"""'),
        ("A = r'a\\d'", ("a", "b"), "A = r'b\\d'"),
        ("A = r'''a\\d\n'''", ("a", "b\nc"), "A = r'''b\nc\\d\n'''"),
        (
            'A = (\n    "One.\\n"  # first\n    "Two.\\n"\n)',
            ("Two.", "Three."),
            'A = (\n    "One.\\n"  # first\n    "Three.\\n"\n)',
        ),
        (
            "A = (\"One.\\n\"\n     'Two.\\n')",
            ("One.", "1."),
            "A = (\"1.\\n\"\n     'Two.\\n')",
        ),
        ("A: str = u'caf\\u00e9'; B = 2", ("caf", "Caf"), "A: str = u'Caf\\u00e9'; B = 2"),
        ('é = "é"; A = "b"', None, ""),
    ],
)
def test_python_literals_keep_their_quotes_and_escapes(before, edit, after):
    file = f"import os\n\n# promptgit: prompt\n{before}\n\nx = f'{{os.sep}}'\n"
    if edit is None:  # a second statement of the line is not what the comment marks
        assert forms.messages("python", file) == (("system", "é"),)
        return

    assert put("python", file, edit) == file.replace(before, after)


@pytest.mark.parametrize(
    ("constant", "edit"),
    [
        ("r'a'", ("a", "a\nb")),
        ("r'a'", ("a", "it's")),
        ("r'a'", ("a", "a\\")),
        ('("One.\\n"\n "Two.\\n")', ("One.\nTwo.", "Neither")),
    ],
)
def test_python_that_cannot_be_kept_exact_is_refused(constant, edit):
    refused = put("python", f"# promptgit: prompt\nA = {constant}\n", edit)

    assert isinstance(refused, Refusal)
    assert "line 2" in refused.reason


def test_python_with_crlf_and_tabs_stays_so():
    file = '# promptgit: prompt\r\nA = """One.\r\n\tTwo.\r\n"""\r\n'

    assert put("python", file, ("Two.", "Two.\nThree.")) == file.replace("Two.", "Two.\r\nThree.")


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("prompty", "system:\nHi\n\nuser:\nHo\n"),
        ("litellm", "System: Hi\n\nUser: Ho\n"),
        ("dotprompt", '{{role "system"}}Hi\n{{role "user"}}Ho\n'),
        ("markdown", "---\na: 1\n---\nHi\n"),
    ],
)
def test_an_edit_may_not_bring_another_message(form, file):
    line = {
        "prompty": "assistant:\nx",
        "litellm": "User: x",
        "dotprompt": '{{role "model"}}x',
    }.get(form)
    if line is None:
        assert isinstance(put(form, file, ("Hi", "---\na: 2\n---")), str)
        return

    refused = put(form, file, ("Hi", f"Hi\n{line}"))

    assert isinstance(refused, Refusal)


@pytest.mark.parametrize("change", ["drop", "add", "swap", "text above"])
def test_the_messages_keep_their_number_order_and_roles(change):
    file = github("Be kind.")
    sheet = forms.sheet("github-models", file)
    first, second = sheet.splitlines()[0], sheet.splitlines()[2]
    changed = {
        "drop": sheet.replace(second + "\n", ""),
        "add": sheet + "=== message 3 of 3: user ===\nx\n",
        "swap": sheet.replace(second, second.replace("user", "assistant")),
        "text above": f"Note.\n{sheet}",
    }[change]

    refused = forms.put("github-models", file, changed)

    if change == "add":  # it is no line of this sheet, so it is text
        assert forms.messages("github-models", str(refused))[1][1].endswith("x")
        return
    assert isinstance(refused, Refusal)
    assert first


def test_a_message_may_not_be_emptied():
    refused = put("github-models", github("Be kind."), ("Be kind.", "  "))

    assert isinstance(refused, Refusal)
    assert "empties message 1 (system)" in refused.reason


def test_a_text_with_lines_like_role_lines_gets_longer_ones():
    file = github("|\n      a\n      === message 2 of 2: user ===\n      b")

    assert "==== message 1 of 2: system ====" in forms.sheet("github-models", file)
    assert put("github-models", file, ("b", "c")) == file.replace("b\n", "c\n", 1)


def test_two_megabytes_are_edited_within_seconds():
    lines = "".join(f"      Line {number} of a long prompt.\n" for number in range(60_000))
    file = github(f"|\n{lines}".removesuffix("\n"))
    started = time.monotonic()

    written = put("github-models", file, ("Line 30000 of", "The line of"))

    assert written == file.replace("Line 30000 of", "The line of")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("---\nowner: b\n---\nHi.\n", "from line 2 on"),
        ("---\nowner: a\n---\nHo.\n", ""),
        ("Hi.\n", "from line 1 on"),
        ("---\nowner: a\nHi.\n", "cannot be read any more"),
    ],
)
def test_whatever_is_no_text_of_a_message_is_protected(after, said):
    found = forms.protected("markdown", "---\nowner: a\n---\nHi.\n", after)

    assert said in found if said else found is None


def test_another_number_of_messages_is_told():
    found = forms.protected("prompty", "system:\nHi\n", "system:\nHi\n\nuser:\nHo\n")

    assert found == "the patch changes the number, the order or the roles of the messages"
