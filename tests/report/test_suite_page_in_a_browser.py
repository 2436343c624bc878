"""The page of a suite in a real browser: what is drawn, what a keyboard reaches, what is asked."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from promptgit.report.suite_html import page
from report.a_lineup import a_best, a_difference, a_hostile_lineup, a_lineup, an_entrant
from report.browser import counting_server

NAMES = (
    "gpt-5",
    "gpt-5-mini",
    "openrouter/meta-llama/llama-3.3-70b-instruct",
    "ollama/llama3.2",
    "mistral/mistral-large-latest",
    "gemini/gemini-2.5-flash",
    "deepseek/大模型",
    "mmmmmmmmmmmmmmmmmmm",
    "offline",
)
COSTS = (4.0, 0.4, 0.41, 0.0, 0.43, 0.38, 0.4, None, 0.0)


@pytest.fixture
def show(opens):
    """Open a lineup's page; return a way to ask it."""

    def opened(lineup) -> Any:
        browser = opens(page(lineup))
        return lambda script: browser.execute_script(f"return {script}")

    return opened


def many():
    entrants = [
        an_entrant(name, 0.9 - place / 100, usd_per_1000=cost, p50_s=0.1 * 2**place)
        for place, (name, cost) in enumerate(zip(NAMES, COSTS, strict=True))
    ]
    pairs = [a_difference(a, b, proven=a == "gpt-5") for a, b in combinations(NAMES, 2)]
    return a_lineup(*entrants, pairs=pairs, best=[a_best("gpt-5-mini")])


BOXES = """[...document.querySelectorAll(arguments[0] || '{}')].map(e => {{
  const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; }})"""


def meets(one: list[float], other: list[float]) -> bool:
    across = one[0] < other[2] - 0.5 and other[0] < one[2] - 0.5
    return across and one[1] < other[3] - 0.5 and other[1] < one[3] - 0.5


def test_names_cover_neither_each_other_nor_the_points(show):
    js = show(many())

    labels, discs = js(BOXES.format(".label")), js(BOXES.format(".disc"))

    assert len(labels) == len(discs) == len(NAMES)
    # A line of text is higher than its letters: 2 of 14 units may touch.
    letters = [[left, top + 2, right, bottom - 2] for left, top, right, bottom in labels]
    assert not [pair for pair in combinations(letters, 2) if meets(*pair)]
    assert not [(a, b) for a in letters for b in discs if meets(a, b)]


def test_what_stands_at_the_axes_does_not_overlap(show):
    js = show(many())

    assert not [pair for pair in combinations(js(BOXES.format(".tick")), 2) if meets(*pair)]


def test_names_stay_inside_of_the_plot(show):
    js = show(many())

    ((left, top, right, bottom),) = js(BOXES.format("svg.plot"))

    for box in js(BOXES.format(".label")):
        assert left <= box[0]
        assert box[2] <= right
        assert top <= box[1]
        assert box[3] <= bottom


def test_the_keyboard_reaches_every_point_and_leads_to_its_row(show, browser):
    from selenium.webdriver import ActionChains, Keys

    js = show(many())
    reached = []
    for _ in range(30):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        name = js("document.activeElement.closest('a.point')?.getAttribute('aria-label') || ''")
        if name and name not in reached:
            reached.append(name)
        if len(reached) == 3:
            break
    ActionChains(browser).send_keys(Keys.ENTER).perform()

    assert [said.split(":")[0] for said in reached] == list(NAMES[:3])
    assert "score 0.900" in reached[0]
    assert js("location.hash") == "#model-3"
    assert NAMES[2] in js("document.querySelector('tr:target').innerText")


def test_a_point_that_is_reached_can_be_seen_to_be(show, browser):
    from selenium.webdriver import ActionChains, Keys

    js = show(many())
    width = "getComputedStyle(document.querySelector('.point .disc')).strokeWidth"
    before = js(width)
    for _ in range(10):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if js("document.activeElement === document.querySelector('a.point')"):
            break

    assert js("document.activeElement.classList.contains('point')")
    assert js(width) != before


def test_nothing_is_asked_of_any_server_and_nothing_is_complained_about(browser):
    with counting_server(page(many())) as (address, asked):
        browser.get(address)
        complaints = [
            entry["message"]
            for entry in browser.get_log("browser")
            if "favicon" not in entry["message"]
        ]

    assert [path for path in asked if "favicon" not in path] == ["/page"]
    assert complaints == []


def test_what_others_wrote_is_text(show, browser):
    js = show(a_hostile_lineup())

    assert js("document.querySelectorAll('img, script, b').length") == 0
    assert "<img src=x" in js("document.querySelector('#model-1 th').innerText")
    assert js("document.body.innerText").count("U+202E") >= 1
    assert [entry["message"] for entry in browser.get_log("browser")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(show, browser, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        js = show(many())
        ground = js("getComputedStyle(document.querySelector('figure')).backgroundColor")
        inks = {
            name: js(f"getComputedStyle(document.querySelector('{name}')).{kind}")
            for name, kind in ((".label", "fill"), (".tick", "fill"), (".fast .disc", "fill"))
        }
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    assert (luminance(ground) > 0.5) == (scheme == "light")
    for name, ink in inks.items():
        assert contrast(ink, ground) >= (3.0 if "disc" in name else 4.5), (name, ink, ground)


def test_a_narrow_window_scrolls_the_plot_and_not_the_page(show, browser):
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        js = show(many())
        wide = js("document.documentElement.scrollWidth")
        plot = js("document.querySelector('svg.plot').getBoundingClientRect().width")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert wide <= 390
    assert plot >= 640


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of `rgb(…)`."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
