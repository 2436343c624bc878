"""What promptgit leaves on GitHub: one comment that updates itself, and check runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptgit.edges.github_api import Api, GithubFailed
from promptgit.errors import UserError
from promptgit.report.check_run import CheckRun

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
ANNOTATIONS = 50  # a request
TRIES = 3  # to create what may have been created already

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")


@dataclass(frozen=True, slots=True)
class Comment:
    """The comment as it is now."""

    url: str
    what: str  # created, updated, unchanged
    others: tuple[int, ...] = ()  # ids of more comments of ours, which were left alone


def repository_of(environment: Mapping[str, str]) -> str:
    """Return `owner/name` of the repository that the run is in; raise UserError."""
    name = environment.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.match(name):
        raise UserError(
            f"GITHUB_REPOSITORY is no repository: {name!r:.80}", hint="it looks like owner/name"
        )
    return name


def marker(key: str) -> str:
    """
    Return the first line of our comment, which a reader does not see.

    >>> marker("check")
    '<!-- promptgit:check -->'
    """
    if not KEY.match(key):
        raise UserError(
            f"{key!r} cannot be the key of a comment", hint="use lower-case letters, digits and -"
        )
    return f"<!-- promptgit:{key} -->"


def post_comment(api: Api, repository: str, number: int, text: str, *, key: str) -> Comment:
    """
    Leave exactly one comment with this key on a pull request: edit the one there is, or make it.

    Ours is a comment that begins with the marker and whose author is the token's own; a comment
    of anybody else who knows the marker is neither edited nor trusted.
    """
    body = f"{marker(key)}\n{text}"
    me = _login(api)
    here = f"/repos/{repository}/issues/{number}/comments"
    failure: GithubFailed | None = None
    for _ in range(TRIES):
        ours = list(_ours(api, here, marker(key), me))
        if ours:
            return _edited(api, repository, ours, body)
        try:
            made = api.call("POST", here, {"body": body})
        except GithubFailed as error:
            if not error.unsure:
                raise
            failure = error  # it may be there all the same: look again before another try
        else:
            return Comment(str(made.get("html_url", "")), "created")
    assert failure is not None
    raise failure


def publish(api: Api, repository: str, run: CheckRun) -> str:
    """Create a completed check run, add its annotations by fifties; return its address."""
    starts = range(0, len(run.annotations), ANNOTATIONS)
    first, *more = [run.annotations[at : at + ANNOTATIONS] for at in starts] or [()]
    output = {"title": run.title, "summary": run.summary}
    made = api.call(
        "POST",
        f"/repos/{repository}/check-runs",
        {
            "name": run.name,
            "head_sha": run.head,
            "status": "completed",
            "conclusion": run.conclusion,
            "output": {**output, "annotations": list(first)},
        },
    )
    for some in more:
        api.call(
            "PATCH",
            f"/repos/{repository}/check-runs/{int(made['id'])}",
            {"output": {**output, "annotations": list(some)}},
        )
    return str(made.get("html_url", ""))


def _edited(api: Api, repository: str, ours: Sequence[Mapping[str, Any]], body: str) -> Comment:
    first, *others = sorted(ours, key=lambda comment: int(comment["id"]))
    url = str(first.get("html_url", ""))
    rest = tuple(int(comment["id"]) for comment in others)
    if _plain(first["body"]) == _plain(body):
        return Comment(url, "unchanged", rest)
    api.call("PATCH", f"/repos/{repository}/issues/comments/{int(first['id'])}", {"body": body})
    return Comment(url, "updated", rest)


def _ours(api: Api, here: str, mark: str, me: str) -> Iterator[Mapping[str, Any]]:
    for comment in api.pages(here):
        author = comment.get("user") or {}
        known = author.get("login") == me if me else author.get("type") == "Bot"
        if known and str(comment.get("body") or "").startswith(mark):
            yield comment


def _login(api: Api) -> str:
    """
    Ask who the token is; empty where GitHub does not say.

    The token of a job may not ask `GET /user`, but GraphQL tells it that it is
    `github-actions[bot]`.
    """
    try:
        told = api.call("POST", api.graphql_path, {"query": "{viewer{login}}"}, safe=True)
    except GithubFailed as error:
        if error.status in (401, 0):
            raise
        return ""
    found = told
    for name in ("data", "viewer", "login"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
