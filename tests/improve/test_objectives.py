"""What a prompt may cost for its quality."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from improve.toy import SEED, a_dataset, a_lab, evaluated
from promptgit.core.ports import Usage
from promptgit.improve.bounded import BoundedLab
from promptgit.improve.objectives import Objectives
from promptgit.improve.size import sizes_of
from promptgit.strategies.critique import critique

LONG = SEED.edited(SEED.text + "And this line makes it a good deal longer.\n")
BETTER = SEED.edited(SEED.text + "You know apples, and this line is rather long as well.\n")


def an_evaluation(
    prompt=SEED, *, cases=None, tokens=0, latency_s=0.0, cost_usd: float | None = 0.0
):
    found = evaluated(prompt, cases or a_dataset(3))
    usage = Usage(tokens, 1)
    results = tuple(
        replace(result, usage=usage, latency_s=latency_s, cost_usd=cost_usd)
        for result in found.results
    )
    return replace(found, results=results)


def test_a_tie_may_not_grow_the_prompt_by_more_than_a_tenth():
    reason = Objectives().breach(an_evaluation(), an_evaluation(LONG))

    assert reason.startswith("growth on a tie: no gain on 12 cases")


def test_a_tie_may_grow_it_by_less():
    text = SEED.text * 20

    before, after = (an_evaluation(SEED.edited(each)) for each in (text, text + "One more.\n"))

    assert not Objectives().breach(before, after)


def test_a_tie_may_shrink_it():
    assert not Objectives().breach(an_evaluation(LONG), an_evaluation(SEED))


def test_a_gain_may_grow_it():
    assert not Objectives().breach(an_evaluation(), an_evaluation(BETTER))


def test_only_cases_that_both_were_asked_about_count():
    """Here the gain is on cases that nobody asked the parent."""
    apples, others = a_dataset(3).first(3), a_dataset(3).only({"bread-0", "bread-1"})
    before = an_evaluation(cases=others)
    after = an_evaluation(BETTER, cases=replace(apples, cases=(*apples.cases, *others.cases)))

    assert "no gain on 2 cases" in Objectives().breach(before, after)


@pytest.mark.parametrize(
    ("limit", "cheap", "dear", "said"),
    [
        ({"max_tokens": 100}, {"tokens": 90}, {"tokens": 120}, "120 tokens a call"),
        ({"max_latency_s": 2.0}, {"latency_s": 1.5}, {"latency_s": 2.5}, "2.5 seconds a call"),
        ({"max_cost_usd": 0.01}, {"cost_usd": 0.01}, {"cost_usd": 0.02}, "0.02 US dollars a call"),
    ],
)
def test_who_breaks_a_limit_is_refused_however_good_it_is(limit, cheap, dear, said):
    objectives = Objectives(**limit)

    assert objectives.breach(an_evaluation(**cheap), an_evaluation(BETTER, **dear)).startswith(said)
    assert not objectives.breach(an_evaluation(**cheap), an_evaluation(BETTER, **cheap))


def test_a_prompt_beyond_a_limit_may_come_nearer_but_not_go_on():
    objectives = Objectives(max_tokens=100)
    before = an_evaluation(tokens=200)

    assert not objectives.breach(before, an_evaluation(BETTER, tokens=150))
    assert objectives.breach(before, an_evaluation(BETTER, tokens=201))


def test_what_nobody_knows_breaks_no_limit():
    objectives = Objectives(max_cost_usd=0.01)

    assert not objectives.breach(an_evaluation(), an_evaluation(BETTER, cost_usd=None))


def test_tokens_are_the_providers_where_it_counted_all_of_them():
    before, after = sizes_of([an_evaluation(tokens=50), an_evaluation(LONG, tokens=60)])

    assert (before.tokens, after.tokens, before.counted) == (50, 60, True)


def test_four_characters_are_a_token_where_it_did_not():
    before, after = sizes_of([an_evaluation(tokens=50), an_evaluation(LONG)])

    assert not before.counted
    assert before.tokens < after.tokens < 50


def test_a_lab_drops_what_breaks_a_limit_and_says_by_how_much():
    def dear(prompt, cases):
        found = evaluated(prompt, cases)
        tokens = len(prompt.text)
        results = tuple(replace(r, usage=Usage(tokens, 1)) for r in found.results)
        return replace(found, results=results)

    plain = a_lab(evaluator=dear)
    facts = {one.name: getattr(plain, one.name) for one in fields(plain)}
    lab = BoundedLab(**facts, objectives=Objectives(max_tokens=30))

    found = list(critique(SEED, lab, rounds=4, patience=4))

    assert [candidate.prompt for candidate in found] == [SEED]
    assert any("and the limit is 30" in p.reason for p in lab.notebook.proposals)
