"""Many records through one process: the same answers as one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from history.shelf import BETTER, FIRST_STEP, SECOND_STEP, SEED, a_shelf
from promptgit.core.evidence import joins
from promptgit.core.prompt import blob_id
from promptgit.core.record import Record
from promptgit.edges import archive, records
from promptgit.edges.archive import RecordReader
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing.repositories import a_repository


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_it_finds_what_the_records_find(tmp_path: Path, object_format: str):
    repository = a_repository(tmp_path, {"p.md": SEED}, object_format=object_format)
    git = Git.discover(repository.path)
    kept = Records(git)
    kept.put_many([(record, joins(record)) for record in a_shelf().records.values()])

    with git.objects() as reader:
        quick = RecordReader(reader, git.hex_digits // 2)

        for text in (SEED, BETTER, "never kept\n"):
            found = [record.digest for record in quick.find(blob_id(text))]
            assert found == [record.digest for record in kept.find(blob_id(text))]
        for digest in (FIRST_STEP.digest, SECOND_STEP.digest, "0" * 64, "no digest"):
            assert quick.get(digest) == kept.get(digest)


def test_the_newest_record_comes_first(tmp_path: Path):
    git = Git.discover(a_repository(tmp_path, {"p.md": SEED}).path)
    times = ("2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-04T00:00:00Z")
    made = [Record({**FIRST_STEP.body, "when": when}) for when in times]
    Records(git).put_many([(record, joins(record)) for record in made])

    with git.objects() as reader:
        found = RecordReader(reader).find(blob_id(BETTER))

    assert [record.body["when"] for record in found] == sorted(times, reverse=True)


def test_it_reads_the_ref_that_the_records_write():
    assert archive.REF == records.REF


def test_a_repository_without_records_has_none(tmp_path: Path):
    git = Git.discover(a_repository(tmp_path, {"p.md": SEED}).path)

    with git.objects() as reader:
        quick = RecordReader(reader)

        assert quick.find(blob_id(SEED)) == []
        assert quick.get(FIRST_STEP.digest) is None
