from __future__ import annotations

import random
from collections.abc import Sequence
from math import ceil, log2

import pytest

from history.shelf import an_evaluation
from promptgit.core.evaluation import Evaluation
from promptgit.history.bisect import Mark, Rule, Search, Suspect


def a_line(length: int) -> tuple[Suspect, ...]:
    """Commits 0, 1, …, one after the other."""
    return tuple(Suspect(str(i), (str(i - 1),) if i else ("good end",)) for i in range(length))


def a_tangle(length: int, rng: random.Random) -> tuple[Suspect, ...]:
    """Commits 0, 1, … with one or two parents among those before; the last one joins all heads."""
    graph: list[Suspect] = []
    heads: set[str] = set()
    for i in range(length - 1):
        count = min(i, rng.choice((1, 1, 1, 2)))
        parents = tuple(str(p) for p in rng.sample(range(max(0, i - 5), i), min(count, i)))
        graph.append(Suspect(str(i), parents or ("good end",)))
        heads = (heads - set(parents)) | {str(i)}
    return (*graph, Suspect(str(length - 1), tuple(sorted(heads))))


def ancestors(graph: Sequence[Suspect], commit: str) -> set[str]:
    parents = {suspect.commit: suspect.parents for suspect in graph}
    found: set[str] = set()
    waiting = [commit]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += parents.get(one, ())
    return found


def hunted(search: Search, broken_by: str, *, untestable: frozenset[str] = frozenset()):
    """Play a search to its end: bad is what has `broken_by` behind it.  Returns what was tried."""
    tried = []
    while commit := search.next:
        bad = broken_by in ancestors(search.graph, commit)
        mark = Mark.SKIPPED if commit in untestable else Mark.BAD if bad else Mark.GOOD
        tried.append(commit)
        search = search.told(commit, mark)
    return search, tried


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 63, 64, 99])
def test_every_culprit_in_a_line_is_found_within_the_bound(length: int):
    line = a_line(length)
    with_the_good_end = length + 1

    for culprit in range(length):
        search, tried = hunted(Search(line), str(culprit))

        assert search.culprit == str(culprit)
        assert len(tried) <= Search(line).most
        assert 1 + len(tried) <= ceil(log2(with_the_good_end)) + 1


def test_a_bad_end_that_is_known_is_not_tried_again():
    search = Search(a_line(64)).told("63", Mark.BAD)

    for culprit in range(64):
        found, tried = hunted(search, str(culprit))
        assert found.culprit == str(culprit)
        assert "63" not in tried
        assert len(tried) <= 6


def test_a_bad_end_that_is_not_bad_leaves_nobody():
    search, tried = hunted(Search(a_line(20)), "nobody")

    assert not search.suspects
    assert not search.culprit
    assert "19" in tried


@pytest.mark.parametrize("length", [1, 2, 4, 8, 64])
def test_the_bad_end_is_tried_at_once_where_that_costs_nothing(length: int):
    search = Search(a_line(length))

    assert search.next == str(length - 1)
    assert search.bad_is_tried == 1


@pytest.mark.parametrize("length", range(3, 40))
def test_no_search_within_the_bound_tries_the_bad_end_earlier(length: int):
    most = Search(a_line(length)).most
    place = Search(a_line(length)).bad_is_tried

    _, tried = hunted(Search(a_line(length)), "nobody")

    assert tried.index(str(length - 1)) + 1 == place
    before_it = sum(2 ** (most - earlier) for earlier in range(1, place - 1))
    assert place == 1 or before_it + 2 ** (most - place + 1) < length


def test_where_branches_promise_no_bound_the_bad_end_is_tried_at_once():
    forked = (Suspect("a"), Suspect("b", ("a",)), Suspect("c", ("a",)), Suspect("d", ("b", "c")))

    assert Search((*forked, Suspect("e", ("d",)))).next == "e"


def test_nobody_is_the_culprit_before_it_was_seen_to_be_bad():
    search = Search(a_line(2)).told("0", Mark.GOOD)

    assert [suspect.commit for suspect in search.suspects] == ["1"]
    assert not search.culprit
    assert search.next == "1"


@pytest.mark.parametrize("seed", range(30))
def test_a_culprit_behind_merges_is_found(seed: int):
    rng = random.Random(seed)
    graph = a_tangle(40, rng)
    culprit = str(rng.randrange(40))

    search, tried = hunted(Search(graph), culprit)

    assert search.culprit == culprit
    assert len(tried) <= 2 * ceil(log2(41))


def test_what_cannot_be_tried_is_passed_over():
    search, tried = hunted(Search(a_line(20)), "15", untestable=frozenset({"9", "10"}))

    assert search.culprit == "15"
    assert len(tried) <= 7


def test_a_culprit_among_what_cannot_be_tried_leaves_several_suspects():
    search, _ = hunted(Search(a_line(20)), "10", untestable=frozenset({"9", "10", "11"}))

    assert not search.culprit
    assert [suspect.commit for suspect in search.suspects] == ["9", "10", "11", "12"]


def test_a_bad_end_that_cannot_be_tried_does_not_hide_a_culprit_before_it():
    search, _ = hunted(Search(a_line(8)), "3", untestable=frozenset({"7"}))

    assert search.culprit == "3"


def scored(*scores: float | None) -> Evaluation:
    found = an_evaluation("Be kind.", [score or 0.0 for score in scores])
    kept = tuple(
        result for result, score in zip(found.results, scores, strict=True) if score is not None
    )
    return Evaluation(found.prompt, found.cases, found.model, found.metrics, kept)


def test_one_case_decides_alone():
    rule = Rule(case="c1")

    assert rule.value(scored(0.0, 1.0)) == 1.0
    assert rule.value(scored(1.0, None)) is None
    assert rule.is_bad(0.99, good=1.0)
    assert not rule.is_bad(1.0, good=1.0)


def test_a_metric_decides_for_a_case_and_for_all():
    found = scored(1.0, 0.5)

    assert Rule(metric="contains").value(found) == 0.75
    assert Rule(metric="contains", case="c1").value(found) == 0.5
    assert Rule(metric="unknown").value(found) is None


def test_a_mean_that_lacks_too_many_cases_is_none():
    cases = [1.0] * 49

    assert Rule().value(scored(*cases, None)) == pytest.approx(1.0)
    assert Rule().value(scored(*cases, None, None)) is None


def test_a_bar_holds_whatever_the_good_end_has():
    rule = Rule(threshold=0.8)

    assert rule.is_bad(0.79, good=0.5)
    assert not rule.is_bad(0.8, good=1.0)
