"""Pipelines, as typed: found by name, evaluated, estimated, linted, shown, and laid to a step."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.cli.commands import eval as eval_command
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import serving

EXAMPLE = Path(__file__).parent.parent.parent
FLOW = "pipelines/answer.yaml"
SORT, REPLY, CASES = "prompts/sort.md", "prompts/reply.md", "pipelines/answer.csv"
SORTING = """\
Sort the message.
Answer with one of: other, refund, delivery.
- refund: money, refund, charged
- delivery: parcel, late, arrived
"""
REPLYING = """\
Answer with one of: front desk, refund team, delivery team.
- refund team: refund
- delivery team: delivery
"""
BLIND = SORTING.replace("parcel, late, arrived", "rocket")
STEPS = """\
steps:
  - {name: sort, prompt: prompts/sort.md}
  - {name: reply, prompt: prompts/reply.md, inputs: {label: "{{ sort }}"}}
"""
THINGS = ("boots", "a lamp", "the kettle", "two mugs", "a chair", "the rug", "my coat", "a clock")
ASKED = (
    ("I was charged twice for {}", "refund", "refund team"),
    ("Give me my money back for {}", "refund", "refund team"),
    ("My parcel with {} is late", "delivery", "delivery team"),
    ("The parcel with {} never arrived", "delivery", "delivery team"),
)


def some_cases(*, with_labels: bool = True) -> str:
    rows = ["id,message,expected_sort,expected" if with_labels else "id,message,expected"]
    for thing in THINGS:
        for number, (message, label, team) in enumerate(ASKED):
            name = f"{thing.split()[-1]}-{number}"
            cells = [name, message.format(thing), *([label] if with_labels else []), team]
            rows.append(",".join(cells))
    return "\n".join(rows) + "\n"


@pytest.fixture
def desk(tmp_path: Path) -> Repository:
    """A repository with a pipeline of two steps that answers all of its cases."""
    files = {SORT: SORTING, REPLY: REPLYING, FLOW: STEPS, CASES: some_cases()}
    return a_repository(tmp_path / "desk", files)


def blame(said) -> dict[str, int]:
    return {step["step"]: step["cases"] for step in said.json["attribution"]["steps"]}


def test_a_pipeline_is_evaluated_by_name_and_its_steps_are_told(desk: Repository):
    said = promptgit(desk, "eval", "answer", "--json")

    result = said.json["results"][0]
    assert said.code == 0
    assert said.json["prompt"]["path"] == FLOW
    assert said.json["score"]["mean"] == 1.0
    assert [(step["step"], step["output"]) for step in result["steps"]] == [
        ("sort", "refund"),
        ("reply", "refund team"),
    ]


def test_a_second_evaluation_makes_no_call(desk: Repository):
    promptgit(desk, "eval", "answer")

    assert promptgit(desk, "eval", "answer", "--json").json["calls"] == 0


def test_an_estimate_counts_steps_times_cases_and_then_follows_what_is_held(desk: Repository):
    before = promptgit(desk, "eval", "answer", "--dry-run", "--json").json
    promptgit(desk, "eval", "answer")
    desk.commit({REPLY: REPLYING + "Be brief.\n"})
    after = promptgit(desk, "eval", "answer", "--dry-run", "--json").json

    assert (before["calls"], before["cached_calls"]) == (64, 0)
    assert (after["calls"], after["cached_calls"]) == (32, 32)


def test_what_single_steps_should_give_is_seen_by_no_model(desk: Repository):
    with_labels = promptgit(desk, "eval", "answer", "--json").json
    desk.commit({CASES: some_cases(with_labels=False)})

    again = promptgit(desk, "eval", "answer", "--json").json

    assert again["calls"] == 0
    assert again["score"] == with_labels["score"]


def test_records_keep_what_the_steps_gave(desk: Repository):
    promptgit(desk, "eval", "answer")

    (record,) = Records(Git.discover(desk.path)).find(desk.blob(FLOW))
    entry = record.body["results"][0]
    assert [step["step"] for step in entry["steps"]] == ["sort", "reply"]
    assert record.body["prompt"]["includes"].keys() == {SORT, REPLY}
    assert record.body["calls"] == 64


def test_a_failure_is_laid_to_the_step_that_its_own_column_clears(desk: Repository):
    desk.write({SORT: BLIND})

    said = promptgit(desk, "eval", "answer", "--attribute", "--json")
    shown = promptgit(desk, "eval", "answer", "--attribute")

    assert blame(said) == {"sort": 16, "reply": 0}
    assert said.json["attribution"]["cases"][0]["steps"] == ["sort"]
    assert "cases blamed" in shown.out
    assert "replaying took 0 calls, 16 answers from the cache" in shown.out


def test_what_a_step_gave_in_a_record_where_the_case_passed_is_known_as_right(desk: Repository):
    desk.commit({CASES: some_cases(with_labels=False)})
    unknown = promptgit(desk, "eval", "answer", "--no-record", "--json", "--attribute")
    promptgit(desk, "eval", "answer")
    desk.write({SORT: BLIND})

    known = promptgit(desk, "eval", "answer", "--attribute", "--json")

    assert unknown.json["attribution"]["cases"] == []
    assert blame(known) == {"sort": 16, "reply": 0}


def test_where_nobody_says_what_the_first_step_should_give_either_may_be_to_blame(desk: Repository):
    desk.commit({CASES: some_cases(with_labels=False), SORT: BLIND})

    said = promptgit(desk, "eval", "answer", "--attribute", "--json")

    assert blame(said) == {"sort": 0, "reply": 0, "sort or reply": 16}


def test_a_single_prompt_has_no_steps_to_blame(desk: Repository):
    desk.write({"prompts/sort.csv": "message,expected\nhi,other\n"})

    said = promptgit(desk, "eval", "sort", "--attribute")

    assert said.code == 2
    assert "has no steps" in said.err


def test_a_step_may_ask_another_model_and_a_typed_model_answers_all_steps(
    desk: Repository, monkeypatch: pytest.MonkeyPatch
):
    named = "name: sort, model: {name: small, temperature: 0}"
    desk.write({FLOW: STEPS.replace("name: sort", named)})
    with serving(reply=lambda body: "refund") as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        mixed = promptgit(desk, "eval", "answer", "--budget", "100calls", "--json")
        asked = server.calls
        typed = promptgit(desk, "eval", "answer", "--model", "offline", "--json")

        assert server.calls == asked == 32
    assert mixed.json["model"] == "offline/rules-1 step.sort=openai/small,temperature=0"
    assert mixed.json["score"]["mean"] == 0.5
    assert typed.json["score"]["mean"] == 1.0


def test_a_mistake_in_the_model_of_a_step_has_its_line(desk: Repository):
    desk.write({FLOW: STEPS.replace("name: sort", "name: sort, model: ofline")})

    said = promptgit(desk, "eval", "answer")

    assert said.code == 2
    assert "answer.yaml:2: model.name: did you mean 'offline'?" in said.err


def test_a_step_names_a_model_and_never_an_address(desk: Repository):
    elsewhere = "name: sort, model: {name: small, base_url: 'https://evil.example'}"
    desk.write({FLOW: STEPS.replace("name: sort", elsewhere)})

    evaluated, linted = promptgit(desk, "eval", "answer"), promptgit(desk, "lint", FLOW)

    assert (evaluated.code, linted.code) == (2, 1)
    for said in (evaluated.err, linted.out):
        assert "model.base_url: unknown key" in said


def test_a_function_runs_only_where_code_may(desk: Repository):
    code = "  - {name: shout, python: 'steps/shout.py:shout'}\n"
    function = "def shout(output, context):\n    return output.upper() + context['vars']['message']"
    desk.write({FLOW: STEPS + code, "steps/shout.py": function})

    off = promptgit(desk, "eval", "answer", "--limit", "2")
    on = promptgit(desk, "eval", "answer", "--limit", "2", "--allow-code", "--json")

    assert off.code == 2
    assert "runs code from the repository, and that is off" in off.err
    assert on.json["results"][0]["output"] == "REFUND TEAMI was charged twice for boots"


def test_a_function_that_fails_leaves_its_case_unscored(desk: Repository):
    code = "  - {name: shout, python: 'steps/shout.py:shout'}\n"
    function = "def shout(output, context):\n    return output if 'refund' in output else 1 / 0"
    desk.write({FLOW: STEPS + code, "steps/shout.py": function})

    said = promptgit(desk, "eval", "answer", "--allow-code", "--limit", "4", "--json")

    assert len(said.json["unscored"]) == 2
    assert "step shout: steps/shout.py, line 2" in said.json["results"][2]["failure"]["message"]


def test_a_mistake_is_told_by_eval_and_lint_in_the_same_words(desk: Repository):
    desk.write({FLOW: STEPS.replace("{{ sort }}", "{{ sotr }}")})

    evaluated, linted = promptgit(desk, "eval", "answer"), promptgit(desk, "lint", FLOW)

    assert evaluated.code == 2
    assert linted.code == 1
    for said in (evaluated.err, linted.out):
        assert "nothing uses what the step 'sort' gives" in said
        assert f"{FLOW}:2:5" in said


def test_lint_finds_a_step_without_a_file_and_a_column_without_a_step(desk: Repository):
    cases = some_cases().replace("expected_sort", "expected_sotr")
    desk.write({CASES: cases})
    column = promptgit(desk, "lint", FLOW)
    desk.write({FLOW: STEPS.replace("prompts/reply.md", "prompts/replly.md")})

    missing = promptgit(desk, "lint", FLOW)

    assert "'expected_sotr' says what a step should give" in column.out
    assert "did you mean 'expected_sort'?" in column.out
    assert f"{FLOW}:3:1: error pipeline: the step 'reply' names prompts/replly.md" in missing.out


def test_a_sound_pipeline_has_nothing_to_be_found(desk: Repository):
    said = promptgit(desk, "lint")

    assert "pipeline" not in said.out
    assert "no-eval-file" not in said.out


def test_a_build_that_lies_among_pipelines_is_none(desk: Repository):
    desk.write({"pipelines/build.yaml": "steps:\n- script: make\n"})

    assert promptgit(desk, "lint").code == 0
    assert "build" not in promptgit(desk, "eval").err
    assert "pipelines/build" not in promptgit(desk, "doctor").out


def test_the_config_says_where_pipelines_are(desk: Repository):
    desk.git("mv", "pipelines", "flows")
    desk.write({"promptgit.yaml": "pipelines: flows/*.yaml\n"})

    assert promptgit(desk, "eval", "answer", "--json").json["prompt"]["path"] == "flows/answer.yaml"


def test_a_case_file_stands_for_the_pipeline_that_it_lies_beside(desk: Repository):
    assert promptgit(desk, "eval", CASES, "--json").json["prompt"]["path"] == FLOW


def test_a_step_may_be_a_prompt_file_of_another_tool(desk: Repository):
    message = "\n".join(f"      {line}" for line in SORTING.splitlines())
    sheet = f"name: sort\nmessages:\n  - role: system\n    content: |\n{message}\n"
    desk.write(
        {
            FLOW: STEPS.replace("prompts/sort.md", "prompts/sort.prompt.yml"),
            "prompts/sort.prompt.yml": sheet,
        }
    )

    assert promptgit(desk, "eval", "answer", "--json").json["score"]["mean"] == 1.0


def test_what_a_step_includes_is_part_of_the_pipeline(desk: Repository):
    desk.commit({REPLY: '{% include "teams.md" %}\n', "prompts/teams.md": REPLYING})
    good = promptgit(desk, "eval", "answer", "--json").json
    desk.commit({"prompts/teams.md": "Say hello.\n"})

    said = promptgit(desk, "check", "HEAD~1", "HEAD")

    assert good["score"]["mean"] == 1.0
    assert "it includes prompts/teams.md, which changed" in said.out
    assert said.code == 1


def test_log_diff_and_show_tell_of_a_step_that_changed(desk: Repository):
    promptgit(desk, "eval", "answer")
    desk.commit({SORT: BLIND}, "sort: rockets\n")
    promptgit(desk, "eval", "answer")

    log = promptgit(desk, "log", "answer")
    diff = promptgit(desk, "diff", "HEAD~1", "HEAD", "answer")
    show = promptgit(desk, "show", "HEAD", "answer")

    assert "1.000 -> 0.500" in log.lines[0]
    for said in (diff.out, show.out):
        assert "[-parcel, late, arrived-]{+rocket+}" in said
        assert "score   1.000 -> 0.500" in said


def test_the_worked_example_has_something_to_learn_in_its_first_step(tmp_path: Path):
    files = [*EXAMPLE.glob("pipelines/**/*"), *EXAMPLE.glob("prompts/ticket-triage.*")]
    texts = {
        file.relative_to(EXAMPLE).as_posix(): file.read_text(encoding="utf-8")
        for file in files
        if file.is_file()
    }
    ours = a_repository(tmp_path / "ours", texts)

    said = promptgit(ours, "eval", "ticket-desk", "--attribute", "--json")

    assert said.json["cases"] == 84
    assert 0.2 < said.json["score"]["mean"] < 0.5
    assert said.json["attribution"]["steps"][0] == {"step": "triage", "cases": 56, "share": 1.0}
    assert promptgit(ours, "lint", "pipelines").code == 0


def test_completion_offers_the_pipeline(desk: Repository):
    with chdir(desk.path):
        context = eval_command.command.make_context("eval", [], resilient_parsing=True)
        offered = eval_command.command.params[0].shell_complete(context, "ans")

    assert [item.value for item in offered] == ["answer"]


def test_doctor_knows_the_pipeline(desk: Repository):
    assert f"ok    prompt {FLOW}: 32 cases" in promptgit(desk, "doctor").out


def test_a_check_takes_the_answers_of_steps_over_from_the_records(desk: Repository):
    promptgit(desk, "eval", "answer")
    (desk.path / ".git" / "promptgit" / "cache.db").unlink()
    desk.commit({REPLY: REPLYING + "Be brief.\n"})

    said = promptgit(desk, "check", "HEAD~1", "HEAD", "--json")

    trusting = said.json["spent"]["calls"]
    (desk.path / ".git" / "promptgit" / "cache.db").unlink()
    doubting = promptgit(desk, "check", "HEAD~1", "HEAD", "--no-records", "--json").json
    # All of base's answers are on record, and what head's first step says as well.
    assert trusting == 2
    assert doubting["spent"]["calls"] == 36
