"""
What a change does to its own gate: which rules, scorers and cases head has that base has not.

A pull request that lowers the margin, drops a hard case or asks another judge is told so at the
top of its report, and is judged by base's rules as well as by its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from promptgit.config.eval_file import EvalFile
from promptgit.config.places import CONFIG_FILE
from promptgit.config.settings import Config
from promptgit.core.dataset import Dataset
from promptgit.core.gate import GateChange
from promptgit.core.verdict import Policy

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Assertion

SHOWN = 5  # names in a sentence
LONGEST = 60  # characters of a value

POLICY_WORDS: Mapping[str, str] = {
    "margin": "margin",
    "alpha": "alpha",
    "max_unscored": "max_unscored",
    "metrics": "gated metrics",
    "guards": "guards",
    "repeats": "repeats",
    "scope": "scope",
    "confirmed_drops_only": "fail_rule: confirmed",
}


@dataclass(frozen=True)
class Rules:
    """All that decides what a good answer of one prompt is, as one state of the files has it."""

    config: Config
    eval_file: EvalFile
    cases: Dataset | None
    cases_path: str = ""
    files: Mapping[str, str] = field(default_factory=dict)  # read by assertions: path → blob id
    texts: Mapping[str, str] = field(default_factory=dict)  # of config and eval file, by path

    @property
    def policy(self) -> Policy:
        asked = self.eval_file
        return self.config.policy(asked.must_pass, asked.quarantine, asked.check)

    @property
    def assertions(self) -> tuple[Assertion, ...]:
        return self.eval_file.assertions or self.config.assertions


def gate_changes(base: Rules, head: Rules) -> tuple[GateChange, ...]:
    """List what head changes about the gate, one sentence each; in the order of importance."""
    return (
        *_policy(base, head),
        *_must_pass(base, head),
        *_quarantine(base, head),
        *_assertions(base, head),
        *_files(base, head),
        *_cases(base, head),
        *_others(base, head),
    )


def _policy(base: Rules, head: Rules) -> Iterator[GateChange]:
    was, now = asdict(base.policy), asdict(head.policy)
    for name, words in POLICY_WORDS.items():
        if was[name] != now[name]:
            says = f"{words}: {_shown(was[name])} -> {_shown(now[name])}"
            yield _at(head, "policy", re.escape(name.replace("confirmed_drops_only", "fail")), says)
    on, off = base.config.check.on_inconclusive, head.config.check.on_inconclusive
    if on != off:
        yield _at(head, "policy", "on_inconclusive", f"on_inconclusive: {on} -> {off}")


def _must_pass(base: Rules, head: Rules) -> Iterator[GateChange]:
    was, now = base.eval_file.must_pass, head.eval_file.must_pass
    for verb, names in (("no longer", _less(was, now)), ("now also", _less(now, was))):
        if names:
            yield _at(head, "policy", "must_pass", f"must_pass {verb} names {_listed(names)}")


def _quarantine(base: Rules, head: Rules) -> Iterator[GateChange]:
    was, now = base.eval_file.quarantine, head.eval_file.quarantine
    for verb, entries in (("no longer", _less(was, now)), ("now also", _less(now, was))):
        if entries:
            names = [f"{one.case} (until {one.until})" for one in entries]
            says = f"the quarantine {verb} has {_listed(names)}"
            yield _at(head, "policy", "quarantine", says)


def _assertions(base: Rules, head: Rules) -> Iterator[GateChange]:
    was = [_named(assertion) for assertion in base.assertions]
    now = [_named(assertion) for assertion in head.assertions]
    for verb, names in (("dropped", _less(was, now)), ("added", _less(now, was))):
        if names:
            yield _at(head, "scorers", "assert", f"assertions {verb}: {_listed(names)}")
    if was != now and sorted(was) == sorted(now):
        yield _at(head, "scorers", "assert", "the assertions stand in another order")


def _files(base: Rules, head: Rules) -> Iterator[GateChange]:
    for path in sorted({*base.files, *head.files}):
        was, now = base.files.get(path), head.files.get(path)
        if was and now and was != now:
            yield GateChange("scorers", path, 0, f"{path}, which an assertion reads, is another")


def _cases(base: Rules, head: Rules) -> Iterator[GateChange]:
    was = {case.id: case for case in base.cases or ()}
    now = {case.id: case for case in head.cases or ()}
    path = head.cases_path or base.cases_path
    deleted = [name for name in was if name not in now]
    changed = [name for name in was if name in now and was[name] != now[name]]
    added = len([name for name in now if name not in was])
    if deleted:
        says = f"{_counted(deleted)} deleted, and run all the same: {_listed(deleted)}"
        yield GateChange("cases", path, 0, says)
    if changed:
        says = f"{_counted(changed)} changed, base's wording is run too: {_listed(changed)}"
        yield GateChange("cases", path, 0, says)
    if added and was:
        yield GateChange("cases", path, 0, f"{added} case{'s' * (added > 1)} added")


def _others(base: Rules, head: Rules) -> Iterator[GateChange]:
    pairs: list[tuple[str, str, Any, Any]] = [
        ("judge", "judge", str(base.config.judge), str(head.config.judge)),
        ("judge", "embedder", base.config.embedder, head.config.embedder),
        ("cases", "tags", base.eval_file.tags, head.eval_file.tags),
        ("cases", "columns", dict(base.eval_file.columns), dict(head.eval_file.columns)),
        ("cases", "inputs", base.eval_file.inputs, head.eval_file.inputs),
        ("cases", "inputs", base.eval_file.json_inputs, head.eval_file.json_inputs),
        ("policy", "budget", str(base.config.budget), str(head.config.budget)),
    ]
    for what, key, was, now in pairs:
        if was != now:
            yield _at(head, what, key, f"{key}: {_shown(was)} -> {_shown(now)}")


def _at(head: Rules, what: str, key: str, says: str) -> GateChange:
    """Place a change at the line of head's eval file, or config, that speaks of it."""
    for path in (head.eval_file.file, CONFIG_FILE):
        for number, line in enumerate(head.texts.get(path, "").splitlines(), 1):
            if re.match(rf"(?!\s*#)(?:[^#]*[\s{{,])?[\"']?{key}\w*[\"']?\s*:", line):
                return GateChange(what, path, number, says)
    return GateChange(what, head.eval_file.file or CONFIG_FILE, 0, says)


def _named(assertion: Assertion) -> str:
    """Write an assertion on one line, with all that can change a score."""
    told = {"value": assertion.value, "threshold": assertion.threshold, **assertion.options}
    parts = [f"{name} {_shown(value)}" for name, value in told.items() if value is not None]
    if assertion.weight != 1:
        parts.append(f"weight {assertion.weight:g}")
    return " ".join([assertion.metric or assertion.type, *parts])


def _less(these: Sequence[Any], those: Sequence[Any]) -> list[Any]:
    return [one for one in these if one not in those]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} case{'s' if len(names) > 1 else ''}"


def _shown(value: Any) -> str:
    """
    Write a setting as YAML would, on one short line.

    >>> _shown({"is-json": 0.02}), _shown(("a", "b")), _shown("x" * 99)[-3:]
    ('{"is-json": 0.02}', '["a", "b"]', 'xx…')
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
