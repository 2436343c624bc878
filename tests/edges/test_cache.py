import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from promptgit.core.ports import Answer, Usage
from promptgit.edges.cache import SqliteAnswers
from promptgit.errors import WorldError

KEY = "ab" * 32
ANSWER = Answer("Grüße \ud83d", Usage(100, 20, 50), None, 1.5, "length", "gpt-5-mini-2026-08-07")


def a_key(number):
    return f"{number:064x}"


def test_an_answer_comes_back_as_it_went_in_and_says_it_is_cached(tmp_path):
    SqliteAnswers(tmp_path / "cache.db").put(KEY, ANSWER)

    found = SqliteAnswers(tmp_path / "cache.db").get(KEY)

    assert found == Answer(
        "Grüße \ud83d",
        Usage(100, 20, 50),
        None,
        1.5,
        "length",
        "gpt-5-mini-2026-08-07",
        cached=True,
    )


def test_what_was_never_stored_is_not_there(tmp_path):
    assert SqliteAnswers(tmp_path / "cache.db").get(KEY) is None


def test_what_is_held_is_told_without_reading_it_also_for_many_keys(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")
    for number in range(0, 1200, 2):
        store.put(a_key(number), Answer("x"))

    held = store.held(a_key(number) for number in range(1200))

    assert held == {a_key(number) for number in range(0, 1200, 2)}
    assert store.held([]) == set()


def test_the_directory_is_made_when_it_is_missing(tmp_path):
    SqliteAnswers(tmp_path / "a" / "b" / "cache.db").put(KEY, ANSWER)

    assert (tmp_path / "a" / "b" / "cache.db").exists()


def test_readers_and_the_writer_do_not_wait_for_each_other(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")
    store.put(KEY, ANSWER)
    reader = sqlite3.connect(tmp_path / "cache.db", timeout=0)
    reader.execute("begin")
    reader.execute("select count(*) from answers").fetchone()

    store.put(a_key(1), ANSWER)  # would wait half a minute, and fail
    seen = reader.execute("select count(*) from answers").fetchone()
    reader.close()

    assert seen == (1,)


def test_the_first_answer_stays(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")

    store.put(KEY, Answer("first"))
    store.put(KEY, Answer("second"))

    assert store.get(KEY).text == "first"


def test_many_threads_may_write_and_read(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")

    def work(part):
        for number in range(part, 400, 8):
            store.put(a_key(number), Answer(str(number)))
            assert store.get(a_key(number)).text == str(number)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.size()[0] == 400


WRITER = """
import sys
from pathlib import Path
from promptgit.core.ports import Answer
from promptgit.edges.cache import SqliteAnswers
store = SqliteAnswers(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    store.put(f"{number:064x}", Answer("x" * 2000))
    print(number, flush=True)
"""


def a_writer(path, first, last):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first), str(last)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_many_processes_may_open_a_new_file_at_once_and_write(tmp_path):
    path = tmp_path / "cache.db"

    writers = [a_writer(path, 100 * n, 100 * n + 100) for n in range(4)]
    for writer in writers:
        writer.communicate()

    assert [writer.returncode for writer in writers] == [0] * 4
    assert SqliteAnswers(path).size()[0] == 400


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_put_returned_for_survives_kill_9(tmp_path):
    path = tmp_path / "cache.db"
    writer = a_writer(path, 0, 1_000_000)
    for line in writer.stdout:
        if int(line) >= 200:
            break
    writer.send_signal(signal.SIGKILL)
    told = [int(line) for line in writer.stdout.read().splitlines()]
    writer.stdout.close()
    writer.wait()

    store = SqliteAnswers(path)

    last = told[-1] if told else 200
    assert all(store.get(a_key(number)) for number in range(last + 1))


@pytest.mark.parametrize("content", [b"not a database, by far" * 500, b"SQLite format 3\0" * 300])
def test_a_file_that_cannot_be_read_is_moved_aside_and_said(tmp_path, content):
    (tmp_path / "cache.db").write_bytes(content)
    store = SqliteAnswers(tmp_path / "cache.db")

    store.put(KEY, ANSWER)

    assert store.get(KEY).text == ANSWER.text
    (aside,) = tmp_path.glob("cache.db.damaged-*")
    assert aside.read_bytes() == content
    assert aside.name in store.notice


def test_a_file_that_is_damaged_in_the_middle_is_moved_aside_when_it_shows(tmp_path):
    path = tmp_path / "cache.db"
    whole = SqliteAnswers(path)
    for number in range(500):
        whole.put(a_key(number), Answer("x" * 500))
    whole.close()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)

    store = SqliteAnswers(path)
    found = [store.get(a_key(number)) for number in range(500)]
    store.put(KEY, ANSWER)

    assert None in found
    assert store.get(KEY).text == ANSWER.text
    assert store.notice


def test_a_cache_of_the_version_before_keeps_its_answers_and_learns_of_log_probabilities(tmp_path):
    path = tmp_path / "cache.db"
    SqliteAnswers(path).put(KEY, ANSWER)
    with sqlite3.connect(path) as db:
        db.execute("alter table answers drop column mean_logprob")
        db.execute("alter table answers drop column trace")
        db.execute("pragma user_version = 1")
    db.close()

    store = SqliteAnswers(path)
    store.put(a_key(1), replace(ANSWER, mean_logprob=-0.5))

    assert store.get(KEY) == replace(ANSWER, cached=True)
    assert store.get(a_key(1)).mean_logprob == -0.5
    assert SqliteAnswers(path).get(a_key(1)).mean_logprob == -0.5
    assert store.notice == ""


def test_a_cache_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "cache.db"
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 99")
    db.close()

    with pytest.raises(WorldError, match="newer promptgit"):
        SqliteAnswers(path).get(KEY)

    assert [file.name for file in tmp_path.iterdir()] == ["cache.db"]


def test_a_place_that_cannot_be_written_is_the_worlds_error(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(WorldError, match="cache"):
        SqliteAnswers(tmp_path / "file" / "cache.db").put(KEY, ANSWER)


def test_an_answer_that_cannot_be_stored_does_not_cost_the_others(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")
    store.put(KEY, ANSWER)

    with pytest.raises(WorldError):
        store.put(a_key(1), Answer("x", finish_reason=None))

    assert store.get(KEY).text == ANSWER.text
    assert store.notice == ""


def test_size_tells_answers_and_bytes_and_prune_keeps_the_newest(tmp_path):
    store = SqliteAnswers(tmp_path / "cache.db")
    for number in range(50):
        store.put(a_key(number), Answer("x" * 1000))
    count, size = store.size()

    gone = store.prune(keep=10)

    assert (count, gone) == (50, 40)
    assert size > 50_000
    assert store.get(a_key(39)) is None
    assert store.get(a_key(40)) is not None
