"""`promptgit init`."""

import json
import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.terminal import promptgit
from promptgit.cli.main import cli
from promptgit.cli.setup import config_text, prompt_patterns
from promptgit.config import DEFAULT_PROMPTS, Config, parse_config, parse_eval_file
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository, a_repository

PROMPT = "Answer with one of: yes, no.\n"
CASES = "comment,response\n" + "".join(f"case {n},{'yes' if n % 2 else 'no'}\n" for n in range(10))


def files(repository: Repository) -> dict[str, bytes]:
    found = (p for p in repository.path.rglob("*") if p.is_file() and ".git" not in p.parts)
    return {p.relative_to(repository.path).as_posix(): p.read_bytes() for p in found}


def init(where: Path, *options: str) -> Result:
    with chdir(where):
        return CliRunner().invoke(cli, ["init", *options], catch_exceptions=False)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    return a_repository(tmp_path / "r", {"prompts/reply.md": PROMPT, "prompts/reply.csv": CASES})


def test_it_writes_what_is_missing_and_says_the_next_command(repository: Repository):
    result = init(repository.path)

    assert result.output.splitlines() == [
        "prompts/reply.md: 10 cases",
        "wrote promptgit.yaml",
        "wrote prompts/reply.eval.yaml",
        "wrote .gitattributes",
        "",
        "keep it: git add promptgit.yaml prompts/reply.eval.yaml .gitattributes "
        "prompts/reply.md prompts/reply.csv "
        '&& git commit -m "Set up promptgit"',
        "next: promptgit eval prompts/reply.md",
    ]


def test_what_it_writes_can_be_read_and_changes_nothing(repository: Repository):
    init(repository.path)

    written = files(repository)
    assert parse_config(written["promptgit.yaml"]) == Config()
    asked = parse_eval_file(written["prompts/reply.eval.yaml"], "prompts/reply.eval.yaml")
    assert asked.cases == "prompts/reply.csv"
    (check,) = asked.assertions
    assert (check.type, check.value) == ("equals", "{{ expected }}")
    assert check.options == {"ignore_case": True, "strip": True}


def eval_file_for(tmp_path: Path, cases: dict[str, str]) -> tuple[str, bytes]:
    """What init writes for these cases: as it stands, and with its suggestions taken up."""
    repository = a_repository(tmp_path / "asked", {"prompts/x.md": "Do it.\n", **cases})
    init(repository.path)
    text = files(repository)["prompts/x.eval.yaml"].decode()
    return text, text.replace("  # - {", "  - {").encode()


def test_a_column_of_labels_is_compared_by_equality(tmp_path: Path):
    rows = "".join(f"message {n},{('bug', 'feature', 'question')[n % 3]}\n" for n in range(12))

    text, taken_up = eval_file_for(tmp_path, {"prompts/x.csv": f"text,label\n{rows}"})

    assert '  - {type: equals, value: "{{ expected }}", ignore_case: true, strip: true}' in text
    assert "{{ text }}" not in text  # no label repeats the message
    assert [one.type for one in parse_eval_file(taken_up, "x").assertions] == [
        "equals",
        "icontains",
    ]


def test_json_answers_are_compared_field_by_field(tmp_path: Path):
    rows = [{"text": f"message {n}", "expected": {"label": "bug", "n": n}} for n in range(12)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)

    _, taken_up = eval_file_for(tmp_path, {"prompts/x.jsonl": lines})

    found = [one.type for one in parse_eval_file(taken_up, "x").assertions]
    assert found == ["json-fields", "is-json"]


def test_free_text_is_compared_by_similarity_and_asked_for_what_it_repeats(tmp_path: Path):
    rows = "".join(f'Where is it? {n},A{n},"We send order A{n} {n} days ago."\n' for n in range(12))

    text, taken_up = eval_file_for(tmp_path, {"prompts/x.csv": f"text,order,response\n{rows}"})

    similar, contains, words = parse_eval_file(taken_up, "x").assertions
    assert (similar.type, contains.type) == ("similar", "contains")
    assert contains.value == "{{ order }}"
    assert words.value == {"max": 10}
    assert "# 12 of these answers have it" in text


def test_editors_find_the_schema_in_the_first_line(repository: Repository):
    init(repository.path)

    for name, which in {"promptgit.yaml": "config", "prompts/reply.eval.yaml": "eval"}.items():
        first = files(repository)[name].split(b"\n")[0].decode()
        assert first.startswith("# yaml-language-server: $schema=https://")
        assert first.endswith(f"/docs/schema/{which}.json")


def test_git_keeps_prompts_the_same_bytes_everywhere(repository: Repository):
    init(repository.path)

    asked = ("check-attr", "text", "eol", "diff", "--", "prompts/a/b.md", "prompts/c.parquet")
    shown = repository.git(*asked).splitlines()
    assert shown[:3] == [
        "prompts/a/b.md: text: set",
        "prompts/a/b.md: eol: lf",
        "prompts/a/b.md: diff: markdown",
    ]
    assert "prompts/c.parquet: text: unset" in shown


def test_a_diff_says_under_which_heading_a_line_changed(repository: Repository):
    init(repository.path)
    lines = [f"Rule {n}." for n in range(12)]
    before = "\n".join(["# Tone", *lines, "", "## Refunds", *lines, ""])
    repository.commit({"prompts/long.md": before})
    after = before.rpartition("Rule 9.")[0] + "Never.\nRule 10.\nRule 11.\n"
    repository.write({"prompts/long.md": after})

    shown = repository.git("diff", "--no-color", "--no-ext-diff", "--", "prompts/long.md")

    hunks = [line for line in shown.splitlines() if line.startswith("@@")]
    assert [line.rpartition("@@ ")[2] for line in hunks] == ["## Refunds"]


def test_line_ends_of_another_machine_are_stored_as_ours(repository: Repository):
    init(repository.path)
    repository.write({"prompts/windows.md": b"Be kind.\r\n"})
    repository.git("add", "prompts/windows.md")

    assert repository.git("cat-file", "blob", ":prompts/windows.md") == "Be kind."


def test_a_second_time_it_keeps_everything(repository: Repository):
    init(repository.path)
    before = files(repository)

    result = init(repository.path)

    assert files(repository) == before
    assert "wrote" not in result.output
    assert "kept promptgit.yaml" in result.output
    assert "kept prompts/reply.eval.yaml" in result.output
    assert "kept .gitattributes" in result.output


def test_it_never_overwrites(repository: Repository):
    mine = {
        "promptgit.yaml": "model: gpt-5-mini\n",
        "prompts/reply.eval.yaml": "assert: [is-json]\n",
        ".gitattributes": "*.bin binary",
    }
    repository.write(mine)

    result = init(repository.path)

    after = files(repository)
    assert after["promptgit.yaml"] == b"model: gpt-5-mini\n"
    assert after["prompts/reply.eval.yaml"] == b"assert: [is-json]\n"
    assert after[".gitattributes"].startswith(b"*.bin binary\n# Prompts")
    assert "added to .gitattributes" in result.output


def test_a_dry_run_writes_nothing(repository: Repository):
    before = files(repository)

    result = init(repository.path, "--dry-run")

    assert files(repository) == before
    assert "would write promptgit.yaml" in result.output
    assert result.output.endswith("next: promptgit init\n")


def test_json_says_the_same(repository: Repository):
    result = init(repository.path, "--json")

    assert json.loads(result.output) == {
        "schema": 1,
        "dry_run": False,
        "written": ["promptgit.yaml", "prompts/reply.eval.yaml", ".gitattributes"],
        "extended": [],
        "kept": [],
        "prompts": [{"path": "prompts/reply.md", "cases": 10}],
        "notes": [],
        "next": "promptgit eval prompts/reply.md",
    }


def test_from_a_folder_below_it_sets_up_the_top_level(repository: Repository):
    init(repository.path / "prompts")

    assert "promptgit.yaml" in files(repository)
    assert "prompts/promptgit.yaml" not in files(repository)


def test_outside_a_repository_it_says_what_to_do(tmp_path: Path):
    with pytest.raises(UserError, match="is not in a Git repository") as caught:
        init(tmp_path)

    assert "git init" in caught.value.hint


def test_a_bare_repository_has_no_files_to_set_up(tmp_path: Path):
    bare = a_repository(tmp_path / "bare", bare=True)

    with pytest.raises(UserError, match="bare repository"):
        init(bare.path)


def test_without_a_prompt_it_says_how_to_make_the_first(tmp_path: Path):
    empty = a_repository(tmp_path / "empty")

    result = init(empty.path)

    assert "there is no prompt yet" in result.output
    assert "prompts/NAME.csv, with a header like `input,expected`" in result.output
    assert result.output.endswith("next: promptgit init --example\n")


def test_the_example_is_a_prompt_with_cases_that_can_be_read(tmp_path: Path):
    empty = a_repository(tmp_path / "empty")

    result = init(empty.path, "--example")
    again = init(empty.path)

    assert result.output.endswith("next: promptgit eval prompts/feedback.md\n")
    assert "prompts/feedback.md: 90 cases" in again.output
    assert "wrote" not in again.output


def test_the_example_can_be_improved_and_the_gain_is_confirmed(tmp_path: Path):
    empty = a_repository(tmp_path / "empty")
    init(empty.path, "--example")
    empty.git("add", "--all")
    empty.git("commit", "-q", "-m", "Set up promptgit")

    checked = promptgit(empty, "lint")
    improved = promptgit(empty, "improve", "feedback", "--json")

    assert (checked.code, checked.out) == (0, "1 prompt, no mistake found\n")
    assert improved.json["state"] == "confirmed"


def test_the_example_stays_away_where_there_are_prompts(repository: Repository):
    init(repository.path, "--example")

    assert "prompts/feedback.md" not in files(repository)


def test_a_prompt_without_cases_is_told_where_they_go(tmp_path: Path):
    bare = a_repository(tmp_path / "r", {"prompts/reply.txt": PROMPT})

    result = init(bare.path)

    assert "prompts/reply.txt: no cases" in result.output
    assert "Write prompts/reply.csv with a header like `input,expected`" in result.output
    assert "prompts/reply.eval.yaml" not in files(bare)


def test_a_pipeline_is_found_and_its_cases_get_an_eval_file(tmp_path: Path):
    files = {
        "prompts/sort.md": "Sort it.\n",
        "pipelines/desk.yaml": "steps: [{name: sort, prompt: prompts/sort.md}]\n",
        "pipelines/desk.csv": "input,expected\na pear,fruit\na saw,tool\n",
        "pipelines/build.yaml": "steps: [{run: make}]\n",
    }
    repository = a_repository(tmp_path / "r", files)

    said = promptgit(repository, "init")

    assert "pipelines/desk.yaml: 2 cases" in said.out
    assert "build.yaml" not in said.out
    assert (repository.path / "pipelines/desk.eval.yaml").is_file()
    assert "pipelines/*.yaml text eol=lf" in (repository.path / ".gitattributes").read_text()
    assert "next: promptgit eval pipelines/desk.yaml" in said.out
    assert promptgit(repository, "eval", "desk").code == 0


def test_cases_that_cannot_be_read_are_said_and_do_not_stop_it(tmp_path: Path):
    files_ = {"prompts/reply.md": PROMPT, "prompts/reply.csv": "q,answer,label\na,b,c\n"}
    repository = a_repository(tmp_path / "r", files_)

    result = init(repository.path)

    assert "could each be the expected answer" in result.output
    assert "columns: {expected: answer}" in result.output
    assert (repository.path / "promptgit.yaml").exists()


def test_an_invalid_config_is_an_error_and_nothing_is_written(repository: Repository):
    repository.write({"promptgit.yaml": "modle: x\n"})

    with pytest.raises(UserError, match="unknown key 'modle'"):
        init(repository.path)

    assert ".gitattributes" not in files(repository)


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["prompts/a.md", "bot/prompts/b.md"], DEFAULT_PROMPTS),
        (["src/Prompts/a.md"], ("src/Prompts/**/*.{md,txt}", "!**/README.md")),
        (["bot/reply.txt", "bot/reply.jsonl", "bot/notes.txt"], ("bot/reply.txt",)),
        (["bot/reply.prompt.md"], ("bot/reply.prompt.md",)),
        (["bot/reply.prompt.yml", "x.prompty"], ("bot/reply.prompt.yml", "x.prompty")),
        (
            ["src/prompts/a.md", "src/prompts/b.prompty"],
            ("src/prompts/**/*.{md,txt,prompt,prompty,prompt.yml,prompt.yaml}", "!**/README.md"),
        ),
        (["README.md", "requirements.txt", "requirements.csv", "docs/a.md"], DEFAULT_PROMPTS),
    ],
)
def test_prompts_are_found_where_people_put_them(names, patterns):
    assert prompt_patterns(names) == patterns


def test_found_places_are_written_down(tmp_path: Path):
    repository = a_repository(tmp_path / "r", {"bot/reply.txt": PROMPT, "bot/reply.csv": CASES})

    init(repository.path)

    written = files(repository)
    assert parse_config(written["promptgit.yaml"]).prompts == ("bot/reply.txt",)
    assert "bot/reply.eval.yaml" in written


def test_every_commented_setting_is_valid_when_it_is_uncommented():
    lines = config_text(DEFAULT_PROMPTS).splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith("# ") and ": " in line]
    offered = [line for line in settings if line.split(":")[0].isidentifier() and line[0].islower()]

    config = parse_config("\n".join(offered).encode())

    assert {line.split(":")[0] for line in offered} == {
        "mentor",
        "prompts",
        "pipelines",
        "budget",
        "check",
    }
    assert config.mentor.name == "gpt-5"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no symbolic links for everybody")
def test_it_does_not_write_through_a_dangling_link(repository: Repository, tmp_path: Path):
    outside = tmp_path / "outside.yaml"
    (repository.path / "promptgit.yaml").symlink_to(outside)

    with pytest.raises(UserError, match=r"promptgit\.yaml cannot be written"):
        init(repository.path)

    assert not outside.exists()


def test_text_that_is_stored_with_crlf_is_named_with_the_command_that_mends_it(tmp_path: Path):
    stored = {"prompts/reply.md": PROMPT.replace("\n", "\r\n"), "prompts/reply.csv": CASES}
    repository = a_repository(tmp_path / "r", stored)

    result = init(repository.path)

    assert "git add --renormalize prompts/reply.md" in result.output
    assert "prompts/reply.csv is stored" not in result.output
