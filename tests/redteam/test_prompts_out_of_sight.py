"""Pull requests that make a prompt worse and take it out of the gate's sight."""

from __future__ import annotations

import os

from cli.terminal import PROMPT, sorting_cases
from promptgit.testing.repositories import a_repository
from redteam.attack import CASES, CONFIG, EQUALS, EVAL, GOOD, MODEL, SAME, WORSE

NEW_WORDS = "Say what it is about, in a word: fruit, tool, animal.\n" + "\n".join(
    line for line in WORSE.splitlines() if "fruit" in line
)


def test_the_config_calls_other_files_prompts(machine):
    judged = machine.opens({PROMPT: WORSE, CONFIG: f"{MODEL}prompts: texts/*.md\n"}).judges()

    assert judged.verdict == "REGRESSION"
    assert any("`prompts:` is another in head" in notice for notice in judged.facts["notices"])


def test_the_prompt_is_renamed(machine):
    with machine.pull_request() as repository:
        for name in (PROMPT, EVAL, CASES):
            repository.git("mv", name, name.replace("sort", "order"))
        repository.commit({"prompts/order.md": WORSE})

    assert machine.judges().verdict == "REGRESSION"


def test_the_prompt_moves_to_where_no_prompt_is_looked_for(machine):
    with machine.pull_request() as repository:
        os.mkdir(repository.path / "texts")
        repository.git("mv", PROMPT, "texts/sort.txt")
        repository.commit({"texts/sort.txt": WORSE})

    judged = machine.judges()

    assert judged.verdict == "REGRESSION"
    assert judged.prompt["old_path"] == PROMPT


def test_the_prompt_is_deleted_and_written_anew_under_another_name_with_its_cases(machine):
    cases = (machine.repository.path / CASES).read_text()

    judged = machine.opens(
        {"prompts/new.md": NEW_WORDS, "prompts/new.csv": cases, "prompts/new.eval.yaml": EQUALS},
        without=(PROMPT, CASES, EVAL),
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_the_prompt_is_deleted_and_written_anew_under_another_name_without_cases(machine):
    judged = machine.opens({"prompts/new.md": NEW_WORDS}, without=(PROMPT, CASES, EVAL)).judges()

    assert judged.is_red


def test_a_deleted_prompt_without_cases_lends_its_name_to_the_worse_text(machine):
    machine.base({"prompts/old.md": NEW_WORDS})

    judged = machine.opens(
        {"prompts/new.md": NEW_WORDS}, without=(PROMPT, CASES, EVAL, "prompts/old.md")
    ).judges()

    assert judged.is_red


def test_the_worse_text_passes_for_an_easier_prompt_that_was_renamed(machine):
    easy = sorting_cases(20).splitlines(keepends=True)
    machine.base(
        {
            "prompts/easy.md": NEW_WORDS + "Hi.\n",
            "prompts/easy.csv": "".join(line for line in easy if "apple" in line or "id," in line),
            "prompts/easy.eval.yaml": EQUALS,
        }
    )
    cases = (machine.repository.path / CASES).read_text()
    new = {"new.md": NEW_WORDS, "new.csv": cases, "new.eval.yaml": EQUALS}
    old = [f"prompts/easy{suffix}" for suffix in (".md", ".csv", ".eval.yaml")]

    judged = machine.opens(
        {f"prompts/{name}": text for name, text in new.items()}, without=(PROMPT, CASES, EVAL, *old)
    ).judges()

    assert judged.is_red


def test_the_text_moves_into_a_file_that_the_prompt_includes(machine):
    judged = machine.opens(
        {PROMPT: '{% include "parts/all.txt" %}', "prompts/parts/all.txt": WORSE}
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_only_a_file_that_the_prompt_includes_gets_worse(machine):
    machine.base({PROMPT: '{% include "../parts/all.txt" %}', "parts/all.txt": GOOD})

    judged = machine.opens({"parts/all.txt": WORSE}).judges()

    assert judged.verdict == "REGRESSION"


def test_the_prompt_loses_its_cases_and_passes_for_a_text_that_others_include(machine):
    other = '{% if false %}{% include "sort.md" %}{% endif %}Hello.\n'
    machine.base({"prompts/other.md": "Hello.\n", "prompts/other.csv": "q,a\nhi,ho\n"})

    judged = machine.opens(
        {PROMPT: WORSE, "prompts/other.md": other}, without=(CASES, EVAL)
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_a_symbolic_link_lies_in_the_place_of_the_prompt(machine):
    with machine.pull_request() as repository:
        repository.git("rm", "--quiet", PROMPT)
        repository.write({"texts/worse.txt": WORSE})
        os.symlink("../texts/worse.txt", repository.path / PROMPT)
        repository.git("add", PROMPT)
        repository.commit({"texts/worse.txt": WORSE})

    judged = machine.judges()

    assert judged.is_red
    assert "symbolic link" in judged.prompt["note"]


def test_a_symbolic_link_to_a_secret_lies_in_the_place_of_the_prompt(machine):
    with machine.pull_request() as repository:
        repository.git("rm", "--quiet", PROMPT)
        os.symlink(machine.folder / "secret.txt", repository.path / PROMPT)
        repository.git("add", PROMPT)
        repository.commit({})

    assert machine.judges().is_red


def test_a_submodule_lies_in_the_place_of_all_prompts(machine):
    elsewhere = a_repository(machine.folder / "elsewhere", {"sort.md": WORSE})
    with machine.pull_request() as repository:
        repository.git("rm", "--quiet", "-r", "prompts")
        entry = f"160000,{elsewhere.head},prompts"
        repository.git("update-index", "--add", "--cacheinfo", entry)
        repository.commit(
            {".gitmodules": f'[submodule "p"]\n\tpath = prompts\n\turl = {elsewhere.path}\n'}
        )

    judged = machine.judges()

    assert judged.is_red
    assert "submodule" in judged.prompt["note"]


def test_a_scorer_file_that_the_config_names_is_softened_and_it_is_told(machine):
    strict, soft = '{"type": "string"}', "{}"
    config = f"{MODEL}defaults:\n  assert: [{{type: is-json, value: file://shape.json}}]\n"
    machine.repository.git("rm", "--quiet", EVAL)
    machine.base({"shape.json": strict, CONFIG: config})

    judged = machine.opens({"shape.json": soft}).judges()

    assert "shape.json, which an assertion reads, is another" in judged.says


def test_the_cases_that_an_eval_yml_names_are_deleted_and_it_is_told(machine):
    eval_file = f"{EQUALS}cases: ../shared/all.csv\n"
    cases = (machine.repository.path / CASES).read_text()
    machine.repository.git("rm", "--quiet", EVAL, CASES)
    machine.base({"prompts/sort.eval.yml": eval_file, "shared/all.csv": cases})
    easy = "".join(line for line in cases.splitlines(True) if "animal" not in line)

    judged = machine.opens({"shared/all.csv": easy}).judges()

    assert "20 cases deleted" in judged.says


def test_the_config_silences_lint_for_its_own_hidden_words(machine):
    hidden = SAME + "Be kind\u202e\n"

    judged = machine.opens(
        {
            PROMPT: hidden,
            CONFIG: f"{MODEL}lint: {{ignore: [bidi-control, invisible-character, hidden-text]}}\n",
        }
    ).judges()

    assert judged.prompt["lint"] != []
