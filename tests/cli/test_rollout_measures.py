"""`flywheel measure`, `flywheel bandit` and the guards of `promote`, on generated conversations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from promptgit.cli import measuring
from promptgit.cli.main import run
from promptgit.cli.wiring import Repository as Opened
from promptgit.config.rollout_file import parse_rollouts, with_entry
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.flywheel.rollout import ROLLOUT_FILE, Arm, Rollout
from promptgit.testing.conversations import truth_of, write_logs
from promptgit.testing.periods import BEFORE, PROMPT, Source
from promptgit.testing.repositories import Repository, a_repository

pytest.importorskip("duckdb")
pytest.importorskip("ibis")

PATH = f"prompts/{PROMPT}.md"
SOURCE = Source(BEFORE, 4_000, seed=3)
WINDOW = "--since 2026-11-02 --until 2026-11-09"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Type = Callable[[str], Said]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_logs(folder, SOURCE)
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    """A repository with both texts of the generated logs, the better one being tried."""
    repository = a_repository(tmp_path, {PATH: SOURCE.texts["stable"]})
    repository.git("config", "user.name", "Ada")
    old = Arm(repository.blob(PATH), repository.head)
    repository.commit({PATH: SOURCE.texts["candidate"]})
    new = Arm(repository.blob(PATH), repository.head)
    repository.commit({ROLLOUT_FILE: with_entry("", Rollout("production", PROMPT, old, new, 20.0))})
    return repository


@pytest.fixture
def typed(
    desk: Repository,
    logs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    monkeypatch.chdir(desk.path)
    monkeypatch.setenv("PROMPTGIT_LOGS", str(logs))

    def typing(line: str) -> Said:
        code = run(line.split())
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typing


def live(desk: Repository) -> Rollout:
    text = desk.git("show", f"HEAD:{ROLLOUT_FILE}")
    found = parse_rollouts(text.encode()).get("production", PROMPT)
    assert found is not None
    return found


def changed(desk: Repository, **facts: object) -> None:
    """Commit another state of the rollout."""
    text = (desk.path / ROLLOUT_FILE).read_text(encoding="utf-8")
    after = replace(live(desk), **facts)  # type: ignore[arg-type]
    desk.commit({ROLLOUT_FILE: with_entry(text, after)})


def test_a_candidate_is_compared_side_by_side_with_the_planted_rates(desk: Repository, typed: Type):
    told = json.loads(typed(f"flywheel measure {PROMPT} {WINDOW} --json").out)

    truth = truth_of(SOURCE)
    effects = told["effects"]
    assert told["how"] == "side by side"
    assert (told["before"], told["after"]) == (live(desk).stable.blob, desk.blob(PATH))
    for name, metric in (("conversion_delta", "upsell_rate"), ("short_rate_delta", "short_rate")):
        for side, variant in (("before", "stable"), ("after", "candidate")):
            planted = truth.values(prompt=PROMPT, variant=variant)[metric]
            assert effects[name][side] == pytest.approx(planted, abs=0.01)
    assert effects["quality_score_delta"]["verdict"] == "better"
    assert {"block_rate_improvement", "revenue_delta"} <= effects.keys()
    assert told["proposal"]["move"] == "promote"


def test_a_measurement_is_sentences_a_pull_request_and_a_record_of_both_texts(
    desk: Repository, typed: Type, tmp_path: Path
):
    body, head = tmp_path.parent / f"{tmp_path.name}.md", desk.head

    said = typed(f"flywheel measure {PROMPT} {WINDOW} --record --pull-request {body}")

    assert "quality_score_delta: 6." in said.out
    assert "more conversations would tell" in said.out
    assert "proposal: promote" in said.out
    assert f"`promptgit promote {PROMPT} --to production`" in said.out
    assert f"`promptgit promote {PROMPT} --to production`" in body.read_text(encoding="utf-8")
    assert desk.head == head
    records = Records(Git.discover(desk.path))
    one = live(desk)
    assert one.candidate
    (found,) = records.find(one.candidate.blob)
    assert records.find(one.stable.blob) == [found]
    assert found.kind == "measurement"
    assert records.verify() == ()
    shown = typed(f"show {one.candidate.commit}").out
    assert f"production: against {one.stable.blob[:10]}" in shown
    assert "quality_score_delta: +" in shown
    assert "as baseline of" in typed(f"show {one.stable.commit}").out
    assert "evaluated" not in typed(f"log {PATH}").out.replace("unevaluated", "")


def test_two_versions_are_compared_before_and_after(desk: Repository, typed: Type):
    one = live(desk)

    said = typed(f"flywheel measure {PROMPT} {WINDOW} --before {one.stable.commit} --after HEAD")

    assert "before and after" in said.out
    assert "other things may have changed" in said.out
    assert "proposal" not in said.out
    assert (
        "no call in the logs used"
        in typed(f"flywheel measure {PROMPT} --since 1d --before {one.stable.commit}").err
    )


def test_without_a_candidate_the_window_is_held_against_the_one_before(
    desk: Repository, typed: Type
):
    changed(desk, candidate=None, share=0.0)

    told = json.loads(
        typed(f"flywheel measure {PROMPT} --since 2026-11-06 --until 2026-11-09 --json").out
    )

    assert told["how"] == "before and after"
    assert told["earlier"]["since"].startswith("2026-11-03")
    assert told["proposal"] is None


def test_a_broken_guard_is_committed_as_an_abort_when_that_is_asked_for(
    desk: Repository, typed: Type
):
    changed(desk, guards=("quality_score > 7",))  # true of the better text

    said = typed(f"flywheel measure {PROMPT} {WINDOW} --abort-automatically")

    assert "proposal: abort: a guard came true" in said.out
    assert live(desk).candidate is None
    assert "Rollout-By: a guard" in desk.message()
    assert "quality_score > 7" in desk.message()


def test_a_step_waits_for_the_guards(
    desk: Repository, typed: Type, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("promptgit.cli.guarding.LOOKED_BACK", measuring.LOOKED_BACK * 400)
    changed(desk, guards=("quality_score > 7", "error_rate > 5%"))
    head = desk.head

    said = typed(f"promote {PROMPT}")

    assert said.code == 2
    assert "came true: quality_score > 7 (quality_score is 8." in said.err
    assert "error_rate" not in said.err
    assert desk.head == head
    assert typed(f"promote {PROMPT} --force").code == 0
    assert live(desk).share == 50


def test_without_traffic_nobody_knows_and_the_step_waits(
    desk: Repository, typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PROMPTGIT_LOGS", str(tmp_path / "empty"))
    changed(desk, guards=("quality_score < 5",))

    said = typed(f"promote {PROMPT}")

    assert said.code == 2
    assert "nobody knows: quality_score < 5" in said.err


def test_a_promotion_without_guards_says_what_the_logs_lack_and_goes_on(
    desk: Repository, typed: Type, monkeypatch: pytest.MonkeyPatch
):
    for module in ("guarding", "promoting"):
        monkeypatch.setattr(f"promptgit.cli.{module}.LOOKED_BACK", measuring.LOOKED_BACK * 400)
    better, worse = live(desk).candidate, live(desk).stable

    assert "warning" not in typed(f"promote {PROMPT} --dry-run").err
    changed(desk, stable=better, candidate=worse)
    said = typed(f"promote {PROMPT}")

    assert said.code == 0
    assert "warning: no conversation with the candidate" in said.err
    assert live(desk).share == 50


def test_the_bandit_shows_what_it_knows_and_proposes_a_promotion(typed: Type):
    said = typed(f"flywheel bandit {PROMPT} {WINDOW}")

    assert "candidate is proven better" in said.out
    assert "lost so far by comparing" in said.out
    assert "proposal: promote" in said.out


def test_apply_commits_a_share_within_the_floors_and_never_a_promotion(
    desk: Repository, typed: Type
):
    line = f"flywheel bandit {PROMPT} --since 2026-11-02 --until 2026-11-03 --apply"

    said = typed(f"{line} --metric churn_rate")

    assert said.code == 0, said.err
    assert "proposal: share" in said.out
    assert 5 <= live(desk).share <= 85
    assert "Rollout-Action: share" in desk.message()
    again = typed(f"{line} --metric churn_rate")
    assert "proposal: wait" in again.out


def test_without_a_candidate_there_is_no_bandit(desk: Repository, typed: Type):
    changed(desk, candidate=None, share=0.0)

    said = typed(f"flywheel bandit {PROMPT}")

    assert said.code == 2
    assert "has no candidate in production" in said.err


def test_an_abort_does_not_hit_another_candidate(desk: Repository, typed: Type, logs: Path):
    changed(desk, guards=("quality_score > 7",))
    opened = Opened.at(Git.discover(desk.path), "")
    asked = measuring.Asked(PROMPT, since="2026-11-02", until="2026-11-09")
    told = measuring.measured(asked, opened)
    changed(desk, candidate=replace(live(desk).stable, commit=live(desk).stable.commit[::-1]))

    with pytest.raises(measuring.UserError, match="another candidate meanwhile"):
        measuring.abort(opened, told)
