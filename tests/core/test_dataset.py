"""Cases, and the two halves they form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptgit.core.dataset import Case, Dataset, checked_unique, content_id
from promptgit.errors import UserError


def a_dataset(ids):
    return Dataset(tuple(Case(name, {"q": name}) for name in ids))


def halves(dataset):
    return tuple({case.id for case in half} for half in dataset.split())


ids = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=40)


@given(ids)
def test_every_case_is_in_exactly_one_half(names):
    search, sealed = halves(a_dataset(names))

    assert search | sealed == set(names)
    assert not search & sealed


@given(ids, ids)
def test_adding_cases_never_moves_another(old, new):
    before = halves(a_dataset(old))

    after = halves(a_dataset(dict.fromkeys([*new, *old])))

    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(ids, st.randoms())
def test_the_order_of_the_file_does_not_matter(names, random):
    shuffled = list(names)
    random.shuffle(shuffled)

    assert halves(a_dataset(shuffled)) == halves(a_dataset(names))
    assert a_dataset(shuffled).digest == a_dataset(names).digest


def test_the_halves_are_halves():
    search, sealed = a_dataset(f"case-{n}" for n in range(2_000)).split()

    assert 930 < len(search) < 1_070
    assert len(search) + len(sealed) == 2_000


def test_where_the_line_is_drawn_does_not_change_between_versions():
    names = [
        "refund-abuse",
        "late-1",
        "late-2",
        "praise",
        "invoice",
        "wrong-item",
        "cancel",
        "warranty",
    ]

    search, _ = halves(a_dataset(names))

    assert search == {"cancel", "wrong-item", "warranty"}


def test_cases_of_one_group_are_never_parted():
    cases = [Case(f"c{n}", {"q": "?"}, group=f"talk-{n % 7}") for n in range(70)]

    search, sealed = Dataset(tuple(cases)).split()

    assert not {case.group for case in search} & {case.group for case in sealed}


@pytest.mark.parametrize(
    "other",
    [
        Case("b", {"q": "1"}, "x"),
        Case("a", {"q": "2"}, "x"),
        Case("a", {"q": "1"}, "y"),
        Case("a", {"q": "1"}, None),
        Case("a", {"q": "1"}, "x", {"seen": "by scorers"}),
        Case("a", {"q": "1"}, "x", weight=2.0),
    ],
)
def test_whatever_can_change_a_score_changes_the_digest(other):
    assert other.digest != Case("a", {"q": "1"}, "x").digest


def test_a_scorer_may_name_inputs_references_and_the_expected_answer():
    case = Case("a", {"q": "1"}, "yes", {"hint": "2"})

    assert case.columns == {"q": "1", "hint": "2", "expected": "yes"}


def test_an_id_that_occurs_twice_is_an_error_with_both_lines():
    cases = [(2, Case("a", {})), (3, Case("b", {})), (9, Case("a", {}))]

    with pytest.raises(UserError, match=r"cases\.csv:9: .*'a'.* line 2"):
        checked_unique(cases, "cases.csv")


def test_a_case_without_id_is_named_by_what_it_says():
    assert content_id({"q": "1"}, "x") == content_id({"q": "1"}, "x")
    assert content_id({"q": "1"}, "x") != content_id({"q": "1"}, "y")


def test_only_some_cases_keep_the_order_of_the_file():
    assert [case.id for case in a_dataset("cab").only(["a", "c"])] == ["c", "a"]


def test_a_shuffle_is_decided_by_its_seed_alone():
    one = a_dataset(f"c{n}" for n in range(30))

    def order(seed):
        return [case.id for case in one.shuffled(seed)]

    assert order("a") == order("a")
    assert order("a") != order("b")
    assert sorted(order("a")) == sorted(case.id for case in one)
