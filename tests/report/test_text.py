"""What a terminal shows of evaluations, runs and curves."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from improve.toy import SEED, a_dataset, a_lab, evaluated
from promptgit.cli.console import PIPE_WIDTH
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Failure, Result
from promptgit.core.journal import read_run, written
from promptgit.core.ports import Answer, Usage
from promptgit.core.run import Point
from promptgit.core.spend import Spend
from promptgit.report import text
from promptgit.report.curve import png_curve, text_curve
from promptgit.report.export import exported
from promptgit.report.history_text import plain
from promptgit.report.markdown import code_block, inline
from promptgit.report.runs_text import points, run_story, runs_lines
from promptgit.strategies.critique import critique


def shown(renderable, width: int = 100) -> str:
    out = StringIO()
    Console(file=out, width=width, markup=False, emoji=False).print(renderable)
    return out.getvalue()


def a_run():
    """A run of the toy world, read back from its journal."""
    lab = a_lab()
    list(critique(SEED, lab, rounds=3))
    events = [{"kind": "start", "at": "2026-01-02T03:04:05Z", "path": "prompts/toy.md"}]
    events += [{"kind": kind, "at": "", **written(facts)} for kind, facts in lab.notebook.events]
    answer = Answer("hi", Usage(3, 4), cost_usd=0.25)
    events += [{"kind": "paid", "key": "k", "at": "", **written({"answer": answer})}] * 2
    events.append({"kind": "end", "at": "", "state": "draft", "sentence": "DRAFT: so it is."})
    return read_run("20260102T030405Z-0000", events)


def test_an_evaluation_shows_failures_apart_from_scores():
    found = evaluated(SEED, a_dataset(2))
    failed = Result("bread-0", 0, failure=Failure("server", "503 from the provider"))
    results = (*(r for r in found.results if r.case_id != "bread-0"), failed)
    broken = type(found)(found.prompt, found.cases, found.model, found.metrics, results)

    said = shown(text.evaluation(broken))

    assert "7 of 8 cases scored" in said
    assert "Failures, not scored: 1 server" in said
    assert "503 from the provider" in said


def test_an_evaluation_says_so_where_cases_count_less_than_they_look():
    cases = Dataset(tuple(Case(f"c{n}", {"question": "why"}, "right") for n in range(40)))

    said = shown(text.evaluation(evaluated(SEED, cases)), PIPE_WIDTH)

    assert "the intervals are those of about 1, not 40" in said
    assert "0.000 to 1.000" in said
    assert "count as one" not in shown(text.evaluation(evaluated(SEED, a_dataset(2))))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_number_of_an_evaluation_is_broken_in_two(width: int):
    said = shown(text.evaluation(evaluated(SEED, a_dataset(2)), width=width), width)

    assert "0.000 to 0.324" in said
    assert max(map(len, said.splitlines())) <= width


def test_in_a_narrow_terminal_input_and_why_stand_below_the_case():
    said = shown(text.evaluation(evaluated(SEED, a_dataset(2)), width=40), 40)

    lines = [line.rstrip() for line in said.splitlines()]
    place = lines.index("apples-0  0.000")
    assert lines[place + 1 : place + 3] == ["  What of apples, 0?", "  right: it should be right"]


def test_in_a_pipe_a_case_is_a_line_whatever_its_length():
    cases = Dataset((Case("long", {"question": "why " * 40}, "right"),))

    lines = shown(text.evaluation(evaluated(SEED, cases)), PIPE_WIDTH).splitlines()

    assert [line for line in lines if "long" in line and "it should be right" in line]


def test_what_a_model_wrote_cannot_act_on_the_terminal():
    assert text.printable("a\x1b]0;title\x07b\u202ec") == "a ]0;title b c"


def test_a_run_is_read_back_whole_from_its_journal():
    run = a_run()

    assert run.state == "draft"
    assert {proposal.round for proposal in run.proposals} == {1, 2, 3}
    assert len(run.proposals) > 3  # one request asks for several patches
    assert run.proposals[0].patch is not None
    assert run.proposals[0].patch.after.startswith("You know some things.")
    assert run.spend.calls == 1
    assert run.spend.usd == 0.25


def test_a_run_without_an_end_was_interrupted():
    assert read_run("r", [{"kind": "start", "at": ""}]).state == "interrupted"


def test_an_event_of_a_later_version_does_no_harm():
    assert read_run("r", [{"kind": "start", "at": ""}, {"kind": "sang", "at": ""}]).id == "r"


def test_the_story_of_a_run_has_every_proposal():
    said = shown(run_story(a_run()))

    for number in (1, 2, 3):
        assert f"round {number}" in said
    assert "+You know" in said
    assert "DRAFT: so it is." in said


def test_the_story_tells_critique_from_patch_and_keeps_what_belongs_together():
    proposal = a_run().proposals[0]
    words = "- It does not know.\n  Add: `You know it.`\n- It is short."
    run = replace(a_run(), proposals=(replace(proposal, critique=words),))

    said = shown(run_story(run))

    lines = [line.rstrip() for line in said.splitlines()]
    critique = next(place for place, line in enumerate(lines) if "written before" in line)
    assert lines[critique + 1 : critique + 5] == [
        "    - It does not know.",
        "      Add: `You know it.`",
        "    - It is short.",
        "  The patch",
    ]
    assert any(line.startswith("    +You know") for line in lines[critique + 5 :])


def test_a_run_that_can_go_on_says_how():
    gone = replace(a_run(), state="interrupted", sentence="")

    assert f"to go on: promptgit improve --resume {gone.id}" in shown(run_story(gone))
    assert "to go on" not in shown(run_story(a_run()))


def test_the_odd_percents_of_a_range_are_explained_where_they_are_shown():
    run = replace(a_run(), verdict={"n": 45, "alpha": 0.05 * 6 / 3.14159**2})

    assert "Why 93.9 %: the ledger allows this look" in shown(run_story(run))
    assert "Why" not in shown(run_story(a_run()))


@pytest.mark.parametrize("width", [40, 60, 80, 120, None])
def test_runs_are_a_line_each_at_any_width(width: int | None):
    long = replace(a_run(), prompt_path="prompts/a-rather/deep/folder/with-a-long-name.md")

    heading, *rows = map(plain, runs_lines([long, a_run()], width))

    assert len(rows) == 2
    assert max(map(len, (heading, *rows))) <= (width or 200)
    assert all(row.startswith(run.id) for row, run in zip(rows, (long, a_run()), strict=True))


def test_the_columns_of_runs_go_by_what_is_needed_least():
    headings = [plain(next(iter(runs_lines([a_run()], width)))) for width in (85, 75, 40)]

    assert [heading.split() for heading in headings] == [
        ["run", "prompt", "state", "accepted", "calls", "tokens", "cost"],
        ["run", "prompt", "state", "accepted", "calls", "cost"],
        ["run", "prompt", "state"],
    ]


def test_the_cost_of_a_run_with_calls_of_unknown_price_is_a_lower_bound():
    run = replace(a_run(), spend=Spend(calls=3, tokens=9, usd=0.5, unpriced_calls=1))

    assert plain(list(runs_lines([run]))[1]).endswith("0.50 USD or more")


def test_the_curve_only_rises_with_what_was_accepted():
    best = [point.best for point in points(a_run())]

    assert best == sorted(best)
    assert best[0] == 0.0


def test_an_export_has_a_file_for_each_round():
    files = exported(a_run())

    assert {"session_data.json", "optimization_report.md", "interview_3.json"} <= files.keys()
    assert "test_iteration_0.json" in files
    assert "| 1 | accepted |" in files["optimization_report.md"]


def test_a_flat_curve_is_said_not_drawn():
    flat = [Point(0, 0.5, True), Point(1, 0.5, False), Point(2, 0.5, False)]

    assert text_curve(flat) == "flat at 0.500 through 2 rounds"


@pytest.mark.parametrize(
    "attack", ["<script>x</script>", "![x](http://evil)", "@org/team", "| a |"]
)
def test_markup_in_a_line_stays_text(attack):
    safe = inline(attack)

    assert "<" not in safe
    assert "@" not in safe
    assert "](" not in safe
    assert "://" not in safe


def test_a_fence_cannot_be_closed_from_inside():
    block = code_block("```\n# heading\n````", "text")

    assert block.startswith("`````text\n")
    assert block.endswith("\n`````")


def test_a_png_is_drawn_where_matplotlib_is_installed():
    pytest.importorskip("matplotlib")

    png = png_curve([Point(0, 0.5, True), Point(1, 0.7, True)], title="t", sealed=(0.5, 0.6))

    assert png.startswith(b"\x89PNG")
