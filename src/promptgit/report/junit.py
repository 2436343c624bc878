"""
The gate's report as JUnit XML: a test suite a prompt, a test case a metric and a case.

XML 1.0 knows no control characters (W3C, "Extensible Markup Language", 2.2, Char), and models
write them: they are shown by name.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from promptgit.core.gate import CaseFinding, Flip, GateFinding, MetricFinding, PromptFinding, Report
from promptgit.core.secrets import redact
from promptgit.core.verdict import Outcome
from promptgit.report import gate_words as words
from promptgit.report.sentences import gate_finding

LONGEST = 2_000  # characters of an answer


def page(report: Report) -> str:
    """The report, with an XML declaration; a flip of a single case is information, no failure."""
    strict = report.on_inconclusive == "fail"
    suites = [_suite(prompt, strict=strict) for prompt in words.worst_first(report).prompts]
    root = ET.Element("testsuites", {"name": "promptgit check", **_summed(suites)})
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(prompt: PromptFinding, *, strict: bool) -> ET.Element:
    cases = list(_test_cases(prompt, strict=strict))
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    told = {name: str(count) for name, count in counts.items()}
    suite = ET.Element("testsuite", {"name": _text(prompt.path), **told, "time": "0"})
    suite.extend(cases)
    return suite


def _test_cases(prompt: PromptFinding, *, strict: bool) -> Iterator[ET.Element]:
    if not prompt.gates:
        found = _element(prompt, "verdict")
        if prompt.outcome is Outcome.PASS:
            _add(found, "skipped", words.standing(prompt))
        else:
            _add(found, "error", words.standing(prompt), kind=prompt.outcome.value)
        yield found
    for gate in prompt.gates:
        yield _verdict(prompt, gate, strict=strict)
        yield from (_metric(prompt, gate, metric) for metric in gate.metrics if metric.gated)
        if gate.rules == "base":
            yield from (_case(prompt, found) for found in gate.cases)


def _verdict(prompt: PromptFinding, gate: GateFinding, *, strict: bool) -> ET.Element:
    found = _element(prompt, f"verdict by {gate.rules}'s rules")
    sentence = gate_finding(gate)
    details = "\n".join(words.other_reasons(gate))
    undecided = gate.outcome is Outcome.INCONCLUSIVE
    if gate.outcome is Outcome.REGRESSION or gate.faults or (strict and undecided):
        _add(found, "failure", sentence, details, kind=gate.outcome.value)
    elif gate.outcome is Outcome.INVALID:
        _add(found, "error", sentence, details, kind=gate.outcome.value)
    elif undecided:
        _add(found, "skipped", sentence)
    return found


def _metric(prompt: PromptFinding, gate: GateFinding, metric: MetricFinding) -> ET.Element:
    found = _element(prompt, f"{metric.name} by {gate.rules}'s rules")
    before, after = words.level(metric)
    moved = f"{before} -> {after}, {words.effect(metric)} ({words.bounds(metric)})"
    if metric.verdict.outcome is Outcome.REGRESSION:
        _add(found, "failure", moved, kind="REGRESSION")
    elif metric.verdict.outcome is not Outcome.PASS:
        _add(found, "skipped", moved)
    return found


def _case(prompt: PromptFinding, found: CaseFinding) -> ET.Element:
    element = _element(prompt, f"case {found.case.id}")
    if found.flip is Flip.BROKE and found.must_pass:
        _add(element, "failure", "a must-pass case got worse", _sides(found), kind="must-pass")
    elif found.flip is Flip.NOT_RUN:
        _add(element, "skipped", "not run: the answer was known before its turn came")
    elif found.flip is Flip.UNSCORED:
        _add(element, "skipped", "no score, and no part of the comparison")
    elif found.flip in (Flip.BROKE, Flip.FIXED):
        out = ET.SubElement(element, "system-out")
        out.text = _text(f"{found.flip.value}\n{_sides(found)}")
    return element


def _sides(found: CaseFinding) -> str:
    parts = []
    before, after = words.scores(found)
    for name, side, score in (("base", found.before, before), ("head", found.after, after)):
        if side is not None:
            said = "no score" if side.score is None else score
            parts.append(f"{name} ({said}): {words.told(side.output, LONGEST)}")
    if found.after and found.after.why:
        parts.append(f"why: {words.told(found.after.why, LONGEST)}")
    return "\n".join(parts)


def _element(prompt: PromptFinding, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_text(prompt.path), name=_text(name), time="0")


def _add(to: ET.Element, tag: str, message: str, details: str = "", *, kind: str = "") -> None:
    attributes = {"message": _text(words.one_line(redact(message), LONGEST))}
    if kind:
        attributes["type"] = kind
    ET.SubElement(to, tag, attributes).text = _text(words.uncommanded(redact(details))) or None


def _text(text: str) -> str:
    """Keep what XML 1.0 may hold, and name the rest."""
    shown = words.visible(text)
    return "".join(c if _is_char(ord(c)) else f"<U+{ord(c):04X}>" for c in shown)


def _is_char(point: int) -> bool:
    return (
        point in (0x9, 0xA, 0xD)
        or 0x20 <= point <= 0xD7FF
        or 0xE000 <= point <= 0xFFFD
        or point >= 0x10000
    )


def _summed(suites: list[ET.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    sums = {name: sum(int(suite.get(name, "0")) for suite in suites) for name in names}
    return {name: str(total) for name, total in sums.items()} | {"time": "0"}
