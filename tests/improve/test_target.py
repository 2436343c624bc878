"""What a run of improve works on: a prompt by itself, or text that several use."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from improve.toy import SEED, a_lab
from promptgit.core.candidate import Fate
from promptgit.core.dataset import Case, Dataset, is_sealed
from promptgit.core.evaluation import Evaluation, Metric, Result, Score
from promptgit.core.patch import derive
from promptgit.core.ports import ModelIdentity, StepOutput
from promptgit.core.prompt import Prompt
from promptgit.core.verdict import Policy
from promptgit.errors import UserError
from promptgit.evaluate.estimate import Estimate
from promptgit.improve.improvement import Halves
from promptgit.improve.shared import (
    Included,
    SharedLab,
    Together,
    common_policy,
    joined,
    summed,
    union,
    watched,
)
from promptgit.improve.target import Dependent, Target

PERSONA = Prompt.of("Be kind.\n", name="persona")
A_PATCH = derive("p.md", "a\n", "b\n")
INFORMED = PERSONA.edited("Be kind.\nYou know apples.\n")


@dataclass(frozen=True)
class Knowing:
    """Scores 1 where the prompt says that it knows the case's topic; remembers whom it ran."""

    seen: list[Prompt]
    name: str = "toy"
    metric: str = "right"
    calls_per_case: int = 1

    @property
    def model(self) -> ModelIdentity:
        return ModelIdentity("toy", self.name)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Metric(self.metric),)

    @property
    def suite(self) -> str:
        return f"suite of {self.metric}"

    def evaluate(self, text: Prompt, cases: Dataset) -> Evaluation:
        self.seen.append(text)
        words = text.text + "".join(text.includes.values())
        results = []
        for case in cases:
            score = float(f"know {case.id.split('-')[0]}" in words)
            results.append(Result(case.id, 0, scores={self.metric: Score(score)}, score=score))
        return Evaluation(text, cases, self.model, self.metrics, tuple(results))

    def estimate(self, text: Prompt, cases: Dataset, *, anew: bool = False) -> Estimate:
        return Estimate(len(cases), 0, 10, 10, 0.5)


def some_cases(topic: str, count: int, **facts) -> Dataset:
    return Dataset(
        tuple(Case(f"{topic}-{n}", {"q": f"{topic} {n}?"}, **facts) for n in range(count))
    )


def a_dependent(name: str, cases: Dataset, **facts) -> Dependent:
    """A prompt that includes the persona, and is run by `Knowing` unless `use` says otherwise."""
    prompt = Prompt(f"I am {name}.", "b" * 40, name, {"persona.md": PERSONA.text})
    use = facts.pop("use", None) or Included(prompt, ("persona.md",), Knowing([]))
    policy = facts.pop("policy", Policy())
    return Dependent(name, f"p/{name}.md", Halves.of(cases), use, policy, name, **facts)


def a_target(*dependents: Dependent, policy: Policy | None = None) -> Target:
    counting = [one for one in dependents if one.counts]
    halves = union(counting, "all")
    common = common_policy(policy or Policy(), counting)
    return Target("p/persona.md", PERSONA, halves, Together(tuple(counting)), common, dependents)


def test_what_is_run_is_the_prompt_with_the_edited_text_in_it():
    ran: list[Prompt] = []
    prompt = Prompt("Hi.", "b" * 40, "hi", {"persona.md": PERSONA.text, "other.md": "Other."})

    Included(prompt, ("persona.md",), Knowing(ran)).evaluate(INFORMED, some_cases("apples", 2))

    assert [one.includes for one in ran] == [{"persona.md": INFORMED.text, "other.md": "Other."}]
    assert ran[0].identity != prompt.identity


def test_a_text_that_is_included_under_two_names_changes_under_both():
    prompt = Prompt("Hi.", "b" * 40, "hi", {"persona.md": "", "p/persona.md": ""})

    filled = Included(prompt, ("persona.md", "p/persona.md"), Knowing([])).filled(INFORMED)

    assert set(filled.includes.values()) == {INFORMED.text}


def test_every_case_keeps_the_half_that_it_has_in_its_own_prompt():
    cases = some_cases("apples", 40, group="")
    grouped = replace(
        cases, cases=tuple(replace(c, group=f"g{n % 5}") for n, c in enumerate(cases))
    )

    found = union([a_dependent("a", cases), a_dependent("b", grouped)], "all")

    for name, own in (("a", cases), ("b", grouped)):
        sealed = {joined(name, case.id) for case in own if is_sealed(case)}
        assert sealed == {c.id for c in found.sealed if c.id.startswith(f"{name}/")}
        assert not sealed & {c.id for c in found.search}


def test_a_name_and_an_id_that_make_another_case_s_name_are_refused():
    one = a_dependent("de", Dataset((Case("reply/c", {"q": "a"}),)))
    other = a_dependent("de/reply", Dataset((Case("c", {"q": "b"}),)))
    halves = Halves(Dataset((Case("reply/c", {"q": "a"}),)), Dataset(()))
    alike = Halves(Dataset((Case("c", {"q": "b"}),)), Dataset(()))

    with pytest.raises(UserError, match="'de/reply/c'"):
        union([replace(one, halves=halves), replace(other, halves=alike)], "all")


def test_groups_of_two_prompts_are_not_one_group_because_they_are_called_alike():
    found = union([a_dependent(n, some_cases("apples", 9, group="g")) for n in "ab"], "all")

    assert {case.group for case in (*found.search, *found.sealed)} == {"a/g", "b/g"}


def test_every_prompt_counts_as_much_as_the_next_however_many_cases_it_brings():
    few, many = (
        a_dependent("few", some_cases("apples", 20)),
        a_dependent("many", some_cases("dates", 200)),
    )

    for half in (union([few, many], "all").search, union([few, many], "all").sealed):
        weights = {n: sum(c.weight for c in half if c.id.startswith(n)) for n in ("few", "many")}
        assert weights["few"] == pytest.approx(weights["many"])
        assert sum(weights.values()) == pytest.approx(len(half))


def test_a_prompt_may_count_for_more_and_its_cases_keep_their_weights_among_each_other():
    heavy = Dataset((*some_cases("apples", 10), *some_cases("bread", 10, weight=3.0)))
    twice, once = (
        a_dependent("twice", heavy, weight=2.0),
        a_dependent("once", some_cases("dates", 20)),
    )

    half = union([twice, once], "all").search

    weights = {case.id: case.weight for case in half}
    total = {
        n: sum(w for name, w in weights.items() if name.startswith(n)) for n in ("twice", "once")
    }
    bread = next(w for name, w in weights.items() if "bread" in name)
    apples = next(w for name, w in weights.items() if "apples" in name)
    assert total["twice"] == pytest.approx(2 * total["once"])
    assert bread == pytest.approx(3 * apples)


def test_all_together_are_one_evaluation_in_the_order_of_the_cases():
    one = a_dependent("one", some_cases("apples", 30))
    two = a_dependent("two", some_cases("dates", 10))
    target = a_target(one, two)

    found = target.use.evaluate(INFORMED, target.halves.search)

    assert found.prompt == INFORMED
    assert [result.case_id for result in found.results] == [c.id for c in target.halves.search]
    assert found.scores["one/" + one.halves.search.cases[0].id] == 1.0
    assert found.mean == pytest.approx(0.5)  # one prompt gets all right, the other none


def test_only_those_are_asked_who_have_one_of_the_cases():
    ran: list[Prompt] = []
    prompt = Prompt("Hi.", "b" * 40, "hi", {"persona.md": ""})
    use = Included(prompt, ("persona.md",), Knowing(ran))
    target = a_target(
        a_dependent("one", some_cases("apples", 30)),
        a_dependent("two", some_cases("dates", 9), use=use),
    )
    ones = [case.id for case in target.halves.search if case.id.startswith("one/")]

    target.use.evaluate(PERSONA, target.halves.search.only(ones))

    assert not ran


def test_several_models_are_told_as_several_and_one_as_itself():
    use = Included(PERSONA, ("persona.md",), Knowing([], name="other"))
    same = Together((a_dependent("a", some_cases("x", 4)), a_dependent("b", some_cases("x", 4))))
    other = Together(
        (a_dependent("a", some_cases("x", 4)), a_dependent("b", some_cases("x", 4), use=use))
    )

    assert same.model == ModelIdentity("toy", "toy")
    assert other.model.provider == "several"
    assert other.model.digest != same.model.digest


def test_what_must_pass_for_one_prompt_must_pass_and_for_no_other():
    tagged = Policy(must_pass=("hard",))
    one = a_dependent("one", some_cases("apples", 10, tags=("hard",)), policy=tagged)
    two = a_dependent("two", some_cases("dates", 10, tags=("hard",)))

    found = a_target(one, two).vital

    assert found
    assert all(name.startswith("one/") for name in found)


def test_a_confirmation_keeps_enough_for_those_who_are_asked_only_then():
    cases = some_cases("apples", 100)
    aside = a_dependent("aside", cases, counts=False, use=Knowing([], calls_per_case=3))
    plain, more = a_target(a_dependent("a", cases)), a_target(a_dependent("a", cases), aside)

    sealed = len(aside.halves.sealed)
    assert plain.sealed_calls == 2 * len(plain.halves.sealed)
    assert more.sealed_calls == plain.sealed_calls + 2 * 3 * sealed
    assert more.least_calls - plain.least_calls == 2 * 3 * sealed


def test_the_digest_of_a_dependent_follows_its_text_cases_rules_and_weight():
    cases = some_cases("apples", 10)
    same = a_dependent("a", cases)
    others = [
        replace(same, identity="another text"),
        a_dependent("a", some_cases("apples", 11)),
        a_dependent("a", cases, policy=Policy(margin=0.2)),
        a_dependent("a", cases, weight=2.0),
        a_dependent("a", cases, counts=False),
    ]

    assert a_dependent("a", cases).digest == same.digest
    assert len({one.digest for one in (same, *others)}) == 6


def test_the_mentor_is_shown_what_the_edited_step_gave():
    use = Included(PERSONA, ("p.md",), Knowing([]), steps=("sort",))
    steps = (StepOutput("sort", "fruit"), StepOutput("route", "cellar"))

    told = use.seen(Result("a", 0, output="cellar", score=0.0, steps=steps))

    assert "The step sort gave:\nfruit" in told
    assert told.endswith("The answer of the pipeline:\ncellar")
    assert use.seen(Result("a", 0, output="cellar", score=0.0)) == "cellar"


def test_dollars_are_unknown_where_one_part_is():
    known, unknown = Estimate(1, 2, 3, 4, 0.5), Estimate(1, 2, 3, 4, None)

    assert summed([known, known]) == Estimate(2, 4, 6, 8, 1.0)
    assert summed([known, unknown]).usd is None


def test_few_of_each_are_watched_and_always_the_same():
    one, two = (
        a_dependent("one", some_cases("apples", 200)),
        a_dependent("two", some_cases("dates", 6)),
    )
    target = a_target(one, two)

    found = watched(target.dependents, target.halves.search)

    assert found == watched(target.dependents, target.halves.search)
    assert sum(case.id.startswith("one/") for case in found) == 20
    assert sum(case.id.startswith("two/") for case in found) == len(two.halves.search)
    assert not {case.id for case in found} & {case.id for case in target.halves.sealed}


def a_shared_lab(**more) -> SharedLab:
    plain = a_lab()
    kept = ("search", "evaluator", "mentor", "guard", "rng", "notebook")
    return SharedLab(**{name: getattr(plain, name) for name in kept}, **more)


def test_a_survivor_that_harms_somebody_is_dropped_and_the_mentor_is_told_why():
    lab = a_shared_lab(watched=a_lab().search, harms=lambda first, child: "it harms brands")
    parent = lab.candidate(SEED)
    training, validation = lab.begin_round(0, 0)
    draft = lab.propose(parent, lab.misses(parent, training, 1.0))
    assert draft is not None

    survivor = lab.screen(parent, draft, validation)

    assert survivor is None
    assert lab.notebook.proposals[-1].fate is Fate.DROPPED
    assert lab.tried[-1].reason == "it harms brands"


def test_harm_is_measured_against_the_first_text_however_many_edits_ago():
    compared: list[tuple[str, str]] = []

    def harms(first: Evaluation, child: Evaluation) -> str:
        compared.append((first.prompt.text, child.prompt.text))
        return ""

    lab = a_shared_lab(watched=a_lab().search.first(4), harms=harms)
    first = lab.candidate(SEED)
    second = replace(first, prompt=SEED.edited("Second."), parents=(first,), patch=A_PATCH)

    lab.harm(second, SEED.edited("Third."))

    assert compared == [(SEED.text, "Third.")]


def test_a_plain_prompt_watches_nobody_and_asks_for_nothing_more():
    lab = a_shared_lab()
    parent = lab.candidate(SEED)
    before = len(lab.notebook.events)

    assert lab.harm(parent, SEED.edited("Other.")) == ""
    assert len(lab.notebook.events) == before
