"""A pipeline file: what it may say, and what is said of what it may not."""

from __future__ import annotations

import pytest

from promptgit.core.pipeline import FORM, files_named, pipeline_of, reference, with_step
from promptgit.core.pipeline_file import parse_steps
from promptgit.core.prompt import Prompt, blob_id
from promptgit.errors import UserError

TWO = """\
steps:
  - {name: classify, prompt: prompts/classify.md}
  - {name: reply, prompt: prompts/reply.md, inputs: {label: "{{ classify }}", say: "{{ say }}"}}
"""
FILES = {
    "prompts/classify.md": "Name the kind of {{ say }}.\n",
    "prompts/reply.md": "Answer.\n",
}


def a_pipeline(text: str = TWO, **files: str) -> Prompt:
    includes = {**FILES, **{name.replace("__", "/") + ".md": text for name, text in files.items()}}
    return Prompt(text, blob_id(text), "answer", includes, form=FORM)


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as error:
        parse_steps(text, "pipelines/answer.yaml")
    return error.value


def test_the_last_step_is_the_output_unless_another_is_named():
    listed = "- {name: a, prompt: a.md}\n- {name: b, prompt: b.md, inputs: {x: '{{ a }}'}}\n"
    steps = "steps:\n" + listed

    assert parse_steps(steps, "x.yaml").output == "b"
    assert parse_steps(TWO + "output: reply\n", "x.yaml").output == "reply"


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("stepps: []\n", ":1:1: unknown key 'stepps'", "did you mean 'steps'?"),
        ("steps: []\n", ":1:8: `steps` must be a list", "for example"),
        ("steps:\n- {nme: a, prompt: a.md}\n", ":2:4: unknown key 'nme'", "did you mean 'name'?"),
        ("steps:\n- {prompt: a.md}\n", ":2:3: `name` of a step is missing", "for example"),
        ("steps:\n- {name: a}\n", ":2:3: the step 'a' needs either", "for example"),
        ("steps:\n- {name: a, prompt: 7}\n", ":2:21: `prompt` of a step is 7", "for example"),
        ("steps:\n- {name: a b, prompt: a.md}\n", ":2:10: 'a b' cannot be", "letters"),
        ("steps:\n- {name: a, prompt: ../../a.md}\n", ":2:21: '../../a.md' is not", "top level"),
        ("steps:\n- {name: a, prompt: /etc/passwd}\n", ":2:21: '/etc/passwd' is not", "top level"),
        ("steps:\n- {name: a, python: a.py}\n", ":2:21: 'a.py' names no function", "clean.py"),
        ("steps:\n- {name: a, prompt: a.md, model: []}\n", ":2:34: `model`", "gpt-5-mini"),
        ("steps:\n- {name: a, prompt: a.md, template: jina}\n", ":2:37: `template`", "'jinja'"),
        ("steps:\n- {name: a, prompt: a.md, inputs: [x]}\n", ":2:35: `inputs`", "label"),
        (
            "steps:\n- {name: a, prompt: a.md, inputs: {x: '{{ b'}}\n",
            ":2:39: template",
            "{{",
        ),
        (TWO + "output: replly\n", ":4:9: there is no step 'replly'", "did you mean 'reply'?"),
        (TWO + "- x\n", ":4:1:", ""),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_meant(text: str, where: str, hint: str):
    error = refused(text)

    assert error.message.startswith(f"pipelines/answer.yaml{where}")
    assert hint in (error.hint or "")


def test_two_steps_of_one_name_are_refused_with_both_lines():
    text = "steps:\n- {name: a, prompt: a.md}\n- {name: a, prompt: b.md}\n"

    assert refused(text).message.endswith(":3:10: the step 'a' is already on line 2")


def test_a_step_cannot_use_what_comes_after_it():
    text = "steps:\n- {name: a, prompt: a.md, inputs: {x: '{{ b }}'}}\n- {name: b, prompt: b.md}\n"

    error = refused(text)

    assert "the step 'a' uses 'b', which comes after it" in error.message
    assert error.hint == "put 'b' before 'a'"


def test_steps_that_need_each_other_are_a_circle():
    circle = (
        "steps:\n- {name: a, prompt: a.md, inputs: {x: '{{ b }}'}}\n"
        "- {name: b, prompt: b.md, inputs: {x: '{{ a }}'}}\n"
    )
    itself = "steps:\n- {name: a, prompt: a.md, inputs: {x: '{{ a }}'}}\n"

    assert "in a circle: a -> b -> a" in refused(circle).message
    assert "in a circle: a -> a" in refused(itself).message


def test_a_step_that_nobody_reads_is_refused_before_it_is_paid_for():
    text = "steps:\n- {name: a, prompt: a.md}\n- {name: b, prompt: b.md}\n"

    assert "nothing uses what the step 'a' gives" in refused(text).message


def test_a_function_reads_the_step_before_it():
    text = "steps:\n- {name: a, prompt: a.md}\n- {name: b, python: 'b.py:trim'}\n"

    assert [step.function for step in parse_steps(text, "x.yaml").steps] == ["", "trim"]


def test_where_the_name_of_a_step_is_misspelt_nobody_reads_the_step():
    error = refused(TWO.replace("{{ classify }}", "{{ clasify }}"))

    assert ":2:5: nothing uses what the step 'classify' gives" in error.message
    assert error.hint == "did you mean {{ classify }} where it says {{ clasify }}?"


def test_a_column_that_no_case_has_is_told_with_what_was_meant():
    with pytest.raises(UserError) as error:
        pipeline_of(a_pipeline()).visible({"saying": "Hi"})

    assert error.value.message.startswith("answer.yaml:2: the step 'classify' asks for 'say'")
    assert error.value.hint == "did you mean 'saying'?"


def test_a_hole_that_the_inputs_of_a_step_leave_open_is_told():
    with pytest.raises(UserError, match=r"hole 'tone'.*inputs of the step 'reply'"):
        pipeline_of(a_pipeline(prompts__reply="Answer in a {{ tone }} tone.\n"))


def test_a_step_may_not_be_called_like_a_column():
    with pytest.raises(UserError, match="called like a column"):
        pipeline_of(a_pipeline()).visible({"say": "Hi", "classify": "x"})


def test_the_columns_that_a_pipeline_asks_for_are_those_no_step_gives():
    assert a_pipeline().holes == {"say"}


def test_what_a_step_should_give_is_hidden_from_all_steps():
    pipeline = pipeline_of(a_pipeline())

    assert pipeline.visible({"say": "Hi", "expected_classify": "greeting"}) == {"say": "Hi"}


def test_the_reference_of_the_output_step_is_the_expected_answer():
    assert reference("reply", "reply", {}, "Dear Ada") == "Dear Ada"
    assert reference("classify", "reply", {}, "Dear Ada") is None
    assert reference("classify", "reply", {"expected_classify": "refund"}, None) == "refund"


def test_an_include_of_a_step_is_found_beside_it_as_in_the_prompt_alone():
    prompt = a_pipeline(
        prompts__reply='{% include "persona.md" %}',
        prompts__persona="Be kind.",
        persona="Be gruff.",
    )

    assert pipeline_of(prompt).prompts["reply"].render({})[0].text == "Be kind."


def test_another_text_in_a_step_is_another_pipeline_and_the_same_file():
    before = a_pipeline()

    after = with_step(before, "prompts/classify.md", "Name it: {{ say }}.\n")

    assert after.blob == before.blob
    assert after.identity != before.identity
    assert pipeline_of(after).prompts["classify"].text == "Name it: {{ say }}.\n"
    with pytest.raises(UserError, match="no part"):
        with_step(before, "prompts/clasify.md", "")


def test_a_pipeline_has_no_request_of_its_own():
    with pytest.raises(UserError, match="is a pipeline"):
        a_pipeline().render({"say": "Hi"})


def test_a_broken_file_names_no_files():
    assert files_named("pipelines/x.yaml", TWO) == ("prompts/classify.md", "prompts/reply.md")
    assert files_named("pipelines/x.yaml", "steps: [") == ()
