"""`promptgit flywheel run`: stage by stage, resumable, and nothing of a log takes effect."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Said, promptgit
from promptgit.core.prompt import blob_id
from promptgit.edges.git import Git
from promptgit.edges.lock import lock
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.flywheel.interaction import FEEDBACK, Interaction
from promptgit.testing.repositories import Repository, a_repository

pytest.importorskip("ibis")

PROMPT = "Answer with one of: fruit, tool.\n- fruit: apple\n"
CASES = "id,input,expected,tags\n" + "".join(
    f"{n},{'an apple' if n % 2 else 'a hammer'} {n},{'fruit' if n % 2 else 'tool'},\n"
    for n in range(80)
)
NO_IDS = "input,expected\nan apple,fruit\na hammer,tool\n"
PLAN = """
triggers: [{when: seen(quality_score < 7), cooldown: 3 days}]
improve: {budget: 300calls, cases: 6}
"""
WEEK = ("--since", "2026-11-02", "--until", "2026-11-09")


def a_week(
    said: list[str], *, quality: float = 0.3, version: str = "", variant: str = "stable"
) -> str:
    """Log lines of conversations with one call each."""
    lines = []
    for number, text in enumerate(said):
        call = Interaction(
            f"call-{number}",
            f"2026-11-0{2 + number % 6}T10:00:{number % 60:02}.000Z",
            environment="production",
            prompt="sort",
            version=version or blob_id(PROMPT),
            variant=variant,
            model="offline",
            input=text,
            output="tool, and here is some more of an answer",
        )
        lines.append(call.line())
        lines.append(
            Interaction(
                f"feedback-{number}", call.at, kind=FEEDBACK, of=call.id,
                scores={"quality": quality if number % 3 else 0.95},
            ).line()
        )  # fmt: skip
    return "\n".join(lines) + "\n"


TALK = [
    f"what is a {noun} number {n}" for n in range(4) for noun in ("saw", "pear", "plum", "vice")
]


def an_app(folder: Path, said: list[str] | None = None, plan: str = PLAN) -> Repository:
    files = {
        "prompts/sort.md": PROMPT,
        "prompts/sort.csv": CASES,
        "promptgit.yaml": "model: offline\n",
        "flywheel.yaml": plan,
    }
    repository = a_repository(folder, files)
    logs = repository.path / ".git" / "promptgit" / "logs"
    logs.mkdir(parents=True)
    (logs / "2026-11-02.jsonl").write_text(a_week(TALK if said is None else said))
    return repository


def turn(repository: Repository, *words: str) -> Said:
    return promptgit(repository, "-q", "flywheel", "run", *words)


@pytest.fixture
def app(tmp_path: Path) -> Repository:
    return an_app(tmp_path / "app")


@dataclass(frozen=True)
class Turned:
    """A repository in which one turn has been made, for whoever only looks."""

    app: Repository
    head: str  # before the turn
    found: dict[str, Any]
    out: Path  # the folder of `--output`
    summary: str  # of the workflow's step

    @property
    def improvement(self) -> dict[str, Any]:
        (one,) = self.found["improve"]["improvements"]
        return one


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Turned:
    folder = tmp_path_factory.mktemp("turned")
    app = an_app(folder / "app")
    assert promptgit(app, "deploy", "sort").code == 0
    head, step = app.head, folder / "step"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_STEP_SUMMARY", str(step))
        found = turn(app, *WEEK, "--json", "--output", str(folder / "out")).json
    return Turned(app, head, found, folder / "out", step.read_text(encoding="utf-8"))


def drafted(repository: Repository, branch: str) -> list[dict[str, str]]:
    text = repository.git("show", f"{branch}:prompts/sort.csv")
    return [row for row in csv.DictReader(io.StringIO(text)) if "needs-review" in row["tags"]]


def test_a_turn_leaves_cases_to_review_on_a_branch_and_the_body_of_a_pull_request(turned: Turned):
    one, app = turned.improvement, turned.app

    (request,) = turned.found["deploy"]["requests"]
    body = Path(request["body"]).read_text(encoding="utf-8")

    assert turned.found["insights"]["fired"][0]["when"] == "seen(quality_score < 7)"
    assert one["branch"] == "flywheel/sort-2026-11-09"
    assert len(drafted(app, one["branch"])) == len(one["drafts"]["drafts"]) > 0
    assert "### To review" in body
    assert app.head == turned.head
    assert app.git("status", "--porcelain") == ""


def test_the_diff_of_drafts_has_added_lines_alone(turned: Turned):
    changed = turned.app.git("diff", "--numstat", f"main...{turned.improvement['branch']}")

    count = len(turned.improvement["drafts"]["drafts"])
    assert f"{count}\t0\tprompts/sort.csv" in changed


def test_drafts_of_a_table_without_ids_go_to_a_file_of_their_own(tmp_path: Path):
    app = an_app(tmp_path / "app")
    app.commit({"prompts/sort.csv": NO_IDS})

    (one,) = turn(app, *WEEK, "--json").json["improve"]["improvements"]

    changed = app.git("diff", "--name-only", f"main...{one['branch']}").split()
    assert "prompts/sort.drafts.jsonl" in changed
    assert "prompts/sort.csv" not in changed


def test_what_is_drafted_is_no_case_of_anything(turned: Turned, tmp_path: Path):
    app = a_copy(turned, tmp_path)
    app.git("switch", "--quiet", turned.improvement["branch"])

    told = promptgit(app, "eval", "sort", "--json").json

    ids = {row["id"] for row in drafted(app, "HEAD")}
    assert ids
    assert {row["why"] for row in told["dropped"]} == {"it needs a review"}
    assert not ids & set(json.dumps(told).replace('"', " ").split())


def test_a_trigger_that_fired_rests_and_its_branch_waits_for_review(turned: Turned, tmp_path: Path):
    app = a_copy(turned, tmp_path)
    found = turn(app, *WEEK, "--json").json
    merged = app.git("merge", "--quiet", "--no-edit", turned.improvement["branch"])
    after = turn(app, *WEEK, "--dry-run", "--json").json

    (waiting,) = found["deploy"]["waiting"]
    assert (waiting["branch"], waiting["state"]) == (turned.improvement["branch"], "confirmed")
    assert (after["deploy"]["waiting"], merged) == ([], "")
    assert found["insights"]["fired"] == []
    assert found["insights"]["resting"][0]["until"] == "2026-11-12T00:00:00.000Z"


def test_a_dry_run_changes_nothing(app: Repository):
    said = turn(app, *WEEK, "--dry-run")

    assert "drafted, to be reviewed; dry run" in said.out
    assert app.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert turn_ids(Git.discover(app.path)) == ()


def test_a_condition_that_nobody_measures_is_an_error_with_the_one_that_is_meant(tmp_path: Path):
    app = an_app(tmp_path / "app", plan="triggers: [quality_scor < 7]\n")

    said = turn(app, *WEEK)

    assert said.code == 2
    assert "flywheel.yaml:1: no metric is called 'quality_scor'" in said.err
    assert "did you mean 'quality_score'?" in said.err


def test_one_turn_at_a_time(app: Repository):
    state = Git.discover(app.path).state_dir

    with lock(state / "locks", "flywheel", doing="another turn"):
        said = turn(app, *WEEK)

    assert said.code == 2
    assert "another turn" in said.err


@pytest.mark.parametrize("stage", ["analyze", "deploy"])
def test_a_turn_goes_on_after_the_last_stage_that_ended(turned: Turned, tmp_path: Path, stage: str):
    """A turn that was killed in a stage has the results of those before it, and no others."""
    whole, app = turned.found, a_copy(turned, tmp_path)
    journal = TurnJournal(Git.discover(app.path), whole["turn"])
    names = ["capture", "analyze", "insights", "improve", "deploy", "measure", "end"]
    for name in names[names.index(stage) :]:
        (journal.folder / f"{name}.json").unlink()

    again = turn(app, "--resume", "--json").json

    assert again["turn"] == whole["turn"]
    assert again["improve"] == whole["improve"]
    names = ("prompt", "branch", "title", "rollout")
    for made, before in zip(again["deploy"]["requests"], whole["deploy"]["requests"], strict=True):
        assert [made[name] for name in names] == [before[name] for name in names]
    assert len(promptgit(app, "runs", "--json").json["runs"]) == 1  # nothing was searched twice


def test_there_is_nothing_to_resume(app: Repository):
    said = turn(app, "--resume")

    assert said.code == 2
    assert "no turn was cut short" in said.err


def test_status_shows_the_turns_and_what_came_of_them(turned: Turned):
    app = turned.app

    shown = promptgit(app, "flywheel", "status")
    told = promptgit(app, "flywheel", "status", "--json").json["turns"]

    assert "fired: sort: seen(quality_score < 7)" in shown.out
    assert "to review on flywheel/sort-2026-11-09" in shown.out
    assert [one["ended"] for one in told] == [True]


def test_a_prompt_or_a_text_that_is_not_here_is_told_and_never_changed(tmp_path: Path):
    app = an_app(tmp_path / "app")
    logs = app.path / ".git" / "promptgit" / "logs"
    strange = a_week(TALK, version="--output=x")
    for name in ("../../etc/passwd", "--help", "prompts/sort.md", "nobody"):
        renamed = strange.replace('"prompt": "sort"', json.dumps({"prompt": name})[1:-1])
        renamed = renamed.replace('"prompt":"sort"', f'"prompt":{json.dumps(name)}')
        with (logs / "2026-11-03.jsonl").open("a") as out:
            out.write(renamed.replace('"call-', f'"{len(name)}-call-'))

    found = turn(app, *WEEK, "--json").json

    by_name = {one["name"]: one for one in found["analyze"]["prompts"]}
    assert by_name["sort"]["path"] == "prompts/sort.md"
    assert by_name["nobody"] == {
        "name": "nobody",
        "path": "",
        "versions": [{"blob": "--output=x", "conversations": 16, "known": "unknown"}],
    }
    assert [one["prompt"] for one in found["improve"]["improvements"]] == ["sort"]


def test_the_summary_goes_to_the_step_and_the_bodies_to_a_folder(turned: Turned):
    names = sorted(file.name.partition(".")[2] for file in turned.out.iterdir())

    assert names == ["branch", "md", "pull-request.md", "title"]
    assert turned.summary.startswith("## Turn ")


def test_a_turn_has_its_summary_before_it_has_ended(turned: Turned):
    """One that is killed in between is still resumed, and told of."""
    (folder,) = (turned.app.path / ".git" / "promptgit" / "flywheel" / "turns").iterdir()

    summary, end = (folder / name for name in ("summary.md", "end.json"))

    assert summary.stat().st_mtime_ns < end.stat().st_mtime_ns
    assert summary.read_text(encoding="utf-8") == (turned.out / "summary.md").read_text("utf-8")


def test_a_rollout_whose_guard_came_true_is_taken_back_and_that_is_all(tmp_path: Path):
    app = an_app(tmp_path / "app", plan="triggers: []\n")
    promptgit(app, "deploy", "sort")
    (app.path / "prompts" / "sort.md").write_text(f"{PROMPT}Be brief.\n")
    app.git("commit", "-qam", "Be brief")
    guard = ("--guard", "seen(short_rate > 50%)")
    assert promptgit(app, "deploy", "sort", "--percent", "50", *guard).code == 0
    brief = blob_id(f"{PROMPT}Be brief.\n")
    short = a_week(TALK, version=brief, variant="candidate").replace(
        "tool, and here is some more of an answer", "tool"
    )
    logs = app.path / ".git" / "promptgit" / "logs" / "2026-11-02.jsonl"
    logs.write_text(logs.read_text() + short.replace("call-", "short-"))
    looked = turn(app, *WEEK, "--dry-run")
    before = app.head

    said = turn(app, *WEEK)

    assert "proposed: abort" in looked.out
    assert said.code == 1
    assert "taken back in" in said.out
    assert app.git("diff", "--name-only", before, "HEAD") == "prompts/rollout.yaml"
    assert "candidate" not in (app.path / "prompts" / "rollout.yaml").read_text()


def test_a_confirmed_text_of_a_prompt_that_is_rolled_out_gets_its_first_step_on_the_branch(
    turned: Turned,
):
    (request,) = turned.found["deploy"]["requests"]

    text = turned.app.git("show", f"{request['branch']}:prompts/rollout.yaml")

    assert turned.improvement["state"] == "confirmed", turned.improvement["sentence"]
    assert "share: 10" in text
    assert f"blob: {turned.improvement['blob']}" in text
    assert "share" not in (turned.app.path / "prompts" / "rollout.yaml").read_text()


def test_a_condition_about_a_prompt_that_is_not_in_the_logs_stays_quiet(app: Repository):
    (app.path / "flywheel.yaml").write_text(
        "triggers: [{when: quality_score < 7, prompt: nobody, do: alarm}]\n"
    )

    found = turn(app, *WEEK, "--dry-run", "--json").json

    assert [one["prompt"] for one in found["insights"]["quiet"]] == ["nobody"]


def test_a_person_may_ask_for_it_without_a_trigger(app: Repository):
    said = promptgit(
        app, "-q", "flywheel", "improve", "sort", "--metric", "generic_rate", *WEEK, "--dry-run"
    )
    unknown = promptgit(app, "-q", "flywheel", "improve", "sort", "--metric", "quality", *WEEK)

    assert "asked for by hand: generic" in said.out
    assert (unknown.code, "no metric is called 'quality'" in unknown.err) == (2, True)


def test_logs_that_git_would_take_along_are_said(app: Repository):
    (app.path / "flywheel.yaml").write_text("capture: {folder: logs}\ntriggers: []\n")

    open_to_git = turn(app, *WEEK, "--dry-run")
    (app.path / ".gitignore").write_text("logs/\n")
    ignored = turn(app, *WEEK, "--dry-run")

    assert "add logs/ to .gitignore" in open_to_git.out
    assert "no call in this window: `promptgit logs import FILE`" in open_to_git.out
    assert ".gitignore" not in ignored.out


def a_copy(turned: Turned, folder: Path) -> Repository:
    return Repository(Path(shutil.copytree(turned.app.path, folder / "copy")))
