"""A step of a pipeline is improved by what comes out at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal import asks_for_edits, promptgit, sorting_cases
from journeys.family import CONFIG, EQUALS, a_wise_mentor
from promptgit.core import trailers
from promptgit.edges.git import Git
from promptgit.edges.runs import RunJournal, run_ids
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import Server

STEP = "prompts/classify.md"
FLOORS = {"fruit": "ground", "tool": "cellar", "animal": "garden"}
PIPELINE = """\
steps:
  - {name: classify, prompt: prompts/classify.md}
  - {name: route, prompt: prompts/route.md, inputs: {label: "{{ classify }}"}}
"""


def by_floor(per_label: int = 40) -> str:
    cases = sorting_cases(per_label)
    for label, floor in FLOORS.items():
        cases = cases.replace(f",{label}\n", f",{floor}\n")
    return cases


def a_desk(path: Path, **files: str) -> Repository:
    """A repository with the pipeline classify, route; `files` are more, by path or over these."""
    rules = "".join(f"- {label} means {floor}\n" for label, floor in FLOORS.items())
    return a_repository(
        path,
        {
            "promptgit.yaml": CONFIG,
            STEP: "You work for the shop.\nSort the message.\n",
            "prompts/route.md": f"Name the floor.\n{rules}",
            "pipelines/desk.yaml": PIPELINE,
            "pipelines/desk.csv": by_floor(),
            "pipelines/desk.eval.yaml": EQUALS,
            **files,
        },
    )


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with a_wise_mentor(monkeypatch) as server:
        yield server


def test_a_step_is_delivered_for_what_the_whole_pipeline_gains(tmp_path: Path):
    desk = a_desk(tmp_path / "desk")

    said = promptgit(desk, "improve", "desk", "--step", "classify")

    assert said.code == 0, said.err
    assert desk.git("diff", "--name-only", "HEAD~1", "HEAD") == STEP
    assert dict(trailers.find(desk.message()))["Eval-Data"].startswith("the cases of desk")
    assert "improve(classify)" in promptgit(desk, "log", "desk").lines[0]
    assert promptgit(desk, "verify").code == 0


def test_a_prompt_without_cases_is_improved_by_those_of_its_pipeline(tmp_path: Path):
    desk = a_desk(tmp_path / "desk")

    told = promptgit(desk, "improve", "classify", "--dry-run", "--json").json

    assert [(one["name"], one["share"]) for one in told["used_by"]] == [("desk", 1.0)]


def test_the_mentor_sees_what_the_step_gave_and_what_became_of_it(tmp_path: Path, server: Server):
    desk = a_desk(tmp_path / "desk")

    promptgit(desk, "improve", "desk", "--step", "classify")

    asked = [seen.body for seen in server.seen if asks_for_edits(seen.body)]
    first = asked[0]["messages"][-1]["content"]
    assert "The step classify gave:\nunknown" in first
    assert "The answer of the pipeline:\nunknown" in first


def test_without_a_step_the_steps_are_listed(tmp_path: Path, server: Server):
    said = promptgit(a_desk(tmp_path / "desk"), "improve", "desk")

    assert said.code == 2
    assert "--step classify or route" in said.err
    assert "--attribute" in said.err
    assert not server.seen


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("desk", "--step", "clasify"), "did you mean 'classify'?"),
        (("classify", "--step", "route"), "is one prompt, and has no step 'route'"),
    ],
)
def test_a_step_that_is_none_is_refused(tmp_path: Path, words: tuple[str, ...], told: str):
    said = promptgit(a_desk(tmp_path / "desk"), "improve", *words)

    assert said.code == 2
    assert told in said.err


def test_a_step_that_is_a_function_has_no_prompt_to_improve(tmp_path: Path):
    trimmed = PIPELINE.replace("steps:\n", "steps:\n  - {name: trim, python: steps/trim.py:trim}\n")
    trimmed = trimmed.replace("classify.md}", 'classify.md, inputs: {message: "{{ trim }}"}}')
    code = "def trim(output, context):\n    return context['vars']['message']\n"
    files = {"pipelines/desk.yaml": trimmed, "steps/trim.py": code}

    said = promptgit(a_desk(tmp_path / "desk", **files), "improve", "desk", "--step", "trim")

    assert said.code == 2
    assert "'trim' is a function, and no prompt" in said.err


def test_a_prompt_that_is_better_by_itself_and_spoils_its_pipeline_is_not_delivered(
    tmp_path: Path,
):
    """The next step knows what `unknown` means, and nothing of the words it gets now."""
    files = {
        "prompts/classify.csv": sorting_cases(40),
        "prompts/classify.eval.yaml": EQUALS,
        "prompts/route.md": "Name the floor.\n- unknown means ground\n",
        "pipelines/desk.csv": "".join(
            line.rsplit(",", 1)[0] + (",ground\n" if place else ",label\n")
            for place, line in enumerate(sorting_cases(40).splitlines())
        ),
    }
    desk = a_desk(tmp_path / "desk", **files)

    said = promptgit(desk, "improve", "classify")

    assert said.code == 1
    assert "desk gets worse" in " ".join(said.out.split())
    assert desk.git("rev-list", "--count", "HEAD") == "1"


def test_a_prompt_of_its_own_is_asked_beside_the_pipeline_at_confirmation(tmp_path: Path):
    files = {"prompts/classify.csv": sorting_cases(40), "prompts/classify.eval.yaml": EQUALS}
    desk = a_desk(tmp_path / "desk", **files)

    by_step = promptgit(desk, "improve", "desk", "--step", "classify", "--dry-run", "--json").json
    alone = promptgit(desk, "improve", "classify", "--dry-run", "--json").json

    assert [(o["name"], o["share"]) for o in by_step["used_by"]] == [("desk", 1), ("classify", 0)]
    assert [(o["name"], o["share"]) for o in alone["used_by"]] == [("desk", 0)]


def test_a_run_on_a_step_goes_on_where_it_was_interrupted(tmp_path: Path, server: Server):
    desk = a_desk(tmp_path / "desk")
    promptgit(desk, "improve", "desk", "--step", "classify", "--budget", "30calls")
    git = Git.discover(desk.path)
    (run,) = run_ids(git)

    said = promptgit(desk, "improve", "--resume", "--budget", "2000calls")

    keys = [event["key"] for event in RunJournal(git, run).events() if event["kind"] == "paid"]
    assert said.code == 0, said.err
    assert len(keys) == len(set(keys)) == len(server.seen)


def test_the_budget_counts_every_step_of_a_case(tmp_path: Path, server: Server):
    desk = a_desk(tmp_path / "desk")

    said = promptgit(desk, "improve", "desk", "--step", "classify", "--budget", "400calls")

    assert said.code == 0, said.err
    assert len(server.seen) <= 400
