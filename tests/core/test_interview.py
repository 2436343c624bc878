"""An interview about failures, as a mentor writes it and a journal keeps it."""

from __future__ import annotations

import json

from promptgit.core.interview import (
    Change,
    Exchange,
    Interview,
    analysis_in,
    exchanges_in,
    interview_of,
    is_content,
)
from promptgit.core.journal import read_run

REPLY = """\
### Failure 1
**Q:** Why was the order number left out?
**A:** Because the prompt never
asks for it.

### Failure 2
Question: Why so long?
Answer: No limit is given.

## Analysis
Two things are missing.

## Changes
Ask for it.
```diff
@@
 Q: not a question, but a line of the file
+Ask for the order number.
```
"""


def an_interview(round_: int = 1) -> Interview:
    exchanges = exchanges_in(REPLY, ["a", "b"])
    changes = (Change("Ask for it.", "+Ask."),)
    return Interview(round_, "b10b", exchanges, analysis_in(REPLY), changes, False, REPLY)


def test_each_question_has_its_answer_and_its_case():
    assert exchanges_in(REPLY, ["a", "b"]) == (
        Exchange(
            "Why was the order number left out?", "Because the prompt never asks for it.", "a"
        ),
        Exchange("Why so long?", "No limit is given.", "b"),
    )


def test_a_question_without_an_answer_is_kept():
    assert exchanges_in("Q: Why?\nQ: And why else?\nA: So.") == (
        Exchange("Why?", ""),
        Exchange("And why else?", "So."),
    )


def test_the_analysis_ends_where_the_changes_begin():
    assert analysis_in(REPLY) == "Two things are missing."


def test_a_reply_with_an_edit_is_not_content_whatever_it_says():
    assert not is_content(f"No change needed, but:\n{REPLY}")
    assert is_content("There is NO CHANGE NEEDED here.")


def test_a_journal_gives_it_back_as_it_was():
    facts = json.loads(json.dumps(an_interview().facts))

    assert interview_of(facts) == an_interview()


def test_a_run_that_was_resumed_tells_each_interview_once():
    def noted(round_: int) -> dict[str, object]:
        return {"kind": "interview", "interview": an_interview(round_).facts}

    events = [{"kind": "start"}, noted(1), noted(2), {"kind": "start"}, noted(1)]

    run = read_run("r", events)

    assert [interview.round for interview in run.interviews] == [1, 2]
