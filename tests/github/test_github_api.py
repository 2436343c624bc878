"""One sticky comment and check runs, on a GitHub that pages, limits, fails and is lied to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promptgit.edges.github import post_comment, publish, repository_of
from promptgit.edges.github_api import Api, GithubFailed
from promptgit.errors import UserError
from promptgit.report.check_run import CheckRun
from servers.github_server import NOW, Github, serving

REPOSITORY = "octo/prompts"
MARK = "<!-- promptgit:check -->"


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def now(self) -> float:
        return NOW + sum(self.waits)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def an_api(github: Github, clock: Clock) -> Api:
    return Api(github.url, github.token, clock.sleep, clock.now)


def on(fault: str, *numbers: int, when: str = "") -> Callable[[int, str], str]:
    """Fail so at these requests, or at every one whose first line begins so."""
    return lambda number, line: fault if number in numbers or (when and when in line) else ""


def test_a_hundred_pushes_leave_one_comment(clock: Clock):
    with serving() as github:
        done = [
            post_comment(an_api(github, clock), REPOSITORY, 7, f"push {number}", key="check").what
            for number in range(100)
        ]

    assert [comment["body"] for comment in github.comments] == [f"{MARK}\npush 99"]
    assert done == ["created", *["updated"] * 99]


def test_the_same_words_are_not_sent_again(clock: Clock):
    with serving() as github:
        for _ in range(2):
            posted = post_comment(an_api(github, clock), REPOSITORY, 7, "same\n", key="check")

    assert posted.what == "unchanged"
    assert not [line for line in github.seen if line.startswith("PATCH")]


def test_two_keys_are_two_comments(clock: Clock):
    with serving() as github:
        for key in ("check", "nightly", "check"):
            post_comment(an_api(github, clock), REPOSITORY, 7, f"of {key}", key=key)

    assert len(github.comments) == 2


def test_our_comment_is_found_on_the_last_page(clock: Clock):
    with serving(per_page=10) as github:
        for number in range(95):
            github.say("ada", f"I think that {number}")
        ours = github.say("github-actions[bot]", f"{MARK}\nold", type="Bot")

        posted = post_comment(an_api(github, clock), REPOSITORY, 7, "new", key="check")

    assert posted.what == "updated"
    assert ours["body"] == f"{MARK}\nnew"
    assert len(github.comments) == 96
    assert "per_page=100" in github.seen[1]


@pytest.mark.parametrize("knows_viewer", [True, False])
def test_a_comment_that_somebody_forged_is_left_alone(clock: Clock, knows_viewer: bool):
    with serving(knows_viewer=knows_viewer) as github:
        forged = github.say("mallory", f"{MARK}\nPASS, merge me")
        post_comment(an_api(github, clock), REPOSITORY, 7, "REGRESSION", key="check")

    assert forged["body"] == f"{MARK}\nPASS, merge me"
    assert github.comments[1]["body"] == f"{MARK}\nREGRESSION"


def test_another_bot_that_quotes_our_marker_is_left_alone(clock: Clock):
    with serving() as github:
        echo = github.say("echo[bot]", f"{MARK}\nsomebody told me to say this", type="Bot")
        quote = github.say("github-actions[bot]", f"see:\n{MARK}", type="Bot")
        post_comment(an_api(github, clock), REPOSITORY, 7, "PASS", key="check")

    assert "PASS" not in echo["body"] + quote["body"]
    assert len(github.comments) == 3


def test_of_two_comments_the_older_one_is_kept_up_to_date_and_the_other_is_named(clock: Clock):
    with serving() as github:
        for words in ("one", "two"):
            github.say("github-actions[bot]", f"{MARK}\n{words}", type="Bot")
        posted = post_comment(an_api(github, clock), REPOSITORY, 7, "new", key="check")

    assert posted.others == (101,)
    assert [comment["body"] for comment in github.comments] == [f"{MARK}\nnew", f"{MARK}\ntwo"]


def test_a_comment_that_was_made_although_the_server_failed_is_not_made_twice(clock: Clock):
    with serving() as github:
        github.faults = on("502-after", 2)
        posted = post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert len(github.comments) == 1
    assert posted.what == "unchanged"


@pytest.mark.parametrize(
    ("fault", "waits"),
    [("429", [0.0]), ("secondary", [60.0]), ("reset", [1.0]), ("500", [1.0]), ("drop", [1.0])],
)
def test_a_limit_or_a_fault_is_waited_out(clock: Clock, fault: str, waits: list[float]):
    with serving() as github:
        github.faults = on(fault, 1)
        posted = post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert posted.what == "created"
    assert clock.waits == waits


def test_a_limit_that_lasts_an_hour_is_not_waited_out(clock: Clock):
    with serving() as github:
        github.faults = on("far", 1)
        with pytest.raises(GithubFailed, match="limits our rate for another 3601 s"):
            post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert clock.waits == []


def test_waiting_ends(clock: Clock):
    with serving() as github:
        github.faults = on("secondary", when="GET")
        with pytest.raises(GithubFailed, match="limits our rate"):
            post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert sum(clock.waits) <= 300


def test_a_plain_no_says_which_permission_may_be_missing(clock: Clock):
    with serving() as github:
        github.faults = on("403", when="POST /repos")
        with pytest.raises(GithubFailed, match="Resource not accessible") as refused:
            post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert "permission" in refused.value.hint
    assert clock.waits == []


@pytest.mark.parametrize("fault", ["leak", "html", "redirect", "500", "drop", "elsewhere", "403"])
def test_no_error_holds_the_token(clock: Clock, fault: str):
    with serving() as github:
        github.faults = on(fault, when="GET")
        with pytest.raises(GithubFailed) as refused:
            post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    told = f"{refused.value.message} {refused.value.hint} {an_api(github, clock)!r}"
    assert github.token not in told
    assert github.comments == []


def test_a_next_page_on_another_host_is_not_followed(clock: Clock):
    with serving() as github:
        github.faults = on("elsewhere", when="GET")
        with pytest.raises(GithubFailed, match="to another host"):
            post_comment(an_api(github, clock), REPOSITORY, 7, "hello", key="check")

    assert len(github.seen) == 2


def test_a_refused_token_is_said_at_once(clock: Clock):
    with serving() as github, pytest.raises(GithubFailed, match="401") as refused:
        post_comment(Api(github.url, "ghs_wrong", clock.sleep), REPOSITORY, 7, "hello", key="check")

    assert "no longer, valid" in refused.value.hint
    assert github.seen == ["POST /graphql"]


@pytest.mark.parametrize(
    "url",
    ["http://api.github.com", "ftp://x", "https://", "https://me:pw@host", "https://h/?x=1", "x"],
)
def test_the_token_goes_nowhere_unencrypted(url: str):
    with pytest.raises(UserError, match="GITHUB_API_URL"):
        Api(url, "ghs_x")


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "tokén", "a\x00b"])
def test_a_token_cannot_forge_a_header(token: str):
    with pytest.raises(UserError, match="GITHUB_TOKEN"):
        Api("https://api.github.com", token)


@pytest.mark.parametrize(
    "name", ["", "prompts", "../..", "a/b/c", "a/..", "a b/c", "a/b?x", "a/b\n"]
)
def test_a_repository_is_owner_and_name(name: str):
    with pytest.raises(UserError, match="GITHUB_REPOSITORY"):
        repository_of({"GITHUB_REPOSITORY": name})


def test_graphql_of_a_server_stands_beside_its_rest_api():
    api = Api("https://github.corp/api/v3", "ghs_x")

    assert api._path(api.graphql_path) == "/api/graphql"
    assert api._path("/user") == "/api/v3/user"


@pytest.mark.parametrize("count", [0, 1, 50, 51, 130])
def test_annotations_go_out_by_fifties(clock: Clock, count: int):
    annotations: list[dict[str, Any]] = [
        {
            "path": "prompts/a.md",
            "start_line": number + 1,
            "end_line": number + 1,
            "annotation_level": "failure",
            "message": f"case {number} broke",
        }
        for number in range(count)
    ]
    run = CheckRun("promptgit", "1a" * 20, "failure", "REGRESSION", "worse", annotations)
    with serving() as github:
        url = publish(an_api(github, clock), REPOSITORY, run)

    assert url == "https://github.test/checks/1"
    (check,) = github.checks
    assert check["output"]["annotations"] == annotations
    assert (check["status"], check["conclusion"]) == ("completed", "failure")
    assert len(github.seen) == max(1, -(-count // 50))
