"""The same verdict, byte for byte, whatever the repository looks like on disk."""

import json

import pytest

from cli.terminal import PROMPT, WORDS, an_office, promptgit, sorting_cases
from cli.test_check import ASSERT, EVAL
from promptgit.testing.repositories import Repository, a_repository

OFFLINE = "Sort the message.\nAnswer with one of: fruit, tool, animal.\n"
BETTER = OFFLINE + "".join(
    f"Answer {label} if it mentions {', '.join(words)}.\n" for label, words in WORDS.items()
)


@pytest.fixture
def changed(tmp_path):
    """A repository that others clone: main knows a fruit when it sees one, `change` does not."""
    origin = an_office(tmp_path / "origin", {PROMPT: BETTER, EVAL: ASSERT})
    origin.git("switch", "-q", "-c", "change")
    origin.commit({PROMPT: OFFLINE})
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return origin


def verdict(where: Repository, base: str, head: str) -> str:
    """What check says, less what it cost: that depends on what is in the cache."""
    said = promptgit(where, "-q", "check", base, head, "--format", "json", "--no-record")
    report = json.loads(said.out)
    del report["spent"]
    return json.dumps(report, sort_keys=True)


def status(where: Repository) -> str:
    return where.git("status", "--porcelain=v1", "--untracked-files=all")


def cloned(origin: Repository, path, *options: str) -> Repository:
    origin.git("clone", "-q", *options, f"file://{origin.path}", str(path))
    return Repository(path)


@pytest.fixture
def ends(changed):
    return changed.git("rev-parse", "main"), changed.git("rev-parse", "change")


@pytest.fixture
def expected(changed, ends):
    found = verdict(changed, *ends)
    assert '"verdict": "REGRESSION"' in found
    return found


def test_a_dirty_tree(changed, ends, expected):
    changed.write({PROMPT: "half an edit", EVAL: "assert: [", "scratch.txt": "mine"})
    changed.git("add", PROMPT)
    before = status(changed)

    assert verdict(changed, *ends) == expected
    assert status(changed) == before


def test_a_shallow_clone_with_the_base_fetched(changed, ends, expected, tmp_path):
    clone = cloned(changed, tmp_path / "shallow", "--depth=1", "--branch=change")
    clone.git("fetch", "-q", "--depth=1", "origin", ends[0])

    assert verdict(clone, *ends) == expected
    assert status(clone) == ""


def test_a_work_tree_beside_the_first(changed, ends, expected, tmp_path):
    changed.git("worktree", "add", "-q", str(tmp_path / "beside"), "main")
    beside = Repository(tmp_path / "beside")

    assert verdict(beside, *ends) == expected
    assert status(beside) == ""


def test_a_bare_repository(changed, ends, expected, tmp_path):
    bare = cloned(changed, tmp_path / "bare.git", "--bare")

    assert verdict(bare, *ends) == expected


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone(changed, ends, expected, tmp_path, kind):
    clone = cloned(changed, tmp_path / "partial", f"--filter={kind}", "--no-checkout")

    assert verdict(clone, *ends) == expected


def test_a_subfolder(changed, ends, expected):
    assert verdict(Repository(changed.path / "prompts"), *ends) == expected


def test_windows_line_ends_in_the_work_tree(changed, ends, expected, tmp_path):
    clone = cloned(changed, tmp_path / "crlf", "-c", "core.autocrlf=true")

    assert verdict(clone, *ends) == expected
    assert b"\r\n" in (clone.path / PROMPT).read_bytes()


def test_the_object_names_of_sha256(tmp_path):
    files = {PROMPT: BETTER, EVAL: ASSERT, "prompts/sort.csv": sorting_cases()}
    origin = a_repository(tmp_path, files, object_format="sha256")
    origin.git("switch", "-q", "-c", "change")
    origin.commit({PROMPT: OFFLINE})

    said = promptgit(origin, "-q", "check", "--format", "json")

    assert said.code == 1, said.err
    assert len(said.json["base"]) == 64


def test_what_is_known_is_known_to_both_work_trees(changed, ends, tmp_path):
    promptgit(changed, "-q", "check", *ends)
    changed.git("worktree", "add", "-q", str(tmp_path / "beside"), "main")

    said = promptgit(tmp_path / "beside", "-q", "check", *ends, "--format", "json")

    assert said.json["spent"]["calls"] == 0


def test_json_is_another_word_for_its_form(changed, ends):
    words = ("-q", "check", *ends, "--no-record", "--json")

    said = promptgit(changed, *words)
    both = promptgit(changed, *words, "--format", "sarif")

    assert said.json["verdict"] == "REGRESSION"
    assert both.code == 2
    assert "--json and --format sarif are two forms" in both.err
