"""The documentation of the columns is the code's."""

import re
from pathlib import Path

import yaml

from promptgit.config import parse_config
from promptgit.edges.columns import EXPECTED, INPUT, OTHERS

PAGE = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")


def names(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([a-z_]+)`", text))


def test_the_names_of_the_expected_answer_are_those_documented():
    (row,) = re.findall(r"\| the expected answer \| (.*?) \|", PAGE)

    assert names(row) == EXPECTED


def test_the_names_of_the_other_parts_are_those_documented():
    documented = {part: names(re.findall(rf"\| `{part}` \| (.*?) \|", PAGE)[0]) for part in OTHERS}

    assert documented == dict(OTHERS)


def test_the_names_of_a_main_input_are_those_documented():
    (sentence,) = re.findall(r"only one called\n(.*?);", PAGE, re.DOTALL)

    assert names(sentence) == INPUT


def test_the_example_of_a_users_settings_can_be_read():
    (example,) = re.findall(r"```yaml\n(# ~/.config.*?)```", PAGE, re.DOTALL)

    config = parse_config(b"", example.encode())

    assert list(config.providers) == list(yaml.safe_load(example)["providers"])
