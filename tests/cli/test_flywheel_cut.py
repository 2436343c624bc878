"""Turns that were cut short: nothing of them is lost, and what is known to fail begins none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cli.terminal import Said, promptgit
from cli.test_flywheel_run import PROMPT, TALK, WEEK, a_week, an_app
from promptgit.core.prompt import blob_id
from promptgit.edges.git import Git
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.testing.repositories import Repository

pytest.importorskip("ibis")

NO_SEARCH = """
triggers: [{when: seen(quality_score < 7), cooldown: 3 days}]
improve: {cases: 2, budget: 1calls}
"""


@pytest.fixture
def app(tmp_path: Path) -> Repository:
    return an_app(tmp_path / "app", plan=NO_SEARCH)


def run(app: Repository, *words: str) -> Said:
    return promptgit(app, "flywheel", "run", *words)


def turns_of(app: Repository) -> tuple[str, ...]:
    return turn_ids(Git.discover(app.path))


def cut(app: Repository) -> str:
    """Let a turn end in an error after its triggers have fired: its branch cannot be made."""
    app.git("branch", "flywheel")
    said = run(app, *WEEK)
    assert said.code == 2, said.err
    assert "the branch flywheel is in the way" in said.err
    app.git("branch", "-D", "flywheel")
    (turn,) = turns_of(app)
    return turn


def test_the_triggers_of_a_turn_that_was_cut_short_do_not_rest(app: Repository):
    turn = cut(app)

    looked = promptgit(app, "-q", "flywheel", "run", *WEEK, "--dry-run", "--json").json
    resumed = promptgit(app, "-q", "flywheel", "run", "--resume", "--json").json
    rested = promptgit(app, "-q", "flywheel", "run", *WEEK, "--dry-run", "--json").json

    assert [one["prompt"] for one in looked["insights"]["fired"]] == ["sort"]
    assert resumed["turn"] == turn
    assert [one["prompt"] for one in rested["insights"]["resting"]] == ["sort"]


def test_a_new_turn_gives_up_the_one_that_was_cut_short_and_does_its_work(app: Repository):
    turn = cut(app)

    said = run(app, *WEEK)
    newer, _ = turns_of(app)
    shown = promptgit(app, "flywheel", "status")
    told = promptgit(app, "flywheel", "status", "--json").json["turns"]
    resumed = run(app, "--resume")

    assert f"turn {turn} was cut short, and is given up" in said.err
    assert "drafted, to be reviewed" in said.out
    assert [(one["turn"], one["ended"], one["given_up"]) for one in told] == [
        (newer, True, False),
        (turn, False, True),
    ]
    assert "cut short, and given up for a later turn" in shown.out
    assert "--resume" not in shown.out
    assert "no turn was cut short" in resumed.err


def test_a_dry_run_and_what_a_person_asks_for_leave_it_to_be_resumed(app: Repository):
    turn = cut(app)

    looked = run(app, *WEEK, "--dry-run")
    promptgit(app, "-q", "flywheel", "improve", "sort", *WEEK)
    resumed = promptgit(app, "-q", "flywheel", "run", "--resume", "--json").json

    assert f"turn {turn} was cut short: `promptgit flywheel run --resume`" in looked.err
    assert resumed["turn"] == turn


def test_what_a_person_asked_for_is_resumed_as_it_was_asked(app: Repository):
    app.git("branch", "flywheel")
    promptgit(app, "-q", "flywheel", "improve", "sort", "--metric", "quality_score", *WEEK)
    app.git("branch", "-D", "flywheel")
    (turn,) = turns_of(app)
    for stage in ("analyze", "insights"):
        (TurnJournal(Git.discover(app.path), turn).folder / f"{stage}.json").unlink()

    resumed = promptgit(app, "-q", "flywheel", "run", "--resume", "--json").json

    assert [one["when"] for one in resumed["insights"]["fired"]] == ["asked for by hand"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("improve", "sort", "--metric", "quality_scor"), "did you mean 'quality_score'?"),
        (("improve", "sort", "--since", "2020-01-01", "--until", "2020-01-02"), "no call of sort"),
        (("run", "--engine", "nonsense"), "nonsense"),
    ],
)
def test_what_is_known_to_fail_leaves_nothing_behind(
    app: Repository, words: tuple[str, ...], said: str
):
    told = promptgit(app, "flywheel", *words, *(() if "--until" in words else WEEK))

    assert told.code == 2
    assert said in told.err
    assert turns_of(app) == ()


@pytest.mark.parametrize("command", [("run",), ("improve", "sort")])
def test_without_the_extra_no_file_is_packed_and_no_turn_begun(
    app: Repository, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    logs = app.path / ".git" / "promptgit" / "logs"
    before = sorted(os.listdir(logs))
    monkeypatch.setitem(sys.modules, "ibis", None)

    said = promptgit(app, "flywheel", *command, *WEEK)

    assert said.code == 2
    assert "pip install 'ibis-framework[duckdb]'" in said.err
    assert sorted(os.listdir(logs)) == before
    assert turns_of(app) == ()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("triggers:\n- error_rate > 2%\n- when: qualty_score < 7\n", ":3: no metric is called"),
        ("deploy:\n  guards:\n  - error_rat > 2%\n", ":3: no metric is called 'error_rat'"),
        ("deploy: {guards: [error_rate > 2ms]}\n", ":1: 'error_rate' is not measured in 'ms'"),
        ("measure:\n  metrics: [quality]\n", ":2: no metric is called 'quality'"),
        ("triggers:\n- when: error_rate > 2%\n  prompt: srot\n", ":3: no prompt of this"),
        ("\nimprove: {strategy: mixtur}\n", ":2: no strategy is called 'mixtur'"),
    ],
)
def test_a_name_that_is_misspelt_is_found_before_anything_is_asked(
    app: Repository, plan: str, said: str
):
    (app.path / "flywheel.yaml").write_text(plan)

    told = run(app, *WEEK, "--dry-run")

    assert told.code == 2
    assert f"flywheel.yaml{said}" in told.err
    assert "analyze: done" not in told.err


def test_a_guard_of_a_rollout_that_guards_nothing_is_an_alarm(tmp_path: Path):
    app = an_app(tmp_path / "app", plan="triggers: []\n")
    promptgit(app, "deploy", "sort")
    (app.path / "prompts" / "sort.md").write_text(f"{PROMPT}Be brief.\n")
    app.git("commit", "-qam", "Be brief")
    promptgit(app, "deploy", "sort", "--percent", "50", "--guard", "error_rate > 2%")
    rollout = app.path / "prompts" / "rollout.yaml"
    rollout.write_text(rollout.read_text().replace("error_rate", "error_rat"))
    app.git("commit", "-qam", "Misspell")
    logs = app.path / ".git" / "promptgit" / "logs" / "2026-11-02.jsonl"
    brief = a_week(TALK, version=blob_id(f"{PROMPT}Be brief.\n"), variant="candidate")
    logs.write_text(logs.read_text() + brief.replace("call-", "brief-"))

    said = promptgit(app, "-q", "flywheel", "run", *WEEK)

    assert said.code == 1
    assert "**alarm**: sort in production" in said.out
    assert "no metric is called 'error\\_rat' \\(did you mean 'error\\_rate'?\\)" in said.out
    assert "promptgit abort sort --to production" in said.out
