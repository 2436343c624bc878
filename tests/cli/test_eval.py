"""`promptgit eval`, as typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.terminal import PROMPT, SEED, an_office, promptgit, sorting_cases
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import always, by_chance, serving


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office", per_label=10)


def test_it_shows_the_metrics_with_intervals_and_the_worst_cases_with_their_why(office: Repository):
    said = promptgit(office, "eval", "sort")

    assert said.code == 0
    assert "30 cases" in said.out
    assert "95 % interval" in said.out
    assert "Worst cases" in said.out
    assert 'not "tool"' in said.out or "expected" in said.out
    assert "not a language model" in said.out


def test_a_second_evaluation_makes_no_call(office: Repository):
    first = promptgit(office, "eval", "sort", "--json").json
    second = promptgit(office, "eval", "sort", "--json").json

    assert (first["calls"], second["calls"]) == (30, 0)
    assert second["score"] == first["score"]


def test_a_dry_run_estimates_and_calls_nothing(office: Repository):
    said = promptgit(office, "eval", "sort", "--dry-run", "--json")

    assert said.code == 0
    assert said.json["calls"] == 30
    assert promptgit(office, "eval", "sort", "--json").json["calls"] == 30


def test_the_budget_is_a_hard_cap_and_what_was_paid_for_is_shown_and_kept(office: Repository):
    said = promptgit(office, "eval", "sort", "--budget", "7calls", "--json")

    assert said.code == 3
    assert said.json["calls"] == said.json["answers"] == 7
    assert said.json["partial"]
    assert "budget" in said.err
    assert promptgit(office, "eval", "sort", "--json").json["calls"] == 23


def test_half_an_evaluation_is_not_shown_as_a_whole_one(office: Repository):
    said = promptgit(office, "eval", "sort", "--budget", "7calls")
    whole = promptgit(office, "eval", "sort", "--json")

    assert "PARTIAL: 7 of 30 answers" in said.out
    assert (whole.json["partial"], whole.json["answers"]) == (False, 30)


def test_only_the_first_cases_are_run_with_a_limit(office: Repository):
    assert promptgit(office, "eval", "sort", "--limit", "4", "--json").json["cases"] == 4


def test_repeats_ask_as_often_for_each_case(office: Repository):
    said = promptgit(office, "eval", "sort", "--repeats", "2", "--limit", "3", "--json")

    assert len(said.json["results"]) == 6


def test_the_prompt_of_an_older_revision_is_evaluated_with_ref(office: Repository):
    old = office.blob(PROMPT)
    office.commit({PROMPT: SEED + "Otherwise answer tool.\n"})

    said = promptgit(office, "eval", "sort", "--ref", "HEAD~1", "--json")

    assert said.json["prompt"]["blob"] == old


def test_an_edit_that_is_not_committed_is_evaluated_as_git_would_store_it(office: Repository):
    office.git("config", "core.autocrlf", "true")
    (office.path / PROMPT).write_bytes(SEED.replace("\n", "\r\n").encode())

    said = promptgit(office, "eval", "sort", "--json")

    assert said.json["prompt"]["blob"] == office.blob(PROMPT)


def test_other_cases_may_be_named(office: Repository, tmp_path: Path):
    (tmp_path / "mine.csv").write_text(sorting_cases(2), encoding="utf-8")

    said = promptgit(office, "eval", "sort", "--cases", str(tmp_path / "mine.csv"), "--json")

    assert said.json["cases"] == 6


def test_the_evidence_is_kept_and_log_shows_the_score(office: Repository):
    promptgit(office, "eval", "sort")

    (record,) = Records(Git.discover(office.path)).find(office.blob(PROMPT))
    assert record.kind == "evaluation"
    assert f"{record.body['mean']:.3f}" in promptgit(office, "log", PROMPT).out


def test_no_record_keeps_none(office: Repository):
    promptgit(office, "eval", "sort", "--no-record")

    assert not Records(Git.discover(office.path)).all_digests()


def test_it_works_from_a_subdirectory_and_by_path(office: Repository):
    said = promptgit(office.path / "prompts", "eval", "sort.md", "--json")

    assert said.code == 0
    assert said.json["prompt"]["path"] == PROMPT


def test_a_typo_in_a_name_is_answered_with_the_nearest(office: Repository):
    said = promptgit(office, "eval", "srot")

    assert said.code == 2
    assert "did you mean 'sort'?" in said.err


@pytest.mark.parametrize("name", ["prompts/sort.csv", "prompts/sort.eval.yaml"])
def test_cases_and_eval_files_stand_for_the_prompt_that_they_lie_beside(
    office: Repository, name: str
):
    office.commit({"prompts/sort.eval.yaml": "assert: [equals]\n"}, "what is good\n")

    evaluated = promptgit(office, "eval", name, "--json")
    planned = promptgit(office, "improve", name, "--dry-run", "--json")
    told = promptgit(office, "log", name, "--json")

    assert evaluated.json["prompt"]["path"] == PROMPT
    assert planned.json["prompt"] == PROMPT
    assert [commit["path"] for commit in told.json["commits"]] == [PROMPT]


def test_cases_beside_no_prompt_are_no_prompt(office: Repository):
    office.write({"data/more.csv": sorting_cases(1)})

    said = promptgit(office, "eval", "data/more.csv")

    assert said.code == 2
    assert "data/more.csv is no prompt" in said.err
    assert "there are: prompts/sort.md" in said.err


def test_what_the_config_calls_a_prompt_is_one_whatever_its_suffix(tmp_path: Path):
    repository = a_repository(
        tmp_path / "odd",
        {
            "promptgit.yaml": "prompts: prompts/*.yaml\n",
            "prompts/sort.yaml": SEED,
            "prompts/sort.eval.yaml": "cases: sort.csv\n",
            "prompts/sort.csv": sorting_cases(2),
        },
    )

    said = promptgit(repository, "eval", "prompts/sort.yaml", "--json")

    assert said.json["prompt"]["path"] == "prompts/sort.yaml"


def test_a_prompt_without_cases_says_how_to_write_some(tmp_path: Path):
    repository = a_repository(tmp_path / "bare", {"prompts/lonely.md": "Be kind.\n"})

    said = promptgit(repository, "eval", "lonely")

    assert said.code == 2
    assert "prompts/lonely.csv" in said.err


def test_outside_of_a_repository_it_says_so(tmp_path: Path):
    said = promptgit(tmp_path, "eval", "anything")

    assert said.code == 2
    assert "not in a Git repository" in said.err


def test_rows_that_were_left_out_are_counted(office: Repository):
    text = sorting_cases(2) + "extra-1,,fruit\n"
    (office.path / "prompts/sort.csv").write_text(text, encoding="utf-8")

    said = promptgit(office, "eval", "sort")

    assert "1 row left out" in said.out
    assert "Rows left out: line 8: message is missing" in said.out


def test_a_case_without_a_name_is_known_by_its_input(tmp_path: Path):
    rows = "message,label\nA pear for me,fruit\nA saw for you,tool\n"
    repository = a_repository(
        tmp_path / "unnamed", {PROMPT: SEED, "prompts/sort.csv": rows, "promptgit.yaml": ""}
    )

    said = promptgit(repository, "eval", "sort")

    assert "A saw for you" in said.out


def test_python_assertions_do_not_run_unless_allowed(office: Repository):
    (office.path / "prompts/check.py").write_text("def check(output, case):\n    return True\n")
    (office.path / "prompts/sort.eval.yaml").write_text(
        "assert:\n  - {type: python, value: 'file://check.py:check'}\n"
    )

    said = promptgit(office, "eval", "sort", "--limit", "1")

    assert said.code == 2
    assert "--allow-code" in said.err


def test_includes_are_followed_beside_the_prompt(tmp_path: Path):
    repository = a_repository(
        tmp_path / "shared",
        {
            "prompts/sort.md": "{% include 'persona.md' %}\n" + SEED,
            "prompts/persona.md": "You are careful.\n",
            "prompts/sort.csv": sorting_cases(2),
        },
    )

    said = promptgit(repository, "eval", "sort", "--json")

    assert said.code == 0


def test_a_missing_include_is_named(tmp_path: Path):
    repository = a_repository(
        tmp_path / "shared",
        {"prompts/sort.md": "{% include 'gone.md' %}\n", "prompts/sort.csv": sorting_cases(2)},
    )

    said = promptgit(repository, "eval", "sort")

    assert said.code == 2
    assert "gone.md" in said.err


class TestWithAServer:
    """Any OpenAI-compatible server works the same."""

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in list(os.environ):
            if name.startswith("OPENAI_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")

    def test_a_dry_run_needs_no_key_and_an_evaluation_does(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("OPENAI_API_KEY")
        words = ("eval", "sort", "--model", "gpt-5-mini")

        planned = promptgit(office, *words, "--dry-run", "--json")
        run = promptgit(office, *words)

        assert planned.code == 0, planned.err
        assert planned.json["calls"] == 30
        assert run.code == 2
        assert "there is no key for openai" in run.err

    def test_a_model_by_name_at_a_base_url(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with serving(reply=lambda body: "fruit") as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            said = promptgit(office, "eval", "sort", "--model", "some-model", "--json")

            assert said.json["score"]["mean"] == pytest.approx(1 / 3)
            assert server.calls == 30
            assert "unknown" in promptgit(office, "eval", "sort", "--model", "some-model").out

    def test_a_repository_cannot_redirect_the_key(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with serving(reply=lambda body: "fruit") as server:
            office.write({".env": f"OPENAI_BASE_URL={server.base_url}\n"})
            office.write({"promptgit.yaml": f"model: m\nbase_url: {server.base_url}\n"})

            said = promptgit(office, "eval", "sort")

            assert said.code == 2
            assert "base_url" in said.err
            assert server.calls == 0

    def test_a_refused_key_ends_at_once_and_is_not_shown(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        with serving(faults=always("401")) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            said = promptgit(office, "eval", "sort", "--model", "m", "--concurrency", "1")

            assert said.code in (2, 3)
            assert "OPENAI_API_KEY" in said.err
            assert "sk-test-0123456789abcdef" not in said.err + said.out
            assert server.calls == 1

    def test_flaws_of_the_network_change_no_score(
        self, office: Repository, monkeypatch: pytest.MonkeyPatch
    ):
        chance = by_chance({"500": 0.05, "truncated": 0.05})
        with serving(reply=lambda body: "fruit", faults=chance) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            said = promptgit(office, "eval", "sort", "--model", "m", "--json")

            assert said.json["unscored"] == []
            assert said.json["score"]["mean"] == pytest.approx(1 / 3)
