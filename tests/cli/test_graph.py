"""`promptgit graph`: who includes whom, as typed."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

FILES = {
    "prompts/reply.md": '{% include "tone.md" %}\nReply to {{ message }}.\n',
    "prompts/reply.csv": "message,expected\nHi,Hello\n",
    "prompts/refund.md": '{% include "prompts/shared/persona.txt" %}\nRefund.\n',
    "prompts/refund.eval.yaml": "cases: [{message: Hi}]\n",
    "prompts/tone.md": '{% include "shared/persona.txt" %}\nBe short.\n',
    "prompts/shared/persona.txt": "You are kind.\n",
    "prompts/alone.md": "Nobody tests me.\n",
    "pipelines/desk.yaml": (
        "steps:\n"
        "  - {name: trim, python: steps/trim.py:trim}\n"
        '  - {name: reply, prompt: prompts/reply.md, inputs: {message: "{{ trim }}"}}\n'
    ),
    "steps/trim.py": "def trim(output, context):\n    return output\n",
}


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "office", FILES)


def test_the_whole_is_drawn_from_those_whom_nobody_uses(office: Repository):
    said = promptgit(office, "graph")

    assert said.code == 0
    assert said.lines == [
        "pipelines/desk.yaml  pipeline, no cases",
        "├─ trim: steps/trim.py  function",
        "└─ reply: prompts/reply.md  cases",
        "   └─ prompts/tone.md",
        "      └─ prompts/shared/persona.txt",
        "prompts/alone.md  no cases",
        "prompts/refund.md  cases in its eval file, eval file",
        "└─ prompts/shared/persona.txt",
        "",
        "5 prompts, 1 pipeline, 1 file used by more than one",
    ]


def test_a_file_is_drawn_with_all_who_use_it_through_others_too(office: Repository):
    said = promptgit(office, "graph", "prompts/shared/persona.txt")

    assert said.lines[:7] == [
        "prompts/shared/persona.txt",
        "",
        "used by",
        "├─ prompts/refund.md  cases in its eval file, eval file",
        "└─ prompts/tone.md",
        "   └─ prompts/reply.md  cases",
        "      └─ reply: pipelines/desk.yaml  pipeline, no cases",
    ]


def test_a_prompt_may_be_called_by_its_name_from_any_folder(office: Repository):
    from_below = promptgit(office.path / "prompts", "graph", "shared/persona.txt")

    assert promptgit(office, "graph", "refund").lines[0].startswith("prompts/refund.md")
    assert from_below.lines[0] == "prompts/shared/persona.txt"


def test_a_missing_include_is_drawn_as_such_and_named_at_the_end(office: Repository):
    office.write({"prompts/alone.md": '{% include "gone.md" %}\n'})

    said = promptgit(office, "graph", "alone")

    assert "└─ gone.md  missing: there is no such file" in said.lines
    assert said.lines[-1] == "missing: gone.md, which prompts/alone.md names"
    assert said.code == 0


def test_an_include_that_may_be_missing_is_none(office: Repository):
    office.write({"prompts/alone.md": '{% include "gone.md" ignore missing %}\n'})

    assert "missing" not in promptgit(office, "graph", "alone").out


def test_a_circle_is_drawn_once_and_named_at_the_end(office: Repository):
    office.write(
        {"prompts/alone.md": '{% include "b.md" %}\n', "prompts/b.md": FILES["prompts/reply.md"]}
    )
    office.write({"prompts/tone.md": '{% include "b.md" %}\n'})

    said = promptgit(office, "graph")

    assert any(line.endswith("goes round in a circle") for line in said.lines)
    assert "a circle: prompts/b.md -> prompts/tone.md -> prompts/b.md" in said.lines


def test_braces_that_are_meant_literally_include_nothing(office: Repository):
    office.write({"prompts/refund.eval.yaml": "template: none\ncases: [{message: Hi}]\n"})

    said = promptgit(office, "graph", "refund")

    assert said.lines[0].startswith("prompts/refund.md")
    assert "persona" not in said.out


def test_a_broken_eval_file_is_told_and_the_rest_is_drawn(office: Repository):
    office.write({"prompts/refund.eval.yaml": "cases: [\n"})

    said = promptgit(office, "graph")

    assert said.code == 0
    assert "prompts/refund.eval.yaml:2" in said.out
    assert "prompts/alone.md  no cases" in said.lines


def test_a_pipeline_that_cannot_be_read_is_told_with_its_line(office: Repository):
    office.write({"pipelines/desk.yaml": "steps:\n  - {name: a, prompt: a.md, promt: b}\n"})

    said = promptgit(office, "graph")

    assert "pipelines/desk.yaml:2" in said.lines[0]
    assert "unknown key 'promt'" in said.lines[0]


def test_a_circle_that_nobody_uses_is_drawn_from_its_first_file(tmp_path: Path):
    files = {
        "prompts/a.md": '{% include "b.md" %}',
        "prompts/b.md": '{% include "a.md" %}{% include "gone.md" %}',
    }

    said = promptgit(a_repository(tmp_path / "office", files), "graph")

    assert said.lines[:4] == [
        "prompts/a.md",
        "└─ prompts/b.md",
        "   ├─ prompts/a.md  goes round in a circle",
        "   └─ gone.md  missing: there is no such file",
    ]


def test_a_revision_is_drawn_as_it_was(office: Repository):
    office.commit({"prompts/refund.md": "Refund.\n"}, "no persona\n")

    now, before = (promptgit(office, "graph", *more).out for more in ((), ("--ref", "HEAD~1")))

    assert now.count("persona.txt") == 1
    assert before.count("persona.txt") == 2


def test_json_has_the_same_files_and_arrows(office: Repository):
    told = promptgit(office, "graph", "--format", "json").json

    kinds = {file["path"]: file["kind"] for file in told["files"]}
    assert kinds["prompts/shared/persona.txt"] == "prompt"
    assert kinds["pipelines/desk.yaml"] == "pipeline"
    assert kinds["steps/trim.py"] == "code"
    assert {(arrow["from"], arrow["to"], arrow["kind"]) for arrow in told["uses"]} >= {
        ("prompts/refund.md", "prompts/shared/persona.txt", "includes"),
        ("pipelines/desk.yaml", "prompts/reply.md", "step"),
    }
    assert told["circles"] == []


def test_a_file_outside_of_the_prompts_has_no_graph(office: Repository):
    said = promptgit(office, "graph", "prompts/reply.csv")

    assert said.code == 0  # it lies beside a prompt, and stands for it
    assert promptgit(office, "graph", "nothing-like-it").code == 2


HOSTILE = 'prompts/x"] --> evil["`<img src=x onerror=alert(1)>`\nclick n0 href javascript:0.md'


def test_no_name_breaks_out_of_a_chart(tmp_path: Path):
    office = a_repository(tmp_path / "office", {HOSTILE: "Hello.\n", "prompts/a.md": "Hi.\n"})

    said = promptgit(office, "graph", "--format", "mermaid")

    fence, kind, *nodes, end = said.lines
    assert (fence, kind, end) == ("```mermaid", "flowchart LR", "```")
    assert len(nodes) == 2
    for node in nodes:
        assert re.fullmatch(r'  n\d+\["[A-Za-z0-9 ./_()#;-]*"\]', node), node


def test_no_name_breaks_out_of_a_tree(tmp_path: Path):
    office = a_repository(tmp_path / "office", {"prompts/a\x1b[2Jb.md": "Hello.\n"})

    said = promptgit(office, "graph")

    assert "\x1b" not in said.out


def test_a_chart_draws_each_kind_of_file_and_what_is_missing(office: Repository):
    office.write({"prompts/alone.md": '{% include "gone.md" %}\n'})

    said = promptgit(office, "graph", "--format", "mermaid")

    assert '[["pipelines/desk.yaml (no cases)"]]' in said.out
    assert '{{"steps/trim.py"}}' in said.out
    assert '["gone.md (missing)"]' in said.out
    assert '-->|"reply"|' in said.out
    assert "classDef missing" in said.out


def test_three_hundred_prompts_are_drawn_in_a_few_seconds(tmp_path: Path):
    files = {"prompts/persona.md": "Be kind.\n"}
    for number in range(300):
        files[f"prompts/p{number}.md"] = '{% include "persona.md" %}\nDo it.\n'
        files[f"prompts/p{number}.csv"] = "a,expected\nb,c\n"
        files[f"prompts/p{number}.eval.yaml"] = "assert: [is-json]\n"
    office = a_repository(tmp_path / "office")
    office.commit_many([(files, "many\n")])

    began = time.monotonic()
    said = promptgit(office, "graph", "persona", "--ref", "HEAD")

    assert time.monotonic() - began < 5
    assert sum("prompts/p" in line for line in said.lines) == 301
