"""A detector asked in plain Python: which call an example shows."""

from __future__ import annotations

import time

from promptgit.flywheel.detectors.applied import fires
from promptgit.flywheel.detectors.detector import Detector, Patterns
from promptgit.flywheel.interaction import Interaction

AT = "2026-11-21T20:40:05.123Z"


def test_a_pattern_that_backtracks_for_ever_costs_a_second_and_no_more():
    rule = Detector("slow", Patterns("input", ("(a|aa)+b",)))
    begin = time.monotonic()

    assert not fires(rule, Interaction("a", AT, input="a" * 5_000), {})
    assert time.monotonic() - begin < 10


def test_a_pattern_is_sought_in_lower_case_and_across_lines():
    rule = Detector("swap", Patterns("input", ("ignore.*instructions",)))

    assert fires(rule, Interaction("a", AT, input="IGNORE\nall Instructions"), {})
    assert not fires(rule, Interaction("a", AT, output="ignore instructions"), {})
