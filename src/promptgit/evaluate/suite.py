"""
From the `assert:` list of an eval file to one function that scores an answer.

The names and fields of an assertion are promptfoo's where promptfoo has the check
(https://www.promptfoo.dev/docs/configuration/expected-outputs/).  Signatures are read and
templates compiled here, once, so that scoring does nothing but score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score, Scoring
from promptgit.core.ports import Answer, canonical
from promptgit.errors import UserError
from promptgit.evaluate.options import (
    INJECTED,
    check_threshold,
    check_weight,
    checked_options,
    injections,
    metric_names,
    parameters_of,
)
from promptgit.evaluate.transform import Transform, compiled
from promptgit.evaluate.values import Render, renderer

Scorer = Callable[..., Score]

TRIABLE = {
    "answer",
    "read_file",
    "negated",
}  # what a scorer may ask for and still be tried for nothing
NEGATION = "not-"
FILE = "file://"
LONGEST_NAME = 60  # characters; names stand in tables and in commit messages

# What makes an expected text a label rather than an answer.
MAX_LABELS = 20
MAX_LABEL_LENGTH = 40  # characters
JSON_SHARE = 0.95  # of the cases must expect an object for `json-fields` to be the default


@dataclass(frozen=True, slots=True)
class Assertion:
    """One entry of `assert:`, as it is written."""

    type: str  # a scorer's name, maybe with `not-` before it
    value: Any = None  # what to compare with; strings in it are Jinja over the case's columns
    threshold: float | None = None  # 0 to 1: turns a graded score into pass or fail
    weight: float = 1.0  # its share in a result's score, 0 or more
    metric: str = ""  # what to call it; empty: its type
    options: Mapping[str, Any] = field(default_factory=dict)  # every other key of the entry


@dataclass(frozen=True)
class Suite:
    """What is measured, and the function that measures it."""

    metrics: tuple[Metric, ...]
    score: Scoring  # raises CallFailed(kind="judge") when a judge is down
    digest: str  # sha256 (hex) of all that can change a score but the case and the answer


@dataclass(frozen=True, slots=True)
class _Check:
    """An assertion, ready to run."""

    metric: str
    label: str  # for messages
    scorer: Scorer
    fixed: Mapping[str, Any]
    rendered: Mapping[str, Render]
    takes_answer: bool
    threshold: float | None
    negated: bool
    transform: Transform | None = None

    def __call__(self, case: Case, answer: Answer, columns: Mapping[str, str]) -> Score:
        try:
            options = dict(self.fixed)
            for name, render in self.rendered.items():
                options[name] = render(columns)
            if self.transform:
                text = self.transform(answer.text)
                if text is None:  # then the opposite does not hold either
                    return Score(0.0, "the transform finds nothing in the output")
                answer = replace(answer, text=text)
            if self.takes_answer:
                options["answer"] = answer
            score = self.scorer(case, answer.text, **options)
        except UserError as error:
            message = f"{self.label}, case {case.id}: {error.message}"
            raise UserError(message, hint=error.hint) from error
        if self.threshold is not None:
            score = _passed(score, self.threshold)
        return _negated(score, self.label) if self.negated else score


def bind(
    assertions: Sequence[Assertion],
    find: Callable[[str], Scorer],
    *,
    injected: Mapping[str, Any],
    where: str = "assert",
    places: Sequence[str] = (),
    literal: bool = False,
) -> Suite:
    """
    Make a suite of the assertions, or raise UserError that says which one is wrong and how.

    `find` gives the scorer of a name.  A scorer's keyword-only parameters are its options;
    those called as in INJECTED are filled from `injected` and never from YAML.  `where` names
    the file in messages, `places` the line of each assertion where that is known.  `literal` means
    that braces in values are no templates.
    """
    if not assertions:
        raise UserError(f"{where}: no assertion, so nothing would be measured")
    if injected.get("read_file"):  # read each file once: what is hashed is what runs
        injected = {**injected, "read_file": cache(injected["read_file"])}
    injected = {**injected, "bound": cache(partial(_inner, find=find, injected=injected))}
    if not any(assertion.weight for assertion in assertions):
        raise UserError(
            f"{where}: every assertion has the weight 0, so nothing would be measured",
            hint="leave `weight` out where it should count",
        )
    names = metric_names(one.metric.strip() or one.type for one in assertions)
    checks, content = [], []
    for number, (assertion, name) in enumerate(zip(assertions, names, strict=True), start=1):
        place = places[number - 1] if places else where
        label = f"{place}, assertion {number} ({assertion.type})"
        with _labelled(label):
            check, identity = _bound(assertion, name, label, find, injected, literal)
        checks.append(check)
        content.append(identity)

    metrics = tuple(
        Metric(name, float(assertion.weight))
        for name, assertion in zip(names, assertions, strict=True)
    )
    digest = hashlib.sha256(canonical(content)).hexdigest()
    return Suite(metrics, _scoring(tuple(checks)), digest)


def default_assertions(cases: Dataset) -> tuple[Assertion, ...]:
    """
    Choose what to measure when the eval file does not say: one assertion on what is expected.

    JSON objects are compared field by field, labels (at most 20 short texts that come again
    and again) must be equal but for capitals and white space, anything else is graded by
    similarity.
    """
    expected = [case.expected for case in cases if case.expected is not None]
    if not expected:
        raise UserError(
            f"{cases.name}: no case expects anything, and no assertion says what is good",
            hint="add an `expected` column, or an `assert:` list to the eval file, such as\n"
            '  assert:\n    - {type: contains, value: "{{ order_id }}"}',
        )
    if len(expected) < len(cases.cases):
        missing = next(case.id for case in cases if case.expected is None)
        raise UserError(
            f"{cases.name}: {len(cases) - len(expected)} of {len(cases)} cases expect nothing, "
            f"the first is {missing}",
            hint="fill in `expected`, or say in `assert:` what is good without it",
        )
    if sum(map(_is_object, expected)) >= JSON_SHARE * len(expected):
        return (Assertion("json-fields"),)
    if _are_labels(expected):
        return (Assertion("equals", options={"ignore_case": True, "strip": True}),)
    return (Assertion("similar"),)


def _scoring(checks: tuple[_Check, ...]) -> Scoring:
    needs_columns = any(check.rendered for check in checks)

    def score(case: Case, answer: Answer) -> Mapping[str, Score]:
        columns = case.columns if needs_columns else {}
        return {check.metric: check(case, answer, columns) for check in checks}

    return score


def _bound(
    assertion: Assertion,
    name: str,
    label: str,
    find: Callable[[str], Scorer],
    injected: Mapping[str, Any],
    literal: bool,
) -> tuple[_Check, Mapping[str, Any]]:
    """Return the check, and what identifies it in the suite's digest."""
    if not name.isprintable() or len(name) > LONGEST_NAME:
        raise UserError(f"a metric's name is at most {LONGEST_NAME} visible characters: {name!r}")
    scorer = find(assertion.type.removeprefix(NEGATION))
    parameters = parameters_of(scorer)
    check_weight(assertion.weight)
    check_threshold(assertion.threshold, parameters)
    own_threshold = "threshold" in parameters
    options = _as_options(assertion, own_threshold)
    transform = None if "transform" in parameters else options.pop("transform", None)
    given = checked_options(options, parameters)
    negated = assertion.type.startswith(NEGATION)
    supplied = injections(parameters, {**injected, "negated": negated})
    file = _read_value(given, "read_file" in parameters, injected.get("read_file"))
    rendered = {} if literal else _rendered(given)

    check = _Check(
        name,
        label,
        scorer,
        {**{option: given[option] for option in given.keys() - rendered.keys()}, **supplied},
        rendered,
        takes_answer="answer" in parameters,
        threshold=None if own_threshold else assertion.threshold,
        negated=negated and "negated" not in parameters,
        transform=None if transform is None else compiled(transform),
    )
    if not rendered and TRIABLE.issuperset(parameters.keys() & set(INJECTED)):
        _try(check)
    identity = {
        "type": assertion.type,
        "metric": name,
        "weight": float(assertion.weight),
        "threshold": None if assertion.threshold is None else float(assertion.threshold),
        "options": given,
        "file": file,
        **_identities(supplied),
        **({} if transform is None else {"transform": transform}),
        **_within(given, supplied, injected),
    }
    return check, identity


def _inner(
    entries: str, own: bool, *, find: Callable[[str], Scorer], injected: Mapping[str, Any]
) -> Suite:
    """
    Bind the assertions inside an assertion: a JSON list of mappings, or of types.

    They name no file and run no code: what does is seen by whoever reads `assert:`.  `own` says
    that they stand in the eval file; those of a case are data, and braces in them no templates.
    """
    import json

    found = json.loads(entries)
    if not isinstance(found, list) or not found:
        raise UserError("`assert` is a list of assertions, with at least one in it")
    allowed = {**injected, "allow_code": False, "read_file": None}
    assertions = [_entry(entry) for entry in found]
    return bind(assertions, find, injected=allowed, where="in it", literal=not own)


def _entry(entry: Any) -> Assertion:
    if isinstance(entry, str):
        return Assertion(entry)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
        raise UserError("an assertion is a type, or a mapping with a `type`")
    if entry["type"].removeprefix(NEGATION) == "python":
        raise UserError("`python` stands under `assert:` itself, and not inside another assertion")
    own = ("type", "value", "threshold", "weight", "metric")
    return Assertion(
        entry["type"],
        entry.get("value"),
        entry.get("threshold"),
        entry.get("weight", 1.0),
        str(entry.get("metric") or ""),
        {name: value for name, value in entry.items() if name not in own},
    )


def _within(
    given: Mapping[str, Any], supplied: Mapping[str, Any], injected: Mapping[str, Any]
) -> dict[str, Any]:
    """Name what stands inside an assertion; bind it, so that a mistake is found before a call."""
    if "bound" not in supplied:
        return {}
    if isinstance(given["assert_"], list):
        return {"inner": supplied["bound"](canonical(given["assert_"]).decode(), True).digest}
    there = {name: one for name, one in injected.items() if one is not None}
    return {"inner": _identities(there)}  # the list is the case's, and in the digest of the cases


def _as_options(assertion: Assertion, own_threshold: bool) -> dict[str, Any]:
    options = dict(assertion.options)
    if assertion.value is not None:
        options["value"] = assertion.value
    if "assert" in options:
        options["assert_"] = options.pop("assert")
    if own_threshold and assertion.threshold is not None:
        options["threshold"] = float(assertion.threshold)
    return options


def _rendered(given: Mapping[str, Any]) -> dict[str, Render]:
    """Compile the templates of the options; assertions inside this one fill their own holes."""
    return {
        option: render
        for option, value in given.items()
        if (render := renderer(value)) and not (option == "assert_" and isinstance(value, list))
    }


def _read_value(
    given: dict[str, Any], keeps_name: bool, read_file: Callable[[str], str] | None
) -> str:
    """
    Read the file that a `file://` value names; return the sha256 (hex) of its text, or nothing.

    The text takes the value's place, JSON parsed, unless the scorer reads files itself.
    """
    value = given.get("value")
    if not isinstance(value, str) or not value.startswith(FILE):
        return ""
    if read_file is None:
        raise UserError(f"{value!r} cannot be read here", hint="write the value out")
    path = value.removeprefix(FILE).partition(":")[0]
    text = read_file(path)
    if not keeps_name:
        given["value"] = _parsed(text, path) if path.endswith(".json") else text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(text: str, path: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from error


def _try(check: _Check) -> None:
    """Score an empty answer, so that a broken pattern or schema is found before the first call."""
    answer = {"answer": Answer("", cost_usd=0.0)} if check.takes_answer else {}
    score: object = check.scorer(Case("trial", {}, "{}"), "", **check.fixed, **answer)
    if not isinstance(score, Score):
        raise UserError(f"the scorer returned {score!r}, not a Score")


@contextmanager
def _labelled(label: str) -> Iterator[None]:
    """Say in front of a UserError which assertion it is about."""
    try:
        yield
    except UserError as error:
        raise type(error)(f"{label}: {error.message}", hint=error.hint) from error


def _identities(supplied: Mapping[str, Any]) -> dict[str, str]:
    """Name who judges and who embeds: another one would give other scores."""
    found = {}
    if "judge" in supplied:
        found["judge"] = supplied["judge"].identity.digest
    if "embedder" in supplied:
        found["embedder"] = supplied["embedder"].name
    return found


def _passed(score: Score, threshold: float) -> Score:
    passed = score.value >= threshold
    sign = "≥" if passed else "<"
    why = f"{score.value:.2f} {sign} {threshold:g}"
    return Score(float(passed), f"{why}: {score.why}" if score.why else why)


def _negated(score: Score, label: str) -> Score:
    if score.value == 0:
        return Score(1.0, score.why)
    return Score(1 - score.value, f"unwanted: {score.why or label}")


def _is_object(text: str) -> bool:
    import json

    if not text.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _are_labels(expected: Sequence[str]) -> bool:
    labels = {text.strip().casefold() for text in expected}
    short = all(len(text) <= MAX_LABEL_LENGTH and "\n" not in text for text in labels)
    return short and len(labels) <= MAX_LABELS and 2 * len(labels) <= len(expected)
