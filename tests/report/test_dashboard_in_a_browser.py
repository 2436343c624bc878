"""The dashboard in a real browser: it opens from disk, asks nobody and runs nothing it was told."""

from __future__ import annotations

from typing import Any

import pytest

from promptgit.flywheel.cube import Cube
from promptgit.report.dashboard_html import page
from report.a_dashboard import METRICS, a_cube, a_dashboard, a_hostile_dashboard
from report.browser import counting_server


@pytest.fixture
def show(opens):
    """Open a dashboard; return a way to ask it."""

    def opened(board) -> Any:
        browser = opens(page(board))
        return lambda script: browser.execute_script(f"return {script}")

    return opened


def test_every_metric_that_was_counted_has_a_card_with_a_trend(show):
    ask = show(a_dashboard())

    cards = ask("[...document.querySelectorAll('#prompt-1 .card')].map(c => c.dataset.metric)")
    drawn = ask("document.querySelectorAll('#prompt-1 .card svg.trend .dot').length")

    assert cards == ["leaks", "block_rate", "quality_score", "escalation_rate"]
    assert drawn == 4 * 7


def test_what_is_proven_has_a_colour_and_a_word(show):
    ask = show(a_dashboard())
    of = "document.querySelector('#prompt-1 [data-metric={}] .change').{}"

    assert ask(of.format("escalation_rate", "className")) == "change better"
    assert "proven better" in ask(of.format("escalation_rate", "textContent"))
    assert ask(of.format("quality_score", "className")).strip() == "change"


def test_alarms_experiments_rollouts_and_turns_are_there(show):
    ask = show(a_dashboard())

    assert ask("document.querySelector('h1').innerText") == "1 alarm"
    for section in ("alarms", "experiments", "rollouts", "turns"):
        assert ask(f"!!document.getElementById('{section}')")


def test_a_window_without_logs_says_what_to_do(show):
    ask = show(
        type(a_dashboard())(
            "2026-11-22T06:00:00.000Z", a_dashboard().window, Cube(METRICS, {}), Cube(METRICS, {})
        )
    )

    assert "Nothing was logged" in ask("document.body.innerText")
    assert "promptgit logs import" in ask("document.body.innerText")


def test_nothing_is_cut_off_and_no_page_scrolls_sideways(browser, show):
    for width in (1400, 420):
        browser.set_window_size(width, 900)
        ask = show(a_dashboard())
        assert ask("document.documentElement.scrollWidth <= window.innerWidth"), width
    browser.set_window_size(1400, 1000)


def test_no_text_of_others_takes_effect(browser, show):
    ask = show(a_hostile_dashboard())

    assert ask("document.querySelectorAll('img, script').length") == 0
    assert "onerror" in ask("document.body.innerText")
    assert not [said for said in browser.get_log("browser") if said["level"] == "SEVERE"]


def test_no_server_is_asked_for_anything_but_the_page(browser):
    with counting_server(page(a_dashboard())) as (address, asked):
        browser.get(address)

    assert [path for path in asked if path != "/favicon.ico"] == ["/page"]


def test_a_year_of_twenty_prompts_is_a_page_that_opens(show):
    cube = a_cube(range(1, 29), 0.1, tuple(f"prompt-{number}" for number in range(20)))
    board = a_dashboard()
    ask = show(type(board)(board.made, board.window, cube, Cube(METRICS, {})))

    assert ask("document.querySelectorAll('section.prompt h2').length") == 20
