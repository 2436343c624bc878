"""`promptgit export`: what other tools import, with the commit and blob that it is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

PROMPT = "Sort the message.\nAnswer with one of: fruit, tool.\n"
CASES = """\
id,message,label,tags
one,An apple for you,fruit,a
two,A hammer fell,tool,
three,{{ braces }},tool,
"""
EVAL = """\
assert:
  - {type: equals, value: "{{ expected }}", ignore_case: true, strip: true}
  - {type: word-count, value: {max: 3}, weight: 2, metric: short}
  - {type: is-json, value: "file://schema.json", weight: 0}
"""
CONFIG = "model: {name: ollama/llama3.2, temperature: 0, stop: [END]}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    files = {
        "prompts/sort.md": PROMPT,
        "prompts/sort.csv": CASES,
        "prompts/sort.eval.yaml": EVAL,
        "prompts/schema.json": "{}\n",
        "promptgit.yaml": CONFIG,
    }
    return a_repository(tmp_path / "r", files, message="sort: the first text\n")


@pytest.fixture
def measured(repository: Repository) -> Repository:
    assert promptgit(repository, "eval", "sort", "--model", "offline").code == 0
    return repository


def as_yaml(text: str) -> Any:
    return yaml.safe_load(text)


# promptfoo


def test_promptfoo_gets_a_config_with_prompt_provider_checks_and_tests(repository):
    said = promptgit(repository, "export", "--to", "promptfoo", "sort")

    config = as_yaml(said.out)
    assert said.code == 0
    assert json.loads(config["prompts"][0]["raw"]) == [
        {"role": "system", "content": PROMPT.strip()},
        {"role": "user", "content": "{{ message }}"},
    ]
    assert config["providers"] == [
        {"id": "ollama:chat:llama3.2", "config": {"temperature": 0, "stop": ["END"]}}
    ]
    assert config["tests"][0] == {
        "description": "one",
        "vars": {"message": "An apple for you", "expected": "fruit"},
        "metadata": {"tags": ["a"]},
    }


def test_checks_are_written_as_promptfoo_has_them(repository):
    config = as_yaml(promptgit(repository, "export", "--to", "promptfoo", "sort").out)

    assert config["defaultTest"]["assert"] == [
        {
            "type": "equals",
            "transform": "output.trim().toLowerCase()",
            "value": "{{ expected | trim | lower }}",
        },
        {"type": "word-count", "weight": 2, "metric": "short", "value": {"max": 3}},
        {"type": "is-json", "weight": 0, "value": "file://prompts/schema.json"},
    ]


def test_braces_of_a_case_are_no_template_there(repository):
    config = as_yaml(promptgit(repository, "export", "--to", "promptfoo", "sort").out)

    assert config["tests"][2]["vars"]["message"] == "{% raw %}{{ braces }}{% endraw %}"


def test_recorded_outputs_can_be_scored_there_without_a_call(measured):
    config = as_yaml(
        promptgit(measured, "export", "--to", "promptfoo", "sort", "--with-outputs").out
    )

    assert all(isinstance(test["providerOutput"], str) for test in config["tests"])
    assert config["tags"]["promptgit_cases"] == "3"
    assert config["providers"] == ["echo"]


def test_cases_without_a_recorded_output_are_counted(measured):
    with (measured.path / "prompts/sort.csv").open("a") as file:
        file.write("four,a saw,tool,\nfive,a pear,fruit,\n")

    said = promptgit(measured, "export", "--to", "promptfoo", "sort", "--with-outputs")

    assert "the outputs of 2 of 5 cases, as 'four'" in said.err
    assert [("providerOutput" in test) for test in as_yaml(said.out)["tests"]] == [True] * 3 + [
        False
    ] * 2


def test_results_carry_commit_blob_record_and_model(measured):
    config = as_yaml(promptgit(measured, "export", "--to", "promptfoo", "sort").out)

    tags = config["tags"]
    assert tags["promptgit_commit"] == measured.head
    assert tags["promptgit_blob"] == measured.blob("prompts/sort.md")
    assert tags["promptgit_record"].startswith("sha256:")
    assert tags["promptgit_model"] == "offline/rules-1"


def test_a_text_that_is_not_committed_names_no_commit(measured):
    measured.write({"prompts/sort.md": "Another text.\n"})

    config = as_yaml(promptgit(measured, "export", "--to", "promptfoo", "sort").out)
    older = as_yaml(promptgit(measured, "export", "--to", "promptfoo", "sort", "--ref", "HEAD").out)

    assert "promptgit_commit" not in config["tags"]
    assert "promptgit_record" not in config["tags"]
    assert older["tags"]["promptgit_commit"] == measured.head


def test_what_promptfoo_cannot_say_is_told(tmp_path):
    files = {
        "prompts/a.md": "Say {% include 'b.md' %} {{ x }}",
        "prompts/b.md": "hello",
        "prompts/a.csv": "x,expected,weight\ny,{},2\n",
        "prompts/a.eval.yaml": "assert: [json-fields, {type: is-patch, value: a},"
        " {type: regex, value: a, ignore_case: true}]",
    }
    repository = a_repository(tmp_path / "r", files)

    said = promptgit(repository, "export", "--to", "promptfoo", "a")

    (message,) = json.loads(as_yaml(said.out)["prompts"][0]["raw"])
    assert message == {"role": "system", "content": "Say hello {{ x }}"}
    assert "is-patch" in said.err
    assert "json-fields" in said.err
    assert "`ignore_case`" in said.err
    assert "weights of cases" in said.err
    assert "`echo`" in said.err


ROUND = """\
description: Support
prompts:
  - label: reply
    raw: '[{"role": "system", "content": "Be {{tone}}."}, {"role": "user", "content": "{{q}}"}]'
providers: ['openai:chat:gpt-5-mini']
defaultTest:
  assert:
    - {type: word-count, value: {max: 9}, metric: short}
    - {type: similar, value: "{{ q }}", threshold: 0.5, weight: 3}
tests:
  - description: first
    vars: {tone: kind, q: "Why?"}
    assert: [{type: contains, value: you}, {type: not-icontains, value: "{{ tone }}"}]
    metadata: {tags: [a, b]}
  - description: second
    vars: {tone: dry, q: 'say "no"'}
    assert: [{type: is-json, value: {type: object}}, {type: rouge-n, value: no, threshold: 0.2}]
"""


@pytest.mark.parametrize("own", [True, False], ids=["own lists", "shared"])
def test_what_is_taken_over_and_exported_again_is_the_same(tmp_path, own):
    config = ROUND
    if not own:
        for line in ROUND.splitlines():
            if line.startswith("    assert: ["):
                config = config.replace(line, "    assert: [{type: contains, value: you}]")

    once = there_and_back(tmp_path / "one", config)
    twice = there_and_back(tmp_path / "two", once)

    assert without_evidence(twice) == without_evidence(once)
    again = as_yaml(once)
    assert again["providers"] == ["openai:chat:gpt-5-mini"]
    assert [test["description"] for test in again["tests"]] == ["first", "second"]
    assert again["tests"][0]["vars"]["q"] == "Why?"
    kinds = [one["type"] for one in again["defaultTest"]["assert"]]
    mine = [one["type"] for one in again["tests"][1].get("assert", [])]
    assert kinds[:2] == ["word-count", "similar"]
    assert [*kinds[2:], *mine] == (["is-json", "rouge-n"] if own else ["contains"])


def there_and_back(folder: Path, config: str) -> str:
    repository = a_repository(folder, {"promptfooconfig.yaml": config})
    assert "not carried over" not in promptgit(repository, "init", "--from", ".").out
    said = promptgit(repository, "export", "--to", "promptfoo", "reply")
    assert said.err == ""
    return said.out


def without_evidence(text: str) -> Any:
    return {k: v for k, v in as_yaml(text).items() if k not in ("tags", "description")}


def test_a_set_is_written_as_promptfoo_takes_it(tmp_path):
    inner = "[{type: is-json, weight: 3}, {type: assert-set, assert: [regex]}]"
    strict = "{type: assert-set, threshold: 1, assert: [is-json]}"
    lines = f"""\
assert:
  - {{type: assert-set, weight: 2, assert: {inner}}}
  - {{type: assert-set, threshold: 0.5, metric: either, assert: {inner}}}
  - {{type: assert-set, threshold: 1, assert: [{strict}]}}
"""
    files = {
        "prompts/a.md": "A",
        "prompts/a.csv": "x,expected\n1,2\n",
        "prompts/a.eval.yaml": lines,
    }
    repository = a_repository(tmp_path / "r", files)

    said = promptgit(repository, "export", "--to", "promptfoo", "a")

    expected = {"type": "regex", "value": "{{ expected }}"}
    assert as_yaml(said.out)["defaultTest"]["assert"] == [
        {"type": "is-json", "weight": 1.5},
        {**expected, "weight": 0.5},
        {
            "type": "assert-set",
            "threshold": 0.5,
            "metric": "either",
            "assert": [{"type": "is-json", "weight": 3}, expected],
        },
    ]
    assert "a set with a threshold inside another" in said.err


# Langfuse


def test_langfuse_gets_bodies_for_its_public_api(measured):
    said = promptgit(measured, "export", "--to", "langfuse", "sort")

    bodies = said.json
    assert list(bodies) == [
        "v2/prompts", "v2/datasets", "dataset-items", "otel/v1/traces", "scores",
    ]  # fmt: skip
    (prompt,) = bodies["v2/prompts"]
    assert prompt.keys() == {
        "name", "type", "prompt", "config", "tags", "labels", "commitMessage",
    }  # fmt: skip
    assert prompt["type"] == "chat"
    assert prompt["commitMessage"] == f"sort: the first text ({measured.head[:12]})"
    assert prompt["config"]["promptgit"]["promptgit_commit"] == measured.head
    item = bodies["dataset-items"][0]
    assert (item["input"], item["expectedOutput"]) == ({"message": "An apple for you"}, "fruit")


def test_langfuse_scores_belong_to_traces_and_carry_the_commit(measured):
    bodies = promptgit(measured, "export", "--to", "langfuse", "sort").json

    (request,) = bodies["otel/v1/traces"]
    spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
    facts = {a["key"]: a["value"]["stringValue"] for a in spans[0]["attributes"]}
    scores = bodies["scores"]
    assert len(spans) == 3
    assert facts["langfuse.trace.metadata.promptgit_commit"] == measured.head
    assert int(spans[0]["endTimeUnixNano"]) >= int(spans[0]["startTimeUnixNano"]) > 1.7e18
    assert {score["traceId"] for score in scores} == {span["traceId"] for span in spans}
    assert {score["name"] for score in scores} == {"score", "equals", "short", "is-json"}
    assert all(score["metadata"]["promptgit_commit"] == measured.head for score in scores)
    assert len({score["id"] for score in scores}) == len(scores)


def test_a_prompt_of_one_message_is_a_text_there(tmp_path):
    repository = a_repository(tmp_path / "r", {"prompts/a.md": "Say {{ x }}\n"})

    said = promptgit(repository, "export", "--to", "langfuse", "a")

    assert said.json["v2/prompts"][0]["type"] == "text"
    assert said.json["v2/prompts"][0]["prompt"] == "Say {{ x }}"
    assert "no results" in said.err


# MLflow


def test_mlflow_gets_the_arguments_of_its_calls(measured):
    facts = promptgit(measured, "export", "--to", "mlflow", "sort").json

    registered = facts["register_prompt"]
    assert registered["name"] == "sort"
    assert registered["tags"]["promptgit_commit"] == measured.head
    assert registered["model_config"] == {
        "provider": "ollama", "model_name": "llama3.2", "temperature": 0, "stop_sequences": ["END"],
    }  # fmt: skip
    assert facts["set_tags"]["promptgit_blob"] == measured.blob("prompts/sort.md")
    assert facts["log_metrics"].keys() == {
        "score", "cases", "metric/equals", "metric/short", "metric/is-json",
    }  # fmt: skip
    assert all(isinstance(value, int | float) for value in facts["log_metrics"].values())


# Files


def test_several_prompts_go_into_a_folder(tmp_path):
    repository = a_repository(
        tmp_path / "r", {"prompts/a.md": "A\n", "prompts/x/b.md": "B\n", "prompts/y/b.md": "C\n"}
    )

    refused = promptgit(repository, "export", "--to", "mlflow")
    said = promptgit(repository, "export", "--to", "mlflow", "-o", "out/")

    assert refused.code == 2
    assert "add -o DIR/" in refused.err
    assert said.lines == [
        "wrote out/a.mlflow.json",
        "wrote out/prompts-x-b.mlflow.json",
        "wrote out/prompts-y-b.mlflow.json",
    ]


def test_files_that_checks_name_are_found_from_where_the_config_lies(repository):
    promptgit(repository, "export", "--to", "promptfoo", "sort", "-o", "out/promptfooconfig.yaml")

    config = as_yaml((repository.path / "out/promptfooconfig.yaml").read_text())
    assert config["defaultTest"]["assert"][2]["value"] == "file://../prompts/schema.json"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sort"], "--to"),
        (["--to", "mlflow", "no-such"], "no prompt"),
        (["--to", "mlflow", "sort", "--with-outputs"], "--with-outputs"),
        (["--to", "dspy", "sort"], "dspy"),
    ],
)
def test_a_mistake_is_an_error(repository, words, said):
    found = promptgit(repository, "export", *words)

    assert found.code == 2
    assert said in found.err
