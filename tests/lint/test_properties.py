"""What holds for any text: no crash, places that exist, edits that end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lint.looking import a_subject, cases, findings
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError
from promptgit.lint.finding import mended
from promptgit.lint.holes import parsed

PIECES = (
    *("{{", "}}", "{%", "%}", "{#", "#}", "{{ a }}", "{% include 'x.md' %}", "{% if a %}", "|"),
    *("\n", "\r\n", "\r", " ", "\t", "\ufeff", "\u200b", "\u202e", "\U000e0041", "\0", "é", "я"),
    *(
        "<<<<<<< a",
        "=======",
        ">>>>>>> b",
        "promptgit: ignore",
        "# promptgit: ignore nul",
        "a",
        "B",
    ),
    *("sk-abcdefgh12345678abcd", "Be kind. ", "<!--", "-->", "{% endif %}", "'", "message"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
TAGS = (
    *(
        "{{ a }}",
        "{{- b -}}",
        "{% include 'x.md' %}",
        "{{ c | upper }}",
        "{{ d.e }}",
        "{{ f['g'] }}",
    ),
    *("{% if h %}", "{% endif %}", "{# {{ i }} #}", "text", "\n", "{{ true }}", "}}"),
    "{{ range(j) }}",
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(texts)
def test_every_finding_is_at_a_place_of_the_text(text: str):
    lines = text.split("\n")

    for found in findings(a_subject(text, asked=cases())):
        if found.file == "prompts/reply.md":
            assert 1 <= found.line <= found.end_line <= len(lines)
            assert 1 <= found.column <= len(lines[found.line - 1]) + 1
            assert 1 <= found.end_column <= len(lines[found.end_line - 1]) + 1


@quick
@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd_to_be_looked_at(data: bytes):
    findings(data)


@quick
@given(texts)
def test_mending_ends_and_leaves_nothing_to_mend(text: str):
    for _ in range(4):
        text = mended(text, findings(text))

    assert not [found for found in findings(text) if found.edits]


@quick
@given(st.lists(st.sampled_from(TAGS), max_size=12).map("".join))
def test_holes_are_those_that_rendering_asks_for(text: str):
    found = parsed(text)
    try:
        wanted = Prompt.of(text).holes
    except UserError:
        assert found.trouble
        return

    assert not found.trouble
    assert {hole.name for hole in found.holes} == wanted


@pytest.mark.parametrize(
    "text",
    [
        " " * 262_000 + "x",
        "{{" + " " * 250_000,
        "<<<<<<< a\n=======\n" * 13_000,
        "-----BEGIN A PRIVATE KEY-----" * 9_000,
        "." + "'" * 250_000,
    ],
    ids=["blanks", "hole", "conflict", "key", "quotes"],
)
def test_no_text_takes_square_time(text: str):
    """At a square of 250,000 steps this would not end before the test is given up."""
    assert len(findings(text)) < 10
