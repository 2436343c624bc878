"""Every claim in a message is held against its record and its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from history.shelf import (
    BEST,
    BETTER,
    FIRST_STEP,
    HALF,
    PATH,
    SECOND_STEP,
    SEED,
    ZERO,
    Shelf,
    a_claim,
    a_shelf,
    an_evaluation,
    compared,
    evaluated,
)
from promptgit.core.record import Record
from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.history.log import parse_log
from promptgit.history.verify import Checked, State, verify
from promptgit.testing.repositories import Repository, a_repository


def verified(repository: Repository, shelf: Shelf) -> list[Checked]:
    """All claims that HEAD reaches, newest first."""
    git = Git.discover(repository.path)
    with Commits.open(git) as commits:
        found = parse_log(commits.claiming([git.resolve("HEAD")]))
        return list(verify(found, shelf, commits))


def after(path: Path, message: str, text: str = BETTER) -> Repository:
    repository = a_repository(path, {PATH: SEED})
    repository.commit({PATH: text}, message)
    return repository


def test_a_claim_that_is_its_records_is_ok(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP))
    repository.commit({PATH: BEST}, a_claim(SECOND_STEP))

    checked = verified(repository, a_shelf())

    assert [one.state for one in checked] == [State.OK, State.OK]
    assert [one.record for one in checked] == [SECOND_STEP.digest, FIRST_STEP.digest]


def test_a_commit_without_a_claim_has_nothing_to_verify(tmp_path: Path):
    repository = after(tmp_path, "Eval-Score: 0.9\n\nmy words on Promptgit-Schema\n")

    assert verified(repository, a_shelf()) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"Eval_Score": "0.0000 -> 0.9900 n=4"}, "the score is 0.99 here and 0.5 in the record"),
        ({"Eval_Score": "0.0100 -> 0.5000 n=4"}, "the score before"),
        ({"Eval_Score": "0.0000 -> 0.5000 n=400"}, "the number of cases"),
        ({"Eval_Flips": "fixed=3 broke=0"}, "the cases fixed"),
        ({"Eval_Flips": "fixed=2 broke=1"}, "the cases broken"),
        ({"Eval_Metric": "contains 0.0000 -> 0.9000"}, "contains is 0.9 here"),
        ({"Eval_Metric": "kindness 0.0000 -> 0.9000"}, "nothing in the record"),
        ({"Eval_Delta": "+0.9000 [+0.0100, +0.5000] p=0.0100"}, "the delta"),
        ({"Eval_Delta": "+0.5000 [+0.0100, +0.5000] p=0.0001"}, "the p-value"),
        ({"Eval_Stage": "screening"}, "the stage"),
    ],
)
def test_a_number_that_is_not_the_records_is_a_mismatch(
    tmp_path: Path, changed: dict[str, str], why: str
):
    repository = after(tmp_path, a_claim(FIRST_STEP, **changed))

    (checked,) = verified(repository, a_shelf())

    assert checked.state is State.MISMATCH
    assert why in checked.why


def test_rounding_to_four_decimals_is_not_a_mismatch(tmp_path: Path):
    third = compared(an_evaluation(SEED, [0.0] * 3), an_evaluation(BETTER, [1.0, 0.0, 0.0]))
    repository = after(tmp_path, a_claim(third, Eval_Delta="+0.3333 [+0.0100, +0.5000] p=0.01"))

    (checked,) = verified(repository, a_shelf(third))

    assert checked.state is State.OK


def test_a_record_of_another_text_proves_nothing(tmp_path: Path):
    blob = an_evaluation("Trust me.\n", ZERO).prompt.blob
    message = a_claim(FIRST_STEP, Prompt_Blob=blob)
    repository = after(tmp_path, message, "Trust me.\n")

    (checked,) = verified(repository, a_shelf())

    assert checked.state is State.MISMATCH
    assert "another text" in checked.why


def test_a_text_that_changed_after_it_was_scored_is_stale(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP), BETTER + "And sing.\n")

    (checked,) = verified(repository, a_shelf())

    assert checked.state is State.STALE


def test_an_included_text_that_changed_after_the_scoring_is_stale(tmp_path: Path):
    shared = {"persona.md": "You are Ada.\n"}
    step = compared(
        an_evaluation(SEED, ZERO, includes=shared), an_evaluation(BETTER, HALF, includes=shared)
    )
    repository = a_repository(tmp_path, {PATH: SEED, "prompts/persona.md": "You are Bo.\n"})
    repository.commit({PATH: BETTER}, a_claim(step))

    (checked,) = verified(repository, a_shelf(step))

    assert checked.state is State.STALE
    assert "persona.md" in checked.why


def test_a_claim_whose_record_is_not_here_is_only_claimed(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP))

    (checked,) = verified(repository, Shelf())

    assert checked.state is State.CLAIMED
    assert "promptgit sync" in checked.why


def test_a_claim_without_a_record_is_only_claimed(tmp_path: Path):
    repository = after(tmp_path, without_record(a_claim(FIRST_STEP)))

    (checked,) = verified(repository, Shelf())

    assert (checked.state, checked.why) == (State.CLAIMED, "it names no record")


def test_an_altered_record_is_reported_whatever_else_is_wrong(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP), BETTER + "And sing.\n")
    shelf = a_shelf()
    shelf.alter(FIRST_STEP)

    (checked,) = verified(repository, shelf)

    assert checked.state is State.ALTERED


def test_an_altered_evaluation_behind_a_comparison_is_reported(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP))
    shelf = a_shelf()
    shelf.alter(evaluated(an_evaluation(BETTER, HALF)))

    (checked,) = verified(repository, shelf)

    assert checked.state is State.ALTERED
    assert "behind" in checked.why


@pytest.mark.parametrize("steps", [(FIRST_STEP, SECOND_STEP), (SECOND_STEP, FIRST_STEP)])
def test_the_steps_of_a_squash_are_not_stale_though_their_texts_are_gone(
    tmp_path: Path, steps: tuple[Record, Record]
):
    message = f"Better (#12)\n\n* {a_claim(steps[0])}\n* {a_claim(steps[1])}"
    repository = after(tmp_path, message, BEST)

    checked = verified(repository, a_shelf())

    assert [one.state for one in checked] == [State.OK, State.OK]


def test_a_forged_step_of_a_squash_is_still_a_mismatch(tmp_path: Path):
    forged = a_claim(FIRST_STEP, Eval_Score="0.0000 -> 0.9900 n=4")
    repository = after(tmp_path, f"Better\n\n* {forged}\n* {a_claim(SECOND_STEP)}", BEST)

    checked = verified(repository, a_shelf())

    assert [one.state for one in checked] == [State.MISMATCH, State.OK]


def test_a_revert_of_ours_is_verified_by_the_comparison_it_takes_back(tmp_path: Path):
    repository = after(tmp_path, a_claim(FIRST_STEP))
    seed = an_evaluation(SEED, ZERO).prompt.blob
    repository.commit(
        {PATH: SEED},
        f"revert(reply): x\n\nPrompt-Path: {PATH}\nPrompt-Blob: {seed}\n"
        f"Eval-Score: 0.5000 -> 0.0000 n=4\nEval-Record: sha256:{FIRST_STEP.digest}\n"
        "Promptgit-Schema: 1\n",
    )

    checked = verified(repository, a_shelf())

    assert [one.state for one in checked] == [State.OK, State.OK]


def without_record(message: str) -> str:
    return "".join(line for line in message.splitlines(True) if "Eval-Record" not in line)


@pytest.mark.parametrize(
    "changed",
    [
        {"Eval_Score": "0.0000 -> 0.9667 n=4"},
        {"Eval_Score": "0.0000 -> 0.9667 n=45"},
        {"Eval_Score": "0.9667", "Eval_Stage": ""},
        {"Eval_Flips": "fixed=4 broke=0"},
    ],
)
def test_a_forged_number_is_a_mismatch_though_it_names_no_record(
    tmp_path: Path, changed: dict[str, str]
):
    repository = after(tmp_path, without_record(a_claim(FIRST_STEP, **changed)))

    (checked,) = verified(repository, a_shelf())

    assert checked.state is State.MISMATCH
    assert "it names no record, and in " in checked.why
    assert "of this text" in checked.why


def test_leaving_the_blob_out_as_well_does_not_help(tmp_path: Path):
    message = without_record(a_claim(FIRST_STEP, Eval_Score="0.0000 -> 0.9667 n=4"))
    blobless = "".join(line for line in message.splitlines(True) if "Prompt-Blob" not in line)

    (checked,) = verified(after(tmp_path, blobless), a_shelf())

    assert checked.state is State.MISMATCH


def test_a_true_claim_that_names_no_record_is_still_only_claimed(tmp_path: Path):
    (checked,) = verified(after(tmp_path, without_record(a_claim(FIRST_STEP))), a_shelf())

    assert (checked.state, "says the same" in checked.why) == (State.CLAIMED, True)


def test_a_record_of_another_kind_contradicts_no_claim(tmp_path: Path):
    message = without_record(a_claim(FIRST_STEP, Eval_Score="0.0000 -> 0.9667 n=45"))
    shelf = a_shelf(evaluated(an_evaluation(BETTER, HALF), half="all"))

    (checked,) = verified(after(tmp_path, message), shelf)

    assert (checked.state, checked.why) == (State.CLAIMED, "it names no record")


@pytest.mark.parametrize("key", ["Eval_Score", "Eval_Flips", "Eval_Record", "Eval_Metric"])
def test_a_value_that_nobody_can_read_is_a_mismatch(tmp_path: Path, key: str):
    repository = after(tmp_path, a_claim(FIRST_STEP, **{key: "banana"}))

    (checked,) = verified(repository, a_shelf())

    assert checked.state is State.MISMATCH
    assert f"{key.replace('_', '-')} is not understood" in checked.why
