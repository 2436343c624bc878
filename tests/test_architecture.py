"""The house rules that a tool can hold: who may import whom, and what nobody does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import promptgit

ROOT = Path(promptgit.__file__).parent

# From the roof down: a room imports lower rows, never a neighbour in its own.
ROWS = [
    {"pytest_plugin"},
    {"api"},
    {"cli"},
    {"testing"},
    {"plugins", "config", "edges", "models", "scorers", "strategies", "metaprompts"},
    {"report"},
    {"flywheel"},
    {"history"},
    {"check"},
    {"improve", "lint"},
    {"evaluate"},
    {"core"},
    {"errors"},
]
ROW_OF = {room: number for number, row in enumerate(ROWS) for room in row}
HEAVY = {
    "aiohttp",
    "defusedxml",
    "duckdb",
    "git",
    "ibis",
    "importlib.metadata",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "numpy",
    "openai",
    "opentelemetry",
    "pandas",
    "presidio_analyzer",
    "pyarrow",
    "pydantic",
    "pyspark",
    "rapidfuzz",
    "regex",
    "rich",
    "sacrebleu",
    "sqlglot",
    "unidiff",
    "urllib3",
    "yaml",
}
LOADED_WHEN_NEEDED = {  # classes of a library's classes: not lazy inside
    "config/flywheel_shapes.py",
    "config/detector_shapes.py",
    "config/gate_shapes.py",
    "config/improve_shapes.py",
    "config/learning_shapes.py",
    "config/rollout_shapes.py",
    "config/shape.py",
    "config/shapes.py",
    "core/sandbox.py",
}
RIM = {"edges", "models", "cli", "testing"}
WORLDLY = {"socket", "subprocess", "urllib.request", "http.client", "urllib3", "sqlite3"}
KEPT_APART = {"scorers/python.py: subprocess"}  # a user's own scorer runs in a process of its own
BANNED = ("iter_commits", "config_writer", "GitDB", "git.Repo", "repo.index", "head.commit")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

MODULES = sorted(path for path in ROOT.rglob("*.py") if "examples" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    """Yield each module whose import runs; those for the type checker do not."""
    tree = tree_of(path)
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in tree.body if top_level_only else ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_every_room_is_in_the_plan():
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}

    assert rooms <= set(ROW_OF)


def test_imports_point_down():
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        if room_of(path) in ROW_OF
        for module in imports(path)
        if module.startswith("promptgit.")
        and (other := module.split(".")[1]) != room_of(path)
        and ROW_OF[other] <= ROW_OF[room_of(path)]
    ]

    assert not wrong


def test_heavy_libraries_are_imported_where_they_are_needed():
    lazy = {
        f"promptgit.{name.removesuffix('.py').replace('/', '.')}" for name in LOADED_WHEN_NEEDED
    }
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        if name_of(path) not in LOADED_WHEN_NEEDED
        for module in imports(path, top_level_only=True)
        if module in HEAVY or module.split(".")[0] in HEAVY or module in lazy
    ]

    assert not wrong


def test_a_file_stays_readable():
    assert not [name_of(path) for path in MODULES if len(text_of(path).splitlines()) > 400]


def test_no_file_is_named_for_nothing():
    assert not [name_of(path) for path in MODULES if path.stem in NAMES_THAT_SAY_NOTHING]


def test_everything_is_caught_in_one_place_only():
    broad = [
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]

    assert broad == ["cli/main.py"]


def test_git_is_asked_through_the_git_program_only():
    wrong = [
        f"{name_of(path)}: {name}" for path in MODULES for name in BANNED if name in text_of(path)
    ]
    callers = {
        name_of(path) for path in MODULES if "git" in {m.split(".")[0] for m in imports(path)}
    }

    assert not wrong
    assert callers == {"edges/git.py"}


def test_only_the_rim_touches_the_world():
    touching = {
        f"{name_of(path)}: {module}"
        for path in MODULES
        if room_of(path) not in RIM
        for module in imports(path)
        if module in WORLDLY
    }

    assert touching <= KEPT_APART


def test_nothing_is_left_unfinished():
    words = ("TODO", "FIXME", "XXX", "NotImplementedError")

    assert not [f"{name_of(p)}: {word}" for p in MODULES for word in words if word in text_of(p)]
