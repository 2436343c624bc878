"""Files of detectors: read strictly, and what is wrong is said with its place."""

from __future__ import annotations

import pytest

from promptgit.config.detector_file import SHIPPED, rulebook, shipped
from promptgit.errors import UserError
from promptgit.flywheel.detectors.detector import Patterns, Together
from promptgit.flywheel.detectors.pattern import fault_in

BINDING = {
    "injection_attempts", "injection_blocked", "block_rate", "leaks", "security_incidents",
    "multi_turn_attacks", "quality_score", "short_rate", "generic_rate", "missing_steps_rate",
    "no_context_rate", "escalation_rate", "repetition_rate", "latency_ms", "slow_rate",
    "error_rate", "upsell_attempt_rate", "upsell_rate", "average_value", "churn_rate",
    "satisfaction", "resolution_s",
}  # fmt: skip

MISTAKES = {
    "detectors: {a: {field: output, shorter_then: 5}}": (
        "own.yaml:1:32: unknown key", "shorter_than",
    ),
    "detectors: {a: {field: outptu, shorter_than: 5}}": ("no log line has this field", ""),
    "detectors: {a: {field: latency_ms, patterns: [x]}}": ("is a number", ""),
    "detectors: {a: {field: output, above: 5}}": ("output is text", ""),
    "detectors: {a: {field: output, patterns: ['(?=x)']}}": ("looks ahead", ""),
    "detectors: {a: {all: [injectoin]}}": ("there is no detector 'injectoin'", "'injection'"),
    "detectors: {a: {all: [b]}, b: {any: [a]}}": ("is made of itself", ""),
    "detectors: {a: {title: x}}": ("says nothing to look for", ""),
    "detectors: {a: {first: injection}}": ("needs `then:`", ""),
    "detectors: {a: {fires: multi_turn_attack, times: 2}}": ("is about conversations", ""),
    "detectors: {a: {python: tone.py}}": ("a.python", ""),
    "detectors: {a: {rubric: x}, b: {all: [a]}}": ("asked about a sample", ""),
    "metrics: {m: {share: shortanswer}}": ("there is no detector 'shortanswer'", "short_answer"),
    "metrics: {m: {share: injection, count: injection}}": ("one of count, share, mean", ""),
    "metrics: {m: {mean: output}}": ("is text", ""),
    "detectors: {r: {rubric: x}}\nmetrics: {m: {count: r}}": ("asked about a sample", "share: r"),
}  # fmt: skip


def own(text: str):
    return rulebook({"detectors/own.yaml": text.encode()})


def test_the_package_defines_every_metric_that_others_rely_on():
    assert set(rulebook().metrics) >= BINDING


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_place_and_the_next_move(text):
    message, hint = MISTAKES[text]

    with pytest.raises(UserError) as error:
        own(text)

    assert "own.yaml:" in error.value.message
    assert message in error.value.message
    assert hint in error.value.hint


def test_the_users_word_replaces_the_packages_and_that_is_said():
    found = own("detectors: {short_answer: {field: output, shorter_than: 5}}")

    assert found.overridden == ("short_answer",)
    assert found.detectors["short_answer"].file == "detectors/own.yaml"
    assert found.metrics["short_rate"].what == "short_answer"


def test_two_files_of_the_user_may_not_say_the_same():
    rule = b"detectors: {mine: {field: output, shorter_than: 5}}"

    with pytest.raises(UserError, match="'mine' is also in detectors/a"):
        rulebook({"detectors/a.yaml": rule, "detectors/b.yaml": rule})


def test_a_file_of_the_package_can_be_copied_as_it_is():
    for name in SHIPPED:
        found = rulebook({f"detectors/{name}.yaml": shipped(name)})

        assert found.metrics == rulebook().metrics


def test_a_detector_made_of_conversations_is_about_conversations():
    found = own("detectors: {a: {any: [repeated_answer, short_answer]}, b: {none: [a]}}")

    rule = found.detectors["b"].rule
    assert isinstance(rule, Together)
    assert rule.level == "conversation"


def test_every_pattern_of_the_package_means_the_same_to_every_engine():
    patterns = [
        pattern
        for detector in rulebook().detectors.values()
        if isinstance(detector.rule, Patterns)
        for pattern in detector.rule.patterns
    ]

    assert len(patterns) > 60
    assert [fault_in(pattern) for pattern in patterns] == [""] * len(patterns)


@pytest.mark.parametrize(
    "pattern",
    ["", "(?=x)", "(?<!x)y", r"(a)\1", "(?P<n>x)", "a++", "(?>a)", "(?i)a", r"a\Z", r"\p{l}", "A",
     "a$", "[a&&b]", "[a[b]]", "x*", "(", "x" * 1_001, "a{1,1001}", "a{99999999999,}",
     "(" * 450 + "a" + ")" * 450],
)  # fmt: skip
def test_what_engines_read_differently_is_refused(pattern):
    assert fault_in(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"\$5", "[$]", r"\\w", r"a\.b", "[^a]b", r"\S+@\S+", r"\[x\]", "a{1,1000}", r"a\{2000\}"],
)
def test_what_they_read_alike_is_allowed(pattern):
    assert fault_in(pattern) == ""
