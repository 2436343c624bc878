"""The docs say what is so: generated pages are fresh, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_generated_is_fresh():
    stale = [
        path.name
        for path, content in generator().generated().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]

    assert not stale, "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page: Path):
    words = page.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in LINK.findall(words)]
    local = [
        link for link in links if link and "://" not in link and not link.startswith("mailto:")
    ]

    assert not [link for link in local if not (page.parent / link).exists()]
