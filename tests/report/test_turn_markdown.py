"""The summary of a turn: what it is called, what is not named, and what a person does next."""

from __future__ import annotations

from typing import Any

from promptgit.flywheel.cube import Cube
from promptgit.flywheel.cube_facts import facts
from promptgit.report.turn_markdown import effect_words, turn_markdown

START = {
    "since": "2026-11-02T00:00:00.000Z",
    "until": "2026-11-09T00:00:00.000Z",
    "base": "main",
}
BRANCH = {
    "prompt": "reply",
    "branch": "flywheel/reply-2026-11-09",
    "title": "flywheel(reply): a better prompt",
    "body": "/turns/reply.pull-request.md",
}
EARLIER = {
    **BRANCH,
    "branch": "flywheel/reply-2026-11-02",
    "turn": "20261102T041700Z-3f2a",
    "state": "confirmed",
}


def deployed(*requests: dict[str, Any], waiting: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    told = [{**one, "rollout": "", "commit": ""} for one in requests]
    return {"deploy": {"requests": told, "waiting": list(waiting)}}


def summary(done: dict[str, Any], turn: str = "20261109T041700Z-1a2b", remote: str = "") -> str:
    return turn_markdown(turn, START, done, remote=remote, has_gh=True)


def effect(before: float, after: float, per: str = "calls") -> str:
    proven = {"title": "security incidents", "unit": "count", "before": before, "after": after}
    proven["per"] = per
    told = {"conversations": [20_000, 20_000], "verdict": "better", "proven": [proven]}
    return effect_words(told)


def test_a_dry_run_is_called_one():
    assert summary({}, turn="").startswith("## Dry run of a turn of the flywheel\n")
    assert summary({}, turn="T-1").startswith("## Turn T-1 of the flywheel\n")


def test_calls_that_name_no_prompt_are_said_to_name_none():
    versions = [{"blob": "", "conversations": 1_200, "known": "unknown"}]
    looked = {
        "engine": "duckdb",
        "calls": 1_300,
        "conversations": 1_200,
        "prompts": [{"name": "", "path": "", "versions": versions}],
        "cube": facts(Cube({}, {})),
        "before": facts(Cube({}, {})),
        "opportunities": [],
        "patterns": [],
        "graded": [],
        "notices": [],
    }

    text = summary({"analyze": looked})

    assert "### (no prompt named)\n" in text
    assert "1,200 conversations) do not say which prompt they are of" in text
    assert "No prompt of this repository" not in text


def test_a_branch_is_pushed_where_there_is_somewhere_to_push_it():
    text = summary(deployed(BRANCH), remote="upstream")

    assert "git push upstream flywheel/reply-2026-11-09\ngh pr create --base main" in text


def test_without_a_remote_it_is_looked_at_and_merged():
    text = summary(deployed(BRANCH))

    assert "git push" not in text
    assert "git diff main...flywheel/reply-2026-11-09" in text
    assert "git merge flywheel/reply-2026-11-09" in text


def test_a_branch_of_an_earlier_turn_that_waits_is_what_comes_next():
    text = summary(deployed(waiting=(EARLIER,)))

    assert "### Next" in text
    assert (
        "A branch of turn 20261102T041700Z-3f2a still waits for review (reply: confirmed)" in text
    )
    assert "git merge flywheel/reply-2026-11-02" in text
    assert "nothing was pushed" not in text


def test_rare_events_are_told_with_a_digit_that_is_not_zero():
    assert "security incidents 0.65 to 0.05 per 1,000 calls" in effect(0.00065, 0.00005)
    assert "120 to 0 per 1,000 conversations (" in effect(0.12, 0.0, "conversations")
    assert "120 to 0 per 1,000 answered (" in effect(0.12, 0.0, "answered")
