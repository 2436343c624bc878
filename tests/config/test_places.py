"""Where prompts, eval files and cases are expected."""

import pytest

from promptgit.config.places import DEFAULT_PROMPTS, case_file, eval_file, matches, prompt_beside
from promptgit.errors import UserError


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("prompts/a.md", "prompts/*.md", True),
        ("prompts/x/a.md", "prompts/*.md", False),
        ("prompts/x/y/a.md", "prompts/**/*.md", True),
        ("prompts/a.md", "prompts/**/*.md", True),
        ("prompts/a.txt", "prompts/**/*.{md,txt}", True),
        ("prompts/a.yaml", "prompts/**/*.{md,txt}", False),
        ("prompts/a.md", "./prompts/?.md", True),
        ("prompts/a+b.md", "prompts/a+b.md", True),
        ("prompts/aab.md", "prompts/a+b.md", False),
        ("prompts/a,b.md", "prompts/a,b.md", True),
        ("deep/prompts/a.md", "**/prompts/**", True),
        ("myprompts/a.md", "prompts/**", False),
    ],
)
def test_a_pattern_means_what_it_means_in_gitignore_and_shells(path, pattern, expected):
    assert matches(path, [pattern]) is expected


def test_an_exclamation_mark_excludes_and_the_last_pattern_that_fits_decides():
    patterns = ["prompts/**", "!prompts/old/**", "prompts/old/kept.md"]

    assert matches("prompts/a.md", patterns)
    assert not matches("prompts/old/a.md", patterns)
    assert matches("prompts/old/kept.md", patterns)


def test_a_readme_is_no_prompt_by_default():
    assert matches("prompts/reply.txt", DEFAULT_PROMPTS)
    assert not matches("prompts/sub/README.md", DEFAULT_PROMPTS)


def test_the_case_file_is_the_sibling_of_the_prompt():
    assert case_file("prompts/reply.md", {"prompts/reply.csv"}.__contains__) == "prompts/reply.csv"
    assert case_file("prompts/reply.md", set().__contains__) is None


def test_an_eval_file_is_not_taken_for_cases():
    assert case_file("prompts/reply.md", {"prompts/reply.eval.yaml"}.__contains__) is None
    assert eval_file("prompts/reply.txt", {"prompts/reply.eval.yml"}.__contains__)


def test_two_case_files_beside_a_prompt_are_for_the_user_to_choose_from():
    with pytest.raises(UserError) as caught:
        case_file("p/reply.md", {"p/reply.csv", "p/reply.jsonl"}.__contains__)

    assert "p/reply.csv and p/reply.jsonl" in caught.value.message
    assert "reply.eval.yaml" in caught.value.hint


def test_a_yaml_file_that_is_a_prompt_by_name_stands_for_itself():
    names = {"prompts/reply.prompt.yml", "prompts/reply.prompt.md", "prompts/reply.csv"}
    there = names.__contains__

    assert prompt_beside("prompts/reply.prompt.yml", there) == "prompts/reply.prompt.yml"
    assert prompt_beside("prompts/reply.eval.yaml", there) == "prompts/reply.prompt.yml"
    assert case_file("prompts/reply.prompt.yml", there) == "prompts/reply.csv"
