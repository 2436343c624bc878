"""`flywheel.yaml`: strict, with a default for every key, and unable to redirect anything."""

import json
from datetime import timedelta

import jsonschema
import pytest

from promptgit.config import json_schema
from promptgit.config.flywheel_file import parse_flywheel
from promptgit.errors import UserError
from promptgit.flywheel.plan import CRONS, DEFAULT_RULES, Plan, Rule, cron


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_flywheel(text.encode())
    return caught.value


def test_an_empty_file_is_all_defaults():
    assert parse_flywheel(b"# nothing yet\n") == Plan()


def test_all_that_it_says_is_in_the_plan():
    plan = parse_flywheel(b"""
schedule: 30 6 * * 1-5
environment: staging
capture:
  folder: logs
  retention: forever
  redact: {keep: ip, names: [Northwind], patterns: {customer: "C-[0-9]{6}"}, presidio: true}
analyze:
  engine: pyspark
  window: 3 days
  detectors: [mine.yaml]
  judge: {sample: 50, model: gpt-5-mini, rubric: It is right.}
triggers:
  - upsell_rate < 20%
  - {when: drift(quality_score), prompt: support-reply, do: alarm, cooldown: 2 days}
improve: {strategy: critique, budget: 2usd, cases: 5, branch: "fix/{prompt}"}
deploy: {environment: canary, steps: [5, 100], guards: [error_rate > 2%]}
measure: {metrics: [upsell_rate], value: revenue}
library: {url: git@git.example.com:team/learnings.git}
""")

    assert (plan.schedule, plan.environment, plan.target) == ("30 6 * * 1-5", "staging", "canary")
    assert (plan.capture.folder, plan.capture.retention) == ("logs", None)
    assert plan.capture.redact.keep == ("ip",)
    assert plan.capture.redact.patterns == (("customer", "C-[0-9]{6}"),)
    assert plan.analyze.window == timedelta(days=3)
    assert (plan.analyze.judge.sample, plan.analyze.judge.model) == (50, "gpt-5-mini")
    assert plan.triggers == (
        Rule("upsell_rate < 20%"),
        Rule("drift(quality_score)", "support-reply", "alarm", timedelta(days=2)),
    )
    assert (plan.improve.branch, plan.improve.cases) == ("fix/{prompt}", 5)
    assert (plan.deploy.steps, plan.deploy.guards) == ((5, 100), ("error_rate > 2%",))
    assert (plan.measure.metrics, plan.measure.value) == (("upsell_rate",), "revenue")
    assert plan.library.url == "git@git.example.com:team/learnings.git"


def test_no_triggers_are_none_and_unsaid_triggers_are_the_default_ones():
    assert parse_flywheel(b"triggers: []").triggers == ()
    assert parse_flywheel(b"schedule: daily").triggers == DEFAULT_RULES


def test_an_unknown_key_is_an_error_with_its_line_and_the_one_that_is_meant():
    error = refused("schedule: daily\nanalyze:\n  windw: 7d\n")

    assert error.message == "flywheel.yaml:3:3: unknown key 'analyze.windw'"
    assert error.hint == "did you mean 'window'?"


@pytest.mark.parametrize(
    "text",
    [
        "capture: {folder: /srv/logs}",
        "capture: {folder: ~/logs}",
        "capture: {folder: ../logs}",
        "capture: {folder: a/../../logs}",
        "capture: {folder: 'C:/logs'}",
        "capture: {folder: '\\\\host\\share'}",
        "capture: {folder: .git/logs}",
        "capture: {folder: .}",
        "analyze: {engine: 'postgres://me:secret@db.example.com/logs'}",
        "analyze: {engine: 'bigquery://elsewhere/logs'}",
        "analyze: {base_url: 'http://127.0.0.1:9'}",
        "analyze: {judge: {sample: 9, model: 'http://127.0.0.1:9'}}",
        "analyze: {judge: {sample: 9, api_key: sk-1}}",
        "providers: {mine: {base_url: 'http://127.0.0.1:9'}}",
        "library: {url: 'ext::sh -c date'}",
        "library: {url: 'https://me:secret@git.example.com/x'}",
        "library: {url: --upload-pack=date}",
        "library: {url: 'file:///etc'}",
    ],
)
def test_a_repository_says_no_place_outside_of_it(text: str):
    error = refused(text)

    assert "secret" not in error.message


def test_a_kind_that_is_redacted_may_be_called_anything():
    plan = parse_flywheel(b"capture: {redact: {patterns: {password: 'pw=.*', host: 'h-[0-9]'}}}")

    assert [kind for kind, _ in plan.capture.redact.patterns] == ["password", "host"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schedule: sometimes", "five fields of cron"),
        ("analyze: {window: 7 parsecs}", "no length of time"),
        ("analyze: {window: 0d}", "longer than nothing"),
        ("improve: {branch: main}", "{prompt}"),
        ("improve: {branch: '{prompt}/../{date}'}", "name of a branch"),
        ("improve: {budget: 3 pounds}", "2usd"),
        ("deploy: {steps: [50, 10]}", "larger than the one before"),
        ("triggers: [{do: improve}]", "'triggers[0].when' is missing"),
        ("capture: {redact: {patterns: {a: '('}}}", "no regular expression"),
        ("capture: {redact: {keep: emial}}", "did you mean 'email'?"),
        ("capture: {redact: {keep: [ip, colour]}}", "there are email, phone, card"),
        ("triggers: [quality_score = 7]", "compare with <, <=, > or >="),
        ("triggers: [{when: 'drift(quality_score'}]", "close every parenthesis"),
        ("deploy: {guards: error_rate}", "an operator has to follow"),
    ],
)
def test_what_is_not_meant_that_way_is_said(text: str, said: str):
    error = refused(text)

    assert said in f"{error.message} {error.hint}"
    assert error.message.startswith("flywheel.yaml:1:")


VALUES: list[tuple[str, list[object]]] = [
    ("schedule", ["", "daily", "yearly", "0 3 * * *", "0 3 * *", "0 3 * * * *", "@daily", 5]),
    ("environment", ["", "production", "a b", "-x", 1]),
    ("capture.redact.keep", ["ip", ["ip", "mac"], [], "", "emial", ["ip", "emial"], 1]),
    (
        "capture.folder",
        ["", "logs", "a/b", "/a", "~/a", "../a", "a/..", ".git", ".GIT/x", ".", "./a"],
    ),
    ("capture.folder", [".github/logs", "a:b", "a/b:c"]),
    ("capture.retention", ["30 days", "forever", "30", "d", "", 30]),
    ("analyze.engine", ["duckdb", "pyspark", "spark", "duckdb://x", ""]),
    ("analyze.judge.sample", [-1, 0, 100, 10_001, "9"]),
    (
        "improve.branch",
        ["x", "{prompt}", "{date}", "a/{prompt}-{date}", "{prompt}/", "a//{prompt}"],
    ),
    (
        "improve.branch",
        ["{prompt}.{date}", "-{prompt}", "{prompt}/.x", "a..{prompt}", "{x}{prompt}"],
    ),
    ("improve.budget", ["2usd", "2.5 usd", "10calls", "10", "usd", "-1usd", ""]),
    ("improve.cases", [-1, 0, 500, 501]),
    ("deploy.steps", [[10, 100], [], [0], [101], ["10"], 10]),
    (
        "library.url",
        ["https://h/x", "http://h/x", "git@h:x/y", "ssh://git@h/x", "-x", "https://h/x?a"],
    ),
    ("triggers", [[], ["a < 1"], [""], [{"when": "a < 1", "do": "promote"}], "a < 1"]),
]


@pytest.mark.parametrize(("key", "values"), VALUES, ids=lambda part: str(part)[:30])
def test_an_editor_judges_the_file_as_the_program_does(key: str, values: list[object]):
    validator = jsonschema.Draft202012Validator(json_schema("flywheel"))
    files = [written(key, value) for value in values]

    assert list(filter(validator.is_valid, files)) == list(filter(accepted, files))


def written(key: str, value: object) -> dict[str, object]:
    *outer, last = key.split(".")
    found: dict[str, object] = {last: value}
    for name in reversed(outer):
        found = {name: found}
    return found


def accepted(file: dict[str, object]) -> bool:
    try:
        parse_flywheel(json.dumps(file).encode())
    except UserError:
        return False
    return True


def test_every_word_for_a_schedule_has_its_cron_line():
    for word, line in CRONS.items():
        assert parse_flywheel(f"schedule: {word}".encode()).schedule == word
        assert parse_flywheel(f"schedule: {line}".encode()).schedule == cron(word) == line
