"""A check as JSON: its keys are an interface, its text is the same for the same findings."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from typing import Any

from promptgit.cli.check_reports import as_json
from promptgit.core.gate import Flip, Spent
from promptgit.core.verdict import Outcome, Quarantined
from promptgit.report.check_json import facts
from report.a_report import (
    a_case,
    a_gate,
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    a_verdict,
)

KEYS = {
    "": "schema verdict delta sentence base head merge on_inconclusive gate_changed notices "
    "prompts spent",
    "spent": "calls reused saved tokens usd seconds",
    "prompts": "path old_path standing line verdict why note blobs model record changes gates lint",
    "prompts.blobs": "base head",
    "prompts.changes": "what path line says",
    "prompts.lint": "rule severity path line column message",
    "prompts.gates": "rules verdict sentence reasons faults smallest_effect policy metrics cases",
    "prompts.gates.policy": "margin alpha max_unscored must_pass repeats scope",
    "prompts.gates.metrics": "name kind gated margin outcome effect low high n of baseline "
    "candidate p_value alpha reasons unscored aside needed looks",
    "prompts.gates.cases": "id flip origin tags must_pass already_failing quarantined flaky before "
    "after",
    "prompts.gates.cases.before": "score scores flags repeats output why",
    "prompts.gates.cases.before.scores": "equals",
    "prompts.gates.cases.after": "score scores flags repeats failure output why",
    "prompts.gates.cases.after.scores": "",
}


def keys_of(found: Any, where: str = "") -> dict[str, list[str]]:
    """Every key, by the path that leads to it; of a list, of all its items together."""
    if isinstance(found, list):
        merged: dict[str, list[str]] = {}
        for item in found:
            for path, names in keys_of(item, where).items():
                merged[path] = list(dict.fromkeys([*merged.get(path, []), *names]))
        return merged
    if not isinstance(found, dict):
        return {}
    below = {where: list(found)}
    for name, value in found.items():
        below |= keys_of(value, f"{where}.{name}".lstrip("."))
    return below


def a_full_report():
    prompt = a_prompt(
        cases=[a_case(flip=Flip.UNSCORED)],
        changes=(a_gate_change(),),
        lint=(a_lint_finding(),),
    )
    return a_report(prompt)


def test_the_keys_are_these_and_no_others():
    assert keys_of(facts(a_full_report())) == {path: names.split() for path, names in KEYS.items()}


def test_without_outputs_no_word_of_a_model_or_a_scorer_is_in_it():
    side = a_side(0.0, "the-output", "the-why")

    text = json.dumps(facts(a_report(a_prompt(cases=[a_case(after=side)])), outputs=False))

    assert "the-output" not in text
    assert "the-why" not in text


def test_what_was_spent_is_apart_and_all_else_is_equal():
    dear = Spent(calls=1, reused=2, saved=3, tokens=4, usd=None, seconds=5.0)

    one, other = facts(a_report()), facts(replace(a_report(), spent=dear))

    assert other.pop("spent")["usd"] is None
    assert one.pop("spent")["calls"] == 80
    assert json.dumps(one) == json.dumps(other)


def test_equal_findings_are_equal_byte_for_byte():
    assert as_json(a_full_report()) == as_json(a_full_report())


def test_a_number_that_json_has_no_word_for_is_null():
    nothing = a_verdict(Outcome.INVALID, effect=math.nan, low=-math.inf, high=math.inf, n=0)
    metric = a_metric(verdict=nothing)
    gate = a_gate(Outcome.INVALID, [], [metric], smallest_effect=math.inf)

    found = json.loads(as_json(a_report(a_prompt(gates=(gate,)))), parse_constant=_refuse)

    assert found["delta"] is None
    (told,) = found["prompts"][0]["gates"]
    assert told["smallest_effect"] is None
    assert [told["metrics"][0][end] for end in ("effect", "low", "high")] == [None, None, None]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_delta_is_the_lowest_change_of_the_score_by_bases_rules():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))
    report = a_report(a_prompt(gates=gates), a_prompt(gates=()))

    assert facts(report)["delta"] == 0.02
    assert facts(replace(report, prompts=()))["delta"] is None


def test_marks_of_a_case_are_plain_truths():
    held = Quarantined("refund", "@ana", "flips", date(2027, 1, 31))
    case = a_case(must_pass=True, already_failing=True, flaky=True, quarantined=held)

    (told,) = facts(a_report(a_prompt(cases=[case])))["prompts"][0]["gates"][0]["cases"]

    names = ("must_pass", "already_failing", "flaky", "quarantined")
    assert [told[name] for name in names] == [True] * 4


def test_secrets_are_blotted_out_wherever_they_stand():
    secret = "it says sk-proj-4f9a8b7c6d5e4f3a2b1c"
    cases = [
        a_case(after=a_side(0.0, secret, secret)),
        a_case("down", Flip.UNSCORED, after=a_side(None, secret, failure=secret)),
    ]
    gate = a_gate(Outcome.INVALID, cases=cases, reasons=(secret,), faults=(secret,))
    prompt = a_prompt(
        gates=(gate,),
        note=secret,
        changes=(a_gate_change(says=secret),),
        lint=(a_lint_finding(message=secret),),
    )

    assert "4f9a" not in as_json(a_report(prompt, notices=(secret,)))


def test_the_hostile_report_is_json_that_gives_every_word_back():
    text = as_json(a_hostile_report())

    found = json.loads(text.encode("utf-8", "backslashreplace"))

    (prompt,) = found["prompts"]
    (after,) = [c["after"] for c in prompt["gates"][0]["cases"] if c["id"].startswith("evil")]
    (expected,) = [
        c.after.output
        for c in a_hostile_report().prompts[0].gates[0].cases
        if c.case.id.startswith("evil")
    ]
    assert after["output"] == expected


def test_a_log_that_prints_it_obeys_nothing():
    side = a_side(0.0, "::error::owned\n##[error]old")

    text = as_json(a_report(a_prompt(cases=[a_case(after=side)])))

    assert "##[" not in text
    assert not any(line.strip().startswith("::") for line in text.splitlines())
    told = json.loads(text)["prompts"][0]["gates"][0]["cases"][0]["after"]["output"]
    assert told == side.output
