"""Several models side by side: the same facts as text, Markdown, JSON and HTML."""

from __future__ import annotations

import json
import random
import re
from html.parser import HTMLParser
from io import StringIO
from itertools import combinations

import pytest
from rich.console import Console

from promptgit.core.lineup import Lineup, facts, lineup_of
from promptgit.report import scatter, suite_html, suite_json, suite_markdown, suite_text
from promptgit.report import suite_words as words
from report.a_lineup import (
    EVIL,
    a_best,
    a_difference,
    a_hostile_lineup,
    a_lineup,
    an_entrant,
)


def as_text(found: Lineup, width: int = 80) -> str:
    page = StringIO()
    Console(file=page, width=width, markup=False, emoji=False, highlight=False).print(
        suite_text.lineup(found)
    )
    return page.getvalue()


class TestTheValue:
    def test_what_a_journal_keeps_is_read_again_as_it_was(self):
        found = a_lineup(pairs=[a_difference("big", "small")], best=[a_best()])

        again = lineup_of(json.loads(json.dumps(facts(found))))

        assert again == found

    def test_a_key_of_a_later_version_is_left_out(self):
        written = facts(a_lineup(best=[a_best()]))
        written["colour"] = "blue"
        written["entrants"][0]["taste"] = "sweet"

        assert lineup_of(written) == a_lineup(best=[a_best()])

    def test_a_difference_is_found_from_either_side(self):
        found = a_lineup(pairs=[a_difference("big", "small")])

        there, back = found.difference("big", "small"), found.difference("small", "big")

        assert there is not None
        assert back == there.mirrored
        assert found.difference("big", "nobody") is None


class TestWords:
    def test_a_sign_stands_only_between_tiers(self):
        found = a_lineup(
            an_entrant("a"), an_entrant("b"), an_entrant("c"), tiers=[["a", "b"], ["c"]]
        )

        assert words.ranking(found) == "a, b > c"

    def test_nothing_proven_is_said_as_such(self):
        assert words.ranking(a_lineup()) == "big, small: no difference is proven"

    def test_a_proof_within_a_tier_is_told_below(self):
        pair = a_difference("big", "small", proven=True)

        found = a_lineup(pairs=[pair])

        assert words.ranking(found).endswith("see below")
        assert words.proven_inside(found) == (pair,)

    def test_what_no_number_of_cases_would_settle_is_not_promised(self):
        said = words.open_question(a_difference("a", "b", more=None))

        assert "even a million would hardly settle it" in said
        assert "about" not in said

    def test_the_shortest_way_to_an_answer_comes_first(self):
        far, near, never = (a_difference("a", "b", more=more) for more in (900, 20, None))

        found = words.unsettled(
            a_lineup(an_entrant("a"), an_entrant("b"), pairs=[far, near, never])
        )

        assert found == (near, far, never)

    def test_a_model_with_an_unknown_price_is_on_no_front(self):
        assert not words.on_front(an_entrant("m", usd_per_1000=None))
        assert words.cost(an_entrant("m", usd_per_1000=None)) == "unknown"
        assert words.cost(an_entrant("m", usd_per_1000=0.0)) == "free"

    def test_of_a_prompt_that_is_not_confirmed_nothing_is_claimed(self):
        draft = a_best(state="draft", sealed=None, effect=None, low=None, high=None, n=0)

        assert words.searched([draft]).startswith("A better prompt is confirmed for 0 of 1 model.")
        assert words.best_line(draft) == "small: draft"


class TestText:
    def test_it_fits_into_eighty_columns(self):
        names = ["gpt-5-mini", "ollama/llama3.2", "mistral/mistral-large", "offline"]
        entrants = [an_entrant(name, 0.9 - place / 20) for place, name in enumerate(names)]
        pairs = [a_difference(a, b) for a, b in combinations(names, 2)]

        said = as_text(a_lineup(*entrants, pairs=pairs))

        assert max(map(len, said.splitlines())) <= 80
        for name in names:
            assert re.search(rf"^ {re.escape(name)}.* 0\.\d\d\d ", said, re.MULTILINE), said
        assert "+0.080" in said

    def test_a_proven_difference_to_the_current_model_bears_a_star(self):
        said = as_text(a_lineup(pairs=[a_difference("small", "big", proven=True)]))

        assert re.search(r"small .*\+0\.080\*", said)
        assert re.search(r"big .* current ", said)

    def test_control_characters_of_others_do_not_reach_the_terminal(self):
        said = as_text(a_hostile_lineup(), 200)

        assert "\x1b" not in said
        assert "\u202e" not in said

    def test_half_a_suite_says_how_far_it_came(self):
        entrants = [
            an_entrant("big", asked=41, scored=41),
            an_entrant("small", asked=40, scored=40),
        ]

        said = as_text(a_lineup(*entrants, ended="the budget of 81 calls is spent"), 120)

        assert "PARTIAL: the budget of 81 calls is spent" in said
        assert "every model was asked about 40 of 120 cases" in said

    def test_the_best_prompt_comes_with_its_sentence_and_its_command(self):
        said = as_text(a_lineup(best=[a_best(file="best/reply.small.md")]), 120)

        assert "small: confirmed; sealed: 0.700 -> 0.780" in said
        assert "promptgit improve reply --model small --branch for-small" in said
        assert "written to best/reply.small.md" in said
        assert "Nothing was delivered" in said


class TestJson:
    def test_its_keys_are_stable(self):
        told = suite_json.facts(a_lineup(pairs=[a_difference("big", "small")], best=[a_best()]))

        assert set(told) == {
            "schema", "run", "when", "prompt", "cases", "partial", "ended", "ranking", "tiers",
            "current", "alpha", "correction", "comparisons", "models", "pairs", "best", "spend",
        }  # fmt: skip
        assert set(told["models"][0]) == {
            "name", "model", "current", "score", "to_current", "asked", "unscored", "failures",
            "failure", "flags", "latency_s", "tokens", "usd_per_1000_cases", "on_front",
            "beaten_by", "calls", "scores",
        }  # fmt: skip
        assert set(told["pairs"][0]) == {
            "first", "second", "effect", "low", "high", "n", "won", "lost", "p_value", "proven",
            "more_cases",
        }  # fmt: skip
        assert set(told["best"][0]) == {
            "name", "state", "confirmed", "sentence", "run", "blob", "ref", "sealed", "command",
            "file",
        }  # fmt: skip

    def test_what_is_unknown_is_null(self):
        told = suite_json.facts(a_lineup(an_entrant("a"), an_entrant("b", None)))

        json.dumps(told, allow_nan=False)
        assert told["models"][1]["score"]["mean"] is None
        assert told["models"][1]["usd_per_1000_cases"] is None
        assert told["models"][1]["to_current"] is None


class TestMarkdown:
    def test_it_is_one_table_with_the_ranking_above_it(self):
        said = suite_markdown.page(a_lineup(pairs=[a_difference("big", "small")]))

        rows = [line for line in said.splitlines() if line.startswith("|")]
        assert len(rows) == 4
        assert {row.count("|") for row in rows} == {len(suite_markdown.COLUMNS) + 1}
        assert said.index("**Ranking:**") < said.index("| model |")

    def test_nothing_that_others_wrote_takes_effect(self):
        said = suite_markdown.page(a_hostile_lineup())

        rows = [line for line in said.splitlines() if line.startswith("|")]
        assert len(rows) == 5
        assert "<img" not in said
        assert "<script" not in said
        assert "@org" not in re.sub(r"````.*?````", "", said, flags=re.DOTALL)
        assert "](http" not in said
        assert "\n## heading" not in said


class Page(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


class TestHtml:
    def test_nothing_that_others_wrote_takes_effect(self):
        page = Page(suite_html.page(a_hostile_lineup()))

        assert "script" not in page.tags
        assert "img" not in page.tags
        assert "b" not in page.tags
        assert not [name for name, _ in page.attributes if name.startswith("on")]

    def test_it_needs_nothing_from_anywhere(self):
        text = suite_html.page(a_lineup(pairs=[a_difference("big", "small")], best=[a_best()]))
        page = Page(text)

        assert {value for name, value in page.attributes if name == "href"} == {
            "#models",
            "#model-1",
            "#model-2",
        }
        assert not {"script", "link", "iframe", "img"} & set(page.tags)
        policy = next(value for _, value in page.attributes if value.startswith("default-src"))
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "style" not in {name for name, _ in page.attributes}  # the policy forbids them

    def test_every_point_leads_to_the_row_of_its_model(self):
        page = Page(suite_html.page(a_lineup(*(an_entrant(name) for name in "abc"))))

        ids = {value for name, value in page.attributes if name == "id"}
        links = [value[1:] for name, value in page.attributes if name == "href"]
        assert len(links) == 4
        assert set(links) <= ids


class TestThePlot:
    def test_without_a_score_there_is_none(self):
        assert scatter.plot(a_lineup(an_entrant("a", None))) is None
        assert "<svg" not in suite_html.page(a_lineup(an_entrant("a", None)))

    def test_better_is_higher_dearer_is_further_right_slower_is_larger(self):
        good = an_entrant("good", 0.9, usd_per_1000=5.0, p50_s=2.0)
        poor = an_entrant("poor", 0.5, usd_per_1000=1.0, p50_s=0.2)

        plot = scatter.plot(a_lineup(good, poor))

        assert plot is not None
        first, second = plot.points
        assert first.y < second.y
        assert first.x > second.x
        assert first.radius > second.radius
        assert (first.tone, second.tone) == ("slow", "fast")
        assert first.high < first.y < first.low

    def test_a_little_slower_is_drawn_as_a_little_slower(self):
        plot = scatter.plot(a_lineup(an_entrant("a", p50_s=0.019), an_entrant("b", p50_s=0.020)))

        assert plot is not None
        assert {point.tone for point in plot.points} == {"fast"}
        assert plot.points[1].radius - plot.points[0].radius < 1

    def test_an_unknown_price_is_nowhere_on_the_axis(self):
        plot = scatter.plot(a_lineup(an_entrant("a"), an_entrant("b", usd_per_1000=None)))

        assert plot is not None
        assert plot.unknown is not None
        known, unknown = plot.points
        assert known.x < plot.unknown[0] < unknown.x < plot.unknown[1]

    def test_what_is_free_has_a_slot_where_the_axis_is_logarithmic(self):
        costs = {"a": 0.0, "b": 0.02, "c": 9.0}
        entrants = [an_entrant(name, usd_per_1000=cost) for name, cost in costs.items()]

        plot = scatter.plot(a_lineup(*entrants))

        assert plot is not None
        assert plot.logarithmic
        assert plot.free is not None
        free, cheap, dear = plot.points
        assert free.x < plot.free[1] < cheap.x < dear.x

    @pytest.mark.parametrize("seed", range(25))
    def test_names_cover_neither_each_other_nor_a_point_and_stay_inside(self, seed: int):
        rng = random.Random(seed)
        entrants = [
            an_entrant(
                "m" * rng.randint(1, 40) + str(number),
                rng.choice([0.8, 0.81, rng.random()]),
                usd_per_1000=rng.choice([None, 0.0, 1.0, 1.0, 10 ** rng.uniform(-3, 2)]),
                p50_s=10 ** rng.uniform(-3, 1.5),
            )
            for number in range(rng.randint(1, 14))
        ]

        plot = scatter.plot(a_lineup(*entrants))

        assert plot is not None
        boxes = [box_of(point.label) for point in plot.points if point.label]
        discs = [
            scatter.Box(p.x - p.radius, p.y - p.radius, p.x + p.radius, p.y + p.radius)
            for p in plot.points
        ]
        assert not [pair for pair in combinations(boxes, 2) if pair[0].meets(pair[1])]
        assert not [box for box in boxes for disc in discs if box.meets(disc)]
        assert all(box.left >= 0 and box.right <= scatter.WIDTH for box in boxes)
        assert len(boxes) >= 0.75 * len(entrants)

    def test_a_point_lies_on_the_axis_as_its_ticks_say(self):
        plot = scatter.plot(a_lineup(an_entrant("a", 0.75), an_entrant("b", 0.65)))

        assert plot is not None
        ticks = {tick.text: tick.at for tick in plot.upwards}
        middle = (ticks["0.70"] + ticks["0.80"]) / 2 if "0.75" not in ticks else ticks["0.75"]
        assert plot.points[0].y == pytest.approx(middle, abs=0.2)


def box_of(label: scatter.Label) -> scatter.Box:
    width = scatter.LETTER * scatter.columns(label.text)
    top = label.y + 4 - scatter.LINE
    return scatter.Box(label.x + 0.1, top + 0.1, label.x + width - 0.1, label.y + 3.9)


def test_hostile_names_are_cut_for_the_plot():
    plot = scatter.plot(a_hostile_lineup())

    assert plot is not None
    assert all(len(point.label.text) <= scatter.LONGEST for point in plot.points if point.label)
    assert len(plot.points) == len(EVIL)
