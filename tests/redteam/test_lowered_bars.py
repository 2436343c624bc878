"""Pull requests that make a prompt worse and lower the bar that should stop them."""

from __future__ import annotations

import pytest

from cli.terminal import PROMPT, sorting_cases
from redteam.attack import CASES, CONFIG, EQUALS, EVAL, GOOD, MODEL, SAME, WORSE

LOWER_BARS = {
    "margin": "margin: 1",
    "alpha": "alpha: 0.000001",
    "an inconclusive check passes": "on_inconclusive: pass",
    "lost answers do not matter": "max_unscored: 1",
    "these cases and no others": "scope: suite",
    "five answers a case": "repeats: 5",
    "only what exceeds the margin": "fail_rule: confirmed",
}


def test_without_a_lower_bar_the_check_is_red(machine):
    judged = machine.opens({PROMPT: WORSE}).judges()

    assert (judged.code, judged.verdict) == (1, "REGRESSION")


def test_and_an_honest_change_is_not(machine):
    judged = machine.opens({PROMPT: SAME}).judges()

    assert (judged.code, judged.verdict) == (0, "PASS")


@pytest.mark.parametrize("bar", LOWER_BARS.values(), ids=LOWER_BARS)
def test_the_config_lowers_the_bar(machine, bar):
    judged = machine.opens({PROMPT: WORSE, CONFIG: f"{MODEL}check: {{{bar}}}\n"}).judges()

    assert judged.verdict == "REGRESSION"
    assert bar.partition(":")[0] in judged.says


@pytest.mark.parametrize("bar", ["margin: 1", "scope: suite", "max_unscored: 1"])
def test_the_eval_file_lowers_the_bar(machine, bar):
    judged = machine.opens({PROMPT: WORSE, EVAL: f"{EQUALS}check: {{{bar}}}\n"}).judges()

    assert judged.verdict == "REGRESSION"
    assert bar.partition(":")[0] in judged.says


def test_the_config_is_deleted_and_its_rules_with_it(machine):
    machine.base({CONFIG: f"{MODEL}check: {{metrics: {{equals: 0.01}}}}\n"})

    judged = machine.opens({PROMPT: WORSE}, without=(CONFIG, EVAL)).judges("--model", "m")

    assert judged.is_red


def test_the_case_that_must_pass_is_struck_off_the_list(machine):
    machine.base(
        {EVAL: f"{EQUALS}must_pass: [case-animal-3]\n", CONFIG: f"{MODEL}check: {{margin: 0.9}}\n"}
    )
    worse = GOOD.replace("- lynx means animal\n", "")

    judged = machine.opens({PROMPT: worse, EVAL: EQUALS}).judges()

    assert judged.verdict == "REGRESSION"
    assert "must_pass no longer names case-animal-3" in judged.says


def test_the_broken_case_is_put_into_quarantine(machine):
    machine.base({EVAL: f"{EQUALS}must_pass: [case-animal-3]\n"})
    entry = "{case: case-animal-3, owner: '@me', reason: flaky, until: 2099-01-01}"
    eval_file = f"{EQUALS}quarantine:\n  - {entry}\n"

    judged = machine.opens(
        {PROMPT: GOOD.replace("- lynx means animal\n", ""), EVAL: eval_file}
    ).judges()

    assert judged.verdict == "REGRESSION"
    assert "the quarantine now also has case-animal-3" in judged.says


def test_every_case_is_put_into_quarantine(machine):
    names = [line.partition(",")[0] for line in sorting_cases(20).splitlines()[1:]]
    entries = "".join(
        f"  - {{case: {name}, owner: me, reason: flaky, until: 2099-01-01}}\n" for name in names
    )

    judged = machine.opens({PROMPT: WORSE, EVAL: f"{EQUALS}quarantine:\n{entries}"}).judges()

    assert judged.verdict == "REGRESSION"


def test_a_tag_leaves_the_easy_cases_only(machine):
    header, *rows = sorting_cases(20).splitlines()
    tagged = [f"{row},{'hard' if 'animal' in row else 'easy'}" for row in rows]
    cases = "\n".join([f"{header},tags", *tagged]) + "\n"

    judged = machine.opens({PROMPT: WORSE, CASES: cases, EVAL: f"{EQUALS}tags: [easy]\n"}).judges()

    assert judged.verdict == "REGRESSION"
    assert "tags" in judged.says


def test_the_budget_is_raised_and_prices_are_nought(machine):
    machine.base(
        {CONFIG: f"{MODEL}budget: {{usd: 0.001}}\nprices: {{m: {{input: 10, output: 10}}}}\n"}
    )
    generous = f"{MODEL}budget: {{usd: 1000}}\nprices: {{m: {{input: 0, output: 0}}}}\n"

    judged = machine.opens({PROMPT: WORSE, CONFIG: generous}).judges()

    assert judged.is_red
    assert machine.provider.calls < 20


def test_a_metric_of_its_own_is_no_longer_gated(machine):
    base = "assert: [{type: regex, value: '.'}, {type: equals, weight: 0.01}]\n"
    machine.base({EVAL: base + "check: {metrics: {equals: 0.05}}\n"})

    judged = machine.opens({PROMPT: WORSE, EVAL: base}).judges()

    assert judged.verdict == "REGRESSION"
    assert "gated metrics" in judged.says


def test_the_guard_of_the_costs_goes_as_the_prompt_grows(machine):
    priced = f"{MODEL}prices: {{m: {{input: 10, output: 10}}}}\n"
    machine.base({CONFIG: f"{priced}check: {{guards: {{cost: 0.1}}}}\n"})
    long = SAME + "Take your time. " * 2000

    judged = machine.opens(
        {PROMPT: long, CONFIG: priced.replace("10", "0") + "check: {guards: {}}\n"}
    ).judges()

    assert judged.verdict == "REGRESSION"


def test_twelve_other_prompts_are_touched_so_that_one_drop_is_hard_to_show(machine):
    cases = sorting_cases(8)
    names = [f"prompts/other{number}" for number in range(12)]
    base = {f"{name}.md": GOOD for name in names} | {f"{name}.csv": cases for name in names}
    machine.base(base | {f"{name}.eval.yaml": EQUALS for name in names})

    judged = machine.opens({PROMPT: WORSE, **{f"{name}.md": SAME for name in names}}).judges()

    assert judged.code == 1
