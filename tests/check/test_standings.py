"""Several models on the same cases: who is better, and what of that is proven."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from promptgit.check.standings import beats, quantile, standings
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Evaluation, Failure, Metric, Result
from promptgit.core.lineup import Difference, Entrant
from promptgit.core.ports import ModelIdentity, Usage
from promptgit.core.prompt import Prompt


def an_evaluation(
    scores: Sequence[float | None],
    *,
    model: str = "m",
    waits: Sequence[float] | None = None,
    cost_usd: float | None = 0.001,
    groups: int = 0,
) -> Evaluation:
    """A score for each case; None is a failure."""
    cases = tuple(
        Case(f"case-{number}", {}, group=f"g{number % groups}" if groups else "")
        for number in range(len(scores))
    )
    results = tuple(
        Result(
            case.id,
            0,
            score=score,
            failure=Failure("timeout", "too slow") if score is None else None,
            usage=Usage(100, 10),
            cost_usd=cost_usd,
            latency_s=waits[number] if waits else 0.5,
            model=model,
        )
        for number, (case, score) in enumerate(zip(cases, scores, strict=True))
    )
    prompt, identity = Prompt("Say.", "b1", "say"), ModelIdentity("openai", model, "host")
    return Evaluation(prompt, Dataset(cases), identity, (Metric("equals"),), results)


def ones(right: int, of: int) -> list[float]:
    """The first `right` of so many cases are right."""
    return [1.0] * right + [0.0] * (of - right)


def an_entrant(name: str, mean: float, p50_s: float, usd: float | None) -> Entrant:
    return Entrant(name, name, False, mean, 0, 1, 10, 10, p50_s=p50_s, usd_per_1000=usd)


def test_the_best_mean_comes_first_and_what_is_proven_cuts_the_ranking():
    found = standings(
        {
            "weak": an_evaluation(ones(20, 100)),
            "strong": an_evaluation(ones(90, 100)),
            "good": an_evaluation(ones(88, 100)),
        },
        "weak",
    )

    assert [each.name for each in found.entrants] == ["strong", "good", "weak"]
    assert found.tiers == (("strong", "good"), ("weak",))
    assert [each.current for each in found.entrants] == [False, False, True]


def test_a_proven_difference_within_a_tier_does_not_cut_it():
    rights = {"a": 66, "b": 61, "c": 56}  # neighbours differ on 5 cases, the ends on 10

    found = standings({name: an_evaluation(ones(n, 100)) for name, n in rights.items()}, "a")

    assert [(pair.first, pair.second) for pair in found.pairs if pair.proven] == [("a", "c")]
    assert found.tiers == (("a", "b", "c"),)


def test_models_that_say_the_same_are_not_told_apart():
    scores = ones(40, 50)

    found = standings({"a": an_evaluation(scores), "b": an_evaluation(scores)}, "a")

    (pair,) = found.pairs
    assert (pair.effect, pair.won, pair.lost, pair.proven) == (0.0, 0, 0, False)
    assert pair.low < 0 < pair.high
    assert pair.more is None
    assert f"{pair.mirrored.effect:+.3f}" == "+0.000"
    assert found.tiers == (("a", "b"),)


def test_one_model_alone_has_no_pair():
    found = standings({"a": an_evaluation(ones(3, 5))}, "a")

    assert found.pairs == ()
    assert found.tiers == (("a",),)


def test_a_model_without_a_score_comes_last_and_is_compared_with_nobody():
    found = standings({"down": an_evaluation([None] * 30), "up": an_evaluation(ones(0, 30))}, "up")

    up, down = found.entrants
    assert (up.name, down.name) == ("up", "down")
    assert (down.mean, down.scored, down.unscored) == (None, 0, 30)
    assert down.failures == {"timeout": 30}
    assert found.pairs == ()


def test_a_case_that_one_of_two_has_no_score_for_is_dropped_from_both():
    broken: list[float | None] = [None] * 20 + [1.0] * 40
    whole = ones(60, 60)

    found = standings({"broken": an_evaluation(broken), "whole": an_evaluation(whole)}, "whole")

    (pair,) = found.pairs
    assert (pair.n, pair.effect) == (40, 0.0)


def test_a_failure_is_never_a_zero():
    broken: list[float | None] = [None] * 20 + [1.0] * 40

    (entrant,) = standings({"m": an_evaluation(broken)}, "m").entrants

    assert entrant.mean == 1.0
    assert entrant.unscored == 20


@pytest.mark.parametrize("cases", [1, 2, 9])
def test_fewer_than_ten_cases_prove_nothing(cases: int):
    found = standings(
        {"all": an_evaluation(ones(cases, cases)), "none": an_evaluation(ones(0, cases))}, "all"
    )

    (pair,) = found.pairs
    assert not pair.proven
    assert pair.low <= 0 <= pair.high


def test_more_models_ask_for_more_evidence():
    six_better = {"a": an_evaluation(ones(6, 50)), "b": an_evaluation(ones(0, 50))}
    third = {"c": an_evaluation(ones(0, 50), model="c")}

    (of_two,) = standings(six_better, "a").pairs
    of_three = standings({**six_better, **third}, "a").pairs[0]

    assert of_two.proven  # the sign test says 0.031
    assert not of_three.proven
    assert of_three.p_value == pytest.approx(3 * of_two.p_value)


def test_where_few_cases_differ_the_exact_test_decides():
    five_better = {"a": an_evaluation(ones(5, 200)), "b": an_evaluation(ones(0, 200))}

    (pair,) = standings(five_better, "a").pairs

    assert pair.p_value == pytest.approx(0.0625)  # McNemar's z of 2.24 would say 0.025
    assert not pair.proven


def test_a_difference_is_proven_exactly_when_its_range_leaves_out_zero():
    rng = random.Random(7)
    seen = set()
    for _ in range(120):
        n = rng.choice([8, 12, 40, 120])
        levels = [rng.choice([0.3, 0.6, 0.8, 0.9]) for _ in range(3)]
        shape = rng.choice(["right or wrong", "any score"])

        found = standings(
            {
                str(place): an_evaluation([_drawn(rng, level, shape) for _ in range(n)])
                for place, level in enumerate(levels)
            },
            "0",
        )

        for pair in found.pairs:
            assert pair.proven == (not pair.low <= 0 <= pair.high)
            assert pair.low <= pair.effect <= pair.high
            seen.add(pair.proven)
    assert seen == {True, False}


def _drawn(rng: random.Random, level: float, shape: str) -> float:
    if shape == "any score":
        return rng.betavariate(10 * level, 10 * (1 - level))
    return float(rng.random() < level)


@pytest.mark.parametrize("shape", ["right or wrong", "any score"])
def test_of_equal_models_hardly_ever_one_is_called_better(shape: str):
    rng = random.Random(11)
    wrong = 0
    for _ in range(300):
        evaluations = {
            str(model): an_evaluation([_drawn(rng, 0.8, shape) for _ in range(50)])
            for model in range(4)
        }
        wrong += any(pair.proven for pair in standings(evaluations, "0").pairs)

    assert wrong / 300 <= 0.05


def test_so_many_cases_more_as_are_said_mostly_settle_it():
    rng = random.Random(3)

    def pair_of(n: int) -> Difference:
        strong = [float(rng.random() < 0.85) for _ in range(n)]
        weak = [float(rng.random() < 0.70) for _ in range(n)]
        return standings({"s": an_evaluation(strong), "w": an_evaluation(weak)}, "s").pairs[0]

    said = [pair for pair in (pair_of(60) for _ in range(60)) if not pair.proven and pair.more]
    typical = sorted(pair.more or 0 for pair in said)[len(said) // 2]

    settled = sum(pair_of(60 + typical).proven for _ in range(40))

    assert settled >= 24


def test_cases_of_one_group_count_once():
    better = [1.0] * 40
    worse = [1.0] * 20 + [0.0] * 20

    alone = standings({"a": an_evaluation(better), "b": an_evaluation(worse)}, "a")
    grouped = standings(
        {"a": an_evaluation(better, groups=5), "b": an_evaluation(worse, groups=5)}, "a"
    )

    assert alone.pairs[0].proven
    assert not grouped.pairs[0].proven
    widths = [found.entrants[1].high - found.entrants[1].low for found in (alone, grouped)]
    assert widths[1] > 2 * widths[0]


def test_seen_from_the_other_side_a_difference_is_its_mirror_image():
    (pair,) = standings(
        {"a": an_evaluation(ones(50, 60)), "b": an_evaluation(ones(30, 60))}, "a"
    ).pairs

    back = pair.mirrored

    assert (back.first, back.second) == ("b", "a")
    assert (back.effect, back.low, back.high) == (-pair.effect, -pair.high, -pair.low)
    assert (back.won, back.lost) == (pair.lost, pair.won)
    assert back.mirrored == pair


def test_latency_is_of_answers_only_and_a_price_that_nobody_knows_is_none():
    waits = [0.1 * number for number in range(1, 21)]
    known = an_evaluation([None, *ones(19, 19)], waits=waits)
    unpriced = an_evaluation(ones(20, 20), cost_usd=None)

    entrants = {each.name: each for each in standings({"k": known, "u": unpriced}, "k").entrants}

    assert entrants["k"].p50_s == pytest.approx(1.1)  # the tenth of 0.2 … 2.0
    assert entrants["k"].p95_s == pytest.approx(2.0)
    assert entrants["k"].usd_per_1000 == pytest.approx(1.0)
    assert entrants["u"].usd_per_1000 is None


def test_one_answer_without_a_price_makes_the_cost_unknown():
    found = an_evaluation(ones(3, 3))
    odd = replace(found, results=(*found.results[:2], replace(found.results[2], cost_usd=None)))

    (entrant,) = standings({"m": odd}, "m").entrants

    assert entrant.usd_per_1000 is None


def test_who_is_beaten_at_quality_speed_and_cost_is_told_by_whom():
    cheap, dear = an_entrant("cheap", 0.8, 0.5, 1.0), an_entrant("dear", 0.8, 0.5, 2.0)
    better = an_entrant("better", 0.9, 0.9, 1.0)
    mystery = an_entrant("mystery", 0.99, 0.1, None)

    assert beats(cheap, dear)
    assert not beats(dear, cheap)
    assert not beats(cheap, cheap)  # as good is not better
    assert not beats(better, cheap)  # it is slower
    assert not beats(mystery, dear)  # it may cost any amount
    assert not beats(dear, mystery)


def test_a_quantile_is_one_of_the_values():
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.95)] == [1.0, 2.0, 4.0]
    assert quantile([], 0.5) is None


def test_a_failure_that_quotes_a_key_does_not_tell_it():
    found = an_evaluation([None])
    said = Failure("request", "bad header: Bearer sk-proj-0123456789abcdefghijklmnop")
    leaking = replace(found, results=(replace(found.results[0], failure=said),))

    (entrant,) = standings({"m": leaking}, "m").entrants

    assert "bad header" in entrant.failure
    assert "0123456789" not in entrant.failure


def test_the_ranking_is_by_the_mean():
    rng = random.Random(1)
    evaluations = {
        str(number): an_evaluation([float(rng.random() < 0.5) for _ in range(30)])
        for number in range(6)
    }

    means = [each.mean for each in standings(evaluations, "0").entrants]

    assert all((a or 0) >= (b or 0) for a, b in pairwise(means))
