"""One line of the logs: what is written is what is read, and nothing else is let in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.flywheel.interaction import FORMS, Interaction

AT = "2026-11-21T20:40:05.123Z"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.builds(
        Interaction,
        id=TEXT.filter(bool),
        at=st.just(AT),
        turn=st.integers(0, 9),
        input=TEXT,
        output=TEXT,
        inputs=st.dictionaries(TEXT, TEXT, max_size=2),
        scores=st.dictionaries(TEXT, NUMBER, max_size=2),
        facts=st.dictionaries(TEXT, TEXT, max_size=2),
        latency_ms=st.none() | NUMBER,
        input_tokens=st.none() | st.integers(),
    )
)
def test_a_line_is_read_as_it_was_written(interaction: Interaction):
    line = interaction.line()

    assert "\n" not in line
    assert Interaction.read(line) == interaction


def test_what_is_empty_takes_no_room():
    line = Interaction("a", AT, turn=0, output="", scores={}, propensity=1.0).line()

    assert json.loads(line) == {"schema": 1, "id": "a", "at": AT, "kind": "call"}


def test_a_zero_that_was_measured_is_kept():
    line = Interaction("a", AT, latency_ms=0.0, cost_usd=0.0, input_tokens=0).line()

    assert Interaction.read(line).latency_ms == 0.0
    assert '"cost_usd":0.0' in line


def test_a_field_of_a_later_version_is_passed_over():
    assert Interaction.read(f'{{"schema":2,"id":"a","at":"{AT}","mood":"blue"}}').id == "a"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[]", "not a JSON object"),
        ('{"at":"x"}', "no 'id'"),
        ('{"id":"a","at":""}', "no 'at'"),
        ('{"id":"a","at":"x","turn":"first"}', "'turn' is 'first', which is no integer"),
        ('{"id":"a","at":"x","turn":true}', "which is no integer"),
        ('{"id":"a","at":"x","scores":{"quality":"good"}}', "which is no numbers"),
        ('{"id":"a","at":"x","facts":{"value":3}}', "which is no texts"),
        ('{"id":"a","at":"x","output":7}', "which is no text"),
        ('{"id":"a","at":"x"', "Expecting"),
    ],
)
def test_a_line_of_another_shape_is_refused_with_the_reason(line: str, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        Interaction.read(line)


def test_the_log_table_has_a_column_for_every_field():
    assert FORMS["scores"] == "numbers"
    assert FORMS["facts"] == "texts"
    assert FORMS["latency_ms"] == "number"
    assert FORMS["input_tokens"] == "integer"
    assert list(FORMS) == list(Interaction.__dataclass_fields__)
