"""
From the `assert:` list of an eval file to one function that scores an answer.

The names and fields of an assertion are promptfoo's where promptfoo has the check
(https://www.promptfoo.dev/docs/configuration/expected-outputs/).  Signatures are read and
templates compiled here, once, so that scoring does nothing but score.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score, Scoring
from promptgit.core.ports import Answer, canonical
from promptgit.errors import UserError
from promptgit.evaluate.values import Render, plain, renderer

Scorer = Callable[..., Score]

INJECTED = ("answer", "judge", "embedder", "allow_code", "read_file")
TRIABLE = {"answer", "read_file"}  # what a scorer may ask for and still be tried for nothing
NEGATION = "not-"
FILE = "file://"

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

    def __call__(self, case: Case, answer: Answer, columns: Mapping[str, str]) -> Score:
        try:
            options = dict(self.fixed)
            for name, render in self.rendered.items():
                options[name] = render(columns)
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
) -> Suite:
    """
    Make a suite of the assertions, or raise UserError that says which one is wrong and how.

    `find` gives the scorer of a name.  A scorer's keyword-only parameters are its options;
    those called as in INJECTED are filled from `injected` and never from YAML.  `where` names
    the file in messages.
    """
    if not assertions:
        raise UserError(f"{where}: no assertion, so nothing would be measured")
    names = _metric_names(assertions)
    bound = [
        _bound(assertion, name, find, injected, f"{where}, assertion {number} ({assertion.type})")
        for number, (assertion, name) in enumerate(zip(assertions, names, strict=True), start=1)
    ]
    checks = tuple(check for check, _ in bound)
    needs_columns = any(check.rendered for check in checks)

    def score(case: Case, answer: Answer) -> Mapping[str, Score]:
        columns = case.columns if needs_columns else {}
        return {check.metric: check(case, answer, columns) for check in checks}

    metrics = tuple(
        Metric(name, float(assertion.weight))
        for name, assertion in zip(names, assertions, strict=True)
    )
    content = canonical([identity for _, identity in bound])
    return Suite(metrics, score, hashlib.sha256(content).hexdigest())


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


def _bound(
    assertion: Assertion,
    name: str,
    find: Callable[[str], Scorer],
    injected: Mapping[str, Any],
    label: str,
) -> tuple[_Check, list[Any]]:
    """Return the check, and what identifies it in the suite's digest."""
    negated = assertion.type.startswith(NEGATION)
    try:
        scorer = find(assertion.type.removeprefix(NEGATION))
    except UserError as error:
        raise type(error)(f"{label}: {error.message}", hint=error.hint) from error
    parameters = _options_of(scorer, label)
    _check_numbers(assertion, parameters, label)
    given = _given(assertion, parameters, label)
    content = _contents(given, parameters, injected, label)

    rendered = _renderers(given, label)
    supplied = _supplied(parameters, injected, label)
    fixed = {**{o: v for o, v in given.items() if o not in rendered}, **supplied}
    check = _Check(
        name,
        label,
        scorer,
        fixed,
        rendered,
        takes_answer="answer" in parameters,
        threshold=None if "threshold" in parameters else assertion.threshold,
        negated=negated,
    )
    if not rendered and TRIABLE.issuperset(parameters.keys() & set(INJECTED)):
        _try(check)
    weight = float(assertion.weight)
    helpers = _identities(supplied)
    return check, [assertion.type, given, assertion.threshold, weight, name, content, helpers]


def _options_of(scorer: Scorer, label: str) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(scorer).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise UserError(f"{label}: a scorer names its options, it does not take `**anything`")
    return {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}


def _given(
    assertion: Assertion, parameters: Mapping[str, inspect.Parameter], label: str
) -> dict[str, Any]:
    """Return the options that the assertion sets, checked against those that there are."""
    allowed = [option for option in parameters if option not in INJECTED]
    given: dict[str, Any] = dict(assertion.options)
    if assertion.value is not None:
        given["value"] = assertion.value
    if assertion.threshold is not None and "threshold" in parameters:
        given["threshold"] = float(assertion.threshold)
    for option, value in given.items():
        if option not in allowed:
            raise _unknown_option(option, allowed, label)
        default = parameters[option].default
        if isinstance(default, bool) and not isinstance(value, bool):
            raise UserError(f"{label}: {option} is true or false, not {value!r}")
        if _is_number(default) and not _is_number(value):
            raise UserError(f"{label}: {option} is a number, not {value!r}")
    for option in allowed:
        if option not in given and parameters[option].default is inspect.Parameter.empty:
            raise UserError(f"{label}: it needs `{option}`")
    try:
        return {option: plain(value) for option, value in given.items()}
    except UserError as error:
        raise UserError(f"{label}: {error.message}", hint=error.hint) from error


def _renderers(given: Mapping[str, Any], label: str) -> dict[str, Render]:
    try:
        return {option: render for option, value in given.items() if (render := renderer(value))}
    except UserError as error:
        raise UserError(f"{label}: {error.message}", hint=error.hint) from error


def _unknown_option(option: str, allowed: Sequence[str], label: str) -> UserError:
    from difflib import get_close_matches

    if option in INJECTED:
        return UserError(f"{label}: `{option}` cannot be set in a file", hint="leave it out")
    if option == "value":
        return UserError(f"{label}: it takes no `value`", hint="leave it out")
    choices = [*allowed, "value", "threshold", "weight", "metric"]
    close = get_close_matches(option, choices, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it takes: {', '.join(sorted(allowed))}"
    return UserError(f"{label}: no option is called {option!r}", hint=hint)


def _check_numbers(
    assertion: Assertion, parameters: Mapping[str, inspect.Parameter], label: str
) -> None:
    weight, threshold = assertion.weight, assertion.threshold
    if not _is_number(weight) or not 0 <= weight < math.inf:
        raise UserError(f"{label}: a weight is a number from 0 up, not {weight!r}")
    if threshold is None:
        return
    if not _is_number(threshold) or not math.isfinite(threshold):
        raise UserError(f"{label}: a threshold is a number, not {threshold!r}")
    if "threshold" not in parameters and not 0 <= threshold <= 1:
        distance = "max_distance" in parameters  # promptfoo's threshold of levenshtein
        raise UserError(
            f"{label}: the threshold of a score is between 0 and 1, not {threshold:g}",
            hint=f"write `max_distance: {threshold:g}`" if distance else "",
        )


def _contents(
    given: dict[str, Any],
    parameters: Mapping[str, inspect.Parameter],
    injected: Mapping[str, Any],
    label: str,
) -> str:
    """
    Read the file that a `file://` value names, and return the sha256 (hex) of its content.

    The text takes the value's place, JSON parsed; only a scorer that reads files itself keeps
    the name.
    """
    value = given.get("value")
    if not isinstance(value, str) or not value.startswith(FILE):
        return ""
    if "read_file" not in injected:
        raise UserError(f"{label}: {value!r} cannot be read here")
    path, _, function = value.removeprefix(FILE).partition(":")
    try:
        text: str = injected["read_file"](path)
    except UserError as error:
        raise UserError(f"{label}: {error.message}", hint=error.hint) from error
    if "read_file" not in parameters:
        given["value"] = _parsed(text, path, label) if path.endswith(".json") else text
    return hashlib.sha256(f"{function}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(text: str, path: str, label: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{label}: {path} is not JSON: {error}") from error


def _supplied(
    parameters: Mapping[str, inspect.Parameter], injected: Mapping[str, Any], label: str
) -> dict[str, Any]:
    """Return what the world gives to this scorer; refuse what is not to be had."""
    wanted = [name for name in INJECTED if name in parameters and name != "answer"]
    if "allow_code" in wanted and not injected.get("allow_code"):
        raise UserError(
            f"{label}: it runs code from the repository, and that is off",
            hint="read the code, then say --allow-code",
        )
    for name in wanted:
        if injected.get(name) is None and parameters[name].default is inspect.Parameter.empty:
            raise UserError(f"{label}: it needs a {name}, and there is none")
    return {name: injected[name] for name in wanted if injected.get(name) is not None}


def _try(check: _Check) -> None:
    """Score an empty answer, so that a broken pattern or schema is found before the first call."""
    case = Case("trial", {}, "{}")
    try:
        score: object = check.scorer(case, "", **check.fixed, **_trial_answer(check))
    except UserError as error:
        raise UserError(f"{check.label}: {error.message}", hint=error.hint) from error
    if not isinstance(score, Score):
        raise UserError(f"{check.label}: the scorer returned {score!r}, not a Score")


def _trial_answer(check: _Check) -> dict[str, Answer]:
    return {"answer": Answer("", cost_usd=0.0)} if check.takes_answer else {}


def _identities(supplied: Mapping[str, Any]) -> dict[str, str]:
    """Name who judges and who embeds: another one would give other scores."""
    found = {}
    if "judge" in supplied:
        found["judge"] = supplied["judge"].identity.digest
    if "embedder" in supplied:
        found["embedder"] = supplied["embedder"].name
    return found


def _metric_names(assertions: Iterable[Assertion]) -> list[str]:
    """Name the metrics; a name that is taken gets the next free number."""
    names: list[str] = []
    for assertion in assertions:
        wanted = name = assertion.metric.strip() or assertion.type
        number = 1
        while name in names:
            number += 1
            name = f"{wanted}-{number}"
        names.append(name)
    return names


def _passed(score: Score, threshold: float) -> Score:
    passed = score.value >= threshold
    sign = "≥" if passed else "<"
    why = f"{score.value:.2f} {sign} {threshold:g}"
    return Score(float(passed), f"{why}: {score.why}" if score.why else why)


def _negated(score: Score, label: str) -> Score:
    if score.value == 0:
        return Score(1.0, score.why)
    return Score(1 - score.value, f"unwanted: {score.why or label}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
