"""
The evidence, kept in `refs/promptgit/records`: a tree of content-addressed records.

    <2 hex>/<64 hex>.json             the record, named by the sha256 of its content
    by-blob/<2>/<blob id>/<64 hex>    the same blob, to be found by the prompt's text
    ledger.json                       which finalists each sealed set of cases has judged

Records never change, so that two clones that diverged are joined by a plain union; the ledger
is merged.  Writers take a lock and then move the ref only from where they saw it: none is lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptgit.check.ledger import Ledger
from promptgit.core.dataset import Dataset
from promptgit.core.ports import canonical
from promptgit.core.prompt import blob_id
from promptgit.core.record import Record
from promptgit.edges import plumbing
from promptgit.edges.git import Git, GitFailed, ObjectReader
from promptgit.edges.lock import lock
from promptgit.errors import UserError, WorldError

REF = "refs/promptgit/records"
LEDGER = "ledger.json"
TRIES = 60
PATIENCE_S = 120.0  # with other writers

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_SAFE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*\Z")

Tree = Mapping[str, bytes]  # path → content, to be added


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the records that cannot be believed."""

    path: str  # inside the records' tree
    what: str  # a sentence


@dataclass(frozen=True)
class Records:
    git: Git
    ref: str = REF

    def put(self, record: Record, joins: Sequence[str]) -> str:
        """Keep a record, findable by each of `joins` (blob ids); return its digest."""
        (digest,) = self.put_many([(record, joins)])
        return digest

    def put_many(self, records: Iterable[tuple[Record, Sequence[str]]]) -> tuple[str, ...]:
        """Keep several records in one commit; return their digests."""
        tree: dict[str, bytes] = {}
        digests = []
        for record, joins in records:
            digest = record.digest
            digests.append(digest)
            tree[_record_path(digest)] = record.data
            for blob in joins:
                tree[_join_path(blob, digest)] = record.data
        self._update(lambda tip: self._missing(tip, tree), "keep evidence")
        return tuple(digests)

    def get(self, digest: str) -> Record | None:
        """Return the record of this name, None if it is not here; raise UserError if altered."""
        if not _DIGEST.match(digest):
            return None
        with self.git.objects() as reader:
            found = reader.read(f"{self.ref}:{_record_path(digest)}")
        return Record.read(found[1], digest) if found else None

    def find(self, blob: str) -> list[Record]:
        """Return the records filed under this blob, newest first; altered ones are left out."""
        folder = _join_folder(blob)
        names = self._names(folder)
        with self.git.objects() as reader:
            found = [_believed(reader, f"{self.ref}:{folder}{name}", name) for name in names]
        kept = [record for record in found if record and blob.encode() in record.data]
        return sorted(kept, key=lambda record: (str(record.body.get("when")), record.digest))[::-1]

    def all_digests(self) -> tuple[str, ...]:
        """The names of all records, sorted."""
        paths = self._paths(self._tip())
        return tuple(sorted(filter(None, map(_digest_in, paths))))

    def verify(self) -> tuple[Problem, ...]:
        """Read everything, and report what is missing, altered or cut off."""
        problems = []
        paths = self._paths(self._tip())
        with self.git.objects() as reader:
            for path, oid in sorted(paths.items()):
                problem = _problem(reader, path, oid, paths)
                if problem:
                    problems.append(Problem(path, problem))
        return tuple(problems)

    def ledger(self) -> Ledger:
        """Return the ledger of the sealed sets; raise UserError when it is damaged."""
        return self._ledger(self._tip())

    def judged(self, sealed: Dataset, finalist: str) -> Ledger:
        """
        Enter that `sealed` judges `finalist`, before the first case is shown; return the ledger.

        Two runs at once both count, whoever comes first; the same finalist counts once.
        """

        def entered(tip: str) -> Tree:
            ledger = self._ledger(tip)
            after = ledger.judged(sealed, finalist)
            return {} if after == ledger else {LEDGER: _ledger_data(after)}

        self._update(entered, "enter a finalist")
        return self.ledger()

    def union(self, other: str) -> int:
        """
        Take over what the records at commit `other` have and these lack; return how many records.

        Afterwards `other` is an ancestor: a push of the result is a fast-forward.
        """
        before = set(self.all_digests())
        self._update(lambda tip: self._union(tip, other), "join evidence", merged=other)
        return len(set(self.all_digests()) - before)

    def _union(self, tip: str, other: str) -> Tree:
        ours, theirs = self._paths(tip), self._paths(other)
        wanted = [path for path, oid in theirs.items() if ours.get(path) != oid]
        added: dict[str, bytes] = {}
        with self.git.objects() as reader:
            for path in wanted:
                content = _content(reader, theirs[path])
                if path == LEDGER:
                    merged = _ledger_data(self._ledger(tip).merged(_ledger_in(content)))
                    added |= {} if self._holds(ours, path, merged) else {path: merged}
                elif _is_sound(path, content):
                    added[path] = content  # content-addressed: ours differs only if damaged
        return added

    def _holds(self, paths: Mapping[str, str], path: str, content: bytes) -> bool:
        return paths.get(path) == blob_id(content, self.git.hex_digits)

    def _missing(self, tip: str, tree: Tree) -> Tree:
        held = self._oids(tip, tree)
        return {path: data for path, data in tree.items() if path not in held}

    def _oids(self, tip: str, paths: Iterable[str]) -> set[str]:
        if not tip:
            return set()
        listed = self.git.read("ls-tree", "-z", "--full-tree", "--name-only", tip, "--", *paths)
        return {os.fsdecode(name) for name in listed.split(b"\0") if name}

    def _names(self, folder: str) -> list[str]:
        tip = self._tip()
        if not tip:
            return []
        asked = ("ls-tree", "-z", "--full-tree", "--name-only", tip, "--", folder)
        listed = self.git.read(*asked)
        return [os.fsdecode(name).rpartition("/")[2] for name in listed.split(b"\0") if name]

    def _paths(self, commit: str) -> dict[str, str]:
        """Map every path in the tree of a commit to its blob id."""
        if not commit:
            return {}
        listed = self.git.read("ls-tree", "-r", "-z", "--full-tree", commit)
        rows = (line.partition(b"\t") for line in listed.split(b"\0") if line)
        return {os.fsdecode(path): meta.decode().split()[2] for meta, _, path in rows}

    def _ledger(self, commit: str) -> Ledger:
        if not commit:
            return Ledger()
        with self.git.objects() as reader:
            found = reader.read(f"{commit}:{LEDGER}")
        return _ledger_in(found[1]) if found else Ledger()

    def _tip(self) -> str:
        return plumbing.tip(self.git, self.ref)

    def _update(self, change: Callable[[str], Tree], why: str, *, merged: str = "") -> None:
        """Add what `change` says, given the tip, until the ref moved from that very tip."""
        with lock(self.git.state_dir / "locks", "records", doing=why, wait_s=PATIENCE_S):
            for _ in range(TRIES):
                tip = self._tip()
                tree = change(tip)
                joined = bool(merged) and not self._contains(tip, merged)
                if not tree and not joined:
                    return
                if self._commit(tip, tree, merged if joined else "", why):
                    return
                time.sleep(random.uniform(0.005, 0.1))  # noqa: S311  (only to spread out)
        raise WorldError(
            f"{self.ref} keeps moving: {TRIES} tries to add evidence failed",
            hint="run the command again when fewer others write",
        )

    def _contains(self, tip: str, commit: str) -> bool:
        return bool(tip) and self.git.succeeds("merge-base", "--is-ancestor", commit, tip)

    def _commit(self, tip: str, tree: Tree, merged: str, why: str) -> bool:
        """Write one commit with `git fast-import`; False if the ref moved since `tip`."""
        stream = [f"commit {self.ref}\n", f"committer {_WHO} {int(time.time())} +0000\n"]
        stream.append(f"data {len(why)}\n{why}\n")
        if tip:
            stream.append(f"from {tip}\n")
        if merged:
            stream.append(f"merge {merged}\n")
        lines = ["".join(stream).encode()]
        for path, data in tree.items():
            lines.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        try:
            stdin = b"".join(lines) + b"done\n"
            self.git.write(*NO_HOOKS, "fast-import", "--quiet", "--done", stdin=stdin)
        except GitFailed:
            if self._tip() == tip:
                raise
            return False
        return True


# Hooks may lie in the branch that is checked out (`core.hooksPath = .githooks`); a check writes
# records of anybody's branch, and must run nothing of it.
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")

_WHO = "promptgit <promptgit@localhost>"  # evidence is believed by content, not by author


def _record_path(digest: str) -> str:
    return f"{digest[:2]}/{digest}.json"


def _digest_in(path: str) -> str:
    """Return the digest that a record's path names; empty for any other path."""
    digest = path.rpartition("/")[2].removesuffix(".json")
    return digest if _DIGEST.match(digest) and path == _record_path(digest) else ""


def _join_folder(key: str) -> str:
    if not _SAFE.match(key):
        raise UserError(f"{key!r} cannot be a key of the records", hint="use a blob id")
    return f"by-blob/{key[:2]}/{key}/"


def _join_path(key: str, digest: str) -> str:
    return f"{_join_folder(key)}{digest}"


def _ledger_data(ledger: Ledger) -> bytes:
    return canonical(ledger.facts) + b"\n"


def _ledger_in(data: bytes) -> Ledger:
    """Read a ledger; raise UserError for one that was cut off: how strict we are hangs on it."""
    try:
        return Ledger.of(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            "the ledger of the sealed cases is damaged",
            hint="`promptgit sync` may bring a sound one",
        ) from error


def _content(reader: ObjectReader, oid: str) -> bytes:
    found = reader.read(oid)
    if found is None:
        raise WorldError(f"the object {oid[:12]} is missing", hint="`git fsck` says more")
    return found[1]


def _believed(reader: ObjectReader, name: str, digest: str) -> Record | None:
    found = reader.read(name)
    try:
        return Record.read(found[1], digest) if found else None
    except UserError:
        return None


def _is_sound(path: str, content: bytes) -> bool:
    """Say whether a path names exactly this content, as a record or as a join."""
    digest = path.rpartition("/")[2] if path.startswith("by-blob/") else _digest_in(path)
    return bool(digest) and hashlib.sha256(content).hexdigest() == digest


def _problem(reader: ObjectReader, path: str, oid: str, paths: Mapping[str, str]) -> str:
    found = reader.read(oid)
    if found is None:
        return "its content is missing from the repository"
    digest = _digest_in(path)
    if path.startswith("by-blob/"):
        digest = path.rpartition("/")[2]
        original = paths.get(_record_path(digest))
        if original is None:
            return "the record that it stands for is gone"
        if original != oid:
            return "it is not the record that it stands for"
        return ""
    if path == LEDGER:
        try:
            _ledger_in(found[1])
        except UserError as error:
            return error.message
        return ""
    if not digest:
        return "nothing of promptgit's is called so"
    try:
        Record.read(found[1], digest)
    except UserError as error:
        return error.message
    return ""
