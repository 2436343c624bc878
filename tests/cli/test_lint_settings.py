"""`promptgit lint` on `promptgit.yaml` and eval files: what every other command refuses."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.cli.lint_settings import eval_faults
from promptgit.config.glance import lint_eval
from promptgit.core.dataset import Case
from promptgit.lint.finding import Place
from promptgit.testing.repositories import Repository, a_repository

EVAL = "prompts/reply.eval.yaml"
CASES = "id,message,label,tags\n" + "".join(f"c{n},Where is {n}?,late,t{n}\n" for n in range(20))
FLIPS = "owner: '@ana', reason: flips"
LATER = f"{datetime.now(UTC).year + 1}-01-31"


def a_shelf(path: Path, asked: str = "", config: str = "", **more: str) -> Repository:
    """A repository with one prompt of twenty cases."""
    files = {"prompts/reply.md": "Sort the message.\n", "prompts/reply.csv": CASES, **more}
    if asked:
        files[EVAL] = asked
    if config:
        files["promptgit.yaml"] = config
    return a_repository(path / "shelf", files)


def quarantined(*names: str, until: str = LATER) -> str:
    return "quarantine:\n" + "".join(
        f"  - {{case: {name}, until: {until}, {FLIPS}}}\n" for name in names
    )


@pytest.mark.parametrize(
    ("asked", "where", "said", "hint"),
    [
        ("musst_pass: [x]\n", "1:1", "unknown key 'musst_pass'", "did you mean 'must_pass'?"),
        ("assert: [{type: equals, weight: -1}]\n", "1:33", "a number of at least 0", "weight: 2"),
        ("assert: [{type: equals, weight: x}]\n", "1:33", "must be a number", ""),
        ("must_pass: 3\n", "1:12", "must be text or a list", ""),
        (quarantined("c1", until="soon"), "2:23", "a day is written like 2027-01-31", ""),
        (quarantined("c1", until="2027-02-31"), "2:23", "a day is written like 2027-01-31", ""),
        ("model: [\n", "2:1", "this is not YAML", ""),
        ("base_url: http://x\n", "1:1", "may not be set in a repository", "environment"),
    ],
)
def test_what_the_strict_reader_refuses_is_said_in_its_words(
    tmp_path: Path, asked: str, where: str, said: str, hint: str
):
    shelf = a_shelf(tmp_path, asked)

    linted = promptgit(shelf, "lint", "--format", "json")
    evaluated = promptgit(shelf, "eval", "reply")

    (found,) = linted.json["findings"]
    assert (linted.code, evaluated.code) == (1, 2)
    assert (found["rule"], found["severity"]) == ("eval-file", "error")
    assert f"{found['file']}:{found['line']}:{found['column']}" == f"{EVAL}:{where}"
    assert said in found["message"]
    assert hint in found["hint"]
    assert f"{EVAL}:{where}: {found['message']}" in evaluated.err


@pytest.mark.parametrize(
    ("entry", "where", "said", "hint"),
    [
        ("{type: equal}", "1:17", "no scorer is called 'equal'", "did you mean 'equals'?"),
        ("equal", "1:10", "no scorer is called 'equal'", "did you mean 'equals'?"),
        ("{type: equals, ignor_case: true}", "1:17", "'ignor_case'", "'ignore_case'?"),
        ("{type: equals, strip: 'no'}", "1:17", "strip is true or false, not 'no'", ""),
        ("{type: regex, value: '('}", "1:17", "is broken", ""),
        ("{type: word-count}", "1:17", "it needs `value`", ""),
        ("{type: contains, threshold: 3}", "1:17", "between 0 and 1, not 3", ""),
        ("{type: equals, value: 'file://x.txt'}", "1:17", "there is no file 'x.txt'", ""),
        ("{type: equals, value: '{{ label'}", "1:17", "is broken", ""),
    ],
)
def test_an_assertion_that_does_not_bind_is_said_in_the_words_of_eval(
    tmp_path: Path, entry: str, where: str, said: str, hint: str
):
    shelf = a_shelf(tmp_path, f"assert: [{entry}]\n")

    linted = promptgit(shelf, "lint", "--format", "json")
    evaluated = promptgit(shelf, "eval", "reply")

    (found,) = linted.json["findings"]
    assert (linted.code, evaluated.code) == (1, 2)
    assert found["rule"] == "eval-file"
    assert f"{found['file']}:{found['line']}:{found['column']}" == f"{EVAL}:{where}"
    assert said in found["message"]
    assert hint in found["hint"]
    assert found["message"] in evaluated.err


def test_every_assertion_that_is_wrong_is_found(tmp_path: Path):
    asked = "assert:\n  - equal\n  - equals\n  - {type: regex, value: '('}\n"

    found = promptgit(a_shelf(tmp_path, asked), "lint", "--format", "json").json["findings"]

    assert [one["line"] for one in found] == [2, 4]


def test_assertions_that_all_weigh_nothing_measure_nothing(tmp_path: Path):
    shelf = a_shelf(tmp_path, "assert: [{type: equals, weight: 0}]\n")

    assert "weight 0, so nothing would be measured" in promptgit(shelf, "lint").out
    assert "weight 0, so nothing would be measured" in promptgit(shelf, "eval", "reply").err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{{ labl }}", "the hole {{ labl }} is no column of prompts/reply.csv"),
        ("{{ expectd }}", "did you mean {{ expected }}?"),
        ("{% if message %}{{ massage }}{% endif %}", "did you mean {{ message }}?"),
        ("{{ late_only }}", "case 'c1' has nothing for the hole {{ late_only }}"),
    ],
)
def test_a_hole_of_an_assertion_without_a_column_is_found(tmp_path: Path, value: str, said: str):
    rows = "id,message,label,__late_only\nc0,a,x,yes\nc1,b,x,\n"
    columns = "columns: {late_only: __late_only}\ninputs: [message]\n"
    asked = f"{columns}assert: [{{type: contains, value: {{a: ['{value}']}}}}]\n"
    shelf = a_shelf(tmp_path, asked, **{"prompts/reply.csv": rows})

    found = promptgit(shelf, "lint").out

    assert f"{EVAL}:3:" in found
    assert said in found


@pytest.mark.parametrize("value", ["{{ expected }}", "{{ message }}", "{{ x | default('') }}", "x"])
def test_a_hole_that_has_a_column_or_may_be_absent_is_no_finding(tmp_path: Path, value: str):
    shelf = a_shelf(tmp_path, f'assert: [{{type: contains, value: "{value}"}}]\n')

    assert promptgit(shelf, "lint").code == 0


def test_a_case_that_eval_leaves_out_lacks_nothing(tmp_path: Path):
    rows = "id,message,label\nc0,a,x\nc1,b,\n"
    asked = 'assert: [{type: contains, value: "{{ expected }}"}]\n'
    shelf = a_shelf(tmp_path, asked, **{"prompts/reply.csv": rows})

    assert promptgit(shelf, "lint").code == 0


@pytest.mark.parametrize(
    ("asked", "where", "said"),
    [
        (quarantined("c1", until="2020-01-31"), "2:23", "of 'c1' ended on 2020-01-31"),
        (quarantined("c99"), "2:12", "names 'c99', and no case is called that"),
        ("must_pass: [c1]\n" + quarantined("c1"), "3:12", "'c1' cannot be quarantined"),
        ("must_pass: [t1]\n" + quarantined("c1"), "3:12", "'c1' cannot be quarantined"),
        ("tags: [t2]\n" + quarantined("c1"), "3:12", "no case is called that"),
        (quarantined("c1", "c2"), "2:3", "2 of 20 cases are in quarantine"),
    ],
)
def test_a_quarantine_that_does_not_hold_is_found(
    tmp_path: Path, asked: str, where: str, said: str
):
    found = promptgit(a_shelf(tmp_path, asked), "lint", "--format", "json").json["findings"]

    assert [f"{one['line']}:{one['column']}" for one in found] == [where]
    assert said in found[0]["message"]


def test_a_quarantine_holds_on_its_last_day_and_not_on_the_next():
    asked = lint_eval(quarantined("c1", until="2027-01-31").encode(), EVAL)
    cases = [Case(f"c{n}", {"message": "x"}) for n in range(20)]

    on_the_day = eval_faults(asked, cases, {}.get, today=date(2027, 1, 31))
    (after,) = eval_faults(asked, cases, {}.get, today=date(2027, 2, 1))

    assert on_the_day == ()
    assert after.place == Place(EVAL, 2, 23)


def test_tags_that_no_case_has_are_found(tmp_path: Path):
    found = promptgit(a_shelf(tmp_path, "tags: [t-19]\n"), "lint").out

    assert f"{EVAL}:1:7: error eval-file: no case has a tag of `tags: [t-19]`" in found
    assert "did you mean 't19'?" in found


@pytest.mark.parametrize(
    ("config", "where", "said", "hint"),
    [
        ("modle: offline\n", "1:1", "unknown key 'modle'", "did you mean 'model'?"),
        ("model: [\n", "2:1", "this is not YAML", ""),
        ("check: {margin: 5}\n", "1:17", "above 0 and at most 1", ""),
        ("model: Offline\n", "1:8", "did you mean 'offline'?", ""),
        ("defaults: {assert: [equal]}\n", "1:21", "no scorer is called 'equal'", "'equals'?"),
        ("improve: {strategy: critiqe}\n", "1:21", "is called 'critiqe'", "'critique'?"),
        ("check: {metrics: {api_key: 0.1}}\n", "1:19", "may not be set in a repository", ""),
    ],
)
@pytest.mark.parametrize("words", [(), ("reply",), ("prompts/reply.csv",), ("promptgit.yaml",)])
def test_a_config_that_others_refuse_is_found_once(
    tmp_path: Path, config: str, where: str, said: str, hint: str, words: tuple[str, ...]
):
    shelf = a_shelf(tmp_path, config=config, **{"prompts/other.md": "Sort it.\n"})

    found = promptgit(shelf, "lint", "--format", "json", *words)

    wrong = [one for one in found.json["findings"] if one["rule"] != "no-eval-file"]
    assert found.code == 1
    assert [(one["rule"], one["file"]) for one in wrong] == [("config", "promptgit.yaml")]
    assert f"{wrong[0]['line']}:{wrong[0]['column']}" == where
    assert said in wrong[0]["message"]
    assert hint in wrong[0]["hint"]


def test_a_config_is_looked_at_where_there_is_no_prompt_and_is_none_itself(tmp_path: Path):
    shelf = a_repository(tmp_path / "bare", {"promptgit.yaml": "modle: offline\n"})

    for words in ((), ("promptgit.yaml",), ("--only-prompts", "promptgit.yaml")):
        said = promptgit(shelf, "lint", *words)

        assert said.lines[0] == "promptgit.yaml:1:1: error config: unknown key 'modle'"
        assert said.lines[-1] == "0 prompts: 1 error"


def test_the_rules_are_chosen_and_silenced_like_all_others(tmp_path: Path):
    shelf = a_shelf(tmp_path, "musst_pass: [x]\n", "modle: offline\nlint: {ignore: [config]}\n")

    everything = promptgit(shelf, "lint", "--format", "json").json["findings"]
    one = promptgit(shelf, "lint", "--select", "nul", "--format", "json").json["findings"]

    assert ([found["rule"] for found in everything], one) == (["eval-file"], [])


def test_several_mistakes_are_a_finding_each_and_of_many_the_rest_is_counted(tmp_path: Path):
    shelf = a_shelf(tmp_path, "".join(f"key_{n}: 1\n" for n in range(7)))

    found = promptgit(shelf, "lint", "--format", "json").json["findings"]

    assert [one["line"] for one in found] == [1, 2, 3, 4, 5]
    assert found[-1]["message"] == "unknown key 'key_4'; and 2 more"


def test_a_scorer_of_a_third_party_is_known_and_its_code_is_not_run(tmp_path: Path):
    shelf = a_shelf(tmp_path, "assert: [polite]\n")
    package = tmp_path / "site" / "polite-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: polite\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[promptgit.scorers]\npolite = polite:score\n")
    (tmp_path / "site" / "polite.py").write_text("raise SystemExit('it ran')\n")
    look = "from promptgit.cli.main import run\nrun(['lint'])"
    path = [str(tmp_path / "site"), *sys.path]

    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:] = {path!r}\n{look}"],
        cwd=shelf.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_config_as_init_writes_it_loads_no_yaml(tmp_path: Path):
    shelf = a_shelf(tmp_path)
    (shelf.path / "prompts/reply.csv").unlink()
    assert promptgit(shelf, "init").code == 0
    look = """
import sys
from promptgit.cli.main import run
run(["lint", "prompts/reply.md"])
print(sorted(set(sys.modules) & {"yaml", "pydantic", "difflib"}), file=sys.stderr)
"""

    done = subprocess.run(
        [sys.executable, "-c", look], cwd=shelf.path, capture_output=True, text=True, check=False
    )

    assert (shelf.path / "promptgit.yaml").is_file()
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_nothing_heavy_is_loaded_while_all_is_well(tmp_path: Path):
    asked = (
        "cases: reply.csv\nmust_pass: [c2]\ncheck: {margin: 0.1}\nmodel: gpt-5-mini\nassert:\n"
        "  - {type: contains, value: '{{ expected }}', weight: 2}\n  - {type: is-json, value: {}}\n"
    ) + quarantined("c1")
    config = "model: {name: gpt-5, temperature: 0}\nbudget: {usd: 2}\ncheck: {alpha: 0.1}\n"
    shelf = a_shelf(tmp_path, asked, f"{config}defaults: {{assert: [equals]}}\n")
    heavy = ("pydantic", "jinja2", "jsonschema", "rich", "numpy", "importlib.metadata", "regex")
    look = f"""
import sys
from promptgit.cli.main import run
before = set(sys.modules)
run(["lint", "prompts/reply.md"])
print(sorted((set(sys.modules) - before) & set({heavy!r})), file=sys.stderr)
"""

    done = subprocess.run(
        [sys.executable, "-c", look], cwd=shelf.path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.strip()) == (0, "[]")
