"""Rules on holes and includes."""

from __future__ import annotations

import pytest

from lint.looking import a_subject, cases, findings
from promptgit.core.prompt import Prompt
from promptgit.lint.holes import parsed


def test_a_brace_without_its_partner_is_found_with_its_line():
    (found,) = findings("Hi.\n{% if name %}\nDear {{ name }}\n")

    assert found.rule == "template-syntax"
    assert "template: none" in found.hint


def test_an_expression_that_is_broken_is_found_with_its_line():
    (found,) = findings("Hi.\nDear {{ name | }}.\n")

    assert (found.rule, found.line) == ("template-syntax", 2)


def test_a_filter_that_does_not_exist_is_found():
    (found,) = findings("Dear {{ name | uper }}.\n")

    assert found.message == "this is no template: there is no filter 'uper'"
    assert found.column == 16


def test_braces_that_are_meant_literally_are_no_finding():
    assert findings(a_subject('Answer {{"label": %}.\n', is_template=False)) == []


def test_a_hole_without_a_column_is_found_and_the_nearest_named():
    subject = a_subject("Order {{ oder_id }}.\n", asked=cases(inputs=("message", "order_id")))

    (found,) = findings(subject, "undefined-hole")

    assert found.message == "the hole {{ oder_id }} is no column of prompts/reply.csv"
    assert found.hint == "did you mean {{ order_id }}?"
    assert (found.column, found.end_column) == (7, 20)


@pytest.mark.parametrize("hole", ["expected", "label"])
def test_a_hole_for_the_answer_is_found(hole: str):
    subject = a_subject(f"Say {{{{ {hole} }}}}.\n", asked=cases())

    (found,) = findings(subject, "undefined-hole")

    assert "may not see" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "{{ message }}",
        "{% if tier is defined %}{{ tier }}{% endif %}",
        "{{ tier | default('none') }}",
        "{% for word in message %}{{ loop.index }}{{ word }}{% endfor %}",
        "{% set greeting = 'Hi' %}{{ greeting }} {{ message }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(message) }}",
        "{% raw %}{{ nothing }}{% endraw %}",
        "{# {{ nothing }} #}",
        "{% for i in range(3) %}{{ i }}{% endfor %}",
    ],
)
def test_names_that_have_a_value_are_no_finding(text: str):
    assert findings(a_subject(text, asked=cases()), "undefined-hole") == []


def test_without_cases_no_hole_is_called_undefined():
    assert findings("{{ anything }}\n", "undefined-hole") == []


def test_a_hole_that_an_include_asks_for_is_found_at_the_include():
    subject = a_subject(
        'Hi.\n{% include "sign.md" %}\n', files={"prompts/sign.md": "{{ agent }}"}, asked=cases()
    )

    (found,) = findings(subject, "undefined-hole")

    assert found.line == 2
    assert "(asked for in prompts/sign.md)" in found.message


def test_a_column_without_a_hole_is_advice_where_others_have_one():
    asked = cases(inputs=("message", "order_id", "tier"))

    (found,) = findings(a_subject("Order {{ order_id }}.\n", asked=asked), "unused-column")

    assert (found.severity, "'tier'" in found.message) == ("advice", True)


@pytest.mark.parametrize("text", ["Be kind.\n", "{{ order_id }} {{ tier }}\n"])
def test_a_prompt_without_holes_and_the_one_left_over_input_are_no_finding(text: str):
    asked = cases(inputs=("message", "order_id", "tier"))

    assert findings(a_subject(text, asked=asked), "unused-column") == []


def test_an_include_of_no_file_is_found_with_its_place():
    (found,) = findings('Hi.\nBe {% include "kind.md" %}.\n', "broken-include")

    assert found.message == "the prompt includes 'kind.md', and there is no such file"
    assert (found.line, found.column) == (2, 4)


def test_an_include_within_an_include_is_followed():
    subject = a_subject('{% include "a.md" %}', files={"prompts/a.md": '{% include "b.md" %}'})

    (found,) = findings(subject, "broken-include")

    assert found.message.startswith("prompts/a.md includes 'b.md'")


def test_an_include_is_looked_up_beside_the_prompt_then_from_the_top():
    subject = a_subject(
        '{% include "shared/a.md" %}{% include "b.md" %}',
        files={"shared/a.md": "A", "prompts/b.md": "B"},
    )

    assert findings(subject, "broken-include") == []


@pytest.mark.parametrize("path", ["../outside.md", "/etc/passwd", "../../x.md"])
def test_an_include_never_leaves_the_repository(path: str):
    everything = {"../outside.md": "x", "/etc/passwd": "x", "../x.md": "x"}

    assert findings(a_subject(f'{{% include "{path}" %}}', files=everything), "broken-include")


def test_an_include_whose_name_is_computed_is_found():
    (found,) = findings("{% include tone ~ '.md' %}", "broken-include")

    assert "does not name literally" in found.message


def test_a_circle_of_includes_is_shown():
    subject = a_subject(
        '{% include "a.md" %}',
        files={"prompts/a.md": '{% include "reply.md" %}', "prompts/reply.md": ""},
    )

    (found,) = findings(subject, "include-cycle")

    assert "prompts/reply.md -> prompts/a.md -> prompts/reply.md" in found.message


def test_includes_that_double_at_every_step_are_followed_once():
    files = {
        f"prompts/{n}.md": f'{{% include "{n + 1}.md" %}}{{% include "{n + 1}.md" %}}'
        for n in range(60)
    }
    subject = a_subject('{% include "0.md" %}', files={**files, "prompts/60.md": "end"})

    assert len(subject.included) == 61


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain { braces } only",
        "{{ a }} and {{- b -}} and {{ a }}",
        "{% include \"x.md\" %}{%- include 'y.md' -%}{{ _c9 }}",
        "{{ true }}{{ None }}{{ range }}{{ a }}",
        "{{ a.b }}{{ c | upper }}{{ d['e'] }}{{ f(g) }}",
        "{% if a and not b %}{{ c }}{% else %}{{ d }}{% endif %}",
        "{{ a }} }} {{b}}",
        "{% for x in xs if x.ok %}{{ x }}{{ y }}{% endfor %}",
    ],
)
def test_holes_are_those_that_a_prompt_will_ask_for(text: str):
    assert {hole.name for hole in parsed(text).holes} == Prompt.of(text).holes


def test_nothing_is_computed_while_looking():
    text = '{{ "x" | center(1000000000) }}{{ "y" * 1000000000 }}{{ z }}'

    assert [hole.name for hole in parsed(text).holes] == ["z"]
