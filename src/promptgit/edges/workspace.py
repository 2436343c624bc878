"""
What a prompt is in its repository, and every reason not to improve it there.

All refusals come before any money is spent.  The text under test is the blob of the commit that
will be built upon, never the work-tree file, whose line ends may be another machine's.
"""

from __future__ import annotations

import difflib
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError, WorldError

INDEX_PATIENCE_S = 3.0  # for another git to give the index back
MAX_BYTES = 256 * 1024  # of a prompt

FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
BRANCH_HINT = "or pass --branch NAME to deliver to a branch of its own"

_UNFINISHED = (  # what Git leaves in the git directory, what it is, how to end it
    ("MERGE_HEAD", "a merge", "git merge --abort"),
    ("rebase-apply/applying", "an am", "git am --abort"),
    ("rebase-apply", "a rebase", "git rebase --abort"),
    ("rebase-merge", "a rebase", "git rebase --abort"),
    ("CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --abort"),
    ("REVERT_HEAD", "a revert", "git revert --abort"),
    ("sequencer", "a cherry-pick or revert", "git cherry-pick --abort"),
    ("BISECT_LOG", "a bisect", "git bisect reset"),
)


@dataclass(frozen=True, slots=True)
class Base:
    """What an improvement starts from, and where it will go."""

    path: str  # of the prompt, from the repository's top
    commit: str  # that it will be built upon
    blob: str
    mode: str  # 100644, or 100755
    text: str
    ref: str  # refs/heads/…, which will move
    attached: bool  # the branch is checked out here: its file and index move along


def locate(git: Git, path: str | os.PathLike[str]) -> str:
    """
    Turn what a person typed, from where they stand, into a path from the repository's top.

    No symlink is followed below the top.  Raises UserError for a path outside.
    """
    typed = os.fspath(path)
    if os.path.isabs(typed):
        inside = _below_top(git, typed)
    else:
        inside = os.path.normpath(os.path.join(git.prefix, typed))
    inside = inside.replace(os.sep, "/")
    if inside in ("", ".", "..") or inside.startswith("../"):
        raise UserError(
            f"{typed} is not a file inside the repository {git.cwd}",
            hint="name a prompt that the repository tracks",
        )
    return inside


def preflight(
    git: Git, path: str | os.PathLike[str], *, branch: str | None = None, may_be_new: bool = False
) -> Base:
    """
    Find the prompt at `path` as it is committed; raise UserError if it cannot be improved here.

    A file that `may_be_new` and is nowhere yet has an empty blob, mode and text.

    With `branch`, the work goes to that branch: it is made at HEAD, or continued from its own
    tip where it exists, and neither the work tree nor the index matters.  A bare repository has
    neither: there the branch that HEAD names moves.
    """
    inside = locate(git, path)
    refuse_unfinished(git)
    ref, commit = _branch(git, branch)
    attached = branch is None and not git.bare
    refuse_checked_out_elsewhere(git, ref, here=attached)
    mode = blob = text = ""
    if not (may_be_new and _is_nowhere(git, commit, inside, attached=attached)):
        mode, blob = _tracked(git, commit, inside)
        if attached:
            refuse_unclean(git, inside)
        text = _text(git, inside, blob)
    _refuse_without_identity(git)
    _refuse_unwritable(git)
    return Base(inside, commit, blob, mode, text, ref, attached)


def ahead_of_head(git: Git, commit: str) -> tuple[int, int]:
    """Return how many commits `commit` has that HEAD lacks, and how many it lacks itself."""
    counted = git.text("rev-list", "--left-right", "--count", f"{commit}...HEAD", "--")
    ahead, behind = counted.split()
    return int(ahead), int(behind)


def refuse_checked_out_elsewhere(git: Git, ref: str, *, here: bool) -> None:
    """
    Raise UserError when `ref` is checked out in a work tree, other than this one if `here`.

    Moving such a branch would show its work tree as reverted.
    """
    short = ref.removeprefix("refs/heads/")
    for place, git_dir, busy_with in _checkouts(git):
        if busy_with == ref and not (here and git_dir == git.git_dir):
            raise UserError(
                f"the branch {short} is checked out in {place}",
                hint="name another branch, or switch that work tree to another one",
            )


def refuse_unclean(git: Git, path: str) -> None:
    """Raise UserError when the work-tree file or the index differs from HEAD, or is no file."""
    lock = Path(git.text("rev-parse", "--path-format=absolute", "--git-path", "index.lock"))
    if not _gone_soon(lock):
        raise UserError(
            f"{lock} exists: another git process is at work, or was killed",
            hint="wait for it; if no git is running, remove that file",
        )
    refuse_links(git, path)
    _refuse_flags(git, path)
    status = git.read("status", "--porcelain", "-z", "--untracked-files=no", "--", path)
    if status:
        staged, changed = chr(status[0]), chr(status[1])
        how = "a merge conflict" if "U" in (staged, changed) else "changes that are not committed"
        how = "staged changes" if staged not in " U" and changed == " " else how
        raise UserError(
            f"{path} has {how}",
            hint=f"commit them (`git commit -- {path}`) or `git stash` them, {BRANCH_HINT}",
        )


def _gone_soon(lock: Path) -> bool:
    """Wait a moment for another git to finish: a commit takes a fraction of a second."""
    deadline = time.monotonic() + INDEX_PATIENCE_S
    while lock.exists():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def refuse_links(git: Git, path: str) -> None:
    """Raise UserError unless `path` is a regular file, reached through no symlink."""
    place = git.cwd
    *folders, name = path.split("/")
    for folder in folders:
        place /= folder
        if place.is_symlink():
            raise UserError(
                f"{path}: {folder} is a symbolic link, the prompt is elsewhere",
                hint="name the prompt by the path it is tracked under",
            )
    try:
        mode = (place / name).lstat().st_mode
    except OSError as error:
        raise UserError(
            f"{path} is missing in the work tree", hint=f"`git restore -- {path}` brings it back"
        ) from error
    if stat.S_ISLNK(mode):
        raise UserError(
            f"{path} is a symbolic link", hint="name the file that it points to, if it is tracked"
        )
    if not stat.S_ISREG(mode):
        raise UserError(f"{path} is not a regular file", hint="name a text file")


def _below_top(git: Git, typed: str) -> str:
    """Cut an absolute path at the folder that is the top, under whatever name it goes."""
    rest: list[str] = []
    place = os.path.normpath(typed)
    while True:
        if _same(Path(place), git.cwd):
            return "/".join(reversed(rest))
        place, name = os.path.split(place)
        if not name:
            return ".."
        rest.append(name)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def refuse_unfinished(git: Git) -> None:
    """Raise UserError while a merge, rebase, am, cherry-pick, revert or bisect is under way."""
    wanted = [word for name, _, _ in _UNFINISHED for word in ("--git-path", name)]
    places = git.text("rev-parse", "--path-format=absolute", *wanted).split("\n")
    for (name, what, end), place in zip(_UNFINISHED, places, strict=True):
        is_ref = name.isupper() and name.endswith("_HEAD")  # with reftable there is no file
        if Path(place).exists() or (is_ref and git.succeeds("rev-parse", "-q", "--verify", name)):
            raise UserError(f"{what} is in progress here", hint=f"finish it, or `{end}`")


def _branch(git: Git, branch: str | None) -> tuple[str, str]:
    """Return the ref that will move, and the commit that it is built upon."""
    try:
        head = git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed as error:
        raise UserError(
            "this branch has no commit yet", hint="commit the prompt first: git add, git commit"
        ) from error
    if branch is not None:
        return _named(git, branch, head)
    try:
        return git.text("symbolic-ref", "--quiet", "HEAD"), head
    except GitFailed as error:
        raise UserError(
            "HEAD is detached: no branch would keep the commit",
            hint="`git switch` to a branch, or pass --branch NAME",
        ) from error


def _named(git: Git, branch: str, head: str) -> tuple[str, str]:
    ref = f"refs/heads/{branch}"
    if branch.startswith("-") or branch == "HEAD" or not git.succeeds("check-ref-format", ref):
        raise UserError(
            f"{branch!r} cannot be the name of a branch",
            hint="use letters, digits, `-`, `_` and `/`",
        )
    parts = branch.split("/")
    above = [f"refs/heads/{'/'.join(parts[:count])}" for count in range(1, len(parts))]
    listed = git.text("for-each-ref", "--format=%(objectname) %(refname)", ref, *above)
    for line in listed.splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return ref, commit
        if name not in above and not name.startswith(f"{ref}/"):
            continue  # for-each-ref lists all that is below a folder of the name, too
        taken = name.removeprefix("refs/heads/")
        raise UserError(f"the branch {taken} is in the way of {branch}", hint="name another branch")
    return ref, head


def _checkouts(git: Git) -> list[tuple[Path, Path | None, str]]:
    """
    List (work tree, its git directory, branch ref) of every check-out, rebase and bisect.

    The main work tree comes first; in a submodule Git calls it by its git directory.
    """
    found: list[tuple[Path, Path | None, str]] = []
    place, number = Path(), -1
    for line in git.text("worktree", "list", "--porcelain").split("\n"):
        key, _, value = line.partition(" ")
        if key == "worktree":
            place, number = Path(value), number + 1
        elif key == "branch":
            here = git.git_dir if _same(place, git.cwd) else None
            found.append((place, here if number else git.common_dir, value))
    for git_dir in (git.common_dir, *sorted((git.common_dir / "worktrees").glob("*"))):
        for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
            try:
                held = (git_dir / name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue
            ref = held if held.startswith("refs/") else f"refs/heads/{held}"
            found.append((git_dir, git_dir, ref))
    return found


def _tracked(git: Git, commit: str, path: str) -> tuple[str, str]:
    """Return (mode, blob id) of the prompt in the commit."""
    parts = path.split("/")
    names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    listed = git.read("ls-tree", "-z", "--full-tree", commit, "--", *names)
    for entry in filter(None, listed.split(b"\0")):
        meta, _, raw = entry.partition(b"\t")
        mode, kind, oid = meta.decode().split()
        name = os.fsdecode(raw)
        if name not in names:
            continue  # to reach the file, ls-tree goes into its folder, and lists all of that
        if mode == SUBMODULE:
            raise UserError(
                f"{path} is in the submodule {name}", hint=f"run promptgit inside {name}"
            )
        if mode == LINK:
            raise UserError(
                f"{name} is a symbolic link", hint="name the file that it points to, if tracked"
            )
        if name == path and kind == "blob":
            return mode, oid
        if name == path:
            raise UserError(f"{path} is a folder", hint="name one prompt in it")
    raise _not_committed(git, commit, path)


def _is_nowhere(git: Git, commit: str, path: str, *, attached: bool) -> bool:
    """Say whether there is no such file: in the commit, nor where its branch is checked out."""
    if git.blob_at(commit, path) is not None:
        return False
    return not attached or not (os.path.lexists(git.cwd / path) or git.text("ls-files", path))


def _not_committed(git: Git, commit: str, path: str) -> UserError:
    if not git.bare and (git.cwd / path).exists():
        if git.text("ls-files", "--", path):
            return UserError(f"{path} is staged but in no commit yet", hint="commit it first")
        ignored = ("--others", "--ignored", "--exclude-standard")
        if git.text("ls-files", *ignored, "--", path):
            return UserError(
                f"{path} is ignored by Git", hint=f"`git add --force -- {path}`, then commit it"
            )
        return UserError(f"Git does not track {path}", hint=f"`git add -- {path}`, then commit it")
    listed = git.read("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    near = difflib.get_close_matches(path, names, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else "`git ls-files` lists what there is"
    return UserError(f"there is no {path} in {commit[:10]}", hint=hint)


def _refuse_flags(git: Git, path: str) -> None:
    listed = git.read("ls-files", "-v", "-z", "--", path)
    flag = chr(listed[0]) if listed else ""
    if flag in ("S", "s"):
        raise UserError(
            f"{path} is marked skip-worktree, so Git would not commit it",
            hint=f"`git update-index --no-skip-worktree -- {path}`, {BRANCH_HINT}",
        )
    if flag.islower():
        raise UserError(
            f"{path} is marked assume-unchanged, so Git would not commit it",
            hint=f"`git update-index --no-assume-unchanged -- {path}`, {BRANCH_HINT}",
        )


def _text(git: Git, path: str, blob: str) -> str:
    size = int(git.text("cat-file", "-s", blob))
    if size > MAX_BYTES:
        raise UserError(
            f"{path} has {size:,} bytes; a prompt may have {MAX_BYTES:,}",
            hint="is it a prompt? move the data that it holds into a case or an include",
        )
    return prompt_text(git.blob(blob), path)


def prompt_text(data: bytes, path: str) -> str:
    """Decode a prompt; raise UserError for anything but plain UTF-8, with the byte offset."""
    as_utf8 = f"save {path} as UTF-8 without a byte order mark, and commit it"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UserError(f"{path} is UTF-16 (byte offset 0)", hint=as_utf8)
    if data.startswith(b"\xef\xbb\xbf"):
        raise UserError(
            f"{path} starts with a byte order mark (byte offset 0): the model would see it",
            hint=as_utf8,
        )
    if b"\0" in data:
        raise UserError(
            f"{path} has a NUL at byte offset {data.index(0)}: Git takes it for binary",
            hint=as_utf8,
        )
    if data.startswith(b"version https://git-lfs.github.com/spec/"):
        raise UserError(
            f"{path} is kept in Git LFS: the commit holds a pointer, not the text",
            hint=f"`git lfs untrack {path}`; prompts are small",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8: byte 0x{data[error.start]:02x} at byte offset {error.start}",
            hint=as_utf8,
        ) from error


def _refuse_without_identity(git: Git) -> None:
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        try:
            git.write("var", name)
        except GitFailed as error:
            raise UserError(
                "Git does not know who commits here",
                hint='git config user.name "Your Name"; git config user.email you@example.com',
            ) from error


def _refuse_unwritable(git: Git) -> None:
    objects = Path(git.text("rev-parse", "--path-format=absolute", "--git-path", "objects"))
    for folder in dict.fromkeys((objects, git.git_dir, git.common_dir)):
        if not os.access(folder, os.W_OK):
            raise WorldError(f"{folder} cannot be written", hint="check who owns the repository")
