"""`promptgit check`: what a reviewer relies on."""

import json
from dataclasses import dataclass

import pytest

from cli.terminal import PROMPT, SEED, WORDS, a_clerk, an_office, promptgit
from promptgit.testing.repositories import Repository

RULES = "".join(f"- {word} means {label}\n" for label, words in WORDS.items() for word in words)
EVAL = "prompts/sort.eval.yaml"
CASES = "prompts/sort.csv"
ASSERT = "assert: [equals]\n"


def knowing(*labels: str) -> str:
    """The prompt, knowing what the words of these labels mean."""
    kept = [line for line in RULES.splitlines() if line.rpartition(" ")[2] in labels]
    return SEED + "".join(f"{line}\n" for line in kept)


ALL = knowing("fruit", "tool", "animal")
WORSE = knowing("fruit", "tool")


@pytest.fixture
def office(tmp_path):
    """A repository whose prompt knows everything, and a branch to change it on."""
    repository = an_office(tmp_path, {PROMPT: ALL, EVAL: ASSERT, "promptgit.yaml": "model: m\n"})
    repository.git("switch", "-q", "-c", "change")
    return repository


@pytest.fixture
def clerk(monkeypatch):
    with a_clerk(monkeypatch) as server:
        yield server


@dataclass(frozen=True)
class Checked:
    code: int
    report: dict
    err: str

    @property
    def prompt(self) -> dict:
        (found,) = self.report["prompts"]
        return found

    @property
    def says(self) -> list[str]:
        return [change["says"] for change in self.prompt["changes"]]


def checked(repository: Repository, *words: str) -> Checked:
    said = promptgit(repository, "-q", "check", *words, "--format", "json")
    assert said.out, said.err
    return Checked(said.code, json.loads(said.out), said.err)


def test_a_change_that_loses_a_third_of_the_answers_is_a_regression(office, clerk):
    office.commit({PROMPT: WORSE})

    found = checked(office)

    assert (found.code, found.report["verdict"]) == (1, "REGRESSION")
    assert found.report["delta"] < -0.1
    assert found.prompt["why"] == ["its text changed"]
    assert found.report["spent"]["saved"] > 0


def test_other_words_for_the_same_thing_pass(office, clerk):
    office.commit({PROMPT: ALL.replace("Sort the message.", "Sort this message.")})

    found = checked(office)

    assert (found.code, found.report["verdict"]) == (0, "PASS")


def test_a_change_that_concerns_no_prompt_asks_nobody(office, clerk):
    office.commit({"README.md": "# Office\n"})

    found = checked(office)

    assert (found.code, found.report["verdict"], found.report["prompts"]) == (0, "PASS", [])
    assert clerk.calls == 0


def test_the_same_again_makes_no_call(office, clerk):
    office.commit({PROMPT: WORSE})
    first = checked(office)
    asked = clerk.calls

    again = checked(office)

    assert clerk.calls == asked
    assert again.report["spent"]["calls"] == 0
    spent = {"spent": None}
    assert first.report | spent == again.report | spent


def test_a_clone_with_the_records_makes_no_call_either(office, clerk, tmp_path, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    office.commit({PROMPT: WORSE})
    checked(office)
    asked = clerk.calls
    clone = Repository(tmp_path / "clone")
    office.git("clone", "-q", "--no-local", str(office.path), str(clone.path))
    clone.git("fetch", "-q", "origin", "refs/promptgit/*:refs/promptgit/*")

    found = checked(clone, "origin/main", "HEAD")

    assert found.report["verdict"] == "REGRESSION"
    assert clerk.calls == asked


def test_in_ci_a_record_is_believed_only_when_asked_for(office, clerk, tmp_path, monkeypatch):
    monkeypatch.setenv("CI", "true")
    office.commit({PROMPT: WORSE})
    checked(office)
    asked = clerk.calls
    clone = Repository(tmp_path / "clone")
    office.git("clone", "-q", "--no-local", str(office.path), str(clone.path))
    clone.git("fetch", "-q", "origin", "refs/promptgit/*:refs/promptgit/*")

    checked(clone, "origin/main", "HEAD")

    assert clerk.calls > asked


def test_the_files_of_the_work_tree_are_not_read_unless_asked(office, clerk):
    office.commit({"README.md": "# Office\n"})
    office.write({PROMPT: WORSE})

    assert checked(office).report["prompts"] == []
    assert checked(office, "--worktree").report["verdict"] == "REGRESSION"


def test_an_include_concerns_every_prompt_that_includes_it(tmp_path, clerk):
    shared = {
        "prompts/rules.md": RULES,
        PROMPT: SEED + '{% include "rules.md" %}',
        "prompts/other.md": "Sort it.\n{% include 'rules.md' %}",
        EVAL: ASSERT,
        "prompts/other.eval.yaml": "cases: sort.csv\n" + ASSERT,
        "promptgit.yaml": "model: m\n",
    }
    repository = an_office(tmp_path, shared)
    repository.git("switch", "-q", "-c", "change")
    repository.commit({"prompts/rules.md": RULES.replace("lynx", "lion")})

    found = checked(repository)

    assert [prompt["path"] for prompt in found.report["prompts"]] == ["prompts/other.md", PROMPT]
    assert found.report["prompts"][0]["why"] == ["it includes rules.md, which changed"]


def test_a_lower_bar_in_the_same_change_does_not_help(office, clerk):
    office.commit({PROMPT: WORSE, EVAL: ASSERT + "check: {margin: 0.9}\n"})

    found = checked(office)

    assert found.code == 1
    assert [gate["rules"] for gate in found.prompt["gates"]] == ["base", "head"]
    assert "margin: 0.05 -> 0.9" in found.says


def test_cases_that_head_deletes_are_run_all_the_same(office, clerk):
    kept = list(office.path.joinpath(CASES).read_text().splitlines(keepends=True))
    without = "".join(line for line in kept if not line.startswith("case-animal"))
    office.commit({PROMPT: WORSE, CASES: without})

    found = checked(office)

    assert found.report["verdict"] == "REGRESSION"
    assert any("30 cases deleted" in says for says in found.says)
    origins = {case["origin"] for case in found.prompt["gates"][0]["cases"]}
    assert "deleted" in origins


def test_a_scorer_that_head_softens_is_seen_and_both_must_hold(office, clerk):
    office.commit({PROMPT: WORSE, EVAL: "assert: [{type: regex, value: '.'}]\n"})

    found = checked(office)

    assert found.report["verdict"] == "REGRESSION"
    assert any("equals" in says for says in found.says)
    base, head = found.prompt["gates"]
    assert (base["verdict"], head["verdict"]) == ("REGRESSION", "PASS")


def test_a_harder_scorer_of_head_must_hold_as_well(office, clerk):
    extra = "assert:\n  - equals\n  - {type: contains, value: fruit, metric: fruity}\n"
    office.commit({PROMPT: WORSE.replace("Sort", "Sort", 1), EVAL: extra})

    found = checked(office)

    assert [gate["rules"] for gate in found.prompt["gates"]] == ["base", "head"]


def test_a_column_that_head_adds_with_its_hole_is_no_obstacle(office, clerk):
    rows = office.path.joinpath(CASES).read_text().splitlines()
    wider = "\n".join([f"{rows[0]},desk", *(f"{row},seven" for row in rows[1:])]) + "\n"
    office.commit({CASES: wider, PROMPT: ALL + "Desk {{ desk }}.\n"})

    found = checked(office)

    assert found.report["verdict"] == "PASS", found.prompt["note"]


def test_a_hole_that_no_case_fills_is_no_pass(office, clerk):
    office.commit({PROMPT: ALL + "Desk {{ desk }}.\n"})

    found = checked(office)

    assert (found.code, found.report["verdict"]) == (3, "INVALID")
    assert "desk" in found.prompt["note"]
    assert clerk.calls == 0


def test_a_must_pass_case_decides_alone(tmp_path, clerk):
    repository = an_office(
        tmp_path,
        {
            PROMPT: ALL,
            EVAL: ASSERT + "must_pass: [case-animal-3]\n",
            "promptgit.yaml": "model: m\ncheck: {margin: 0.9}\n",
        },
    )
    repository.git("switch", "-q", "-c", "change")
    repository.commit({PROMPT: ALL.replace("- lynx means animal\n", "")})

    found = checked(repository)

    assert found.code == 1
    assert "case-animal-3" in found.prompt["gates"][0]["sentence"]


def test_a_new_prompt_is_named_and_passes(office, clerk):
    office.commit({"prompts/new.md": "Be new.\n", "prompts/new.csv": "q,a\nhi,ho\n"})

    found = checked(office)

    assert (found.code, found.prompt["standing"]) == (0, "new")


def test_a_renamed_prompt_is_compared_with_what_it_was(office, clerk):
    office.git("mv", PROMPT, "prompts/classify.md")
    office.git("mv", EVAL, "prompts/classify.eval.yaml")
    office.git("mv", CASES, "prompts/classify.csv")
    office.commit({"prompts/classify.md": WORSE})

    found = checked(office)

    assert found.prompt["old_path"] == PROMPT
    assert found.report["verdict"] == "REGRESSION"


def test_a_spent_budget_is_no_pass(office, clerk):
    office.commit({PROMPT: ALL.replace("Sort the", "Sort this")})

    found = checked(office, "--budget", "10calls")

    assert (found.code, found.report["verdict"]) == (3, "INVALID")
    assert "budget of 10 calls" in found.prompt["note"]
    assert clerk.calls <= 10


def test_the_budget_is_bases(office, clerk):
    office.git("switch", "-q", "main")
    office.commit({"promptgit.yaml": "model: m\nbudget: {calls: 10}\n"})
    office.git("switch", "-q", "-c", "greedy")
    office.commit({PROMPT: WORSE, "promptgit.yaml": "model: m\nbudget: {calls: 100000}\n"})

    found = checked(office, "main")

    assert found.report["verdict"] == "INVALID"
    assert clerk.calls <= 10


def test_a_provider_that_is_down_is_no_pass(office, monkeypatch):
    with a_clerk(monkeypatch) as server:
        url = server.base_url
    monkeypatch.setenv("OPENAI_BASE_URL", url)  # nobody listens any more
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    office.commit({PROMPT: WORSE, "promptgit.yaml": "model: m\nretries: 0\n"})

    found = checked(office)

    assert (found.code, found.report["verdict"]) == (3, "INVALID")


def test_not_settled_warns_and_strict_fails(tmp_path, clerk):
    repository = an_office(
        tmp_path, {PROMPT: ALL, EVAL: ASSERT, "promptgit.yaml": "model: m\n"}, per_label=4
    )
    repository.git("switch", "-q", "-c", "change")
    repository.commit({PROMPT: ALL.replace("Sort the", "Sort this")})

    assert checked(repository).report["verdict"] == "INCONCLUSIVE"
    assert checked(repository).code == 0
    assert checked(repository, "--strict").code == 5


def test_explain_calls_nobody(office, clerk):
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "check", "--explain")

    assert said.code == 0
    assert "its text changed" in said.out
    assert "90 cases" in said.out
    assert clerk.calls == 0


def test_explain_needs_no_key(office, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    office.commit({PROMPT: WORSE})

    assert promptgit(office, "check", "--explain").code == 0


def test_nothing_of_the_users_is_touched(office, clerk):
    office.commit({PROMPT: WORSE})
    office.write({"scratch.txt": "mine\n", PROMPT: "half an edit"})
    office.git("add", PROMPT)
    before = (office.status(), office.head, (office.path / ".git/index").read_bytes())

    checked(office)
    checked(office, "--worktree")

    assert (office.status(), office.head, (office.path / ".git/index").read_bytes()) == before


def test_a_base_that_is_an_option_is_refused(office, tmp_path):
    said = promptgit(office, "check", "--", f"--output={tmp_path / 'x'}")

    assert said.code == 2
    assert not (tmp_path / "x").exists()


def test_a_report_whose_name_tells_no_form_is_refused_before_a_call(office, clerk):
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "check", "--report", "report.pdf")

    assert said.code == 2
    assert clerk.calls == 0


def test_what_lint_says_of_the_new_text_is_reported_and_the_old_is_not(office, clerk):
    office.git("switch", "-q", "main")
    office.commit({PROMPT: ALL + "old\u200b\n"})
    office.git("switch", "-q", "-c", "hidden")
    office.commit({PROMPT: ALL + "old\u200b\nnew\u202e\n"})

    found = checked(office, "main")

    assert [finding["line"] for finding in found.prompt["lint"]] == [len(ALL.splitlines()) + 2]


def test_check_and_lint_say_the_same_of_heads_eval_file(office, clerk):
    gone = "quarantine: [{case: nobody, owner: '@ana', reason: flips, until: 2099-01-31}]\n"
    office.commit({PROMPT: WORSE, EVAL: ASSERT + gone})
    office.write({EVAL: ASSERT})

    found = checked(office).prompt["lint"]
    office.write({EVAL: ASSERT + gone})
    linted = promptgit(office, "lint", PROMPT, "--format", "json").json["findings"]

    assert [one["rule"] for one in found] == ["eval-file"]
    assert "names 'nobody', and no case is called that" in found[0]["message"]
    assert [(one["path"], one["line"], one["column"], one["message"]) for one in found] == [
        (one["file"], one["line"], one["column"], one["message"])
        for one in linted
        if one["severity"] != "advice"
    ]


def test_edits_that_are_not_committed_are_said_not_to_be_looked_at(office, clerk, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    office.commit({PROMPT: WORSE})
    office.write({PROMPT: ALL})

    assert "--worktree" in promptgit(office, "check", "--explain").err
    assert "--worktree" not in promptgit(office, "check", "--explain", "--worktree").err
    assert "--worktree" not in promptgit(office, "-q", "check", "--explain").err


def test_scorers_of_head_that_are_not_run_leave_the_change_unsettled(office, clerk):
    grader = "def get_assert(output, context):\n    return 1.0\n"
    extra = "assert:\n  - equals\n  - {type: python, value: 'file://grade.py'}\n"
    changed = ALL.replace("Sort the", "Sort this")
    office.commit({PROMPT: changed, EVAL: extra, "prompts/grade.py": grader})

    closed = checked(office)
    opened = checked(office, "--allow-head-code")

    assert (closed.report["verdict"], closed.code) == ("INCONCLUSIVE", 0)
    assert "grade.py" in closed.prompt["note"]
    assert [gate["verdict"] for gate in closed.prompt["gates"]] == ["PASS"]
    assert opened.report["verdict"] == "PASS"
