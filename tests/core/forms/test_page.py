"""docs/prompt-files.md shows files that are read as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptgit.core import forms

PAGE = Path(__file__).parents[3] / "docs" / "prompt-files.md"
EXAMPLE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))


def test_every_form_is_shown_and_listed():
    page = PAGE.read_text(encoding="utf-8")
    shown = {forms.form_of(path, text) for path, text in EXAMPLES.items()}

    assert shown == set(forms.READERS)
    assert all(f"| `{form}` |" in page for form in forms.READERS)


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_read_and_can_be_edited(path: str):
    text = EXAMPLES[path]
    form = forms.form_of(path, text)
    (_, first), *_ = forms.messages(form, text)

    written = forms.put(form, text, forms.sheet(form, text).replace(first.strip(), "Be brief.", 1))

    assert isinstance(written, str)
    assert forms.messages(form, written)[0][1].strip() == "Be brief."
    assert forms.protected(form, text, written) is None
