"""`promptgit check`: its forms, its exit codes, and where its reports go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cli.terminal import PROMPT, a_clerk, an_office, promptgit
from cli.test_check import ALL, ASSERT, CASES, EVAL, WORSE
from promptgit.testing.repositories import Repository, a_repository

FORMS = ("text", "markdown", "github", "json", "junit", "sarif", "html")
BETTER_SAID = ALL.replace("Sort the message.", "Sort this message.")
FILES = {PROMPT: ALL, EVAL: ASSERT, "promptgit.yaml": "model: m\n"}


@pytest.fixture
def office(tmp_path):
    """A repository whose prompt knows everything, and a branch to change it on."""
    repository = an_office(tmp_path / "office", FILES)
    repository.git("switch", "-q", "-c", "change")
    return repository


@pytest.fixture
def clerk(monkeypatch):
    with a_clerk(monkeypatch) as server:
        yield server


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "promptgit.cli.main", *words]


def told(form: str, text: str) -> str:
    """The verdict as a reader of the form finds it."""
    match form:
        case "json":
            return json.loads(text)["verdict"]
        case "junit":
            (verdict,) = list(ET.fromstring(text.encode()).iter("testcase"))[:1]
            return next((child.tag for child in verdict), "passed")
        case "sarif":
            results = json.loads(text)["runs"][0]["results"]
            return results[0]["ruleId"] if results else ""
        case _:
            return text


VERDICTS = {
    "PASS": ("PASS", "passed", "", 0),
    "REGRESSION": ("REGRESSION", "failure", "regression", 1),
    "INCONCLUSIVE": ("INCONCLUSIVE", "skipped", "inconclusive", 0),
    "INVALID": ("INVALID", "error", "invalid", 3),
}


def changed(repository: Repository, verdict: str) -> tuple[str, ...]:
    """Commit a change that gets the verdict; return what else to type."""
    match verdict:
        case "PASS":
            repository.commit({PROMPT: BETTER_SAID})
        case "REGRESSION":
            repository.commit({PROMPT: WORSE})
        case "INCONCLUSIVE":
            repository.commit({PROMPT: BETTER_SAID})
            return ("--margin", "0.01")
        case _:
            repository.commit({PROMPT: ALL + "{{ nobody_fills_this }}\n"})
    return ()


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_form_tells_every_verdict(office, clerk, verdict):
    words = ("-q", "check", *changed(office, verdict))
    sentence, junit, sarif, code = VERDICTS[verdict]
    expected = {"json": verdict, "junit": junit, "sarif": sarif}

    for form in FORMS:
        said = promptgit(office, *words, "--format", form)

        found = told(form, said.out)
        assert (form, said.code) == (form, code)
        if form in expected:
            assert found == expected[form]
        else:
            assert verdict in found or sentence in found


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_of_a_change_that_concerns_no_prompt(office, form):
    office.commit({"README.md": "# Office\n"})

    said = promptgit(office, "-q", "check", "--format", form)

    assert said.code == 0
    if form in ("text", "markdown", "html"):
        assert "The change concerns no prompt." in said.out


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_of_a_new_prompt_and_of_a_deleted_one(office, form):
    office.commit({"prompts/other.md": "Say hello.\n"})
    new = promptgit(office, "-q", "check", "--format", form)
    office.git("rm", "-q", PROMPT, EVAL, CASES)
    office.git("commit", "-q", "-m", "no more sorting")
    deleted = promptgit(office, "-q", "check", "HEAD~1", "--format", form)

    assert (new.code, deleted.code) == (0, 0)
    if form != "sarif":  # which lists what is to be mended
        assert "prompts/other.md" in new.out
        assert PROMPT in deleted.out


def test_strict_says_that_what_is_not_settled_fails(office, clerk):
    words = ("-q", "check", *changed(office, "INCONCLUSIVE"), "--strict")

    markdown = promptgit(office, *words, "--format", "markdown")
    github = promptgit(office, *words, "--format", "github")

    assert (markdown.code, github.code) == (5, 5)
    assert "undecided, which fails here." in markdown.out
    assert github.out.startswith("::error ")


def test_reports_are_written_beside_the_screen_each_in_the_form_of_its_name(office, clerk):
    office.commit({PROMPT: WORSE})
    names = ("out/a.md", "out/b.json", "out/c.xml", "out/d.sarif", "out/e.html", "out/f.txt")
    words = [word for name in names for word in ("--report", name)]

    said = promptgit(office, "-q", "check", *words)

    assert said.code == 1
    assert "REGRESSION" in said.out
    starts = ("## ", "{", "<?xml", "{", "<!doctype", "prompts/sort.md")
    for name, start in zip(names, starts, strict=True):
        assert (office.path / name).read_text().lower().startswith(start)
    assert sorted(path.name for path in (office.path / "out").iterdir()) == [
        Path(name).name for name in names
    ]


def test_output_takes_the_place_of_the_screen_and_its_name_tells_the_form(office, clerk):
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "-q", "check", "--output", "report.json")
    plain = promptgit(office, "-q", "check", "--output", "report")
    asked = promptgit(office, "-q", "check", "--output", "lines.txt", "--format", "github")

    assert [one.out for one in (said, plain, asked)] == ["", "", ""]
    assert json.loads((office.path / "report.json").read_text())["verdict"] == "REGRESSION"
    assert (office.path / "report").read_text().startswith(PROMPT)
    assert (office.path / "lines.txt").read_text().startswith("::error ")


def test_a_report_replaces_the_last_one_and_follows_a_link(office, clerk):
    office.commit({PROMPT: WORSE})
    office.write({"kept.md": "old\n"})
    (office.path / "link.md").symlink_to("kept.md")

    promptgit(office, "-q", "check", "--report", "link.md")

    assert (office.path / "link.md").is_symlink()
    assert (office.path / "kept.md").read_text().startswith("## ")


@pytest.mark.parametrize("option", ["--output", "--report"])
@pytest.mark.parametrize("place", ["promptgit.yaml/report.md", "prompts"])
def test_a_place_that_cannot_be_written_is_said_before_a_call(office, clerk, option, place):
    office.commit({PROMPT: WORSE})
    name = place if option == "--output" else f"{place}.md"
    (office.path / "prompts.md").mkdir()

    said = promptgit(office, "-q", "check", option, name)

    assert said.code == 3
    assert f"error: {name} cannot be written" in said.err
    assert clerk.calls == 0


@pytest.mark.parametrize(
    "words", [("check", "--report"), ("check", "--output"), ("review", "--html")]
)
def test_no_folder_is_made_outside_of_where_one_stands(office, clerk, tmp_path, words):
    office.commit({PROMPT: WORSE})
    (office.path / "link.html").symlink_to(tmp_path / "nope" / "linked.html")
    far = tmp_path / "nope" / "deep" / "x.html"

    for name in (str(far), "../nope/x.html", "link.html"):
        said = promptgit(office, "-q", *words, name)

        folder = far.parent if name == str(far) else tmp_path / "nope"
        assert said.code == 3, said.err
        assert f"error: {name} cannot be written: there is no folder {folder}" in said.err
        assert f"hint: make it first (mkdir -p {folder}), or name another file" in said.err
    assert not (tmp_path / "nope").exists()
    assert clerk.calls == 0


def test_a_disk_that_fills_up_leaves_the_old_report_whole(office, clerk, monkeypatch):
    resource = pytest.importorskip("resource")
    office.commit({PROMPT: WORSE})
    office.write({"report.html": "old\n"})
    promptgit(office, "-q", "check")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (32768, resource.RLIM_INFINITY))\n"
        "from promptgit.cli.main import run\n"
        "sys.exit(run(['-q', 'check', '--no-record', '--output', 'report.html']))\n"
    )
    assert resource

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=office.path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (3, "")
    assert "report.html cannot be written" in done.stderr
    assert (office.path / "report.html").read_text() == "old\n"
    assert not list(office.path.glob(".report*"))


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="has no /dev/stdout")
def test_output_may_be_the_standard_output_even_where_that_is_a_file(office, clerk, tmp_path):
    office.commit({PROMPT: WORSE})
    words = command("-q", "check", "--format", "json", "--output", "/dev/stdout")

    piped = subprocess.run(words, cwd=office.path, capture_output=True, check=False)
    with open(tmp_path / "kept", "ab") as kept:
        kept.write(b"before\n")
        kept.flush()
        filed = subprocess.run(words, cwd=office.path, stdout=kept, check=False)

    assert (piped.returncode, filed.returncode) == (1, 1)
    assert json.loads(piped.stdout)["verdict"] == "REGRESSION"
    first, _, rest = (tmp_path / "kept").read_text().partition("\n")
    assert first == "before"
    assert json.loads(rest)["verdict"] == "REGRESSION"
    assert Path("/dev/stdout").is_symlink()


def test_a_form_that_is_none_and_an_option_that_is_none_are_usage_errors(office, clerk):
    for words in (("--format", "pdf"), ("--fromat", "json"), ("--margin", "2"), ("--report", "x")):
        said = promptgit(office, "check", *words)

        assert said.code == 2, words
        assert said.out == ""
    assert clerk.calls == 0


def test_explain_as_json_and_as_no_other_form(office, clerk):
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "check", "--explain", "--format", "json")

    (prompt,) = said.json["prompts"]
    (gate,) = prompt["gates"]
    assert (said.code, prompt["path"], prompt["why"]) == (0, PROMPT, ["its text changed"])
    assert gate["plan"]["cases"] == 90
    assert gate["estimate"]["calls"] == 180
    for words in (("--format", "markdown"), ("--output", "x.json"), ("--report", "x.md")):
        assert promptgit(office, "check", "--explain", *words).code == 2
    assert clerk.calls == 0


def test_nothing_that_a_branch_brings_acts_on_who_reads_the_explanation(tmp_path, clerk):
    eval_file = 'assert: [equals]\nmust_pass: ["\\u202Ex ##[error]y"]\n'
    files = {"promptgit.yaml": "model: m\n", EVAL: eval_file}
    rows = "id,message,label\n\u202ex ##[error]y,an apple,fruit\n"
    repository = an_office(tmp_path, {PROMPT: ALL, CASES: rows, **files})
    repository.commit({PROMPT: WORSE})

    for form in ("text", "json"):
        said = promptgit(repository, "check", "HEAD~1", "--explain", "--format", form)

        assert said.code == 0, said.err
        assert not set(said.out) & {"\x1b", "\u202e"}
        assert "##[" not in said.out
    assert (
        "must pass: <U+202E>x ##\\[error]y"
        in promptgit(repository, "check", "HEAD~1", "--explain").out
    )


def test_quiet_says_nothing_but_the_result(office, clerk):
    office.commit({PROMPT: WORSE})

    assert promptgit(office, "-q", "check").err == ""


def test_progress_in_a_log_promises_no_end_that_may_never_come(office, monkeypatch):
    monkeypatch.setattr("promptgit.cli.live.PAUSE_S", 0.0)
    office.commit({PROMPT: WORSE})
    with a_clerk(monkeypatch):
        said = promptgit(office, "check")

    assert "of at most 180 answers, " in said.err
    assert "left" not in said.err


def test_progress_counts_the_answers_that_heads_own_rules_ask_for(office, monkeypatch):
    monkeypatch.setattr("promptgit.cli.live.PAUSE_S", 0.0)
    office.commit({PROMPT: WORSE, EVAL: ASSERT + "check: {margin: 0.9}\n"})
    with a_clerk(monkeypatch):
        said = promptgit(office, "check")

    assert "of at most 360 answers, " in said.err


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
@pytest.mark.parametrize(("verdict", "code"), [("PASS", 0), ("REGRESSION", 1)])
def test_who_stops_reading_changes_no_verdict(office, clerk, form, verdict, code):
    changed(office, verdict)
    promptgit(office, "-q", "check")
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        command("-q", "check", "--format", form, "--report", "kept.json"),
        cwd=office.path,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (code, "")
    assert json.loads((office.path / "kept.json").read_text())["verdict"] == verdict


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_after_an_interrupt_the_same_command_pays_for_the_rest_only(office, monkeypatch):
    office.commit({PROMPT: WORSE})
    words = command("-q", "check", "--format", "json", "--concurrency", "1")
    with a_clerk(monkeypatch, latency_s=0.02) as server:
        with subprocess.Popen(
            words, cwd=office.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            while server.calls < 10 and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
        asked = server.calls
        again = subprocess.run(words, cwd=office.path, capture_output=True, check=False)
        paid = server.calls - asked

    assert (process.returncode, out) == (130, b"")
    assert b"interrupted" in err
    found = json.loads(again.stdout)
    assert (again.returncode, found["verdict"]) == (1, "REGRESSION")
    assert found["spent"]["reused"] >= asked - 1  # one may have been under way
    assert found["spent"]["calls"] == paid


def test_a_model_that_cannot_be_reached_is_no_pass_and_says_so(office, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setattr("promptgit.edges.clock.SystemClock.sleep", lambda self, seconds: None)
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "-q", "check")

    assert said.code == 3
    assert "INVALID" in said.out


def test_an_unknown_prompt_gets_a_near_name(office, clerk):
    office.commit({PROMPT: WORSE})

    said = promptgit(office, "check", "--prompt", "prompts/sotr.md")

    assert said.code == 2
    assert "sort" in said.err
    assert "did you mean" in said.err.lower()


def test_a_base_that_does_not_exist_is_named(office, clerk):
    said = promptgit(office, "check", "no-such-branch")

    assert said.code == 2
    assert "no-such-branch" in said.err
    assert "hint:" in said.err


def test_outside_of_a_repository(tmp_path, clerk):
    said = promptgit(tmp_path, "check")

    assert (said.code, said.out) == (2, "")
    assert "hint:" in said.err


def test_a_repository_without_a_commit(tmp_path, clerk):
    repository = a_repository(tmp_path / "empty")
    repository.git("checkout", "-q", "--orphan", "nothing")
    repository.git("update-ref", "-d", "refs/heads/main")

    said = promptgit(repository, "check")

    assert said.code in (2, 3)
    assert "hint:" in said.err


@pytest.mark.parametrize(
    ("branch", "advice"),
    [
        (
            "change",
            "in a shallow clone name BASE yourself: `git fetch --depth=1 origin BASE` first",
        ),
        ("main", "git fetch --deepen=1 origin"),
    ],
)
def test_a_shallow_clone_says_what_to_fetch(office, clerk, tmp_path, branch, advice):
    office.commit({PROMPT: WORSE})
    office.git("switch", "-q", "main")
    office.commit({"README.md": "# Office\n"})
    clone = Repository(tmp_path / "clone")
    words = ("--depth=1", "--no-single-branch", "--branch", branch, office.path.as_uri())
    office.git("clone", "-q", *words, str(clone.path))

    said = promptgit(clone, "check")

    assert (said.code, clerk.calls) == (3, 0)
    assert f"hint: {advice}" in said.err


def test_a_shallow_clone_with_the_base_fetched_is_enough(office, clerk, tmp_path):
    office.commit({PROMPT: WORSE})
    clone = Repository(tmp_path / "clone")
    words = ("--depth=1", "--branch", "change", office.path.as_uri())
    office.git("clone", "-q", *words, str(clone.path))
    clone.git("fetch", "-q", "--depth=1", "origin", "main")

    assert promptgit(clone, "-q", "check", "FETCH_HEAD").code == 1


def test_names_with_odd_characters_are_safe_in_every_form(tmp_path, clerk):
    odd = "prompts/a,b:c %0A é.md"
    files = {odd: ALL, odd.replace(".md", ".csv"): "", odd.replace(".md", ".eval.yaml"): ASSERT}
    cases = an_office(tmp_path / "cases").path / CASES
    files[odd.replace(".md", ".csv")] = cases.read_text()
    repository = a_repository(tmp_path / "odd", {**files, "promptgit.yaml": "model: m\n"})
    repository.commit({odd: WORSE})

    for form in FORMS:
        said = promptgit(repository, "-q", "check", "HEAD~1", "HEAD", "--format", form)

        assert (form, said.code) == (form, 1)
    line = promptgit(repository, "-q", "check", "HEAD~1", "HEAD", "--format", "github").out
    assert line.startswith("::error file=prompts/a%2Cb%3Ac %250A é.md,line=")
