"""The plainest YAML: read as the YAML library reads it, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptgit.config.plain import plain_mapping
from promptgit.core.located import parse_yaml
from promptgit.errors import UserError

PARTS = (
    *("model:", "check:", "margin:", "null:", "a:", "b:", " ", "  ", "    ", "\n", "\n", "\n  "),
    *("offline", "gpt-5-mini", "x/y", "true", "null", "False", "no", "0", "0.05", "007", "1e3"),
    *("-1", "+1", "12:30", "#", " # x", "'a'", '"', "[a]", "{a: 1}", "- a", "&a", "*a", "!t", "|"),
    *(" : ", "\t", "\r\n", "\u00e9", "\x00", "---", "...", "%", "?", ">", ",", "<<:", ".5", "5."),
)


def strictly(data: bytes) -> object:
    try:
        return parse_yaml(data, "promptgit.yaml").data
    except UserError:
        return "refused"


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_what_is_read_is_what_the_library_reads(text: str):
    found = plain_mapping(text.encode())

    assert found is None or (found or None) == (strictly(text.encode()) or None)


@pytest.mark.parametrize(
    "text",
    [
        "model: offline\n",
        "# a comment\nmodel: gpt-5-mini # another\n\nbudget:\n  usd: 2\n  calls: 200\nretries: 0\n",
        "check:\n  # inside\n  margin: 0.05\n\n  scope: suite",
        "model: ollama/llama3.2",
    ],
)
def test_what_most_configs_hold_is_read(text: str):
    found = plain_mapping(text.encode())

    assert found is not None
    assert found == strictly(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "model:\n",
        "model: a\nmodel: b\n",
        "check:\n  margin: 1\n  margin: 2\n",
        "  model: a\n",
        "model: a\n  margin: 1\n",
        "check:\nmodel: a\n",
        "model: true\n",
        "model: null\n",
        "model: a b\n",
        "model: 007\n",
        "model: a: b\n",
        "model: a#b\n",
        "model:a\n",
        "model: a\r\n",
        "prompts: [a]\n",
        "model: \u00e9\n",
    ],
)
def test_what_is_less_plain_is_left_to_the_library(text: str):
    assert plain_mapping(text.encode()) is None
