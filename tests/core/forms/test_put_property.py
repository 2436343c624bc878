"""Whatever a message says and whatever becomes of it: only the message changes in its file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.forms.holding import HOLDERS, first, with_first
from promptgit.core import forms
from promptgit.core.diff import Refusal

WORDS = [
    "Be kind.", "- Be brief.", "say: \"no\"", "it's", "# a heading", "{{ order }}", "é ü ñ 日本 🙂",
    "a \\n b", "  indented", "trailing  ", "100 %", "& * ! | >", "'''", '"""', "key: value # no",
    "[a, b]", "", "-", "?", "@x", "`code`", "\tTab", "---", "...", "end\\",
]  # fmt: skip
LINES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)
TEXTS = LINES.map("\n".join).map(lambda text: f"Top.\n{text}\nEnd.")
ODD = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=40
).map(lambda text: f"Top.{text}End.")


def held(holder: str, text: str) -> tuple[str, str]:
    """The file, and its form."""
    write, form = HOLDERS[holder]
    return write(text), form


def around(form: str, file: str) -> list[str]:
    """All that is not within a message."""
    parts = sorted(forms.read(form, file).parts, key=lambda part: part.start)
    edges = [0, *(edge for part in parts for edge in (part.start, part.stop)), len(file)]
    return [file[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize("holder", HOLDERS)
@settings(deadline=None, max_examples=40)
@given(TEXTS, TEXTS)
def test_an_edit_of_usual_text_is_always_written_and_read_back(holder, before, after):
    file, form = held(holder, before)
    if first(form, file) == after:
        return

    written = forms.put(form, file, with_first(form, file, after))

    assert isinstance(written, str), written
    old, new = forms.messages(form, file), forms.messages(form, written)
    assert new[0] == (old[0][0], after)
    assert new[1:] == old[1:]
    assert around(form, written) == around(form, file)
    assert forms.protected(form, file, written) is None


@pytest.mark.parametrize("holder", HOLDERS)
@settings(deadline=None, max_examples=40)
@given(TEXTS, ODD)
def test_an_edit_of_any_text_is_exact_or_refused(holder, before, after):
    file, form = held(holder, before)

    written = forms.put(form, file, with_first(form, file, after))

    assert isinstance(written, Refusal) or (
        first(form, written).rstrip("\r\n") == after.rstrip("\r\n")
        and around(form, written) == around(form, file)
    )


@pytest.mark.parametrize("holder", HOLDERS)
@settings(deadline=None, max_examples=20)
@given(TEXTS)
def test_a_sheet_that_is_not_edited_changes_no_byte(holder, text):
    file, form = held(holder, text)

    assert forms.put(form, file, forms.sheet(form, file)) == file
