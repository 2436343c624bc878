"""Pull requests that forge evidence, or use what Git itself would run or believe."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal import PROMPT, WORDS, clerk, promptgit
from history.shelf import FIRST_STEP, a_claim
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.records import LEDGER
from promptgit.testing.repositories import Repository
from redteam.attack import CONFIG, MODEL, WORSE, Machine

RECORDS = "refs/promptgit/records"


def always_right(body):
    """What a model would say that had been told everything."""
    every = [(word, label) for label, words in WORDS.items() for word in words]
    asked = body["messages"][-1]["content"]
    return next(label for word, label in every if word in asked)


def forged_records(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put records under refs/promptgit in which the worse prompt answers everything."""
    with monkeypatch.context() as elsewhere:
        elsewhere.delenv("CI")
        elsewhere.delenv("GITHUB_ACTIONS")
        clone = Repository(machine.folder / "forgery")
        machine.repository.git("clone", "-q", "--no-local", ".", str(clone.path))
        machine.provider.reply = always_right
        promptgit(clone, "check", "HEAD^1", "HEAD")
    machine.provider.reply = clerk
    machine.provider.seen.clear()
    machine.repository.git("fetch", "-q", str(clone.path), f"+{RECORDS}:{RECORDS}")


def test_records_are_forged_in_which_the_worse_prompt_is_right(machine, monkeypatch):
    machine.opens({PROMPT: WORSE})
    forged_records(machine, monkeypatch)

    judged = machine.judges()

    assert judged.verdict == "REGRESSION"
    assert judged.facts["spent"]["reused"] == 0


def test_only_who_asks_for_records_believes_them(machine, monkeypatch):
    machine.opens({PROMPT: WORSE})
    forged_records(machine, monkeypatch)

    assert machine.judges("--records").facts["spent"]["reused"] > 0


def test_the_records_are_rubbish_and_the_ledger_is_damaged(machine):
    machine.opens({PROMPT: WORSE})
    repository = machine.repository
    blob = repository.blob(PROMPT)
    digest = hashlib.sha256(b"{}").hexdigest()
    rubbish = {
        LEDGER: "{",
        f"{digest[:2]}/{digest}.json": '{"kind": "evaluation", "score": 1.0}',
        f"by-blob/{blob[:2]}/{blob}/{digest}": '{"kind": "evaluation", "results": 7}',
        f"by-blob/{blob[:2]}/{blob}/{'0' * 64}": "\x00" * 100,
        "elsewhere/../../x": "x",
    }
    lines = [f"commit {RECORDS}\ncommitter x <x> 1 +0000\ndata 1\nx\n"]
    for path, text in rubbish.items():
        if ".." not in path:
            lines.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    repository.git("fast-import", "--quiet", stdin="".join(lines))

    judged = machine.judges()

    assert judged.verdict == "REGRESSION"


def test_the_cache_holds_answers_under_keys_that_are_not_theirs(machine):
    machine.opens({PROMPT: WORSE})
    place = machine.repository.path / ".git/promptgit/cache.db"
    SqliteAnswers(place).size()
    with sqlite3.connect(place) as cache:
        for number in range(1000):
            key = hashlib.sha256(b"%d" % number).digest()
            row = (key, b"animal", 1, 1, 0, 0.0, 0.1, "stop", "m", 1, None, None)
            cache.execute("insert into answers values (?,?,?,?,?,?,?,?,?,?,?,?)", row)
    cache.close()

    assert machine.judges().verdict == "REGRESSION"


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_the_cache_is_damaged(machine, content):
    machine.opens({PROMPT: WORSE})
    place = machine.repository.path / ".git/promptgit/cache.db"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)

    assert machine.judges().is_red


def test_the_trailers_claim_a_perfect_score(machine):
    with machine.pull_request() as repository:
        repository.commit({PROMPT: WORSE}, a_claim(FIRST_STEP))

    judged = machine.judges()
    claims = machine.types("verify", "HEAD^1..HEAD", "--ci", "--base", "HEAD^1", "--json").json

    assert judged.verdict == "REGRESSION"
    assert "verified-ci" not in json.dumps(claims["claims"])


def test_base_is_replaced_by_head(machine):
    machine.opens({PROMPT: WORSE})
    repository = machine.repository
    repository.git("replace", repository.blob(PROMPT, "HEAD^1"), repository.blob(PROMPT))
    repository.git("replace", "HEAD^1", "HEAD^2")
    info = repository.path / ".git/info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(f"{repository.head}\n")

    assert machine.judges().verdict == "REGRESSION"


def test_attributes_would_have_other_text_read(machine):
    lossy = "*.md filter=evil diff=evil ident eol=crlf working-tree-encoding=UTF-16 merge=evil\n"
    with machine.pull_request() as repository:
        repository.commit({PROMPT: WORSE})
        repository.commit({".gitattributes": lossy, "prompts/.gitattributes": lossy})
    touching = f"touch {machine.ran}; cat"
    for name in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv"):
        machine.repository.git("config", name, touching)
    machine.repository.git("config", "diff.evil.command", touching)

    assert machine.judges().verdict == "REGRESSION"


HOOKS = (
    *("pre-commit", "post-checkout", "reference-transaction", "post-index-change", "fsmonitor"),
    *("pre-auto-gc", "post-merge", "post-rewrite", "fsmonitor-watchman", "commit-msg"),
)


def test_hooks_come_with_the_branch_and_git_was_told_to_look_for_them_there(machine):
    script = f"#!/bin/sh\ntouch '{machine.ran}'\n"
    machine.opens({PROMPT: WORSE, **{f".githooks/{name}": script for name in HOOKS}})
    for name in HOOKS:
        (machine.repository.path / ".githooks" / name).chmod(0o755)
    machine.repository.git("config", "core.hooksPath", ".githooks")
    machine.repository.git("config", "core.fsmonitor", ".githooks/fsmonitor")

    assert machine.judges().verdict == "REGRESSION"


def test_a_repository_with_settings_of_its_own_lies_in_the_branch(machine):
    touch = f"touch '{machine.ran}'"
    settings = f"[core]\n\tbare = true\n\tfsmonitor = {touch}\n\tpager = {touch}\n"
    inner = {"evil/HEAD": "ref: refs/heads/main\n", "evil/config": settings, "evil/objects/x": "x"}

    judged = machine.opens(
        {PROMPT: WORSE, **inner, "evil/refs/x": "x", ".gitconfig": settings}
    ).judges()
    promptgit(machine.repository, "-C", "evil", "check")

    assert judged.verdict == "REGRESSION"
    machine.check_nothing_came_of_it()


MODULES = (
    "promptgit",
    "click",
    "yaml",
    "jinja2",
    "git",
    "json",
    "sqlite3",
    "regex",
    "pydantic",
    "rich",
)
OTHERS = ("sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py", "evil.pth")
ENTRY = (
    "[promptgit.models]\nopenai = evil:factory\nm = evil:factory\n"
    "[promptgit.scorers]\nequals = evil:x\n"
)


def test_packages_in_the_branch_are_called_like_ours(machine):
    files = {f"{name}/__init__.py": machine.payload for name in MODULES}
    files |= {f"{name}.py": machine.payload for name in (*MODULES, "evil", "prompts/json")}
    files |= dict.fromkeys(OTHERS, machine.payload.replace("open", "import os; open"))
    files["evil.egg-info/entry_points.txt"] = ENTRY
    files["evil-1.dist-info/entry_points.txt"] = ENTRY
    files["evil-1.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: evil\nVersion: 1\n"
    machine.opens({PROMPT: WORSE, **files})
    command = Path(sys.executable).with_name("promptgit")
    if not command.exists():
        pytest.skip("promptgit is not installed as a command")
    report = machine.folder / "report.json"

    done = subprocess.run(
        [command, "-v", "check", "--report", str(report), "--format", "github"],
        cwd=machine.repository.path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    machine.said += [done.stdout, done.stderr, report.read_text()]

    assert json.loads(report.read_text())["verdict"] == "REGRESSION"
    machine.check_nothing_came_of_it()


def test_a_scorer_called_like_ours_lies_in_the_branch(machine):
    entry = {"prompts/equals.py": machine.payload, "promptgit/scorers/equals.py": machine.payload}
    config = f"{MODEL}plugins: [./prompts/equals.py]\n"

    assert machine.opens({PROMPT: WORSE, **entry, CONFIG: config}).judges().is_red


def test_nothing_of_the_clone_is_touched(machine):
    machine.opens({PROMPT: WORSE})
    repository = machine.repository
    before = (repository.status(), repository.head, repository.git("branch", "--list"))

    machine.judges()

    assert (repository.status(), repository.head, repository.git("branch", "--list")) == before
