"""What docs/library.md and docs/plugins.md show is run here, as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from cli.terminal import promptgit as typed
from promptgit.testing.repositories import Repository, a_repository

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(python|toml|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\A# (\S+\.\w+)\n")


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each block of code."""
    return BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


@pytest.fixture
def examples(tmp_path: Path) -> Iterator[Repository]:
    """Our own prompts in a repository, and a process that stands in it."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "prompts").iterdir()
        if path.is_file()
    }
    repository = a_repository(tmp_path / "examples", files)
    with chdir(repository.path):
        yield repository


def test_the_library_does_what_its_page_shows(examples: Repository, capsys):
    code = [text for language, text in blocks("library.md") if language == "python"]
    names: dict[str, object] = {}

    for text in code:
        exec(compile(text, "docs/library.md", "exec"), names)

    assert len(code) == 7
    assert examples.git("rev-list", "--count", "HEAD") == "1"
    assert "cases with offline" in capsys.readouterr().out
    assert len(names["replies"].results) == len(names["found"].results)


def test_the_fixtures_do_what_the_page_shows(examples: Repository):
    (text,) = [text for language, text in blocks("library.md") if "promptgit_eval" in text]
    examples.write({"test_prompts.py": text})

    done = pytest_in(examples.path)

    assert "2 passed" in done.stdout, done.stdout


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of docs/plugins.md, installed as pip leaves it."""
    folder = tmp_path / "site"
    written: dict[str, str] = {}
    for _, text in blocks("plugins.md"):
        name = NAMED.match(text)
        assert name, f"a block says which file it is: {text[:40]}"
        written[name[1]] = written.get(name[1], "") + text
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    project = tomllib.loads(written["pyproject.toml"])["project"]
    info = folder / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in points.items())
            for group, points in groups
        )
    )
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "mypackage"]:
        del sys.modules[name]


def test_the_plug_ins_of_the_page_obey_their_laws(package: Path):
    done = pytest_in(package)

    assert "3 passed" in done.stdout, done.stdout


def test_the_scorer_of_the_page_is_found_by_its_name(package: Path, tmp_path: Path):
    eval_file = (package / "prompts/support-reply.eval.yaml").read_text(encoding="utf-8")
    repository = a_repository(
        tmp_path / "here",
        {
            "prompts/support-reply.md": "Say: please\n",
            "prompts/support-reply.eval.yaml": eval_file,
            "prompts/support-reply.csv": "comment,expected\nHi,Hello\nBye,Goodbye\n",
        },
    )

    said = typed(repository, "eval", "support-reply", "--json")

    assert said.code == 0, said.err
    assert set(said.json["metrics"]) == {"politeness", "not-politeness"}


def test_the_scorer_and_its_name_are_twenty_lines(package: Path):
    scorer = (package / "mypackage/politeness.py").read_text(encoding="utf-8")
    first_toml = next(text for language, text in blocks("plugins.md") if language == "toml")

    assert len([line for line in (scorer + first_toml).splitlines() if line.strip()]) <= 20


def pytest_in(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, with our plug-in, and what stands beside it."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "promptgit.pytest_plugin", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
