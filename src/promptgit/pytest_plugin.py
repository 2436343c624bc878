"""
For pytest users: prompts are tested like code.

    def test_reply(promptgit_eval):
        assert promptgit_eval("support-reply").mean > 0.8

pytest loads this file in every run of everybody who has promptgit installed, so it imports
nothing of ours until a test asks for a fixture (docs/library.md, "In pytest").
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pytest

if TYPE_CHECKING:
    from pluggy import Result

    from promptgit.api.values import Evaluation, Report, Verdict
    from promptgit.evaluate.budget import Budget, Cap

Given = ParamSpec("Given")
Found = TypeVar("Found")

MISSES = 5  # that a failing test shows


@dataclass
class Session:
    """What the tests of one process share; answers are shared by all, in the repository's cache."""

    model: str | None
    budget: Budget | None


SESSION = pytest.StashKey[Session]()
SHOWN = pytest.StashKey[list[tuple[str, str]]]()  # title and text, for a test that fails


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promptgit", "prompts and their cases")
    group.addoption(
        "--promptgit-model",
        metavar="M",
        help="run M instead of the configured model, where a test does not name one",
    )
    group.addoption(
        "--promptgit-budget",
        metavar="CAP",
        help="spend at most CAP in all tests together: 2usd, 500calls, 100000tokens",
    )


@pytest.hookimpl(hookwrapper=True)  # the form that old versions of pluggy know, too
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, Result[pytest.TestReport], None]:
    """Show the worst misses, or the gate's words, with a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and report.when == "call":
        shown: list[tuple[str, str]] = item.stash.get(SHOWN, [])
        report.sections += shown


@pytest.fixture
def promptgit_eval(request: pytest.FixtureRequest) -> Callable[..., Evaluation]:
    """
    Evaluate a prompt, as `promptgit.evaluate` does, within the budget of all tests together.

    The test is skipped where the model needs a key and there is none.
    """
    from promptgit.api.evaluating import evaluate

    session = _session(request.config)

    def evaluated(prompt: Any, **options: Any) -> Evaluation:
        options.setdefault("model", session.model)
        if session.budget is not None:
            options.setdefault("budget", session.budget)
        found = _or_skip(evaluate, prompt, **options)
        _show(request.node, f"promptgit: {found.prompt.name}", _misses(found))
        return found

    return evaluated


@pytest.fixture
def promptgit_check(request: pytest.FixtureRequest) -> Callable[..., Report | Verdict]:
    """
    Run the gate, as `promptgit.check` does: `assert promptgit_check(base="main")`.

    The test is skipped where the model needs a key and there is none.
    """
    from promptgit.api.checking import check

    session = _session(request.config)

    def checked(*sides: Any, **options: Any) -> Report | Verdict:
        options.setdefault("model", session.model)
        if session.budget is not None:
            left = session.budget if sides else _left(session.budget)
            options.setdefault("budget", left)
        found: Report | Verdict = _or_skip(check, *sides, **options)
        _skip_without_key(found)
        _show(request.node, "promptgit: check", _words(found))
        return found

    return checked


def _session(config: pytest.Config) -> Session:
    found = config.stash.get(SESSION, None)
    if found is None:
        found = Session(config.getoption("--promptgit-model"), _budget(config))
        config.stash[SESSION] = found
    return found


def _budget(config: pytest.Config) -> Budget | None:
    from promptgit.errors import UserError
    from promptgit.evaluate.budget import Budget, Cap

    typed: str | None = config.getoption("--promptgit-budget")
    if typed is None:
        return None
    try:
        cap = Cap.read(typed)
    except UserError as error:
        raise pytest.UsageError(f"--promptgit-budget: {error.message}: {error.hint}") from error
    told: dict[str, Any] = getattr(config, "workerinput", {})  # what xdist tells its workers
    return Budget(_share(cap, int(told.get("workercount", 1))))


def _share(cap: Cap, workers: int) -> Cap:
    """What one of several processes may spend, so that together they stay within the cap."""
    from promptgit.evaluate.budget import Cap

    return Cap(
        None if cap.usd is None else cap.usd / workers,
        None if cap.calls is None else cap.calls // workers,
        None if cap.tokens is None else cap.tokens // workers,
    )


def _left(budget: Budget) -> str:
    """What is left of a budget, as it is typed."""
    spend, cap = budget.spend, budget.cap
    parts = [
        "" if cap.usd is None else f"{max(0.0, cap.usd - spend.usd):.9f}usd",
        "" if cap.calls is None else f"{max(0, cap.calls - spend.calls)}calls",
        "" if cap.tokens is None else f"{max(0, cap.tokens - spend.tokens)}tokens",
    ]
    return ",".join(filter(None, parts))


def _or_skip(function: Callable[Given, Found], *args: Given.args, **kwargs: Given.kwargs) -> Found:
    from promptgit.errors import KeyMissing

    try:
        return function(*args, **kwargs)
    except KeyMissing as error:
        pytest.skip(f"promptgit: {error.message}; {error.hint}")


def _skip_without_key(found: Report | Verdict) -> None:
    """The gate takes a missing key for a prompt that cannot be run, and says so in its note."""
    for prompt in getattr(found, "prompts", ()):
        if prompt.note.startswith("there is no key for "):
            pytest.skip(f"promptgit: {prompt.note}")


def _show(node: pytest.Item, title: str, text: str) -> None:
    node.stash.setdefault(SHOWN, []).append((title, text))


def _misses(found: Evaluation) -> str:
    from promptgit.report.misses_text import misses

    return misses(found, MISSES)


def _words(found: Report | Verdict) -> str:
    from promptgit.report.misses_text import answer

    return answer(found)
