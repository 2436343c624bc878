"""Weighing: the steps of a search, compared on cases that nobody chose for them."""

from __future__ import annotations

import itertools

from improve.toy import SEED, TOPICS, a_dataset, a_lab, evaluated
from promptgit.improve.lab import lineage
from promptgit.improve.weighing import samples, weighed
from promptgit.strategies.critique import critique


def a_chain(lab):
    *_, best = critique(SEED, lab, rounds=20)
    steps = list(lineage(best))
    return [steps[0].parents[0], *steps]


def test_every_step_is_evaluated_on_the_same_cases():
    lab = a_lab(search=a_dataset(5))

    chain = weighed(a_chain(lab), lab)

    assert len(chain) == 1 + len(TOPICS)
    assert len({tuple(c.id for c in one.evaluation.cases) for one in chain}) == 1
    assert [one.evaluation.mean for one in chain] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_each_step_is_compared_with_the_one_before_it():
    lab = a_lab(search=a_dataset(5))

    chain = weighed(a_chain(lab), lab)

    for parent, child in itertools.pairwise(chain):
        assert child.parents == (parent,)
        before, after = child.compared
        assert after.mean - before.mean == 0.25


def test_it_takes_a_sample_where_all_cases_would_take_too_much():
    lab = a_lab(search=a_dataset(100))
    chain = a_chain(lab)
    spent = len(lab.ran)

    found = weighed(chain, lab)

    assert len(found[0].evaluation.cases) < 400
    assert len(lab.ran) - spent <= max(0.5 * spent, 20 * len(chain))


def test_what_cannot_be_afforded_leaves_the_chain_as_it_was():
    asked = []

    def evaluator(prompt, cases):
        asked.append(len(cases))
        return evaluated(prompt, cases)

    lab = a_lab(evaluator=evaluator)
    chain = a_chain(lab)
    lab.affordable = lambda calls: False
    before = len(asked)

    assert weighed(chain, lab) == chain
    assert len(asked) == before


def test_a_seed_alone_is_not_weighed():
    lab = a_lab()
    seed = next(iter(critique(SEED, lab)))
    ran = set(lab.ran)

    assert weighed([seed], lab) == [seed]
    assert lab.ran == ran


def test_the_samples_are_drawn_alike_every_time():
    cases = a_dataset(50)

    assert [len(one) for one in samples(cases)] == [200, 80, 40, 20]
    assert samples(cases) == samples(cases)
