"""How alike texts are: shared words, rare ones counting more."""

from __future__ import annotations

from promptgit.improve.likeness import Likeness

TEXTS = {
    "late": "Where is my late parcel?",
    "late-too": "The parcel is very late.",
    "refund": "I want my money back, a refund please.",
    "refund-too": "Please send a refund.",
    "odd": "Zebra crossing.",
}


def test_texts_that_share_words_are_more_alike_than_those_that_do_not():
    like = Likeness(TEXTS)

    assert like.between("late", "late-too") > like.between("late", "refund")
    assert like.between("refund", "refund-too") > like.between("refund", "late-too")


def test_a_text_is_like_itself_and_unlike_one_that_shares_nothing():
    like = Likeness(TEXTS)

    assert like.between("odd", "odd") == 1.0
    assert like.between("odd", "late") == 0.0


def test_being_alike_goes_both_ways_and_stays_within_0_and_1():
    like = Likeness(TEXTS)

    for one in TEXTS:
        for other in TEXTS:
            assert like.between(one, other) == like.between(other, one)
            assert 0.0 <= like.between(one, other) <= 1.0


def test_a_word_that_stands_everywhere_tells_nothing():
    like = Likeness({"a": "ticket apples", "b": "ticket bread", "c": "ticket cheese"})

    assert like.between("a", "b") == 0.0
    assert like.told("a ticket", "a") == 0.0


def test_an_edit_is_about_the_cases_whose_words_it_uses():
    like = Likeness(TEXTS)
    edit = "+When a parcel is late, say where it is."

    assert like.told(edit, "late-too") > like.told(edit, "refund")
    assert like.told("+Be kind.", "late") == 0.0


def test_nothing_is_like_nothing():
    like = Likeness({"a": "", "b": ""})

    assert like.between("a", "b") == 0.0
    assert like.told("words", "a") == 0.0
