import pytest

from promptgit.models.refusals import retry_after_s

MIDNIGHT = "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": MIDNIGHT}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:16:50 GMT"}, 10.0),
        ({"Retry-After": "7", "retry-after-ms": "250"}, 0.25),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_nothing(headers, seconds):
    assert retry_after_s(headers, now=1000.0) == seconds


def test_a_date_is_held_against_the_servers_own_clock():
    headers = {"Retry-After": "Thu, 01 Jan 1970 00:00:30 GMT", "Date": MIDNIGHT}

    assert retry_after_s(headers, now=5_000_000.0) == 30.0
