"""The browser that all tests of pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from report.browser import a_browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Any]:
    with a_browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def opens(browser, tmp_path) -> Callable[[str], Any]:
    """Open a page from disk, at a place of it; return the browser."""

    def opened(page: str, place: str = "") -> Any:
        file = tmp_path / "page.html"
        file.write_text(page, encoding="utf-8")
        browser.get("about:blank")
        browser.get(file.as_uri() + place)
        return browser

    return opened
