"""`promptgit init --github`: workflows for one of two situations, and what a person has to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from promptgit.cli.main import cli
from promptgit.edges.installed import commit_in, installed_commit
from promptgit.edges.workflows import workflows
from promptgit.errors import UserError
from promptgit.testing.repositories import Repository, a_repository

FLOWS = ".github/workflows"
CASES = "comment,response\n" + "".join(f"case {n},{'yes' if n % 2 else 'no'}\n" for n in range(10))
COMMIT = "5e" * 20


def init(where: Path, *options: str) -> Result:
    with chdir(where):
        return CliRunner().invoke(cli, ["init", *options], catch_exceptions=False)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    files = {"prompts/reply.md": "Answer yes or no.\n", "prompts/reply.csv": CASES}
    return a_repository(tmp_path / "r", files)


def written(repository: Repository) -> dict[str, str]:
    folder = repository.path / FLOWS
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("private", ["promptgit-records.yml", "promptgit.yml"]),
        ("forks", ["promptgit-forks.yml", "promptgit-records.yml", "promptgit-trusted.yml"]),
    ],
)
def test_it_writes_workflows_as_the_docs_have_them_but_for_the_commit(
    repository: Repository, kind: str, names: list[str]
):
    init(repository.path, "--github", kind)

    docs = Path(__file__).parent.parent.parent / "docs" / "github"
    pin = re.compile(r"PROMPTGIT_COMMIT: .*")
    found = written(repository)
    assert sorted(found) == names
    for name, text in found.items():
        assert pin.sub("", text) == pin.sub("", (docs / name).read_text(encoding="utf-8"))


def test_they_install_the_commit_that_runs_here(repository: Repository):
    said = init(repository.path, "--github", "forks").output

    commit = installed_commit()
    for text in written(repository).values():
        assert f"PROMPTGIT_COMMIT: {commit or 'v'}" in text
    assert f"GitHub at {commit[:10]}, which runs here" in said or "a tag can be moved" in said


def test_a_commit_that_is_known_is_pinned_and_else_the_tag_says_to_pin_it():
    pinned, tagged = workflows("private", commit=COMMIT), workflows("private")

    for path, text in pinned.items():
        assert f"\n  PROMPTGIT_COMMIT: {COMMIT}  # what wrote this file\n" in text
        assert "  # pin it: a tag can be moved\n" in tagged[path]


def test_the_commit_is_what_the_installer_wrote_down(tmp_path: Path):
    clone = a_repository(tmp_path / "my clone", {"pyproject.toml": "\n", "vendor/x/p": "\n"})

    def direct_url(path: Path, info: str) -> str:
        return f'{{"url": "{path.as_uri()}", "dir_info": {info}}}'

    from_git = (
        f'{{"url": "https://x.test/p", "vcs_info": {{"vcs": "git", "commit_id": "{COMMIT}"}}}}'
    )
    assert commit_in(from_git) == COMMIT
    assert commit_in(direct_url(clone.path, '{"editable": true}')) == clone.head
    for unknown in (
        direct_url(clone.path, "{}"),  # a copy: the clone may have moved on
        direct_url(clone.path / "vendor" / "x", '{"editable": true}'),  # in a stranger's repository
        direct_url(tmp_path / "gone", '{"editable": true}'),
        '{"url": "https://x.test/p.whl", "archive_info": {}}',
        '{"url": "https://x.test/p", "vcs_info": {"vcs": "git", "commit_id": "main\\nevil: 1"}}',
        "[]",
        "no JSON",
        "",
    ):
        assert commit_in(unknown) == ""


def test_a_workflow_that_is_there_is_kept(repository: Repository):
    repository.write({f"{FLOWS}/promptgit.yml": "mine: true\n"})

    result = init(repository.path, "--github", "private")

    assert written(repository)["promptgit.yml"] == "mine: true\n"
    assert f"kept {FLOWS}/promptgit.yml" in result.output
    assert f"wrote {FLOWS}/promptgit-records.yml" in result.output


@pytest.mark.parametrize(
    ("first", "then", "remove"),
    [
        ("private", "forks", f"remove {FLOWS}/promptgit.yml first"),
        (
            "forks",
            "private",
            f"remove {FLOWS}/promptgit-forks.yml and {FLOWS}/promptgit-trusted.yml first",
        ),
    ],
)
def test_there_are_never_two_workflows_with_the_required_check(
    repository: Repository, first: str, then: str, remove: str
):
    init(repository.path, "--github", first)
    before = written(repository)

    with pytest.raises(UserError, match="has a job `promptgit-gate` already") as refused:
        init(repository.path, "--github", then)

    assert remove in refused.value.hint
    assert written(repository) == before


@pytest.mark.parametrize(
    "text",
    ["jobs: {promptgit-gate: {}}\n", "jobs:\n  mine:\n    name: promptgit-gate\n"],
)
def test_the_required_check_is_found_in_a_workflow_of_any_name(repository: Repository, text: str):
    repository.write({f"{FLOWS}/mine.yaml": text})

    with pytest.raises(UserError, match=r"mine\.yaml has a job `promptgit-gate` already"):
        init(repository.path, "--github", "private", "--dry-run")


def test_other_workflows_are_no_hindrance(repository: Repository):
    repository.write(
        {
            f"{FLOWS}/tests.yml": "# after promptgit-gate\njobs: {tests: {}}\n",
            f"{FLOWS}/broken.yml": "jobs: [\n",
            f"{FLOWS}/odd.yml": "jobs: [promptgit]\n",
        }
    )

    assert init(repository.path, "--github", "forks").exit_code == 0


@pytest.mark.parametrize(
    ("config", "beside", "secrets"),
    [
        ("model: offline\n", "", ""),
        ("model: ollama/llama3.2\n", "", ""),
        ("model: gpt-5-mini\n", "", "the secret OPENAI_API_KEY"),
        ("model: groq/llama-4\n", "", "the secret GROQ_API_KEY"),
        ("model: offline\nmentor: gpt-5\n", "", ""),  # a check asks no mentor
        (
            "judge: gpt-5\n",
            "assert: [{type: llm-rubric, value: kind}]\n",
            "the secret OPENAI_API_KEY",
        ),
        ("judge: gpt-5\n", "", ""),
        ("embedder: mistral/embed\n", "assert: [{type: similar}]\n", "the secret MISTRAL_API_KEY"),
        (
            "model: gpt-5-mini\n",
            "model: groq/llama-4\n",
            "the secrets GROQ_API_KEY, OPENAI_API_KEY",
        ),
    ],
)
def test_a_secret_is_asked_for_where_a_check_needs_it_and_by_its_own_name(
    repository: Repository, config: str, beside: str, secrets: str
):
    repository.write({"promptgit.yaml": config, "prompts/reply.eval.yaml": beside})

    said = init(repository.path, "--github", "private").output

    assert (f"the environment `promptgit` and give it {secrets}\n" in said) is bool(secrets)
    assert ("give it" in said) is bool(secrets)
    flow = written(repository)["promptgit.yml"]
    for name in re.findall(r"\w+_API_KEY", secrets) or ["OPENAI_API_KEY"]:
        assert f"\n          {name}: ${{{{ secrets.{name} }}}}\n" in flow


def test_the_half_for_forks_has_the_same_names_and_no_secret(repository: Repository):
    repository.write({"promptgit.yaml": "model: groq/llama-4\n"})

    init(repository.path, "--github", "forks")

    flow = written(repository)["promptgit-forks.yml"]
    assert "GROQ_API_KEY: unused" in flow
    assert "OPENAI_API_KEY" not in flow


def test_what_only_a_person_can_set_on_github_is_said(repository: Repository):
    said = init(repository.path, "--github", "forks").output

    assert "the environment `promptgit` with required reviewers\n" in said
    assert "require the check `promptgit-gate`" in said


@pytest.mark.parametrize("options", [["--github"], ["--github", "--dry-run"]])
def test_without_saying_for_whom_both_choices_are_named(repository: Repository, options: list[str]):
    said = init(repository.path, *options)

    assert said.exit_code == 2
    assert "`private` (pull requests come from people who may push) or `forks`" in said.output
    assert not (repository.path / ".github").exists()


def test_without_being_asked_it_writes_no_workflow(repository: Repository):
    init(repository.path)

    assert not (repository.path / ".github").exists()
