"""`promptgit logs`: import, show, top, sample, retention, as they read."""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from promptgit.cli.main import cli
from promptgit.edges.spool import Spool
from promptgit.errors import UserError
from promptgit.flywheel.interaction import FEEDBACK, Interaction
from promptgit.flywheel.window import instant
from promptgit.testing.repositories import Repository, a_repository

NOW = datetime.now(UTC)
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u2066\u200b\r"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "r", {"prompts/reply.md": "Reply.\n"})


def run(where: Path, *words: str, stdin: str | bytes | None = None, **environment: str) -> Result:
    with chdir(where):
        return CliRunner(env=environment).invoke(
            cli, ["logs", *words], input=stdin, catch_exceptions=False
        )


def a_call(ident: str, *, days_ago: float = 0.1, **fields) -> Interaction:
    at = instant(NOW - timedelta(days=days_ago))
    return Interaction(ident, at, **{"prompt": "reply", "output": f"answer {ident}", **fields})


def feedback(ident: str, of: str, score: float) -> Interaction:
    return Interaction(ident, instant(NOW), kind="feedback", of=of, scores={"quality": score})


def brought(where: Path, *lines: Interaction) -> None:
    data = "".join(line.line() + "\n" for line in lines)
    assert run(where, "import", "-", stdin=data).exit_code == 0


def test_an_import_says_what_became_of_each_record(repository: Repository):
    (repository.path / "chats.csv").write_text(
        "time,question,answer\n"
        f"{instant(NOW)},mail jane@example.com or +49 170 1234567,yes\n"
        f"{instant(NOW)},a,b\n"
        "yesterday,a,b\n"
    )

    first = run(repository.path, "import", "chats.csv", "--prompt", "prompts/reply.md")
    again = run(repository.path, "import", "chats.csv")

    assert "chats.csv: format table, 3 of the first 3 records" in first.output
    assert f"imported     2 of {instant(NOW)[:10]}" in first.output
    assert "unreadable   1, in " in first.output
    assert "1 × 'yesterday' is no time" in first.output
    assert "redacted     1 email, 1 phone" in first.output
    assert "known        2 were imported before" in again.output
    assert "  reply  " in run(repository.path, "show").output
    assert "jane" not in run(repository.path, "show").output


def test_columns_that_nothing_reads_are_named_with_a_map_that_does(repository: Repository):
    (repository.path / "old.csv").write_text(
        "time,question,answer,rating,stars,channel,user\n"
        f"{instant(NOW)},a,b,0.9,4,chat,user-1@shop.example\n"
    )
    meant = "scores.quality=rating,scores.stars=stars,facts.channel=channel,unit=user"

    first = run(repository.path, "import", "old.csv", "--prompt", "repyl")
    again = run(repository.path, "import", "--again", "old.csv", "--map", meant)

    assert "not read     rating, stars, channel, user\n" in first.stdout
    assert f"--again --map {meant} reads them" in first.stdout
    assert "has no prompt 'repyl'; did you mean 'reply'?" in first.stderr
    assert "replaced     1 that it brought before" in again.stdout
    assert "not read" not in again.stdout
    (call,) = json.loads(run(repository.path, "show", "--json").output)["calls"]
    assert (call["scores"], call["facts"]) == ({"quality": 0.9, "stars": 4.0}, {"channel": "chat"})
    assert call["unit"].startswith("<email:")


def test_a_column_that_there_is_not_is_an_error(repository: Repository):
    (repository.path / "old.csv").write_text(f"time,question,answer,user\n{instant(NOW)},a,b,c\n")

    with pytest.raises(UserError, match="no column 'usr'; did you mean 'user'"):
        run(repository.path, "import", "old.csv", "--map", "unit=usr")
    with pytest.raises(UserError, match="can be read once"):
        run(repository.path, "import", "--again", "-")
    sparse = a_call("a").line() + "\n" + a_call("b", model="m").line() + "\n"
    found = run(repository.path, "import", "-", "--map", "facts.shop=store", stdin=sparse)
    assert "no record at the beginning has store, which --map names" in found.stdout


def test_json_has_the_figures(repository: Repository):
    data = a_call("a").line() + "\n" + "{torn\n"

    done = json.loads(run(repository.path, "import", "-", "--json", stdin=data).output)

    (file,) = done["files"]
    assert done["folder"].endswith(".git/promptgit/logs")
    assert (file["format"], file["records"], file["imported"], file["quarantined"]) == (
        "promptgit", 2, 1, 1,
    )  # fmt: skip


def test_a_dry_run_writes_nothing(repository: Repository):
    said = run(repository.path, "import", "-", "--dry-run", stdin=a_call("a").line())

    assert "would import 1" in said.output
    assert "no calls" in run(repository.path, "show").output


def test_logs_that_git_could_take_along_are_refused(repository: Repository):
    (repository.path / "flywheel.yaml").write_text("capture: {folder: logs}\n")

    with pytest.raises(UserError, match="Git does not ignore"):
        run(repository.path, "import", "-", stdin=a_call("a").line())
    (repository.path / ".gitignore").write_text("/logs/\n")

    brought(repository.path, a_call("a"))
    assert list((repository.path / "logs").glob("*.jsonl"))
    assert not list((repository.path / "logs").glob("*.key"))


def test_without_a_repository_the_environment_says_where(tmp_path: Path):
    key = {"PROMPTGIT_LOGS": str(tmp_path / "logs"), "PROMPTGIT_REDACTION_KEY": "k" * 32}

    run(tmp_path, "import", "-", stdin=a_call("a").line(), **key)

    assert "answer a" in run(tmp_path, "show", **key).output
    with pytest.raises(UserError, match="not in a Git repository"):
        run(tmp_path, "show")


@pytest.mark.parametrize("words", [("--format", "odd"), ("--format", "otel", "--map", "output=a")])
def test_what_cannot_be_meant_is_an_error(repository: Repository, words: tuple[str, ...]):
    with pytest.raises(UserError):
        run(repository.path, "import", "-", *words, stdin="")


def test_the_best_calls_are_those_with_the_best_feedback(repository: Repository):
    brought(
        repository.path,
        a_call("own", scores={"quality": 0.7}),
        a_call("said", scores={"quality": 0.1}),
        a_call("talk", conversation="c1"),
        a_call("bad", scores={"quality": 0.2}),
        a_call("old", days_ago=9, scores={"quality": 1.0}),
        a_call("failed", scores={"quality": 1.0}, error="timeout"),
        a_call("other", prompt="other", scores={"quality": 1.0}),
        feedback("f1", "said", 0.95),
        feedback("f2", "c1", 0.9),
    )

    def ids(*words: str) -> list[str]:
        found = run(repository.path, "top", "reply", "--json", *words).output
        return [one["id"] for one in json.loads(found)["top"]]

    assert ids() == ["old", "said", "talk", "own", "bad"]
    assert ids("--since", "7d", "--above", "0.9") == ["said", "talk"]
    assert ids("--below", "0.7") == ["bad", "own"]
    assert ids("--limit", "1") == ["old"]
    lines = run(repository.path, "top", "prompts/reply.md", "--jsonl", "--limit", "2").output
    assert [json.loads(line)["score"] for line in lines.splitlines()] == [1.0, 0.95]


def test_a_count_of_tokens_that_nobody_knows_is_not_shown_as_none(repository: Repository):
    brought(repository.path, a_call("a", output_tokens=7), a_call("b", input_tokens=0))

    assert "  tokens: 7 out\n" in run(repository.path, "show", "a").output
    assert "  tokens: 0 in\n" in run(repository.path, "show", "b").output


def test_top_says_which_scores_and_prompts_there_are_instead(repository: Repository):
    said = Interaction(
        "f", "2026-11-21T10:00:00.000Z", kind=FEEDBACK, of="a", scores={"satisfaction": 1.0}
    )
    brought(repository.path, a_call("a", scores={"tone": 1.0}), said)

    there_are = run(repository.path, "top", "reply").output
    assert "tone (1)" in there_are
    assert "satisfaction (1)" in there_are
    with pytest.raises(UserError) as caught:
        run(repository.path, "top", "replies")
    assert caught.value.hint == "prompts there: reply"


def test_a_conversation_is_shown_with_what_was_said_of_it(repository: Repository):
    brought(
        repository.path,
        a_call("a", conversation="jane@example.com", input="one"),
        a_call("b", conversation="jane@example.com", turn=1, input="two", days_ago=0.05),
        feedback("f", "b", 0.5),
    )

    whole = run(repository.path, "show", "--conversation", "jane@example.com").output
    one = json.loads(run(repository.path, "show", "b", "--json").output)

    assert whole.index("one") < whole.index("two") < whole.index("quality 0.5")
    assert "<email:" in whole
    assert [call["id"] for call in one["calls"]] == ["b"]
    assert [said["id"] for said in one["feedback"]] == ["f"]
    with pytest.raises(UserError, match="no call, no conversation and no unit"):
        run(repository.path, "show", "nobody")


@pytest.mark.parametrize("words", [(), ("--unit",)])
def test_all_calls_of_a_person_are_found_by_the_address_that_the_application_knows(
    repository: Repository, words: tuple[str, ...]
):
    brought(
        repository.path,
        a_call("a", unit="user-5@shop.example", conversation="c-1"),
        a_call("b", unit="User-5@Shop.example"),
        a_call("c", unit="user-6@shop.example", conversation="c-2"),
        feedback("f", "c-1", 0.5),
    )

    found = json.loads(run(repository.path, "show", *words, "user-5@shop.example", "--json").output)

    assert sorted(call["id"] for call in found["calls"]) == ["a", "b"]
    assert [said["id"] for said in found["feedback"]] == ["f"]
    with pytest.raises(UserError, match="give one of them"):
        run(repository.path, "show", "a", "--unit", "b")


def test_no_calls_are_an_occasion_to_say_where_they_come_from(repository: Repository):
    shown = run(repository.path, "show").output

    assert shown.startswith("no calls in ")
    assert "`promptgit logs import FILE`" in shown


def test_what_was_redacted_is_shown_as_it_lies_there(repository: Repository):
    brought(repository.path, a_call("a", input="token=sk4Xy7Qw91zR3"))

    shown = run(repository.path, "show").output

    assert "<secret:" in shown
    assert "redacted" not in shown


def test_a_sample_may_be_lines_that_an_import_reads(repository: Repository, tmp_path: Path):
    brought(repository.path, a_call("a", input="grüß dich"), a_call("b"))

    lines = run(repository.path, "sample", "reply", "--jsonl").output
    there = json.loads(
        run(tmp_path, "import", "-", "--json", stdin=lines, PROMPTGIT_LOGS=str(tmp_path)).output
    )

    assert lines.isascii()
    assert there["files"][0]["imported"] == 2


def test_a_sample_is_the_same_for_the_same_seed(repository: Repository):
    brought(repository.path, *(a_call(f"c{i}") for i in range(30)))

    def drawn(*words: str) -> list[str]:
        found = json.loads(run(repository.path, "sample", "reply", "--json", *words).output)
        return [one["id"] for one in found["conversations"]]

    assert drawn("--limit", "5") == drawn("--limit", "5")
    assert drawn("--limit", "5") != drawn("--limit", "5", "--seed", "1")
    assert len(drawn()) == 10
    assert set(drawn("--limit", "5")) < set(drawn("--limit", "12"))


def test_retention_says_what_it_does(repository: Repository):
    brought(
        repository.path, a_call("a", days_ago=40), a_call("b", days_ago=2), a_call("c", days_ago=0)
    )

    would = run(repository.path, "retention", "--dry-run").output
    done = json.loads(run(repository.path, "retention", "--json").output)

    assert "lines are kept for 30 days" in would
    assert "would delete " in would
    assert "would pack 1 file" in would
    assert (len(done["deleted"]), len(done["closed"]), done["retention_days"]) == (1, 1, 30)
    assert "nothing to do" in run(repository.path, "retention").output
    assert "answer a" not in run(repository.path, "show").output


@pytest.mark.parametrize(
    "words", [("show",), ("show", "x"), ("sample",), ("top", "reply"), ("show", "x", "--json")]
)
def test_nothing_that_was_logged_can_act_on_the_terminal(
    repository: Repository, words: tuple[str, ...]
):
    brought(
        repository.path,
        a_call(
            "x", input=f"a{ESCAPES}b", output=f"c{ESCAPES}\nd", model=f"m{ESCAPES}",
            scores={"quality": 1.0}, facts={f"k{ESCAPES}": ESCAPES}, conversation=f"x{ESCAPES}",
        ),
    )  # fmt: skip

    shown = run(repository.path, *words).output

    assert not set(shown) & set("\x1b\x07\x9b\u202e\u2066\u200b\r")


def test_what_a_killed_process_left_is_read_too(repository: Repository):
    logs = repository.path / ".git" / "promptgit" / "logs"
    spool = Spool.take(logs)
    line = a_call("left").line().encode() + b"\n"
    assert spool.put(int(instant(NOW)[:10].replace("-", "")), line)
    spool.let_go()

    assert "answer left" in run(repository.path, "show").output


def test_bytes_that_a_crash_of_the_machine_cost_are_said(repository: Repository):
    logs = repository.path / ".git" / "promptgit" / "logs"
    spool = Spool.take(logs)
    assert spool.put(20261121, b"{}\n")
    spool.let_go()
    (slot,) = (logs / "spool").iterdir()
    held = bytearray(slot.read_bytes())
    held[held.index(b"{}\n")] ^= 1
    slot.write_bytes(held)

    said = run(repository.path, "show").output

    assert "captured bytes were lost in a crash of the machine" in said
