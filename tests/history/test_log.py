"""What the history of a prompt shows, whatever people did to it with Git."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from promptgit.core.evidence import evaluation_record
from promptgit.core.record import Record
from promptgit.core.revision import Evidence, Revision
from promptgit.core.verdict import Outcome
from promptgit.edges.commits import Commits
from promptgit.edges.git import Git
from promptgit.history.evidence import Judge
from promptgit.history.log import every_change, follow, parse_log
from promptgit.testing.repositories import Repository, a_repository

STORY = "improve(reply): say it"


def log(
    repository: Repository, shelf: Shelf | None = None, path: str = PATH, tip: str = "HEAD"
) -> list[Revision]:
    """The history of the prompt, newest first."""
    git = Git.discover(repository.path)
    with Commits.open(git) as commits:
        judge = Judge(shelf or a_shelf(), commits)
        walk = follow(commits, git.resolve(tip), path)
        return [judge.revision(commit, change) for commit, change in walk]


def an_improved_repository(path: Path) -> Repository:
    """SEED, then BETTER and BEST, each committed with its evidence."""
    repository = a_repository(path / "repository", {PATH: SEED, "other.txt": "1\n"})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.commit({PATH: BEST}, a_claim(SECOND_STEP))
    return repository


def told(revisions: list[Revision]) -> list[tuple[str, float | None, float | None]]:
    return [(one.evidence.value, one.before, one.score) for one in revisions]


CHAIN = [
    ("confirmed", 0.5, 0.75),
    ("confirmed", 0.0, 0.5),
    ("evaluated", None, 0.0),
]


def test_each_commit_shows_the_score_of_its_text_and_of_the_text_before(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)

    revisions = log(repository)

    assert told(revisions) == CHAIN
    assert [(one.fixed, one.broke) for one in revisions] == [(1, 0), (2, 0), (None, None)]


def test_a_rebase_onto_unrelated_work_keeps_the_scores(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    repository.commit({"other.txt": "2\n"})
    repository.git("checkout", "--quiet", "main")

    repository.git("rebase", "--quiet", "side")

    assert told(log(repository)) == CHAIN


def test_a_rebase_over_another_edit_of_the_prompt_makes_the_claim_stale(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "side", "HEAD~2")
    repository.commit({PATH: "Use emoji.\n\n\n\n" + SEED})
    repository.git("checkout", "--quiet", "main")

    repository.git("-c", "core.commentChar=#", "rebase", "--quiet", "side")

    assert [one.evidence for one in log(repository)] == [
        Evidence.STALE,
        Evidence.STALE,
        Evidence.UNEVALUATED,
        Evidence.EVALUATED,
    ]
    assert [one.score for one in log(repository)] == [None, None, None, 0.0]


def test_a_squash_with_only_a_title_is_found_by_its_text(tmp_path: Path) -> None:
    shelf = a_shelf()
    shelf.put(compared(an_evaluation(SEED, ZERO), an_evaluation(BEST, [1.0, 1.0, 1.0, 0.0])))
    repository = a_repository(tmp_path, {PATH: SEED})

    repository.commit({PATH: BEST}, "Better replies (#12)\n")

    newest = log(repository, shelf)[0]
    assert (newest.evidence, newest.before, newest.score) == (Evidence.CONFIRMED, 0.0, 0.75)


def test_a_squash_with_messages_shows_its_steps_and_the_final_score(tmp_path: Path) -> None:
    first, second = a_claim(FIRST_STEP), a_claim(SECOND_STEP)
    message = (
        f"Better replies (#12)\n\n* {first}\n* {second}\n---------\n\n"
        "Co-authored-by: Bo <bo@example.com>\n"
    )
    repository = a_repository(tmp_path, {PATH: SEED})

    repository.commit({PATH: BEST}, message)

    newest = log(repository)[0]
    assert newest.evidence is Evidence.CONFIRMED
    assert newest.score == 0.75
    assert [(step.before, step.after) for step in newest.steps] == [(0.0, 0.5), (0.5, 0.75)]


def test_a_squash_may_list_its_newest_step_first(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})

    repository.commit({PATH: BEST}, f"x\n\n{a_claim(SECOND_STEP)}\n{a_claim(FIRST_STEP)}")

    newest = log(repository, Shelf())[0]
    assert (newest.evidence, newest.score) == (Evidence.CLAIMED, 0.75)


def test_a_local_squash_merge_is_found_by_its_text(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.git("merge", "--squash", "--ff", "main")

    repository.git("commit", "--quiet", "--no-edit", "--cleanup=verbatim")

    newest = log(repository)[0]
    assert (newest.evidence, newest.score) == (Evidence.CONFIRMED, 0.75)


def test_a_cherry_pick_onto_the_same_text_keeps_the_score(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.commit({"other.txt": "2\n"})

    repository.git("cherry-pick", "-x", "main~1")

    assert told(log(repository))[0] == ("confirmed", 0.0, 0.5)


def test_amending_the_message_keeps_the_score(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)

    repository.git("commit", "--quiet", "--amend", "-m", "nicer words")

    newest = log(repository)[0]
    assert (newest.evidence, newest.score) == (Evidence.CONFIRMED, 0.75)
    assert newest.trailers == {}


def test_amending_the_text_makes_the_claim_stale(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.write({PATH: BEST + "And sing.\n"})

    repository.git("commit", "--quiet", "--all", "--amend", "--no-edit", "--cleanup=verbatim")

    newest = log(repository)[0]
    assert (newest.evidence, newest.score) == (Evidence.STALE, None)


def test_a_fixup_of_the_text_makes_the_claim_stale(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.write({PATH: BEST + "And sing.\n"})
    repository.git("commit", "--quiet", "--all", "--fixup=HEAD")

    repository.git(
        *("-c", "core.commentChar=#", "rebase"),
        *("--quiet", "-i", "--autosquash", "HEAD~2"),
        environment={"GIT_SEQUENCE_EDITOR": ":", "GIT_EDITOR": ":"},
    )

    newest = log(repository)[0]
    assert newest.subject == STORY
    assert newest.evidence is Evidence.STALE


def test_a_revert_shows_the_known_score_of_the_text_that_came_back(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)

    repository.git("revert", "--no-edit", "HEAD")

    newest = log(repository)[0]
    assert (newest.evidence, newest.before, newest.score) == (Evidence.CONFIRMED, 0.75, 0.5)
    assert (newest.fixed, newest.broke) == (0, 1)


def test_a_revert_of_a_confirmed_step_shows_its_sealed_scores_backwards(tmp_path: Path) -> None:
    sides = an_evaluation(SEED, [0.0] * 8), an_evaluation(BETTER, [1.0] * 8)
    screened = compared(*sides, stage="screening", half="search")
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.git("revert", "--no-edit", "HEAD")

    for shelf in (a_shelf(FIRST_STEP, screened), a_shelf(screened, FIRST_STEP)):
        newest = log(repository, shelf)[0]

        assert (newest.before, newest.score, newest.half) == (0.5, 0.0, "sealed")


def test_a_revert_of_a_revert_shows_the_improvement_again(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("revert", "--no-edit", "HEAD")

    repository.git("revert", "--no-edit", "HEAD")

    assert told(log(repository))[0] == ("confirmed", 0.5, 0.75)


def test_a_merge_shows_the_commits_of_the_branch_it_brought(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.commit({"other.txt": "2\n"})

    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "main")

    assert told(log(repository)) == CHAIN


def test_a_merge_that_mixes_two_texts_is_a_commit_of_its_own(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.commit({PATH: "Use emoji.\n\n\n\n" + SEED})

    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "main")

    revisions = log(repository)
    assert len(revisions) == 5
    assert (revisions[0].evidence, len(revisions[0].parents)) == (Evidence.UNEVALUATED, 2)


def test_a_patch_sent_by_mail_keeps_the_score(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    mail = repository.git(
        "format-patch",
        "--stdout",
        "--no-ext-diff",
        "-2",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "-U3",
        "--no-color",
    )
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.commit({"other.txt": "2\n"})

    repository.git("am", "--quiet", stdin=mail + "\n")

    assert told(log(repository)) == CHAIN


def test_a_prompt_that_was_renamed_and_then_improved_has_one_history(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {"old/reply.md": SEED})
    repository.git("rm", "--quiet", "--cached", "old/reply.md")
    repository.commit({PATH: SEED}, "move it\n")
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))

    revisions = log(repository)

    assert [one.subject for one in revisions] == [STORY, "move it", "first"]
    assert [one.path for one in revisions] == [PATH, PATH, "old/reply.md"]
    assert revisions[1].was == revisions[1].blob


def test_a_rename_on_two_branches_lists_what_came_before_once(tmp_path: Path) -> None:
    rules = [f"Rule {number}.\n\n" for number in range(6)]
    repository = a_repository(tmp_path, {"old/reply.md": "".join(rules)})
    for branch, place in (("left", 0), ("right", 5)):
        repository.git("checkout", "--quiet", "-b", branch, "main")
        repository.git("rm", "--quiet", "--cached", "old/reply.md")
        edited = [*rules[:place], f"{branch}\n\n", *rules[place + 1 :]]
        repository.commit({PATH: "".join(edited)}, f"{branch}\n")
        (repository.path / "old/reply.md").unlink()
    repository.git("merge", "--quiet", "--no-ff", "-m", "both", "left")

    revisions = log(repository)

    assert sorted(one.subject for one in revisions) == ["both", "first", "left", "right"]


def test_a_prompt_that_was_deleted_and_written_anew_shows_both_lives(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED, "other.txt": "1\n"})
    repository.git("rm", "--quiet", PATH)
    repository.git("commit", "--quiet", "-m", "gone")
    repository.commit({PATH: BETTER}, "back\n")

    revisions = log(repository)

    assert [one.subject for one in revisions] == ["back", "gone", "first"]
    assert (revisions[1].blob, revisions[1].evidence) == ("", Evidence.UNEVALUATED)


def test_a_number_that_somebody_typed_is_only_claimed(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})
    forged = "x\n\nPrompt-Path: {}\nPrompt-Blob: {}\nEval-Score: 0.1 -> 0.99 n=9\n{}: 1\n"
    blob = an_evaluation("Trust me.\n", ZERO).prompt.blob

    repository.commit({PATH: "Trust me.\n"}, forged.format(PATH, blob, "Promptgit-Schema"))

    newest = log(repository)[0]
    assert (newest.evidence, newest.score, newest.record) == (Evidence.CLAIMED, 0.99, "")


def test_a_stage_that_somebody_typed_does_not_confirm_anything(tmp_path: Path) -> None:
    step = compared(
        an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF), stage="screening", half="search"
    )
    repository = a_repository(tmp_path, {PATH: SEED})

    repository.commit({PATH: BETTER}, a_claim(step, Eval_Stage="confirmed"))

    assert log(repository, a_shelf(step))[0].evidence is Evidence.SCREENING


def test_a_sealed_comparison_that_did_not_pass_confirms_nothing(tmp_path: Path) -> None:
    step = compared(
        an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF), outcome=Outcome.INCONCLUSIVE
    )
    repository = a_repository(tmp_path, {PATH: SEED})

    repository.commit({PATH: BETTER}, a_claim(step))

    assert log(repository, a_shelf(step))[0].evidence is Evidence.EVALUATED


def test_without_records_a_score_is_only_claimed(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)

    revisions = log(repository, Shelf())

    assert [one.evidence for one in revisions] == [
        Evidence.CLAIMED,
        Evidence.CLAIMED,
        Evidence.UNEVALUATED,
    ]


def test_an_altered_record_is_named_and_proves_nothing(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    shelf = a_shelf(FIRST_STEP, SECOND_STEP)
    shelf.alter(SECOND_STEP)

    newest = log(repository, shelf)[0]

    assert newest.evidence is Evidence.CLAIMED
    assert SECOND_STEP.digest[:12] in newest.problem


def test_a_later_look_that_proved_nothing_does_not_hide_the_proof(tmp_path: Path) -> None:
    proof = compared(an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF))
    unsure = compared(
        *(an_evaluation(SEED, [0.0] * 2), an_evaluation(BETTER, [1.0, 1.0])),
        stage="not-confirmed",
        outcome=Outcome.INCONCLUSIVE,
    )
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "better\n")

    newest = log(repository, a_shelf(proof, unsure))[0]

    assert (newest.evidence, newest.score, newest.record) == (
        Evidence.CONFIRMED,
        0.5,
        proof.digest,
    )


def a_chain(path: Path) -> tuple[Repository, Shelf]:
    """SEED → BETTER → BEST, screened step by step, and confirmed as a whole."""
    texts = {SEED: [0.0] * 8, BETTER: [1.0] * 4 + [0.0] * 4, BEST: [1.0] * 5 + [0.0] * 3}
    found = {text: an_evaluation(text, scores) for text, scores in texts.items()}
    first = compared(found[SEED], found[BETTER], stage="screening", half="search")
    second = compared(found[BETTER], found[BEST], stage="screening", half="search")
    whole = compared(an_evaluation(SEED, ZERO), an_evaluation(BEST, [1.0, 1.0, 1.0, 0.0]))
    repository = a_repository(path, {PATH: SEED})
    start = repository.head
    repository.commit({PATH: BETTER}, a_claim(first))
    claim = a_claim(whole, Prompt_Base=found[BETTER].prompt.blob, Eval_Against=start)
    repository.commit({PATH: BEST}, claim)
    return repository, a_shelf(whole, first, second)


def test_the_tip_of_a_confirmed_chain_shows_its_own_step_and_the_whole_run_apart(
    tmp_path: Path,
) -> None:
    repository, shelf = a_chain(tmp_path)

    newest = log(repository, shelf)[0]

    assert (newest.evidence, newest.before, newest.score) == (Evidence.CONFIRMED, 0.5, 0.625)
    assert (newest.half, newest.n, newest.fixed, newest.broke) == ("search", 8, 1, 0)
    whole = newest.whole_run
    assert whole is not None
    assert (whole.before, whole.score, whole.half, whole.n) == (0.0, 0.75, "sealed", 4)
    assert (whole.fixed, whole.broke, whole.steps) == (3, 0, 2)
    assert whole.record != newest.record


def test_a_chain_that_was_squashed_was_confirmed_as_its_own_step(tmp_path: Path) -> None:
    repository, shelf = a_chain(tmp_path)
    repository.git("checkout", "--quiet", "-b", "release", "HEAD~2")
    repository.git("merge", "--squash", "--ff", "main")

    repository.git("commit", "--quiet", "--no-edit", "--cleanup=verbatim")

    newest = log(repository, shelf)[0]
    assert (newest.evidence, newest.before, newest.score) == (Evidence.CONFIRMED, 0.0, 0.75)
    assert (newest.half, newest.whole_run) == ("sealed", None)


def test_steps_before_the_tip_know_no_whole_run(tmp_path: Path) -> None:
    repository, shelf = a_chain(tmp_path)

    assert [one.whole_run for one in log(repository, shelf)[1:]] == [None, None]


def test_without_records_the_tip_does_not_claim_the_whole_run_for_itself(tmp_path: Path) -> None:
    repository, _ = a_chain(tmp_path)

    newest = log(repository, Shelf())[0]

    assert (newest.evidence, newest.before, newest.score) == (Evidence.CLAIMED, None, 0.75)
    assert (newest.half, newest.fixed) == ("sealed", None)
    assert newest.whole_run is not None
    assert (newest.whole_run.before, newest.whole_run.score) == (0.0, 0.75)


def test_a_text_of_a_run_shows_its_search_score_whatever_the_records_are_called(
    tmp_path: Path,
) -> None:
    repository, _ = a_chain(tmp_path)
    seed, scores = an_evaluation(SEED, [0.25] * 8), [0.5] * 4
    search = evaluated(seed, half="search")
    sealed = evaluated(an_evaluation(SEED, scores))
    whole = compared(an_evaluation(SEED, scores), an_evaluation(BEST, [1.0] * 4))

    for shelf in (a_shelf(search, sealed, whole), a_shelf(whole, sealed, search)):
        first = log(repository, shelf)[-1]

        assert (first.before, first.score, first.half, first.n) == (None, 0.25, "search", 8)


def test_a_score_on_all_cases_speaks_before_one_on_a_half_and_more_cases_before_fewer(
    tmp_path: Path,
) -> None:
    every = evaluated(an_evaluation(SEED, [0.75] * 3), half="all")
    more = evaluated(an_evaluation(SEED, [0.25] * 4), half="all")
    half = evaluated(an_evaluation(SEED, [0.5] * 9), half="search")
    repository = a_repository(tmp_path, {PATH: SEED})

    assert log(repository, a_shelf(every, half))[0].score == 0.75
    assert log(repository, a_shelf(more, every, half))[0].score == 0.25
    assert log(repository, a_shelf(every, half, more))[0].score == 0.25


def a_check(before: list[float], after: list[float], *, half: str) -> tuple[Record, ...]:
    """What a check of SEED → BETTER leaves behind, the comparison last."""
    sides = an_evaluation(SEED, before), an_evaluation(BETTER, after)
    kept = [evaluated(side, half=half) for side in sides]
    return (*kept, compared(*sides, stage="check", half=half, outcome=Outcome.REGRESSION))


EVERY = [1.0] * 8, [1.0] * 6 + [0.0] * 2  # scores of SEED and of BETTER on all cases


def test_a_check_that_stopped_early_never_hides_a_wider_record(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "shorter\n")
    stopped = a_check([1.0, 1.0, 1.0], [0.0, 0.0, 1.0], half="part")
    again = a_check([1.0] * 5, [0.0, 0.0, 1.0, 1.0, 1.0], half="part")
    seed, better = (
        evaluated(an_evaluation(text, scores), half="all")
        for text, scores in zip((SEED, BETTER), EVERY, strict=True)
    )

    for order in (
        (seed, better, *stopped, *again),
        (*stopped, seed, *again, better),
        (*again, *stopped, better, seed),
    ):
        newest, first = log(repository, a_shelf(*order))

        assert (newest.before, newest.score, newest.half, newest.n) == (1.0, 0.75, "all", 8)
        assert (first.score, first.half, first.n) == (1.0, "all", 8)
        assert newest.evidence is first.evidence is Evidence.EVALUATED
        assert newest.terms == first.terms


def test_of_records_as_wide_the_comparison_of_this_step_tells_the_flips(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "shorter\n")
    *sides, step = a_check(*EVERY, half="all")

    newest = log(repository, a_shelf(step, *sides))[0]

    assert (newest.record, newest.fixed, newest.broke) == (step.digest, 0, 2)


def test_a_wider_score_hides_the_step_that_was_searched_but_not_the_one_confirmed(
    tmp_path: Path,
) -> None:
    sides = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)
    screened = compared(*sides, stage="screening", half="search")
    proof = compared(*sides)
    every = evaluated(an_evaluation(BETTER, [0.25] * 9), half="all")
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "better\n")

    searched = log(repository, a_shelf(screened, every))[0]
    proven = log(repository, a_shelf(screened, every, proof))[0]

    assert (searched.evidence, searched.before, searched.score, searched.half) == (
        *(Evidence.EVALUATED, None, 0.25, "all"),
    )
    assert (proven.evidence, proven.before, proven.score, proven.half) == (
        *(Evidence.CONFIRMED, 0.0, 0.5, "sealed"),
    )


def test_of_records_as_wide_one_that_knows_the_score_before_speaks(tmp_path: Path) -> None:
    sides = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)
    alike = [evaluated(side, half="all") for side in sides]
    other = evaluation_record(
        sides[1], path=PATH, suite="6" * 64, half="all", when="2026-01-02T03:04:05Z"
    )
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "better\n")

    for shelf in (a_shelf(*alike, other), a_shelf(other, *alike)):
        assert log(repository, shelf)[0].before == 0.0


def test_what_early_stopped_checks_saw_is_never_put_side_by_side(tmp_path: Path) -> None:
    sides = an_evaluation(SEED, ZERO), an_evaluation(BETTER, HALF)
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, "better\n")

    newest = log(repository, a_shelf(*(evaluated(side, half="part") for side in sides)))[0]

    assert (newest.before, newest.score) == (None, 0.5)


def test_a_text_that_was_only_measured_is_called_evaluated(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})

    for half in ("all", "search", "sealed", "part"):
        shelf = a_shelf(evaluated(an_evaluation(SEED, HALF), half=half))

        assert log(repository, shelf)[0].evidence is Evidence.EVALUATED


def test_a_revert_says_that_it_takes_back_a_confirmed_gain(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.git("revert", "--no-edit", "HEAD")

    newest, step, first = log(repository, a_shelf(FIRST_STEP))

    assert (newest.evidence, newest.takes_back) == (Evidence.EVALUATED, True)
    assert (step.evidence, step.takes_back) == (Evidence.CONFIRMED, False)
    assert (first.evidence, first.takes_back) == (Evidence.EVALUATED, False)


def test_scores_on_different_cases_are_never_put_side_by_side(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put(evaluated(an_evaluation(SEED, [0.5, 0.5])), evaluated(an_evaluation(BETTER, HALF)))
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER})

    newest = log(repository, shelf)[0]

    assert (newest.before, newest.score) == (None, 0.5)


def test_two_evaluations_on_the_same_cases_are_put_side_by_side(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put(evaluated(an_evaluation(SEED, ZERO)), evaluated(an_evaluation(BETTER, HALF)))
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER})

    newest = log(repository, shelf)[0]

    assert (newest.evidence, newest.before, newest.score) == (Evidence.EVALUATED, 0.0, 0.5)


def test_a_score_dies_when_an_included_text_changes(tmp_path: Path) -> None:
    shared = {"persona.md": "You are Ada.\n"}
    step = compared(
        an_evaluation(SEED, ZERO, includes=shared), an_evaluation(BETTER, HALF, includes=shared)
    )
    repository = a_repository(tmp_path, {PATH: SEED, "prompts/persona.md": "You are Bo.\n"})
    repository.commit({PATH: BETTER}, "by Bo\n")
    repository.commit({"prompts/persona.md": "You are Ada.\n", PATH: SEED}, "by Ada\n")
    repository.commit({PATH: BETTER}, "better\n")

    revisions = log(repository, a_shelf(step))

    assert [(one.subject, one.evidence.value) for one in revisions] == [
        ("better", "confirmed"),
        ("by Ada", "evaluated"),
        ("by Bo", "unevaluated"),
        ("first", "unevaluated"),
    ]


def test_a_change_of_an_included_text_is_a_change_of_the_prompt(tmp_path: Path) -> None:
    shared = {"persona.md": "You are Ada.\n"}
    step = compared(
        an_evaluation(SEED, ZERO, includes=shared), an_evaluation(BETTER, HALF, includes=shared)
    )
    repository = a_repository(tmp_path, {PATH: SEED, "prompts/persona.md": "You are Ada.\n"})
    repository.commit({PATH: BETTER}, "better\n")
    repository.commit({"prompts/persona.md": "You are Bo.\n"}, "by Bo\n")
    repository.commit({"other.txt": "1\n"}, "unrelated\n")
    git = Git.discover(repository.path)

    with Commits.open(git) as commits:
        judge = Judge(a_shelf(step), commits)
        walk = follow(commits, git.resolve("HEAD"), PATH, ["prompts/persona.md"])
        revisions = [judge.revision(commit, change) for commit, change in walk]

    assert [(one.subject, one.evidence.value, one.score) for one in revisions] == [
        ("by Bo", "unevaluated", None),
        ("better", "confirmed", 0.5),
        ("first", "evaluated", 0.0),
    ]


def test_the_boundary_of_a_shallow_clone_is_incomplete_history(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    url = repository.path.as_uri()
    repository.git("clone", "--quiet", "--depth=2", url, str(tmp_path / "clone"))

    revisions = log(Repository(tmp_path / "clone"))

    assert [one.evidence for one in revisions] == [Evidence.CONFIRMED, Evidence.INCOMPLETE]
    assert revisions[1].score == 0.5


def test_a_message_cannot_pass_itself_off_as_another_commit(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED})
    trick = f"x\n\n:100644 100644 {'a' * 40} {'b' * 40} M\n{'c' * 40}\n\n1\nme\ny\n"

    repository.commit({PATH: BETTER}, trick)

    assert [one.subject for one in log(repository)] == ["x", "first"]


@pytest.mark.parametrize(
    "path", ["a b.md", "ünï/[a].md", ":x.md", "-x.md", "q'uote\".md", "back\\slash.md"]
)
def test_odd_paths_have_a_history_too(tmp_path: Path, path: str) -> None:
    repository = a_repository(tmp_path, {path: SEED})
    repository.commit({path: BETTER}, "two\n")

    revisions = log(repository, path=path)

    assert [(one.subject, one.path) for one in revisions] == [("two", path), ("first", path)]


def test_all_prompts_are_listed_by_commit_and_nothing_else_is(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, {PATH: SEED, "prompts/ask.md": SEED, "other.md": "1\n"})
    repository.commit({"other.md": "2\n"})
    repository.commit({"prompts/ask.md": BETTER, "prompts/notes.csv": "1\n"}, "ask\n")
    git = Git.discover(repository.path)

    with Commits.open(git) as commits:
        walk = every_change(
            commits, git.resolve("HEAD"), ["prompts"], lambda path: path.endswith(".md")
        )
        found = [(commit.subject, change.path) for commit, change in walk]

    assert found == [("ask", "prompts/ask.md"), ("first", "prompts/ask.md"), ("first", PATH)]


def test_the_first_commit_is_shown_whatever_the_user_hides(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    for name, value in (("log.showRoot", "false"), ("log.follow", "true")):
        repository.git("config", name, value)

    assert told(log(repository)) == CHAIN


def test_chunks_may_be_cut_anywhere(tmp_path: Path) -> None:
    repository = an_improved_repository(tmp_path)
    git = Git.discover(repository.path)
    with Commits.open(git) as commits:
        raw = b"".join(commits.log([git.resolve("HEAD")], []))

    whole = list(parse_log([raw]))
    bytewise = list(parse_log(raw[i : i + 1] for i in range(len(raw))))

    assert bytewise == whole
    assert len(whole) == 3


@contextmanager
def counted(repository: Repository, folder: Path) -> Iterator[Path]:
    """Let Git write down every process that it starts."""
    trace = folder / "trace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_TRACE", str(trace))
        yield trace


def test_no_process_is_started_per_commit(tmp_path: Path) -> None:
    counts = []
    for size in (5, 50):
        repository = a_repository(tmp_path / str(size), {PATH: SEED})
        for number in range(size):
            repository.commit({PATH: f"{number}\n" + SEED}, a_claim(FIRST_STEP))
        with counted(repository, repository.path) as trace:
            revisions = log(repository)
        counts.append(trace.read_text(encoding="utf-8").count("trace: built-in"))

        assert len(revisions) == size + 1

    assert counts[0] == counts[1]
    assert counts[0] <= 8
