"""A pipeline is played step after step, through the same port as any prompt."""

from __future__ import annotations

import pytest

from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Metric, Score
from promptgit.core.pipeline import FORM, with_step
from promptgit.core.ports import Answer, ModelIdentity, Usage
from promptgit.core.prompt import Prompt, blob_id
from promptgit.errors import CallFailed, UserError
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.pipelines import StepModels, play
from promptgit.testing.scripted import ScriptedModel

TEXT = """\
steps:
  - {name: sort, prompt: prompts/sort.md}
  - {name: reply, prompt: prompts/reply.md, inputs: {label: "{{ sort }}", say: "{{ say }}"}}
"""
CODE = TEXT + "  - {name: clean, python: 'steps/clean.py:trim'}\n"
FILES = {
    "prompts/sort.md": "Sort.",
    "prompts/reply.md": "Reply to a {{ label }}.",
    "steps/clean.py": "def trim(output, context): return output.strip()\n",
}


class ASuite:
    metrics = (Metric("equals"),)
    digest = "0" * 64

    def score(self, case, answer):
        return {"equals": Score(float(answer.text == case.expected))}


class Shelf(dict):
    put = dict.__setitem__


def a_pipeline(text=TEXT):
    return Prompt(text, blob_id(text), "answer", FILES, form=FORM)


def cases(*pairs):
    return Dataset(tuple(Case(say, {"say": say}, expected) for say, expected in pairs))


def clerk(request):
    """Sort what begins with `p` as fruit; reply with the label that the system message names."""
    system, user = (message.text for message in request.messages)
    if system.startswith("Sort"):
        return "fruit" if user.startswith("p") and "badly" not in system else "tool"
    return f"{system.removeprefix('Reply to a ').removesuffix('.')} it is"


def test_each_step_reads_what_the_steps_before_gave():
    found = evaluate(a_pipeline(), cases(("pear", "fruit it is")), ScriptedModel(clerk), ASuite())

    (result,) = found.results
    assert result.output == "fruit it is"
    assert [(step.name, step.text) for step in result.steps] == [
        ("sort", "fruit"),
        ("reply", "fruit it is"),
    ]
    assert found.mean == 1.0


def test_usage_cost_latency_and_calls_are_those_of_all_steps():
    model = ScriptedModel(clerk, usage=Usage(10, 5), cost_usd=0.5, latency_s=2.0)

    found = evaluate(a_pipeline(), cases(("pear", "x"), ("saw", "x")), model, ASuite())

    assert found.usage == Usage(40, 20)
    assert found.cost_usd == 2.0
    assert found.results[0].latency_s == 4.0
    assert found.paid_calls == model.calls == 4


def test_an_unknown_price_of_one_step_makes_the_price_unknown():
    answers = [Answer("fruit", cost_usd=None), Answer("done", cost_usd=0.5)]

    answer = play(a_pipeline(), Case("a", {"say": "pear"}), 0, ScriptedModel(answers))

    assert answer.cost_usd is None


def test_a_step_that_was_cut_flags_the_result():
    answers = [Answer("fru", finish_reason="length"), Answer("done")]

    found = evaluate(a_pipeline(), cases(("pear", "done")), ScriptedModel(answers), ASuite())

    assert found.results[0].flags == ("cut",)


def test_steps_are_cached_one_by_one():
    shelf, first = Shelf(), ScriptedModel(clerk)
    evaluate(a_pipeline(), cases(("pear", "x")), Cached(first, shelf), ASuite())
    second = ScriptedModel(clerk)

    found = evaluate(
        with_step(a_pipeline(), "prompts/reply.md", "Reply to a {{ label }}!"),
        cases(("pear", "x")),
        Cached(second, shelf),
        ASuite(),
    )

    assert second.calls == found.paid_calls == 1
    assert not found.results[0].cached


def test_an_edited_step_is_tested_end_to_end():
    worse = with_step(a_pipeline(), "prompts/sort.md", "Sort badly.")

    found = evaluate(worse, cases(("pear", "fruit it is")), ScriptedModel(clerk), ASuite())

    assert found.mean == 0.0
    assert found.results[0].steps[0].text == "tool"


def test_a_step_that_the_world_fails_leaves_the_case_unscored_and_keeps_what_came_before():
    def shaky(request):
        if [m.text for m in request.messages] == ["Reply to a fruit.", "pear"]:
            return CallFailed("the server said 500", kind="server")
        return clerk(request)

    found = evaluate(
        a_pipeline(), cases(("pear", "x"), ("saw", "tool it is")), ScriptedModel(shaky), ASuite()
    )

    assert found.unscored == ("pear",)
    assert found.failures[0].failure.message == "step reply: the server said 500"
    assert [step.name for step in found.failures[0].steps] == ["sort"]
    assert found.mean == 1.0


def test_a_step_whose_key_is_refused_ends_the_run():
    refused = CallFailed("the key was refused", kind="auth", fatal=True)
    model = ScriptedModel(lambda request: refused)

    with pytest.raises(CallFailed, match="step sort: the key was refused"):
        evaluate(a_pipeline(), cases(("pear", "x"), ("saw", "x")), model, ASuite())


def test_a_column_that_is_missing_ends_the_run_before_the_first_call():
    model = ScriptedModel(clerk)
    asked = Dataset((Case("a", {"message": "pear"}),))

    with pytest.raises(UserError, match="asks for 'say'"):
        evaluate(a_pipeline(), asked, model, ASuite())

    assert model.calls == 0


def test_a_step_may_ask_another_model_and_the_evidence_says_so():
    small = ScriptedModel(clerk, identity=ModelIdentity("openai", "small", options={"seed": 1}))
    model = StepModels(ScriptedModel(clerk), {"sort": small})

    evaluate(a_pipeline(), cases(("pear", "x")), model, ASuite())

    assert small.calls == 1
    assert str(model.identity) == "scripted/script step.sort=openai/small,seed=1"


def test_a_given_output_is_not_asked_for():
    model = ScriptedModel(clerk)

    answer = play(a_pipeline(), Case("a", {"say": "saw"}), 0, model, given={"sort": "fruit"})

    assert answer.text == "fruit it is"
    assert model.calls == 1


def test_a_function_runs_only_where_code_may():
    with pytest.raises(UserError) as error:
        play(a_pipeline(CODE), Case("a", {"say": "pear"}), 0, ScriptedModel(clerk))

    assert error.value.hint == "--allow-code"


def test_a_function_is_given_the_output_before_it_and_takes_no_call():
    told = []

    def code(path, source, function, output, inputs):
        told.append((path, source, function, output, dict(inputs)))
        return output.upper()

    model = StepModels(ScriptedModel(clerk), code=code)

    answer = play(a_pipeline(CODE), Case("a", {"say": "pear"}), 0, model)

    assert answer.text == "FRUIT IT IS"
    assert told == [
        ("steps/clean.py", FILES["steps/clean.py"], "trim", "fruit it is", {"say": "pear"})
    ]
    assert [step.calls for step in answer.steps] == [1, 1, 0]
