"""`prompts/rollout.yaml`: read strictly, edited without touching anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptgit.config.rollout_file import parse_rollouts, with_entry
from promptgit.errors import UserError
from promptgit.flywheel.rollout import Arm, Rollout, aborted, deployed, promoted

ONE, TWO, THREE = "1" * 40, "2" * 40, "e" * 40
AT = "2026-11-21T20:40:05.000Z"
LATER = "2026-11-22T08:00:00.000Z"
OLD, NEW = Arm(ONE, THREE), Arm(TWO, THREE)

FILE = f"""\
# ours, by hand
staging:
  greeting: {{stable: {{blob: {TWO}, commit: {THREE}}}}}   # nobody looks here

production:   # what customers see

    support-reply:
        candidate:
            commit: {THREE}
            blob: {TWO}     # the shorter one
        stable:
            blob: {ONE}
            commit: {THREE}   # approved by Ada
        # ask the on-call before you raise it
        share: 10      # percent
        steps: [5, 10, 40]
        guards:
          - leaks > 0
        since: {AT}
    other: {{stable: {{blob: {ONE}, commit: {THREE}}}, since: {AT}}}
# the end
"""


def entry(text: str, environment: str = "production", prompt: str = "support-reply") -> Rollout:
    found = parse_rollouts(text.encode()).get(environment, prompt)
    assert found is not None
    return found


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as stopped:
        parse_rollouts(text.encode())
    return stopped.value


def test_it_says_what_is_live():
    found = entry(FILE)

    assert (found.stable, found.candidate) == (OLD, NEW)
    assert (found.share, found.steps, found.guards) == (10, (5, 10, 40), ("leaks > 0",))


def test_a_new_file_explains_itself_and_says_the_same_when_it_is_read():
    first = deployed(None, "production", "support-reply", OLD, percent=None, at=AT)

    text = with_entry("", first)

    assert text.startswith("# yaml-language-server: $schema=")
    assert entry(text) == first


@pytest.mark.parametrize("feed", ["\n", "\r\n"])
def test_a_step_changes_two_lines_and_no_other_byte(feed: str):
    text = FILE.replace("\n", feed)

    after = with_entry(text, promoted(entry(text), at=LATER))

    expected = text.replace("share: 10 ", "share: 40 ").replace(
        f"        since: {AT}", f"        since: {LATER}"
    )
    assert after == expected


def test_an_abort_takes_out_the_candidate_and_its_share():
    after = with_entry(FILE, aborted(entry(FILE), at=LATER))

    assert entry(after).candidate is None
    assert "# approved by Ada" in after
    assert "# ask the on-call" in after
    assert "the shorter one" not in after
    assert "share:" not in after
    assert len(FILE.splitlines()) - len(after.splitlines()) == 4


def test_the_last_step_makes_the_candidate_stable():
    last = replace(entry(FILE), share=40)

    after = entry(with_entry(FILE, promoted(last, at=LATER)))

    assert (after.stable, after.candidate, after.share) == (NEW, None, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "production:\n",
        "production: {}\n",
        "production: { }\nstaging:\n",
        f"production:\n  other:\n    stable: {{blob: {ONE}, commit: {ONE}}}",
        f"production:\n  other:\n    stable:\n      blob: {ONE}\n      commit: {ONE}\n# end\n",
        f"{{production: {{other: {{stable: {{blob: {ONE}, commit: {ONE}}}}}}}}}\n",
        "staging:\n  # nothing yet\nproduction: {}   # here\n",
    ],
)
def test_whatever_the_file_looks_like_a_whole_rollout_goes_through_it(text: str):
    step = deployed(None, "production", "support-reply", OLD, percent=None, at=AT)
    text = with_entry(text, step)
    assert entry(text) == step
    step = deployed(step, "production", "support-reply", NEW, percent=12.5, at=LATER)
    text = with_entry(text, step)
    assert entry(text) == step
    step = promoted(promoted(promoted(step, at=AT), at=AT), at=LATER)
    text = with_entry(text, step)

    assert entry(text) == step
    assert step == replace(step, stable=NEW, candidate=None)


def test_a_file_that_was_edited_back_and_forth_is_the_same_to_the_byte():
    before = entry(FILE)

    there = with_entry(FILE, replace(before, share=50, since=LATER))
    back = with_entry(there, before)

    assert back == FILE


def test_what_an_alias_stands_for_is_not_edited():
    text = (
        f"production:\n  a: &x\n    stable: {{blob: {ONE}, commit: {ONE}}}\n    since: {AT}\n"
        "  b: *x\n"
    )

    with pytest.raises(UserError) as stopped:
        with_entry(text, replace(entry(text, prompt="a"), since=LATER))

    assert "cannot be edited" in stopped.value.message


def test_an_edit_that_would_break_the_file_is_called_what_it_is():
    text = (
        f"production:\n  a:\n    stable: &s {{blob: {ONE}, commit: {ONE}}}\n    steps: [10, 100]\n"
        f"    since: {AT}\n    candidate: *s\n    share: 10\n"
    )
    before = entry(text, prompt="a")

    with pytest.raises(UserError, match="cannot be edited"):
        with_entry(text, replace(before, candidate=None, share=0.0))


def test_a_key_that_is_misspelt_is_named_with_its_line():
    error = refused(FILE.replace("share:", "shaer:"))

    assert error.message.startswith("prompts/rollout.yaml:15:9: unknown key")
    assert error.hint == "did you mean 'share'?"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("share: 10 ", "share: 101", "at most 100"),
        (f"blob: {ONE}", "blob: abc", "blob"),
        ("steps: [5, 10, 40]", "steps: [10, 5]", "do not ascend"),
        ("share: 10      # percent", "", "no `share`"),
        ("steps: [5, 10, 40]", "steps: []", "steps"),
        ("production:", "prod uction:", "prod uction"),
    ],
)
def test_what_cannot_be_is_refused(wrong: str, right: str, said: str):
    assert wrong in FILE

    assert said in refused(FILE.replace(wrong, right)).message


def test_a_blob_of_digits_is_a_blob():
    text = FILE.replace(ONE, "12345e" + "7" * 34)

    assert entry(text).stable.blob == "12345e" + "7" * 34
