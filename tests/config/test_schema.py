"""The JSON Schema of the files, for editors."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from promptgit.config import SCHEMAS, json_schema, parse_config, parse_eval_file
from promptgit.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("which", list(SCHEMAS))
def test_the_published_schema_is_the_one_we_validate_with(which: str):
    published = (ROOT / "docs" / "schema" / f"{which}.json").read_text(encoding="utf-8")

    assert json.loads(published) == json_schema(which), "run `make docs`"


@pytest.mark.parametrize("which", list(SCHEMAS))
def test_a_schema_is_valid_by_its_own_standard(which: str):
    jsonschema.Draft202012Validator.check_schema(json_schema(which))


@pytest.mark.parametrize(
    ("which", "text", "valid"),
    [
        ("config", "model: gpt-5-mini", True),
        ("config", "model: {name: gpt-5-mini, temperature: 0}", True),
        ("config", "modle: gpt-5-mini", False),
        ("config", "check: {margin: 2}", False),
        ("config", "prompts: ['a/*.md', b.txt]", True),
        ("config", "defaults: {assert: [is-json]}", True),
        ("config", "providers: {x: {base_url: 'https://h/v1'}}", False),
        ("user", "providers: {x: {base_url: 'https://h/v1'}}", True),
        ("eval", "cases: a.csv\nassert: [{type: equals, ignore_case: true}, is-json]", True),
        ("eval", "cases: [{input: a}]", True),
        ("eval", "cases: {file: a.csv, delimiter: ';'}", True),
        ("eval", "assert: [{value: x}]", False),
        ("eval", "must_pass: one", True),
    ],
)
def test_an_editor_judges_a_file_as_we_do(which: str, text: str, valid: bool):
    validator = jsonschema.Draft202012Validator(json_schema(which))

    assert validator.is_valid(yaml.safe_load(text)) is valid


TEXTS = ["", "a", "a b", "gpt-5-mini", "ollama/llama3.2", "http://host/v1", "lexical", "Über", "1"]
ADDRESSES = [
    *("", "hunter2", "ftp://host/v1", "https://", "https:///v1", "https://:80/v1", "//host/v1"),
    *("https://host", "https://host/", "HTTPS://host/v1", "https://host:8443/v1", "https://[::1]/"),
    *("https://me@host/v1", "https://me:pw@host/v1", "https://host/v1?key=1", "https://host/v1#a"),
    *("https://host/a b", " https://host", "https://ho st/v1", "https://host:port/v1"),
    *("http://127.0.0.1:8000/v1", "http://[::1]:8000/v1", "http://localhost"),
]
NUMBERS = [-1, 0, 0.001, 0.5, 0.999, 1, 1.001, 2, 20, 21, 512, 513, 3600, 3601, "1", True, None]
AT_THE_EDGE: list[tuple[str, str, list[object]]] = [
    ("config", "model", TEXTS),
    ("config", "model.name", TEXTS),
    ("config", "mentor", TEXTS),
    ("config", "embedder", ["", "lexical", "provider", "openai/x", "a b/c", "http://host/v1"]),
    ("config", "commit.type", ["", "fix", "two words", "-", "x-1", "1x", "Über"]),
    ("config", "prompts", ["a.md", [], ["a.md"], [1], 1]),
    *(("config", key, NUMBERS) for key in ("concurrency", "timeout_s", "retries")),
    *(("config", f"budget.{key}", NUMBERS) for key in ("usd", "calls", "tokens")),
    *(("config", f"model.{key}", NUMBERS) for key in ("temperature", "top_p", "max_tokens")),
    *(("config", f"improve.{key}", NUMBERS) for key in ("rounds", "target", "min_effect")),
    *(("config", f"check.{key}", NUMBERS) for key in ("margin", "alpha", "max_unscored")),
    ("config", "defaults.assert", [[], [""], ["equals"], [{"type": ""}], [{}], "equals"]),
    ("user", "providers.corp.base_url", [*ADDRESSES]),
    ("user", "providers.corp.api_key_env", ["", "KEY", "key_1", "1KEY", "sk-1", "A B"]),
    ("eval", "assert", [[], [""], ["equals"], [{"type": ""}], [{"type": "x", "weight": -1}]]),
    ("eval", "cases", ["", "a.csv", [], [{"input": "a"}], [1], {"file": ""}, {"file": "a.csv"}]),
    ("eval", "cases.delimiter", ["", ";", "\t", ";;", '"', "\n"]),
    ("eval", "must_pass", ["one", [], ["one"], [1]]),
]


def written(key: str, value: object) -> dict[str, object]:
    """A file that says `key: value`, and what must be said beside it."""
    beside: dict[str, object] = {}
    if key.startswith("model.") and key != "model.name":
        beside = {"name": "gpt-5-mini"}
    if key == "cases.delimiter":
        beside = {"file": "a.csv"}
    *outer, last = key.split(".")
    found: dict[str, object] = {**beside, last: value}
    for name in reversed(outer):
        found = {name: found}
    return found


def program_accepts(which: str, file: dict[str, object]) -> bool:
    data = json.dumps(file, ensure_ascii=False).encode()
    try:
        if which == "eval":
            parse_eval_file(data, "p.eval.yaml")
        elif which == "user":
            parse_config(b"", data)
        else:
            parse_config(data)
    except UserError:
        return False
    return True


@pytest.mark.parametrize(("which", "key", "values"), AT_THE_EDGE, ids=lambda part: str(part)[:30])
def test_the_schema_accepts_exactly_what_the_program_does(
    which: str, key: str, values: list[object]
):
    validator = jsonschema.Draft202012Validator(json_schema(which))
    files = [written(key, value) for value in values]

    by_the_schema = [file for file in files if validator.is_valid(file)]
    by_the_program = [file for file in files if program_accepts(which, file)]

    assert by_the_schema == by_the_program


@pytest.mark.parametrize("which", list(SCHEMAS))
def test_every_key_has_an_example_that_is_valid(which: str):
    schema = json_schema(which)

    for name, node in schema.get("properties", {}).items():
        assert node["examples"], name
        for example in node["examples"]:
            jsonschema.Draft202012Validator(schema).validate({name: example})
