"""What was put in is in the file of its day: once, whole, in order, whatever was killed when."""

from __future__ import annotations

import fcntl
import mmap
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptgit.edges.day_file import DayFile
from promptgit.edges.ring import BATCH, HEADER, Ring
from promptgit.edges.spool import Recovered, Spool, recover

DAY, NEXT = 20261121, 20261122
SMALL = 4096  # bytes of a queue


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with_a_slot = Spool.take(tmp_path, capacity=SMALL)
    yield with_a_slot
    with_a_slot.let_go()


def written(folder: Path) -> list[str]:
    return [
        line
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def a_ring(capacity: int = SMALL) -> tuple[Ring, mmap.mmap]:
    mapped = mmap.mmap(-1, HEADER + capacity)
    return Ring(mapped), mapped


def test_lines_come_out_as_they_went_in_around_and_around():
    ring, _ = a_ring()
    rng = random.Random(5)
    put, taken = [], []

    for number in range(5_000):
        line = f"{number} {'x' * rng.randrange(300)}\n".encode()
        if ring.put(DAY, line):
            put.append(line)
        elif batch := ring.batch():
            taken.append(batch.data)
            ring.done(batch)
    while batch := ring.batch():
        taken.append(batch.data)
        ring.done(batch)

    assert len(put) > 4_000
    assert b"".join(taken) == b"".join(put)


def test_a_full_queue_refuses_and_forgets_nothing():
    ring, _ = a_ring()
    line = b"x" * 99 + b"\n"
    accepted = 0
    while ring.put(DAY, line):
        accepted += 1

    assert not ring.put(DAY, b"y\n" * 10 + line)
    batch = ring.batch()
    assert batch is not None
    assert batch.lines == accepted
    assert ring.filled > 0.9


def test_a_line_longer_than_the_queue_is_refused():
    ring, _ = a_ring()

    assert not ring.put(DAY, b"x" * SMALL)
    assert ring.is_empty


def test_a_line_may_be_longer_than_a_batch():
    ring, _ = a_ring(3 * BATCH)
    long = b"x" * (BATCH + 99) + b"\n"
    for line in (b"before\n", long, b"after\n"):
        assert ring.put(DAY, line)
    taken = []

    while batch := ring.batch():
        taken.append(batch.data)
        ring.done(batch)

    assert b"".join(taken) == b"before\n" + long + b"after\n"
    assert len(taken) > 1


def test_a_batch_is_of_one_day():
    ring, _ = a_ring()
    for day, line in ((DAY, b"a\n"), (DAY, b"b\n"), (NEXT, b"c\n"), (DAY, b"late\n")):
        ring.put(day, line)
    found = []

    while batch := ring.batch():
        found.append((batch.day, batch.data))
        ring.done(batch)

    assert found == [(DAY, b"a\nb\n"), (NEXT, b"c\n"), (DAY, b"late\n")]


@pytest.mark.parametrize("where", [0, 9, 13, 17, 20, 24])  # position, length, checksum, day, line
def test_a_frame_that_a_crash_of_the_machine_spoilt_is_not_taken_for_a_line(where: int):
    ring, mapped = a_ring()
    ring.put(DAY, b"whole\n")
    broken = ring.head
    ring.put(DAY, b"spoilt\n")
    mapped[HEADER + broken + where] ^= 1

    batch = ring.batch()
    assert batch is not None
    ring.done(batch)
    after = ring.batch()

    assert batch.data == b"whole\n"
    assert after is None
    assert ring.is_empty
    assert ring.damaged > 0


def test_a_line_goes_into_the_file_of_its_day_and_slot(spool: Spool, tmp_path: Path):
    spool.put(DAY, b"today\n")
    spool.put(NEXT, b"tomorrow\n")

    assert spool.drain() == 2

    assert (tmp_path / "2026-11-21.sdk-0.jsonl").read_bytes() == b"today\n"
    assert (tmp_path / "2026-11-22.sdk-0.jsonl").read_bytes() == b"tomorrow\n"
    assert spool.drain() == 0


def test_each_who_captures_has_a_slot_of_its_own(spool: Spool, tmp_path: Path):
    second = Spool.take(tmp_path, capacity=SMALL)

    assert (spool.slot, second.slot) == ("sdk-0", "sdk-1")
    second.close()
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["sdk-0.ring"]


def test_a_slot_that_is_held_is_left_alone(spool: Spool, tmp_path: Path):
    spool.put(DAY, b"mine\n")

    assert recover(tmp_path) == Recovered()

    assert not written(tmp_path)


def test_what_a_process_left_is_brought_home_once(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    left.put(DAY, b"one\n")
    left.put(DAY, b"two\n")
    left.let_go()

    assert recover(tmp_path) == Recovered(spools=1, lines=2)
    assert recover(tmp_path) == Recovered()

    assert written(tmp_path) == ["one", "two"]
    assert not list((tmp_path / "spool").iterdir())


def test_what_a_crash_of_the_machine_spoilt_in_a_slot_is_counted(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    left.put(DAY, b"whole\n")
    start = HEADER + left.ring.head
    left.put(DAY, b"spoilt\n")
    spoilt = HEADER + left.ring.head - start
    left.let_go()
    slot = tmp_path / "spool" / "sdk-0.ring"
    held = bytearray(slot.read_bytes())
    held[start] ^= 1
    slot.write_bytes(held)

    assert recover(tmp_path) == Recovered(spools=1, lines=1, damaged_bytes=spoilt)

    assert written(tmp_path) == ["whole"]


def test_the_next_holder_of_a_slot_writes_what_the_last_one_left(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    left.put(DAY, b"one\n")
    left.let_go()

    following = Spool.take(tmp_path, capacity=1 << 20)
    following.put(DAY, b"two\n")
    following.drain()

    assert written(tmp_path) == ["one", "two"]
    following.close()


@pytest.mark.parametrize("arrived", range(13))
def test_an_interrupted_write_is_carried_on_where_it_stopped(tmp_path: Path, arrived: int):
    left = Spool.take(tmp_path, capacity=SMALL)
    path = tmp_path / f"2026-11-21.{left.slot}.jsonl"
    path.write_bytes(b"before\n")
    for line in (b"one\n", b"two\n", b"four\n"):
        left.put(DAY, line)
    batch = left.ring.batch()
    assert batch is not None
    left.ring.begin(batch, path.stat().st_size)
    left.put(DAY, b"after\n")
    with path.open("ab") as file:
        file.write(batch.data[:arrived])
    left.let_go()

    assert recover(tmp_path).lines == 4

    assert written(tmp_path) == ["before", "one", "two", "four", "after"]


def test_a_file_that_was_closed_in_the_meantime_begins_anew(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    left.put(DAY, b"one\n")
    batch = left.ring.batch()
    assert batch is not None
    left.ring.begin(batch, 7_000)
    left.let_go()

    recover(tmp_path)

    assert written(tmp_path) == ["one"]


def test_a_file_that_somebody_else_wrote_to_is_only_added_to(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    path = tmp_path / f"2026-11-21.{left.slot}.jsonl"
    path.write_bytes(b"before\n")
    left.put(DAY, b"mine\n")
    batch = left.ring.batch()
    assert batch is not None
    left.ring.begin(batch, path.stat().st_size)
    path.write_bytes(b"before\nher")
    left.let_go()

    recover(tmp_path)

    assert written(tmp_path) == ["before", "her", "mine"]


def test_a_day_file_knows_how_long_it_is(tmp_path: Path):
    (tmp_path / "2026-11-21.sdk-0.jsonl").write_bytes(b"before\n")

    with DayFile(tmp_path, "sdk-0") as file:
        assert file.open(DAY)
        file.append(b"one\n")
        file.append(b"skipped two\n", 8)
        assert not file.open(DAY)
        assert file.size == len(b"before\none\ntwo\n")
        assert file.open(NEXT)
        assert file.size == 0

    assert written(tmp_path) == ["before", "one", "two"]


def test_a_slot_is_closed_only_when_nothing_waits_in_it(tmp_path: Path):
    waiting = Spool.take(tmp_path, capacity=SMALL)
    waiting.put(DAY, b"one\n")
    waiting.close()

    assert recover(tmp_path).lines == 1


def test_a_slot_whose_file_is_gone_removes_nobody_elses(tmp_path: Path):
    gone = Spool.take(tmp_path, capacity=SMALL)
    (tmp_path / "spool" / "sdk-0.ring").unlink()
    other = Spool.take(tmp_path, capacity=SMALL)

    gone.close()

    assert other.is_in_place
    other.close()


def test_no_slot_is_held_twice_however_they_come_and_go(tmp_path: Path):
    held: set[str] = set()
    twice = []

    def come_and_go(_: int) -> None:
        for _turn in range(150):
            spool = Spool.take(tmp_path, capacity=SMALL)
            if spool.slot in held or not spool.is_in_place:
                twice.append(spool.slot)
            held.add(spool.slot)
            held.discard(spool.slot)
            spool.close()

    with ThreadPoolExecutor(4) as crew:
        list(crew.map(come_and_go, range(4)))

    assert not twice


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_what_another_user_left_is_left_for_that_one(tmp_path: Path):
    left = Spool.take(tmp_path, capacity=SMALL)
    left.put(DAY, b"theirs\n")
    left.let_go()
    os.chown(tmp_path / "spool" / "sdk-0.ring", 65534, 65534)

    mine = Spool.take(tmp_path, capacity=SMALL)

    assert recover(tmp_path) == Recovered()
    assert mine.slot == "sdk-1"
    assert not written(tmp_path)
    mine.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any file")
def test_a_slot_whose_files_are_another_users_is_passed_over(tmp_path: Path):
    (tmp_path / "2026-11-21.sdk-0.jsonl").write_bytes(b"theirs\n")
    (tmp_path / "2026-11-21.sdk-0.jsonl").chmod(0o400)

    spool = Spool.take(tmp_path, capacity=SMALL)

    assert spool.slot == "sdk-1"
    spool.close()


def test_a_line_that_was_cut_off_stays_alone(spool: Spool, tmp_path: Path):
    path = tmp_path / "2026-11-21.sdk-0.jsonl"
    path.write_bytes(b'whole\n{"cut')
    spool.put(DAY, b"next\n")

    spool.drain()

    assert written(tmp_path) == ["whole", '{"cut', "next"]


def test_who_closes_a_file_under_its_lock_loses_no_line(spool: Spool, tmp_path: Path):
    path = tmp_path / "2026-11-21.sdk-0.jsonl"
    spool.put(DAY, b"early\n")
    spool.drain()
    spool.put(DAY, b"late\n")

    with path.open("rb") as closing:
        fcntl.flock(closing, fcntl.LOCK_EX)
        writer = threading.Thread(target=spool.drain)
        writer.start()
        time.sleep(0.05)
        path.rename(tmp_path / "closed")
    writer.join()

    assert (tmp_path / "closed").read_bytes() == b"early\n"
    assert written(tmp_path) == ["late"]


def test_a_full_disk_loses_nothing_that_was_accepted(spool: Spool, tmp_path: Path):
    spool.put(DAY, b"one\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            spool.drain()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    spool.put(DAY, b"two\n")
    spool.drain()

    assert written(tmp_path) == ["one", "two"]


def test_a_write_that_the_disk_cut_short_is_carried_on(tmp_path: Path):
    code = f"""
import resource, signal
from pathlib import Path
from promptgit.edges.spool import Spool
spool = Spool.take(Path({str(tmp_path)!r}), capacity={SMALL})
for number in range(50):
    assert spool.put({DAY}, b"%04d\\n" % number)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (123, resource.RLIM_INFINITY))
try:
    spool.drain()
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert (spool.folder / "2026-11-21.sdk-0.jsonl").stat().st_size == 123
    assert spool.drain() == 50
    print("ok")
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "ok\n"
    assert written(tmp_path) == [f"{number:04d}" for number in range(50)]


def test_no_room_for_the_queue_is_an_error_and_leaves_the_process_alive(tmp_path: Path):
    (tmp_path / "spool").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="spool"):
        Spool.take(tmp_path, capacity=SMALL)


def test_a_folder_that_vanishes_is_made_again(spool: Spool, tmp_path: Path):
    spool.put(DAY, b"one\n")
    for path in (tmp_path / "spool").iterdir():
        path.unlink()

    spool.drain()

    assert written(tmp_path) == ["one"]
    assert not spool.is_in_place


KILLED = """
import os, sys
from pathlib import Path
from promptgit.edges.spool import Spool, recover
folder, first = Path(sys.argv[1]), int(sys.argv[2])
spool = Spool.take(folder, capacity=16_384)
import threading
def drain():
    while True:
        spool.drain()
threading.Thread(target=drain, daemon=True).start()
number = first
while True:
    line = b"%d %s\\n" % (number, b"x" * (number * 7919 % 700))
    while not spool.put(20261121 + number // 500 % 2, line):
        pass
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def test_kill_nine_at_any_moment_loses_and_doubles_nothing(tmp_path: Path):
    rng = random.Random(9)
    told = first = 0

    for _ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(first)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.08))
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().decode()
        child.wait()
        child.stdout.close()
        told = int(rest.split()[-1]) if rest.split() else first
        lines = after_recovery(tmp_path)
        numbers = sorted(int(line.split()[0]) for line in lines)
        assert numbers in (list(range(told + 1)), list(range(told + 2)))
        first = len(numbers)

    for line in after_recovery(tmp_path):
        number, _, filling = line.partition(" ")
        assert filling == "x" * (int(number) * 7919 % 700)
    assert first > 100


def after_recovery(folder: Path) -> list[str]:
    recover(folder)
    return written(folder)


@pytest.mark.parametrize("moment", range(6))
def test_a_recovery_may_be_killed_too(tmp_path: Path, moment: int):
    left = Spool.take(tmp_path, capacity=1 << 20)
    lines = [f"{number} {'y' * (number % 97)}" for number in range(5_000)]
    for number, line in enumerate(lines):
        assert left.put(DAY + number // 50 % 2, f"{line}\n".encode())
    left.let_go()
    code = (
        "import sys; from pathlib import Path; from promptgit.edges.spool import recover\n"
        "print(flush=True); recover(Path(sys.argv[1]))"
    )

    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(moment * 0.002)
    child.kill()
    child.wait()
    child.stdout.close()
    recover(tmp_path)

    assert sorted(written(tmp_path)) == sorted(lines)
