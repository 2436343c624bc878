"""The house rules that a tool can hold: who may import whom, and what nobody does."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import promptgit

ROOT = Path(promptgit.__file__).parent

# From the roof down; a room imports its own row's file mates and lower rows, never a neighbour.
ROWS = [
    {"cli"},
    {"plugins", "config", "edges", "models", "scorers", "strategies", "testing", "metaprompts"},
    {"report"},
    {"flywheel"},
    {"history"},
    {"check"},
    {"improve"},
    {"evaluate"},
    {"core"},
    {"errors"},
]
ROW_OF = {room: number for number, row in enumerate(ROWS) for room in row}
HEAVY = {
    "aiohttp",
    "git",
    "importlib.metadata",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "numpy",
    "openai",
    "pydantic",
    "rapidfuzz",
    "regex",
    "rich",
    "unidiff",
    "urllib3",
    "yaml",
}
LOADED_WHEN_NEEDED = {"config/shapes.py"}  # a pydantic model is a class: it cannot be lazy inside
MODULES = sorted(path for path in ROOT.rglob("*.py") if "examples" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[str, int]]:
    """Yield (module, line) of each import that runs; those for the type checker do not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return

    wrong = []
    for module, line in imports(path):
        if not module.startswith("promptgit.") or module == "promptgit.errors":
            continue
        other = module.split(".")[1]
        if other != room and ROW_OF[other] <= ROW_OF[room]:
            wrong.append(f"{name_of(path)}:{line} imports {module}")

    assert not wrong


def test_every_room_is_in_the_plan():
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}

    assert rooms <= set(ROW_OF)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_are_imported_where_they_are_needed(path: Path):
    if name_of(path) in LOADED_WHEN_NEEDED:
        return

    heavy = [
        f"{name_of(path)}:{line} imports {module}"
        for module, line in imports(path, top_level_only=True)
        if module in HEAVY or module.split(".")[0] in HEAVY
    ]

    assert not heavy


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_heavy_itself_is_imported_where_it_is_needed(path: Path):
    lazy = {
        f"promptgit.{name.removesuffix('.py').replace('/', '.')}" for name in LOADED_WHEN_NEEDED
    }

    assert not lazy & {module for module, _ in imports(path, top_level_only=True)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_stays_readable(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_file_is_named_for_nothing():
    empty_names = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

    assert not [name_of(path) for path in MODULES if path.stem in empty_names]


def test_everything_is_caught_in_one_place_only():
    broad = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = ast.unparse(node.type) if node.type else "everything"
                if names in ("everything", "Exception", "BaseException"):
                    broad.append(name_of(path))

    assert broad == ["cli/main.py"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_git_is_asked_through_the_git_program_only(path: Path):
    banned = ("iter_commits", "config_writer", "GitDB", "git.Repo", "repo.index", "head.commit")
    text = path.read_text(encoding="utf-8")

    assert not [name for name in banned if name in text]
    if path != ROOT / "edges" / "git.py":
        assert "git" not in {module.split(".")[0] for module, _ in imports(path)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_rim_touches_the_world(path: Path):
    rim = {"edges", "models", "cli", "testing"}
    worldly = {"socket", "subprocess", "urllib.request", "http.client", "urllib3", "sqlite3"}
    allowed_elsewhere = {("scorers/python.py", "subprocess")}  # a user's scorer, kept apart
    if room_of(path) in rim:
        return

    found = {module for module, _ in imports(path)} & worldly

    assert not {(name_of(path), module) for module in found} - allowed_elsewhere


def test_the_interpreter_is_one_we_support():
    assert sys.version_info >= (3, 11)
