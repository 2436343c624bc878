"""What a notebook shows: small HTML in which nothing takes effect, readable on white and black."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import promptgit
from promptgit.api.values import shown_as
from promptgit.core.patch import derive
from promptgit.core.run import Point
from promptgit.core.spend import Spend
from promptgit.core.verdict import Flip, Outcome
from promptgit.report import notebook
from report.a_report import a_report
from report.browser import a_browser

NASTY = "<script>alert(1)</script>&\u202e\x1b[31m"
VOID = {"br", "line", "circle"}


class Reader(HTMLParser):
    """Collects the text, and refuses HTML that is not well formed or could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style", "iframe", "img", "link", "a", "object")
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "td" in self.open:
            self.rows[-1][-1] += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


def an_evaluation(wrong=3, of=8, said="no", **more):
    cases = [promptgit.Case(f"case-{n}", {"question": f"what, {n}?"}, "yes") for n in range(of)]
    answers = iter([said] * wrong + ["yes"] * of)
    return promptgit.evaluate(
        promptgit.Prompt.of("Say yes.", name="sayer"),
        **{
            "cases": cases,
            "scorers": ["equals"],
            "model": lambda messages: next(answers),
            "concurrency": 1,
            **more,
        },
    )


def a_verdict(**more):
    facts = {
        "outcome": Outcome.REGRESSION,
        "effect": -0.2,
        "low": -0.3,
        "high": -0.1,
        "n": 40,
        "of": 50,
        "baseline": 0.8,
        "candidate": 0.6,
        "p_value": 0.9,
        "alpha": 0.05,
        "reasons": ("it got worse",),
        "flips": (Flip("mended", 0.0, 1.0), Flip("hurt", 0.9, 0.5), Flip("lost", 1.0, 0.0)),
    }
    return promptgit.Verdict(**{**facts, **more})


def an_improvement(state="confirmed", **more):
    seed = promptgit.Candidate(promptgit.Prompt.of("Be kind.\n"), an_evaluation())
    patch = derive("prompts/x.md", "Be kind.\n", f"Be kind.\n{NASTY}\n")
    best = promptgit.Candidate(
        seed.prompt.edited(patch.after), an_evaluation(wrong=1), (seed,), f"Say {NASTY}", patch
    )
    facts = {
        "run": "run-1",
        "path": "prompts/x.md",
        "state": state,
        "sentence": f"It is {NASTY}",
        "seed": seed,
        "best": best,
        "verdict": a_verdict(outcome=Outcome.PASS),
        "diff": patch.diff,
        "ref": "refs/promptgit/runs/run-1",
        "branch": "main",
        "here": True,
        "commits": (),
        "curve": (Point(0, 0.5, True),),
        "spend": Spend(calls=12),
    }
    return promptgit.Improvement(**{**facts, **more})


def everything():
    return [
        an_evaluation(),
        an_evaluation(said=NASTY),
        a_verdict(),
        a_verdict(reasons=(NASTY,), flips=(Flip(NASTY, 1.0, 0.0),)),
        an_improvement(),
        an_improvement().best,
        shown_as(promptgit.Report, a_report()),
    ]


@pytest.mark.parametrize("number", range(7))
def test_nothing_that_is_shown_takes_effect(number):
    html = everything()[number]._repr_html_()

    read(html)
    assert not re.search("[\u202e\x1b]", html)


def test_an_evaluation_shows_its_interval_and_the_worst_misses_first():
    found = read(an_evaluation()._repr_html_())

    assert "0.625 on 8 cases" in found.words
    measured, *misses = [row for row in found.rows if row]
    assert measured[:3] == ["equals", "0.625", "0.306 to 0.863"]
    assert [row[:2] for row in misses] == [[f"case-{n}", "0.000"] for n in range(3)]
    assert misses[0][4] == 'equals: is "no", expected "yes"'


def test_an_evaluation_without_a_miss_shows_none():
    assert "missed something" not in an_evaluation(wrong=0)._repr_html_()


def test_the_mean_of_a_metric_is_weighted_as_the_score_is():
    cases = [
        promptgit.Case("a", {"q": "1"}, "yes", weight=3.0),
        promptgit.Case("b", {"q": "2"}, "no"),
    ]

    shown = read(an_evaluation(wrong=0, cases=cases)._repr_html_())

    assert shown.rows[1][1] == "0.750"


def test_a_verdict_shows_what_broke_before_what_was_fixed():
    found = read(a_verdict()._repr_html_())

    assert [row[:2] for row in found.rows if row] == [
        ["lost", "broke"],
        ["hurt", "broke"],
        ["mended", "fixed"],
    ]
    assert "2 broke, 1 fixed" in found.words
    assert "-20.0 points on 40 of 50 cases" in found.words


def test_a_drawn_interval_says_what_it_shows():
    html = a_verdict()._repr_html_()

    assert 'role="img" aria-label="-0.200, between -0.300 and -0.100"' in html


def test_long_lists_are_cut_and_say_so():
    flips = tuple(Flip(f"case-{n}", 1.0, 0.0) for n in range(500))

    html = a_verdict(flips=flips)._repr_html_()

    assert html.count("<tr>") == 1 + notebook.FLIPS
    assert "480 more" in html
    assert len(an_evaluation(wrong=300, of=300, said="x" * 9_000)._repr_html_()) < 20_000


def test_an_improvement_says_how_it_ended_and_that_no_branch_moved():
    found = read(an_improvement()._repr_html_())

    assert any("no branch moved; the work is kept as refs/promptgit/" in w for w in found.words)
    assert any(word.startswith("+<script>") for word in found.words)


def test_a_verdict_without_a_pair_has_no_bar():
    nothing = a_verdict(n=0, low=float("nan"), high=float("nan"), flips=())

    assert "<svg" not in nothing._repr_html_()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (a_verdict(), "<Verdict REGRESSION: -0.200 (-0.300 to -0.100) on 40 of 50 cases>"),
        (promptgit.Prompt.of("Hi {{ you }}"), "<Prompt prompt "),
        (an_improvement().best, ", patched: 0.875 on the search cases>"),
        (an_improvement(), "<Improvement run-1 of prompts/x.md: It is "),
        (shown_as(promptgit.Report, a_report()), "<Report "),
    ],
)
def test_in_a_console_a_value_is_one_line(value, said):
    assert said in repr(value)
    assert "\n" not in repr(value)


def test_the_colours_are_told_apart_on_white_and_on_black():
    for colour in (notebook.GOOD, notebook.BAD, notebook.WARN):
        assert contrast(colour, "#ffffff") >= 3
        assert contrast(colour, "#111111") >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_browser_lays_it_out_within_its_cell(tmp_path: Path):
    html = "".join(value._repr_html_() for value in everything())
    page = tmp_path / "cells.html"
    page.write_text(
        f"<meta charset=utf-8><div id=cell style='width:700px'>{html}</div>", encoding="utf-8"
    )
    with a_browser(tmp_path / "profile") as window:
        window.get(page.as_uri())
        width = window.execute_script("return document.getElementById('cell').scrollWidth")
        shown = window.execute_script("return document.body.innerText")

    assert width <= 700
    assert "<script>alert(1)" in shown


def test_a_report_shows_a_row_a_prompt_and_what_broke():
    found = read(shown_as(promptgit.Report, a_report())._repr_html_())

    rows = [row for row in found.rows if row]
    assert rows[0][:2] == ["prompts/reply.md", "REGRESSION"]
    assert [row[1] for row in rows[1:]] == ["broke"] * len(rows[1:])
    assert len(rows) > 1
