"""What `import promptgit` is: everything by name, and nothing of it loaded."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import promptgit


def loaded_by(code: str) -> set[str]:
    """The modules of ours, and the heavy ones of others, that some code loads."""
    show = (
        "import sys; print(*(m.split('.')[0] if 'promptgit' not in m else m for m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_the_import_alone_loads_nothing():
    loaded = loaded_by("import promptgit")

    assert {name for name in loaded if name.startswith("promptgit")} == {"promptgit"}
    assert not loaded & {"numpy", "pydantic", "rich", "yaml", "jinja2", "sqlite3", "asyncio"}


def test_every_name_is_there():
    for name in promptgit.__all__:
        assert getattr(promptgit, name) is not None

    assert set(promptgit.__all__) <= set(dir(promptgit))
    assert sorted(promptgit.__all__) == promptgit.__all__
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        promptgit.evalute  # noqa: B018


@pytest.mark.parametrize("name", ["evaluate", "improve", "check"])
def test_a_function_is_not_hidden_by_the_room_of_its_name(name):
    room = import_module(f"promptgit.{name}")
    module = import_module(f"promptgit.{name}.{name}")

    assert callable(getattr(promptgit, name))
    assert getattr(promptgit, name) is not room
    assert module.__name__ == f"promptgit.{name}.{name}"
    assert loaded_by(
        f"import promptgit.{name}\nfrom promptgit import {name} as f\nassert f.__name__ == '{name}'"
    )


def test_errors_are_of_one_family():
    for name in ("UserError", "WorldError", "BudgetSpent", "CallFailed"):
        assert issubclass(getattr(promptgit, name), promptgit.PromptgitError)
