"""Days that are over are packed, days that are old are deleted, and no line is lost or doubled."""

from __future__ import annotations

import gzip
import json
import os
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from promptgit.edges.logs import LogFolder, Reading
from promptgit.edges.logs.keeping import keep
from promptgit.edges.logs.seen import Seen, key_of
from promptgit.edges.spool import Spool
from promptgit.flywheel.interaction import Interaction
from promptgit.flywheel.window import Window

TODAY = date(2026, 11, 21)
MONTH = timedelta(days=30)


def a_line(ident: str, day: str = "2026-11-20") -> str:
    return Interaction(ident, f"{day}T20:40:05.123Z", output="x").line() + "\n"


def a_day(folder: Path, day: str, *names: str, writer: str = "sdk-0") -> Path:
    path = folder / f"{day}.{writer}.jsonl"
    path.write_text("".join(a_line(name, day) for name in names))
    return path


def ids(folder: Path) -> list[str]:
    return sorted(line.id for line in LogFolder(folder).lines())


def test_a_day_that_is_over_is_packed_and_today_is_not(tmp_path: Path):
    a_day(tmp_path, "2026-11-20", "a", "b")
    a_day(tmp_path, "2026-11-21", "c")

    kept = keep(tmp_path, TODAY, MONTH)

    assert kept.closed == ["2026-11-20.sdk-0.jsonl"]
    assert sorted(path.name for path in tmp_path.glob("2026*")) == [
        "2026-11-20.sdk-0.jsonl.gz",
        "2026-11-21.sdk-0.jsonl",
    ]
    assert ids(tmp_path) == ["a", "b", "c"]


def test_what_is_older_than_is_kept_is_deleted_and_nothing_else(tmp_path: Path):
    for day in ("2026-10-21", "2026-10-22", "2026-11-21"):
        a_day(tmp_path, day, day)
    (tmp_path / "2026-10-20.jsonl.gz").write_bytes(gzip.compress(a_line("z").encode()))
    (tmp_path / "quarantine").mkdir()
    (tmp_path / "quarantine" / "2026-10-01.jsonl").write_text("{}\n")
    theirs = [
        "notes.txt",
        "2020-01-01.csv",
        "2020-13-45.jsonl",
        "2020-01-01.jsonl.bak",
        "spool/sdk-0.ring",
    ]
    (tmp_path / "spool").mkdir()
    for name in theirs:
        (tmp_path / name).write_text("mine")
    (tmp_path / "2020-01-01.link.jsonl").symlink_to(tmp_path / "notes.txt")
    (tmp_path / "2020-01-02.jsonl").mkdir()

    kept = keep(tmp_path, TODAY, MONTH)

    assert kept.deleted == [
        "2026-10-20.jsonl.gz",
        "2026-10-21.sdk-0.jsonl",
        "quarantine/2026-10-01.jsonl",
    ]
    assert all((tmp_path / name).read_text() == "mine" for name in theirs)
    assert (tmp_path / "2020-01-01.link.jsonl").is_symlink()
    assert ids(tmp_path) == ["2026-10-22", "2026-11-21"]


def test_for_ever_deletes_nothing_and_a_dry_run_does_nothing(tmp_path: Path):
    a_day(tmp_path, "2020-01-01", "a")

    said = keep(tmp_path, TODAY, MONTH, dry_run=True)
    kept = keep(tmp_path, TODAY, None)

    assert said.deleted == ["2020-01-01.sdk-0.jsonl"]
    assert kept.deleted == []
    assert ids(tmp_path) == ["a"]


def test_lines_that_come_late_are_packed_beside_the_others(tmp_path: Path):
    a_day(tmp_path, "2026-11-20", "a")
    keep(tmp_path, TODAY, MONTH)
    a_day(tmp_path, "2026-11-20", "b")

    keep(tmp_path, TODAY, MONTH)

    assert sorted(path.name for path in tmp_path.glob("2026*")) == [
        "2026-11-20.sdk-0.jsonl.gz",
        "2026-11-20.sdk-0~1.jsonl.gz",
    ]
    assert ids(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_crash_between_the_steps_neither_loses_nor_doubles_a_line(
    tmp_path: Path, is_packed: bool
):
    path = a_day(tmp_path, "2026-11-20", "a", "b")
    closing = path.rename(path.with_name(path.name + ".closing"))
    if is_packed:
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(closing.read_bytes()))
    (tmp_path / f".{path.name}.gz.draft").write_bytes(b"half of it")

    a_day(tmp_path, "2026-11-20", "late")

    before = ids(tmp_path)
    keep(tmp_path, TODAY, MONTH)

    assert before == ids(tmp_path) == ["a", "b", "late"]
    assert sorted(path.name for path in tmp_path.glob("2026*")) == [
        "2026-11-20.sdk-0.jsonl.gz",
        "2026-11-20.sdk-0~1.jsonl.gz",
    ]


def test_a_writer_that_goes_on_while_days_are_packed_loses_nothing(tmp_path: Path):
    spool = Spool.take(tmp_path)
    over = threading.Event()

    def write() -> None:
        for number in range(400):
            while not spool.put(20261120, a_line(f"n{number:03}").encode()):
                spool.drain()
            spool.drain()
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        keep(tmp_path, TODAY, MONTH)
    writer.join()
    spool.close()

    assert ids(tmp_path) == [f"n{number:03}" for number in range(400)]


def test_a_file_is_packed_when_who_appends_to_it_is_done(tmp_path: Path):
    fcntl = pytest.importorskip("fcntl")
    path = a_day(tmp_path, "2026-11-20", "a")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    fcntl.flock(handle, fcntl.LOCK_SH)
    packing = threading.Thread(target=keep, args=(tmp_path, TODAY, MONTH))

    packing.start()
    packing.join(0.2)
    was_waiting = packing.is_alive() and path.exists()
    os.write(handle, a_line("b").encode())
    os.close(handle)
    packing.join()

    assert was_waiting
    assert ids(tmp_path) == ["a", "b"]
    assert not path.exists()


def test_what_was_imported_of_deleted_days_is_forgotten(tmp_path: Path):
    old, new = key_of("call", "old"), key_of("call", "new")
    with Seen.held(tmp_path, doing="test") as seen:
        seen.write({}, [(old, "2026-01-01"), (new, "2026-11-20")])

    keep(tmp_path, TODAY, MONTH)

    with Seen.held(tmp_path, doing="test") as seen:
        assert seen.known([old, new]) == {new}


def test_while_an_import_runs_its_files_are_left_alone(tmp_path: Path):
    a_day(tmp_path, "2026-11-20", "a", writer="import")
    a_day(tmp_path, "2026-11-20", "b")

    with Seen.held(tmp_path, doing="test"):
        kept = keep(tmp_path, TODAY, MONTH)

    assert kept.busy == ["2026-11-20.import.jsonl"]
    assert kept.closed == ["2026-11-20.sdk-0.jsonl"]


def test_a_reader_goes_on_over_what_cannot_be_read(tmp_path: Path):
    day = a_day(tmp_path, "2026-11-20", "a")
    day.write_bytes(
        day.read_bytes()
        + b'not json\n{"id": 1}\n\n\xff\xfe\n'
        + a_line("b").encode()
        + b'{"id": "to'
    )
    whole = gzip.compress((a_line("c") + a_line("d") * 200).encode())
    (tmp_path / "2026-11-19.jsonl.gz").write_bytes(whole[:-20])
    (tmp_path / "2026-11-18.jsonl.gz").write_bytes(b"")
    (tmp_path / "2026-11-17.jsonl").write_bytes(b"")
    (tmp_path / "2026-11-16.jsonl.gz").write_bytes(b"no gzip at all")
    reading = Reading()

    found = {line.id for line in LogFolder(tmp_path).lines(reading=reading)}

    assert {"a", "b"} <= found
    assert (reading.malformed, reading.torn) == (3, 1)
    assert sorted(one.split(":")[0] for one in reading.damaged) == [
        "2026-11-16.jsonl.gz",
        "2026-11-19.jsonl.gz",
    ]
    assert reading.places[0].startswith("2026-11-20.sdk-0.jsonl:2: ")


def test_only_the_files_of_a_window_are_opened(tmp_path: Path):
    for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
        a_day(tmp_path, day, day)
    window = Window("2026-11-19T00:00:00.000Z", "2026-11-20T00:00:00.000Z")

    files = LogFolder(tmp_path).files(window)

    assert [file.day for file in files] == ["2026-11-19"]
    assert [json.loads(line.line())["id"] for line in LogFolder(tmp_path).lines(window)] == [
        "2026-11-19"
    ]


def test_no_folder_is_no_lines(tmp_path: Path):
    assert list(LogFolder(tmp_path / "nowhere").lines()) == []
    assert keep(tmp_path / "nowhere", TODAY, MONTH).closed == []
