"""Pull requests whose templates and files reach for what is not theirs, or never end."""

from __future__ import annotations

import json
import os

import pytest

from cli.terminal import PROMPT, sorting_cases
from redteam.attack import CASES, CONFIG, EQUALS, EVAL, MODEL, SAME, WORSE

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''|attr('__class__') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(message) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(message) }}",
    "{{ ['{0.__class__}']|map('format', message)|list }}{{ message.__class__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__['__builtins__'] }}",
    "{{ range.__self__ }}{{ dict.__base__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__func__.__globals__ }}",
    "{{ message.encode.__self__.__class__ }}",
    "{% for x in [message]|groupby('__class__') %}{{ x }}{% endfor %}",
    "{{ [message]|map(attribute='__class__')|list }}",
    "{{ environ }}{{ OPENAI_API_KEY }}",
    "{{ config }}{{ request }}{{ lipsum.__globals__ }}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% extends '/etc/passwd' %}",
)
ELSEWHERE = (
    "/etc/passwd",
    "../../secret.txt",
    "../.env",
    ".env",
    "../.git/config",
    ".git/config",
    "~/.ssh/id_rsa",
    "file:///etc/passwd",
    "..\\\\..\\\\secret.txt",
    "prompts/../../secret.txt",
)
BOMBS = {
    "loops within loops": "{% for a in range(9999) %}" * 4 + "x" + "{% endfor %}" * 4,
    "a text that doubles": "{% set ns = namespace(t='x') %}{% for i in range(99) %}"
    "{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "a wide field": "{{ '%999999999d' % 1 }}",
    "a long text": "{{ 'x' * 9999999999 }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "many brackets": "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
}


@pytest.mark.parametrize("escape", ESCAPES)
def test_a_template_leaves_the_sandbox(machine, escape):
    judged = machine.opens({PROMPT: WORSE + escape}).judges()

    assert judged.is_red
    sent = b"".join(seen.raw for seen in machine.provider.seen)
    assert b"<class" not in sent
    assert b"root:" not in sent


@pytest.mark.parametrize("escape", ESCAPES[:6])
def test_a_value_of_an_assertion_leaves_the_sandbox(machine, escape):
    eval_file = f"assert:\n  - equals\n  - {{type: not-contains, value: {json.dumps(escape)}}}\n"

    assert machine.opens({PROMPT: WORSE, EVAL: eval_file}).judges().is_red


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_prompt_includes_a_file_that_is_not_the_repositorys(machine, path):
    judged = machine.opens({PROMPT: WORSE + f'{{% include "{path}" %}}'}).judges()

    assert judged.is_red


def test_a_prompt_includes_a_link_to_a_secret(machine):
    with machine.pull_request() as repository:
        os.symlink(machine.folder / "secret.txt", repository.path / "prompts/part.txt")
        os.symlink("../.env", repository.path / "prompts/env.txt")
        repository.git("add", "prompts")
        repository.commit(
            {PROMPT: WORSE + '{% include "part.txt" %}{% include "env.txt" ignore missing %}'}
        )

    assert machine.judges().is_red


def test_lint_follows_no_link_either(machine):
    names = ("prompts/link.md", "prompts/sort.eval.yml", "prompts/other.csv", "promptgit.yml")
    with machine.pull_request() as repository:
        for name in names:
            os.symlink(machine.folder / "secret.txt", repository.path / name)
        os.symlink(".env", repository.path / "prompts/dot.md")
        repository.git("add", "--all")
        repository.commit({"prompts/other.md": "Hello.\n"})

    for form in ("text", "github", "json", "sarif"):
        machine.types("lint", "--format", form)
        machine.types("lint", "--format", form, *names, "prompts/dot.md")
    for command in ("eval", "diff", "log", "show"):
        machine.types(command, "prompts/link.md")
        machine.types(command, "prompts/other.md")
    machine.types("-v", "check", "--worktree")
    machine.types("-v", "check", "--explain")

    machine.check_nothing_came_of_it()


def test_the_cases_become_a_link_to_a_secret(machine):
    with machine.pull_request() as repository:
        repository.git("rm", "--quiet", CASES)
        os.symlink(machine.folder / "secret.txt", repository.path / CASES)
        repository.git("add", CASES)
        repository.commit({PROMPT: WORSE})

    assert machine.judges().verdict == "REGRESSION"


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_template_never_ends(machine, bomb):
    judged = machine.opens({PROMPT: SAME + bomb}).judges()

    assert judged.is_red
    assert machine.provider.calls == 0


def test_files_include_each_other_two_by_two(machine):
    parts = {f"prompts/part{n}.txt": f'{{% include "part{n + 1}.txt" %}}' * 3 for n in range(19)}

    judged = machine.opens(
        {PROMPT: SAME + '{% include "part0.txt" %}', **parts, "prompts/part19.txt": "x"}
    ).judges()

    assert judged.is_red
    assert machine.provider.calls == 0


def test_files_include_one_another_in_an_endless_row(machine):
    parts = {f"prompts/part{n}.txt": f'{{% include "part{n + 1}.txt" %}}' for n in range(400)}

    judged = machine.opens(
        {PROMPT: SAME + '{% include "part0.txt" %}', **parts, "prompts/part400.txt": "x"}
    ).judges()

    assert judged.is_red
    assert judged.code != 4


YAML = {
    "a Python object": "a: !!python/object/apply:os.system ['touch canary-ran']\n",
    "a Python name": "model: !!python/name:os.environ\n",
    "aliases that double": "a: &a [x, x]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
    ),
    "a thousand brackets": "a: " + "[" * 1000 + "]" * 1000 + "\n",
    "an alias of itself": "a: &a [*a]\n",
    "a second document": "model: m\n---\nmodel: n\n",
    "a key twice": "model: m\nmodel: n\n",
    "a merge key": "x: &x {base_url: 'http://127.0.0.1:9'}\nmodel: {name: m, <<: *x}\n",
    "bytes": "a: \x00\n",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
@pytest.mark.parametrize("place", [CONFIG, EVAL, "prompts/sort.yaml"])
def test_a_file_of_yaml_is_a_weapon(machine, text, place):
    with machine.pull_request() as repository:
        if place.endswith("sort.yaml"):
            repository.git("rm", "--quiet", CASES)
        repository.commit({PROMPT: WORSE, place: text})

    assert machine.judges().is_red


@pytest.mark.parametrize("pattern", ["a*a*a*a*a*a*a*a*a*b", "**/**/**/**/**/**/**/b"])
@pytest.mark.parametrize("place", ["prompts: ['{}']", "lint: {{per_file: {{'{}': [nul]}}}}"])
def test_a_pattern_takes_for_ever(machine, pattern, place):
    long = {"a" * 200: "x", "a/" * 100 + "a": "x", f"prompts/{'a' * 200}.md": "x"}

    judged = machine.opens(
        {PROMPT: WORSE, CONFIG: f"{MODEL}{place.format(pattern)}\n", **long}
    ).judges()

    assert judged.is_red


def test_five_thousand_cases_stop_at_the_budget(machine):
    machine.base({CONFIG: f"{MODEL}budget: {{calls: 150}}\n"})
    rows = [f'new-{n},"One apple, number {n}",fruit' for n in range(5000)]

    judged = machine.opens(
        {
            PROMPT: SAME,
            CASES: sorting_cases(20) + "\n".join(rows) + "\n",
            CONFIG: f"{MODEL}budget: {{calls: 1000000}}\n",
        }
    ).judges()

    assert judged.is_red
    assert machine.provider.calls <= 150


@pytest.mark.slow
def test_a_case_file_of_a_hundred_megabytes(machine):
    row = f'{{}},"{"apple " * 1_600}",fruit\n'
    rows = "".join(row.format(f"new-{n}") for n in range(10_500))

    judged = machine.opens({PROMPT: WORSE, CASES: sorting_cases(20) + rows}).judges()

    assert judged.is_red
    assert machine.provider.calls < 1000


@pytest.mark.slow
def test_a_prompt_of_a_hundred_megabytes(machine):
    judged = machine.opens({PROMPT: WORSE + "x" * 100_000_000}).judges()

    assert judged.is_red
    assert machine.provider.calls == 0


def test_lines_of_a_megabyte(machine):
    long = "apple " * 170_000
    cases = sorting_cases(20) + f'long,"{long}",fruit\n'

    judged = machine.opens({PROMPT: WORSE, CASES: cases, EVAL: EQUALS + f"# {long}\n"}).judges()

    assert judged.verdict == "REGRESSION"
