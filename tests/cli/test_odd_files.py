"""Files that clumsy and hostile hands wrote: every command says what is wrong, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.testing.repositories import Repository, a_repository

CASES = "id,comment,response,tags\n1,hello there,hi,a\n2,bye now,ciao,b\n"


def a_desk(path: Path, **files: str) -> Repository:
    """One prompt with two cases; `eval`, `config`, `prompt` and `cases` replace what it has."""
    named = {
        "prompts/p.txt": files.get("prompt", "Sort it.\n"),
        "prompts/p.csv": files.get("cases", CASES),
    }
    if "eval" in files:
        named["prompts/p.eval.yaml"] = files["eval"]
    if "config" in files:
        named["promptgit.yaml"] = files["config"]
    return a_repository(path / "desk", named)


def test_a_prompt_includes_no_file_from_elsewhere_on_the_disk(tmp_path: Path):
    secret = tmp_path / "secret.md"
    secret.write_text("sk-1")
    desk = a_desk(tmp_path, prompt=f'{{% include "{secret.as_posix()}" %}}\n')

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "there is no such file" in said.err


@pytest.mark.parametrize("name", ["p.txt", "a.md"])
def test_a_prompt_that_includes_itself_is_refused(tmp_path: Path, name: str):
    desk = a_desk(tmp_path, prompt=f'{{% include "{name}" %}}\n')
    desk.commit({"prompts/a.md": '{% include "b.md" %}', "prompts/b.md": '{% include "a.md" %}'})

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "includes itself" in said.err


def test_two_prompts_may_include_the_same_text(tmp_path: Path):
    desk = a_desk(tmp_path, prompt='{% include "a.md" %} {% include "b.md" %}\n')
    desk.commit(
        {
            "prompts/a.md": '{% include "c.md" %}',
            "prompts/b.md": '{% include "c.md" %}',
            "prompts/c.md": "Be kind.",
        }
    )

    assert promptgit(desk, "eval", "p").code == 0


@pytest.mark.parametrize("name", [".env", "../.env", "private/key.md", "shown.md"])
def test_a_prompt_includes_no_file_that_git_ignores(tmp_path: Path, name: str):
    desk = a_desk(tmp_path, prompt=f'{{% include "{name}" %}}\n')
    desk.commit({".gitignore": ".env\nprivate/\n"})
    desk.write({".env": "KEY=sk-1", "prompts/.env": "KEY=sk-1", "prompts/private/key.md": "sk-1"})
    (desk.path / "prompts/shown.md").symlink_to("private/key.md")

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert f"prompts/p.txt includes {name!r}, which Git ignores" in said.err
    assert "sk-1" not in said.err


def test_a_prompt_may_include_what_git_tracks_or_would(tmp_path: Path):
    desk = a_desk(tmp_path, prompt='{% include "old.md" %} {% include "new.md" %}\n')
    desk.commit({"prompts/old.md": "Be kind."})
    desk.commit({".gitignore": "old.md\n"})
    desk.write({"prompts/new.md": "Be brief."})

    assert promptgit(desk, "eval", "p").code == 0


def test_an_assertion_reads_no_file_that_git_ignores(tmp_path: Path):
    asked = "assert: [{type: is-json, value: file://.env}]\n"
    desk = a_desk(tmp_path, eval=asked)
    desk.commit({".gitignore": ".env\n"})
    desk.write({"prompts/.env": "{}"})

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "prompts/.env" in said.err
    assert "which Git ignores" in said.err


@pytest.mark.parametrize("ref", [(), ("--ref", "HEAD")])
def test_a_file_that_may_be_missing_is_not_insisted_on(tmp_path: Path, ref: tuple[str, ...]):
    desk = a_desk(tmp_path, prompt='{% include "gone.md" ignore missing %}Sort it.\n')

    assert promptgit(desk, "eval", "p", *ref).code == 0


@pytest.mark.parametrize("ref", [(), ("--ref", "HEAD")])
def test_of_several_files_the_first_that_exists_is_included(tmp_path: Path, ref: tuple[str, ...]):
    names = '["none.md", "house.md", "other.md"]'
    desk = a_desk(tmp_path, prompt=f"{{% include {names} %}}\n")
    desk.commit({"prompts/house.md": "Be kind.", "prompts/other.md": "{% include 'gone.md' %}"})

    assert promptgit(desk, "eval", "p", *ref).code == 0


def test_one_of_several_files_must_exist(tmp_path: Path):
    desk = a_desk(tmp_path, prompt='{% include ["a.md", "b.md"] %}\n')

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "prompts/p.txt includes 'a.md' or 'b.md', and there is no such file" in said.err


def test_an_include_whose_name_only_the_case_knows_is_refused(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, prompt="{% include comment %}\n"), "eval", "p")

    assert said.code == 2
    assert "includes 'hello there'" in said.err


def test_a_brace_that_is_not_closed_in_the_pattern_of_prompts_is_a_users_error(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, config='prompts: "prompts/*.{md,txt"\n'), "eval", "p")

    assert said.code == 2
    assert "prompts/*.{md,txt" in said.err


def test_a_config_of_another_suffix_is_not_overlooked(tmp_path: Path):
    desk = a_desk(tmp_path)
    desk.commit({"promptgit.yml": "model: gpt-5-mini\n"})

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "promptgit.yml is not read" in said.err


def test_rows_that_are_left_out_are_named(tmp_path: Path):
    cases = "comment,response\nhello,hi\n,hi\nbye,\n"

    said = promptgit(a_desk(tmp_path, cases=cases), "eval", "p")

    assert "1 case, 2 rows left out" in said.out
    assert "line 3: comment is missing" in said.out
    assert "line 4: the expected answer is missing" in said.out


def test_of_many_rows_that_are_left_out_some_are_named(tmp_path: Path):
    cases = "comment,response\nhello,hi\n" + ",hi\n" * 40

    said = promptgit(a_desk(tmp_path, cases=cases), "eval", "p")

    assert "line 3: comment is missing" in said.out
    assert "and 37 more" in said.out


def test_an_assertion_that_is_wrong_is_named_by_its_line(tmp_path: Path):
    wrong = "assert:\n  - equals\n  - {type: contians, value: x}\n"

    said = promptgit(a_desk(tmp_path, eval=wrong), "eval", "p")

    assert said.code == 2
    assert "prompts/p.eval.yaml:3:5" in said.err
    assert "did you mean 'contains'?" in said.err


def test_an_assertion_of_the_repository_is_named_by_its_file(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, config="defaults: {assert: [nope]}\n"), "eval", "p")

    assert said.code == 2
    assert "promptgit.yaml, defaults" in said.err


@pytest.mark.parametrize("key", ["cases", "assert"])
def test_an_empty_list_does_not_pass_for_a_key_that_is_missing(tmp_path: Path, key: str):
    said = promptgit(a_desk(tmp_path, eval=f"{key}: []\n"), "eval", "p")

    assert said.code == 2
    assert f"prompts/p.eval.yaml:1:{len(key) + 3}" in said.err


def test_weights_that_are_all_zero_measure_nothing(tmp_path: Path):
    none = "assert: [{type: equals, weight: 0}]\n"

    said = promptgit(a_desk(tmp_path, eval=none), "eval", "p")

    assert said.code == 2
    assert "weight" in said.err


def test_tags_that_no_case_has_are_named(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, eval="tags: [zebra]\n"), "eval", "p")

    assert said.code == 2
    assert "zebra" in said.err
    assert "a, b" in said.err


@pytest.mark.parametrize("command", [["eval", "p"], ["improve", "p", "--dry-run"]])
def test_a_must_pass_that_no_case_has_is_named(tmp_path: Path, command: list[str]):
    said = promptgit(a_desk(tmp_path, eval="must_pass: ['1', b, refnd]\n"), *command)

    assert said.code == 2
    assert "'refnd'" in said.err


def test_a_case_file_that_is_missing_is_said_with_who_names_it(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, eval="cases: nope.csv\n"), "eval", "p")

    assert said.code == 2
    assert "prompts/p.eval.yaml" in said.err
    assert "prompts/nope.csv" in said.err


def test_the_cases_of_a_bare_repository_are_read_from_git(tmp_path: Path):
    desk = a_desk(tmp_path)
    desk.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))

    said = promptgit(tmp_path / "bare", "eval", "p")

    assert said.code == 0
    assert "2 cases" in said.out


def test_a_file_with_the_line_ends_of_an_old_mac_is_told_so(tmp_path: Path):
    said = promptgit(a_desk(tmp_path, cases="comment,response\rhello,hi\r"), "eval", "p")

    assert said.code == 2
    assert "line ends" in said.err


def test_a_prompt_with_a_conflict_is_not_evaluated(tmp_path: Path):
    desk = a_desk(tmp_path)
    desk.git("switch", "--quiet", "-c", "other")
    desk.commit({"prompts/p.txt": "Theirs.\n"})
    desk.git("switch", "--quiet", "-")
    desk.commit({"prompts/p.txt": "Ours.\n"})
    with pytest.raises(AssertionError):
        desk.git("merge", "--no-ff", "other")

    said = promptgit(desk, "eval", "p")

    assert said.code == 2
    assert "conflict" in said.err


def test_what_stands_beside_a_prompt_is_no_obstacle_to_improving_it(tmp_path: Path):
    desk = a_desk(
        tmp_path, cases="id,comment,response\n" + "".join(f"{n},a {n},b\n" for n in range(9))
    )
    (desk.path / "prompts/link.md").symlink_to("p.txt")
    desk.git("add", "prompts/link.md")
    desk.git("commit", "--quiet", "--message", "link", "--no-verify")

    said = promptgit(desk, "improve", "p", "--dry-run")

    assert said.code == 0


@pytest.mark.parametrize("typed", ["prompts/x/same", "x/same", "prompts/x/same.txt"])
def test_a_prompt_may_be_named_by_the_end_of_its_path(tmp_path: Path, typed: str):
    desk = a_desk(tmp_path)
    desk.commit({f"prompts/{folder}/same.txt": f"Be {folder}.\n" for folder in "xy"})

    for command in ("log", "blame"):
        assert promptgit(desk, command, typed).code == 0
    said = promptgit(desk, "eval", typed, "--cases", "prompts/p.csv")
    assert said.code == 0


@pytest.mark.parametrize("command", ["log", "blame", "eval"])
def test_a_name_that_two_prompts_have_is_answered_with_both(tmp_path: Path, command: str):
    desk = a_desk(tmp_path)
    desk.commit({f"prompts/{folder}/same.txt": f"Be {folder}.\n" for folder in "xy"})

    said = promptgit(desk, command, "same")

    assert said.code == 2
    assert "prompts/x/same.txt or prompts/y/same.txt" in said.err


@pytest.mark.parametrize("typed", ["prompts", "."])
def test_a_folder_is_not_taken_for_a_prompt(tmp_path: Path, typed: str):
    said = promptgit(a_desk(tmp_path), "eval", typed)

    assert said.code == 2
    assert "folder" in said.err
    assert "prompts/p.txt" in said.err


def test_a_repository_without_a_commit_says_so(tmp_path: Path):
    empty = a_repository(tmp_path / "empty")

    for words in (["log"], ["show", "HEAD"], ["blame", "x"], ["verify"], ["revert", "HEAD"]):
        said = promptgit(empty, *words)
        assert said.code == 2
        assert "no commit yet" in said.err


def test_the_lines_of_a_file_with_a_strange_name_are_blamed_on_their_score(tmp_path: Path):
    desk = a_repository(
        tmp_path / "desk", {'prompts/q"\\t.txt': "Sort it.\n", 'prompts/q"\\t.csv': CASES}
    )
    promptgit(desk, "eval", 'q"\\t')

    assert "evaluated" in promptgit(desk, "log", 'q"\\t').out
    assert "evaluated" in promptgit(desk, "blame", 'q"\\t').out


def test_control_characters_in_a_name_reach_no_terminal(tmp_path: Path):
    name = "prompts/a\x1b[31m"
    desk = a_repository(tmp_path / "desk", {f"{name}.txt": "Sort it.\n", f"{name}.csv": CASES})

    good = promptgit(desk, "eval", f"{name}.txt")
    bad = promptgit(desk, "eval", f"{name}.md")

    assert "\x1b" not in good.out + good.err + bad.out + bad.err
    assert (good.code, bad.code) == (0, 2)


@pytest.mark.parametrize("content", [b"\x00\xff\x01", b"caf\xe9\n"])
def test_the_history_of_a_file_that_is_not_text_is_shown(tmp_path: Path, content: bytes):
    desk = a_desk(tmp_path)
    desk.commit({"prompts/b.txt": content})
    desk.commit({"prompts/b.txt": content + b"more\n"})

    for words in (["log", "b"], ["show", "HEAD"], ["diff", "HEAD~1", "HEAD"], ["blame", "b"]):
        assert promptgit(desk, *words).code == 0


def test_a_text_that_is_gone_is_shown_without_an_empty_addition(tmp_path: Path):
    desk = a_desk(tmp_path)
    desk.git("rm", "--quiet", "prompts/p.txt")
    desk.git("commit", "--quiet", "--message", "away", "--no-verify")

    said = promptgit(desk, "show", "HEAD")

    assert "[-Sort it.-]" in said.out
    assert "{++}" not in said.out


@pytest.mark.parametrize(
    "cases",
    [
        "id,comment,response\n1,hello,hi\n",
        "comment,response,group\n" + "".join(f"hello {n},hi,all\n" for n in range(70)),
    ],
    ids=["one case", "one group"],
)
def test_cases_that_cannot_be_halved_stop_an_improvement_before_it_spends(
    tmp_path: Path, cases: str
):
    said = promptgit(a_desk(tmp_path, cases=cases), "improve", "p")

    assert said.code == 2
    assert "cannot be halved" in said.err
    assert "nan" not in said.out + said.err


def test_sealed_cases_that_repeat_another_one_are_told_and_prove_nothing(tmp_path: Path):
    rows = "".join(f"hello {n % 75},hi,c{n}\n" for n in range(90))

    desk = a_desk(tmp_path, cases="comment,response,id\n" + rows)
    said = promptgit(desk, "improve", "p", "--dry-run")

    assert "sealed cases that say the same as another one, and so could prove nothing" in said.err


def test_an_embedder_of_the_provider_needs_a_provider(tmp_path: Path):
    config = "embedder: provider\ndefaults: {assert: [similar]}\n"

    said = promptgit(a_desk(tmp_path, config=config), "eval", "p")

    assert said.code == 2
    assert "embedder" in said.err
    assert "lexical" in said.err


def test_a_recording_that_is_missing_is_named(tmp_path: Path):
    said = promptgit(a_desk(tmp_path), "eval", "p", "--model", "replay/nowhere.jsonl")

    assert said.code == 2
    assert "nowhere.jsonl" in said.err
    assert "Errno" not in said.err
