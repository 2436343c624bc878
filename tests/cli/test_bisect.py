"""bisect, as typed, in real repositories, with the offline model and with a real server."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from math import ceil, log2
from pathlib import Path

import pytest

from cli.started import programs_started
from cli.terminal import a_clerk, promptgit
from promptgit.testing.repositories import Repository, a_repository
from servers.openai_server import Seen

PATH = "prompts/sort.md"
RIGHT = "Classify as fruit or tool.\n- fruit: apple, pear\n- tool: hammer, saw\n"
WRONG = RIGHT.replace("pear", "plum")
CASES = """\
id,message,label
apple,I love apples,fruit
hammer,The hammer is heavy,tool
pear,A saw and a pear and a pear tree,fruit
"""
BROKEN = "{% if %}" + RIGHT
CONFIG = {"promptgit.yaml": "model: gpt-test\n"}
SORTER = "Sort the message.\n- apple means fruit\n- hammer means tool\n- pear means fruit\n"


def a_history(
    path: Path, texts: Sequence[str], *, files: dict[str, str] | None = None
) -> Repository:
    """A repository where each text is a commit on its own, `text N`, numbered from 0."""
    first = {PATH: texts[0], "prompts/sort.csv": CASES, **(files or {})}
    repository = a_repository(path, first, message="text 0\n")
    later = enumerate(texts[1:], 1)
    repository.commit_many(({PATH: text}, f"text {number}\n") for number, text in later)
    return repository


def noted(text: str, number: int) -> str:
    """The same text with a line that changes nothing."""
    return f"{text}Note {number}.\n"


@pytest.fixture
def broken_at_5(tmp_path: Path) -> Repository:
    """Nine texts; from number 5 on the case `pear` is wrong."""
    return a_history(tmp_path, [noted(WRONG if n >= 5 else RIGHT, n) for n in range(9)])


def everything(repository: Repository) -> tuple[str, ...]:
    """All that a bisect has to leave alone."""
    git_dir = repository.path / ".git"
    return (
        repository.git("status", "--porcelain=v2", "--branch"),
        repository.git("for-each-ref", "refs/heads", "refs/tags", "refs/bisect"),
        repository.git("ls-files", "--stage"),
        (git_dir / "HEAD").read_text(),
        str(sorted(path.name for path in git_dir.iterdir() if path.name != "promptgit")),
        (repository.path / PATH).read_text(),
    )


def test_the_commit_that_broke_a_prompt_is_named_with_what_it_did(broken_at_5: Repository):
    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8")

    culprit = broken_at_5.git("rev-parse", "HEAD~3")
    assert said.code == 0
    assert said.lines[0] == f"{culprit[:10]} broke it: the mean score, 1.000 -> 0.667"
    assert "Author: Ada Example" in said.lines
    assert "    text 5" in said.lines
    assert "  - fruit: apple, [-pear-]{+plum+}" in said.lines
    assert "  pear  1.000 -> 0.000" in said.lines
    assert "    why:    similar: 0.00 alike in words; missing: fruit" in said.lines
    assert "    before: fruit" in said.lines
    assert "    after:  tool" in said.lines
    before = broken_at_5.git("rev-parse", "HEAD~4")
    assert said.lines[-1] == f"undo it: promptgit revert --to {before[:10]} {PATH}"


def test_what_it_says_to_type_next_works(broken_at_5: Repository):
    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8", "--json")

    _, *words = said.json["culprit"]["undo"].split()
    undone = promptgit(broken_at_5, *words)

    assert words[:2] == ["revert", "--to"]  # later texts touch the next line
    assert undone.code == 0
    assert "pear" in (broken_at_5.path / PATH).read_text()


def test_a_culprit_that_can_be_taken_back_alone_is(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: RIGHT, "prompts/sort.csv": CASES})
    repository.commit({PATH: WRONG}, "text 1\n")

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~1", "--json")
    _, *words = said.json["culprit"]["undo"].split()

    assert words == ["revert", repository.head[:10], PATH]
    assert promptgit(repository, *words).code == 0


def test_where_it_is_undone_already_nothing_is_proposed(broken_at_5: Repository):
    right = broken_at_5.git("show", f"HEAD~4:{PATH}") + "\n"
    bad = broken_at_5.git("rev-parse", "HEAD~3")
    broken_at_5.commit({PATH: right}, "undone\n")

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~9", "--bad", bad, "--json")

    assert said.json["culprit"]["commit"] == bad
    assert said.json["culprit"]["undo"] is None


def test_a_path_that_a_shell_would_split_is_quoted(tmp_path: Path):
    odd = "prompts/[a] :x ü.md"
    repository = a_repository(tmp_path, {odd: RIGHT, "prompts/[a] :x ü.csv": CASES})
    repository.commit({odd: WRONG}, "text 1\n")

    said = promptgit(repository, "bisect", odd, "--good", "HEAD~1", "--json")

    assert said.json["culprit"]["subject"] == "text 1"
    assert shlex.split(said.json["culprit"]["undo"])[-1] == odd


def test_repeats_ask_more_often_and_their_mean_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    worse = SORTER.replace("pear means fruit", "pear means tool")
    repository = a_history(tmp_path, [SORTER, worse], files=CONFIG)

    with a_clerk(monkeypatch) as server:
        words = ("bisect", "sort", "--good", "HEAD~1", "--case", "pear", "--repeats", "3")
        said = promptgit(repository, *words, "--json")

    assert [trial["calls"] for trial in said.json["trials"]] == [3, 3]
    assert server.calls == 6


def test_each_trial_is_told_as_it_comes(broken_at_5: Repository):
    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8")
    hushed = promptgit(broken_at_5, "-q", "bisect", "sort", "--good", "HEAD~8")

    assert "8 commits may have broken it; at most 5 evaluations of 3 cases: 15 calls" in said.err
    assert "after 2 of them --bad is known to be bad, or not" in said.err
    assert [line.split()[1:3] for line in said.err.splitlines()[1:]] == [
        ["good", "1.000"],
        ["bad", "0.667"],
        ["good", "1.000"],
        ["bad", "0.667"],
        ["bad", "0.667"],
    ]
    assert hushed.err == ""


@pytest.mark.parametrize("dirty", [False, True])
def test_files_index_head_and_refs_stay_as_they_are(broken_at_5: Repository, dirty: bool):
    if dirty:
        broken_at_5.write({PATH: "Not yet committed.\n", "new.txt": "new\n"})
        broken_at_5.git("add", "new.txt")
    before = everything(broken_at_5)

    assert promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8").code == 0

    assert everything(broken_at_5) == before


def test_a_bisect_of_the_users_own_goes_on(broken_at_5: Repository):
    broken_at_5.git("bisect", "start", "HEAD", "HEAD~6")
    before = everything(broken_at_5)

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "main~8", "--bad", "main")

    assert said.code == 0
    assert everything(broken_at_5) == before


@pytest.mark.parametrize("broken", [1, 37, 99])
def test_a_hundred_commits_take_eight_evaluations_at_most(
    broken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    worse = SORTER.replace("pear means fruit", "pear means tool")
    texts = [noted(worse if n >= broken else SORTER, n) for n in range(100)]
    repository = a_history(tmp_path, texts, files=CONFIG)
    words = ("bisect", "sort", "--good", "HEAD~99", "--case", "pear", "--json")

    with a_clerk(monkeypatch) as server:
        said = promptgit(repository, *words)
        paid = server.calls
        again = promptgit(repository, *words)

    assert said.json["culprit"]["subject"] == f"text {broken}"
    assert paid == said.json["calls"] == said.json["evaluations"]  # one case: a call for each
    assert paid <= ceil(log2(100)) + 1
    assert (server.calls, again.json["evaluations"]) == (paid, 0)
    assert again.json["culprit"] == said.json["culprit"]


def test_a_text_that_comes_back_is_not_evaluated_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    worse = SORTER.replace("pear means fruit", "pear means tool")
    texts = [SORTER, noted(SORTER, 1)] * 8 + [worse, noted(worse, 1)] * 8
    repository = a_history(tmp_path, texts, files=CONFIG)

    with a_clerk(monkeypatch) as server:
        said = promptgit(repository, "bisect", "sort", "--good", "HEAD~31", "--json")

    assert said.json["culprit"]["subject"] == "text 16"
    assert server.calls <= 4 * 3  # four texts there are, of three cases


def test_one_case_decides(tmp_path: Path):
    texts = [noted(RIGHT, 0), RIGHT.replace("hammer", "anvil"), WRONG.replace("hammer", "anvil")]
    repository = a_history(tmp_path, texts)

    def culprit(*words: str) -> str:
        said = promptgit(repository, "bisect", "sort", "--good", "HEAD~2", "--json", *words)
        return said.json["culprit"]["subject"]

    assert culprit("--case", "hammer") == "text 1"
    assert culprit("--case", "pear") == "text 2"
    assert culprit("--threshold", "0.5") == "text 2"
    assert culprit("--threshold", "0.7") == "text 1"
    assert culprit("--metric", "similar") == "text 1"


def test_the_culprit_is_shown_beside_the_text_that_it_changed_and_nothing_else(tmp_path: Path):
    texts = [noted(RIGHT, 0), RIGHT.replace("hammer", "anvil")]
    repository = a_history(tmp_path, texts)
    worse = {PATH: WRONG.replace("hammer", "anvil"), "notes.txt": "worse\n"}
    repository.commit(worse, "text 2\n")

    words = ("bisect", "sort", "--good", "HEAD~2", "--threshold", "0.5", "--json")
    culprit = promptgit(repository, *words).json["culprit"]

    assert (culprit["before"], culprit["after"]) == pytest.approx((2 / 3, 1 / 3))
    assert culprit["measured"]["score"]["before"] == pytest.approx(2 / 3)
    assert [file["path"] for file in culprit["files"]] == [PATH]


def test_a_text_whose_score_cannot_be_known_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    worse = SORTER.replace("pear means fruit", "pear means tool")
    texts = [noted(worse if n >= 6 else SORTER, n) for n in range(9)]
    repository = a_history(tmp_path, texts, files=CONFIG)

    def too_long(_number: int, seen: Seen) -> str:
        return "context" if b"Note 4." in seen.raw else ""

    with a_clerk(monkeypatch, faults=too_long):
        said = promptgit(repository, "bisect", "sort", "--good", "HEAD~8", "--json")

    (skipped,) = (trial for trial in said.json["trials"] if trial["mark"] == "skipped")
    assert "3 of 3 cases could not be scored" in skipped["why"]
    assert said.json["culprit"]["subject"] == "text 6"


def test_a_metric_decides_where_the_score_says_otherwise(tmp_path: Path):
    asked = (
        "assert:\n"
        "  - {type: equals, value: '{{ expected }}'}\n"
        "  - {type: contains, value: fruit, metric: fruity, weight: 0}\n"
    )
    less_tool = RIGHT.replace("hammer", "anvil")
    less_fruit = less_tool.replace("apple, pear", "plum").replace("saw", "saw, apple")
    files = {"prompts/sort.eval.yaml": asked}
    repository = a_history(tmp_path, [RIGHT, less_tool, less_fruit], files=files)
    words = ("bisect", "sort", "--good", "HEAD~2", "--json")

    by_score = promptgit(repository, *words)
    by_metric = promptgit(repository, *words, "--metric", "fruity")
    misspelt = promptgit(repository, *words, "--metric", "fruty")

    assert by_score.json["culprit"]["subject"] == "text 1"
    assert by_metric.json["culprit"]["subject"] == "text 2"
    assert (misspelt.code, "did you mean 'fruity'?" in misspelt.err) == (2, True)


@pytest.mark.parametrize("broken_texts", [(4,), (3, 4)])
def test_a_text_that_cannot_be_evaluated_is_passed_over(
    tmp_path: Path, broken_texts: tuple[int, ...]
):
    texts = [noted(WRONG if n >= 6 else RIGHT, n) for n in range(9)]
    for number in broken_texts:
        texts[number] = noted(BROKEN, number)
    repository = a_history(tmp_path, texts)

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~8", "--json")

    skipped = [trial for trial in said.json["trials"] if trial["mark"] == "skipped"]
    assert said.json["culprit"]["subject"] == "text 6"
    assert all("template" in trial["why"] and not trial["calls"] for trial in skipped)


def test_where_the_culprit_cannot_be_told_the_suspects_are_listed(tmp_path: Path):
    texts = [noted(WRONG if n >= 5 else RIGHT, n) for n in range(9)]
    texts[4], texts[5] = noted(BROKEN, 4), '{% include "gone.md" %}\n'
    repository = a_history(tmp_path, texts)

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~8")

    assert said.code == 5
    assert said.lines[0] == "one of these broke it; what lies between cannot be evaluated:"
    assert [line.split()[1:4] for line in said.lines[1:4]] == [
        ["skipped", "text", "4"],
        ["skipped", "text", "5"],
        ["bad", "text", "6"],
    ]
    assert "gone.md" in said.lines[2]
    as_json = promptgit(repository, "bisect", "sort", "--good", "HEAD~8", "--json")
    assert (as_json.code, as_json.json["culprit"]) == (5, None)
    assert len(as_json.json["suspects"]) == 3


def test_a_commit_without_the_prompt_is_passed_over(tmp_path: Path):
    repository = a_history(tmp_path, [noted(RIGHT, n) for n in range(3)])
    repository.git("rm", "--quiet", PATH)
    repository.git("commit", "--quiet", "-m", "no sorting any more")
    repository.commit({PATH: noted(WRONG, 4)}, "sort again\n")

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~4")

    assert said.code == 5
    assert f"{PATH} is not in " in said.lines[1]
    assert [line.split(maxsplit=2)[2][:10] for line in said.lines[1:3]] == [
        "no sorting",
        "sort again",
    ]


def test_a_prompt_is_followed_through_its_renames(tmp_path: Path):
    asked = "cases: sort.csv\n"
    repository = a_history(tmp_path, [noted(RIGHT, n) for n in range(4)])
    repository.commit({PATH: noted(WRONG, 4)}, "text 4\n")
    repository.git("mv", PATH, "prompts/label.md")
    repository.commit({"prompts/label.eval.yaml": asked}, "rename\n")
    repository.commit({"prompts/label.md": noted(WRONG, 5)}, "text 5\n")

    said = promptgit(repository, "bisect", "label", "--good", "HEAD~6", "--json")

    assert said.json["commits"] == 6
    assert said.json["culprit"]["subject"] == "text 4"
    assert [one["path"] for one in said.json["culprit"]["files"]] == [PATH]


def test_a_name_that_the_prompt_had_before_the_good_end_is_anothers(tmp_path: Path):
    repository = a_history(tmp_path, [noted(RIGHT, 0)])
    repository.git("mv", PATH, "prompts/label.md")
    repository.git("mv", "prompts/sort.csv", "prompts/label.csv")
    repository.git("commit", "--quiet", "-m", "rename")
    for number in range(3):
        repository.commit({PATH: f"Another prompt {number}.\n"}, "another\n")
    repository.commit({"prompts/label.md": noted(WRONG, 1)}, "text 1\n")

    said = promptgit(repository, "bisect", "label", "--good", "HEAD~4", "--json")

    assert said.json["commits"] == 1
    assert said.json["culprit"]["subject"] == "text 1"


def test_braces_that_are_meant_literally_are_so_under_every_name(tmp_path: Path):
    braces = "{{ nothing }} {% if %}\n"
    repository = a_history(tmp_path, [noted(RIGHT + braces, n) for n in range(3)])
    repository.commit({PATH: noted(WRONG + braces, 3)}, "text 3\n")
    repository.git("mv", PATH, "prompts/label.md")
    asked = "cases: sort.csv\ntemplate: none\n"
    repository.commit({"prompts/label.eval.yaml": asked}, "rename\n")

    said = promptgit(repository, "bisect", "label", "--good", "HEAD~4", "--json")

    assert said.json["culprit"]["subject"] == "text 3"


def test_a_bad_end_that_is_known_to_be_good_is_refused_before_others_are_tried(
    broken_at_5: Repository,
):
    promptgit(broken_at_5, "eval", "sort", "--ref", "HEAD~4")

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8", "--bad", "HEAD~4")

    trials = [line for line in said.err.splitlines() if "left" in line]
    assert "is not bad" in said.err
    assert len(trials) == 2


def test_a_change_of_what_is_included_can_be_the_culprit(tmp_path: Path):
    text = 'Classify as fruit or tool.\n{% include "rules.md" %}\n'
    rules = {"prompts/rules.md": RIGHT.split("\n", 1)[1]}
    repository = a_history(tmp_path, [noted(text, n) for n in range(3)], files=rules)
    repository.commit({"prompts/rules.md": WRONG.split("\n", 1)[1]}, "the rules\n")
    repository.commit({PATH: noted(text, 9)}, "text 9\n")

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~4", "--json")

    assert said.json["culprit"]["subject"] == "the rules"
    assert [one["path"] for one in said.json["culprit"]["files"]] == ["prompts/rules.md"]


def test_a_file_that_was_included_only_for_a_while_is_searched_too(tmp_path: Path):
    head, rules = RIGHT.split("\n", 1)
    including = f'{head}\n{{% include "rules.md" %}}\n'
    repository = a_history(tmp_path, [RIGHT], files={"prompts/rules.md": rules})
    repository.commit({PATH: including}, "include\n")
    repository.commit({"prompts/rules.md": rules.replace("pear", "plum")}, "the rules\n")
    repository.commit({PATH: WRONG}, "inline again\n")

    said = promptgit(repository, "bisect", "sort", "--good", "HEAD~3", "--json")

    assert said.json["culprit"]["subject"] == "the rules"


def test_commits_that_touch_something_else_are_not_tried(broken_at_5: Repository):
    for number in range(5):
        broken_at_5.commit({"notes.txt": f"{number}\n"}, "notes\n")

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~13", "--json")

    assert said.json["commits"] == 8
    assert said.json["culprit"]["subject"] == "text 5"


def test_the_cases_of_the_bad_end_judge_every_text(broken_at_5: Repository):
    broken_at_5.commit(
        {"prompts/sort.csv": f"{CASES}late,A pear and a saw and a pear,fruit\n"}, "a case\n"
    )
    broken_at_5.write({"prompts/sort.csv": "id,message,label\nnone,A screw,tool\n"})

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~9", "--case", "late", "--json")

    assert said.json["culprit"]["subject"] == "text 5"


def test_a_culprit_on_a_branch_that_was_merged_is_found(tmp_path: Path):
    lines = [f"Note {n}.\n" for n in range(9)]
    repository = a_history(tmp_path, [RIGHT + "".join(lines)])
    good = repository.head
    repository.git("switch", "--quiet", "-c", "side")
    repository.commit({PATH: WRONG + "".join(lines)}, "on the side\n")
    repository.git("switch", "--quiet", "main")
    lines[8] = "The last note.\n"
    repository.commit({PATH: RIGHT + "".join(lines)}, "on main\n")
    repository.git("-c", "merge.ff=false", "merge", "--quiet", "--no-edit", "side")

    words = ("bisect", "sort", "--good", good)

    said = promptgit(repository, *words, "--json")

    assert said.json["culprit"]["subject"] == "on the side"
    assert said.json["at_most"] is None
    assert "about 3 evaluations" in promptgit(repository, *words, "--dry-run").err


def test_a_bare_repository_will_do(broken_at_5: Repository, tmp_path: Path):
    broken_at_5.git("clone", "--quiet", "--bare", str(tmp_path), str(tmp_path / "bare.git"))

    said = promptgit(tmp_path / "bare.git", "bisect", "sort", "--good", "HEAD~8", "--json")

    assert said.json["culprit"]["subject"] == "text 5"


def test_what_was_evaluated_is_evidence_from_then_on(broken_at_5: Repository):
    promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8", "--no-record")
    without = promptgit(broken_at_5, "log", "sort", "--json").json["commits"]

    promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8")

    scores = [
        one["score"] for one in promptgit(broken_at_5, "log", "sort", "--json").json["commits"]
    ]
    assert {one["evidence"] for one in without} == {"unevaluated"}
    assert scores[3] == pytest.approx(2 / 3)
    assert scores[4] == scores[8] == 1.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--good", "HEAD~1", "--case", "pear"], "is bad already"),
        (["--good", "HEAD~1", "--threshold", "0.7"], "is bad already"),
        (["--good", "HEAD~8", "--bad", "HEAD~5"], "is not bad: the mean score is 1.0000 there"),
        (["--good", "HEAD", "--bad", "HEAD~5"], "came after --bad"),
        (["--good", "HEAD"], "are one commit"),
        (["--good", "HEAD~8", "--case", "peer"], "did you mean 'pear'?"),
        (["--good", "nowhere"], "there is no commit called 'nowhere'"),
        ([], "--good REV is missing"),
        (["--run"], "--run needs --threshold"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_reason(
    broken_at_5: Repository, words: list[str], message: str
):
    said = promptgit(broken_at_5, "bisect", "sort", *words)

    assert said.code == (128 if "--run" in words else 2)
    assert message in said.err


def test_a_good_end_on_a_branch_beside_is_refused(broken_at_5: Repository):
    broken_at_5.git("switch", "--quiet", "-c", "side", "HEAD~7")
    broken_at_5.commit({PATH: noted(RIGHT, 20)}, "aside\n")

    said = promptgit(broken_at_5, "bisect", "sort", "--bad", "main", "--good", "side")

    assert said.code == 2
    assert f"--good {broken_at_5.git('rev-parse', 'main~7')[:12]}" in said.err


def test_without_a_commit_that_touches_the_prompt_there_is_nothing_to_search(
    broken_at_5: Repository,
):
    broken_at_5.commit({"prompts/sort.csv": f"{CASES}late,A screw,tool\n"}, "a case\n")

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~1")

    assert said.code == 2
    assert "touches prompts/sort.md" in said.err


def test_a_dry_run_says_what_it_may_take_and_calls_nothing(
    broken_at_5: Repository, monkeypatch: pytest.MonkeyPatch
):
    with a_clerk(monkeypatch) as server:
        words = ("bisect", "sort", "--good", "HEAD~8", "--model", "gpt-test", "--dry-run")
        said = promptgit(broken_at_5, *words)
        as_json = promptgit(broken_at_5, *words, "--json")

    assert (said.code, server.calls) == (0, 0)
    assert "at most 5 evaluations" in said.err
    assert as_json.json["at_most"] == 5
    assert as_json.json["trials"] == []


def test_json_has_the_documented_keys(broken_at_5: Repository):
    found = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8", "--json").json

    assert list(found) == [
        *("schema", "path", "good", "bad", "rule", "commits", "at_most", "evaluations"),
        *("calls", "trials", "suspects", "culprit"),
    ]
    assert list(found["culprit"]) == [
        *("commit", "author", "subject", "before", "after", "files", "measured", "undo"),
    ]
    assert found["at_most"] == 5
    assert found["rule"] == {"case": None, "metric": None, "threshold": None, "margin": 0.05}
    assert found["trials"][0] == {
        "commit": broken_at_5.git("rev-parse", "HEAD~8"),
        "mark": "good",
        "value": 1.0,
        "why": "",
        "calls": 3,
    }


def test_a_spent_budget_ends_it_and_more_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    worse = SORTER.replace("pear means fruit", "pear means tool")
    texts = [noted(worse if n >= 5 else SORTER, n) for n in range(9)]
    repository = a_history(tmp_path, texts, files=CONFIG)
    words = ("bisect", "sort", "--good", "HEAD~8")

    with a_clerk(monkeypatch) as server:
        stopped = promptgit(repository, *words, "--budget", "7calls")
        paid = server.calls
        done = promptgit(repository, *words, "--json")

    assert stopped.code == 3
    assert "commits are suspected still" in stopped.err
    assert paid == 7
    assert done.json["culprit"]["subject"] == "text 5"
    assert server.calls <= 5 * 3


def test_a_provider_that_is_down_ends_it_and_accuses_nobody(
    broken_at_5: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

    said = promptgit(broken_at_5, "bisect", "sort", "--good", "HEAD~8", "--model", "gpt-test")

    assert said.code == 3
    assert said.out == ""


def test_git_bisect_run_finds_the_same_commit(broken_at_5: Repository):
    program = [sys.executable, "-m", "promptgit.cli.main", "-q", "bisect", "sort", "--run"]
    broken_at_5.git("bisect", "start", "HEAD", "HEAD~8", "--", PATH)

    said = broken_at_5.git("bisect", "run", *program, "--case", "pear", "--threshold", "1")

    culprit = promptgit(
        broken_at_5, "bisect", "sort", "--bad", "main", "--good", "main~8", "--json"
    )
    assert f"{culprit.json['culprit']['commit']} is the first bad commit" in said


@pytest.mark.parametrize(
    ("text", "code"), [(RIGHT, 0), (WRONG, 1), (BROKEN, 125), ("{{ nothing }}\n", 125)]
)
def test_run_answers_in_the_exit_codes_of_git_bisect(tmp_path: Path, text: str, code: int):
    repository = a_history(tmp_path, [noted(RIGHT, 0), text])

    for words in (["--threshold", "1"], ["--good", "HEAD~1"]):
        assert promptgit(repository, "bisect", "sort", "--run", *words).code == code


def test_run_without_a_prompt_ends_a_bisect_rather_than_calling_it_bad(tmp_path: Path):
    repository = a_history(tmp_path, [RIGHT])

    said = promptgit(repository, "bisect", "none", "--run", "--threshold", "1")

    assert said.code == 128


def test_no_process_is_started_per_commit_to_read_the_history(tmp_path: Path):
    repository = a_history(tmp_path, [noted(RIGHT, n) for n in range(40)])

    with programs_started() as for_two:
        promptgit(repository, "bisect", "sort", "--good", "HEAD~2", "--dry-run")
    with programs_started() as for_forty:
        said = promptgit(repository, "bisect", "sort", "--good", "HEAD~39", "--dry-run")

    assert said.code == 0
    assert len(for_two) == len(for_forty)
