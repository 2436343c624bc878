"""
Which commits a GitHub Actions run is about: base, head, and GitHub's trial merge of the two.

Read from the event file and from Git's own objects, and from nothing that a stranger can choose:
no title, no branch name.  For a pull request the base is the first parent of the trial merge: the
event's own base may be older than what was merged ("Events that trigger workflows", GitHub
Docs).  Nothing is fetched here; an error names the fetch that is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptgit.edges.git import Git, GitFailed
from promptgit.errors import UserError, WorldError

MAX_EVENT = 16 << 20  # bytes; GitHub caps a payload at 25 MB, ours are a few kB
PULL_REQUESTS = ("pull_request", "pull_request_target")

_OBJECT_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,200}\Z")
_BY_HAND = "name the commits yourself: promptgit check BASE HEAD"


@dataclass(frozen=True, slots=True)
class Event:
    """What is compared with what.  All ids are full commit ids that are in this clone."""

    name: str  # pull_request, push, …
    base: str  # what holds now: its policy, cases and texts decide
    head: str  # what somebody proposes; of a pull request its own last commit
    merge: str = ""  # of a pull request: what would land, GitHub's merge of the two
    number: int | None = None  # of the pull request
    fork: bool = False  # the head is another repository's: no secrets, a token that only reads

    @property
    def subject(self) -> str:
        """The commit to judge: what would land, where that is known."""
        return self.merge or self.head


def in_actions(environment: Mapping[str, str]) -> bool:
    """Say whether a GitHub Actions runner started us."""
    return environment.get("GITHUB_ACTIONS") == "true"


def read_event(git: Git, environment: Mapping[str, str]) -> Event:
    """
    Find base and head of the run that `environment` describes.

    Raises UserError for an event that compares nothing, WorldError for a commit that was not
    fetched.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    payload = read_payload(environment)
    sha = _object_id(environment.get("GITHUB_SHA"), "GITHUB_SHA")
    if name in PULL_REQUESTS:
        return _pull_request(git, name, payload, sha)
    if name == "merge_group":
        group = _part(payload, "merge_group")
        base = _object_id(group.get("base_sha"), "merge_group.base_sha")
        head = _object_id(group.get("head_sha"), "merge_group.head_sha")
        return Event(name, _here(git, base), _here(git, head))
    if name == "push":
        return _push(git, payload)
    if name in ("workflow_dispatch", "schedule"):
        return Event(name, _fork_point(git, payload, _here(git, sha)), sha)
    raise UserError(f"the event {name!r} does not say what to compare", hint=_BY_HAND)


def pull_request_number(environment: Mapping[str, str]) -> int | None:
    """Return the number of the pull request that the run is about, None for any other run."""
    if environment.get("GITHUB_EVENT_NAME") not in PULL_REQUESTS:
        return None
    return _number(_part(read_payload(environment), "pull_request"))


def from_fork(environment: Mapping[str, str]) -> bool:
    """Say whether the run is about a pull request from another repository."""
    if environment.get("GITHUB_EVENT_NAME") not in PULL_REQUESTS:
        return False
    return _is_fork(_part(read_payload(environment), "pull_request"))


def read_payload(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Read the event file; raise UserError when there is none, or it is no event."""
    place = environment.get("GITHUB_EVENT_PATH", "")
    if not place:
        raise UserError("GITHUB_EVENT_PATH is not set: this is no GitHub Actions run")
    try:
        with Path(place).open("rb") as file:
            data = file.read(MAX_EVENT + 1)
    except OSError as error:
        raise UserError(f"the event file {place} cannot be read: {error.strerror}") from error
    if len(data) > MAX_EVENT:
        raise UserError(f"the event file {place} has more than {MAX_EVENT >> 20} MB")
    try:
        payload = json.loads(data)
    except ValueError as error:
        raise UserError(f"the event file {place} is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise UserError(f"the event file {place} holds no JSON object")
    return payload


def _pull_request(git: Git, name: str, payload: Mapping[str, Any], sha: str) -> Event:
    request = _part(payload, "pull_request")
    number = _number(request)
    head = _object_id(_part(request, "head").get("sha"), "pull_request.head.sha")
    merge = _trial_merge(git, name, request, number, head, sha)
    base = _parents(git, merge)[0]
    missing = [one for one in (base, head) if not _is_here(git, one)]
    if missing:
        raise _not_fetched(missing[0])
    return Event(name, base, head, merge, number, _is_fork(request))


def _trial_merge(
    git: Git, name: str, request: Mapping[str, Any], number: int, head: str, sha: str
) -> str:
    """
    Find GitHub's merge of base and exactly this head.

    With pull_request it is what the run is of.  With pull_request_target the run is of the base
    branch, and the merge must have been fetched: since then the author may have pushed something
    that nobody approved, so its second parent has to be the event's head.
    """
    ref = f"refs/pull/{number}/merge"
    fetch = f"git fetch --depth=2 origin {ref}:{ref}"
    if name == "pull_request":
        named = [sha]
        fetch = f"git fetch --depth=2 origin {sha}"
    else:
        told = request.get("merge_commit_sha")
        named = [ref, told] if isinstance(told, str) and _OBJECT_ID.match(told) else [ref]
    found = [commit for one in named if (commit := _commit(git, one))]
    for commit in found:
        parents = _parents(git, commit)
        if len(parents) == 2 and parents[1] == head:
            return commit
    if not found:
        raise WorldError(
            f"GitHub's merge of pull request {number} is not in this clone",
            hint=f"{fetch}   (in a workflow: actions/checkout with fetch-depth: 2)",
        )
    if name == "pull_request":
        raise UserError(f"{sha[:10]} is not GitHub's merge of base and {head[:10]}", hint=_BY_HAND)
    raise WorldError(
        f"{ref} is not, or no longer, the merge of {head[:10]}: pull request {number} has moved on",
        hint="look at the newest run of this workflow, which is about the newest commit",
    )


def _push(git: Git, payload: Mapping[str, Any]) -> Event:
    before = _object_id(payload.get("before"), "before")
    after = _object_id(payload.get("after"), "after")
    if not after.strip("0"):
        raise UserError("a branch was deleted: there is nothing to compare", hint=_BY_HAND)
    _here(git, after)
    if before.strip("0"):
        return Event("push", _here(git, before), after)
    return Event("push", _fork_point(git, payload, after), after)


def _fork_point(git: Git, payload: Mapping[str, Any], commit: str) -> str:
    """Return where the history of `commit` left the default branch's."""
    branch = _part(payload, "repository").get("default_branch")
    if not isinstance(branch, str) or not _BRANCH.match(branch) or ".." in branch:
        raise UserError("the event names no default branch", hint=_BY_HAND)
    ref = f"refs/remotes/origin/{branch}"
    if not _commit(git, ref):
        raise WorldError(
            f"{ref} is not in this clone",
            hint="fetch all of history: actions/checkout with fetch-depth: 0",
        )
    try:
        return git.text("merge-base", "--end-of-options", ref, commit)
    except GitFailed as error:
        raise WorldError(
            f"{commit[:10]} and {ref} have no common ancestor here",
            hint="in a shallow clone: git fetch --unshallow origin",
        ) from error


def _parents(git: Git, commit: str) -> list[str]:
    """Read the parents that the commit itself names: those that a shallow clone lacks, too."""
    head, _, _ = git.read("cat-file", "commit", commit).partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    return [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]


def _here(git: Git, commit: str) -> str:
    if not _is_here(git, commit):
        raise _not_fetched(commit)
    return commit


def _is_here(git: Git, commit: str) -> bool:
    return git.succeeds("cat-file", "-e", f"{commit}^{{commit}}")


def _commit(git: Git, name: str) -> str:
    """Return the id of a commit that is here, or nothing."""
    try:
        return git.text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
    except GitFailed:
        return ""


def _not_fetched(commit: str) -> WorldError:
    return WorldError(
        f"commit {commit[:10]} is not in this clone", hint=f"git fetch --depth=1 origin {commit}"
    )


def _object_id(value: object, name: str) -> str:
    if isinstance(value, str) and _OBJECT_ID.match(value):
        return value
    raise UserError(f"{name} of the GitHub event is not a commit id: {value!r:.80}", hint=_BY_HAND)


def _number(request: Mapping[str, Any]) -> int:
    number = request.get("number")
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    raise UserError(f"the GitHub event has no pull request number: {number!r:.80}", hint=_BY_HAND)


def _is_fork(request: Mapping[str, Any]) -> bool:
    """Compare repositories by their number; a head without one is of a fork that is gone."""
    ours = _part(_part(request, "base"), "repo").get("id")
    theirs = _part(_part(request, "head"), "repo").get("id")
    return theirs is None or ours != theirs


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}
