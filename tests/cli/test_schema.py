"""`promptgit schema`."""

import json

import pytest
from click.testing import CliRunner

from promptgit.cli.main import cli
from promptgit.config import SCHEMAS, json_schema


@pytest.mark.parametrize("which", SCHEMAS)
def test_it_prints_the_schema_that_is_asked_for(which: str):
    result = CliRunner().invoke(cli, ["schema", which])

    assert json.loads(result.output) == json_schema(which)


def test_without_a_name_it_prints_that_of_the_config():
    result = CliRunner().invoke(cli, ["schema"])

    assert json.loads(result.output) == json_schema("config")
