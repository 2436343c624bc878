"""The strategy `shorten`, in a world where each rule is one line and all others are padding."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import pytest

from improve.toy import SEED, TOPICS, a_dataset, evaluated
from promptgit.core.candidate import Fate
from promptgit.improve.guard import guard
from promptgit.improve.improve import improve
from promptgit.improve.parity import keeps_up
from promptgit.strategies.shorten import halved, pieces, shorten
from strategies.learning import a_talking_lab, knows_all, only_search, texts

RULES = "".join(f"You know {topic}.\n" for topic in TOPICS)
PADDING = "You are the best of all helpers.\nWe thank you for it.\n\n"
PADDED = SEED.edited(PADDING + RULES + "\nHave a wonderful day. Keep it up!\n")
BARE = SEED.edited(RULES)


def silent(request):
    return "No change needed."


def guarded(patch, prompt):
    return guard(patch, prompt, ())


def a_lab_that_cuts(mentor=silent, **options):
    return a_talking_lab(mentor, **{"guard": guarded, **options})


def test_what_no_score_needs_is_deleted():
    found = list(shorten(PADDED, a_lab_that_cuts()))

    assert found[-1].prompt.text.strip() == RULES.strip()
    assert found[-1].evaluation.mean == 1.0


def test_a_prompt_in_which_every_line_matters_is_left_alone():
    lab = a_lab_that_cuts()

    found = list(shorten(BARE, lab))

    assert [candidate.prompt for candidate in found] == [BARE]
    assert lab.tried


def test_each_prompt_is_shorter_than_its_parent_and_names_it():
    found = list(shorten(PADDED, a_lab_that_cuts()))

    for parent, child in itertools.pairwise(found):
        assert len(child.prompt.text) < len(parent.prompt.text)
        assert child.parents[0].prompt == parent.prompt


def test_the_reason_says_by_how_much():
    found = list(shorten(PADDED, a_lab_that_cuts()))

    assert "Shorter by about" in found[1].why


def test_the_group_with_the_most_text_goes_first():
    found = list(shorten(PADDED, a_lab_that_cuts()))

    sizes = [len(a.prompt.text) - len(b.prompt.text) for a, b in itertools.pairwise(found)]
    assert sizes[0] == max(sizes)


def test_a_sentence_goes_where_its_line_may_not():
    others = RULES.replace("You know apples.\n", "").replace("You know bread.\n", "")
    line = "You know apples. It is a lovely fruit indeed. You know bread.\n"
    seed = SEED.edited(line + others)

    found = list(shorten(seed, a_lab_that_cuts()))

    assert "lovely" not in found[-1].prompt.text
    assert knows_all(found[-1].prompt.text)


def test_small_losses_do_not_add_up():
    """Each line is worth a little; all of them together are worth a lot."""

    def worth(prompt, cases):
        found = evaluated(prompt, cases)
        score = 1 - 0.008 * (20 - prompt.text.count("\n"))
        results = tuple(replace(result, score=score) for result in found.results)
        return replace(found, results=results)

    seed = SEED.edited("".join(f"Rule {number}.\n" for number in range(20)))

    found = list(shorten(seed, a_lab_that_cuts(evaluator=worth), tolerance=0.02))

    assert found[-1].evaluation.mean >= 0.98 - 1e-9
    assert len(found) > 1


def test_template_holes_and_protected_lines_stay():
    kept = "Never refund. <!-- promptgit: keep -->\n"
    seed = SEED.edited(PADDING + "Hello {{ question }}.\n\n" + kept + RULES)

    found = list(shorten(seed, a_lab_that_cuts()))

    text = found[-1].prompt.text
    assert "{{ question }}" in text
    assert kept in text
    assert "best of all helpers" not in text


def test_the_mentor_says_it_in_fewer_words_at_the_end():
    wordy = SEED.edited(RULES.replace("You know apples.", "You know apples, that much is certain."))

    def mentor(request):
        edit = "@@\n-You know apples, that much is certain.\n+You know apples.\n"
        return f"Say it shorter.\n\n```diff\n{edit}```\n"

    found = list(shorten(wordy, a_lab_that_cuts(mentor)))

    assert found[-1].prompt.text == RULES


def test_a_rewrite_that_costs_score_is_not_kept():
    def mentor(request):
        return "Cut it.\n\n```diff\n@@\n-You know apples.\n+You know.\n```\n"

    lab = a_lab_that_cuts(mentor)

    found = list(shorten(BARE, lab))

    assert [candidate.prompt for candidate in found] == [BARE]
    assert any(p.fate is Fate.DROPPED and "You know.\n" in p.patch.after
               for p in lab.notebook.proposals if p.patch)  # fmt: skip


def test_small_losses_of_rewrites_do_not_add_up_either():
    def worth(prompt, cases):
        found = evaluated(prompt, cases)
        score = 1 - 0.008 * (4 - prompt.text.count("really"))
        results = tuple(replace(result, score=score) for result in found.results)
        return replace(found, results=results)

    def mentor(request):
        words = request.messages[-1].text
        line = next(line for line in words.splitlines() if line.startswith("really"))
        return f"Cut it.\n\n```diff\n@@\n-{line}\n+{line.removeprefix('really ')}\n```\n"

    seed = SEED.edited("really really really really\n")

    found = list(shorten(seed, a_lab_that_cuts(mentor, evaluator=worth), tolerance=0.02))

    assert found[-1].evaluation.mean >= 0.98 - 1e-9
    assert len(found) == 3


def test_a_rewrite_that_is_longer_is_not_even_tried():
    def mentor(request):
        return "More!\n\n```diff\n@@\n-You know apples.\n+You know apples, and much more.\n```\n"

    lab = a_lab_that_cuts(mentor)

    list(shorten(BARE, lab))

    assert "the mentor's rewrite is no shorter" in {p.reason for p in lab.notebook.proposals}


def test_a_must_pass_case_may_not_get_worse_for_brevity():
    lab = a_lab_that_cuts()
    lab.vital = frozenset({"apples-0"})
    short = {case.id for case in a_dataset() if case.id != "apples-0"}

    def forgiving(prompt, cases):
        found = evaluated(prompt, cases)
        results = tuple(
            replace(result, score=1.0) if result.case_id in short else result
            for result in found.results
        )
        return replace(found, results=results)

    lab.evaluator = forgiving

    found = list(shorten(BARE, lab, tolerance=0.1))

    assert "know apples" in found[-1].prompt.text


def test_all_texts_are_compared_on_the_same_cases_and_on_no_more_than_asked_for():
    lab = a_lab_that_cuts()

    list(shorten(PADDED, lab, longest=12))

    assert len({case for _, case in lab.ran}) == 12


def test_no_more_texts_are_tried_than_rounds():
    lab = a_lab_that_cuts()

    list(shorten(PADDED, lab, rounds=3))

    assert lab.round <= 3


def test_it_stays_within_the_budget():
    left = 150
    lab = a_lab_that_cuts(affordable=lambda calls: calls <= left - len(lab.ran))

    list(improve(PADDED, shorten, lab))

    assert len(lab.ran) <= left


def test_no_sealed_case_is_ever_asked_about():
    whole = a_dataset(10)
    lab = a_lab_that_cuts(search=whole.split()[0])

    list(shorten(PADDED, lab))

    assert only_search(lab, whole)


def test_the_same_seed_gives_the_same_texts():
    one, two = (texts(partial(shorten), a_lab_that_cuts(seed=2), PADDED) for _ in range(2))

    assert one == two


@pytest.mark.parametrize("grain", ["paragraph", "line", "sentence"])
@pytest.mark.parametrize(
    "text",
    ["", "One.", "One.\n\n\nTwo. Three!\n  - four\n\n", "\n\nA. B.\r\nC.\r\n", "a\n \nb\n"],
)
def test_pieces_joined_are_the_text(grain, text):
    assert "".join(pieces(text, grain)) == text


def test_a_group_of_one_is_not_halved():
    assert halved([7]) == [(7,)]


def test_a_race_for_parity_ends_as_soon_as_the_child_surely_fell_behind():
    cases = a_dataset(25)
    before, asked = evaluated(BARE, cases), []

    def evaluate(batch):
        asked.append(len(batch))
        return evaluated(SEED, batch)

    race = keeps_up(cases, before, evaluate, order_seed="", tolerance=0.01)

    assert not race.survived
    assert asked == [10]


def test_a_race_for_parity_forgives_what_the_tolerance_allows_and_no_more():
    cases = a_dataset(25)
    before = evaluated(BARE, cases)

    def losing(count):
        lost = {case.id for case in cases.first(count)}

        def evaluate(batch):
            found = evaluated(BARE, batch)
            results = tuple(
                replace(r, score=0.0 if r.case_id in lost else r.score) for r in found.results
            )
            return replace(found, results=results)

        return keeps_up(cases, before, evaluate, order_seed="", tolerance=0.02)

    assert losing(2).survived
    assert not losing(3).survived


def test_a_race_with_too_many_failures_decides_nothing():
    cases = a_dataset(25)

    def failing(batch):
        found = evaluated(BARE, batch)
        return replace(found, results=tuple(replace(r, score=None) for r in found.results))

    race = keeps_up(cases, evaluated(BARE, cases), failing, order_seed="", tolerance=0.01)

    assert race.invalid
