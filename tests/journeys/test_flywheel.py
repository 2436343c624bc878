"""
The flywheel as a user turns it, offline: a week of logs in, a reviewed pull request out, and the
week after that says what became better.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.edges.examples import make_demo
from promptgit.testing.conversations import truth_of
from promptgit.testing.flywheel_weeks import write_week

pytest.importorskip("ibis")

PROMPT, CASES = "prompts/support-reply.md", "prompts/support-reply.csv"
BRANCH = "flywheel/support-reply-2026-11-09"
A_WEEK = 1_500  # conversations


@pytest.mark.slow
def test_a_turn_from_production_to_what_it_was_worth(tmp_path: Path):
    git = make_demo(tmp_path / "shop", again=False)
    shop, logs = git.cwd, git.state_dir / "logs"

    def typed(*words: str):
        return promptgit(shop, *words)

    def text() -> str:
        return (shop / PROMPT).read_text(encoding="utf-8")

    # A week of production; the plan is written, the search kept short.
    first = write_week(logs, text(), conversations=A_WEEK)
    assert typed("flywheel", "init").code == 0
    plan = (shop / "flywheel.yaml").read_text()
    (shop / "flywheel.yaml").write_text(plan.replace("# budget: 2usd  ", "budget: 1500calls"))
    git.write("add", "flywheel.yaml")
    git.write("commit", "-qm", "Set up the flywheel")

    # The turn finds what was planted, and proposes a branch.
    turn = typed("-q", "flywheel", "run", "--until", "2026-11-09", "--json")
    assert turn.code == 0, turn.err
    found = turn.json
    truth = truth_of(first).values(prompt="support-reply")
    cells = found["analyze"]["cube"]["cells"]
    attempts = sum(
        c["sums"]["injection_attempts"][1] for c in cells if c["of"][0] == "support-reply"
    )
    assert (attempts, truth["injection_attempts"]) == (23, 23)
    assert {one["when"] for one in found["insights"]["fired"]} == {
        "security_incidents > 5",
        "quality_score < 7",
    }
    (one,) = found["improve"]["improvements"]
    assert (one["state"], one["branch"]) == ("confirmed", BRANCH)
    body = Path(found["deploy"]["requests"][0]["body"]).read_text(encoding="utf-8")
    assert "### To review" in body
    assert "\nEval-Stage: confirmed\n" in body
    assert text() == git.text("show", f"main:{PROMPT}") + "\n"  # main is as it was

    # The pull request passes the gate; a person reviews one draft, drops the rest, and merges.
    git.write("switch", "--quiet", BRANCH)
    assert typed("check", "main", "HEAD").code == 0
    rows = list(csv.reader(io.StringIO((shop / CASES).read_text(encoding="utf-8"))))
    drafts = [row for row in rows if "needs-review" in row[5]]
    kept = [row for row in rows if row not in drafts]
    reviewed = drafts[0]
    reviewed[2], reviewed[5] = "I am sorry, I cannot do that. May I help with an order?", "abuse"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([*kept, reviewed])
    (shop / CASES).write_text(out.getvalue(), encoding="utf-8")
    git.write("commit", "-qam", "Review a draft")
    assert typed("eval", "support-reply", "--json").json["cases"] == len(kept)
    git.write("switch", "--quiet", "main")
    git.write("merge", "--quiet", "--no-edit", BRANCH)

    # The week after, nothing fires, and the turn before is proven to have made things better.
    write_week(logs, text(), improved=True, conversations=A_WEEK)
    second = typed("-q", "flywheel", "run", "--until", "2026-11-16", "--json")
    assert second.code == 0, second.err
    assert second.json["insights"]["fired"] == []
    (effect,) = second.json["measure"]["effects"]
    assert (effect["turn"], effect["verdict"]) == (found["turn"], "better")
    status = typed("flywheel", "status").out
    assert "since then: better:" in status
    assert "quality score (0 to 10) 6." in status
