"""trace-span-count, trace-span-duration and trace-error-spans, as promptfoo documents them."""

from __future__ import annotations

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case
from promptgit.core.ports import Answer
from promptgit.core.trace import Span
from promptgit.errors import UserError
from promptgit.evaluate.suite import Assertion, bind

COUNT, DURATION, ERRORS = "trace-span-count", "trace-span-duration", "trace-error-spans"
TOOK = tuple(Span(f"llm.{number}", duration_ms=100.0 * number) for number in range(1, 11))


def scored(kind, value, trace):
    suite = bind([Assertion(kind, value)], plugins.scorer, injected={})
    (found,) = suite.score(Case("c-1", {}), Answer("Done.", trace=trace)).values()
    return found


def holds(kind, value, trace):
    plain, opposite = (scored(one, value, trace).value for one in (kind, f"not-{kind}"))
    assert plain != opposite
    return bool(plain)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"pattern": "*llm*", "min": 10}, True),
        ({"pattern": "LLM.?", "max": 9}, True),
        ({"pattern": "llm.1*", "min": 2, "max": 2}, True),
        ({"pattern": "llm", "min": 1}, False),
        ({"pattern": "*", "max": 9}, False),
    ],
)
def test_spans_are_counted_by_a_pattern_of_their_names(value, expected):
    assert holds(COUNT, value, TOOK) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"max": 1000}, True),
        ({"max": 999}, False),
        ({"pattern": "llm.?", "max": 900}, True),
        ({"max": 900, "percentile": 90}, True),
        ({"max": 899, "percentile": 90}, False),
        ({"max": 100, "percentile": 0}, True),
        ({"max": 100, "percentile": 0.95}, True),
        ({"max": 910, "percentile": 90, "method": "linear"}, True),
        ({"max": 909, "percentile": 90, "method": "linear"}, False),
    ],
)
def test_the_slowest_or_a_percentile_is_held_against_max(value, expected):
    assert holds(DURATION, value, TOOK) is expected


def test_spans_that_nobody_timed_are_not_slow_unless_there_must_be_some():
    untimed = (Span("llm"),)

    assert holds(DURATION, {"max": 0}, untimed)
    assert not holds(DURATION, {"max": 0, "requirePresence": True}, untimed)


@pytest.mark.parametrize(
    "failed",
    [
        Span("x", failed=True),
        Span("x", message="Timeout after 3 s"),
        Span("x", attributes={"error": True}),
        Span("x", attributes={"exception": {"type": "ValueError"}}),
        Span("x", attributes={"http.status_code": "503"}),
        Span("x", attributes={"otel.status_code": "ERROR"}),
    ],
)
def test_a_span_failed_by_its_status_its_attributes_or_its_words(failed):
    fine = Span("x", attributes={"error": False, "http.status_code": 200}, message="ok")

    assert holds(ERRORS, None, (fine,))
    assert not holds(ERRORS, None, (fine, failed))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, False),
        (1, True),
        ({"max_count": 1}, True),
        ({"max_percentage": 25}, True),
        ({"max_percentage": 24}, False),
        ({"max_count": 1, "max_percentage": 24}, False),
        ({"pattern": "api*"}, True),
        ({"pattern": "db*", "max_percentage": 50}, False),
    ],
)
def test_failed_spans_are_bounded_by_their_number_and_their_share(value, expected):
    trace = (Span("api.a"), Span("api.b"), Span("api.c"), Span("db", failed=True))

    assert holds(ERRORS, value, trace) is expected


def test_no_span_of_the_name_has_no_error_unless_there_must_be_some():
    assert holds(ERRORS, {"pattern": "db"}, ())
    assert not holds(ERRORS, {"pattern": "db", "requirePresence": True}, ())


@pytest.mark.parametrize("prefix", ["", "not-"])
@pytest.mark.parametrize(
    ("kind", "value"), [(COUNT, {"pattern": "*", "max": 3}), (DURATION, {"max": 3}), (ERRORS, 0)]
)
def test_without_a_trace_an_assertion_fails_and_so_does_its_opposite(kind, value, prefix):
    found = scored(prefix + kind, value, None)

    assert found.value == 0
    assert "carries no trace" in found.why


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (COUNT, {"max": 1}, "name or a pattern"),
        (COUNT, {"pattern": "*"}, "a min or a max"),
        (COUNT, {"pattern": "*", "max": -1}, "from 0 up"),
        (DURATION, {"pattern": "*"}, "needs a max"),
        (DURATION, {"max": 1, "percentile": 101}, "from 0 to 100"),
        (DURATION, {"max": 1, "method": "upper"}, "nearest or linear"),
        (DURATION, {"max": 1, "requirePresence": "yes"}, "true or false"),
        (ERRORS, {"max_percentage": 101}, "from 0 to 100"),
        (ERRORS, ["x"], "an object"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(kind, value, said):
    with pytest.raises(UserError, match=said):
        bind([Assertion(kind, value)], plugins.scorer, injected={})


def test_a_pattern_full_of_stars_takes_no_time():
    assert not holds(COUNT, {"pattern": "*a" * 30 + "b", "min": 1}, (Span("a" * 2000),))
