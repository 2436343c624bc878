"""log, show, diff, blame, revert, verify and sync, as typed, in real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.terminal import promptgit
from history.shelf import (
    BEST,
    BETTER,
    FIRST_STEP,
    HALF,
    MOST,
    PATH,
    SECOND_STEP,
    SEED,
    ZERO,
    a_claim,
    a_shelf,
    an_evaluation,
    compared,
    evaluated,
)
from promptgit.cli.main import SECTIONS, cli
from promptgit.core.evidence import joins
from promptgit.core.trailers import find
from promptgit.edges.git import Git
from promptgit.edges.records import REF, Records
from promptgit.testing.repositories import Repository, a_repository

COMMANDS = tuple(SECTIONS["History"])


def keep(repository: Repository) -> Repository:
    """Put the evidence of SEED → BETTER → BEST into the repository's records."""
    records = a_shelf().records.values()
    kept = [(record, joins(record)) for record in records]
    Records(Git.discover(repository.path)).put_many(kept)
    return repository


@pytest.fixture
def improved(tmp_path: Path) -> Repository:
    repository = a_repository(tmp_path / "improved", {PATH: SEED, "notes.txt": "1\n"})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.commit({PATH: BEST}, a_claim(SECOND_STEP))
    return keep(repository)


@pytest.fixture
def spacious(tmp_path: Path) -> Repository:
    """A prompt whose two changes are far apart, so that either can be taken back alone."""
    lines = [f"Rule {number}.\n\n" for number in range(6)]
    repository = a_repository(tmp_path / "spacious", {PATH: "".join(lines)})
    lines[0] = "Rule zero.\n\n"
    repository.commit({PATH: "".join(lines)}, "improve(reply): zero\n")
    lines[5] = "Rule five.\n\n"
    repository.commit({PATH: "".join(lines)}, "improve(reply): five\n")
    return repository


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_the_keys_of_its_json(name: str, tmp_path: Path):
    said = promptgit(tmp_path, name, "--help")

    assert said.code == 0
    assert f"promptgit {name}" in said.out
    assert "JSON: {schema" in said.out
    command = cli.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.short_help == SECTIONS["History"][name]


@pytest.mark.parametrize("name", COMMANDS)
def test_outside_a_repository_the_user_is_told(name: str, tmp_path: Path):
    words = {
        "show": ["HEAD"],
        "diff": ["A", "B"],
        "blame": ["p.md"],
        "bisect": ["p.md", "--good", "A"],
        "revert": ["HEAD"],
    }

    said = promptgit(tmp_path, name, *words.get(name, []))

    assert said.code == 2
    assert "hint: " in said.err


def test_log_shows_evidence_scores_flips_and_subject(improved: Repository):
    said = promptgit(improved, "log", PATH)

    assert said.code == 0
    assert [line.split(maxsplit=2)[2] for line in said.lines] == [
        "confirmed    0.500 -> 0.750  +1 -0     sealed n=4      improve(reply): say it",
        "confirmed    0.000 -> 0.500  +2 -0     sealed n=4      improve(reply): say it",
        "evaluated    0.000                     sealed n=4      first",
    ]


@pytest.fixture
def chain(tmp_path: Path) -> Repository:
    """SEED → BETTER → BEST as a run leaves them: screened each, and confirmed as a whole."""
    sides = {
        text: an_evaluation(text, scores)
        for text, scores in ((SEED, ZERO * 2), (BETTER, HALF * 2), (BEST, MOST * 2))
    }
    first = compared(sides[SEED], sides[BETTER], stage="screening", half="search")
    second = compared(sides[BETTER], sides[BEST], stage="screening", half="search")
    whole = compared(an_evaluation(SEED, ZERO), an_evaluation(BEST, [1.0, 1.0, 1.0, 1.0]))
    repository = a_repository(tmp_path / "chain", {PATH: SEED})
    start = repository.head
    repository.commit({PATH: BETTER}, a_claim(first))
    base = sides[BETTER].prompt.blob
    repository.commit({PATH: BEST}, a_claim(whole, Prompt_Base=base, Eval_Against=start))
    kept = [(record, joins(record)) for record in (first, second, whole)]
    Records(Git.discover(repository.path)).put_many(kept)
    return repository


WHOLE_RUN = "whole run: 0.000 -> 1.000  +4 -0  sealed n=4 (2 steps)"


def test_log_tells_the_last_step_of_a_run_from_the_whole_run(chain: Repository):
    said = promptgit(chain, "log", PATH)

    assert [line[24:].rstrip() for line in said.lines] == [
        "confirmed    0.500 -> 0.750  +2 -0     search n=8      improve(reply): say it",
        WHOLE_RUN,
        "screening    0.000 -> 0.500  +4 -0     search n=8      improve(reply): say it",
        "evaluated    0.000                     search n=8      first",
    ]
    newest = promptgit(chain, "log", PATH, "--json").json["commits"][0]
    assert (newest["half"], newest["whole_run"]["half"]) == ("search", "sealed")
    assert (newest["whole_run"]["score"], newest["whole_run"]["steps"]) == (1.0, 2)


def test_blame_credits_a_line_with_its_own_step_only(chain: Repository):
    said = promptgit(chain, "blame", PATH)

    assert said.lines[2].split(maxsplit=1)[1] == (
        "confirmed    0.500 -> 0.750  +2 -0     search n=8    3  Ask first."
    )
    assert said.lines[3:] == ["", f"{chain.head[:10]}  {WHOLE_RUN}"]


def test_a_confirmed_gain_that_goes_is_called_so_and_not_confirmed(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BETTER}, a_claim(FIRST_STEP))
    repository.git("revert", "--no-edit", "HEAD")
    keep(repository)

    shown, compared_ = (promptgit(repository, *words) for words in (["show"], ["diff", "@^", "@"]))

    assert "evaluated (" in shown.out
    assert "takes back a gain that was confirmed" in shown.out
    for said in (shown, compared_):
        assert "(sealed, n=4), confirmed the other way round" in said.out


def test_show_and_diff_agree_on_what_the_last_step_of_a_run_bought(chain: Repository):
    shown = promptgit(chain, "show", "HEAD")
    compared_texts = promptgit(chain, "diff", "HEAD~1", "HEAD")

    step = "  score     0.500 -> 0.750  +0.250"
    assert f"{PATH}: confirmed" in shown.out
    assert "  this step: 0.500 -> 0.750  +2 -0  search n=8" in shown.lines
    assert f"  {WHOLE_RUN}" in shown.lines
    assert step in shown.lines
    assert step in compared_texts.lines
    assert promptgit(chain, "verify", "--strict").code == 0


def test_revert_says_on_which_cases_the_score_that_comes_back_is(chain: Repository):
    said = promptgit(chain, "revert", "HEAD", "--dry-run")

    assert "the score that comes back: 0.750 -> 0.500  search n=8" in said.lines


def test_going_back_to_a_confirmed_text_is_confirmed_whatever_it_is_compared_with(
    chain: Repository,
):
    tip = chain.head
    chain.commit({PATH: SEED}, "start over\n")
    chain.commit({PATH: BETTER}, "half way\n")

    said = promptgit(chain, "revert", "--to", tip, PATH, "--json")

    assert (said.json["evidence"], said.json["half"], said.json["n"]) == ("confirmed", "search", 8)
    assert "confirmed    0.500 -> 0.750" in promptgit(chain, "log", PATH).lines[0]


def test_log_finds_a_prompt_by_its_name_and_from_below(improved: Repository):
    by_path = promptgit(improved, "log", PATH)

    assert promptgit(improved, "log", "reply").out == by_path.out
    assert promptgit(improved.path / "prompts", "log", "reply.md").out == by_path.out
    assert promptgit(improved, "log", str(improved.path / PATH)).out == by_path.out


def test_log_without_a_prompt_lists_all_of_them_with_their_paths(improved: Repository):
    improved.commit({"prompts/ask.md": "Ask.\n"}, "another\n")
    improved.commit({"notes.txt": "2\n"}, "no prompt\n")

    said = promptgit(improved, "log", "--json")

    found = [(one["subject"], one["path"]) for one in said.json["commits"]]
    assert found == [
        ("another", "prompts/ask.md"),
        ("improve(reply): say it", PATH),
        ("improve(reply): say it", PATH),
        ("first", PATH),
    ]


def test_log_json_has_the_documented_keys(improved: Repository):
    said = promptgit(improved, "log", PATH, "--json", "-n", "1")

    assert set(said.json) == {"schema", "complete", "commits"}
    (newest,) = said.json["commits"]
    assert newest == {
        "commit": improved.head,
        "parents": [improved.git("rev-parse", "HEAD~1")],
        "when": "2026-01-02T03:04:05+00:00",
        "author": "Ada Example",
        "subject": "improve(reply): say it",
        "path": PATH,
        "blob": improved.blob(PATH),
        "was": improved.blob(PATH, "HEAD~1"),
        "evidence": "confirmed",
        "score": 0.75,
        "before": 0.5,
        "n": 4,
        "fixed": 1,
        "broke": 0,
        "record": SECOND_STEP.digest,
        "problem": "",
        "steps": [],
        "half": "sealed",
        "whole_run": None,
        "terms": newest["terms"],
        "takes_back": False,
    }
    assert len(newest["terms"]) == 16


def test_log_shows_changes_of_what_a_prompt_includes(tmp_path: Path):
    text = '{% include "persona.md" %}\nBe kind.\n'
    files = {PATH: text, "prompts/persona.md": '{% include "a.md" %}', "prompts/a.md": "A\n"}
    repository = a_repository(tmp_path, files)
    repository.commit({"prompts/a.md": "B\n"}, "the letter\n")

    said = promptgit(repository, "log", PATH, "--json")

    newest, first = said.json["commits"]
    assert (newest["subject"], first["subject"]) == ("the letter", "first")
    assert newest["blob"] == newest["was"] == first["blob"]


def test_log_in_a_shallow_clone_says_what_it_cannot_see(improved: Repository, tmp_path: Path):
    improved.git("clone", "--quiet", "--depth=1", improved.path.as_uri(), str(tmp_path / "clone"))

    said = promptgit(tmp_path / "clone", "log", PATH)

    assert said.code == 3
    assert "incomplete-history" in said.lines[0]
    assert "shallow" in said.lines[-1]
    assert promptgit(tmp_path / "clone", "log", PATH, "--json").json["complete"] is False


def test_incomplete_history_leaves_the_columns_of_log_in_line(chain: Repository, tmp_path: Path):
    chain.git("clone", "--quiet", "--depth=2", chain.path.as_uri(), str(tmp_path / "clone"))

    first, second = promptgit(tmp_path / "clone", "log", PATH).lines[:2]

    assert "incomplete-history" in second
    assert first.index("0.") == second.index("0.")


def test_log_of_what_a_shallow_clone_has_is_complete(improved: Repository, tmp_path: Path):
    improved.git("clone", "--quiet", "--depth=2", improved.path.as_uri(), str(tmp_path / "clone"))

    said = promptgit(tmp_path / "clone", "log", PATH, "-n", "1")

    assert said.code == 0
    assert len(said.lines) == 1


def test_log_works_in_a_partial_clone_and_refuses_a_treeless_one(
    improved: Repository, tmp_path: Path
):
    improved.git("config", "uploadpack.allowFilter", "true")
    url = improved.path.as_uri()
    improved.git("clone", "--quiet", "--filter=blob:none", url, str(tmp_path / "blobless"))
    improved.git("clone", "--quiet", "--filter=tree:0", url, str(tmp_path / "treeless"))

    assert len(promptgit(tmp_path / "blobless", "log", PATH).lines) == 3
    treeless = promptgit(tmp_path / "treeless", "log", PATH)
    assert treeless.code == 3
    assert "--refetch" in treeless.err


def test_log_of_a_path_that_never_was_is_an_error(improved: Repository):
    said = promptgit(improved, "log", "prompts/none.md")

    assert said.code == 2
    assert "no commit" in said.err


@pytest.mark.parametrize("name", ["log", "verify"])
def test_history_works_in_a_bare_repository(name: str, improved: Repository, tmp_path: Path):
    improved.git("clone", "--quiet", "--bare", str(improved.path), str(tmp_path / "bare.git"))

    said = promptgit(tmp_path / "bare.git", name, *([PATH] if name == "log" else []))

    assert said.code == 0
    assert "claimed" in said.out


def test_history_works_with_sha256_ids(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED}, object_format="sha256")
    repository.commit({PATH: BETTER})
    record = evaluated(an_evaluation(BETTER, HALF))
    body = json.loads(record.data)
    body["prompt"]["blob"] = repository.blob(PATH)
    record = type(record)(body)
    Records(Git.discover(repository.path)).put(record, joins(record))

    said = promptgit(repository, "log", PATH, "--json")

    assert [one["score"] for one in said.json["commits"]] == [0.5, None]


def test_a_hostile_subject_does_not_reach_the_terminal(improved: Repository):
    improved.commit({PATH: SEED}, "red\x1b[31m \u202egnp.exe\n")

    said = promptgit(improved, "log", PATH)

    assert "\x1b" not in said.out
    assert "\u202e" not in said.out


def test_show_has_message_evidence_metrics_flips_and_words(improved: Repository):
    said = promptgit(improved, "show", "HEAD")

    assert said.code == 0
    for words in (
        "    Why it is better.",
        f"{PATH}: confirmed",
        "  contains  0.500 -> 0.750",
        "Fixed: 1 case",
        "    before: brief. to c2",
        "    after:  first. to c2",
        "  {+Ask first.+}",
    ):
        assert words in said.out


def test_show_json_has_the_documented_keys(improved: Repository):
    said = promptgit(improved, "show", "HEAD", PATH, "--json")

    assert set(said.json) == {"schema", "commit", "message", "prompts"}
    (shown,) = said.json["prompts"]
    assert shown["words"][-1] == [["added", "Ask first."]]
    assert set(shown["measured"]) == {
        *("score", "n", "metrics", "fixed", "broke", "cases", "half", "stage", "records"),
        "backwards",
    }
    assert shown["measured"]["fixed"][0] == {
        "case": "c2",
        "before": 0.0,
        "after": 1.0,
        "output_before": "brief. to c2",
        "output_after": "first. to c2",
        "why_before": "contains: said",
        "why_after": "",
    }


def test_show_without_a_revision_shows_the_newest_commit(improved: Repository):
    assert promptgit(improved, "show").out == promptgit(improved, "show", "HEAD").out


def test_show_of_a_commit_without_prompts_says_so(improved: Repository):
    improved.commit({"notes.txt": "2\n"}, "notes\n")

    assert "changes no prompt" in promptgit(improved, "show", "HEAD").out
    assert promptgit(improved, "show", "HEAD", PATH).code == 2


def test_diff_shows_words_metrics_and_flips(improved: Repository):
    said = promptgit(improved, "diff", "HEAD", "HEAD~2", PATH)

    assert said.code == 0
    for words in ("  [-Be brief.-]", "score     0.750 -> 0.000  -0.750", "Broke: 3 cases"):
        assert words in said.out


def test_diff_of_equal_texts_says_so(improved: Repository):
    improved.commit({"notes.txt": "2\n"}, "notes\n")

    assert promptgit(improved, "diff", "HEAD~1", "HEAD").out == "no difference\n"


def test_diff_follows_a_rename(improved: Repository):
    improved.git("mv", PATH, "prompts/answer.md")
    improved.git("commit", "--quiet", "-m", "move")

    said = promptgit(improved, "diff", "HEAD~2", "HEAD", "prompts/answer.md", "--json")

    (changed,) = said.json["prompts"]
    assert (changed["old_path"], changed["path"]) == (PATH, "prompts/answer.md")
    assert changed["measured"]["score"] == {"before": 0.5, "after": 0.75}


def test_blame_says_what_each_line_bought(improved: Repository):
    said = promptgit(improved, "blame", PATH)

    assert [line.split(maxsplit=1)[1] for line in said.lines] == [
        "evaluated    0.000                     sealed n=4    1  Be kind.",
        "confirmed    0.000 -> 0.500  +2 -0     sealed n=4    2  Be brief.",
        "confirmed    0.500 -> 0.750  +1 -0     sealed n=4    3  Ask first.",
    ]


def test_blame_of_an_older_revision(improved: Repository):
    said = promptgit(improved, "blame", PATH, "HEAD~1", "--json")

    assert [line["text"] for line in said.json["lines"]] == ["Be kind.", "Be brief."]
    newest = said.json["commits"][said.json["lines"][1]["commit"]]
    assert newest["score"] == 0.5


def test_revert_brings_the_text_and_its_known_score_back(improved: Repository):
    said = promptgit(improved, "revert", "HEAD", PATH)

    assert said.code == 0, said.err
    assert (improved.path / PATH).read_text(encoding="utf-8") == BETTER
    assert improved.status() == ""
    trailers = dict(find(improved.message()))
    assert trailers["Reverts"] == improved.git("rev-parse", "HEAD~1")
    assert trailers["Prompt-Blob"] == improved.blob(PATH)
    assert trailers["Eval-Score"] == "0.7500 -> 0.5000 n=4"
    assert promptgit(improved, "verify").code == 0
    assert "0.750 -> 0.500  +0 -1" in promptgit(improved, "log", PATH).lines[0]


def test_revert_keeps_later_changes_elsewhere_in_the_text(spacious: Repository):
    said = promptgit(spacious, "revert", "HEAD~1")

    assert said.code == 0, said.err
    text = (spacious.path / PATH).read_text(encoding="utf-8")
    assert "Rule 0." in text
    assert "Rule five." in text
    assert spacious.git("log", "-1", "--format=%s") == "revert(reply): zero"


def test_revert_of_conflicting_changes_writes_nothing_and_offers_the_way(improved: Repository):
    improved.commit({PATH: "Be kind.\nBe terse.\nAsk first.\n"}, "terse\n")
    head = improved.head

    said = promptgit(improved, "revert", "HEAD~2", PATH)

    assert said.code == 2
    assert f"promptgit revert --to {improved.git('rev-parse', 'HEAD~2')[:12]}^ {PATH}" in said.err
    assert improved.head == head
    assert improved.status() == ""
    assert "<<<<" not in (improved.path / PATH).read_text(encoding="utf-8")


def test_revert_to_goes_back_and_names_what_is_dropped(improved: Repository):
    dropped = improved.head[:12]

    said = promptgit(improved, "revert", "--to", "HEAD~1", PATH)

    assert said.code == 0, said.err
    assert (improved.path / PATH).read_text(encoding="utf-8") == BETTER
    assert "1 later change goes too" in said.out
    assert dropped in improved.message()


@pytest.mark.parametrize(
    ("words", "type_this"),
    [
        (("HEAD", "--to", "HEAD~1"), "promptgit revert --to HEAD~1`"),
        (("HEAD", "--to", "HEAD~1", PATH), f"promptgit revert --to HEAD~1 {PATH}`"),
        (("--to", "HEAD", "HEAD~1"), "promptgit revert --to HEAD~1`"),
        (("HEAD", "HEAD~1"), "promptgit revert --to HEAD~1`"),
        ((PATH, "--to", "HEAD~1"), f"promptgit revert --to HEAD~1 {PATH}`"),
        ((PATH, "HEAD~1"), f"promptgit revert HEAD~1 {PATH}`"),
        ((PATH,), f"promptgit revert REV {PATH}`"),
        (("HEAD", PATH, "prompts/other.md"), "again for each"),
    ],
)
def test_revert_with_its_words_in_disorder_says_what_to_type(
    improved: Repository, words: tuple[str, ...], type_this: str
):
    head = improved.head

    said = promptgit(improved, "revert", *words)

    assert said.code == 2
    assert type_this in said.err
    assert improved.head == head


def test_revert_to_a_time_before_a_rename(improved: Repository):
    improved.git("mv", PATH, "prompts/answer.md")
    improved.git("commit", "--quiet", "-m", "move")

    said = promptgit(improved, "revert", "--to", "HEAD~2", "prompts/answer.md")

    assert said.code == 0, said.err
    assert (improved.path / "prompts/answer.md").read_text(encoding="utf-8") == BETTER


def test_a_dry_run_of_revert_changes_nothing(improved: Repository):
    head = improved.head

    said = promptgit(improved, "revert", "HEAD", "--dry-run", "--json")

    assert said.code == 0
    assert improved.head == head
    assert said.json["commit"] is None
    assert said.json["score"] == 0.5
    assert "-Ask first." in said.json["diff"]
    assert said.json["drops"] == []


def test_revert_refuses_a_prompt_with_changes_that_are_not_committed(improved: Repository):
    improved.write({PATH: "My own words.\n"})

    said = promptgit(improved, "revert", "HEAD", PATH)

    assert said.code == 2
    assert (improved.path / PATH).read_text(encoding="utf-8") == "My own words.\n"


def test_revert_to_a_branch_leaves_the_work_tree_alone(improved: Repository):
    improved.write({PATH: "My own words.\n"})

    said = promptgit(improved, "revert", "HEAD", PATH, "--branch", "back")

    assert said.code == 0, said.err
    assert improved.git("cat-file", "blob", f"back:{PATH}") + "\n" == BETTER
    assert (improved.path / PATH).read_text(encoding="utf-8") == "My own words.\n"


def test_revert_is_refused_where_a_shallow_clone_lacks_the_parent(
    improved: Repository, tmp_path: Path
):
    improved.git("clone", "--quiet", "--depth=1", improved.path.as_uri(), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")

    said = promptgit(clone, "revert", "HEAD", PATH)

    assert said.code == 3
    assert "delete every file" in said.err
    assert clone.status() == ""


def test_revert_asks_which_prompt_when_a_commit_changed_several(improved: Repository):
    improved.commit({PATH: SEED, "prompts/ask.md": "Ask.\n"}, "both\n")

    said = promptgit(improved, "revert", "HEAD")

    assert said.code == 2
    assert "prompts/ask.md" in said.err


def test_revert_of_a_commit_of_another_branch_names_that_branch(improved: Repository):
    improved.git("checkout", "--quiet", "-b", "side")
    improved.commit({PATH: "Be kind.\nBe terse.\nAsk first.\n"}, "terse\n")
    elsewhere = improved.git("rev-parse", "--short=12", "HEAD")
    improved.git("checkout", "--quiet", "main")

    said = promptgit(improved, "revert", "side", PATH)

    assert said.code == 2
    assert f"{elsewhere} is not in main" in said.err
    assert "--branch side" in said.err
    assert "git switch side" in said.err
    assert promptgit(improved, "revert", "side", PATH, "--branch", "side").code == 0


def test_revert_of_a_commit_that_is_on_no_branch_says_so(improved: Repository):
    improved.git("checkout", "--quiet", "--detach")
    improved.commit({PATH: "Be kind.\nBe terse.\nAsk first.\n"}, "terse\n")
    lost = improved.head
    improved.git("checkout", "--quiet", "main")
    improved.git("checkout", "--quiet", "--detach", "main")

    said = promptgit(improved, "revert", lost, PATH)

    assert said.code == 2
    assert f"{lost[:12]} is not in HEAD" in said.err
    assert "--to" in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["HEAD~2", PATH], "added"),
        (["--to", "HEAD", PATH], "would not change"),
        (["HEAD", "prompts/none.md"], "there is no 'prompts/none.md'"),
        (["nowhere"], "no commit called 'nowhere'"),
        (["--output=/dev/null"], "No such option"),
    ],
)
def test_revert_says_what_cannot_be_reverted(improved: Repository, words: list[str], why: str):
    said = promptgit(improved, "revert", *words)

    assert said.code == 2
    assert why in said.err


def test_verify_says_ok_for_honest_claims(improved: Repository):
    said = promptgit(improved, "verify")

    assert said.code == 0
    assert said.lines[-1] == "2 claims: 2 ok"


def test_verify_fails_on_a_forged_number(improved: Repository):
    improved.commit({PATH: BETTER}, a_claim(FIRST_STEP, Eval_Score="0.0000 -> 0.9900 n=4"))

    said = promptgit(improved, "verify", "HEAD~1..HEAD", "--json")

    assert said.code == 1
    assert said.json["counts"]["mismatch"] == 1
    assert set(said.json) == {"schema", "complete", "counts", "claims", "broken"}


def test_verify_leaves_claims_without_records_alone_unless_strict(improved: Repository):
    improved.git("update-ref", "-d", REF)

    assert promptgit(improved, "verify").code == 0
    assert promptgit(improved, "verify", "--strict").code == 1
    assert "claimed" in promptgit(improved, "log", PATH).lines[0]


def spoil(repository: Repository, path: str, content: str) -> None:
    """Overwrite a file in the records, as somebody with push rights could."""
    blob = repository.git("hash-object", "-w", "--stdin", stdin=content)
    index = {"GIT_INDEX_FILE": str(repository.path / ".git" / "spoiled")}
    repository.git("read-tree", REF, environment=index)
    entry = f"100644,{blob},{path}"
    repository.git("update-index", "--add", "--cacheinfo", entry, environment=index)
    tree = repository.git("write-tree", environment=index)
    made = repository.git("commit-tree", tree, "-m", "spoil")
    repository.git("update-ref", REF, made)


@pytest.mark.parametrize("content", ["{}", '{"schema":1', "", SECOND_STEP.data.decode()])
def test_an_overwritten_record_is_reported_and_never_green(improved: Repository, content: str):
    digest = FIRST_STEP.digest
    spoil(improved, f"{digest[:2]}/{digest}.json", content)
    spoil(
        improved,
        f"by-blob/{improved.blob(PATH, 'HEAD~1')[:2]}/{improved.blob(PATH, 'HEAD~1')}/{digest}",
        content,
    )

    log = promptgit(improved, "log", PATH, "--json").json["commits"][1]
    verify = promptgit(improved, "verify")

    assert log["evidence"] != "confirmed"
    assert digest[:12] in log["problem"]
    assert verify.code == 1
    assert "altered" in verify.out


def test_verify_refuses_three_dots(improved: Repository):
    said = promptgit(improved, "verify", "HEAD~1...HEAD")

    assert said.code == 2
    assert "HEAD~1..HEAD" in said.err


def test_verify_of_a_shallow_clone_is_incomplete(improved: Repository, tmp_path: Path):
    improved.git("clone", "--quiet", "--depth=1", improved.path.as_uri(), str(tmp_path / "clone"))

    assert promptgit(tmp_path / "clone", "verify").code == 3


@pytest.fixture
def remote(improved: Repository, tmp_path: Path) -> Path:
    path = tmp_path / "remote.git"
    improved.git("clone", "--quiet", "--bare", improved.path.as_uri(), str(path))
    improved.git("remote", "add", "origin", str(path))
    return path


def a_clone(remote: Path, name: str) -> Repository:
    """A clone with nothing in its records yet."""
    clone = Repository(remote.parent / name)
    Repository(remote).git("clone", "--quiet", str(remote), str(clone.path))
    for key, value in (("user.name", "Bo"), ("user.email", "bo@example.com")):
        clone.git("config", key, value)
    return clone


def test_sync_brings_evidence_to_another_clone(improved: Repository, remote: Path):
    assert promptgit(improved, "sync").code == 0
    clone = a_clone(remote, "clone")
    assert "claimed" in promptgit(clone, "log", PATH).lines[0]

    said = promptgit(clone, "sync", "--json")

    assert said.json["received"] == 5
    assert promptgit(clone, "log", PATH).out == promptgit(improved, "log", PATH).out


def test_sync_without_outputs_sends_scores_but_no_answers(improved: Repository, remote: Path):
    said = promptgit(improved, "sync", "--no-outputs", "--json")

    assert said.json["withheld"] == 3
    clone = a_clone(remote, "clone")
    promptgit(clone, "sync")
    assert promptgit(clone, "verify", "--strict").code == 0
    assert "0.500 -> 0.750  +1 -0" in promptgit(clone, "log", PATH).lines[0]
    everything = Repository(remote).git("cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert "first. to c2" not in everything


def test_sync_without_outputs_takes_nothing_away_from_others(improved: Repository, remote: Path):
    promptgit(improved, "sync")
    before = Records(Git.discover(remote)).all_digests()
    more = evaluated(an_evaluation(SEED, MOST), outputs=False)
    Records(Git.discover(improved.path)).put(more, joins(more))

    said = promptgit(improved, "sync", "--no-outputs", "--json")

    assert said.json["withheld"] == 0
    assert set(Records(Git.discover(remote)).all_digests()) == {*before, more.digest}


def test_records_that_diverged_are_joined_on_both_sides(improved: Repository, remote: Path):
    promptgit(improved, "sync")
    clone = a_clone(remote, "clone")
    promptgit(clone, "sync")
    ours, theirs = (evaluated(an_evaluation(text, MOST)) for text in (SEED, BETTER))
    Records(Git.discover(improved.path)).put(ours, joins(ours))
    Records(Git.discover(clone.path)).put(theirs, joins(theirs))

    for repository in (improved, clone, improved):
        assert promptgit(repository, "sync", "--no-outputs").code == 0
        assert promptgit(repository, "sync").code == 0

    digests = [Records(Git.discover(one.path)).all_digests() for one in (improved, clone)]
    assert digests[0] == digests[1]
    assert {ours.digest, theirs.digest} <= set(digests[0])


def test_of_a_run_the_commits_travel_and_it_is_said_that_its_story_stays(
    improved: Repository, remote: Path
):
    improved.git("update-ref", "refs/promptgit/runs/20260101T000000Z-aaaa", "HEAD")
    sent = promptgit(improved, "sync")
    clone = a_clone(remote, "clone")
    before = promptgit(clone, "runs")

    planned, done = promptgit(clone, "sync", "-n"), promptgit(clone, "sync")

    assert "20260101T000000Z-aaaa: only there (the commits of a run" in planned.out
    assert "5 records received, and the commits of 1 run" in done.out
    assert "stays where it ran" in done.out
    assert before.out == "no run yet: promptgit improve PROMPT makes one\n"
    assert promptgit(clone, "runs").out.startswith("no run was made here")
    assert sent.lines[-1] == "origin has all evidence that is here"


def test_what_sync_kept_here_is_counted(improved: Repository, remote: Path):
    said = promptgit(improved, "sync", "--no-outputs")

    assert said.lines[-1] == (
        "origin has all evidence that is here, but for 3 records with model outputs"
    )


def test_a_dry_run_of_sync_moves_nothing(improved: Repository, remote: Path):
    said = promptgit(improved, "sync", "--dry-run", "--json")

    assert [one["ref"] for one in said.json["differing"]] == [REF]
    assert (said.json["records"], said.json["with_outputs"]) == (5, 3)
    assert Repository(remote).git("for-each-ref", "refs/promptgit/") == ""


def test_sync_that_may_only_fetch_sends_nothing(improved: Repository, remote: Path):
    assert promptgit(improved, "sync", "--no-push").code == 0

    assert Repository(remote).git("for-each-ref", "refs/promptgit/") == ""


@pytest.mark.parametrize("remote", ["nowhere", "-x", "ext::sh -c true"])
@pytest.mark.parametrize("options", [[], ["--no-outputs"], ["--dry-run"]])
def test_an_unknown_remote_is_refused(improved: Repository, remote: str, options: list[str]):
    said = promptgit(improved, "sync", *options, "--", remote)

    assert said.code in (2, 3)
    assert "hint: " in said.err


def test_a_plain_git_revert_shows_the_restored_score(improved: Repository):
    improved.git("revert", "--no-edit", "HEAD")

    said = promptgit(improved, "log", PATH)

    assert "confirmed    0.750 -> 0.500  +0 -1" in said.lines[0]


def test_evidence_without_any_trailer_is_found(tmp_path: Path):
    repository = a_repository(tmp_path, {PATH: SEED})
    repository.commit({PATH: BEST}, "Better replies (#12)\n")

    said = promptgit(keep(repository), "log", PATH, "--json")

    assert [(one["evidence"], one["score"]) for one in said.json["commits"]] == [
        ("confirmed", 0.75),
        ("evaluated", 0.0),
    ]
