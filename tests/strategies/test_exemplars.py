"""The strategy `exemplars`, in a world where an example teaches what its case is about."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from improve.toy import SEED, TOPICS, a_dataset, evaluated
from promptgit.core.candidate import Fate
from promptgit.core.dataset import Case
from promptgit.improve.exemplars import END, START, with_exemplars
from promptgit.improve.improve import improve
from promptgit.improve.selection import showing
from promptgit.strategies.exemplars import exemplars
from strategies.learning import a_talking_lab, only_search, texts


def learning_from_examples(prompt, cases):
    """Score as in the toy world, where `What of apples` in an example teaches apples."""
    found = evaluated(prompt.edited(prompt.text.replace("What of", "You know")), cases)
    return replace(found, prompt=prompt)


def learning_nothing(prompt, cases):
    return replace(evaluated(SEED, cases), prompt=prompt)


def a_lab_with(evaluator, **options):
    return a_talking_lab(lambda request: "nobody is asked", evaluator=evaluator, **options)


def test_it_shows_an_example_of_each_kind_of_miss():
    found = list(exemplars(SEED, a_lab_with(learning_from_examples)))

    text = found[-1].prompt.text
    assert all(f"Input: What of {topic}" in text for topic in TOPICS)
    assert text.count("Input: ") == len(TOPICS)


def test_no_more_are_shown_than_asked_for():
    found = list(exemplars(SEED, a_lab_with(learning_from_examples), exemplars=2))

    assert found[-1].prompt.text.count("Input: ") == 2


def test_they_stand_between_the_markers_and_the_rest_of_the_prompt_stays():
    found = list(exemplars(SEED, a_lab_with(learning_from_examples)))

    text = found[-1].prompt.text
    assert text.startswith(SEED.text)
    assert text.count(START) == text.count(END) == 1


def test_their_cost_is_said():
    found = list(exemplars(SEED, a_lab_with(learning_from_examples)))

    assert "tokens in every call" in found[1].why


def test_an_example_that_helps_nobody_is_not_shown():
    lab = a_lab_with(learning_nothing)

    found = list(exemplars(SEED, lab))

    assert [candidate.prompt for candidate in found] == [SEED]
    assert {proposal.fate for proposal in lab.notebook.proposals} == {Fate.DROPPED}


def test_it_stops_when_no_addition_pays():
    lab = a_lab_with(learning_nothing)

    list(exemplars(SEED, lab, tries=3))

    assert len(lab.notebook.proposals) == 3


def test_a_case_that_is_shown_takes_no_part_in_the_race():
    raced = []

    def evaluator(prompt, cases):
        raced.extend((prompt.text, case) for case in cases)
        return learning_from_examples(prompt, cases)

    list(exemplars(SEED, a_lab_with(evaluator)))

    assert not [case.id for text, case in raced if next(iter(case.inputs.values())) in text]


def test_a_case_that_the_prompt_before_shows_takes_no_part_either():
    lab = a_lab_with(learning_from_examples)
    best = lab.candidate(SEED)

    draft = showing(lab, best, ["apples-1"], "swap", unfit=["bread-1"])

    assert draft is not None
    assert draft.shown == ("apples-1", "bread-1")


def test_a_poor_example_is_swapped_for_a_better_one():
    poor = Case("odd-0", {"question": "What of ink, 0?"}, "right")
    search = a_dataset(10)
    search = replace(search, cases=(poor, *search.cases))
    seed = SEED.edited(with_exemplars(SEED.text, [poor]))

    found = list(exemplars(seed, a_lab_with(learning_from_examples, search=search), exemplars=1))

    assert "What of ink" not in found[-1].prompt.text
    assert found[-1].prompt.text.count("Input: ") == 1


def test_the_order_matters_where_the_model_minds_it():
    def minding(prompt, cases):
        """Know a topic half, and all of it once bread is shown before apples."""
        text = prompt.text
        known = learning_from_examples(prompt, cases)
        ordered = -1 < text.find("What of bread") < text.find("What of apples")
        worth = 1.0 if ordered else 0.5
        results = tuple(replace(r, score=worth * (r.score or 0.0)) for r in known.results)
        return replace(known, results=results)

    both = a_dataset(20).first(40)
    apples, bread = both.cases[0], both.cases[20]
    seed = SEED.edited(with_exemplars(SEED.text, [apples, bread]))

    found = list(exemplars(seed, a_lab_with(minding, search=both), exemplars=2))

    text = found[-1].prompt.text
    assert text.find("What of bread") < text.find("What of apples")


def test_a_pipeline_is_left_alone():
    seed = replace(SEED, form="pipeline")

    found = list(exemplars(seed, a_lab_with(learning_from_examples)))

    assert len(found) == 1


def test_a_file_with_front_matter_keeps_it_above_the_examples():
    head = "---\nowner: desk\n---\n"
    seed = replace(SEED.edited(head + SEED.text), form="markdown")

    found = list(exemplars(seed, a_lab_with(learning_from_examples)))

    assert len(found) > 1
    assert found[-1].prompt.text.startswith(head + SEED.text.rstrip("\n"))


def test_no_sealed_case_is_asked_about_or_shown():
    whole = a_dataset(10)
    search, sealed = whole.split()
    lab = a_lab_with(learning_from_examples, search=search)

    found = list(exemplars(SEED, lab))

    assert only_search(lab, whole)
    text = found[-1].prompt.text
    assert not [case.id for case in sealed if case.inputs["question"] in text]


def test_the_same_seed_gives_the_same_examples():
    one, two = (texts(exemplars, a_lab_with(learning_from_examples, seed=5)) for _ in range(2))

    assert one == two


def test_it_stays_within_the_budget():
    left = 60
    lab = a_lab_with(learning_from_examples, affordable=lambda calls: calls <= left - len(lab.ran))

    list(improve(SEED, partial(exemplars, first_look=20), lab))

    assert len(lab.ran) <= left


def test_nothing_to_show_is_said():
    cases = a_dataset(4)
    unanswered = replace(cases, cases=tuple(replace(case, expected=None) for case in cases))
    lab = a_lab_with(learning_from_examples, search=unanswered)

    list(exemplars(SEED, lab))

    (proposal,) = lab.notebook.proposals
    assert proposal.reason == "no miss has an expected answer to show as an example"


def test_a_case_that_would_plant_something_is_never_shown():
    lab = a_lab_with(learning_from_examples)
    hostile = [
        replace(case, inputs={**case.inputs, "more": "See https://evil.example."})
        for case in lab.search
    ]
    lab.search = replace(lab.search, cases=tuple(hostile))

    found = list(exemplars(SEED, lab))

    assert [one.prompt.text for one in found] == [SEED.text]
    assert lab.exemplify(found[0], lab.so_far(SEED).misses(0.95), 4) is None
