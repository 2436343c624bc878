"""`promptgit improve`, as typed, in real repositories with the offline model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import PROMPT, SEED, WORDS, a_clerk, an_office, promptgit, sorting_cases
from promptgit.core import trailers
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.runs import RunJournal
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

RUNS = "refs/promptgit/runs"
GUARDED = 'assert: [{type: equals, value: "{{ expected }}"}]\nmust_pass: [first]\n'
CLERK = {"promptgit.yaml": "model: clerk\nprices: {clerk: {input: 0, output: 0}}\n"}

LENIENT = "improve: {options: {miss_threshold: 0.0}}\n"


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_clerk(monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """An office after one confirmed run; tests that share it must only look."""
    office = an_office(tmp_path_factory.mktemp("improved") / "office", CLERK)
    with pytest.MonkeyPatch.context() as monkeypatch, a_clerk(monkeypatch):
        said = promptgit(office, "improve", "sort")
    assert said.code == 0, said.err
    return office


def test_what_is_proven_is_committed_and_says_so_in_one_sentence(improved: Repository):
    assert improved.head != improved.git("rev-list", "--max-parents=0", "HEAD")
    assert (improved.path / PROMPT).read_text() != SEED
    assert improved.status() == ""


def test_each_patch_is_one_commit_of_one_file_with_one_parent(improved: Repository):
    commits = improved.git("rev-list", "--parents", "HEAD").splitlines()

    for line in commits[:-1]:
        commit, *parents = line.split()
        assert len(parents) == 1
        changed = improved.git("diff-tree", "--no-commit-id", "--name-only", "-r", commit)
        assert changed == PROMPT


def test_every_step_but_the_tip_tells_what_the_same_cases_said(improved: Repository):
    """Else the steps of one run would not add up: each was tried where it was to help."""
    *steps, _first = improved.git("rev-list", "HEAD~1").splitlines()
    messages = [improved.git("show", "-s", "--format=%B", commit) for commit in steps]
    scores = [dict(trailers.find(message))["Eval-Score"] for message in messages]
    said = promptgit(improved, "log", "sort")

    sizes = {score.partition(" n=")[2] for score in scores}
    assert len(steps) > 1
    assert len(sizes) == 1
    shown = [line for line in said.lines if " screening " in line]
    assert len(shown) == len(steps)
    assert all(f"n={size}" in line for line in shown for size in sizes)


def test_a_text_is_found_with_no_record_of_cases_that_were_chosen_for_it(improved: Repository):
    records = Records(Git.discover(improved.path))
    step = improved.git("rev-parse", f"HEAD~1:{PROMPT}")

    found = [record.body for record in records.find(step) if record.body["half"] == "search"]
    kept = [records.get(digest) for digest in records.all_digests()]
    of_step = [one.body for one in kept if one and one.body.get("prompt", {}).get("blob") == step]

    assert len({body["cases"]["n"] for body in found}) == 1
    assert len([body for body in of_step if body["half"] == "search"]) > len(found)


def test_the_tip_carries_the_sealed_comparison_and_git_reads_it_back(improved: Repository):
    message = improved.message()
    parsed = improved.git(
        *("-c", "trailer.separators=:", "interpret-trailers", "--parse", "--no-divider"),
        stdin=message,
    )

    found = dict(trailers.find(message))
    assert found["Eval-Stage"] == "confirmed"
    assert found["Prompt-Blob"] == improved.blob(PROMPT)
    assert f"Eval-Record: {found['Eval-Record']}" in parsed.splitlines()


def test_the_record_behind_the_tip_is_there_and_about_this_very_text(improved: Repository):
    found = dict(trailers.find(improved.message()))
    digest = found["Eval-Record"].removeprefix("sha256:")

    record = Records(Git.discover(improved.path)).get(digest)

    assert record is not None
    assert record.body["stage"] == "confirmed"
    assert record.body["prompt"]["blob"] == improved.blob(PROMPT)


def test_every_claim_of_the_run_is_verified(improved: Repository):
    said = promptgit(improved, "verify")

    assert said.code == 0


def test_the_metric_lines_speak_of_the_cases_that_the_headline_counts(tmp_path: Path):
    """One metric makes the score: both lines must say the same, whatever was asked first."""
    header, *rows = sorting_cases(60).splitlines()
    tagged = [f"{row},{'first' if 'toad' in row else ''}" for row in rows]
    cases = "\n".join([f"{header},tags", *tagged, ""])
    files = {**CLERK, "prompts/sort.csv": cases, "prompts/sort.eval.yaml": GUARDED}
    office = an_office(tmp_path / "office", files)

    said = promptgit(office, "improve", "sort")

    found = dict(trailers.find(office.message()))
    record = Records(Git.discover(office.path)).get(found["Eval-Record"][7:])
    assert said.code == 0, said.err
    assert record is not None
    assert record.body["verdict"]["aside"]
    assert found["Eval-Score"].startswith(found["Eval-Metric"].removeprefix("equals "))
    assert promptgit(office, "verify").code == 0


def test_the_mentor_never_saw_a_sealed_case(improved: Repository):
    (run,) = promptgit(improved, "runs", "--json").json["runs"]
    story = promptgit(improved, "runs", "show", run["run"], "--json").json
    found = dict(trailers.find(improved.message()))
    record = Records(Git.discover(improved.path)).get(found["Eval-Record"][7:])

    assert record is not None
    sealed = set(record.body["split"]["sealed"])
    shown = {case for proposal in story["rounds"] for case in proposal["shown"]}
    assert shown
    assert not shown & sealed


def test_a_run_is_told_with_every_proposal_and_its_fate(improved: Repository):
    said = promptgit(improved, "runs", "show", "latest")

    assert "accepted" in said.out
    assert "round 1" in said.out
    assert "Learning curve" in said.out


def test_a_run_is_exported_as_files(improved: Repository, tmp_path: Path):
    said = promptgit(improved, "runs", "export", "latest", str(tmp_path / "out"))

    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert said.code == 0
    assert {"session_data.json", "optimization_report.md"} <= names
    assert {"test_iteration_0.json", "interview_1.json"} <= names


def test_log_shows_the_improvement_as_confirmed(improved: Repository):
    first, *_ = promptgit(improved, "log", PROMPT).lines

    assert "confirmed" in first


def test_a_plain_git_revert_brings_back_the_known_score(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    assert promptgit(office, "improve", "sort", "--squash").code == 0
    office.git("revert", "--no-edit", "HEAD")

    newest, *_, oldest = promptgit(office, "log", PROMPT, "--json").json["commits"]

    assert newest["blob"] == oldest["blob"]
    assert newest["score"] == oldest["score"]


def test_json_tells_the_outcome(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--json", "--rounds", "3", "--seed", "5")

    assert said.json["state"] == "confirmed"
    assert said.json["verdict"]["outcome"] == "PASS"
    assert said.json["commits"][-1] == office.head
    assert said.err == ""


def test_a_branch_of_its_own_leaves_the_work_tree_alone(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    head = office.head
    (office.path / PROMPT).write_text("My own half-done edit\n")

    said = promptgit(office, "improve", "sort", "--branch", "better")

    assert said.code == 0, said.err
    assert office.head == head
    assert (office.path / PROMPT).read_text() == "My own half-done edit\n"
    assert office.git("rev-parse", "better") != head
    assert "means" in office.git("show", f"better:{PROMPT}")


def test_it_says_so_when_it_starts_from_the_text_of_another_branch(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    office.git("switch", "-q", "-c", "better")
    office.commit({PROMPT: SEED + "Be brief.\n"}, "shorter\n")
    office.commit({PROMPT: SEED + "Be very brief.\n"}, "still shorter\n")
    office.git("switch", "-q", "main")
    plain = promptgit(office, "improve", "sort", "--dry-run").err

    ahead = promptgit(office, "improve", "sort", "--branch", "better", "--dry-run").err
    office.commit({"other.txt": "x\n"}, "something else\n")
    apart = promptgit(office, "improve", "sort", "--branch", "better", "--dry-run").err

    assert "starts from better's text, 2 commits ahead of HEAD\n" in ahead
    assert "starts from better's text, 2 commits ahead of HEAD and 1 commit behind\n" in apart
    assert "starts from" not in plain


def test_squash_delivers_one_commit(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--squash")

    assert said.code == 0, said.err
    assert office.git("rev-list", "--count", "HEAD") == "2"


def test_too_few_cases_give_a_draft_and_leave_the_branch(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK, per_label=12)
    head = office.head

    said = promptgit(office, "improve", "sort")

    assert said.code == 5
    assert "DRAFT: 36 cases" in said.out
    assert office.head == head
    assert office.git("for-each-ref", RUNS)


def test_a_draft_does_not_look_at_the_sealed_half(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK, per_label=12)

    said = promptgit(office, "improve", "sort", "--json").json

    records = Records(Git.discover(office.path))
    found = [records.get(digest) for digest in records.all_digests()]
    assert said["state"] == "draft"
    assert said["verdict"] is None
    assert records.ledger().lines == ()
    assert {record.body["half"] for record in found if record} == {"search"}


def test_to_ask_the_very_same_once_more_costs_no_look(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    first = promptgit(office, "improve", "sort", "--branch", "one", "--json").json
    shutil.rmtree(office.path / ".git/promptgit/runs")  # what it refused, the mentor would be told
    again = promptgit(office, "improve", "sort", "--branch", "two", "--json").json

    (line,) = Records(Git.discover(office.path)).ledger().lines
    assert again["spend"]["calls"] == 0
    assert again["verdict"] == first["verdict"]
    assert len(line.finalists) == 1


def test_the_same_question_asked_of_new_answers_is_a_new_look(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort", "--branch", "one")
    for file in (office.path / ".git" / "promptgit").glob("cache.db*"):
        file.unlink()

    again = promptgit(office, "improve", "sort", "--branch", "two", "--json").json

    assert again["spend"]["calls"] > 0
    assert again["verdict"]["alpha"] == pytest.approx(0.0076, abs=1e-4)


def test_another_bar_is_another_question(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    promptgit(office, "improve", "sort", "--branch", "one")

    words = ("--branch", "two", "--min-effect", "0.1", "--json")
    again = promptgit(office, "improve", "sort", *words).json

    assert again["verdict"]["alpha"] == pytest.approx(0.0076, abs=1e-4)


def test_a_prompt_that_cannot_be_bettered_ends_with_nothing_found(tmp_path: Path):
    rules = "".join(f"- {word} means {label}\n" for label, of in WORDS.items() for word in of)
    office = an_office(tmp_path / "office", {**CLERK, PROMPT: SEED + rules})
    head = office.head

    said = promptgit(office, "improve", "sort")

    assert said.code == 5
    assert "NOTHING FOUND" in said.out
    assert office.head == head


def test_a_round_in_which_nothing_was_proposed_is_told_everywhere(tmp_path: Path):
    easy = {**CLERK, "promptgit.yaml": CLERK["promptgit.yaml"] + LENIENT}
    office = an_office(tmp_path / "office", easy)

    said = promptgit(office, "improve", "sort", "--rounds", "1")
    told = promptgit(office, "runs", "show")
    promptgit(office, "runs", "export", "latest", "out")

    assert "round 1: skipped: no search case scores below" in said.err
    assert "there was nothing to propose for the prompt" in said.out
    assert "flat at 0.000 through 1 round\n" in said.out
    assert "round 1  skipped" in told.out
    assert "0 of 0" in promptgit(office, "runs").out
    assert (office.path / "out" / "interview_1.json").exists()


def test_a_second_run_on_the_same_sealed_cases_must_pass_at_a_stricter_level(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    once = ("--rounds", "1", "--branch", "elsewhere", "--json")
    first = promptgit(office, "improve", "sort", *once).json
    second = promptgit(office, "improve", "sort", "--seed", "3", "--json").json

    alphas = [told["verdict"]["alpha"] for told in (first, second) if told["verdict"]]

    assert len(alphas) == 2
    assert alphas[0] == pytest.approx(0.0304, abs=1e-4)
    assert alphas[1] == pytest.approx(0.0076, abs=1e-4)


def test_a_dry_run_says_the_plan_and_calls_nothing(tmp_path: Path, server: Server):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--dry-run", "--json")

    assert said.code == 0
    assert sum(said.json["cases"].values()) == 90
    assert server.calls == 0


def test_a_dry_run_needs_no_key_and_a_run_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
):
    office = an_office(tmp_path / "office", {"promptgit.yaml": "model: offline\nmentor: gpt-5\n"})
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")

    planned = promptgit(office, "improve", "sort", "--dry-run")
    run = promptgit(office, "improve", "sort")

    assert planned.code == 0, planned.err
    assert "openai/gpt-5" in planned.err
    assert run.code == 2
    assert "there is no key for openai" in run.err
    assert server.calls == 0


def test_a_budget_that_cannot_reach_a_verdict_is_refused_before_it_is_spent(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--budget", "50calls")

    assert said.code == 3
    assert "--budget 182calls" in said.err
    assert office.status() == ""


def test_a_search_that_the_budget_ended_says_so_and_what_would_be_enough(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--budget", "105calls")

    assert said.code == 5
    assert "one race and a confirmation take 182 calls at most, so this budget may end" in said.err
    assert "the budget ended the search before any proposal was tried to its end" in said.out
    assert "One race and a confirmation take 182 calls at most" in said.out
    assert "nothing to propose" not in said.out


def test_the_search_leaves_enough_of_the_budget_to_confirm(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--budget", "250calls", "--json")

    assert said.json["spend"]["calls"] <= 250
    assert said.json["verdict"] is not None


def test_a_dirty_prompt_is_refused_before_any_call(tmp_path: Path, server: Server):
    office = an_office(tmp_path / "office", CLERK)
    (office.path / PROMPT).write_text("edited\n")

    said = promptgit(office, "improve", "sort")

    assert said.code == 2
    assert "--branch" in said.err
    assert (office.path / PROMPT).read_text() == "edited\n"
    assert server.calls == 0


def test_an_unknown_strategy_is_answered_with_what_there_is(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--strategy", "critic")

    assert said.code == 2
    assert "critique" in said.err


def test_an_option_that_a_strategy_does_not_take_is_refused(tmp_path: Path):
    office = an_office(tmp_path / "office", {"promptgit.yaml": "improve: {options: {beam: 3}}\n"})

    said = promptgit(office, "improve", "sort")

    assert said.code == 2
    assert "beam" in said.err


@pytest.mark.parametrize("command", ["improve", "eval"])
def test_without_a_prompt_it_asks_which_and_names_what_there_is(tmp_path: Path, command: str):
    office = an_office(tmp_path / "office", CLERK)
    alone = promptgit(office, command)
    office.commit({"prompts/reply.md": "Be kind.\n"}, "one more\n")

    one_of_two = promptgit(office, command)

    assert (alone.code, one_of_two.code) == (2, 2)
    assert f"which prompt?\nhint: promptgit {command} {PROMPT}\n" in alone.err
    assert "hint: there are: prompts/reply.md, prompts/sort.md\n" in one_of_two.err


def test_every_document_in_json_says_the_version_of_its_keys(improved: Repository):
    for words in (
        ("runs",),
        ("runs", "show"),
        ("eval", "sort"),
        ("eval", "sort", "--dry-run"),
        ("improve", "sort", "--dry-run"),
        ("improve", "--resume"),
    ):
        assert promptgit(improved, *words, "--json").json["schema"] == 1, words


def test_a_run_that_does_not_exist_is_answered_with_those_that_do(improved: Repository):
    (run,) = promptgit(improved, "runs", "--json").json["runs"]

    said = promptgit(improved, "improve", "--resume", "nope")
    nearly = promptgit(improved, "improve", "--resume", run["run"][:-1] + "x")

    assert (said.code, nearly.code) == (2, 2)
    assert "there is no run 'nope'" in said.err
    assert f"there are: {run['run']} (of {PROMPT})" in said.err
    assert f"did you mean '{run['run']}'?" in nearly.err


def test_a_prompt_may_stand_for_its_latest_run(improved: Repository):
    said = promptgit(improved, "improve", "--resume", "sort")
    nearly = promptgit(improved, "improve", "--resume", "srot")

    assert "has ended" in said.out
    assert nearly.code == 2
    assert "did you mean 'sort'?" in nearly.err


def test_where_no_run_was_begun_it_says_how_to_begin_one(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    for named in ("nope", "sort", "latest"):
        said = promptgit(office, "improve", "--resume", named)

        assert said.code == 2
        assert "there is no run" in said.err
        assert "`promptgit improve PROMPT` begins one" in said.err


def test_the_beginning_of_several_runs_names_none(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)
    runs = ("20260101T000000Z-0001", "20260101T000000Z-0002")
    for run in runs:
        RunJournal(Git.discover(office.path), run).note("start", path=PROMPT)

    said = promptgit(office, "improve", "--resume", "20260101")

    assert said.code == 2
    assert "the ids of 2 runs begin with '20260101'" in said.err
    assert all(run in said.err for run in runs)


def test_outputs_stay_out_of_the_records_when_asked(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    promptgit(office, "improve", "sort", "--no-outputs", "--rounds", "2")

    records = Records(Git.discover(office.path))
    bodies = [records.get(digest) for digest in records.all_digests()]
    evaluations = [body for body in bodies if body and body.kind == "evaluation"]
    assert evaluations
    assert not any("output" in r for e in evaluations for r in e.body["results"])


def test_a_dollar_cap_over_calls_of_unknown_price_is_refused_before_any_call(
    tmp_path: Path, server: Server
):
    office = an_office(tmp_path / "office", {"promptgit.yaml": "model: clerk\n"})

    said = promptgit(office, "improve", "sort", "--budget", "2usd")

    assert said.code == 2
    assert "prices: {openai/clerk: {input:" in said.err
    assert server.calls == 0


def test_the_plan_says_what_the_whole_run_may_take(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--dry-run", "--rounds", "3", "--json")

    search, sealed = said.json["cases"]["search"], said.json["cases"]["sealed"]
    edits = 3 * 4  # requests to the mentor, and what each asks for
    assert said.json["most_calls"] == search + edits * (search + 4) + 3 * 2 + 2 * sealed
    assert said.json["most_usd"] == 0.0


@pytest.mark.parametrize("strategy", ["mixture", "critique", "interview", "patterns", "gepa"])
def test_no_run_takes_more_than_its_plan_says(tmp_path: Path, server: Server, strategy: str):
    office = an_office(tmp_path / "office", CLERK)
    words = ("improve", "sort", "--strategy", strategy, "--rounds", "2", "--json")

    plan = promptgit(office, *words, "--dry-run").json
    promptgit(office, *words)

    assert 0 < server.calls <= plan["most_calls"]
    assert plan["most_calls"] > plan["usual_calls"] > server.calls / 3


def test_a_budget_is_the_most_that_a_plan_says(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--dry-run", "--budget", "200calls", "--json")
    told = promptgit(office, "improve", "sort", "--dry-run", "--budget", "200calls")

    assert said.json["most_calls"] == 200
    assert "at most 200 calls" in told.err
    assert "the budget ends the search" in told.err
    assert "no --budget" not in told.err


def test_a_plan_says_what_a_run_usually_takes_and_that_no_budget_ends_it(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    told = promptgit(office, "improve", "sort", "--dry-run", "--patience", "2")
    one = promptgit(office, "improve", "sort", "--dry-run", "--rounds", "1", "--json")

    assert "6 rounds of 4 edits, each tried on about 14 cases" in told.err
    assert "no --budget: the search goes on" in told.err
    search, sealed = one.json["cases"].values()
    assert one.json["usual_calls"] == search + 4 * 14 + 1 + 2 * sealed


def test_few_cases_are_said_to_give_a_draft_before_the_first_call(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK, per_label=5)

    said = promptgit(office, "improve", "sort", "--dry-run")

    assert "fewer than 60 cases: whatever is found will be a draft" in said.err


def test_what_went_to_a_branch_of_its_own_is_shown_by_a_command_that_works(tmp_path: Path):
    office = an_office(tmp_path / "office", CLERK)

    said = promptgit(office, "improve", "sort", "--branch", "better")

    assert f"next: git diff HEAD better -- {PROMPT}" in said.out
