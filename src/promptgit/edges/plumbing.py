"""
Commits made without a work tree: objects, a temporary index, and one ref that moves.

The user's index and files stay as they are, byte for byte.  A ref moves only from the value it
was seen at.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promptgit.core import trailers
from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError, WorldError

OWN_INDEX = (  # no hook hears of it, and nothing of it is kept beside the user's
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.splitIndex=false"),
    *("-c", "core.fsmonitor=false"),
)

NEW_FILE = "100644"  # the mode of a file that was not there


@dataclass(frozen=True, slots=True)
class Commit:
    """One improvement, to be committed: one file's new text, and why."""

    path: str  # from the repository's top
    before_blob: str  # of the text it replaces; empty where the file is new
    text: str
    message: str


def squashed(commits: Sequence[Commit], message: str) -> Commit:
    """One commit that does what the chain does."""
    first, last = commits[0], commits[-1]
    return Commit(last.path, first.before_blob, last.text, message)


def store(git: Git, text: str) -> str:
    """Write a blob that holds exactly `text`; return its id."""
    return git.write("hash-object", "-w", "--stdin", stdin=text.encode()).decode().strip()


def make_commit(
    git: Git,
    parent: str,
    commit: Commit,
    *,
    sign: bool = False,
    when: str = "",
) -> str:
    """
    Write a commit on top of `parent`, on no branch yet; return its id.

    With `when` (any date that Git reads) as both dates, the same commit twice is the same id.
    """
    mode, before = entry(git, parent, commit.path)
    if before != commit.before_blob:
        raise UserError(
            f"{commit.path} is another text in {parent[:10]} than the one that was measured",
            hint="run the command again, on the text as it is now",
        )
    blob = store(git, commit.text)
    tree = _tree_with(git, parent, commit.path, mode or NEW_FILE, blob)
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if when else {}
    signing = ["-S" if sign else "--no-gpg-sign"]
    made = git.write(
        *("commit-tree", *signing, "-p", parent, "-F", "-", tree),
        stdin=commit.message.encode(),
        environment=dates,
    )
    return made.decode().strip()


def move(git: Git, ref: str, new: str, old: str, why: str) -> bool:
    """Move `ref` from `old` (empty: it does not exist) to `new`; False if it is not at `old`."""
    try:
        git.write("update-ref", "-m", why, "--no-deref", ref, new, old or "0" * git.hex_digits)
    except GitFailed:
        if tip(git, ref) == old:
            raise  # nobody moved it: a hook, the disk, a lock
        return False
    return True


def tip(git: Git, ref: str) -> str:
    """Return the commit that `ref` is at; empty when there is no such ref."""
    try:
        return git.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except GitFailed:
        return ""


def entry(git: Git, revision: str, path: str) -> tuple[str, str]:
    """Return (mode, blob id) of a file in a commit; both empty when it is not a file there."""
    listed = git.read("ls-tree", "-z", "--full-tree", revision, "--", path)
    for line in filter(None, listed.split(b"\0")):
        meta, _, name = line.partition(b"\t")
        mode, kind, oid = meta.decode().split()
        if kind == "blob" and os.fsdecode(name) == path:
            return mode, oid
    return "", ""


def verify_message(git: Git, message: str) -> None:
    """Raise UserError unless Git reads exactly our trailers back from `message`."""
    parsed = parse_trailers(git, message)
    written = trailers.last_block(message)
    if parsed != written:
        raise UserError(
            "Git does not read back the evidence in the commit message",
            hint="this is a bug of promptgit, or of a template: please report the message",
        )


def verify_commit(git: Git, made: str, parent: str, commit: Commit) -> None:
    """Raise UserError unless `made` is that commit on `parent`, and nothing else."""
    parents = git.text("rev-list", "--parents", "-n", "1", made, "--").split()[1:]
    raw = git.read("diff-tree", "-r", "-z", "--raw", "--no-abbrev", parent, made, "--")
    fields = [os.fsdecode(field) for field in raw.split(b"\0")[:-1]]
    changed = fields[1::2]
    if parents != [parent] or changed != [commit.path]:
        raise UserError(
            f"the commit changed {', '.join(changed) or 'nothing'}, not {commit.path} alone",
            hint="does a hook add files? it was taken back",
        )
    old_mode, new_mode, _, blob, _ = fields[0].removeprefix(":").split()
    expected_mode = old_mode if commit.before_blob else NEW_FILE
    if blob != blob_of(git, commit.text) or new_mode != expected_mode:
        raise UserError(
            f"a hook or filter rewrote {commit.path}: its score would be another text's",
            hint="keep formatters away from prompts, or format the prompt first",
        )
    committed = message_of(git, made)
    kept = parse_trailers(git, committed)
    ours = trailers.last_block(commit.message)
    if not set(ours) <= set(kept):
        raise UserError(
            "a hook rewrote the evidence in the commit message",
            hint="let the hook keep the trailers at the end of the message",
        )


def message_of(git: Git, commit: str) -> str:
    """Return the message of a commit, exactly."""
    raw = git.read("cat-file", "commit", commit)
    return raw.partition(b"\n\n")[2].decode(errors="replace")


def parse_trailers(git: Git, message: str) -> trailers.Trailers:
    """Read the trailers of `message` as Git does."""
    arguments = ("interpret-trailers", "--parse", "--no-divider")
    parsed = git.text(*arguments, stdin=message.encode())
    pairs = (line.partition(": ") for line in parsed.split("\n") if line)
    return tuple((key, value) for key, _, value in pairs)


def blob_of(git: Git, text: str) -> str:
    """Name `text` as this repository does."""
    return git.text("hash-object", "--stdin", stdin=text.encode())


def run_commit_msg_hook(git: Git, message: str) -> str:
    """Run the user's commit-msg hook, as `git commit` would; return the message it leaves."""
    try:
        place = git.text("rev-parse", "--path-format=absolute", "--git-path", "hooks/commit-msg")
    except GitFailed:
        return message  # core.hooksPath is no folder, as in the idiom `=/dev/null`
    hook = Path(place)
    configured = git.setting("core.hooksPath")
    if not configured and not hook.exists():
        return message
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        file = Path(folder) / "COMMIT_EDITMSG"
        file.write_bytes(message.encode())
        run = ("hook", "run", "--ignore-missing", "commit-msg", "--", str(file))
        try:
            git.write(*run, environment={"GIT_LITERAL_PATHSPECS": "0"})
        except GitFailed as error:
            raise hook_refused(error) from error
        return file.read_bytes().decode(errors="replace")


def hook_refused(error: GitFailed) -> WorldError | UserError:
    """Say in the hook's words why a commit was refused."""
    if "not a git command" in error.stderr:
        return WorldError(
            "this Git cannot run the commit-msg hook of the repository",
            hint="upgrade to Git 2.36 or newer, or deliver to the branch that is checked out",
        )
    lines = [trailers.clean_value(line) for line in error.stderr.splitlines()]
    said = [line for line in lines if line][:5]
    if error.code == 1:
        return UserError(
            f"a hook refused the commit: {' / '.join(said) or 'it did not say why'}",
            hint="the prompt is as it was; make the hook pass, or pass --branch NAME",
        )
    return WorldError(
        f"git commit failed: {' / '.join(said) or f'exit code {error.code}'}",
        hint="the prompt is as it was; see what Git says above",
    )


def signs(git: Git) -> bool:
    """Say whether the user wants commits signed."""
    try:
        wanted = git.write("config", "--type=bool", "--get", "commit.gpgSign")
    except GitFailed:
        return False
    return wanted.strip() == b"true"


@contextmanager
def temporary_index() -> Iterator[Mapping[str, str]]:
    """Yield an environment in which Git uses an index that nobody else has."""
    with tempfile.TemporaryDirectory(prefix="promptgit-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}


def _tree_with(git: Git, parent: str, path: str, mode: str, blob: str) -> str:
    with temporary_index() as own:
        git.write(*OWN_INDEX, "read-tree", parent, environment=own)
        line = f"{mode} {blob}\t".encode() + os.fsencode(path) + b"\0"
        git.write(*OWN_INDEX, "update-index", "-z", "--index-info", stdin=line, environment=own)
        return git.write(*OWN_INDEX, "write-tree", environment=own).decode().strip()
