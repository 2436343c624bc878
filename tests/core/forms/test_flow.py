"""A message within braces stays on its line, and in them."""

from __future__ import annotations

from promptgit.core import forms


def test_a_text_of_several_lines_gets_quotes_within_braces_and_a_block_elsewhere():
    inside = "messages: [{role: user, content: Hi}]\n"
    outside = "messages:\n- role: user\n  content: Hi\n"

    assert forms.put("github-models", inside, "Hi\nHo") == inside.replace("Hi", '"Hi\\nHo"')
    assert forms.put("github-models", outside, "Hi\nHo") == outside.replace(
        "Hi", "|-\n    Hi\n    Ho"
    )
