"""benchmarks/search: the laws of the simulated world."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from search import ours
from search.curves import CALLS, Run, run_of, worse_worlds
from search.mentor import Asked, SimulatedMentor, asked_in, prompt_in
from search.world import (
    START,
    Meter,
    Terrain,
    World,
    harm_line,
    leak_line,
    read,
    right_answer,
    rule_line,
    settle_line,
    wrong_answer,
)
from search.worlds import GAINFUL, WORLDS

from promptgit.core.dataset import Dataset
from promptgit.core.prompt import Prompt
from promptgit.strategies.critique import critique

EVERY = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
SMALL = World("small", rules=4)


def a_terrain(seed: int = 0, **changes: object) -> Terrain:
    return Terrain(replace(SMALL, **changes), seed)


def a_run(who: str, seed: int, *gains: float) -> Run:
    return Run(who, "w", seed, gains, gains, 0, 0, kept_worse=False, shipped=False)


@EVERY
def test_the_same_seed_gives_the_same_run(world):
    one = ours.play(critique, Terrain(world, 3))
    two = ours.play(critique, Terrain(world, 3))

    assert one.marks == two.marks
    assert (one.task_calls, one.mentor_calls) == (two.task_calls, two.mentor_calls)


def test_another_seed_gives_other_rules_and_cases():
    one, two = a_terrain(seed=1), a_terrain(seed=2)

    assert one.topics != two.topics
    assert one.cases != two.cases


@EVERY
def test_a_prompt_with_all_rules_scores_the_reachable_maximum(world):
    terrain = Terrain(world, 0)
    lines = terrain.best.removeprefix(START).splitlines(keepends=True)

    best = terrain.true_score(terrain.best)

    assert all(terrain.true_score(terrain.best.replace(line, "")) < best for line in lines)
    assert terrain.true_score(f"{terrain.best}{harm_line(10)}\n") < best
    assert terrain.true_score(f"{terrain.best}{leak_line(['0001'])}\n") <= best


@pytest.mark.parametrize("world", GAINFUL, ids=lambda world: world.name)
def test_the_gain_runs_from_the_start_to_the_best_prompt(world):
    terrain = Terrain(world, 0)

    assert terrain.gain(terrain.start) == pytest.approx(0.0)
    assert terrain.gain(terrain.best) == pytest.approx(1.0)


@EVERY
def test_the_true_score_is_what_answers_come_to_on_many_cases(world):
    terrain = Terrain(replace(world, cases=8_000), 0)
    text = f"{terrain.start}{rule_line(terrain.topics[0])}\n"

    answers = [terrain.right(text, case.id) for case in terrain.cases]

    assert sum(answers) / len(answers) == pytest.approx(terrain.true_score(text), abs=0.02)


def test_the_shares_of_all_kinds_of_tickets_add_up_to_one():
    assert sum(kind.share for kind in a_terrain(skew=1.2).kinds) == pytest.approx(1.0)


def test_the_same_prompt_gets_the_same_answer():
    terrain = a_terrain(churn=1.0)

    answers = {terrain.right(START, "0007") for _ in range(20)}

    assert len(answers) == 1


def test_an_edit_without_effect_changes_answers_only_where_luck_is_drawn_anew():
    calm, restless = a_terrain(churn=0.0), a_terrain(churn=1.0, guess=0.5)

    def flips(terrain: Terrain) -> int:
        other = f"{START}- Style note 1: stay friendly.\n"
        return sum(terrain.right(START, c.id) != terrain.right(other, c.id) for c in terrain.cases)

    assert flips(calm) == 0
    assert flips(restless) > 20


def test_a_line_that_remembers_cases_helps_these_and_is_truly_worth_nothing():
    terrain = a_terrain(follow=1.0, guess=0.0)
    text = f"{START}{leak_line(['0003', '0004'])}\n"

    right = {case.id for case in terrain.cases if terrain.right(text, case.id)}

    assert right == {"0003", "0004"}
    assert terrain.true_score(text) == terrain.true_score(START)


def test_rivals_get_in_each_others_way_until_a_line_settles_it():
    terrain = a_terrain(conflicts=1)
    settle = f"{settle_line(terrain.rivals[0])}\n"

    assert terrain.true_score(terrain.best.replace(settle, "")) < terrain.true_score(terrain.best)


def test_a_worked_example_in_the_prompt_is_worth_less_than_its_rule():
    terrain = a_terrain(pairs=0.0)
    (topic,) = terrain.kind_of("0000").topics
    with_example = f"{START}{right_answer('0000')}\n"

    start, shown = terrain.true_score(START), terrain.true_score(with_example)

    assert start < shown < terrain.true_score(f"{START}{rule_line(topic)}\n")
    assert terrain.true_score(START, ["0000"]) == shown


@EVERY
def test_the_mentor_never_reveals_a_rule_that_no_shown_failure_needs(world):
    terrain = Terrain(world, 0)
    mentor = SimulatedMentor(Meter(terrain))
    for case in terrain.cases.first(60):
        needed = set(terrain.kind_of(case.id).topics)

        reply = mentor.reply(f"```diff\n{START}\n{wrong_answer(case.id)}")

        assert read_added(reply) <= needed


def test_the_mentor_learns_nothing_from_answers_that_were_right():
    asked = asked_in(f"{START}\n{right_answer('0001')}\n{wrong_answer('0002')}")

    assert asked.failed == ("0002",)


def test_without_failures_answered_cases_are_lessons():
    assert asked_in(f"{START}\n{right_answer('0001')}").failed == ("0001",)


def test_the_mentor_has_no_remedy_where_nothing_helps():
    terrain = a_terrain(right=0.0)
    mentor = SimulatedMentor(Meter(terrain))

    edits = [mentor.edits(Asked(START, ("0001", "0002"), frozenset(), 1)) for _ in range(200)]

    assert not any(read(edit.line).rules for (edit,) in edits)


def test_each_chance_of_the_mentor_comes_out_as_the_world_says():
    terrain = a_terrain(right=0.5, harmful=0.1, malformed=0.2, leaking=0.1)
    mentor = SimulatedMentor(Meter(terrain))
    asked = Asked(START, ("0001",), frozenset(), 1)

    edits = [edit for _ in range(2_000) for edit in mentor.edits(asked)]

    fine = [read(f"{edit.line}\n") for edit in edits if not edit.malformed]
    assert len(edits) - len(fine) == pytest.approx(400, abs=80)
    assert sum(bool(line.rules) for line in fine) == pytest.approx(1_000, abs=100)
    assert sum(bool(line.harms) for line in fine) == pytest.approx(200, abs=60)
    assert sum(bool(line.leaked) for line in fine) == pytest.approx(200, abs=60)


def test_refusals_that_the_request_tells_of_are_mostly_heeded():
    terrain = a_terrain(right=1.0, harmful=0.0, malformed=0.0, leaking=0.0, pairs=0.0)
    mentor = SimulatedMentor(Meter(terrain))
    line = rule_line(terrain.kind_of("0001").topics[0])

    told = [mentor.edits(Asked(START, ("0001",), frozenset({line}), 1)) for _ in range(300)]

    assert 5 < sum(edit.line == line for (edit,) in told) < 60


def test_several_patches_from_one_call_are_counted_as_one_and_never_the_same():
    terrain = a_terrain(right=1.0, harmful=0.0, malformed=0.0, leaking=0.0)
    meter = Meter(terrain)
    failures = "\n".join(wrong_answer(case.id) for case in terrain.cases)

    reply = SimulatedMentor(meter).reply(
        f"Write exactly 4 patches, ```diff fences.\n{START}\n{failures}"
    )

    assert meter.mentor_calls == 1
    assert read_added(reply) == set(terrain.topics)


def test_a_harmful_line_can_be_taken_out_again():
    terrain = a_terrain(planted=1)
    hurt = next(
        c.id for c in terrain.cases if terrain.victims[10] & set(terrain.kind_of(c.id).topics)
    )
    mentor = SimulatedMentor(Meter(terrain))

    assert (harm_line(10), True) in mentor.remedies(terrain.start, hurt)


def test_the_prompt_is_found_in_the_middle_of_a_request():
    assert prompt_in(f"Mend:\n```\n{START}- Be kind.\n```\n- not this") == f"{START}- Be kind.\n"


def test_every_answer_and_every_request_is_counted():
    terrain = a_terrain()
    meter = Meter(terrain)
    lab = ours.a_lab(meter, 0)
    ten = Dataset(terrain.halves[0].cases[:10])

    lab.evaluate(Prompt.of(START), ten)
    lab.evaluate(Prompt.of(START), ten)  # from the cache, as ours would
    candidate = lab.candidate(Prompt.of(START))
    lab.propose(candidate, candidate.evaluation.misses(0.95)[:1])

    assert meter.task_calls == len(lab.search)
    assert 2 <= meter.mentor_calls <= 4  # a critique and a patch; again when it is malformed
    assert meter.cost == meter.task_calls + 10 * meter.mentor_calls


def test_a_run_ends_soon_after_both_its_limits():
    meter = ours.play(partial(critique, **ours.ENDLESS), a_terrain(follow=0.8, churn=0.5))

    assert meter.spent
    assert meter.task_calls < meter.task_limit + 20 * len(meter.terrain.halves[0])


def test_no_sealed_case_is_ever_answered_in_a_search():
    terrain = a_terrain()
    sealed = {case.id for case in terrain.halves[1]}
    meter = Meter(terrain)
    lab = ours.a_lab(meter, 0)

    list(ours.improve(Prompt.of(START), critique, lab))

    assert not {case for _, case in lab.evaluator.known} & sealed


def test_the_curve_takes_what_a_search_had_at_each_budget():
    terrain = a_terrain()
    meter = Meter(terrain)
    meter.mark(START)
    meter.task_calls, meter.mentor_calls = 400, 20
    meter.mark(terrain.best)

    run = run_of("x", meter)

    assert run.by_calls == pytest.approx((0.0, 1.0, 1.0, 1.0))
    assert run.by_cost == pytest.approx((0.0, 1.0, 1.0, 1.0))
    assert len(CALLS) == 4


def test_a_truly_better_prompt_ships_and_an_equal_one_does_not():
    terrain = a_terrain()
    better, equal = Meter(terrain), Meter(terrain)
    better.mark(terrain.best)
    equal.mark(f"{START}- Style note 1: stay friendly.\n")

    assert run_of("x", better).shipped
    assert not run_of("x", better).kept_worse
    assert not run_of("x", equal).shipped
    assert run_of("x", equal).kept_worse


def test_a_world_counts_as_behind_only_beyond_half_a_standard_error():
    ours_ = [a_run("a", 0, 0.5), a_run("a", 1, 0.9)]
    level = [a_run("b", 0, 0.9), a_run("b", 1, 0.5)]
    ahead = [a_run("b", 0, 0.8), a_run("b", 1, 1.0)]

    assert worse_worlds(ours_, level, lambda run: run.by_calls) == []
    assert worse_worlds(ours_, ahead, lambda run: run.by_calls) == ["w"]


def read_added(reply: str) -> set[str]:
    added = [line[1:] for line in reply.splitlines() if line.startswith("+-")]
    return set(read("\n".join(added)).rules)
