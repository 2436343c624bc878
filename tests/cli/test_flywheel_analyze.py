"""`promptgit flywheel analyze`, over two generated weeks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.config.rollout_file import with_entry
from promptgit.flywheel.rollout import ROLLOUT_FILE, Arm, Rollout
from promptgit.testing.conversations import write_logs
from promptgit.testing.periods import AFTER, BEFORE, Source
from promptgit.testing.planted import Truth
from promptgit.testing.repositories import Repository, a_repository

pytest.importorskip("ibis")
pytestmark = pytest.mark.xdist_group("analyze")  # the logs are made once

WEEK = ("--since", "2026-11-09", "--until", "2026-11-16")
FIRST_WEEK = ("--since", "2026-11-02", "--until", "2026-11-09")
OWN = """\
detectors:
  says_workshop: {field: output, patterns: [workshop]}
  shouts: {python: "file://detectors/tone.py:shouts"}
  vague: {rubric: The answer names the next step.}
metrics:
  workshop_rate: {share: says_workshop, of: calls}
  shout_rate: {share: shouts, better: lower}
  vague_rate: {share: vague, better: lower}
"""
TONE = """\
def shouts(output, context):
    return context["turns"][0]["prompt"] == "returns-desk"
"""


TRIED = Rollout(
    "production", "support-reply", Arm("a" * 40, "c" * 40), Arm("b" * 40, "d" * 40), 10.0
)


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, dict[str, Truth]]:
    folder: Path = tmp_path_factory.mktemp("analyze")
    made = a_repository(
        folder / "r",
        {
            "prompts/support-reply.md": "Answer.\n",
            "promptgit.yaml": "model: offline\n",
            "detectors/own.yaml": OWN,
            "detectors/tone.py": TONE,
            ROLLOUT_FILE: with_entry("", TRIED),
        },
    )
    logs = made.path / ".git/promptgit/logs"
    periods = {"before": replace(BEFORE, novel=4), "after": AFTER}
    truths = {name: write_logs(logs, Source(one, 1_200)) for name, one in periods.items()}
    return made, truths


@pytest.fixture(scope="module")
def this_week(weeks):
    return promptgit(weeks[0], "flywheel", "analyze", *WEEK, "--json").json


@pytest.fixture(scope="module")
def first_week(weeks):
    return promptgit(weeks[0], "flywheel", "analyze", *FIRST_WEEK, "--json").json


def test_json_has_every_number_with_its_interval_and_its_sums(weeks, this_week):
    found, truth = this_week, weeks[1]["after"].cube

    assert (found["calls"], found["conversations"]) == (truth.calls, truth.conversations)
    [reply] = [row for row in found["by"]["prompt"] if row["prompt"] == "support-reply"]
    quality = reply["metrics"]["quality_score"]
    planted = truth.only(prompt="support-reply").total("quality_score")
    assert quality["value"] == pytest.approx(planted.value)
    assert quality["low"] < quality["value"] < quality["high"]
    assert quality["conversations"] == planted.clusters
    assert "workshop_rate" in found["metrics"]
    assert len(found["opportunities"]) == 3
    assert {"day", "model", "prompt", "variant", "version"} == set(found["by"])


def test_what_was_improved_is_proven_and_what_was_not_is_not(this_week):
    changes = this_week["changes"]

    proven = {(one["prompt"], one["metric"]) for one in changes if one["proven"]}

    assert ("support-reply", "quality_score") in proven
    assert ("support-reply", "upsell_attempt_rate") in proven
    assert not [metric for prompt, metric in proven if prompt == "returns-desk"]


def test_the_screen_and_the_markdown_show_changes_opportunities_and_commands(weeks, tmp_path):
    file = tmp_path / "report.md"

    said = promptgit(weeks[0], "flywheel", "analyze", *WEEK, "--markdown", str(file))

    assert said.code == 0
    assert "better" in next(line for line in said.lines if "quality score" in line)
    assert "What could be won, the most first" in said.out
    verbs = ("flywheel improve", "promote", "abort")
    assert any(f"   promptgit {verb}" in said.out for verb in verbs)
    assert "shout_rate was not asked: it takes --allow-code" in said.out
    assert "vague_rate was not asked: it takes --judge N" in said.out
    text = file.read_text(encoding="utf-8")
    assert "## support-reply" in text
    assert "| metric | now | 95 % range | change |" in text


def test_a_candidate_that_does_better_is_worth_promoting(first_week):
    commands = [one["command"] for one in first_week["opportunities"]]

    assert "promptgit promote support-reply" in commands
    [performers] = [one for one in first_week["performers"] if one["prompt"] == "support-reply"]
    assert "variant is candidate" in [trait["name"] for trait in performers["traits"]]
    assert first_week["notices"][0].startswith("the window before has no calls")


def test_an_attack_that_no_rule_knows_is_found_by_what_its_inputs_share(weeks, first_week):
    assert len(weeks[1]["before"].novel) == 4

    shared = [set(pattern["words"]) for pattern in first_week["patterns"]]

    assert any({"grandmother", "codes"} <= words for words in shared), shared


def test_columns_by_version_variant_model_or_day_take_the_place_of_the_change(weeks):
    said = promptgit(weeks[0], "flywheel", "analyze", *FIRST_WEEK, "--by", "variant")

    assert said.code == 0
    [heading, *_] = [line for line in said.lines if "stable" in line and "candidate" in line]
    assert heading.split() == ["stable", "candidate"]


def test_a_sample_is_asked_only_when_it_is_wanted_and_says_how_large_it_is(weeks):
    asked = ("flywheel", "analyze", *WEEK, "--prompt", "returns-desk", "--judge", "5")

    graded = promptgit(weeks[0], *asked, "--allow-code", "--json").json

    told = {one["metric"]: one for one in graded["sampled"]}
    assert set(told) == {"judged_quality", "shout_rate", "vague_rate"}
    assert told["judged_quality"]["asked"] == 5
    assert told["shout_rate"]["value"] == 1.0
    assert told["shout_rate"]["of"] > told["shout_rate"]["asked"] == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--since", "2020-01-01", "--until", "2020-01-08"), 2, "no call from 2020-01-01"),
        (("--since", "2026-11-09", "--until", "2026-11-02"), 2, "ends before it begins"),
        (("--since", "soon"), 2, "no length of time"),
        ((*WEEK, "--engine", "sparkle"), 2, "there is no engine 'sparkle'"),
        ((*WEEK, "--engine", "sqlite://x"), 2, "which table of sqlite"),
    ],
)
def test_what_cannot_be_is_said_with_the_next_move(weeks, words, code, said):
    found = promptgit(weeks[0], "flywheel", "analyze", *words)

    assert (found.code, said in found.err) == (code, True), found.err


def test_files_of_detectors_that_nobody_has_are_an_error_and_not_nothing(tmp_path):
    settings = "analyze:\n  detectors: [detector/*.yaml]\n"
    made = a_repository(tmp_path / "r", {"flywheel.yaml": settings, "detectors/own.yaml": OWN})

    found = promptgit(made, "flywheel", "analyze", *WEEK)

    assert found.code == 2
    assert "flywheel.yaml:2: analyze.detectors: no file of this repository" in found.err
