"""`promptgit deploy`, `promote`, `abort`, `status`, `bundle`: a step is a commit of one file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from edges.desk import a_hook, changed_paths, locks, state
from promptgit.cli.main import run
from promptgit.config.rollout_file import parse_rollouts
from promptgit.core import trailers
from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.flywheel.rollout import ROLLOUT_FILE, Rollout
from promptgit.testing.repositories import Repository, a_repository

PROMPT = "prompts/support-reply.md"
NAME = "support-reply"
OLD, NEW = "Be kind.\n", "Be kind.\nBe brief.\n"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Type = Callable[[str], Said]


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    """A repository with a prompt, and somebody's own work beside it."""
    repository = a_repository(tmp_path, {PROMPT: OLD, "notes.txt": "one\n"})
    repository.git("config", "user.name", "Ada")
    return repository


@pytest.fixture
def typed(
    desk: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    monkeypatch.chdir(desk.path)

    def typing(line: str) -> Said:
        code = run(line.split())
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typing


def live(repository: Repository, environment: str = "production") -> Rollout:
    text = repository.git("show", f"HEAD:{ROLLOUT_FILE}")
    found = parse_rollouts(text.encode()).get(environment, NAME)
    assert found is not None
    return found


def trying(desk: Repository, typed: Type, percent: str = "10") -> None:
    """The old text is stable, the new one is the candidate."""
    assert typed(f"deploy {NAME}").code == 0
    desk.commit({PROMPT: NEW})
    assert typed(f"deploy {NAME} --percent {percent}").code == 0


def test_the_first_deploy_makes_the_file_and_gives_everybody_the_text(
    desk: Repository, typed: Type
):
    said = typed(f"deploy {NAME} --to production")

    found = live(desk)
    assert said.code == 0
    assert found.stable.blob == desk.blob(PROMPT)
    assert found.candidate is None
    assert changed_paths(desk, "HEAD") == [ROLLOUT_FILE]
    assert desk.status() == ""
    assert f"git revert {desk.head[:10]}" in said.out


def test_each_step_is_a_commit_of_that_file_alone_with_one_parent(desk: Repository, typed: Type):
    trying(desk, typed)

    for line, share in ((f"promote {NAME}", 50), (f"promote {NAME}", 100), (f"abort {NAME}", 0)):
        before = desk.head
        assert typed(line).code == 0
        assert desk.git("rev-list", "--parents", "-n1", "HEAD").split()[1:] == [before]
        assert changed_paths(desk, "HEAD") == [ROLLOUT_FILE]
        assert live(desk).share == share
    assert desk.status() == ""


def test_after_the_last_step_the_candidate_is_the_stable_text(desk: Repository, typed: Type):
    trying(desk, typed, "100")

    typed(f"promote {NAME}")

    assert live(desk).stable.blob == desk.blob(PROMPT)
    assert live(desk).candidate is None


def test_a_candidate_whose_text_nobody_has_is_not_promoted(desk: Repository, typed: Type):
    trying(desk, typed)
    blob = live(desk).candidate.blob  # type: ignore[union-attr]
    text = (desk.path / ROLLOUT_FILE).read_text()
    desk.commit({ROLLOUT_FILE: text.replace(blob, "1" * len(blob))})
    before = desk.head

    said = typed(f"promote {NAME}")

    assert said.code == 2
    assert "holds no prompt with the text 111111111111" in said.err
    assert desk.head == before
    assert typed(f"abort {NAME}").code == 0


def test_the_trailers_say_what_the_file_says_and_git_reads_them(desk: Repository, typed: Type):
    trying(desk, typed)
    typed(f"promote {NAME} --why Fine.")

    found = dict(plumbing.parse_trailers(Git.discover(desk.path), desk.message()))

    assert found == dict(trailers.last_block(desk.message()))
    assert found["Prompt-Path"] == PROMPT
    assert found["Prompt-Blob"] == desk.blob(PROMPT)
    assert found["Rollout-Environment"] == "production"
    assert found["Rollout-Share"] == "10% -> 50%"
    assert found["Promptgit-Schema"] == "1"
    assert "Fine." in desk.message()


def test_git_revert_undoes_a_step_and_status_says_so(desk: Repository, typed: Type):
    trying(desk, typed)
    before = live(desk)
    typed(f"promote {NAME}")
    assert live(desk) != before

    desk.git("revert", "--no-edit", "HEAD")

    assert live(desk) == before
    said = typed("status")
    assert "10 %" in said.out
    assert 'Revert "promote(support-reply)' in said.out


def test_status_shows_shares_steps_guards_and_how_far_texts_are_proven(
    desk: Repository, typed: Type
):
    trying(desk, typed)

    shown = typed("status").out
    told = json.loads(typed("status --json").out)

    assert "stable       90 %" in shown
    assert "candidate    10 %" in shown
    assert "unevaluated" in shown
    assert "gives it 50 %" in shown
    (entry,) = told["rollouts"]
    assert (entry["share"], entry["next"], entry["steps"]) == (10, 50, [10, 50, 100])
    assert entry["candidate"]["blob"] == desk.blob(PROMPT)
    assert told["committed"] is True


def test_status_of_nothing_says_how_to_begin(typed: Type):
    said = typed("status")

    assert said.code == 0
    assert "nothing is live yet" in said.out


def test_a_text_that_no_verdict_confirmed_is_deployed_with_a_warning(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")
    desk.commit({PROMPT: NEW})

    said = typed(f"deploy {NAME}")

    assert said.code == 0
    assert "warning: no sealed comparison" in said.out
    assert "Rollout-Evidence: unevaluated" in desk.message()


def test_what_lint_finds_is_shown_and_stops_nothing(desk: Repository, typed: Type):
    desk.commit({PROMPT: "Use sk-proj-" + "a1B2" * 12 + " as the key.\n"})

    said = typed(f"deploy {NAME}")

    assert said.code == 0
    assert f"lint: {PROMPT}:1:" in said.out


def test_another_revision_can_be_deployed(desk: Repository, typed: Type):
    desk.commit({PROMPT: NEW})

    typed(f"deploy {NAME} --ref HEAD~1")

    assert live(desk).stable.blob == desk.blob(PROMPT, "HEAD~2")


def test_staged_and_unstaged_work_of_the_user_stays_as_it_is(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")
    desk.commit({PROMPT: NEW})
    desk.write({"notes.txt": "two\n", "new.txt": "new\n"})
    desk.git("add", "new.txt")
    before = desk.status()

    for line in (f"deploy {NAME}", f"promote {NAME}", f"abort {NAME}"):
        assert typed(line).code == 0

    assert desk.status() == before


REFUSED = {
    "an edit of the prompt": (PROMPT, "not committed"),
    "an edit of the rollout file": (ROLLOUT_FILE, "changes that are not committed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_dirty_state_is_refused_before_anything_is_done(desk: Repository, typed: Type, case: str):
    file, words = REFUSED[case]
    typed(f"deploy {NAME}")
    desk.commit({PROMPT: NEW})
    desk.write({file: (desk.path / file).read_text(encoding="utf-8") + "# edited\n"})
    before = state(desk)

    said = typed(f"deploy {NAME}")

    assert said.code == 2
    assert words in said.err
    assert state(desk) == before


@pytest.mark.parametrize("line", [f"promote {NAME}", f"abort {NAME}", f"deploy {NAME} --percent 5"])
def test_what_makes_no_sense_before_a_first_deploy_is_refused(
    desk: Repository, typed: Type, line: str
):
    before = state(desk)

    said = typed(line)

    assert said.code == 2
    assert "promptgit deploy" in said.err
    assert state(desk) == before


def test_a_second_candidate_waits_for_the_first(desk: Repository, typed: Type):
    trying(desk, typed)
    desk.commit({PROMPT: "Be quick.\n"})

    said = typed(f"deploy {NAME}")

    assert said.code == 2
    assert "another candidate" in said.err
    assert "abort" in said.err


def test_the_same_text_is_not_deployed_twice(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")

    assert "with this very text" in typed(f"deploy {NAME}").err
    desk.commit({PROMPT: NEW})
    typed(f"deploy {NAME}")
    assert "candidate in production already" in typed(f"deploy {NAME}").err
    assert typed(f"deploy {NAME} --percent 25").code == 0
    assert live(desk).share == 25


@pytest.mark.parametrize("first", [True, False], ids=["the file is new", "the file is there"])
def test_a_hook_that_refuses_leaves_everything_as_it_was(
    desk: Repository, typed: Type, first: bool
):
    if not first:
        typed(f"deploy {NAME}")
        desk.commit({PROMPT: NEW})
    a_hook(desk, "pre-commit", "echo not today >&2; exit 1")
    before = state(desk)

    said = typed(f"deploy {NAME}")

    assert said.code == 2
    assert "not today" in said.err
    assert state(desk) == before
    assert locks(desk) == []


def test_a_hook_that_adds_a_file_is_taken_back(desk: Repository, typed: Type):
    a_hook(desk, "pre-commit", "echo x > sneaked.txt; git add sneaked.txt")

    said = typed(f"deploy {NAME}")

    assert said.code == 2
    assert "alone" in said.err
    assert not (desk.path / ROLLOUT_FILE).exists()
    assert desk.git("ls-files", ROLLOUT_FILE) == ""


def test_our_own_commit_msg_hook_is_content_with_every_step(desk: Repository, typed: Type):
    a_hook(desk, "commit-msg", f"{sys.executable} -m promptgit.cli.main trailers $1")
    trying(desk, typed)

    said = typed(f"abort {NAME}")

    assert said.code == 0, said.err
    assert typed("verify").code == 0


def test_with_a_branch_the_one_that_is_checked_out_stays(desk: Repository, typed: Type):
    head = desk.head

    said = typed(f"deploy {NAME} --branch first-deploy")

    assert said.code == 0
    assert desk.head == head
    assert desk.status() == ""
    assert changed_paths(desk, "first-deploy") == [ROLLOUT_FILE]


def test_a_bare_repository_moves_its_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = a_repository(tmp_path / "work", {PROMPT: OLD})
    bare = Repository(tmp_path / "bare.git")
    first.git("clone", "--quiet", "--bare", ".", str(bare.path))
    bare.git("config", "user.name", "Ada")
    bare.git("config", "user.email", "ada@example.com")
    monkeypatch.chdir(bare.path)

    assert run(["deploy", NAME]) == 0

    assert bare.git("log", "--format=%s", "-1").startswith("deploy(support-reply)")


def test_two_who_deploy_at_once_make_two_commits_or_one_hears_why(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")
    desk.commit({PROMPT: NEW})
    command = [sys.executable, "-m", "promptgit.cli.main", "deploy", NAME, "--to"]

    started = [
        subprocess.Popen([*command, to], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for to in ("staging", "canary")
    ]
    ended = [(process.communicate()[1], process.returncode) for process in started]

    text = desk.git("show", f"HEAD:{ROLLOUT_FILE}")
    made = parse_rollouts(text.encode()).environments
    assert len(made) == 1 + sum(code == 0 for _, code in ended)
    assert all(b"hint:" in said for said, code in ended if code)
    assert any(code == 0 for _, code in ended)
    assert desk.status() == ""


def test_environments_are_apart(desk: Repository, typed: Type):
    typed(f"deploy {NAME} --to staging")
    typed(f"deploy {NAME} --to production")
    desk.commit({PROMPT: NEW})
    typed(f"deploy {NAME} --to staging --percent 50")

    assert typed(f"promote {NAME}").code == 0  # the one that has a candidate

    assert live(desk, "staging").share == 100
    assert live(desk).candidate is None


def test_an_environment_that_is_misspelt_is_said(desk: Repository, typed: Type):
    trying(desk, typed)

    said = typed(f"promote {NAME} --to prod")

    assert said.code == 2
    assert "it is live in: production" in said.err


def test_prompts_of_one_name_are_told_apart_by_their_paths(desk: Repository, typed: Type):
    desk.commit({"prompts/de/support-reply.md": "Sei nett.\n"})

    assert typed("deploy prompts/de/support-reply.md").code == 0

    text = desk.git("show", f"HEAD:{ROLLOUT_FILE}")
    assert ("production", "prompts/de/support-reply") in parse_rollouts(text.encode()).entries


def test_a_guard_that_is_no_condition_is_refused(desk: Repository, typed: Type):
    said = typed(f"deploy {NAME} --guard leaks>>0")

    assert said.code == 2
    assert desk.status() == ""


def test_a_broken_file_is_named_with_its_line(desk: Repository, typed: Type):
    desk.commit({ROLLOUT_FILE: "production:\n  support-reply:\n    stabel: {}\n"})

    for line in ("status", f"deploy {NAME}", "bundle"):
        said = typed(line)
        assert said.code == 2
        assert f"{ROLLOUT_FILE}:3:5" in said.err
        assert "did you mean 'stable'?" in said.err


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ("since: 20", "since: 2026-13-01T00:00:00.000Z # 20", "is no day and time"),
        ("blob: ", "blob: z", "of the form ^([0-9a-f]{40}|"),
    ],
)
def test_a_value_of_the_right_kind_that_means_nothing_is_named_too(
    desk: Repository, typed: Type, right: str, wrong: str, why: str
):
    typed(f"deploy {NAME}")
    file = desk.path / ROLLOUT_FILE
    file.write_text(file.read_text().replace(right, wrong))

    said = typed("status")

    assert said.code == 2
    assert why in said.err


def test_status_warns_of_a_text_that_cannot_be_served_from_here(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")
    file = desk.path / ROLLOUT_FILE
    blob = live(desk).stable.blob
    file.write_text(file.read_text().replace(blob, "0" * 40))

    said, told = typed("status"), json.loads(typed("status --json").out)

    assert "warning: prompts/rollout.yaml: the commit" in said.out
    assert "holds no prompt with the text 000000000000" in told["rollouts"][0]["problems"][0]


def test_a_dry_run_shows_the_commit_and_makes_none(desk: Repository, typed: Type):
    before = state(desk)

    said = typed(f"deploy {NAME} --dry-run")

    assert said.code == 0
    assert "Rollout-Environment: production" in said.out
    assert state(desk) == before


def test_json_says_what_was_done(desk: Repository, typed: Type):
    told = json.loads(typed(f"deploy {NAME} --json").out)

    assert told["commit"] == desk.head
    assert told["action"] == "deploy"
    assert told["rollout"]["stable"]["blob"] == desk.blob(PROMPT)


def test_a_deploy_can_write_the_bundle_at_once(desk: Repository, typed: Type, tmp_path: Path):
    file = tmp_path.parent / f"{tmp_path.name}-bundle.json"

    typed(f"deploy {NAME} --bundle {file}")

    told = json.loads(file.read_text(encoding="utf-8"))
    assert [one["prompt"] for one in told["rollouts"]] == [NAME]
    assert [one["text"] for one in told["texts"].values()] == [OLD]


def test_a_bundle_of_an_environment_that_is_not_there_is_refused(desk: Repository, typed: Type):
    typed(f"deploy {NAME}")

    said = typed("bundle --to prod")

    assert said.code == 2
    assert "nothing is live in 'prod'" in said.err


def test_a_guard_over_what_nobody_measures_is_refused_before_anything_is_committed(
    desk: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(desk.path)
    before = desk.head

    code = run(["deploy", NAME, "--guard", "error_rat > 2%"])

    assert code == 2
    assert "did you mean 'error_rate'?" in capsys.readouterr().err
    assert desk.head == before


def test_guards_of_a_running_candidate_are_replaced_in_a_commit_of_their_own(
    desk: Repository, typed: Type
):
    trying(desk, typed)
    was = live(desk)

    said = typed(f"deploy {NAME} --guard leaks>0")

    assert said.code == 0, said.err
    assert live(desk).guards == ("leaks>0",)
    assert (live(desk).share, live(desk).since) == (was.share, was.since)
    assert desk.message().startswith(
        f"deploy(support-reply): guards of {was.arm('candidate').blob[:10]} in production: leaks>0"
    )
    again = typed(f"deploy {NAME} --guard leaks>0")
    assert again.code == 2
    assert f"`steps` stand in {ROLLOUT_FILE}" in again.err


def test_a_promotion_on_nothing_is_told_so(desk: Repository, typed: Type):
    trying(desk, typed)

    said = typed(f"promote {NAME}")

    assert said.code == 0
    assert "warning: no conversation with the candidate in the logs" in said.err
