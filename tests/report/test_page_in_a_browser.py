"""The page of a report in a real browser: what a reviewer can do there, and what cannot happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from colorsys import rgb_to_hsv
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome
from promptgit.report.html import page
from report.a_report import (
    a_case,
    a_gate,
    a_gate_change,
    a_hostile_report,
    a_lint_finding,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    many_cases,
)
from report.browser import counting_server


@pytest.fixture
def show(opens):
    """Open a report; return what can be done with its page."""

    def opened(report, place: str = "") -> Window:
        return Window(opens(page(report), place))

    return opened


class Window:
    """A page as its reader has it."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def js(self, script: str) -> Any:
        return self.browser.execute_script(f"return {script}")

    def all(self, selector: str) -> list[str]:
        return self.js(f"[...document.querySelectorAll({selector!r})].map(e => e.innerText.trim())")

    def text(self, selector: str) -> str:
        return self.all(selector)[0]

    @property
    def ids(self) -> list[str]:
        return self.all(".case .id")

    @property
    def count(self) -> str:
        return self.text("#count")

    def click(self, text: str) -> None:
        self.js(
            "(() => { const button = [...document.querySelectorAll('button')]"
            f".find(b => b.innerText.includes({text!r})); button.click(); }})()"
        )

    def choose(self, name: str, text: str) -> None:
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import Select

        Select(self.browser.find_element(By.ID, name)).select_by_visible_text(text)

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def wait(self, script: str) -> None:
        """Until it is so; what never becomes so ends in a timeout."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 30).until(lambda _: self.js(script))

    @contextmanager
    def wide(self, width: int) -> Iterator[None]:
        """A window of so many pixels."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    @contextmanager
    def colours(self, scheme: str) -> Iterator[None]:
        """As a reader has it who asks for light, or for dark."""
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        yield
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    @property
    def complaints(self) -> list[str]:
        """What the browser's console says, but for the test's own doing."""
        return [entry["message"] for entry in self.browser.get_log("browser")]


KINDS = {flip: a_case(flip.value.replace(" ", "-"), flip) for flip in Flip}


def of_each_kind():
    return a_report(a_prompt(cases=tuple(KINDS.values())))


def test_a_page_from_disk_shows_the_broken_case_open_with_both_outputs_and_why(show):
    window = show(of_each_kind())

    assert window.ids == ["broke", "fixed", "unscored", "same", "not-run"]
    assert window.all(".case.broke .output") == ["refund", "other"]
    assert window.all(".case.broke .why") == [
        "equals 1.000",
        "equals 0.000 'other' is not 'refund'",
    ]
    assert window.all(".case.broke dd") == ["Can I have my money back?", "refund"]
    assert window.js("document.querySelectorAll('details[open] .body').length") == 1
    assert window.count == "5 cases"
    assert window.complaints == []


def test_scores_that_differ_look_different(show):
    case = a_case(before=a_side(0.5564, "Yes."), after=a_side(0.5556, "No."))

    window = show(a_report(a_prompt(cases=[case])))

    assert window.text(".move") == "0.5564 → 0.5556"
    assert [label.split()[-1] for label in window.all(".label")] == ["0.5564", "0.5556"]
    assert window.all(".why") == ["equals 0.5564", "equals 0.5556"]


def test_words_that_differ_between_the_outputs_are_marked(show):
    case = a_case(
        before=a_side(1.0, "We send you a new lamp today."),
        after=a_side(0.0, "We send you nothing today."),
    )

    window = show(a_report(a_prompt(cases=[case])))

    assert window.all(".output del") == ["a new lamp"]
    assert window.all(".output ins") == ["nothing"]
    assert window.all(".output")[1] == "We send you nothing today."


def test_outputs_that_are_alike_are_said_to_be_and_bear_no_marks(show):
    window = show(a_report(a_prompt(Outcome.PASS, [a_case(flip=Flip.SAME)])))

    window.click("Open all")
    window.wait("document.querySelectorAll('.output').length === 2")

    assert window.all(".output") == ["refund", "refund"]
    assert "the same output" in window.all(".label")[1]
    assert window.all(".output ins, .output del") == []


def test_cases_are_filtered_by_what_became_of_them_and_the_address_keeps_it(show):
    window = show(of_each_kind())

    window.click("fixed")
    window.click("unscored")

    assert window.ids == ["fixed", "unscored"]
    assert window.count == "2 of 5 cases"
    assert window.js("location.hash") == "#flip=fixed%2Cunscored"
    assert window.all(".flips [aria-pressed=true]") == ["▲ fixed1", "◆ unscored1"]


def test_an_address_brings_its_filter_along(show):
    window = show(of_each_kind(), "#flip=not+run&text=money")

    assert window.ids == ["not-run"]
    assert window.js("document.getElementById('text').value") == "money"


def test_an_address_that_asks_for_nonsense_shows_all(show):
    window = show(of_each_kind(), "#flip=burnt&metric=<b>&tag=__proto__")

    assert window.count == "5 cases"


def test_an_anchor_is_no_filter(show):
    window = show(of_each_kind(), "#prompt-1")

    assert window.count == "5 cases"
    assert window.js("location.hash") == "#prompt-1"


def test_going_to_a_place_on_the_page_leaves_the_filter_alone(show):
    window = show(of_each_kind(), "#flip=fixed")

    window.js("location.assign('#prompt-1')")
    window.wait("location.hash === '#prompt-1'")
    window.js("new Promise((done) => setTimeout(done, 50))")

    assert window.ids == ["fixed"]


def test_text_is_searched_in_inputs_outputs_reasons_and_names(show):
    cases = [
        a_case("first", asks="Where is my Parcel?"),
        a_case("second", after=a_side(0.0, "Ask the courier.")),
        a_case("third", after=a_side(0.0, "no", "misses the apology")),
    ]
    window = show(a_report(a_prompt(cases=cases)))

    for words, ids in (
        ("parcel", ["first"]),
        ("COURIER", ["second"]),
        ("apology misses", ["third"]),
        ("third", ["third"]),
        ("refund", ["first", "second", "third"]),
    ):
        window.js(
            f"(() => {{ const text = document.getElementById('text'); text.value = {words!r};"
            "text.dispatchEvent(new Event('input')); })()"
        )
        found = "[...document.querySelectorAll('.case .id')].map(e => e.innerText).join()"
        window.wait(f"{found} === {','.join(ids)!r}")


def test_a_change_that_concerns_no_prompt_has_a_page_too(show):
    window = show(replace(a_report(), prompts=()))

    assert window.text("h1") == "PASS\nThe change concerns no prompt."
    assert window.text("#list") == "There is no case."
    assert window.complaints == []


def test_a_search_without_a_hit_says_so_and_clear_brings_all_back(show):
    window = show(of_each_kind(), "#text=zzz")

    assert window.text("#list") == "No case is like that."
    assert window.count == "0 of 5 cases"

    window.click("Clear")

    assert window.count == "5 cases"
    assert window.js("location.hash") == ""


def test_cases_are_filtered_by_tag_and_prompt(show):
    first = a_prompt(cases=[a_case("one", tags=("billing",)), a_case("two")])
    second = a_prompt(cases=[a_case("three", tags=("billing",))], path="prompts/other.md")
    window = show(a_report(first, second))

    window.choose("tag", "billing")
    assert window.ids == ["one", "three"]

    window.choose("gate", "prompts/other.md")
    assert window.ids == ["three"]
    assert window.js("location.hash") == "#gate=1&tag=billing"


def test_a_metric_judges_the_cases_anew(show):
    from promptgit.core.evaluation import Score

    before = replace(a_side(1.0), scores={"brief": Score(0.2), "kind": Score(1.0)})
    after = replace(a_side(0.5), scores={"brief": Score(0.9), "kind": Score(0.1, "rude")})
    case = a_case(before=before, after=after)
    metrics = [a_metric(), a_metric("brief"), a_metric("kind")]
    window = show(a_report(a_prompt(gates=(a_gate(cases=[case], metrics=metrics),))))

    window.choose("metric", "brief")

    assert window.text(".flip") == "▲ fixed"
    assert window.text(".move") == "0.200 → 0.900"


def test_the_keyboard_is_enough(show):
    window = show(of_each_kind())

    window.press("j", "j")
    assert window.js("document.activeElement.querySelector('.id').innerText") == "fixed"
    window.press("\ue007")  # Enter
    window.wait("document.querySelector('.case.fixed details').open")
    window.press("k")
    assert window.js("document.activeElement.querySelector('.id').innerText") == "broke"
    window.press("/")
    assert window.js("document.activeElement.id") == "text"
    window.press("j")
    assert window.js("document.getElementById('text').value") == "j"


def test_every_control_has_a_name_and_headings_do_not_skip(show):
    window = show(of_each_kind())

    nameless = window.js(
        "[...document.querySelectorAll('button, input, select, summary')].filter(e => !e.hidden &&"
        " !(e.innerText || e.getAttribute('aria-label') || e.labels?.length)).length"
    )
    levels = [
        int(tag[1])
        for tag in window.js("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => e.tagName)")
    ]
    assert nameless == 0
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_fits_the_window(show, width):
    window = show(a_report(*(a_prompt(cases=many_cases(30)) for _ in range(3))))

    with window.wide(width):
        wide = window.js("document.documentElement.scrollWidth")

    assert wide <= width


@pytest.mark.parametrize("width", [360, 500])
def test_the_verdict_of_each_metric_is_in_sight_in_a_narrow_window(show, width):
    long = "a-name-that-is-longer-than-a-telephone-is-wide"
    metrics = [a_metric(outcome=Outcome.REGRESSION), a_metric(long)]
    window = show(a_report(a_prompt(gates=(a_gate(metrics=metrics),))))

    with window.wide(width):
        right_ends = window.js(
            "[...document.querySelectorAll('.metrics .pill')]"
            ".map(e => e.getBoundingClientRect().right)"
        )

    assert len(right_ends) == 2
    assert all(end <= width for end in right_ends)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_differs_is_neither_red_nor_green_which_mean_broke_and_fixed(show, scheme):
    window = show(a_report())

    with window.colours(scheme):
        grounds = {
            selector: window.js(
                f"getComputedStyle(document.querySelector({selector!r})).backgroundColor"
            )
            for selector in (".output del", ".output ins", ".paper ins")
        }

    for selector, ground in grounds.items():
        red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", ground)[:3])
        hue, _, saturation = rgb_to_hsv(red, green, blue)
        assert saturation > 0.1, f"{selector} is not marked"
        assert 30 <= 360 * hue <= 60 or 190 <= 360 * hue <= 250, f"{selector}: {ground}"
    assert grounds[".output del"] != grounds[".output ins"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(show, scheme):
    outcomes = (Outcome.PASS, Outcome.REGRESSION, Outcome.INCONCLUSIVE, Outcome.INVALID)
    cases = (a_case(must_pass=True), *many_cases(20))
    told = {"changes": (a_gate_change(),), "lint": (a_lint_finding(severity="error"),)}
    prompts = (a_prompt(outcome, cases, **told) for outcome in outcomes)
    window = show(a_report(*prompts, notices=("The base moved.",)))

    with window.colours(scheme):
        low = window.js(CONTRASTS)
        ground = window.js("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0]")

    assert low == []
    assert (int(ground) < 128) is (scheme == "dark")


# Names what has a contrast below 4.5 (WCAG 2, level AA) against what is behind it.
CONTRASTS = """(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.matches('script, style, .skip, option')) continue;
    const [ink, paper] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) low.add(`${e.tagName}.${e.className}: ${ratio.toFixed(2)}`);
  }
  return [...low];
})()"""


def test_ten_thousand_cases_are_drawn_a_page_at_a_time_and_searched_whole(show):
    window = show(a_report(a_prompt(cases=many_cases(10_000))))

    assert window.count == "10,000 cases"
    assert window.js("document.querySelectorAll('.case').length") < 200
    window.js(
        "(() => { const text = document.getElementById('text'); text.value = 'Question 9999:';"
        "text.dispatchEvent(new Event('input')); })()"
    )
    window.wait("document.querySelectorAll('.case').length === 1")
    assert window.ids == ["case-09999"]


def test_scrolling_down_draws_more(show):
    window = show(a_report(a_prompt(cases=many_cases(600))))
    first = window.js("document.querySelectorAll('.case').length")

    window.js("window.scrollTo(0, document.body.scrollHeight)")

    window.wait(f"document.querySelectorAll('.case').length > {first}")


def test_a_tall_window_is_filled_without_scrolling(show):
    calm = [a_case(f"case-{number}", Flip.SAME) for number in range(600)]
    window = show(a_report(a_prompt(Outcome.PASS, calm)))
    metrics = {"width": 1400, "height": 5000, "deviceScaleFactor": 1, "mobile": False}

    window.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    window.click("same")
    window.wait("document.querySelectorAll('.case').length > 120")
    window.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert window.js("document.querySelectorAll('.case').length") < 600


def test_nothing_that_models_wrote_takes_effect(show):
    window = show(a_hostile_report())

    window.click("Open all")
    window.wait("document.querySelectorAll('.output').length > 2")

    assert window.js("document.querySelectorAll('img, a[href^=http], iframe, .case a').length") == 0
    assert window.js("document.scripts.length") == 2
    assert "<img src=x onerror=alert(1)>" in window.all(".case.broke .output")[1]
    assert "U+202E" in window.all(".output .sign")
    assert not set(window.text("body")) & set("\x00\x07\x1b\u202e\u200b\u2028")
    assert window.complaints == []


def test_no_server_is_asked_for_anything_but_the_page_itself(browser):
    with counting_server(page(a_hostile_report())) as (address, asked):
        browser.get(address)
        window = Window(browser)
        window.click("Open all")
        window.wait("document.querySelectorAll('.output').length > 2")
        browser.get("about:blank")

    assert asked == ["/page"]


def test_a_script_that_is_slipped_in_does_not_run(show, tmp_path):
    file = tmp_path / "forged.html"
    forged = page(a_report()).replace("</body>", "<script>document.title = 'owned'</script></body>")
    window = show(a_report())

    file.write_text(forged, encoding="utf-8")
    window.browser.get(file.as_uri())

    assert window.count == "1 case"
    assert window.js("document.title") == "REGRESSION · promptgit review"
    assert any("Content Security Policy" in line for line in window.complaints)


def test_a_printed_page_has_its_cases_and_no_controls(show):
    window = show(a_report(a_prompt(cases=many_cases(100))))

    window.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    window.js("window.dispatchEvent(new Event('beforeprint'))")
    shown = window.js("getComputedStyle(document.getElementById('filter')).display")
    drawn = window.js("document.querySelectorAll('.case').length")
    window.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert shown == "none"
    assert drawn == 100
