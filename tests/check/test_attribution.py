"""Which step is to blame: cases are replayed with one output changed, and the rest asked again."""

from __future__ import annotations

from promptgit.check.attribution import blame_failures, blame_flips
from promptgit.core.attribution import Attribution, Blame
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.pipeline import FORM, with_step
from promptgit.core.prompt import Prompt, blob_id
from promptgit.errors import BudgetSpent, CallFailed
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.side_by_side import Contender
from promptgit.testing.scripted import ScriptedModel

TEXT = """\
steps:
  - {name: sort, prompt: prompts/sort.md}
  - {name: reply, prompt: prompts/reply.md, inputs: {label: "{{ sort }}"}}
"""
FILES = {"prompts/sort.md": "Sort.", "prompts/reply.md": "Reply to {{ label }}."}
PIPELINE = Prompt(TEXT, blob_id(TEXT), "answer", FILES, form=FORM)
BLIND = with_step(PIPELINE, "prompts/sort.md", "Sort blindly.")
MUTE = with_step(PIPELINE, "prompts/reply.md", "Reply to {{ label }}. Mumble.")


class ASuite:
    metrics = (Metric("equals"),)
    digest = "0" * 64

    def score(self, case, answer):
        return {"equals": Score(float(answer.text == case.expected))}


class Shelf(dict):
    put = dict.__setitem__


def clerk(request):
    """Sort a pear as fruit unless told to do so blindly; reply with the label unless told to."""
    words = [message.text for message in request.messages]
    if words[0].startswith("Sort"):
        return "fruit" if "pear" in words[-1] and "blindly" not in words[0] else "tool"
    if "Mumble" in words[0]:
        return "mm"
    return words[0].removeprefix("Reply to ").removesuffix(".")


def a_case(name="pear", expected="fruit", **columns):
    return Case(name, {"say": name, **columns}, expected)


def replayed(replay):
    if replay is None:
        return None
    for _ in replay:
        pass
    return replay.attribution


def blamed(prompt, *cases, known=None, script=clerk, repeats=1):
    model = Cached(ScriptedModel(script), Shelf())
    found = evaluate(prompt, Dataset(cases), model, ASuite(), repeats=repeats)
    return replayed(blame_failures(found, model, ASuite(), known=known or {}))


def flips(before, after, *cases):
    model = Cached(ScriptedModel(clerk), Shelf())
    sides = tuple(Contender(prompt, model, Dataset(cases)) for prompt in (before, after))
    pair = tuple(evaluate(side.prompt, side.cases, model, ASuite()) for side in sides)
    return replayed(blame_flips(pair, sides, ASuite(), [case.id for case in cases]))


def test_the_earliest_step_whose_correction_makes_the_case_pass_is_to_blame():
    found = blamed(BLIND, a_case(expected_sort="fruit"))

    assert [(blame.case_id, blame.steps) for blame in found.blames] == [("pear", ("sort",))]
    assert found.blames[0].scores == {"sort": 1.0}
    assert found.shares == (("sort", 1), ("reply", 0))


def test_a_step_behind_one_that_gave_what_it_should_is_to_blame():
    found = blamed(MUTE, a_case(expected_sort="fruit"))

    assert found.blames[0].steps == ("reply",)
    assert found.calls == 0


def test_a_case_that_passes_is_not_replayed():
    assert blamed(PIPELINE, a_case(expected_sort="fruit")).blames == ()


def test_without_a_word_on_the_first_step_either_may_be_to_blame():
    found = blamed(BLIND, a_case())

    assert found.blames[0].step == "sort or reply"
    assert "nobody says what sort should give" in found.blames[0].why


def test_what_a_step_gave_when_the_case_passed_is_as_good_as_a_column():
    found = blamed(BLIND, a_case(), known={"pear": {"sort": "fruit", "reply": "fruit"}})

    assert found.blames[0].steps == ("sort",)


def test_another_repeat_that_passed_says_what_a_step_should_give():
    def moody(request):
        if request.repeat == 0 and request.messages[0].text.startswith("Sort"):
            return "tool"
        return clerk(request)

    found = blamed(PIPELINE, a_case(), script=moody, repeats=2)

    assert found.blames[0].steps == ("sort",)


def test_where_no_single_correction_helps_no_step_is_blamed_alone():
    stubborn = Case("pear", {"say": "pear", "expected_reply": "so", "expected_sort": "fruit"}, "x")

    found = blamed(MUTE, stubborn)

    assert found.blames[0].step == "no single step"


def test_replaying_asks_only_what_comes_after_the_step():
    asked = []

    def overheard(request):
        asked.append(request.messages[0].text)
        return clerk(request)

    found = blamed(BLIND, a_case(expected_sort="fruit"), script=overheard)

    assert asked == ["Sort blindly.", "Reply to tool.", "Reply to fruit."]
    assert (found.calls, found.reused) == (1, 0)


def test_what_came_before_the_step_is_given_and_not_asked_again():
    model = ScriptedModel(clerk)  # which remembers nothing
    found = evaluate(MUTE, Dataset((a_case(),)), model, ASuite())

    replayed(blame_failures(found, model, ASuite(), known={}))

    assert model.calls == 2


def test_the_step_whose_change_broke_a_case_is_named():
    found = flips(PIPELINE, BLIND, a_case())

    assert [(blame.steps, blame.why) for blame in found.blames] == [(("sort",), "sort changed")]


def test_the_step_whose_change_fixed_a_case_is_named():
    found = flips(MUTE, PIPELINE, a_case())

    assert [(blame.steps, blame.why) for blame in found.blames] == [(("reply",), "reply changed")]
    assert found.calls == 0


def test_of_two_steps_that_changed_the_one_that_did_it_is_named():
    both = with_step(BLIND, "prompts/reply.md", "Reply to {{ label }}")

    found = flips(PIPELINE, both, a_case())

    assert found.blames[0].steps == ("sort",)


def test_a_step_that_did_not_change_and_answers_otherwise_is_said_to():
    answers = iter(["fruit", "fruit", "fruit", "tool"])
    model = ScriptedModel(lambda request: next(answers))
    sides = tuple(Contender(PIPELINE, model, Dataset((a_case(),))) for _ in range(2))
    pair = tuple(evaluate(side.prompt, side.cases, model, ASuite()) for side in sides)

    found = replayed(blame_flips(pair, sides, ASuite(), ["pear"]))

    assert found.blames[0].why == "reply did not change: it answers differently by itself"


def test_a_case_whose_first_answer_is_as_good_as_before_is_left_out():
    found = flips(PIPELINE, PIPELINE, a_case())

    assert (found.blames, found.left) == ((), 0)


def test_a_case_whose_first_answer_failed_is_left_out():
    def shaky(request):
        if request.messages[0].text == "Sort blindly." and "pear" in request.messages[-1].text:
            return CallFailed("the server said 500", kind="server")
        return clerk(request)

    model = ScriptedModel(shaky)
    cases = Dataset((a_case(), a_case("plum", "tool")))
    sides = tuple(Contender(prompt, model, cases) for prompt in (PIPELINE, BLIND))
    pair = tuple(evaluate(side.prompt, side.cases, model, ASuite()) for side in sides)

    found = replayed(blame_flips(pair, sides, ASuite(), ["pear"]))

    assert found.blames == ()


def test_pipelines_of_other_steps_are_not_mixed():
    text = TEXT.replace("sort,", "label,").replace("{{ sort }}", "{{ label }}")
    other = Prompt(text, blob_id(text), "answer", FILES, form=FORM)

    assert flips(PIPELINE, other, a_case()) is None


def test_a_spent_budget_ends_the_replay_and_says_what_is_left():
    def poor(request):
        if request.messages[0].text == "Reply to fruit.":
            raise BudgetSpent("the budget is spent")
        return clerk(request)

    found = blamed(BLIND, a_case(expected_sort="fruit"), script=poor)

    assert (found.blames, found.left) == ((), 1)


def test_a_replay_that_the_world_fails_blames_nobody():
    def shaky(request):
        if request.messages[0].text == "Reply to fruit.":
            return CallFailed("the server said 500", kind="server")
        return clerk(request)

    found = blamed(BLIND, a_case(expected_sort="fruit"), script=shaky)

    assert found.blames[0].steps == ()
    assert "the server said 500" in found.blames[0].why


def test_shares_count_single_steps_in_order_and_then_the_rest():
    blames = (Blame("a", ("y",), ""), Blame("b", ("x", "y"), ""), Blame("c", (), ""))

    assert Attribution(("x", "y"), blames).shares == (
        ("x", 0),
        ("y", 1),
        ("x or y", 1),
        ("no single step", 1),
    )
