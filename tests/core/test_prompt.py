"""A prompt: what a model is sent for a case, and what evidence knows it by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from promptgit.core.prompt import (
    Inclusion,
    Message,
    Prompt,
    blob_id,
    included_paths,
    inclusions,
)
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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{% include 'a.md' %}", Inclusion(("a.md",))),
        ("{% include 'a.md' ignore missing %}", Inclusion(("a.md",), optional=True)),
        ("{% include ['a.md', 'b.md'] %}", Inclusion(("a.md", "b.md"))),
        ("{% include (x, 'b.md') %}", Inclusion(("b.md",))),
        ("{% import 'a.md' as a %}", Inclusion(("a.md",))),
        ("{% from 'a.md' import a %}", Inclusion(("a.md",))),
        ("{% extends 'a.md' %}", Inclusion(("a.md",))),
    ],
)
def test_an_include_says_which_files_would_do_and_whether_one_must(text: str, found: Inclusion):
    assert inclusions(text) == (found,)


@pytest.mark.parametrize("text", ["{% include x %}", "{% include x ~ '.md' %}", "plain"])
def test_an_include_whose_name_is_computed_names_no_file(text: str):
    assert inclusions(text) == ()


MANY = "{% set many = range(99999)|list %}"
BIG = "{% set big = x * 1000000 %}"


@pytest.mark.parametrize(
    "attack",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99) %}{% for j in range(99999) if j < 0 %}{% endfor %}{% endfor %}",
        "{% for i in [1, 2] recursive %}{% if loop.depth < 40 %}{{ loop([1, 2]) }}{% endif %}"
        "{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% for i in [1] recursive %}{% if loop.depth < 4 %}{{ loop(range(99999)) }}{% endif %}"
        "{% endfor %}",
        "{% set a = [x] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
        BIG + "{{ ([big] * 99999)|join }}",
        BIG + "{{ big.join([big] * 99) }}",
        BIG + "{% for i in range(999) %}{% set text %}{{ x }}{{ big[1:] }}{% endset %}{% endfor %}",
        "{% for i in range(9999) %}{% set t %}{{ x }}" + "so " * 9999 + "{% endset %}{% endfor %}",
        MANY + "{% for i in many %}{% if -1 in many %}{% endif %}{% endfor %}",
        MANY + "{% for i in many %}{% set rest = many[1:] %}{% endfor %}",
        MANY + "{% for i in many %}{{ many|sort|length }}{% endfor %}",
        MANY + "{% macro m() %}{% for i in many %}{{ many }}{% endfor %}{% endmacro %}{{ m() }}",
        BIG + "{% for i in range(99999) %}{% set other = big|upper %}{% endfor %}",
        BIG + "{% for i in range(99999) %}{% set other = big.upper() %}{% endfor %}",
    ],
)
def test_a_template_cannot_run_for_hours(attack: str):
    with pytest.raises(UserError, match="steps"):
        Prompt.of(attack).render({"x": "1"})


@pytest.mark.parametrize(
    "attack",
    [
        BIG + "{% for i in range(50) %}{{ big }}{% endfor %}",
        BIG + "{% set text %}{% for i in range(50) %}{{ big }}{% endfor %}{% endset %}",
        BIG + "{{ big.replace('', big) }}",
        BIG + "{{ big|replace('', big) }}",
        "{% set a = x %}" + "{% set a = a ~ a %}" * 40,
        "{% set a = x %}" + "{% set a = a + a %}" * 40,
        "{{ 'x'|center(10**9) }}",
        "{{ ''.ljust(1000000000) }}",
        "{{ '%1000000000d'|format(x|int) }}",
        "{{ '%1000000000d' % x|int }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ x|batch(1000000000, 'y')|list }}",
    ],
)
def test_a_template_cannot_make_a_text_without_end(attack: str):
    with pytest.raises(UserError, match="is not for a prompt"):
        Prompt.of(attack).render({"x": "1"})


def test_files_that_include_each_other_twice_cannot_run_for_hours():
    files = {f"{n}.md": f"{{% include '{n + 1}.md' %}}" * 2 for n in range(40)} | {"40.md": ""}

    with pytest.raises(UserError, match="steps"):
        Prompt("{% include '0.md' %}", "0" * 40, "p", files).render({})


def test_each_rendering_may_take_as_many_steps_as_the_first():
    prompt = Prompt.of("{% for i in range(90000) %}{% endfor %}{{ x }}")

    said = [prompt.render({"x": number})[0].text for number in ("1", "2", "3", "4")]

    assert said == ["1", "2", "3", "4"]


def test_loops_filters_and_long_texts_are_no_attack():
    prompt = Prompt.of(
        "{% for line in text.splitlines() if line %}{{ loop.index }}/{{ loop.length }} "
        "{{ line|upper|truncate(5) }}{% if 'b' in line %}!{% endif %}\n{% endfor %}"
        "{{ text[:1] ~ '-' ~ text|length }} {{ '%.1f'|format(2) }} {{ '{:>3}'.format(7) }}"
    )

    said = prompt.render({"text": "ab\n" * 3})[0].text

    assert said == "1/3 AB!\n2/3 AB!\n3/3 AB!\na-9 2.0   7"
    assert len(prompt.render({"text": "ab\n" * 3_000})[0].text) > 30_000
    assert Prompt.of("{{ text }}").render({"text": "x" * 9_000_000})[0].text == "x" * 9_000_000


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
