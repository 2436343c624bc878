"""One at a time, across processes; a lock of the dead is broken, one of the living never."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptgit.edges.lock import Held, _break, lock
from promptgit.errors import WorldError

HOLD = """
import sys
from pathlib import Path
from promptgit.edges.lock import lock
with lock(Path(sys.argv[1]), "prompt", doing="improve a.md"):
    Path(sys.argv[1], "held").touch()
    sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from promptgit.edges.lock import lock
counter = Path(sys.argv[1], "counter")
for _ in range(5):
    with lock(Path(sys.argv[1]), "prompt", doing="count", wait_s=120):
        number = int(counter.read_text())
        counter.write_text(str(number + 1))
"""


def a_holder(folder: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE)
    while not (folder / "held").exists():
        time.sleep(0.01)
    return holder


def a_lock_of(folder: Path, **facts: object) -> Path:
    mine = {"pid": 1, "host": socket.gethostname(), "started": "", "since": "then", "doing": "x"}
    place = folder / "prompt.lock"
    place.write_text(json.dumps(mine | facts), encoding="utf-8")
    return place


def a_dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_is_there_while_it_is_held_and_gone_after(tmp_path: Path):
    with lock(tmp_path, "prompt", doing="improve a.md"):
        assert (tmp_path / "prompt.lock").exists()

    assert not (tmp_path / "prompt.lock").exists()


def test_who_holds_it_is_named(tmp_path: Path):  # case 54
    holder = a_holder(tmp_path)

    with (
        pytest.raises(Held, match=rf"process {holder.pid} on .* \(improve a.md") as held,
        lock(tmp_path, "prompt", doing="me too"),
    ):
        pass
    holder.communicate()

    assert str(tmp_path / "prompt.lock") in held.value.hint


def test_another_name_is_another_lock(tmp_path: Path):
    with (
        lock(tmp_path, "one", doing="x"),
        lock(tmp_path, "two", doing="x"),
    ):
        assert len(list(tmp_path.glob("*.lock"))) == 2


def test_an_error_inside_gives_the_lock_back(tmp_path: Path):
    with pytest.raises(KeyError), lock(tmp_path, "prompt", doing="x"):
        raise KeyError

    assert list(tmp_path.glob("*.lock")) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT between processes")
def test_an_interruption_gives_the_lock_back(tmp_path: Path):  # case 51
    holder = a_holder(tmp_path)

    holder.send_signal(signal.SIGINT)
    holder.communicate()

    assert list(tmp_path.glob("*.lock")) == []


def test_the_lock_of_a_killed_process_is_broken(tmp_path: Path):  # case 50
    holder = a_holder(tmp_path)
    holder.kill()
    holder.communicate()
    assert (tmp_path / "prompt.lock").exists()

    with lock(tmp_path, "prompt", doing="x"):
        pass

    assert not (tmp_path / "prompt.lock").exists()


def test_the_lock_of_another_machine_is_never_broken(tmp_path: Path):
    a_lock_of(tmp_path, pid=a_dead_pid(), host="elsewhere")

    with pytest.raises(Held, match="on elsewhere"), lock(tmp_path, "prompt", doing="x"):
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_process_that_took_over_the_number_of_a_dead_one_is_not_the_holder(tmp_path: Path):
    a_lock_of(tmp_path, pid=os.getpid(), started="1")

    with lock(tmp_path, "prompt", doing="x"):
        assert f'"pid": {os.getpid()}' in (tmp_path / "prompt.lock").read_text(encoding="utf-8")


def test_a_lock_without_a_name_is_being_written(tmp_path: Path):
    (tmp_path / "prompt.lock").touch()

    with pytest.raises(Held, match="another process"), lock(tmp_path, "prompt", doing="x"):
        pass


def test_a_lock_that_stays_without_a_name_is_broken(tmp_path: Path):
    place = tmp_path / "prompt.lock"
    place.touch()
    os.utime(place, (1, 1))

    with lock(tmp_path, "prompt", doing="x"):
        pass


def test_breaking_spares_a_lock_that_was_taken_meanwhile(tmp_path: Path):
    place = a_lock_of(tmp_path, pid=os.getpid())

    _break(place)

    assert place.exists()


def test_a_lock_that_somebody_took_over_is_left_to_them(tmp_path: Path):
    with lock(tmp_path, "prompt", doing="x"):
        place = a_lock_of(tmp_path, host="elsewhere")

    assert place.exists()


def test_a_folder_that_cannot_be_made_is_the_worlds_fault(tmp_path: Path):
    (tmp_path / "file").touch()

    with (
        pytest.raises(WorldError, match="cannot be made"),
        lock(tmp_path / "file" / "locks", "prompt", doing="x"),
    ):
        pass


def test_many_processes_never_hold_it_at_once(tmp_path: Path):
    (tmp_path / "counter").write_text("0")
    a_lock_of(tmp_path, pid=a_dead_pid())  # so that all of them try to break it first

    processes = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)]) for _ in range(6)]

    assert [process.wait() for process in processes] == [0] * 6
    assert (tmp_path / "counter").read_text() == "30"
