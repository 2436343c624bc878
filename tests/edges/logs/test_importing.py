"""An import writes each record once, redacted, whatever the file holds and however it ends."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from flywheel.planted_forms import NAMES, cores, planted
from promptgit.edges.logs import LogFolder
from promptgit.edges.logs.importing import Imported, Wishes, import_source, keys_of_source
from promptgit.edges.logs.keeping import keep
from promptgit.edges.logs.seen import Seen
from promptgit.edges.logs.sources import opened
from promptgit.errors import UserError
from promptgit.flywheel.importers.table import columns_of
from promptgit.flywheel.redaction import Redactor

WISHES = Wishes(today="2026-11-21")
REDACTOR = Redactor(b"a key of at least sixteen bytes")


def a_file(path: Path, count: int, *, output: str = "an answer") -> Path:
    rows = (
        {"id": f"c{i}", "timestamp": 1_795_293_605 + 600 * i, "question": "q", "answer": output}
        for i in range(count)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def imported(file: Path, folder: Path, wishes: Wishes = WISHES) -> Imported:
    done = None
    with opened(str(file)) as source, Seen.held(folder, doing="test") as seen:
        for done in import_source(source, seen, REDACTOR, wishes):  # noqa: B007
            pass
    assert done is not None
    return done


def ids(folder: Path) -> list[str]:
    return sorted(line.id for line in LogFolder(folder).lines())


def everything_in(folder: Path) -> bytes:
    return b"\n".join(
        path.name.encode() + b"\n" + path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    )


def test_lines_go_into_the_files_of_their_days(tmp_path: Path):
    done = imported(a_file(tmp_path / "a.jsonl", 200), tmp_path / "logs")

    assert (done.format, done.imported, done.quarantined) == ("table", 200, 0)
    assert done.days == {"2026-11-21": 20, "2026-11-22": 144, "2026-11-23": 36}
    assert [file.path.name for file in LogFolder(tmp_path / "logs").files()] == [
        f"{day}.import.jsonl" for day in sorted(done.days)
    ]


def imported_again(file: Path, folder: Path, wishes: Wishes = WISHES) -> int:
    with Seen.held(folder, doing="test") as seen, opened(str(file)) as source:
        return seen.take_back(keys_of_source(source, REDACTOR, wishes))


def test_what_a_file_brought_is_replaced_wherever_it_lies_and_nothing_else_is(tmp_path: Path):
    logs = tmp_path / "logs"
    (tmp_path / "other.jsonl").write_text(
        '{"id": "other", "timestamp": 1795293605, "question": "q", "answer": "stays"}\n'
    )
    file = a_file(tmp_path / "a.jsonl", 200)
    imported(file, logs)
    imported(tmp_path / "other.jsonl", logs)
    own = logs / "2026-11-21.sdk-0.jsonl"
    own.write_bytes((logs / "2026-11-21.import.jsonl").read_bytes())
    before = own.read_bytes()
    keep(logs, date(2026, 11, 22), None)  # packs the first day
    a_file(file, 190, output="a better answer")

    struck = imported_again(file, logs)
    done = imported(file, logs)

    lines = list(LogFolder(logs).lines())
    of_imports = [line for line in lines if line.id in {f"c{i}" for i in range(190)}]
    assert (struck, done.imported, done.duplicates) == (190, 190, 0)
    assert [line.output for line in lines if line.id == "other"].count("stays") == 2
    assert Counter(line.output for line in of_imports) == {"a better answer": 190, "an answer": 20}
    assert {f"c{i}" for i in range(190, 200)} <= {line.id for line in lines}  # no longer in it
    assert gzip.decompress((logs / "2026-11-21.sdk-0.jsonl.gz").read_bytes()) == before


def test_lines_whose_file_was_deleted_by_hand_come_again(tmp_path: Path):
    file, logs = a_file(tmp_path / "a.jsonl", 200), tmp_path / "logs"
    imported(file, logs)
    (logs / "2026-11-22.import.jsonl").unlink()

    assert imported(file, logs).imported == 0
    assert imported_again(file, logs) == 56
    assert imported(file, logs).imported == 200
    assert len(ids(logs)) == 200


def test_a_replacement_that_was_killed_is_finished_by_whoever_opens_it_next(tmp_path: Path):
    file, logs = a_file(tmp_path / "a.jsonl", 20), tmp_path / "logs"
    imported(file, logs)
    with sqlite3.connect(logs / "seen.db") as database:  # as a kill after the note leaves it
        database.execute("INSERT INTO struck SELECT key FROM seen LIMIT 5")
    database.close()

    again = imported(file, logs)

    assert (again.imported, again.duplicates) == (5, 15)
    assert len(ids(logs)) == len(set(ids(logs))) == 20


def test_a_record_that_can_no_longer_be_read_keeps_its_line(tmp_path: Path):
    file, logs = a_file(tmp_path / "a.jsonl", 20), tmp_path / "logs"
    imported(file, logs)

    with pytest.raises(UserError, match="no column 'reply'"):
        imported_again(file, logs, Wishes(columns={"output": "reply"}))
    file.write_text(file.read_text().replace('"an answer"', '""'))

    assert imported_again(file, logs) == 0
    assert len(ids(logs)) == 20


def test_a_second_import_writes_nothing(tmp_path: Path):
    file, logs = a_file(tmp_path / "a.jsonl", 50), tmp_path / "logs"
    imported(file, logs)
    before = {path.name: path.read_bytes() for path in logs.glob("*.jsonl")}

    again = imported(file, logs)

    assert (again.imported, again.duplicates) == (0, 50)
    assert {path.name: path.read_bytes() for path in logs.glob("*.jsonl")} == before


def test_a_file_that_has_grown_brings_what_is_new(tmp_path: Path):
    logs = tmp_path / "logs"
    imported(a_file(tmp_path / "a.jsonl", 50), logs)

    again = imported(a_file(tmp_path / "a.jsonl", 80), logs)

    assert (again.imported, again.duplicates) == (30, 50)
    assert len(ids(logs)) == len(set(ids(logs))) == 80


def test_a_record_that_is_twice_in_a_file_is_written_once(tmp_path: Path):
    file = a_file(tmp_path / "a.jsonl", 5)
    file.write_text(file.read_text() * 2)

    done = imported(file, tmp_path / "logs")

    assert (done.imported, done.duplicates) == (5, 5)
    assert len(ids(tmp_path / "logs")) == 5


def test_gzip_is_unpacked_and_one_that_is_cut_off_gives_what_it_has(tmp_path: Path):
    packed = gzip.compress(a_file(tmp_path / "a.jsonl", 3000).read_bytes(), 1)
    (tmp_path / "whole.jsonl.gz").write_bytes(packed)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])

    whole = imported(tmp_path / "whole.jsonl.gz", tmp_path / "whole")
    cut = imported(tmp_path / "cut.jsonl.gz", tmp_path / "cut")

    assert (whole.imported, whole.damage) == (3000, "")
    assert 0 < cut.imported < 3000
    assert cut.damage


def test_an_empty_file_is_no_error(tmp_path: Path):
    (tmp_path / "empty.jsonl").write_bytes(b"")

    assert imported(tmp_path / "empty.jsonl", tmp_path / "logs").records == 0


def test_unreadable_lines_are_quarantined_once_with_file_line_and_reason(tmp_path: Path):
    logs = tmp_path / "logs"
    file = a_file(tmp_path / "a.jsonl", 2)
    file.write_text(file.read_text() + '{"torn": "jane@example.com', encoding="utf-8")

    first, again = imported(file, logs), imported(file, logs)

    assert first.quarantined == again.quarantined == 1
    (line,) = (logs / "quarantine" / "2026-11-21.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert (found["file"], found["line"]) == ("a.jsonl", 3)
    assert found["reason"].startswith("no JSON")
    assert "jane" not in found["text"]


def test_half_a_character_is_written_as_a_question_mark(tmp_path: Path):
    row = '{"id": "a", "timestamp": 1795293605, "question": "q", "answer": "x\\ud83d"}\n'
    (tmp_path / "a.jsonl").write_text(row)

    imported(tmp_path / "a.jsonl", tmp_path / "logs")

    assert [line.output for line in LogFolder(tmp_path / "logs").lines()] == ["x?"]


def test_nothing_that_was_planted_is_anywhere_on_the_disk(tmp_path: Path):
    texts = [(kind, form, text) for kind, form, text in planted()][::3]
    texts += [("name", name, said) for said, name in NAMES.items()]
    rows = [
        {
            "id": f"{i} {text}" if kind == "email" else f"c{i}",
            "at": "2026-11-21T20:40:05Z",
            "input": text,
            "output": f"you said: {text}",
            "system": text,
            "error": f"ValueError: {text}",
            "deep": {"a": [{"b": text}]},
            "who": text if kind in ("email", "phone") else f"u{i}",
        }
        for i, (kind, _, text) in enumerate(texts)
    ]
    data = "".join(json.dumps(row, ensure_ascii=i % 2 == 0) + "\n" for i, row in enumerate(rows))
    bad = "".join(f'{{"torn": {json.dumps(text)}\n' for _, _, text in texts[::10])
    (tmp_path / "a.jsonl").write_text(data + bad, encoding="utf-8")
    columns = columns_of("facts.deep=deep,unit=who,conversation=who")

    done = imported(
        tmp_path / "a.jsonl", tmp_path / "logs", Wishes("auto", columns, "p", "2026-11-21")
    )

    on_disk = everything_in(tmp_path / "logs").decode("utf-8", "replace")
    written = "\n".join(str(line) for line in LogFolder(tmp_path / "logs").lines())
    assert done.imported == len(rows)
    assert done.quarantined == len(texts[::10])
    assert not [core for kind, form, _ in texts for core in cores(kind, form) if core in on_disk]
    assert not [core for kind, form, _ in texts for core in cores(kind, form) if core in written]


def test_joins_still_work_across_files_and_formats(tmp_path: Path):
    call = {
        "id": "k1",
        "at": "2026-11-21T20:40:05Z",
        "input": "q",
        "output": "a",
        "conversation": "jane@example.com",
    }
    said = {
        "schema": 1,
        "id": "f1",
        "at": "2026-11-21T20:41:05Z",
        "kind": "feedback",
        "of": "Jane@Example.com",
        "scores": {"quality": 1.0},
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(call) + "\n")
    (tmp_path / "b.jsonl").write_text(json.dumps(said) + "\n")

    imported(tmp_path / "a.jsonl", tmp_path / "logs")
    imported(tmp_path / "b.jsonl", tmp_path / "logs")

    first, second = LogFolder(tmp_path / "logs").lines()
    assert first.conversation == second.of
    assert "jane" not in first.conversation


def test_the_database_of_llm(tmp_path: Path):
    with sqlite3.connect(tmp_path / "logs.db") as database:
        database.execute(
            "CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT,"
            " conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER,"
            " output_tokens INTEGER, resolved_model TEXT)"
        )
        database.execute(
            "INSERT INTO responses VALUES ('r1', '4o', 'q', 's', 'a', 'c1', 12,"
            " '2026-11-21T20:40:05', 3, 4, 'gpt-4o')"
        )
    database.close()

    done = imported(tmp_path / "logs.db", tmp_path / "logs")

    (line,) = LogFolder(tmp_path / "logs").lines()
    assert (done.format, line.id, line.model, line.conversation) == ("llm", "r1", "gpt-4o", "c1")
    assert (line.system, line.input, line.output, line.latency_ms) == ("s", "q", "a", 12)


KILLED = """
import sys, pathlib
from promptgit.edges.logs import importing
from promptgit.edges.logs.seen import Seen
from promptgit.edges.logs.sources import opened
from promptgit.errors import UserError
from promptgit.flywheel.redaction import Redactor
importing.BATCH = 7
redactor = Redactor(b"a key of at least sixteen bytes")
wishes = importing.Wishes(today="2026-11-21")
with opened(sys.argv[1]) as source, Seen.held(pathlib.Path(sys.argv[2]), doing="test") as seen:
    for done in importing.import_source(source, seen, redactor, wishes):
        print(done.records, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_an_import_that_is_killed_and_run_again_has_every_line_once(
    tmp_path: Path,
):
    file, logs = a_file(tmp_path / "a.jsonl", 400, output="x" * 500), tmp_path / "logs"
    command = [sys.executable, "-c", KILLED, str(file), str(logs)]

    for after_s in (0.01, 0.03, 0.02, 0.05):
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()  # it is in the midst of it
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        child.communicate()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    assert ids(logs) == sorted(f"c{i}" for i in range(400))


@pytest.mark.parametrize("arrived", [0, 1, 17, 10_000])
def test_a_batch_that_was_half_written_is_taken_back(tmp_path: Path, arrived: int):
    """As if the process had died after `arrived` bytes of the second batch."""
    logs = tmp_path / "logs"
    imported(a_file(tmp_path / "a.jsonl", 20), logs)
    day = logs / "2026-11-21.import.jsonl"
    whole = day.read_bytes()
    with Seen.held(logs, doing="test") as seen:
        seen._database.execute("INSERT INTO note VALUES (?, ?)", (day.name, len(whole)))
        seen._database.execute("INSERT INTO note VALUES (?, 0)", ("2026-12-01.import.jsonl",))
        with day.open("ab") as out:
            out.write(b"y" * arrived)
        (logs / "2026-12-01.import.jsonl").write_bytes(b"y" * arrived)

    with Seen.held(logs, doing="test"):
        pass

    assert day.read_bytes() == whole
    assert not (logs / "2026-12-01.import.jsonl").exists()


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    code = KILLED.replace("importing.BATCH = 7\n", "").replace(
        "print(done.records, flush=True)", "pass"
    )
    code += "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"

    def peak_kb(count: int) -> int:
        rows = [
            {"id": f"c{i}", "timestamp": 1_795_293_605, "question": "q" * 400, "answer": "a"}
            for i in range(count)
        ]
        (tmp_path / "big.json").write_text(json.dumps({"data": rows, "meta": {}}))
        command = [
            sys.executable,
            "-c",
            code,
            str(tmp_path / "big.json"),
            str(tmp_path / f"l{count}"),
        ]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert peak_kb(12_000) < peak_kb(6_000) + 4_000


def test_no_file_of_the_import_can_be_read_by_everybody(tmp_path: Path):
    imported(a_file(tmp_path / "a.jsonl", 2), tmp_path / "logs")

    for path in (tmp_path / "logs").glob("*.jsonl"):
        assert os.stat(path).st_mode & 0o007 == 0
