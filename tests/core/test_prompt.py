"""A prompt: what a model is sent for a case, and what evidence knows it by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from promptgit.core.prompt import Message, Prompt, blob_id, included_paths
from promptgit.errors import UserError


def test_plain_text_is_the_system_message_and_a_single_input_the_user_message():
    prompt = Prompt.of("Be kind.")

    messages = prompt.render({"comment": "Where is it?"})

    assert messages == (Message("system", "Be kind."), Message("user", "Where is it?"))


def test_several_inputs_that_no_hole_uses_are_sent_by_name():
    prompt = Prompt.of("Be kind.")

    messages = prompt.render({"comment": "Where is it?", "order_id": "4417"})

    assert messages[-1] == Message("user", "comment: Where is it?\norder_id: 4417")


def test_an_input_that_a_hole_uses_is_not_sent_again():
    prompt = Prompt.of("The order is {{ order_id }}.")

    messages = prompt.render({"comment": "Where is it?", "order_id": "4417"})

    assert messages == (Message("system", "The order is 4417."), Message("user", "Where is it?"))


def test_a_prompt_that_uses_every_input_has_no_user_message():
    assert len(Prompt.of("Say {{ word }}.").render({"word": "hi"})) == 1


def test_a_hole_without_a_column_is_an_error_that_names_both():
    with pytest.raises(UserError) as raised:
        Prompt.of("Hello {{ name }}", name="greet").render({"comment": "hi"})

    assert "name" in raised.value.message
    assert "comment" in raised.value.hint


def test_braces_are_text_when_the_template_is_none():
    prompt = Prompt.of('Answer {"a": {{ 1 }}} {% raw', template="none")

    assert prompt.render({"q": "?"})[0].text == 'Answer {"a": {{ 1 }}} {% raw'
    assert prompt.holes == frozenset()


def test_a_broken_template_names_the_line_and_the_way_out():
    with pytest.raises(UserError) as raised:
        Prompt.of("fine\n{% if %}").render({})

    assert "line 2" in raised.value.message
    assert "template: none" in raised.value.hint


def test_what_an_include_asks_for_is_a_hole_of_the_prompt():
    prompt = Prompt(
        "{% include 'p.md' %}", "0" * 40, "p", {"p.md": "You serve {{ shop }}."}, "jinja"
    )

    assert prompt.holes == {"shop"}
    assert prompt.render({"shop": "Pine"})[0].text == "You serve Pine."


def test_includes_are_listed_in_order():
    assert included_paths("{% include 'a.md' %}{% import 'b.md' as b %}") == ("a.md", "b.md")


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id') }}",
        "{{ x.append(1) }}",
        "{{ 'x' * 10**9 }}",
        "{{ 9**9**9 }}",
        "{{ ['x'] * 99999999 }}",
    ],
)
def test_a_template_can_neither_reach_out_nor_eat_the_memory(attack: str):
    with pytest.raises(UserError):
        Prompt.of(attack).render({"x": "1"})


def test_small_sums_are_no_attack():
    assert Prompt.of("{{ 3 * 4 }}{{ '-' * 10 }}").render({})[0].text == "12----------"


def test_the_identity_changes_with_the_text_the_template_and_each_include():
    one = Prompt("a", blob_id("a"), "p", {"i": "1"})

    others = [
        one.edited("b"),
        Prompt("a", blob_id("a"), "p", {"i": "2"}),
        Prompt("a", blob_id("a"), "p", {"i": "1"}, "none"),
    ]

    assert len({one.identity, *(other.identity for other in others)}) == 4


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_blob_is_named_as_git_names_it(tmp_path: Path, object_format: str):
    subprocess.run(
        ["git", "init", "-q", f"--object-format={object_format}", str(tmp_path)], check=True
    )
    text = "Grüße, 世界\r\n"
    named = subprocess.run(
        ["git", "-C", str(tmp_path), "hash-object", "--stdin"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )

    assert blob_id(text, 40 if object_format == "sha1" else 64) == named.stdout.decode().strip()
