"""Evidence in refs/promptgit/records: never lost, and never believed when it was altered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.record import Record
from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.edges.records import LEDGER, REF, Records
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository, a_repository

BLOB, OTHER_BLOB = "b" * 40, "c" * 40


def a_record(number: int = 1, blob: str = BLOB, **more: object) -> Record:
    body = {
        "schema": 1,
        "kind": "evaluation",
        "prompt": {"blob": blob},
        "when": f"2026-{number:02}",
    }
    return Record(body | {"number": number} | more)


def records_in(path: Path, **shape: str) -> Records:
    a_repository(path, {"a.md": "a\n"}, **shape)
    return Records(Git.discover(path))


def sealed(*names: str) -> Dataset:
    return Dataset(tuple(Case(name, {"text": name}) for name in names))


def test_a_record_is_found_by_name_and_by_blob(tmp_path: Path):
    records = records_in(tmp_path)

    digest = records.put(a_record(), [BLOB, OTHER_BLOB])

    assert records.get(digest) == a_record()
    assert records.find(BLOB) == [a_record()]
    assert records.all_digests() == (digest,)


def test_what_is_not_here_is_none(tmp_path: Path):
    records = records_in(tmp_path)

    assert records.get("0" * 64) is None
    assert records.get("../../HEAD") is None
    assert records.find(BLOB) == []
    assert records.all_digests() == ()
    assert records.verify() == ()


def test_found_records_are_newest_first(tmp_path: Path):
    records = records_in(tmp_path)

    records.put_many([(a_record(number), [BLOB]) for number in (2, 9, 5)])

    assert [record.body["number"] for record in records.find(BLOB)] == [9, 5, 2]


def test_many_records_are_one_commit(tmp_path: Path):
    records = records_in(tmp_path)

    records.put_many([(a_record(number), [BLOB]) for number in range(1, 20)])

    assert records.git.text("rev-list", "--count", REF) == "1"
    assert len(records.all_digests()) == 19


def test_putting_a_record_again_changes_nothing(tmp_path: Path):
    records = records_in(tmp_path)
    records.put(a_record(), [BLOB])
    tip = plumbing.tip(records.git, REF)

    records.put(a_record(), [BLOB])

    assert plumbing.tip(records.git, REF) == tip


def test_the_layout_is_the_one_that_other_tools_may_rely_on(tmp_path: Path):
    records = records_in(tmp_path)

    digest = records.put(a_record(), [BLOB])

    path = f"{digest[:2]}/{digest}.json"
    join = f"by-blob/{BLOB[:2]}/{BLOB}/{digest}"
    listed = records.git.text("ls-tree", "-r", REF).split("\n")
    oids = {line.split()[3]: line.split()[2] for line in listed}
    assert set(oids) == {path, join}
    assert oids[path] == oids[join]


def test_records_leave_branch_index_and_files_alone(tmp_path: Path):
    records = records_in(tmp_path)
    repository = Repository(tmp_path)
    head = repository.head

    records.put(a_record(), [BLOB])

    assert repository.head == head
    assert repository.status() == ""


def test_records_work_without_an_identity_and_without_a_commit(tmp_path: Path):
    repository = a_repository(tmp_path)
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")
    records = Records(Git.discover(tmp_path))

    digest = records.put(a_record(), [BLOB])

    assert records.get(digest) == a_record()


def test_records_work_with_sha256_ids_and_in_a_bare_repository(tmp_path: Path):  # case 68
    a_repository(tmp_path, bare=True, object_format="sha256")
    records = Records(Git.discover(tmp_path))

    digest = records.put(a_record(blob="d" * 64), ["d" * 64])

    assert [record.digest for record in records.find("d" * 64)] == [digest]


def test_a_record_that_speaks_of_another_blob_is_not_found_under_this_one(tmp_path: Path):
    records = records_in(tmp_path)

    records.put(a_record(blob=OTHER_BLOB), [BLOB])

    assert records.find(BLOB) == []


PUT = """
import sys
from pathlib import Path
from promptgit.core.record import Record
from promptgit.edges.git import Git
from promptgit.edges.records import Records
records = Records(Git.discover(Path(sys.argv[1])))
for number in sys.argv[2:]:
    records.put(Record({"schema": 1, "kind": "x", "number": int(number)}), ["b" * 40])
"""


def test_forty_writers_at_once_keep_forty_records(tmp_path: Path):  # case 55
    records = records_in(tmp_path)

    numbers = [[str(4 * writer + each) for each in range(4)] for writer in range(10)]
    processes = [
        subprocess.Popen([sys.executable, "-c", PUT, str(tmp_path), *own]) for own in numbers
    ]

    assert [process.wait() for process in processes] == [0] * 10
    assert len(records.all_digests()) == 40
    assert records.git.text("rev-list", "--count", REF) == "40"


def test_a_writer_that_knows_no_lock_loses_nothing_either(tmp_path: Path):
    records = records_in(tmp_path)
    first = records.put(a_record(1), [BLOB])
    tip = plumbing.tip(records.git, REF)
    second = records.put(a_record(2), [BLOB])

    late = records._commit(tip, {"zz/late.json": b"late\n"}, "", "from an old tip")

    assert late is False
    assert set(records.all_digests()) == {first, second}


def overwrite(records: Records, path: str, content: bytes | None) -> None:
    """Do to the records what only somebody without us would do."""
    git = records.git
    with plumbing.temporary_index() as own:
        git.write("read-tree", REF, environment=own)
        if content is None:
            git.write("update-index", "--force-remove", path, environment=own)
        else:
            oid = git.write("hash-object", "-w", "--stdin", stdin=content).decode().strip()
            entry = f"100644,{oid},{path}"
            git.write("update-index", "--add", "--cacheinfo", entry, environment=own)
        tree = git.write("write-tree", environment=own).decode().strip()
    made = git.write("commit-tree", "-m", "tampered", tree).decode().strip()
    git.write("update-ref", REF, made)


def test_an_altered_record_is_reported_and_never_found(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    digest = records.put(a_record(), [BLOB])
    path = f"{digest[:2]}/{digest}.json"
    join = f"by-blob/{BLOB[:2]}/{BLOB}/{digest}"

    for place in (path, join):
        overwrite(records, place, a_record(mean=1.0).data)

    assert records.find(BLOB) == []
    with pytest.raises(UserError, match="was altered"):
        records.get(digest)
    (problem,) = records.verify()
    assert (problem.path, "altered" in problem.what) == (path, True)


def test_a_record_that_was_cut_off_is_reported(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    digest = records.put(a_record(), [])

    overwrite(records, f"{digest[:2]}/{digest}.json", a_record().data[:-20])

    assert [problem.path for problem in records.verify()] == [f"{digest[:2]}/{digest}.json"]


def test_a_record_that_was_removed_is_reported(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    digest = records.put(a_record(), [BLOB])

    overwrite(records, f"{digest[:2]}/{digest}.json", None)

    (problem,) = records.verify()
    assert "gone" in problem.what


def test_a_join_that_points_elsewhere_is_reported(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    digest = records.put(a_record(1), [BLOB])
    join = f"by-blob/{BLOB[:2]}/{BLOB}/{digest}"

    overwrite(records, join, a_record(2).data)

    assert [problem.path for problem in records.verify()] == [join]
    assert records.find(BLOB) == []


def test_a_lost_object_is_reported(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    records.put(a_record(), [])
    oid = records.git.text("hash-object", "--stdin", stdin=a_record().data)

    (tmp_path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()

    (problem,) = records.verify()
    assert "missing" in problem.what


def test_foreign_files_among_the_records_are_reported(tmp_path: Path):
    records = records_in(tmp_path)
    records.put(a_record(), [])

    overwrite(records, "readme.txt", b"hello\n")

    assert [problem.path for problem in records.verify()] == ["readme.txt"]


def test_a_deleted_ref_leaves_no_evidence_behind(tmp_path: Path):  # case 99
    records = records_in(tmp_path)
    digest = records.put(a_record(), [BLOB])

    records.git.write("update-ref", "-d", REF)

    assert records.get(digest) is None
    assert records.find(BLOB) == []


def two_clones(path: Path) -> tuple[Records, Records]:
    """Two repositories whose records diverged, each holding the other's objects."""
    ours = records_in(path / "ours")
    ours.put(a_record(1), [BLOB])
    Repository(path).git("clone", "--quiet", "ours", "theirs")
    clone = Repository(path / "theirs")
    clone.git("config", "user.name", "A")
    clone.git("config", "user.email", "a@example.com")
    clone.git("fetch", "--quiet", "origin", f"{REF}:{REF}")
    theirs = Records(Git.discover(path / "theirs"))
    ours.put(a_record(2), [BLOB])
    theirs.put(a_record(3), [BLOB])
    return ours, theirs


def fetched(ours: Records, theirs: Records) -> str:
    ours.git.write("fetch", "--quiet", str(theirs.git.cwd), f"+{REF}:refs/incoming")
    return plumbing.tip(ours.git, "refs/incoming")


def test_records_that_diverged_are_joined(tmp_path: Path):  # case 100
    ours, theirs = two_clones(tmp_path)
    tip = fetched(ours, theirs)

    received = ours.union(tip)

    assert received == 1
    assert sorted(record.body["number"] for record in ours.find(BLOB)) == [1, 2, 3]
    assert ours.git.succeeds("merge-base", "--is-ancestor", tip, REF)
    assert ours.verify() == ()


def test_joining_again_changes_nothing(tmp_path: Path):
    ours, theirs = two_clones(tmp_path)
    ours.union(fetched(ours, theirs))
    tip = plumbing.tip(ours.git, REF)

    assert ours.union(fetched(ours, theirs)) == 0
    assert plumbing.tip(ours.git, REF) == tip


def test_a_sound_copy_heals_a_damaged_one_and_never_the_other_way(tmp_path: Path):
    ours, theirs = two_clones(tmp_path)
    digest = a_record(1).digest
    overwrite(ours, f"{digest[:2]}/{digest}.json", b"{}\n")
    overwrite(theirs, f"by-blob/{BLOB[:2]}/{BLOB}/{digest}", b"{}\n")

    ours.union(fetched(ours, theirs))

    assert ours.get(digest) == a_record(1)
    assert ours.verify() == ()


def test_the_ledger_counts_each_finalist_once(tmp_path: Path):
    records = records_in(tmp_path)
    cases = sealed("a", "b", "c")

    for finalist in ("run 1", "run 2", "run 1"):
        records.judged(cases, finalist)

    assert records.ledger().look(cases, "run 1") == 1
    assert records.ledger().look(cases, "run 2") == 2
    assert records.ledger().look(cases, "run 3") == 3


def test_what_two_clones_entered_is_added_up(tmp_path: Path):
    ours, theirs = two_clones(tmp_path)
    cases = sealed("a", "b", "c")
    ours.judged(cases, "ours")
    theirs.judged(cases, "theirs")

    ours.union(fetched(ours, theirs))

    assert ours.ledger().look(cases, "another") == 3
    assert ours.verify() == ()


def test_a_damaged_ledger_stops_whoever_hangs_on_it(tmp_path: Path):
    records = records_in(tmp_path)
    records.judged(sealed("a"), "run 1")

    overwrite(records, LEDGER, b'{"lines": [{"dig')

    with pytest.raises(UserError, match="damaged"):
        records.judged(sealed("a"), "run 2")
    assert [problem.path for problem in records.verify()] == [LEDGER]


JUDGE = """
import sys
from pathlib import Path
from promptgit.core.dataset import Case, Dataset
from promptgit.edges.git import Git
from promptgit.edges.records import Records
cases = Dataset((Case("a", {"text": "a"}),))
Records(Git.discover(Path(sys.argv[1]))).judged(cases, sys.argv[2])
"""


def test_finalists_entered_at_once_all_count(tmp_path: Path):
    records = records_in(tmp_path)

    processes = [
        subprocess.Popen([sys.executable, "-c", JUDGE, str(tmp_path), f"run {number}"])
        for number in range(6)
    ]

    assert [process.wait() for process in processes] == [0] * 6
    assert records.ledger().look(sealed("a"), "another") == 7
