"""The offline mentor in an interview, on patterns of good answers, and on fewer words."""

from __future__ import annotations

from promptgit import metaprompts
from promptgit.core.interview import analysis_in, exchanges_in, is_content
from promptgit.core.patch import Patch, read_patch
from promptgit.core.prompt import Prompt
from promptgit.improve.performers import pattern_in
from promptgit.improve.several import parts_of
from promptgit.models.offline.mentor import advise

PATH = "prompts/sort.md"
TEXT = "Sort the message.\nAnswer with one of: fruit, tool.\n"
MISSES = [
    {
        "input": f"I saw one {word} at the market",
        "output": "fruit",
        "expected": "tool",
        "score": 0.0,
        "whys": ["equals: is 'fruit'"],
    }
    for word in ("hammer", "hammer", "chisel")
]
FACTS = {
    "prompt": TEXT,
    "path": PATH,
    "misses": MISSES,
    "tried": [],
    "fence": "abc",
    "score": 0.4,
    "metrics": {},
    "changes": 4,
    "count": 4,
    "tokens": 12,
    "top": [{"input": "a pear", "output": "fruit", "score": 1.0}],
    "rest": MISSES,
}


def reply(name: str, **facts: object) -> str:
    asked = Prompt.of(metaprompts.text(name), name=name).fill({**FACTS, **facts})
    said = advise(asked)
    assert said is not None
    return said


def test_an_interview_has_a_question_and_an_answer_for_each_failure_and_an_edit():
    said = reply("interview")

    assert len(exchanges_in(said)) == len(MISSES)
    assert all(each.answer for each in exchanges_in(said))
    assert analysis_in(said)
    assert isinstance(read_patch(parts_of(said)[0], PATH, TEXT), Patch)


def test_an_interview_about_nothing_finds_that_no_change_is_needed():
    assert is_content(reply("interview", misses=[]))


def test_a_pattern_comes_with_an_edit_that_asks_for_it():
    (part, *_) = parts_of(reply("patterns"))

    assert pattern_in(part) is not None
    assert isinstance(read_patch(part, PATH, TEXT), Patch)


def test_courtesy_and_repetition_are_cut():
    wordy = "Please sort the message.\nBe brief.\nBe brief.\n"

    found = read_patch(reply("shorten", prompt=wordy), PATH, wordy)

    assert isinstance(found, Patch)
    assert found.after == "Sort the message.\nBe brief.\n"


def test_what_is_terse_stays():
    assert is_content(reply("shorten"))


def test_an_edit_that_was_refused_is_not_proposed_again():
    wordy = "Please sort the message.\n"
    refused = {"summary": "-Please sort the message.\n+Sort the message.", "reason": "it got worse"}

    assert is_content(reply("shorten", prompt=wordy, tried=[refused]))
