"""
From a prompt that a change concerns to what the gate runs: two contenders, a suite, a policy.

The rules come from base: its policy, scorers and cases.  Head's texts and model are the subject.
Where head changes the rules, its own must hold as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import join, normpath
from typing import Literal

from promptgit.check.giveaway import giveaway
from promptgit.cli.bench import FREE, Bench, provider_of
from promptgit.cli.pipeline_files import model_for, sharing
from promptgit.cli.pipeline_gates import allowed, step_unasked, unread_code
from promptgit.cli.subjects import Stand, Subject
from promptgit.config import Config, places
from promptgit.core.dataset import Case, Dataset
from promptgit.core.gate import Origin
from promptgit.core.pipeline import FORM as PIPELINE
from promptgit.core.pipeline import pipeline_of
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy
from promptgit.errors import UserError
from promptgit.evaluate.side_by_side import Contender
from promptgit.evaluate.suite import Suite

RulesOf = Literal["base", "head"]

SHOWN = 3  # names in a sentence


@dataclass(frozen=True)
class Gate:
    """One comparison, ready to run."""

    rules: RulesOf
    cases: Dataset  # what is drawn from: ids, groups, weights, tags
    contenders: tuple[Contender, Contender]
    suite: Suite
    policy: Policy
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def order_seed(self) -> str:
        """
        Decides the order of the cases, and nothing else does: not a commit, not a clock.

        Nor does head's text: whoever could try words until the hard cases come last would pass.
        """
        return f"{self.cases.digest} {self.contenders[0].prompt.identity}"

    def on(self, cases: Dataset) -> tuple[Contender, Contender]:
        """Both contenders, on these cases only."""
        ids = {case.id for case in cases}
        baseline, candidate = (replace(c, cases=c.cases.only(ids)) for c in self.contenders)
        return baseline, candidate


@dataclass(frozen=True)
class Gates:
    """What to run for one subject, and what is to be said about what is not run."""

    subject: Subject
    gates: tuple[Gate, ...] = ()
    note: str = ""  # why there is nothing to run
    broken: bool = False  # and that is no reason to pass
    notices: tuple[str, ...] = ()
    unproven: str = ""  # which rules of head were not run, and why: no pass, whatever base's say


@dataclass(frozen=True)
class Permissions:
    """Whose code may run: base's, which is in the branch already, or head's as well."""

    base_code: bool = False
    head_code: bool = False


def gates_for(subject: Subject, bench: Bench, margin: float | None, may: Permissions) -> Gates:
    """Bind everything for one subject; `margin` is what the command line says over the files'."""
    before, after = subject.before, subject.after
    if after is None:
        return _without_text(subject)
    if before is None:
        return Gates(subject, note="it is new: there is nothing to compare it with")
    if before.rules.cases is None:
        return _without_cases(subject, before, after)
    unasked = _unasked(before, after) or unread_code(before, after, may)
    if unasked:
        return Gates(subject, note=unasked, broken=True)
    try:
        found = _both(subject, before, after, bench, margin, may)
    except UserError as error:
        return Gates(subject, note=_sentence(error), broken=True)
    for gate in found.gates:
        problem = _unfillable(gate) or _given_away(gate)
        if problem:
            return Gates(subject, note=problem, broken=True)
    return found


def _without_text(subject: Subject) -> Gates:
    if subject.instead:
        note = f"{subject.instead} is in its place in head: nothing tells what it says"
        return Gates(subject, note=note, broken=True)
    if subject.heirs:
        note = (
            f"head deletes it and adds {', '.join(subject.heirs[:SHOWN])}: nothing shows that its "
            "work is done as well there (rename the file and keep the cases; or delete first, and "
            "add in another pull request)"
        )
        return Gates(subject, note=note, broken=True)
    return Gates(subject, note="head deletes it: there is nothing to run")


def _without_cases(subject: Subject, before: Stand, after: Stand) -> Gates:
    if after.rules.cases is None:
        return Gates(subject, note=before.no_cases)
    return Gates(subject, note="head brings its first cases: base has none to compare on")


def _both(
    subject: Subject,
    before: Stand,
    after: Stand,
    bench: Bench,
    margin: float | None,
    may: Permissions,
) -> Gates:
    """Bind base's rules, and head's own where they differ and may be run."""
    base = _gate("base", before, after, bench, margin, may)
    if after.rules.cases is None:
        return Gates(subject, (base,), notices=("head has no cases any more: base's decide",))
    code = _other_code(before, after)
    if code and not may.head_code:
        unproven = (
            f"head's own scorers were not run, for {code} is code that base does not have: "
            "read it; --allow-head-code runs it"
        )
        return Gates(subject, (base,), unproven=unproven)
    own = _gate("head", before, after, bench, margin, may)
    same = (own.suite.digest, own.policy) == (base.suite.digest, base.policy)
    gates = (base,) if same and not base.origins else (base, own)
    return Gates(subject, gates, notices=before.eval_file.left_out)


def _gate(
    rules: RulesOf,
    before: Stand,
    after: Stand,
    bench: Bench,
    margin: float | None,
    may: Permissions,
) -> Gate:
    judge = before if rules == "base" else after
    assert before.rules.cases is not None
    assert judge.rules.cases is not None
    was, now = before.rules.cases, after.rules.cases or replace(before.rules.cases, cases=())
    cases = was if rules == "base" else now  # base's own: what head adds could drown them
    grading = replace(bench, config=_grading(bench.config, judge.repository.config))
    allow_code = may.base_code or (may.head_code and rules == "head")
    suite = grading.suite(judge.repository, judge.eval_file, cases, allow_code=allow_code)
    make = sharing(bench)
    models = [
        model_for(bench, one.repository, one.prompt, one.choice, allow_code=code, make=make)
        for one, code in zip((before, after), allowed(may, before, after), strict=True)
    ]
    policy = judge.rules.policy
    sides = (_asked(cases, was), _asked(cases, now))
    baseline, candidate = (
        Contender(stand.prompt, model, asked)
        for stand, model, asked in zip((before, after), models, sides, strict=True)
    )
    return Gate(
        rules,
        cases,
        (baseline, candidate),
        suite,
        policy if margin is None else replace(policy, margin=margin),
        dict(_origins(was, now)),
    )


def _asked(cases: Dataset, own: Dataset) -> Dataset:
    """The cases as one side's prompt is asked them: with its own columns, if only those differ."""
    at_hand = {case.id: case for case in own}
    return replace(cases, cases=tuple(_worded(case, at_hand.get(case.id)) for case in cases))


def _worded(case: Case, own: Case | None) -> Case:
    """
    Take a side's own columns where it asks the same question, in more columns or in fewer.

    >>> asked = Case("a", {"comment": "Hi"}, "Hello")
    >>> _worded(asked, Case("a", {"comment": "Hi", "order": "7"}, "Hello")).inputs["order"]
    '7'
    >>> _worded(asked, Case("a", {"comment": "Easy?"}, "Yes")).inputs
    {'comment': 'Hi'}
    """
    if own is None or own.inputs == case.inputs:
        return case
    these, those = case.inputs.items(), own.inputs.items()
    same = case.inputs and own.inputs and (these <= those or those <= these)
    if not same or case.expected != own.expected:
        return case
    return replace(case, inputs=own.inputs)


def _origins(was: Dataset, now: Dataset) -> Iterator[tuple[str, Origin]]:
    old, new = ({case.id: case for case in cases} for cases in (was, now))
    for name, case in old.items():
        if name not in new:
            yield name, Origin.DELETED
        elif case != new[name]:
            yield name, Origin.CHANGED
    for name in new:
        if name not in old:
            yield name, Origin.ADDED


def _grading(base: Config, judge: Config) -> Config:
    """Who grades, as `judge` says; what a call costs and how long it may take, as base does."""
    return replace(
        base,
        model=judge.model,
        own_mentor=judge.own_mentor,
        own_judge=judge.own_judge,
        embedder=judge.embedder,
        assertions=judge.assertions,
    )


def _unasked(before: Stand, after: Stand) -> str:
    """Say why answers would count for nothing: because nobody is asked for them, or head says."""
    if after.repository.model_was_typed:
        return ""
    name = after.choice.name
    if provider_of(name)[0] in FREE and name != before.choice.name:
        return (
            f"head's model is {name} in place of {before.choice.name}: "
            "its answers say nothing of those that users get"
        )
    unasked = step_unasked(before, after)
    if unasked:
        return unasked
    judge = before.repository.config.judge
    for recording in (name, judge.name):
        if provider_of(recording)[0] != "replay":
            continue
        path = normpath(join(before.repository.git.prefix, recording.partition("/")[2]))
        if before.blob(path) != after.blob(path):
            return f"head brings the answers itself: {path}, which {recording} reads, is another"
    return ""


def _other_code(before: Stand, after: Stand) -> str:
    """Return the file or model that grades in head, is or may bring code, and is not base's own."""
    embedder = after.repository.config.embedder
    if embedder.startswith("sentence-transformers") and (
        embedder != before.repository.config.embedder
    ):
        return embedder
    for assertion in after.rules.assertions:
        if assertion.type.removeprefix("not-") != "python":
            continue
        named = str(assertion.value).removeprefix("file://").partition(":")[0]
        path = places.inside(after.eval_file.file, named) or named
        if after.rules.files.get(path, "") != before.rules.files.get(path):
            return path
    return ""


def _unfillable(gate: Gate) -> str:
    """Say why a prompt cannot be filled for some case, if it is so: then nothing is comparable."""
    for side, contender in zip(("base", "head"), gate.contenders, strict=True):
        failed = list(_failing(contender.prompt, contender.cases))
        if failed:
            case, error = failed[0]
            origin = gate.origins.get(case.id, Origin.BOTH)
            what = f", which head {origin.value}" if origin is not Origin.BOTH else ""
            count = f"{len(failed)} of {len(contender.cases)} cases"
            return (
                f"{side}'s text cannot be filled for {count} by {gate.rules}'s rules: "
                f"case {case.id!r}{what}: {error.message}"
            )
    return ""


def _given_away(gate: Gate) -> str:
    """Say which column tells head's prompt what base's has to find out; empty when none does."""
    baseline, candidate = (contender.cases for contender in gate.contenders)
    name = giveaway(candidate, baseline)
    if not name:
        return ""
    return (
        f"the column {name!r}, which head adds, holds the answers: "
        "what is asked with it cannot be compared with what is asked without"
    )


def _failing(prompt: Prompt, cases: Iterable[Case]) -> Iterator[tuple[Case, UserError]]:
    if not prompt.holes and prompt.is_plain:
        return
    fill = pipeline_of(prompt).visible if prompt.form == PIPELINE else prompt.render
    for case in cases:
        try:
            fill(case.inputs)
        except UserError as error:
            yield case, error


def _sentence(error: UserError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
