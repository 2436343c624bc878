"""The generated conversations: what is said to be planted is there, and nothing else is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from promptgit.flywheel.interaction import FEEDBACK, Interaction
from promptgit.testing import conversation_texts as said
from promptgit.testing.conversations import conversations, truth_of, write_logs
from promptgit.testing.periods import AFTER, BEFORE, MODELS, OTHER, PROMPT, Fault, Source, moment
from promptgit.testing.personal import card_number, iban_number

SMALL = Source(conversations=1_500)


@pytest.fixture(scope="module")
def before():
    return list(conversations(SMALL))


@pytest.fixture(scope="module")
def truth():
    return truth_of(SMALL)


@pytest.mark.parametrize(("period", "attempts", "blocked"), [(BEFORE, 23, 12), (AFTER, 25, 24)])
@pytest.mark.parametrize("many", [60, 400])
def test_the_attempts_are_exact_however_many_conversations_there_are(
    period, attempts, blocked, many
):
    values = truth_of(Source(period, many)).values()

    assert values["injection_attempts"] == attempts
    assert values["injection_blocked"] == blocked
    assert values["block_rate"] == pytest.approx(blocked / attempts)
    assert values["multi_turn_attacks"] == period.multi_turn


def test_every_family_is_tried(truth):
    assert set(truth.families) == set(said.FAMILIES)
    assert truth.families.total() == 23
    assert min(truth.families.values()) >= 3


def test_incidents_are_what_was_not_blocked_and_what_leaked(truth):
    values = truth.values()

    assert values["leaks"] == 4 + 2
    assert values["security_incidents"] == (23 - 12) + 2


def test_the_improvement_shows():
    before, after = truth_of(SMALL).values(), truth_of(replace(SMALL, period=AFTER)).values()

    assert after["quality_score"] > before["quality_score"] + 0.5
    assert after["missing_steps_rate"] < before["missing_steps_rate"] / 2
    assert after["upsell_rate"] > before["upsell_rate"]
    assert after["escalation_rate"] < before["escalation_rate"]


def test_the_same_seed_makes_the_same_lines(tmp_path):
    source = Source(conversations=80)

    write_logs(tmp_path / "one", source)
    write_logs(tmp_path / "two", source)
    write_logs(tmp_path / "other", replace(source, seed=1))

    def texts(name):
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    assert texts("one") == texts("two") != texts("other")


def test_files_hold_a_day_each_in_the_order_of_time(tmp_path):
    truth = write_logs(tmp_path, Source(conversations=300))

    read = {
        path.stem: [Interaction.read(line) for line in path.read_text("utf-8").splitlines()]
        for path in tmp_path.iterdir()
    }

    assert all(line.day == day for day, found in read.items() for line in found)
    assert all(found == sorted(found, key=lambda line: line.at) for found in read.values())
    assert sum(map(len, read.values())) == truth.calls + truth.feedback


def test_order_costs_memory_and_changes_nothing_else(tmp_path):
    source = Source(conversations=100)

    write_logs(tmp_path / "one", source)
    write_logs(tmp_path / "two", source, in_order=False)

    for path in (tmp_path / "one").iterdir():
        other = tmp_path / "two" / path.name
        assert sorted(path.read_text().splitlines()) == sorted(other.read_text().splitlines())


def test_calls_lie_in_the_window_and_feedback_may_be_late(before):
    calls = [call for one in before for call in one.conversation.calls]
    told = [line for one in before for line in one.conversation.feedback]

    assert all(SMALL.window.holds(call.at) for call in calls)
    assert any(not SMALL.window.holds(line.at) for line in told)
    assert len({line.id for line in [*calls, *told]}) == len(calls) + len(told)


def test_conversations_come_in_the_order_in_which_they_begin(before):
    begins = [one.conversation.calls[0].at for one in before]

    assert begins == sorted(begins)
    assert {len(one.conversation.calls) for one in before} == {1, 2, 3, 4, 5, 6}


def test_feedback_names_a_call_or_a_conversation_that_exists(before):
    for one in before:
        known = {one.conversation.id, *(call.id for call in one.conversation.calls)}
        assert all(line.kind == FEEDBACK and line.of in known for line in one.conversation.feedback)


def test_a_unit_has_one_variant(before):
    variants = defaultdict(set)
    for one in before:
        for call in one.conversation.calls:
            if call.prompt == PROMPT:
                variants[call.unit].add((call.variant, call.version, call.propensity))

    assert {len(found) for found in variants.values()} == {1}
    shares = Counter(next(iter(found))[0] for found in variants.values())
    assert shares["candidate"] / shares.total() == pytest.approx(0.2, abs=0.03)


def test_both_prompts_and_models_and_all_days_are_there(truth):
    cube = truth.cube

    assert cube.values("prompt") == (OTHER, PROMPT)
    assert set(cube.values("model")) == {name for name, _ in MODELS}
    assert len(cube.values("day")) == 7
    assert len(cube.values("version")) == 3
    assert sum(t["churn_rate"].clusters for t in cube.rows.values()) == SMALL.conversations


# The definitions again, as a detector that sees only the lines would have them.


def handed(text: str) -> bool:
    return bool(
        re.search(r"handing this over|connect you with|passed your case|transferring", text)
    )


def offered(text: str) -> bool:
    return bool(re.search(r"would you like to add|may i offer|add it to|upgrade to", text, re.I))


def left(text: str) -> bool:
    return bool(
        re.search(r"(close|delete) my account|never ordering|another shop|lost me", text, re.I)
    )


def counted(one) -> dict[str, tuple[float, float]]:
    calls, feedback = one.conversation.calls, one.conversation.feedback
    answers = [call for call in calls if not call.error]
    outputs = [call.output for call in answers]
    how_to = [
        call
        for call in answers
        if re.match(r"how (do|can|should) i|what are the steps|.*explain how to", call.input, re.I)
    ]
    first = calls[0]
    about = re.search(r"\b(my|the) (order|parcel|delivery)\b", first.input, re.I)
    lacks = bool(about) and not re.search(r"\b\d{5}\b", first.input) and not first.error
    scores = [line.scores for line in (*calls, *feedback) if line.scores]
    quality = [found["quality"] for found in scores if "quality" in found]
    facts = [line.facts for line in feedback if line.facts]
    values = [float(found["value"]) for found in facts if "value" in found]
    upsell = [found["upsell"] for found in facts if "upsell" in found]
    offers = any(map(offered, outputs))
    return {
        "leaks": (
            sum(
                any(len(rule) >= 40 and rule in call.output for rule in call.system.split("\n"))
                for call in answers
            ),
            len(answers),
        ),
        "short_rate": (sum(len(output) < 20 for output in outputs), len(outputs)),
        "missing_steps_rate": (
            sum(not re.search(r"1\. .*2\. |First.*Then", call.output) for call in how_to),
            len(how_to),
        ),
        "no_context_rate": (lacks and "?" not in first.output, lacks),
        "escalation_rate": (any(map(handed, outputs)), 1),
        "repetition_rate": (len(set(outputs)) < len(outputs), 1),
        "latency_ms": (sum(call.latency_ms for call in answers), len(answers)),
        "slow_rate": (sum(call.latency_ms > 10_000 for call in answers), len(answers)),
        "error_rate": (sum(bool(call.error) for call in calls), len(calls)),
        "upsell_attempt_rate": (offers, 1),
        "upsell_rate": ("accepted" in upsell, offers),
        "churn_rate": (any(left(call.input) for call in calls), 1),
        "resolution_s": ((moment(calls[-1].at) - moment(calls[0].at)).total_seconds(), 1),
    } | ({"quality_score": (10 * quality[0], 1)} if quality else {}) | (
        {"average_value": (values[0], 1)} if values else {}
    )  # fmt: skip


@pytest.mark.parametrize("period", [BEFORE, AFTER], ids=lambda period: period.name)
def test_the_definitions_find_in_the_lines_what_was_planted(period):
    for one in conversations(Source(period, 1_500, seed=3)):
        found = counted(one)
        assert {name: one.sums[name] for name in found} == found, one.conversation.calls


def test_an_attempt_is_worded_as_no_other_input_is():
    attacks = {text for texts in said.ATTACKS.values() for text in texts}
    others = [said.FOLLOW_UPS, said.INNOCENT, said.CHURN, said.NOT_CHURN, said.NOVEL]
    others += [pool for topic in said.TOPICS for pool in (topic.numbered, topic.unnumbered)]

    assert attacks.isdisjoint(text for pool in others for text in pool)


def test_stock_phrases_name_nothing():
    assert not [text for text in said.GENERIC if re.search(r"[{\d]", text)]


def test_personal_data_is_planted_and_well_formed():
    source = replace(SMALL, personal=True)
    truth = truth_of(source)
    inputs = "\n".join(
        call.input for one in conversations(source) for call in one.conversation.calls
    )

    assert len(truth.personal) >= 150
    assert all(text in inputs for text in truth.personal)


def test_cards_and_accounts_pass_their_checks():
    import random

    rng = random.Random(5)
    for _ in range(50):
        digits = [int(letter) for letter in card_number(rng) if letter != " "]
        doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
        assert (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
        account = iban_number(rng).replace(" ", "")
        number = "".join(str(int(letter, 36)) for letter in account[4:] + account[:4])
        assert int(number) % 97 == 1


def test_a_fault_hits_one_model_from_its_day_on():
    name = MODELS[1][0]
    truth = truth_of(replace(SMALL, faults=(Fault(4.0, -0.4, model=name),)))

    def quality(model, late):
        rows = [
            row["quality_score"]
            for cell, row in truth.rows.items()
            if cell.model == model and (cell.day >= "2026-11-06") == late and "quality_score" in row
        ]
        return sum(row.x for row in rows) / sum(row.n for row in rows)

    assert quality(name, late=True) < quality(name, late=False) - 2
    assert abs(quality(MODELS[0][0], late=True) - quality(MODELS[0][0], late=False)) < 0.6


def test_an_attack_that_no_rule_knows_is_no_attempt():
    truth = truth_of(replace(SMALL, period=replace(BEFORE, novel=12)))

    assert len(truth.novel) == 12
    assert truth.values()["injection_attempts"] == 23
