"""On the package index the name `promptgit` is another project's: nothing installs it by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PLACES = ("*.md", "*.yml", "*.yaml", "*.toml", "Makefile", "docs/**/*", "src/**/*", "prompts/**/*")
MORE = (".github/**/*", "tests/**/*", "benchmarks/**/*", ".pre-commit-*.yaml")
NO_TEXT = {".pyc", ".png", ".svg", ".parquet", ".gz"}
# `promptgit[plot]`, `promptgit==1`, `promptgit >= 1`: only installers read such a thing.
REQUIREMENT = re.compile(r"(?<![\w/.@-])promptgit(\[[a-z, ]+\]|\s?[=~<>!]=\s?[\d$*])")
# An installer, its verb, and our name as one of the words after it.
INSTALL = re.compile(
    r"\b((pip3?|pipx|uv|poetry|pdm|conda)\s[^\n`|&;]*?\b(install|add|run|inject|tool)|uvx)\b"
    r"[^\n`|&;]*[\s'\"]promptgit(?=\.?[\s'\"`,;)]|$)",
    re.MULTILINE,
)
INSTALLS = (REQUIREMENT, INSTALL)


def texts() -> Iterator[tuple[str, str]]:
    """Every file that is read, or run, by somebody: its path and its text, long lines joined."""
    for pattern in (*PLACES, *MORE):
        for path in ROOT.glob(pattern):
            if path.is_file() and path.suffix not in NO_TEXT and path != Path(__file__):
                text = path.read_text(encoding="utf-8", errors="replace")
                yield path.relative_to(ROOT).as_posix(), text.replace("\\\n", " ")


def by_name(text: str) -> list[str]:
    """What in a text would make an installer ask the index for our name."""
    return [found[0] for install in INSTALLS for found in install.finditer(text)]


def test_nothing_here_installs_promptgit_by_its_name():
    found = [f"{path}: {words}" for path, text in texts() for words in by_name(text)]

    assert found == []


@pytest.mark.parametrize(
    "command",
    [
        "pip install promptgit",
        "pip install 'promptgit[plot]'",
        'python -I -m pip install --quiet "promptgit==0.1.0"',
        "uv tool install promptgit",
        "uvx promptgit lint",
        "pipx run promptgit",
        '"${pip[@]}" --no-deps "promptgit==$VERSION"',
        "additional_dependencies: [promptgit>=0.1]",
    ],
)
def test_this_test_knows_an_install_by_name(command: str):
    assert by_name(command)


@pytest.mark.parametrize(
    "command",
    [
        "pip install .",
        'pip install "git+https://github.com/promptgit/promptgit@v0.1.0"',
        "pip install /src/promptgit",
        "`pip install --editable .` beside promptgit makes it known",
        "uv run pytest && promptgit lint",
    ],
)
def test_an_install_from_a_place_is_none(command: str):
    assert by_name(command) == []


def test_a_release_goes_to_github_and_to_no_index():
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    scripts = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])

    assert "gh release create" in scripts
    assert "attest-build-provenance" in text
    assert not re.search(r"pypi|twine|uv publish", text, re.IGNORECASE)
