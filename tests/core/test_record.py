"""A record is named by its content: who holds the name can tell whether it was edited."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.core.record import Record
from promptgit.errors import UserError

BODY = {"schema": 1, "kind": "evaluation", "prompt": {"blob": "b"}, "mean": 0.5, "why": "é"}


def test_equal_bodies_have_one_name_whatever_their_order():
    turned = dict(reversed(BODY.items()))

    assert Record(BODY).digest == Record(turned).digest


def test_the_stored_form_is_canonical_json_and_one_line_feed():
    data = Record(BODY).data

    assert data == (
        b'{"kind":"evaluation","mean":0.5,"prompt":{"blob":"b"},"schema":1,"why":"\xc3\xa9"}\n'
    )
    assert Record(BODY).digest == hashlib.sha256(data).hexdigest()


def test_a_record_is_read_back_as_it_was():
    record = Record(BODY)

    assert Record.read(record.data, record.digest).body == BODY
    assert Record.read(record.data, record.digest).kind == "evaluation"


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters())  # half a surrogate pair too: models do write them
bodies = st.dictionaries(texts, scalars | texts | st.lists(scalars))


@given(bodies)
def test_any_body_survives_storage_under_the_same_name(body: dict[str, object]):
    record = Record({**body, "schema": 1, "kind": "x"})

    again = Record.read(record.data, record.digest)

    assert again.data == record.data


@pytest.mark.parametrize("data", [Record({**BODY, "mean": 0.9}).data, Record(BODY).data[:-9], b""])
def test_a_record_that_was_altered_is_never_read(data: bytes):
    with pytest.raises(UserError, match="was altered"):
        Record.read(data, Record(BODY).digest)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not json\n", "is not JSON"),
        (b"[]\n", "schema this version does not know"),
        (json.dumps({"schema": 2}).encode(), "schema this version does not know"),
        (b"\xff\n", "is not JSON"),
    ],
)
def test_what_is_no_record_is_refused_though_its_name_fits(data: bytes, reason: str):
    with pytest.raises(UserError, match=reason):
        Record.read(data, hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_has_no_word_for_is_never_written(number: float):
    with pytest.raises(ValueError, match=r"not JSON compliant|Out of range"):
        _ = Record({**BODY, "mean": number}).data
