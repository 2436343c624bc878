"""
Lets the tests import `search`, which lies in benchmarks/, and nothing else that lies there.

The folder itself must not come onto the path: benchmarks/check.py would stand before tests/check.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks" / "search"


def _package(name: str, folder: Path) -> None:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules.setdefault(name, module_from_spec(spec))


_package("search", FOLDER)
