"""The JSON Schema of the files, for editors."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from promptgit.config import SCHEMAS, json_schema

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


@pytest.mark.parametrize("which", list(SCHEMAS))
def test_every_key_has_an_example_that_is_valid(which: str):
    schema = json_schema(which)

    for name, node in schema["properties"].items():
        assert node["examples"], name
        for example in node["examples"]:
            jsonschema.Draft202012Validator(schema).validate({name: example})
