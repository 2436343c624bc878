"""A check run from the JSON that the gate itself writes."""

from __future__ import annotations

from promptgit.core.verdict import Outcome
from promptgit.report import check_json
from promptgit.report.check_run import MOST_ANNOTATIONS, check_run
from report.a_report import a_hostile_report, a_prompt, a_report


def test_a_prompt_that_got_worse_is_marked_on_its_changed_line():
    report = a_report(a_prompt(first_changed_line=2))

    run = check_run(check_json.facts(report), "promptgit")

    (annotation,) = run.annotations
    assert (annotation["path"], annotation["start_line"]) == ("prompts/reply.md", 2)
    assert "got worse" in annotation["message"]
    assert (run.conclusion, run.head) == ("failure", report.head)


def test_the_worst_come_first_and_no_more_than_github_shows():
    prompts = [
        a_prompt(Outcome.INCONCLUSIVE if n % 2 else Outcome.REGRESSION, path=f"prompts/{n}.md")
        for n in range(120)
    ]

    run = check_run(check_json.facts(a_report(*prompts)), "promptgit")

    assert len(run.annotations) == MOST_ANNOTATIONS
    assert {one["annotation_level"] for one in run.annotations} == {"failure"}


def test_words_of_others_do_nothing_in_a_check_run():
    run = check_run(check_json.facts(a_hostile_report()), "promptgit")

    words = run.title + run.summary + str(run.annotations[0]["message"])
    assert "\x1b" not in words
    assert "@octo" not in run.summary
    assert "<script" not in run.summary
    assert "](" not in run.summary
