"""`promptgit doctor`."""

import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from promptgit.cli.main import cli
from promptgit.testing.repositories import Repository, a_repository
from servers.one_answer import answering
from servers.openai_server import serving

PROMPT = "Answer with one of: yes, no.\n"
CASES = "comment,response\na,yes\nb,no\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return a_repository(tmp_path / "r", {"prompts/reply.md": PROMPT, "prompts/reply.csv": CASES})


def doctor(where: Path, *options: str, **environment: str) -> Result:
    neutral = {"XDG_CONFIG_HOME": str(where / "no-settings"), "OPENAI_BASE_URL": ""}
    with chdir(where):
        return CliRunner(env={**neutral, **environment}).invoke(
            cli, ["doctor", *options], catch_exceptions=False
        )


def checks(where: Path, *options: str, **environment: str) -> dict[str, dict[str, str]]:
    """The checks by name; of several with one name the last."""
    result = doctor(where, "--json", *options, **environment)
    return {check["name"]: check for check in json.loads(result.output)["checks"]}


def test_a_healthy_repository_passes_every_check(repository: Repository):
    result = doctor(repository.path)

    assert result.exit_code == 0
    assert {line[:5].strip() for line in result.output.splitlines()} == {"ok"}


def test_each_prompt_is_named_with_its_cases(repository: Repository):
    repository.write({"prompts/reply.csv": CASES + ",x\n"})

    found = checks(repository.path)

    assert found["prompt prompts/reply.md"]["said"] == "2 cases, 1 rows dropped"


def test_outside_a_repository_it_checks_what_it_can(tmp_path: Path):
    result = doctor(tmp_path)

    assert result.exit_code == 0
    assert "warn  repository:" in result.output
    assert "git init" in result.output
    assert "ok    model, mentor, judge: offline" in result.output


def test_an_invalid_config_fails_with_the_place_and_the_next_move(repository: Repository):
    repository.write({"promptgit.yaml": "modle: x\n"})

    result = doctor(repository.path)

    assert result.exit_code == 1
    assert "fail  config: promptgit.yaml:1:1: unknown key 'modle'" in result.output
    assert "did you mean 'model'?" in result.output


def test_the_users_own_settings_are_checked_too(repository: Repository, tmp_path: Path):
    (tmp_path / "promptgit").mkdir()
    (tmp_path / "promptgit" / "config.yaml").write_text("modle: x\n")

    found = checks(repository.path, XDG_CONFIG_HOME=str(tmp_path))

    assert found["config"]["state"] == "fail"
    assert "~/.config/promptgit/config.yaml:1:1" in found["config"]["said"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"prompts/reply.csv": "comment,response\na\nb,c,d\n"}, "3 values for 2 columns"),
        ({"prompts/reply.eval.yaml": "asserts: []"}, "unknown key 'asserts'"),
        ({"prompts/reply.eval.yaml": "cases: none.csv"}, "prompts/none.csv"),
        ({"prompts/reply.md": "Hello {{ name }}\n"}, "no column of prompts/reply.csv fills"),
        ({"prompts/reply.md": "Hello {{ name\n"}, "template, line 1"),
        ({"prompts/reply.md": '{% include "x.md" %}'}, "includes 'x.md'"),
    ],
)
def test_what_would_stop_an_evaluation_fails(repository: Repository, files, said):
    repository.write(files)

    found = checks(repository.path)["prompt prompts/reply.md"]

    assert found["state"] == "fail"
    assert said in found["said"]
    assert found["next"]


def test_a_prompt_without_cases_is_a_warning(repository: Repository):
    repository.write({"prompts/other.md": PROMPT})

    found = checks(repository.path)["prompt prompts/other.md"]

    assert found["state"] == "warn"
    assert found["next"].startswith("write prompts/other.csv")


def test_no_prompt_at_all_is_a_warning(tmp_path: Path):
    empty = a_repository(tmp_path / "r")

    found = checks(empty.path)["prompts"]

    assert (found["state"], found["next"]) == ("warn", "promptgit init")


def test_a_shallow_clone_says_how_to_get_the_rest(repository: Repository, tmp_path: Path):
    repository.commit({"prompts/reply.md": PROMPT + "More.\n"})
    source = repository.path.as_uri()
    repository.git("clone", "--quiet", "--depth=1", source, str(tmp_path / "s"))

    found = checks(tmp_path / "s")["history"]

    assert found["state"] == "warn"
    assert found["next"] == "git fetch --unshallow"


def test_a_partial_clone_is_named(repository: Repository, tmp_path: Path):
    repository.git("config", "uploadpack.allowFilter", "true")
    source = repository.path.as_uri()
    repository.git("clone", "--quiet", "--filter=blob:none", source, str(tmp_path / "p"))

    found = checks(tmp_path / "p")["history"]

    assert "partial" in found["said"]


def test_bare_sha256_and_linked_work_trees_are_named(repository: Repository, tmp_path: Path):
    other = a_repository(tmp_path / "o", {"prompts/a.md": PROMPT}, object_format="sha256")
    other.git("clone", "--quiet", "--bare", str(other.path), str(tmp_path / "b"))
    other.git("worktree", "add", "--quiet", str(tmp_path / "w"), "-b", "w")

    assert "bare, sha256 objects" in checks(tmp_path / "b")["repository"]["said"]
    assert "linked work tree, sha256 objects" in checks(tmp_path / "w")["repository"]["said"]


def test_without_an_identity_it_says_how_to_set_one(repository: Repository):
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")

    found = checks(repository.path)["identity"]

    assert found["state"] == "warn"
    assert "git config --global user.name" in found["next"]


def many_commits(repository: Repository, count: int) -> None:
    """Grow the history with `git fast-import`."""
    stream = ["reset refs/heads/main\nfrom refs/heads/main^0\n"]
    stream += [
        f"commit refs/heads/main\ncommitter A <a@example.com> {1767000000 + n} +0000\n"
        f"data 1\nx\nM 100644 inline f\ndata {len(str(n))}\n{n}\n"
        for n in range(count)
    ]
    repository.git("fast-import", "--quiet", "--force", stdin="".join(stream))


def test_a_long_history_without_path_filters_gets_advice_that_helps(repository: Repository):
    many_commits(repository, 5_000)

    before = checks(repository.path)["commit-graph"]
    subprocess.run(before["next"].split(), cwd=repository.path, check=True, capture_output=True)
    after = checks(repository.path)["commit-graph"]

    assert before["state"] == "warn"
    assert before["next"] == "git commit-graph write --reachable --changed-paths"
    assert after["state"] == "ok"


def test_a_lock_of_git_is_named_and_left_alone(repository: Repository):
    lock = repository.path / ".git" / "index.lock"
    lock.touch()

    found = checks(repository.path)["lock"]

    assert found["state"] == "warn"
    assert "index.lock exists" in found["said"]
    assert found["next"].startswith("if no git runs here")
    assert lock.exists()


def test_a_lock_whose_holder_is_gone_is_said_to_be_harmless(repository: Repository):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        check=True,
        text=True,
    )
    folder = repository.path / ".git" / "promptgit" / "locks"
    folder.mkdir(parents=True)
    import socket

    holder = {
        "pid": int(gone.stdout),
        "host": socket.gethostname(),
        "started": "",
        "since": "then",
        "doing": "improve",
    }
    (folder / "reply.lock").write_text(json.dumps(holder))

    found = checks(repository.path)["lock"]

    assert found["state"] == "ok"
    assert "which is gone; the next run breaks the lock" in found["said"]


def test_a_model_without_a_key_fails_and_names_the_variable(repository: Repository):
    repository.write({"promptgit.yaml": "model: gpt-5-mini\n"})

    found = checks(repository.path, OPENAI_API_KEY="")["model, mentor, judge"]

    assert found["state"] == "fail"
    assert "OPENAI_API_KEY" in found["next"]


def test_an_unknown_provider_fails(repository: Repository):
    repository.write({"promptgit.yaml": "model: opneai/gpt\n"})

    found = checks(repository.path)["model, mentor, judge"]

    assert (found["state"], found["next"]) == ("fail", "did you mean 'openai'?")


def test_a_provider_is_asked_for_its_models_and_for_nothing_else(repository: Repository):
    repository.write({"promptgit.yaml": "model: {name: gpt-5-mini}\nmentor: offline\n"})
    with serving() as server:
        environment = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-test"}

        found = checks(repository.path, **environment)

    assert found["model"]["state"] == "warn"
    assert "answers, and does not list this model" in found["model"]["said"]
    assert found["model"]["next"] == "it lists any-model"
    assert found["mentor, judge"]["said"].startswith("offline")
    assert server.calls == 0


def test_a_refused_key_fails_and_names_its_variable(repository: Repository):
    repository.write({"promptgit.yaml": "model: gpt-5-mini\n"})
    with answering(401, b"", []) as url:
        environment = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-hunter2"}

        found = checks(repository.path, **environment)["model, mentor, judge"]

    assert found["state"] == "fail"
    assert "refuses the key (401)" in found["said"]
    assert found["next"].startswith("export OPENAI_API_KEY=")


def test_a_server_that_is_not_there_fails_and_offers_the_offline_model(repository: Repository):
    repository.write({"promptgit.yaml": "model: gpt-5-mini\n"})
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-test"}

    found = checks(repository.path, **environment)["model, mentor, judge"]
    unasked = checks(repository.path, "--no-network", **environment)["model, mentor, judge"]

    assert found["state"] == "fail"
    assert "cannot be reached" in found["said"]
    assert "model: offline" in found["next"]
    assert unasked["state"] == "ok"


def test_no_key_is_ever_printed(repository: Repository):
    repository.write({"promptgit.yaml": "model: gpt-5-mini\n"})
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-hunter2"}

    result = doctor(repository.path, **environment)

    assert "hunter2" not in result.output


def test_json_is_one_document_and_the_exit_code_the_same(repository: Repository):
    repository.write({"promptgit.yaml": "modle: x\n"})

    result = doctor(repository.path, "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["schema"], found["ok"]) == (1, 1, False)
    assert {"name", "state", "said", "next"} == set(found["checks"][0])


def test_nothing_in_the_repository_is_changed(repository: Repository):
    before = sorted(path for path, _, _ in os.walk(repository.path))

    doctor(repository.path)

    assert sorted(path for path, _, _ in os.walk(repository.path)) == before
    assert repository.status() == ""
