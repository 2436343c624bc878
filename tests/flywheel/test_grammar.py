"""Conditions as people write them: what is read, what is refused, and where the error points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.errors import UserError
from promptgit.flywheel.condition import (
    All,
    Any,
    Comparison,
    Drifting,
    Not,
    drifts_of,
    metrics_of,
)
from promptgit.flywheel.cube import Metric, joined
from promptgit.flywheel.grammar import MOST_TOKENS, parse

METRICS = joined(
    (
        Metric("quality_score", unit="number", better="higher"),
        Metric("upsell_rate", better="higher"),
        Metric("security_incidents", unit="count", better="lower"),
        Metric("latency_ms", unit="ms", better="lower"),
        Metric("resolution_s", unit="s", better="lower"),
        Metric("cost_usd", unit="usd", better="lower"),
        Metric("calls", unit="count"),
    )
)


def refused(text: str, metrics=METRICS) -> UserError:
    with pytest.raises(UserError) as error:
        parse(text, metrics)
    return error.value


@pytest.mark.parametrize(
    ("text", "metric", "limit"),
    [
        ("security_incidents > 5", "security_incidents", 5.0),
        ("quality_score < 7", "quality_score", 7.0),
        ("upsell_rate < 20%", "upsell_rate", 0.2),
        ("upsell_rate<.2", "upsell_rate", 0.2),
        ("latency_ms > 2s", "latency_ms", 2_000.0),
        ("latency_ms >= 800 ms", "latency_ms", 800.0),
        ("resolution_s > 2 h", "resolution_s", 7_200.0),
        ("resolution_s > 500ms", "resolution_s", 0.5),
        ("cost_usd > $1.50", "cost_usd", 1.5),
        ("cost_usd > 1.5usd", "cost_usd", 1.5),
        ("quality_score > -3", "quality_score", -3.0),
    ],
)
def test_a_number_is_read_in_the_unit_of_its_metric(text, metric, limit):
    found = parse(text, METRICS)

    assert isinstance(found, Comparison)
    assert found.metric == metric
    assert found.limit(METRICS[metric].unit) == pytest.approx(limit)


def test_and_binds_closer_than_or_and_not_closest():
    found = parse("a < 1 or b < 2 and not c < 3")

    one, two, three = (Comparison(name, "<", n + 1.0) for n, name in enumerate("abc"))
    assert found == Any((one, All((two, Not(three)))))


def test_parentheses_decide_otherwise():
    assert str(parse("((a < 1) or (b < 2)) and ((c < 3))")) == "(a < 1 or b < 2) and c < 3"


def test_words_may_be_in_capitals_and_spaces_left_out():
    text = "A<1 OR(NOT DRIFT( b )AND seen(c>2))"

    assert str(parse(text)) == "A < 1 or not drift(b) and seen(c > 2)"


def test_a_function_is_one_only_before_a_parenthesis():
    assert str(parse("drift > 3 and change < 2")) == "drift > 3 and change < 2"


def test_what_is_looked_at_is_named_once():
    condition = parse("b < 1 and drift(a) or b > 2 and drift(c) and drift(a)")

    assert metrics_of(condition) == ("b", "a", "c")
    assert drifts_of(condition) == ("a", "c")


def test_an_unknown_metric_is_pointed_at():
    error = refused("drift(quality_score) and qualty_score < 7")

    assert error.message.splitlines() == [
        "no metric is called 'qualty_score' (column 26)",
        "    drift(quality_score) and qualty_score < 7",
        "                             ^^^^^^^^^^^^",
    ]
    assert error.hint == "did you mean 'quality_score'?"


def test_the_beginning_of_a_name_is_enough_to_be_understood():
    assert refused("quality < 7").hint == "did you mean 'quality_score'?"


def test_the_drift_of_a_score_may_be_asked_for_by_the_name_of_the_score():
    assert str(parse("drift(quality)", METRICS)) == str(parse("drift(quality)"))
    assert str(parse("drift(quality)")) == "drift(quality_score)"

    own = {**METRICS, "quality": METRICS["quality_score"]}
    assert str(parse("drift(quality)", own)) == "drift(quality)"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "nothing is asked for", "quality_score < 7"),
        ("quality_score", "an operator has to follow", "<, <=, > and >="),
        ("quality_score <", "a number has to follow '<'", "20%"),
        ("quality_score == 7", "'=' means nothing", "hardly ever equal"),
        ("1 < quality_score", "the name of a metric is expected", "quality_score < 7"),
        ("quality_score > 1 < 2", "'<' is not expected", "a > 1 and a < 2"),
        ("quality_score < 7 calls > 2", "'calls' is not expected", "`and` or `or`"),
        ("(quality_score < 7", "')' is expected", "close every"),
        ("quality_score < 7)", "')' is not expected", ""),
        ("mean(quality_score) < 7", "no function 'mean'", "change, drift, proven, seen"),
        ("upsell_rate < 20", "a share", "did you mean `20%`?"),
        ("upsell_rate < 150%", "a share", "`20%`"),
        ("quality_score < 7%", "not measured in '%'", "a plain number"),
        ("quality_score < 7s", "not measured in 's'", "a plain number"),
        ("latency_ms > 7%", "not measured in '%'", "ms or s"),
        ("change(quality_score) < 5", "percent of the value before", "-5%"),
        ("drift(calls)", "cannot get worse", "better:"),
        ("quality_score < 1.2.3", "means nothing here", ""),
        ("quality_score < 7\x1b[31m", "means nothing here", ""),
        ("quality_score < $7%", "no number", ""),
        ("quality_score < 1234567890123456", "too long", "15 digits"),
        ("not", "the name of a metric is expected, and the end", ""),
        ("proven(drift(quality_score))", "no metric is called 'drift'", ""),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place_and_a_way_out(text, said, hint):
    if text.startswith("proven(drift"):
        with pytest.raises(UserError):
            parse(text, METRICS)
        return
    error = refused(text)

    assert said in error.message
    assert "^" in error.message
    assert hint in error.hint


def test_control_characters_do_not_reach_the_terminal():
    message = refused("quality_score < 7 \x1b[31m").message

    assert all(letter.isprintable() or letter == "\n" for letter in message.split("(column")[1])


@pytest.mark.parametrize("text", ["(" * 5_000, "not " * 5_000, "a < 1 and " * 5_000 + "a < 1"])
def test_what_is_far_too_long_is_refused(text):
    with pytest.raises(UserError, match=r"too long|deep"):
        parse(text)


def test_a_long_text_is_shown_around_the_place():
    message = refused("quality_score < 7 and " * 20 + "qualty_score < 7").message

    text, arrows = message.splitlines()[1:]
    assert len(text) < 110
    assert text[arrows.index("^") : arrows.rindex("^") + 1] == "qualty_score"


def test_a_nest_is_refused_before_it_is_too_deep_for_us():
    with pytest.raises(UserError, match="30 deep"):
        parse("not " * 40 + "a < 1")


names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: name not in ("and", "or", "not")
)
numbers = st.integers(-(10**9), 10**9).map(lambda number: number / 1_000)
operators = st.sampled_from(["<", "<=", ">", ">="])
comparisons = st.builds(
    Comparison,
    names,
    operators,
    numbers,
    st.sampled_from(["", "%", "ms", "s", "min", "h", "d", "usd"]),
    st.just(False),
    st.sampled_from(["", "proven", "seen"]),
) | st.builds(Comparison, names, operators, numbers, st.just("%"), st.just(True))


def joined_by(kind, inner):
    several = st.lists(inner.filter(lambda part: not isinstance(part, kind)), min_size=2)
    return several.filter(lambda parts: len(parts) < 5).map(lambda parts: kind(tuple(parts)))


conditions = st.recursive(
    comparisons | st.builds(Drifting, names),
    lambda inner: st.builds(Not, inner) | joined_by(All, inner) | joined_by(Any, inner),
    max_leaves=12,
)


@given(conditions)
def test_what_is_said_is_read_back_as_the_same(condition):
    assert parse(str(condition)) == condition


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["(", ")", "and", "or", "not", "<", ">=", "7", "20%", "2 s", "-", "$", ".", "drift",
             "change", "seen", "proven", "quality_score", "upsell_rate", "x", "é", "\n", "=", "1e5"]
        ),
        max_size=25,
    ).map(" ".join)
)  # fmt: skip
def test_any_text_is_read_or_refused(text):
    try:
        condition = parse(text, METRICS)
    except UserError:
        return
    assert parse(str(condition), METRICS) == condition


def test_the_longest_text_that_is_read_is_read_back():
    text = "and".join(["a<1"] * (MOST_TOKENS // 4)).replace("and", " and ")

    assert str(parse(str(parse(text)))) == str(parse(text))
