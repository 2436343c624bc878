"""The pytest plug-in, in a pytest of its own, in a real repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal import an_office

pytest_plugins = ["pytester"]

ALONE = ("-rs", "-p", "promptgit.pytest_plugin", "-p", "no:cacheprovider")


@pytest.fixture
def office(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one prompt and 30 cases, where pytest starts without other plug-ins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    an_office(pytester.path / "office", per_label=10)
    os.chdir(pytester.path / "office")
    return pytester.path / "office"


@pytest.fixture
def run(pytester: pytest.Pytester, office: Path):
    """Write a test file into the office and run it in a process of its own."""

    def started(source: str, *options: str) -> pytest.RunResult:
        (office / "test_prompts.py").write_text(source, encoding="utf-8")
        return pytester.run(sys.executable, "-m", "pytest", *ALONE, *options, timeout=120)

    return started


def test_a_prompt_is_tested_like_code(run):
    result = run(
        "def test_sort(promptgit_eval):\n"
        '    found = promptgit_eval("sort")\n'
        "    assert found.mean > 0.3\n"
        "    assert len(found.results) == 30\n"
    )

    result.assert_outcomes(passed=1)


def test_a_failure_shows_the_worst_misses(run):
    result = run('def test_sort(promptgit_eval):\n    assert promptgit_eval("sort").mean > 0.99\n')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*promptgit: sort*", "mean 0.333, 30 cases scored*"])
    result.stdout.fnmatch_lines(["*0.000*expected*", "    asked: *", "    said:  fruit"])


def test_a_success_shows_nothing(run):
    result = run('def test_sort(promptgit_eval):\n    assert promptgit_eval("sort").mean > 0.1\n')

    result.stdout.no_fnmatch_line("*promptgit: sort*")


def test_without_a_key_a_test_is_skipped_and_says_what_is_missing(run, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    result = run(
        "def test_sort(promptgit_eval):\n"
        '    assert promptgit_eval("sort").mean > 0.3\n'
        "def test_gate(promptgit_check, promptgit_eval):\n"
        '    assert promptgit_check(base="HEAD", prompts=["sort"])\n',
        *("--promptgit-model", "gpt-5-mini"),
    )

    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*there is no key for openai*OPENAI_API_KEY*"])


def test_all_tests_share_one_budget(run):
    result = run(
        "import pytest, promptgit\n"
        "def test_one(promptgit_eval):\n"
        '    promptgit_eval("sort", limit=8)\n'
        "def test_again(promptgit_eval):\n"
        '    promptgit_eval("sort", limit=8)\n'  # from the cache: it costs nothing
        "def test_two(promptgit_eval):\n"
        "    with pytest.raises(promptgit.BudgetSpent):\n"
        '        promptgit_eval("sort")\n',
        *("--promptgit-budget", "12calls"),
    )

    result.assert_outcomes(passed=3)


def test_a_budget_that_nobody_can_read_is_a_usage_error(run):
    result = run(
        'def test_sort(promptgit_eval):\n    promptgit_eval("sort")\n', "--promptgit-budget", "much"
    )

    result.stdout.fnmatch_lines(["*'much' is not a budget*"])


def test_it_works_with_xdist_and_the_workers_share_the_budget(run):
    pytest.importorskip("xdist")

    result = run(
        "import pytest, promptgit\n"
        '@pytest.mark.parametrize("n", range(4))\n'
        "def test_sort(promptgit_eval, n):\n"
        "    with pytest.raises(promptgit.BudgetSpent, match='of 6 calls'):\n"
        '        promptgit_eval("sort")\n',
        *("-p", "xdist.plugin", "-n", "2", "--promptgit-budget", "12calls"),
    )

    result.assert_outcomes(passed=4)


def test_the_gate_is_a_fixture_too(run, office):
    result = run(
        "def test_gate(promptgit_check):\n"
        '    assert promptgit_check(base="HEAD")\n'
        "def test_pairs(promptgit_check, promptgit_eval):\n"
        '    found = promptgit_eval("sort")\n'
        "    assert promptgit_check(found, found, margin=0.3)\n"
        "def test_worse(promptgit_check, promptgit_eval):\n"
        "    import promptgit\n"
        '    good = promptgit_eval(promptgit.Prompt.of("x"), cases=CASES, scorers="equals",'
        " model=lambda m: 'a')\n"
        '    bad = promptgit_eval(promptgit.Prompt.of("x"), cases=CASES, scorers="equals",'
        " model=lambda m: 'b')\n"
        "    assert promptgit_check(good, bad)\n"
        'CASES = [{"input": str(n), "expected": "a"} for n in range(40)]\n'
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["REGRESSION: -100.0 points*", "broke  *1.000 to 0.000"])


def test_it_is_registered_and_loads_nothing_of_ours_before_it_is_used():
    code = (
        "import sys, pytest\n"
        "import promptgit.pytest_plugin\n"
        "print(sorted(name for name in sys.modules if name.startswith('promptgit')))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "['promptgit', 'promptgit.pytest_plugin']"
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert 'promptgit = "promptgit.pytest_plugin"' in pyproject.read_text(encoding="utf-8")
