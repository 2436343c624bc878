"""`promptgit flywheel drift` and `predict`, over generated logs with a planted fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.terminal import promptgit
from promptgit.flywheel.interaction import Interaction
from promptgit.testing.conversations import write_logs
from promptgit.testing.periods import Fault, Source
from promptgit.testing.repositories import Repository, a_repository

pytest.importorskip("ibis")

SINCE = ("--since", "2026-11-02", "--until", "2026-11-10")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder: Path = tmp_path_factory.mktemp("watch")
    made = a_repository(folder / "r", {"prompts/support-reply.md": "Answer.\n"})
    fault = Fault(3.5, -0.5, model="gpt-5-mini")
    write_logs(made.path / ".git/promptgit/logs", Source(conversations=1_200, faults=(fault,)))
    return made


def test_a_model_that_broke_is_named_with_the_hour(repository: Repository):
    said = promptgit(repository, "flywheel", "drift", *SINCE, "--metric", "quality_score")

    assert said.code == 0  # only `--check` makes it 1
    at = said.lines.index("support-reply")
    (line,) = [one for one in said.lines[at:] if one.startswith("  quality_score fell")]
    assert "on 2026-11-05 at" in line
    assert "all that runs on gpt-5-mini: likely the model, not a prompt" in line


def test_the_drift_of_a_score_is_found_by_the_name_of_the_score(repository: Repository):
    by_metric, by_score = (
        promptgit(repository, "flywheel", "drift", *SINCE, "--metric", name).out
        for name in ("quality_score", "quality")
    )

    assert by_metric == by_score


def test_check_is_for_a_script(repository: Repository):
    broken = promptgit(
        repository, "flywheel", "drift", *SINCE, "--metric", "quality_score", "--check", "--json"
    )

    assert broken.code == 1
    streams = {one["prompt"]: one for one in json.loads(broken.out)["streams"]}
    assert streams["support-reply"]["drifted"] is True
    (drift,) = [one for one in streams["support-reply"]["drifts"] if one["standing"]]
    assert drift["causes"] == [{"kind": "model", "name": "gpt-5-mini"}]
    assert drift["after"] < drift["before"] - 2


def test_an_unknown_metric_is_pointed_at(repository: Repository):
    said = promptgit(repository, "flywheel", "drift", *SINCE, "--metric", "qualty_score")

    assert said.code == 2
    assert "did you mean 'quality_score'?" in said.err


def test_no_logs_say_where_to_get_some(repository: Repository):
    for name in ("drift", "predict"):
        said = promptgit(repository, "flywheel", name, "--since", "2020-01-01", "--until",
                         "2020-01-08")  # fmt: skip
        assert said.code == 2
        assert "promptgit logs import" in said.err


def test_a_prediction_comes_with_what_it_is_worth(repository: Repository):
    told = promptgit(
        repository, "flywheel", "predict", *SINCE, "--prompt", "support-reply", "--json"
    )

    assert told.code == 0
    (reply,) = json.loads(told.out)["predictions"]
    assert reply["prompt"] == "support-reply"
    assert ("odds" in reply) == reply["useful"]
    assert "cannot be predicted yet" in reply["said"] or "log loss" in reply["said"]


def test_calls_without_the_name_of_a_prompt_are_left_out_and_counted(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    logs = tmp_path / "logs"
    write_logs(logs, Source(conversations=200))
    one = Interaction("nameless", "2026-11-04T10:00:00.000Z", input="?", output="!")
    (logs / "2026-11-04.other.jsonl").write_text(f"{one.line()}\n", encoding="utf-8")
    monkeypatch.setenv("PROMPTGIT_LOGS", str(logs))

    for name, key in (("drift", "streams"), ("predict", "predictions")):
        told = json.loads(promptgit(repository, "flywheel", name, *SINCE, "--json").out)
        said = promptgit(repository, "flywheel", name, *SINCE).out

        assert "" not in {stream["prompt"] for stream in told[key]}
        assert told["notices"] == ["1 conversation without the name of a prompt: left out"]
        assert "note: 1 conversation without the name of a prompt: left out" in said

    for path in logs.glob("*.jsonl*"):
        if path.name != "2026-11-04.other.jsonl":
            path.unlink()
    alone = promptgit(repository, "flywheel", "drift", *SINCE)

    assert alone.code == 2
    assert "names its prompt (1 conversation)" in alone.err
    assert "promptgit logs import FILE --prompt NAME" in alone.err


def test_an_unknown_outcome_names_a_few_and_no_endless_line(repository: Repository):
    close = promptgit(repository, "flywheel", "predict", *SINCE, "--outcome", "escalaton")
    far = promptgit(repository, "flywheel", "predict", *SINCE, "--outcome", "nope")

    assert "did you mean 'escalation'? There are " in close.err
    assert far.err.rstrip().endswith("others")
    assert max(map(len, far.err.splitlines())) < 200


@pytest.mark.parametrize("command", ["drift", "predict", "analyze"])
def test_the_files_have_no_table_to_name(repository: Repository, command: str):
    said = promptgit(repository, "flywheel", command, "--table", "x")

    assert said.code == 2
    assert "duckdb reads the log files here, and no table 'x'" in said.err
    assert "leave --table out" in said.err
