"""The strategy `patterns` may learn from a run or a log; interviews are shown and exported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.terminal import PROMPT, SEED, promptgit, sorting_cases
from promptgit.testing.repositories import Repository, a_repository

LOG = "logs/replies.jsonl"
EVAL = "assert: [{type: equals, value: '{{ expected }}'}]\n"


def answered(text: str, label: str, score: float) -> str:
    return json.dumps({"input": text, "output": label, "score": score}) + "\n"


GOOD = "".join(answered(f"A hammer, number {n}", "tool", 1.0) for n in range(5))
BAD = "".join(answered(f"An otter, number {n}", "tool", 0.0) for n in range(5))


def an_office(path: Path, options: str, log: str = GOOD + BAD) -> Repository:
    config = f"model: offline\nimprove: {{strategy: patterns, options: {options}}}\n"
    files = {
        "promptgit.yaml": config,
        "prompts/sort.eval.yaml": EVAL,
        "prompts/sort.csv": sorting_cases(30),
        PROMPT: SEED,
        LOG: log,
        ".gitignore": "secret.jsonl\n",
    }
    return a_repository(path, files)


def test_a_log_of_the_repository_is_learned_from(tmp_path: Path):
    office = an_office(tmp_path / "office", f"{{from_logs: {LOG}, rounds: 1}}")

    said = promptgit(office, "improve", "sort")

    assert said.code in (0, 1, 5), said.err
    shown = promptgit(office, "runs", "show", "latest", "--json").json
    assert shown["state"] in ("confirmed", "not better", "not confirmed", "nothing found")


@pytest.mark.parametrize(
    ("options", "log", "said"),
    [
        ("{from_logs: logs/none.jsonl}", GOOD, "there is no file logs/none.jsonl"),
        ("{from_logs: ../../etc/passwd}", GOOD, "there is no file ../../etc/passwd"),
        (f"{{from_logs: {LOG}}}", GOOD + "{}\n", f"{LOG}:6: this line is no answer"),
        (f"{{from_logs: {LOG}}}", "\n", "holds no answer to learn from"),
        (f"{{from_logs: {LOG}, from_run: latest}}", GOOD, "two sources"),
        ("{from_run: latest}", GOOD, "there is no run here"),
        ("{performers: [1]}", GOOD, "is filled in by promptgit"),
    ],
)
def test_a_source_that_is_no_source_is_an_error(tmp_path: Path, options, log, said):
    office = an_office(tmp_path / "office", options, log)

    told = promptgit(office, "improve", "sort")

    assert told.code == 2
    assert said in told.err


def test_a_log_that_git_ignores_is_not_read(tmp_path: Path):
    office = an_office(tmp_path / "office", "{from_logs: secret.jsonl}")
    (office.path / "secret.jsonl").write_text(GOOD)

    told = promptgit(office, "improve", "sort")

    assert told.code == 2
    assert "which Git ignores" in told.err


def test_an_earlier_run_is_learned_from(tmp_path: Path):
    office = an_office(tmp_path / "office", "{from_run: latest, rounds: 1}")
    first = promptgit(office, "improve", "sort", "--strategy", "interview", "--rounds", "1")

    said = promptgit(office, "improve", "sort")

    assert first.code in (0, 1, 5), first.err
    assert said.code in (0, 1, 5), said.err


def test_an_interview_is_shown_and_exported_whole(tmp_path: Path):
    office = an_office(tmp_path / "office", "{}")
    promptgit(office, "improve", "sort", "--strategy", "interview", "--rounds", "1")

    shown = promptgit(office, "runs", "show", "latest")
    whole = promptgit(office, "runs", "show", "latest", "--json").json
    promptgit(office, "runs", "export", "latest", "out")

    (held,) = whole["interviews"]
    exported = json.loads((office.path / "out" / "interview_1.json").read_text())
    assert "round 1  interview about" in shown.out
    assert "Q: Why" in shown.out
    assert "The analysis" in shown.out
    assert held["exchanges"][0]["answer"]
    assert exported["interview"] == held
