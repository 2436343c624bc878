"""`promptgit review`: the wire from a change to what its reviewer sees."""

from __future__ import annotations

import pytest

from cli.terminal import PROMPT, SEED, WORDS, a_clerk, an_office, promptgit

RULES = "".join(f"- {word} means {label}\n" for label, words in WORDS.items() for word in words)
EVAL = "prompts/sort.eval.yaml"
ASSERT_CODE = "assert:\n  - {type: python, value: 'file://score.py:score'}\n"


@pytest.fixture
def clerk(monkeypatch):
    with a_clerk(monkeypatch) as server:
        yield server


@pytest.fixture
def office(tmp_path):
    """A branch on which the prompt forgot what animals are."""
    files = {PROMPT: SEED + RULES, EVAL: "assert: [equals]\n", "promptgit.yaml": "model: m\n"}
    repository = an_office(tmp_path / "office", files)
    repository.git("switch", "-q", "-c", "change")
    kept = "".join(line for line in RULES.splitlines(keepends=True) if "animal" not in line)
    repository.commit({PROMPT: SEED + kept})
    return repository


def test_a_regression_is_shown_with_words_and_answers_and_ends_with_0(office, clerk):
    said = promptgit(office, "-q", "review", "--limit-cases", "2")

    assert (said.code, said.err) == (0, "")
    assert f"{PROMPT}  (its text changed; " in said.lines[0]
    assert "REGRESSION: " in said.out
    assert "    [-- otter means animal-]" in said.lines
    assert sum(line.startswith("  broke  ") for line in said.lines) == 2
    assert "    base      animal" in said.lines
    assert "    head      unknown" in said.lines
    assert "more: --limit-cases or --html shows them" in said.out


def test_review_asks_what_check_asks_and_pays_for_nothing_twice(office, clerk):
    promptgit(office, "-q", "check")
    asked = clerk.calls

    said = promptgit(office, "-q", "review")

    assert asked > 0
    assert clerk.calls == asked
    assert "\n0 calls, " in said.out


def test_both_ends_may_be_named_in_one_word(office, clerk):
    apart = promptgit(office, "-q", "review", "main", "change", "--json")
    joined = promptgit(office, "-q", "review", "main..change", "--json")

    assert apart.code == joined.code == 0
    assert joined.json["verdict"] == apart.json["verdict"] == "REGRESSION"
    assert joined.json["head"] == apart.json["head"] == office.git("rev-parse", "change").strip()


def test_the_page_goes_to_a_file_and_the_short_form_to_the_terminal(office, clerk, tmp_path):
    file = tmp_path / "review.html"

    said = promptgit(office, "-q", "review", "--html", str(file))

    html = file.read_text(encoding="utf-8")
    assert said.code == 0
    assert said.lines[-1] == f"every case: {file}"
    assert html.startswith("<!doctype html>")
    assert office.git("rev-parse", "main").strip() in html
    assert '"output":"unknown"' in html


def test_the_work_tree_can_be_reviewed_before_it_is_committed(office, clerk):
    (office.path / PROMPT).write_text(SEED, encoding="utf-8")

    said = promptgit(office, "-q", "review", "--worktree")

    assert said.code == 0
    assert "head the work tree" in said.out
    assert "[-- apple means fruit-]" in said.out


def test_a_prompt_that_the_change_does_not_concern_is_not_shown(office, clerk):
    said = promptgit(office, "-q", "review", "HEAD", "HEAD")

    assert said.code == 0
    assert said.lines[0] == "The change concerns no prompt."
    assert clerk.calls == 0


def test_code_of_scorers_runs_only_when_it_is_allowed(tmp_path, clerk):
    code = "def score(output, case):\n    return True\n"
    files = {PROMPT: SEED, "prompts/score.py": code, EVAL: ASSERT_CODE}
    repository = an_office(tmp_path / "office", {**files, "promptgit.yaml": "model: m\n"})
    repository.git("switch", "-q", "-c", "change")
    repository.commit({PROMPT: SEED + RULES})

    refused = promptgit(repository, "-q", "review", "--json")
    allowed = promptgit(repository, "-q", "review", "--json", "--allow-code")

    assert (refused.code, refused.json["verdict"]) == (0, "INVALID")
    assert (allowed.code, allowed.json["verdict"]) == (0, "PASS")


def test_an_unknown_revision_is_a_usage_error(office):
    said = promptgit(office, "review", "nonsense")

    assert said.code == 2
    assert "nonsense" in said.err
