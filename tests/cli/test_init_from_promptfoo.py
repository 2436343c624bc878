"""`promptgit init --from`: a promptfoo config becomes prompts, cases, eval files and a config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Said, promptgit
from promptgit.config import parse_config, parse_eval_file
from promptgit.testing.repositories import Repository, a_repository

CONFIG = "promptfooconfig.yaml"
PROMPT = "prompts: ['Sort {{message}}']\n"


def taken(tmp_path: Path, config: str, *options: str, **files: str) -> tuple[Repository, Said]:
    """A repository with a promptfoo config (and files, `__` for `/` in names), taken over."""
    named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    repository = a_repository(tmp_path / "r", {CONFIG: config, **named})
    return repository, promptgit(repository, "init", "--from", CONFIG, *options)


def text(repository: Repository, path: str) -> str:
    return (repository.path / path).read_text(encoding="utf-8")


def assertions(repository: Repository, path: str = "prompts/prompt.eval.yaml") -> list[Any]:
    asked = parse_eval_file(text(repository, path).encode(), path)
    return [
        {"type": one.type, "value": one.value, "threshold": one.threshold, **one.options}
        for one in asked.assertions
    ]


def rows(repository: Repository, path: str) -> list[dict[str, Any]]:
    import csv
    import io

    written = text(repository, path)
    if path.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(written)))
    return [json.loads(line) for line in written.splitlines()]


def lost(said: Said) -> list[str]:
    listed = said.out.partition("not carried over:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in listed.splitlines() if line.startswith("  ")]


# Prompts


def test_an_inline_prompt_becomes_a_file_and_a_text_file_stays_where_it_is(tmp_path):
    config = "prompts: ['Sort {{a}}', file://prompts/kind.txt]\ntests: [{vars: {a: x}}]\n"

    repository, said = taken(tmp_path, config, prompts__kind_dot_txt="Be kind to {{a}}.\n")

    assert said.code == 0
    assert text(repository, "prompts/prompt.md") == "Sort {{a}}\n"
    assert "wrote prompts/kind.txt" not in said.out
    assert (repository.path / "prompts/kind.eval.yaml").is_file()


def test_a_file_with_dashes_holds_several_prompts(tmp_path):
    repository, _ = taken(
        tmp_path, "prompts: file://all.txt\ntests: [{vars: {a: x}}]\n",
        all_dot_txt="One {{a}}\n---\nTwo {{a}}\n",
    )  # fmt: skip

    assert text(repository, "prompts/all.md") == "One {{a}}\n"
    assert text(repository, "prompts/all-2.md") == "Two {{a}}\n"


def test_a_pattern_names_several_files_and_a_label_names_one(tmp_path):
    tests = "tests: [{vars: {a: x}}]\n"
    config = f"prompts: ['file://p/*.txt', {{id: file://q.txt, label: My Reply}}]\n{tests}"

    repository, _ = taken(
        tmp_path, config, p__a_dot_txt="{{a}}\n", p__b_dot_txt="{{a}}!\n", q_dot_txt="{{a}}?\n"
    )

    assert parse_config(text(repository, "promptgit.yaml").encode()).prompts[-3:] == (
        "p/a.txt", "p/b.txt", "q.txt",
    )  # fmt: skip


def test_system_and_user_become_a_prompt_and_an_input(tmp_path):
    chat = [{"role": "system", "content": "Be {{tone}}."}, {"role": "user", "content": "{{q}}"}]
    config = "prompts: [file://chat.json]\ntests: [{vars: {tone: kind, q: Why?, other: x}}]\n"

    repository, said = taken(tmp_path, config, chat_dot_json=json.dumps(chat))

    assert text(repository, "prompts/chat.md") == "Be {{tone}}.\n"
    assert "inputs: [tone, q]" in text(repository, "prompts/chat.eval.yaml")
    assert "user's message" not in said.out


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_longer_chat_becomes_a_prompt_file_with_messages(tmp_path, suffix):
    chat = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Line {{q}}\nand more"},
    ]
    config = f"prompts: [file://talk.{suffix}]\ntests: [{{vars: {{q: Why?}}}}]\n"

    repository, _ = taken(tmp_path, config, **{f"talk_dot_{suffix}": json.dumps(chat)})
    said = promptgit(repository, "export", "--to", "mlflow", "talk")

    messages = said.json["register_prompt"]["template"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[-1]["content"] == "Line {{ q }}\nand more"


def test_nunjucks_becomes_jinja_and_what_differs_is_said(tmp_path):
    config = """\
prompts:
  - "{% if a === 'x' %}{{ a | dump }}{% elseif b %}{{ b.name }}{% endif %}{{ env.HOME }}"
tests: [{vars: {a: x, b: y}}]
"""

    repository, said = taken(tmp_path, config)

    assert text(repository, "prompts/prompt.md") == (
        "{% if a == 'x' %}{{ a | tojson }}{% elif b %}{{ b.name }}{% endif %}{{ env.HOME }}\n"
    )
    assert any("takes a part of {{ b }}" in line for line in lost(said))
    assert any("reads the environment" in line for line in lost(said))


def test_a_prompt_that_is_code_is_listed_with_its_line(tmp_path):
    config = (
        "prompts:\n  - Fine {{a}}\n  - file://gen.js\n  - exec:./gen.sh\n  - file://g.py:make\n"
    )

    _, said = taken(tmp_path, config, gen_dot_js="x", g_dot_py="x")

    assert [line.split(": ")[:2] for line in lost(said)] == [
        [f"{CONFIG}:3", "file://gen.js"],
        [f"{CONFIG}:4", "exec:./gen.sh"],
        [f"{CONFIG}:5", "file://g.py:make"],
    ]


# Providers


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai:gpt-5-mini", "gpt-5-mini"),
        ("openai:chat:gpt-5-mini", "gpt-5-mini"),
        ("openai:responses:gpt-5", "gpt-5"),
        ("anthropic:messages:claude-x", "anthropic/claude-x"),
        ("ollama:llama3.2", "ollama/llama3.2"),
        ("openrouter:meta/llama-4", "openrouter/meta/llama-4"),
        ("togetherai:x", "together/x"),
        ("google:gemini-x", "gemini/gemini-x"),
        ("openai:embedding:x", "offline"),
        ("echo", "offline"),
        ("file://provider.py", "offline"),
    ],
)
def test_a_provider_becomes_the_name_of_a_model(tmp_path, provider, model):
    repository, _ = taken(tmp_path, f"{PROMPT}providers: ['{provider}']\n")

    assert parse_config(text(repository, "promptgit.yaml").encode()).model.name == model


def test_options_are_taken_over_and_keys_and_addresses_never(tmp_path):
    config = f"""{PROMPT}providers:
  - id: openai:chat:gpt-5-mini
    config:
      temperature: 0
      max_tokens: 50
      apiKey: sk-secret-key
      apiBaseUrl: https://evil.example
      headers: {{Authorization: Bearer sk-secret-key}}
  - openai:gpt-5
"""

    repository, said = taken(tmp_path, config)

    written = text(repository, "promptgit.yaml")
    assert dict(parse_config(written.encode()).model.options) == {
        "temperature": 0,
        "max_tokens": 50,
    }
    assert "secret" not in written + said.out
    assert "evil" not in written
    assert len([line for line in lost(said) if "never from here" in line]) == 3
    assert any("the provider gpt-5" in line for line in lost(said))


# Tests


def test_the_special_columns_of_a_csv_are_understood(tmp_path):
    table = (
        "message,__expected,__expected2,__description,__metric,__threshold,__metadata:area,"
        "__metadata:tags[],__config:__expected2:threshold\n"
        'Hi,contains: fruit,"similar(0.5):a pear",first,tone,0.5,shop,"a,b",0.9\n'
        'Ho,contains: tool,"similar(0.5):a saw",second,tone,0.5,shed,c,0.9\n'
    )

    repository, said = taken(tmp_path, f"{PROMPT}tests: file://t.csv\n", t_dot_csv=table)

    assert lost(said) == []
    (group,) = assertions(repository)
    assert group["type"] == "assert-set"
    assert group["threshold"] == 0.5
    assert group["assert"] == [
        {"type": "contains", "value": "{{ expected }}", "metric": "tone"},
        {"type": "similar", "value": "{{ __value1 }}", "threshold": 0.9, "metric": "tone"},
    ]
    assert rows(repository, "prompts/prompt.csv")[1] == {
        "id": "second",
        "message": "Ho",
        "expected": "tool",
        "__value1": "a saw",
        "tags": "area:shed,c",
    }


@pytest.mark.parametrize(
    ("cell", "kind", "value", "threshold"),
    [
        ("Paris", "equals", "Paris", None),
        ("Note: all is well", "equals", "Note: all is well", None),
        ("equals: 30", "equals", "30", None),
        ("not-contains:sorry", "not-contains", "sorry", None),
        ('contains-all: a,"b, c"', "contains-all", ["a", "b, c"], None),
        ("levenshtein(2):kitten", "levenshtein", "kitten", 2),
        ("latency: 300", "latency", None, 300),
        ("latency(300):", "latency", None, 300),
        ("is-json", "is-json", None, None),
        ("word-count: 3", "word-count", 3, None),
        ("grade: is kind", "llm-rubric", "is kind", None),
        ("similar:hi", "similar", "hi", 0.75),
    ],
)
def test_an_assertion_may_stand_in_a_cell(tmp_path, cell, kind, value, threshold):
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([["message", "__expected"], ["Hi", cell]])

    repository, said = taken(tmp_path, f"{PROMPT}tests: file://t.csv\n", t_dot_csv=out.getvalue())

    assert lost(said) == []
    (found,) = assertions(repository)
    assert (found["type"], found["value"], found["threshold"]) == (kind, value, threshold)


@pytest.mark.parametrize("suffix", ["yaml", "json", "jsonl"])
def test_tests_may_stand_in_other_files(tmp_path, suffix):
    test = {"vars": {"message": "Hi"}, "assert": [{"type": "contains", "value": "x"}]}
    written = json.dumps(test) if suffix == "jsonl" else json.dumps([test])

    repository, said = taken(
        tmp_path, f"{PROMPT}tests: ['file://t/*.{suffix}']\n", **{f"t__a_dot_{suffix}": written}
    )

    assert lost(said) == []
    assert [row["message"] for row in rows(repository, "prompts/prompt.csv")] == ["Hi"]
    assert assertions(repository)[0]["value"] == "x"


def test_what_stands_for_every_test_is_laid_under_each(tmp_path):
    config = f"""{PROMPT}defaultTest:
  vars: {{company: Acme, message: none}}
  options: {{prefix: "Please. "}}
  assert: [{{type: word-count, value: {{max: 9}}}}]
tests:
  - vars: {{message: Hi}}
    assert: [{{type: contains, value: "{{{{ company }}}}"}}]
  - vars: {{company: Bolt}}
    assert: [{{type: contains, value: "{{{{ company }}}}"}}]
"""

    repository, _ = taken(tmp_path, config)

    assert text(repository, "prompts/prompt.md") == "Please. Sort {{message}}\n"
    assert [one["type"] for one in assertions(repository)] == ["word-count", "contains"]
    assert rows(repository, "prompts/prompt.csv") == [
        {"company": "Acme", "message": "Hi"},
        {"company": "Bolt", "message": "none"},
    ]


def test_lists_of_variables_and_scenarios_are_multiplied_out(tmp_path):
    config = """\
prompts: ['{{lang}}: {{message}} {{tone}}']
tests: [{vars: {lang: en, message: [a, b], tone: [x, y]}}]
scenarios:
  - config: [{vars: {lang: de}}, {vars: {lang: fr}}]
    tests: [{vars: {message: "in {{lang}}", tone: z}}]
"""

    repository, _ = taken(tmp_path, config)

    found = rows(repository, "prompts/prompt.csv")
    assert [(row["lang"], row["message"], row["tone"]) for row in found] == [
        *(("en", message, tone) for message in "ab" for tone in "xy"),
        ("de", "in de", "z"),
        ("fr", "in fr", "z"),
    ]


def test_a_list_may_be_kept_whole_and_a_file_be_read(tmp_path):
    config = f"""{PROMPT}tests:
  - vars: {{message: [a, b]}}
    options: {{disableVarExpansion: true}}
  - vars: {{message: file://mail.txt}}
"""

    repository, _ = taken(tmp_path, config, mail_dot_txt="Dear all")

    found = rows(repository, "prompts/prompt.csv")
    assert [row["message"] for row in found] == ['["a", "b"]', "Dear all"]


def test_tests_that_assert_each_its_own_bring_their_lists_along(tmp_path):
    config = f"""{PROMPT}defaultTest: {{assert: [{{type: word-count, value: {{max: 9}}}}]}}
tests:
  - vars: {{message: Hi}}
    assert: [{{type: contains, value: "{{{{ message }}}}"}}, {{type: is-json}}]
  - vars: {{message: Ho}}
    assert: [{{type: equals, value: x}}, {{type: regex, value: y}}]
"""

    repository, _ = taken(tmp_path, config)

    shared, own = assertions(repository)
    assert shared["type"] == "word-count"
    assert own["assert"] == "{{ __assert }}"
    assert [row["__assert"] for row in rows(repository, "prompts/prompt.jsonl")] == [
        [{"type": "contains", "value": "Hi"}, {"type": "is-json"}],
        [{"type": "equals", "value": "x"}, {"type": "regex", "value": "y"}],
    ]
    assert "weight: 2" in text(repository, "prompts/prompt.eval.yaml")


def test_a_test_may_be_for_some_prompts_only(tmp_path):
    config = """\
prompts: [{label: One, raw: '1 {{a}}'}, {label: Two, raw: '2 {{a}}'}]
tests: [{vars: {a: x}}, {vars: {a: y}, prompts: [Two]}]
"""

    repository, said = taken(tmp_path, config)

    assert said.lines[:2] == ["prompts/one.md: 1 case", "prompts/two.md: 2 cases"]
    assert [row["a"] for row in rows(repository, "prompts/two.csv")] == ["x", "y"]


def test_names_that_mean_something_in_case_files_get_others(tmp_path):
    config = """\
prompts: ['{{id}} {{label}} {{expected}}']
tests: [{vars: {id: 1, label: b, expected: c}, assert: [{type: contains, value: '{{id}}'}]}]
"""

    repository, said = taken(tmp_path, config)

    assert text(repository, "prompts/prompt.md") == "{{id_value}} {{label}} {{expected_value}}\n"
    assert assertions(repository)[0]["value"] == "{{id_value}}"
    assert "columns: {label: label}" in text(repository, "prompts/prompt.eval.yaml")
    assert [line.split(": ")[1] for line in lost(said)] == [
        "the variable expected",
        "the variable id",
    ]
    assert promptgit(repository, "eval", "prompt", "--model", "offline").code == 0


# Assertions


def test_assertions_without_a_like_are_listed_with_their_lines(tmp_path):
    config = f"""{PROMPT}defaultTest:
  assert:
    - type: javascript
      value: output.length > 3
    - type: ruby
      value: file://x.rb
    - type: webhook
      value: https://example.com
    - type: trajectory:goal-success
      value: {{max: 3}}
    - type: python
      value: len(output) > 3
    - type: no-such-thing
    - type: regex
      value: "("
    - type: equals
      value: x
      transform: output.match(/x/)
    - type: contains
      value: kept
tests: [{{vars: {{message: Hi}}}}]
"""

    repository, said = taken(tmp_path, config)

    found = [line.split(": ")[:2] for line in lost(said)]
    lines = (4, 6, 8, 10, 12, 14, 15, 17)
    kinds = (
        "javascript", "ruby", "webhook", "trajectory:goal-success", "python", "no-such-thing",
        "regex", "equals",
    )  # fmt: skip
    assert found == [[f"{CONFIG}:{n}", kind] for n, kind in zip(lines, kinds, strict=True)]
    assert [one["value"] for one in assertions(repository)] == ["kept"]


def test_files_transforms_references_and_tools_of_assertions_are_carried_over(tmp_path):
    config = f"""{PROMPT}assertionTemplates: {{short: {{type: word-count, value: {{max: 9}}}}}}
providers:
  - id: openai:gpt-5-mini
    config: {{tools: [{{type: function, function: {{name: find}}}}]}}
defaultTest:
  assert:
    - $ref: '#/assertionTemplates/short'
    - {{type: is-json, value: file://schema.yaml}}
    - {{type: python, value: file://grade.py}}
    - {{type: equals, value: x, transform: "output.trim()"}}
    - {{type: is-valid-openai-tools-call}}
    - {{type: similar, value: x}}
tests: [{{vars: {{message: Hi}}}}]
"""

    repository, said = taken(tmp_path, config, schema_dot_yaml="type: object\n", grade_dot_py="x")

    found = {one["type"]: one for one in assertions(repository)}
    assert found["word-count"]["value"] == {"max": 9}
    assert found["is-json"]["value"] == {"type": "object"}
    assert found["python"]["value"] == "file://../grade.py"
    assert found["equals"]["transform"] == "output.trim()"
    assert found["is-valid-openai-tools-call"]["value"][0]["function"] == {"name": "find"}
    assert found["similar"]["threshold"] == 0.75
    assert [line for line in lost(said) if "`tools`" not in line] == []


# Writing


def test_nothing_is_overwritten_and_what_differs_is_said(tmp_path):
    config = f"{PROMPT}tests: [{{vars: {{message: Hi}}}}]\n"

    repository, said = taken(tmp_path, config, prompts__prompt_dot_md="mine\n")

    assert "kept prompts/prompt.md" in said.lines
    assert text(repository, "prompts/prompt.md") == "mine\n"
    assert any(line.startswith("prompts/prompt.md:1") for line in lost(said))


def test_a_second_time_writes_nothing(tmp_path):
    repository, _ = taken(tmp_path, f"{PROMPT}tests: [{{vars: {{message: Hi}}}}]\n")

    again = promptgit(repository, "init", "--from", CONFIG)

    assert again.code == 0
    assert "wrote" not in again.out
    assert "not carried over" not in again.out


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path):
    repository, said = taken(tmp_path, f"{PROMPT}tests: [{{vars: {{message: Hi}}}}]\n", "--dry-run")

    assert "would write prompts/prompt.md" in said.lines
    assert sorted(p.name for p in repository.path.iterdir()) == [".git", CONFIG]


def test_json_lists_what_was_written_and_what_was_lost(tmp_path):
    config = f"{PROMPT}tests: [{{vars: {{message: Hi}}}}]\noutputPath: x.json\n"

    _, said = taken(tmp_path, config, "--json")

    assert said.json["prompts"] == [{"path": "prompts/prompt.md", "cases": 1}]
    assert "prompts/prompt.csv" in said.json["written"]
    assert said.json["not_carried"] == [
        {
            "where": f"{CONFIG}:3",
            "what": "`outputPath`",
            "why": "say it when you run: `promptgit eval --json`",
        }
    ]


def test_when_one_file_cannot_be_written_none_is(tmp_path):
    config = f"{PROMPT}tests: [{{vars: {{message: x}}}}]\n"
    r = a_repository(tmp_path / "r", {CONFIG: config, "prompts": "no folder"})

    said = promptgit(r, "init", "--from", CONFIG)

    assert said.code == 2
    assert "nothing was written" in said.err
    assert not (r.path / "promptgit.yaml").exists()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("tests: []\n", "no `prompts:`"),
        ("- a\n", "no promptfoo config"),
        ("prompts: [a\n", f"{CONFIG}:"),
    ],
)
def test_a_config_that_cannot_be_read_is_an_error(tmp_path, config, said):
    _, found = taken(tmp_path, config)

    assert found.code == 2
    assert said in found.err


def test_files_that_git_ignores_or_that_lie_outside_are_not_copied_into_cases(tmp_path):
    (tmp_path / "outside.txt").write_text("private")
    config = f"""{PROMPT}tests:
  - vars: {{message: file://secret.txt}}
  - vars: {{message: file://../outside.txt}}
  - file://../../etc/passwd.yaml
  - vars: {{message: fine}}
"""

    repository = a_repository(tmp_path / "r", {CONFIG: config, ".gitignore": "secret.txt\n"})
    repository.write({"secret.txt": "private"})

    said = promptgit(repository, "init", "--from", CONFIG)

    assert "private" not in text(repository, "prompts/prompt.csv")
    assert len(lost(said)) == 3
    assert said.lines[0] == "prompts/prompt.md: 1 case"


ODD: tuple[Any, ...] = (
    *(None, 5, True, "x", [], {}, [None], ["x"], [["x"]], [{}], {"a": None}),
    *("file://promptfooconfig.yaml", {"$ref": "#/nope"}, {"$ref": "#/tests"}, [{"type": 5}]),
    *([{"type": "assert-set", "assert": [None]}], [{"vars": {"a": "{{ b"}}], [{"vars": 5}]),
)


@pytest.mark.parametrize("key", ["prompts", "providers", "tests", "scenarios", "defaultTest"])
def test_no_oddity_of_a_config_is_more_than_a_loss_or_an_error(tmp_path, key):
    base = {"prompts": ["Hi {{a}}"], "tests": [{"vars": {"a": 1}}]}
    repository = a_repository(tmp_path / "r", {CONFIG: "prompts: []"})
    for odd in ODD:
        repository.write({CONFIG: json.dumps({**base, key: odd})})

        assert promptgit(repository, "init", "--from", CONFIG, "--dry-run").code in (0, 2)


@pytest.mark.parametrize("key", ["assert", "vars", "options", "metadata", "prompts", "threshold"])
def test_no_oddity_of_a_test_is_more_than_a_loss_or_an_error(tmp_path, key):
    repository = a_repository(tmp_path / "r", {CONFIG: "prompts: []"})
    for odd in ODD:
        config = {"prompts": ["Hi {{a}}"], "tests": [{"vars": {"a": 1}, key: odd}]}
        repository.write({CONFIG: json.dumps(config)})

        assert promptgit(repository, "init", "--from", CONFIG, "--dry-run").code in (0, 2)
