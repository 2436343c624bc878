"""The page of a report, read without a browser: what is in it, and what can never be."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from math import inf, nan

import pytest

from promptgit.core.gate import Flip
from promptgit.core.verdict import Outcome
from promptgit.report.case_rows import LENGTHS, rows
from promptgit.report.html import page
from promptgit.report.interval_bar import bar, span_of
from report.a_report import (
    BASE,
    HEAD,
    HOSTILE,
    MERGE,
    a_case,
    a_gate,
    a_gate_change,
    a_guard,
    a_hostile_report,
    a_lint_finding,
    a_metric,
    a_prompt,
    a_report,
    a_side,
    a_verdict,
    many_cases,
)

SENDING = {"href", "src", "srcset", "action", "formaction", "poster", "data", "background", "ping"}


class Page(HTMLParser):
    """The elements of a page, its text, and what stands in its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag in ("td", "dd", "li") else ""
        self._in = tag if tag in self.inside else self._in
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag):
        self._in = "" if tag == self._in else self._in

    def handle_data(self, data):
        if self._in:
            self.inside[self._in][-1] += data
        else:
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    @property
    def data(self):
        return json.loads(self.inside["script"][0])


def tags(html: str) -> list[str]:
    return [tag for tag, _ in Page(html).elements]


def test_verdict_sentence_and_identities_stand_at_the_top():
    html = page(a_report(a_prompt(), merge=MERGE))
    said = Page(html).words

    assert said.index("REGRESSION") < said.index("The prompt got worse.") < said.index("base")
    assert "-10.0 points (90 % range -15.0 to -5.0)" in said
    assert all(oid in html for oid in (BASE, HEAD, MERGE, "4d" * 20, "5e" * 20))


def test_a_changed_gate_is_told_before_the_verdict_and_once():
    prompts = (a_prompt(changes=(a_gate_change(),)), a_prompt(changes=(a_gate_change(),)))

    said = Page(page(a_report(*prompts))).words

    assert said.index("This change also changes the gate") < said.index("REGRESSION")
    assert said.count("prompts/reply.eval.yaml:7") == 1


def test_notices_lint_and_word_diff_are_on_the_page():
    prompt = a_prompt(lint=(a_lint_finding(),))
    found = Page(html := page(a_report(prompt, notices=("The base moved.",))))

    assert "The base moved." in found.words
    assert "prompts/reply.md:2:1 no role is given to the model PG101" in found.words
    assert "<ins> in one word</ins>" in html


def test_a_new_prompt_shows_its_text_and_that_nothing_was_compared():
    prompt = a_prompt(gates=(), standing="new", texts=("", "Be kind.\n"), blobs=("", "5e" * 20))

    html = page(a_report(prompt))

    assert "there is nothing to compare it with" in html
    assert "<ins>Be kind.</ins>" in html
    assert "<del>" not in html


def test_metrics_show_levels_effects_ranges_and_what_is_tolerated():
    metrics = [a_metric(), replace(a_metric("brief"), gated=False), a_guard("cost")]

    said = Page(page(a_report(a_prompt(gates=(a_gate(Outcome.PASS, metrics=metrics),))))).words

    assert "score PASS 0.800 0.820 +2.0 -3.0 to +7.0 40 of 60 a drop under 5 points" in said
    assert "brief 0.800 0.820 +2.0 -3.0 to +7.0 40 of 60 for information" in said
    assert "cost PASS 0.0021 USD 0.0024 USD +12.0 % +8.0 % to +16.0 % 40 of 60 at most" in said


def test_both_sets_of_rules_are_shown_where_the_gate_changed():
    gates = (a_gate(Outcome.PASS), replace(a_gate(), rules="head"))

    found = Page(page(a_report(a_prompt(gates=gates))))

    assert "By base's rules PASS" in found.words
    assert "By head's rules REGRESSION" in found.words
    assert [gate["rules"] for gate in found.data["gates"]] == ["By base's rules", "By head's rules"]


def test_reasons_and_faults_that_the_sentence_leaves_out_are_listed():
    gate = a_gate(reasons=("the case 'x' must pass",), faults=("the quarantine of 'y' ended",))

    said = Page(page(a_report(a_prompt(gates=(gate,))))).words

    assert "the case 'x' must pass" in said
    assert "the quarantine of 'y' ended" in said


@pytest.mark.parametrize("number", [nan, inf])
def test_numbers_that_are_not_known_are_dashes(number):
    verdict = a_verdict(effect=number, low=-number, high=number, baseline=number, candidate=number)
    metrics = [replace(a_metric(), verdict=verdict), replace(a_guard(), verdict=verdict)]

    found = Page(page(a_report(a_prompt(gates=(a_gate(Outcome.PASS, metrics=metrics),)))))

    assert "score PASS – – – – 40 of 60" in found.words
    assert "svg" not in tags(page(a_report(a_prompt(gates=(a_gate(metrics=metrics),)))))


def test_where_no_pair_was_compared_there_is_no_range():
    nothing = a_verdict(n=0, low=-1.0, high=1.0, effect=0.0, baseline=nan, candidate=nan)
    gate = a_gate(Outcome.INVALID, metrics=[replace(a_metric(), verdict=nothing)])

    html = page(a_report(a_prompt(gates=(gate,))))

    assert "score PASS – – 0.0 – 0 of 60" in Page(html).words
    assert "<svg" not in html


def test_what_comes_from_git_is_escaped_too():
    assert "<b>" not in page(a_report(a_prompt(record="<b>"), base="<b>", merge="<b>"))


def test_a_drop_is_drawn_left_of_zero_and_growth_of_a_guard_beyond_its_margin_on_the_right():
    score, cost = a_metric(outcome=Outcome.REGRESSION), a_guard("cost", Outcome.REGRESSION)
    drop = bar(score, span_of([score, cost], score))
    growth = bar(cost, span_of([score, cost], cost))

    assert drop is not None
    assert growth is not None
    assert drop.effect < drop.margin < 100
    assert (drop.beyond_x, drop.beyond_width) == (0, drop.margin)
    assert 100 < growth.margin < growth.effect
    assert growth.beyond_x + growth.beyond_width == 200


def test_nothing_is_loaded_and_only_our_own_script_and_style_may_run():
    found = Page(page(a_report()))
    policy = next(a["content"] for t, a in found.elements if a.get("http-equiv"))
    refused = "default-src 'none'; style-src 'X'; script-src 'X'; base-uri 'none'"

    assert policy is not None
    assert re.sub(r"sha256-[^']+", "X", policy).startswith(refused)
    for text in (found.inside["style"][0], found.inside["script"][1]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize("report", [a_report(), a_hostile_report()], ids=["plain", "hostile"])
def test_no_element_asks_a_server(report):
    html = page(report)
    found = Page(html).elements
    links = [a[name] for _, a in found for name in SENDING & set(a)]

    assert not {"img", "link", "iframe", "object", "embed", "base", "video"} & set(tags(html))
    assert all(link is not None and link.startswith("#") for link in links)
    assert "url(" not in html.replace(HOSTILE, "")
    assert "@import" not in html


def test_hostile_words_add_no_element_and_no_attribute():
    harmless = a_hostile_report()
    plain = page(a_report(a_prompt()))
    hostile = page(harmless)

    assert hostile.count("<script") == plain.count("<script") == 2
    assert not [name for _, a in Page(hostile).elements for name in a if name.startswith("on")]
    assert "alert(1)" in Page(hostile).words


def test_characters_that_show_nothing_are_named():
    html = page(a_hostile_report())

    assert '<span class="sign">U+202E</span>' in html
    assert not set(html) & set("\x00\x07\x1b\u202e\u200b\u2028\ud800")


def test_the_page_is_utf_8_and_the_same_every_time():
    report = a_hostile_report()

    assert page(report).encode() == page(report).encode()


def test_cases_come_as_data_broken_ones_first():
    kinds = (Flip.SAME, Flip.NOT_RUN, Flip.UNSCORED, Flip.FIXED, Flip.BROKE)
    report = a_report(a_prompt(cases=[a_case(flip.value, flip) for flip in kinds]))

    found = Page(page(report)).data["rows"]

    assert [row["flip"] for row in found] == ["broke", "fixed", "unscored", "same", "not run"]
    assert found[0]["after"]["scores"] == [["equals", 0.0, "'other' is not 'refund'"]]
    assert found[3]["alike"]
    assert "before" not in found[4]


def test_what_flipped_in_any_prompt_comes_before_what_did_not():
    first = a_prompt(cases=[a_case("calm", Flip.SAME)])
    second = a_prompt(cases=[a_case("broken", Flip.BROKE)])

    found = json.loads(rows(a_report(first, second)).json)["rows"]

    assert [(row["gate"], row["id"]) for row in found] == [(1, "broken"), (0, "calm")]


def test_what_is_to_be_known_of_a_case_goes_with_it():
    case = a_case(must_pass=True, already_failing=True, flaky=True)

    (row,) = json.loads(rows(a_report(a_prompt(cases=[case]))).json)["rows"]

    assert row["marks"] == ["must pass", "already failing in base", "flaky: it flips by itself"]


def test_a_long_output_is_cut_and_says_by_how_much():
    most = LENGTHS[0][0]
    case = a_case(after=a_side(0.0, "x" * (most + 7)))

    cut = rows(a_report(a_prompt(cases=[case])))

    assert json.loads(cut.json)["rows"][0]["after"]["output"] == ["x" * most, 7]
    assert "Long texts are cut" in page(a_report(a_prompt(cases=[case])))


def test_a_key_that_a_model_says_is_blotted_out_even_at_a_cut():
    key = "sk-proj-4f9a8b7c6d5e4f3a2b1c"
    most = LENGTHS[0][0]
    cases = [
        a_case("short", after=a_side(0.0, f"it is {key}", f"says {key}")),
        a_case("long", after=a_side(0.0, "x " * (most // 2 - 5) + key)),
    ]

    html = page(a_report(a_prompt(cases=cases)))

    assert "[API key redacted]" in html
    assert "sk-proj" not in html


def test_texts_are_cut_shorter_until_the_page_is_small_enough():
    report = a_report(a_prompt(cases=many_cases(200, output="long " * 1000)))

    small = rows(report, most_bytes=200_000)

    assert len(small.json.encode()) < 201_000
    assert small.count == 200
    assert small.kept < LENGTHS[0][0]


def test_cases_that_fit_in_no_way_are_left_out_from_the_end_and_counted():
    report = a_report(a_prompt(cases=many_cases(200, output="long " * 1000)))

    small = rows(report, most_bytes=20_000)
    kept = json.loads(small.json)["rows"]

    assert len(small.json.encode()) < 21_000
    assert small.left_out == 200 - len(kept) > 0
    assert {row["flip"] for row in kept[:20]} == {"broke"}
    assert f"{small.left_out} that did not flip" in page(report, most_bytes=20_000)


def test_many_findings_many_reasons_and_endless_lines_are_cut_too():
    gate = a_gate(reasons=tuple(f"the must-pass case {n} got worse" for n in range(5_000)))
    lint = tuple(a_lint_finding(line=n) for n in range(1, 5_000))
    prompt = a_prompt(gates=(gate,), lint=lint, texts=("short\n", "x" * 1_000_000))

    html = page(a_report(prompt))

    assert len(html) < 100_000
    assert "and 4,980 more reasons" in html
    assert "… and 4979 more: promptgit lint" in html
    assert "(996,000 more characters)" in html


@pytest.mark.slow
def test_ten_thousand_wordy_cases_stay_below_20_mb():
    report = a_report(a_prompt(cases=many_cases(10_000, output="<é" * 1_200)))

    assert len(page(report).encode()) < 20_000_000
