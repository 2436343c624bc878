"""`promptgit.check` and `promptgit.improve`."""

from __future__ import annotations

from pathlib import Path

import pytest

import promptgit
from cli.terminal import PROMPT, an_office
from promptgit.testing.repositories import Repository, a_repository

ROOT = Path(__file__).parents[2]
CASES = [{"input": f"number {n}", "expected": "a"} for n in range(60)]


def answering(text):
    return lambda messages: text


def evaluated(text):
    prompt = promptgit.Prompt.of("Say it.")
    return promptgit.evaluate(prompt, cases=CASES, scorers="equals", model=answering(text))


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    return an_office(tmp_path / "office")


def test_two_evaluations_are_compared():
    worse = promptgit.check(evaluated("a"), evaluated("b"))
    same = promptgit.check(evaluated("a"), evaluated("a"), margin=0.1)

    assert not worse
    assert worse.outcome is promptgit.Outcome.REGRESSION
    assert repr(worse).startswith("<Verdict REGRESSION: -1.000 (-1.000 to ")
    assert same


def test_two_prompts_are_run_on_the_same_cases_and_compared():
    def obeying(messages):
        return messages[0]["content"].removeprefix("Say ")

    options = {"cases": CASES, "scorers": "equals", "model": obeying}
    good, bad = promptgit.Prompt.of("Say a"), promptgit.Prompt.of("Say b")

    assert promptgit.check(bad, good, **options)
    assert not promptgit.check(good, bad, **options)


def test_the_rules_may_be_given():
    good, bad = evaluated("a"), evaluated("b")

    lenient = promptgit.check(good, bad, policy=promptgit.Policy(margin=1.0, alpha=0.5))

    assert lenient.alpha == 0.5


def test_two_revisions_of_a_prompt_are_compared_by_its_own_rules(office: Repository):
    office.commit({PROMPT: "Always answer: nothing of the kind\n"})
    before = promptgit.load("sort", ref="HEAD~1", repo=office.path)
    after = promptgit.load("sort", repo=office.path)

    verdict = promptgit.check(before, after, repo=office.path)

    assert verdict.of == 90
    assert not verdict


def test_the_gate_of_a_repository_is_run(office: Repository):
    office.commit({PROMPT: "Answer with one of: fruit, tool, animal.\nSort the message.\n"})
    told = []

    report = promptgit.check(base="HEAD~1", head="HEAD", repo=office.path, progress=told.append)

    assert [one.path for one in report.prompts] == [PROMPT]
    assert bool(report) is (report.outcome is promptgit.Outcome.PASS)
    assert told[0].doing == "checking"
    assert office.git("for-each-ref", "refs/promptgit") == ""


def test_a_change_that_concerns_no_prompt_passes(office: Repository):
    office.commit({"notes.txt": "nothing\n"})

    assert promptgit.check(base="HEAD~1", repo=office.path)


def test_a_change_for_the_worse_does_not_pass(office: Repository):
    office.commit({PROMPT: "Answer: nothing\n"})

    assert not promptgit.check(base="HEAD~1", repo=office.path)


def test_one_side_alone_is_no_comparison():
    with pytest.raises(promptgit.UserError, match="one side is missing"):
        promptgit.check(evaluated("a"))
    with pytest.raises(promptgit.UserError, match="not run yet"):
        promptgit.check(evaluated("a"), promptgit.Prompt.of("b"), cases=CASES, scorers="equals")
    with pytest.raises(promptgit.UserError, match="takes its `model` as a word"):
        promptgit.check(model=answering("a"))


@pytest.fixture(scope="module")
def triage(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A worked example of ours, improved once without delivery; tests that share it only look."""
    files = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in sorted(map(str, (ROOT / "prompts").glob("ticket-triage*")))
    }
    return a_repository(
        tmp_path_factory.mktemp("triage") / "here",
        {f"prompts/{Path(name).name}": text for name, text in files.items()},
    )


@pytest.fixture(scope="module")
def outcome(triage: Repository):
    told = []
    found = promptgit.improve("ticket-triage", repo=triage.path, rounds=3, progress=told.append)
    assert told
    return found


def test_what_is_found_is_confirmed_and_no_branch_moves(triage: Repository, outcome):
    assert outcome.confirmed
    assert outcome.verdict
    assert outcome.best.evaluation.mean > outcome.seed.evaluation.mean
    assert outcome.commits == ()
    assert triage.git("rev-list", "--count", "HEAD") == "1"
    assert triage.status() == ""


def test_the_work_is_kept_on_the_ref_that_it_names(triage: Repository, outcome):
    kept = triage.git("cat-file", "blob", f"{outcome.ref}:prompts/ticket-triage.md")

    assert kept + "\n" == outcome.prompt.text
    assert outcome.diff.startswith("--- a/prompts/ticket-triage.md")


def test_the_best_has_ancestors_that_lead_to_the_seed(outcome):
    candidate = outcome.best
    while candidate.parents:
        assert isinstance(candidate, promptgit.Candidate)
        (candidate,) = candidate.parents[:1]

    assert candidate.prompt.text == outcome.seed.prompt.text


def test_it_delivers_when_it_is_told_to(triage: Repository, outcome):
    delivered = promptgit.improve(
        "ticket-triage", repo=triage.path, rounds=3, branch="better", deliver=True
    )

    assert delivered.commits
    assert triage.git("rev-parse", "better") == delivered.commits[-1]
    assert triage.git("rev-list", "--count", "HEAD") == "1"


def test_what_would_make_it_fail_is_said_before_anything_is_spent(office: Repository):
    office.write({PROMPT: "changed\n"})

    with pytest.raises(promptgit.UserError, match="not committed"):
        promptgit.improve("sort", repo=office.path)
    with pytest.raises(promptgit.UserError, match="there is no prompt"):
        promptgit.improve("no-such-prompt", repo=office.path)
