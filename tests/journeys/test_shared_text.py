"""A persona that three prompts include is improved for all of them, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import promptgit
from journeys.family import EQUALS, PERSONA, SEED, USERS, a_family, a_wise_mentor, brand_cases
from journeys.lives import events, killed_at_request, kinds, paid, posix
from promptgit.core import trailers
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.edges.runs import RunJournal, run_ids
from promptgit.testing.repositories import Repository
from servers.openai_server import Server

UNTOUCHED = brand_cases(hit_search=False, hit_sealed=False)


def some_boats(count: int) -> str:
    """Cases that no edit changes: nobody knows what a boat is."""
    rows = (f"boat-{number},The boat {number},unknown\n" for number in range(count))
    return "id,message,label\n" + "".join(rows)


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_wise_mentor(monkeypatch) as server:
        yield server


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A family whose persona was improved; tests that share it must only look."""
    family = a_family(tmp_path_factory.mktemp("improved") / "family", UNTOUCHED)
    with pytest.MonkeyPatch.context() as monkeypatch, a_wise_mentor(monkeypatch):
        said = promptgit(family, "improve", PERSONA)
    assert said.code == 0, said.err
    return family


def test_a_good_edit_is_delivered_as_one_commit_of_the_persona_alone(improved: Repository):
    assert improved.git("rev-list", "--count", "HEAD") == "2"
    assert improved.git("diff", "--name-only", "HEAD~1", "HEAD") == PERSONA
    assert improved.status() == ""


def test_the_commit_claims_what_all_prompts_together_showed(improved: Repository):
    found = dict(trailers.find(improved.message()))

    assert found["Prompt-Path"] == PERSONA
    assert found["Eval-Stage"] == "confirmed"
    assert found["Eval-Data"].startswith("the cases of brands, counter and post")
    assert promptgit(improved, "verify").code == 0


@pytest.mark.parametrize("name", USERS)
def test_each_prompt_has_evidence_of_its_own_for_the_commit(improved: Repository, name: str):
    first, *_ = promptgit(improved, "log", name).lines

    assert "improve(persona)" in first
    assert "evaluated" in first


def test_the_evidence_of_a_prompt_names_the_persona_that_it_was_made_with(improved: Repository):
    records = Records(Git.discover(improved.path)).find(improved.blob("prompts/counter.md"))

    (body,) = [one.body for one in records if one.body["kind"] == "comparison"]
    assert body["prompt"]["includes"] == {"persona.md": improved.blob(PERSONA)}
    assert body["baseline"]["includes"] == {"persona.md": improved.blob(PERSONA, "HEAD~1")}
    assert body["verdict"]["outcome"] == "PASS"


def test_an_answer_on_record_names_what_was_asked_of_whom(improved: Repository):
    """The persona was asked nothing by itself: a request under its name would be a lie."""
    records = Records(Git.discover(improved.path))

    own = [one.body for one in records.find(improved.blob(PERSONA)) if "results" in one.body]
    theirs = records.find(improved.blob("prompts/counter.md"))
    assert own
    assert not any("request" in result for body in own for result in body["results"])
    assert any("request" in r for one in theirs for r in one.body.get("results", ()))


def test_every_prompt_is_listed_with_its_verdict(tmp_path: Path):
    family = a_family(tmp_path / "family", UNTOUCHED)

    said = promptgit(family, "improve", PERSONA)

    for name in USERS:
        assert any(line.startswith(name) and "no worse" in line for line in said.lines)
    assert "these are not the cases of the whole" in said.out


def test_a_prompt_that_loses_on_its_sealed_cases_stops_the_delivery_and_is_named(tmp_path: Path):
    family = a_family(tmp_path / "family", brand_cases(hit_search=False))

    said = promptgit(family, "improve", PERSONA)

    assert said.code == 1
    assert "NOT DELIVERED" in said.out
    assert "brands gets worse: -100.0 points" in " ".join(said.out.split())
    assert (family.path / PERSONA).read_text() == SEED
    assert family.git("rev-list", "--count", "HEAD") == "1"


def test_what_was_refused_is_on_record_as_refused(tmp_path: Path):
    family = a_family(tmp_path / "family", brand_cases(hit_search=False))

    told = promptgit(family, "improve", PERSONA, "--json").json

    shown = promptgit(family, "runs", "show", "latest")
    assert any(line.startswith("brands   worse") for line in shown.lines)
    assert promptgit(family, "runs", "show", "latest", "--json").json["used_by"] == told["used_by"]
    by_name = {one["name"]: one["verdict"]["outcome"] for one in told["used_by"]}
    assert by_name == {"brands": "REGRESSION", "counter": "PASS", "post": "PASS"}
    records = Records(Git.discover(family.path)).find(told["blob"]["after"])
    assert {r.body["stage"] for r in records if "stage" in r.body} == {"screening", "not-confirmed"}


def test_a_prompt_with_too_few_cases_stops_the_delivery_with_the_number_that_would_do(
    tmp_path: Path,
):
    family = a_family(tmp_path / "family", some_boats(30))

    said = promptgit(family, "improve", PERSONA)

    assert said.code == 5
    assert "brands may lose 15 points or more" in " ".join(said.out.split())
    assert "would settle it" in said.out


def test_a_prompt_that_could_never_be_cleared_is_told_before_a_call(tmp_path: Path, server: Server):
    family = a_family(tmp_path / "family", some_boats(12))

    said = promptgit(family, "improve", PERSONA)

    assert said.code == 2
    assert "prompts/brands.md uses prompts/persona.md" in said.err
    assert "scope: suite" in said.err
    assert not server.seen


def test_few_cases_may_decide_by_themselves_where_the_eval_file_says_so(tmp_path: Path):
    files = {"prompts/brands.eval.yaml": f"{EQUALS}check: {{scope: suite}}\n"}
    family = a_family(tmp_path / "family", some_boats(12), files)

    said = promptgit(family, "improve", PERSONA)

    assert said.code == 0, said.err


def test_a_candidate_that_clearly_harms_one_prompt_is_dropped_in_the_search(tmp_path: Path):
    """Its weight is small, so that the sum alone would let the candidate through."""
    files = {"prompts/brands.eval.yaml": f"{EQUALS}weight: 0.1\n"}
    family = a_family(tmp_path / "family", brand_cases(), files)

    said = promptgit(family, "improve", PERSONA)

    assert said.code == 5
    assert "it harms brands: 1.0000 -> 0.0000" in said.err
    assert "NOTHING FOUND" in said.out


def test_a_must_pass_case_of_any_prompt_is_absolute(tmp_path: Path):
    files = {"prompts/brands.eval.yaml": f"{EQUALS}must_pass: [brand-0, brand-1]\nweight: 0.1\n"}
    family = a_family(tmp_path / "family", brand_cases(), files)

    said = promptgit(family, "improve", PERSONA)

    assert said.code != 0
    assert "must-pass case 'brands/brand-" in said.err + said.out


def test_a_plan_lists_whom_it_concerns_and_calls_nobody(tmp_path: Path, server: Server):
    family = a_family(tmp_path / "family", UNTOUCHED)

    said = promptgit(family, "improve", PERSONA, "--dry-run")
    told = promptgit(family, "improve", PERSONA, "--dry-run", "--json").json

    assert said.code == 0
    assert not server.seen
    for name in USERS:
        assert any(
            line.startswith(f"{name} ") and "33.3 %" in line for line in said.err.splitlines()
        )
    assert [one["name"] for one in told["used_by"]] == list(USERS)
    assert sum(one["cases"]["sealed"] for one in told["used_by"]) == told["cases"]["sealed"]


def test_a_prompt_that_has_cases_is_judged_by_them_unless_it_is_for_all(tmp_path: Path):
    family = a_family(tmp_path / "family", UNTOUCHED, {"prompts/persona.csv": UNTOUCHED})

    alone = promptgit(family, "improve", PERSONA, "--dry-run", "--json").json
    for_all = promptgit(family, "improve", PERSONA, "--for-all", "--dry-run", "--json").json

    assert "used_by" not in alone
    assert alone["not_asked"] == [f"prompts/{name}.md" for name in USERS]
    assert [one["name"] for one in for_all["used_by"]] == sorted(["persona", *USERS])


def test_for_all_needs_somebody_who_includes_it(tmp_path: Path):
    family = a_family(tmp_path / "family", UNTOUCHED)

    said = promptgit(family, "improve", "counter", "--for-all", "--dry-run")

    assert said.code == 2
    assert "includes prompts/counter.md" in said.err


def test_a_run_that_was_interrupted_goes_on_without_paying_twice(tmp_path: Path, server: Server):
    family = a_family(tmp_path / "family", UNTOUCHED)
    stopped = promptgit(family, "improve", PERSONA, "--budget", "60calls")
    before = len(server.seen)
    (run,) = run_ids(Git.discover(family.path))

    said = promptgit(family, "improve", "--resume", "--budget", "2000calls")

    events = RunJournal(Git.discover(family.path), run).events()
    keys = [event["key"] for event in events if event["kind"] == "paid"]
    assert stopped.code != 0
    assert before <= 60
    assert said.code == 0, said.err
    assert len(keys) == len(set(keys)) == len(server.seen)


@posix
def test_a_run_that_is_killed_while_the_users_are_asked_ends_as_if_it_had_not_been(
    tmp_path: Path, server: Server
):
    whole = a_family(tmp_path / "whole", UNTOUCHED)
    said = promptgit(whole, "improve", PERSONA)
    calls = len(server.seen)
    cut = a_family(tmp_path / "cut", UNTOUCHED)

    killed = killed_at_request(cut, server, calls - 3, "improve", PERSONA)
    until = kinds(cut)
    resumed = promptgit(cut, "improve", "--resume")

    assert killed.code < 0
    assert "retesting" in until
    assert "verdict" not in until
    assert resumed.code == said.code == 0
    assert cut.git("rev-parse", "HEAD^{tree}") == whole.git("rev-parse", "HEAD^{tree}")
    assert len(paid(cut)) == len(set(paid(cut))) == calls
    assert verdicts(cut) == verdicts(whole)


def verdicts(family: Repository) -> dict[str, object]:
    """What the users' own sealed cases said, as the journal has it of the last time."""
    found = (event for event in events(family) if event["kind"] == "retested")
    return {event["name"]: event["verdict"] for event in found}


def test_a_run_does_not_go_on_when_the_rules_of_a_prompt_changed(tmp_path: Path):
    family = a_family(tmp_path / "family", UNTOUCHED)
    promptgit(family, "improve", PERSONA, "--budget", "60calls")
    family.commit({"prompts/post.eval.yaml": f"{EQUALS}check: {{margin: 0.5}}\n"}, "rules\n")

    said = promptgit(family, "improve", "--resume", "--budget", "2000calls")

    assert said.code == 2
    assert "prompts that use the text" in said.err
