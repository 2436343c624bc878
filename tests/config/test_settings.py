"""promptgit.yaml and the user's own config."""

import dataclasses

import pytest

from promptgit.config import Config, ModelChoice, parse_config
from promptgit.core.price import Price
from promptgit.errors import UserError
from promptgit.evaluate.budget import Cap


def refusal(text: str, *, user: bool = False) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_config(b"", text.encode()) if user else parse_config(text.encode())
    return caught.value


def test_an_empty_file_and_no_file_are_the_defaults():
    config = parse_config(b"# nothing set\n")

    assert config == parse_config() == Config()
    assert str(config.model) == "offline"


def test_the_example_of_the_documentation_is_understood():
    config = parse_config(
        b"""
model: {name: gpt-5-mini, temperature: 0, seed: 7}
mentor: gpt-5
prompts: "prompts/**/*.{md,txt}"
budget: {usd: 2.00, calls: 2000}
check: {margin: 0.04, alpha: 0.01, on_inconclusive: fail}
"""
    )

    assert config.model == ModelChoice("gpt-5-mini", {"temperature": 0, "seed": 7})
    assert config.mentor == config.judge == ModelChoice("gpt-5")
    assert config.prompts == ("prompts/**/*.{md,txt}",)
    assert config.budget == Cap(usd=2.0, calls=2000)
    assert (config.check.margin, config.check.on_inconclusive) == (0.04, "fail")


def test_the_mentor_is_the_model_and_the_judge_the_mentor_unless_they_are_set():
    plain = parse_config(b"model: gpt-5-mini")
    mentored = parse_config(b"{model: gpt-5-mini, mentor: gpt-5}")
    judged = parse_config(b"{model: gpt-5-mini, mentor: gpt-5, judge: o4}")

    assert (plain.mentor.name, plain.judge.name) == ("gpt-5-mini", "gpt-5-mini")
    assert (mentored.mentor.name, mentored.judge.name) == ("gpt-5", "gpt-5")
    assert (judged.mentor.name, judged.judge.name) == ("gpt-5", "o4")


def test_a_key_without_a_value_is_its_default():
    config = parse_config(b"model:\nbudget:\n")

    assert config == Config()


def test_the_repository_is_heard_over_the_user():
    config = parse_config(b"model: gpt-5", b"{model: gpt-5-mini, concurrency: 3}")

    assert config.model.name == "gpt-5"
    assert config.concurrency == 3


def test_prices_of_both_files_are_known_and_the_repository_overrides():
    config = parse_config(
        b"prices: {a: {input: 1, output: 2}}",
        b"prices: {a: {input: 9, output: 9}, b: {input: 3, output: 4, cached_input: 0.5}}",
    )

    assert config.prices == {"a": Price(1, 2), "b": Price(3, 4, 0.5)}


def test_only_written_options_reach_the_strategy():
    config = parse_config(b"improve: {rounds: 3, min_effect: 0.1, options: {beam: 4}}")

    assert config.improve.strategy == "mixture"
    assert config.improve.options == {"rounds": 3, "beam": 4}
    assert config.improve.min_effect == 0.1


def test_limits_of_a_call_are_no_options_of_a_strategy():
    config = parse_config(b"improve: {rounds: 3, max_tokens: 900, tie_growth: 0.05}")

    assert config.improve.limits == {"max_tokens": 900, "tie_growth": 0.05}
    assert config.improve.options == {"rounds": 3}


@pytest.mark.parametrize("limit", ["max_tokens: 0", "max_latency_s: 0", "tie_growth: 2"])
def test_a_limit_that_can_be_none_is_an_error(limit):
    with pytest.raises(UserError):
        parse_config(f"improve: {{{limit}}}".encode())


def test_the_policy_is_made_of_check_and_improve():
    config = parse_config(b"{check: {margin: 0.1, alpha: 0.01}, improve: {min_effect: 0.03}}")

    policy = config.policy(("refund",))

    assert (policy.margin, policy.alpha, policy.min_effect) == (0.1, 0.01, 0.03)
    assert policy.must_pass == ("refund",)


def test_defaults_hold_for_prompts_whose_eval_file_does_not_say():
    config = parse_config(b"defaults: {assert: [is-json, {type: cost, threshold: 0.1}]}")

    assert [(a.type, a.threshold) for a in config.assertions] == [("is-json", None), ("cost", 0.1)]


def test_another_model_on_the_command_line_leaves_the_options_of_the_first_behind():
    config = parse_config(b"model: {name: a, temperature: 0}")

    assert config.with_model("b").model == ModelChoice("b")
    assert config.with_model("a").model == config.model


def test_a_model_on_the_command_line_is_a_name_and_no_address():
    with pytest.raises(UserError, match="is not the name of a model"):
        Config().with_model("http://127.0.0.1/v1")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("model: Offline", "offline"),
        ("model: {name: OFFLINE}", "offline"),
        ("mentor: ofline", "offline"),
        ("judge: off-line", "offline"),
        ("model: Replay", "replay"),
        ("embedder: Lexical", "lexical"),
        ("embedder: providers", "provider"),
        ("embedder: sentence_transformers", "sentence-transformers"),
        ("embedder: Sentence-Transformer/all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM"),
    ],
)
def test_a_word_of_ours_that_is_misspelt_is_not_taken_for_a_model(text: str, meant: str):
    error = refusal(text)

    assert error.message.startswith("promptgit.yaml:1:")
    assert f"did you mean '{meant}" in error.message


@pytest.mark.parametrize("name", ["gpt-5-mini", "o4", "online", "openai/ofline", "ollama/llama3.2"])
def test_every_other_name_is_a_models(name: str):
    assert parse_config(f"model: {name}".encode()).model == Config().with_model(name).model


def test_an_embedder_is_one_of_ours_or_names_its_provider():
    error = refusal("embedder: nope")

    assert "lexical, provider, sentence-transformers[/MODEL], or PROVIDER/NAME" in error.message
    assert parse_config(b"embedder: ollama/all-minilm").embedder == "ollama/all-minilm"
    assert parse_config(b"embedder: sentence-transformers/x").embedder == "sentence-transformers/x"


def test_a_model_on_the_command_line_is_read_as_closely():
    with pytest.raises(UserError, match="no model is called 'Offline'") as caught:
        Config().with_model("Offline")

    assert "did you mean 'offline'?" in caught.value.hint


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().concurrency = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("modle: x", "1:1: unknown key 'modle'", "did you mean 'model'?"),
        ("a: 1", "1:1: unknown key 'a'", "known keys here: model"),
        ("check:\n  on-inconclusive: x", "2:3: unknown key 'check.on-inconclusive'", "inconclus"),
        ("improve: {patence: 2}", "1:11: unknown key 'improve.patence'", "did you mean 'patience'"),
        ("model: {nmae: x}", "1:9: unknown key 'model.nmae'", "did you mean 'name'?"),
    ],
)
def test_an_unknown_key_is_named_with_its_place_and_the_nearest_known_one(text, place, hint):
    error = refusal(text)

    assert f"promptgit.yaml:{place}" in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "check: {margin: small}",
            'check.margin is "small" (text), but must be a number above 0 and at most 1',
            "for example `margin: 0.05`",
        ),
        ("check: {alpha: 0.7}", "a number above 0 and below 0.5", "`alpha: 0.05`"),
        ("check: {on_inconclusive: maybe}", "must be pass, warn or fail", "warn"),
        ("concurrency: true", "is true (a truth value), but must be a whole number", "16"),
        ("concurrency: '4'", 'is "4" (text), but must be a whole number', "16"),
        ("retries: 1.5", "is 1.5 (a number), but must be a whole number", "5"),
        ("timeout_s: 0", "must be a number above 0", "60"),
        ("budget: 2usd", "must be a mapping with usd, calls, tokens", "usd: 2.0"),
        ("model: 3", "is 3 (a number), but must be text or a mapping with name", "gpt-5-mini"),
        ("model: {temperature: 0}", "the key 'model.name' is missing", "name:"),
        ("prompts: [1]", "prompts[0] is 1 (a number), but must be text", "schema"),
        ("prices: {m: {input: 1}}", "the key 'prices.m.output' is missing", "output: 2.0"),
        ("commit: {type: 'two words'}", "one word of letters", "improve"),
        ("model: ''", "is not empty", "gpt-5-mini"),
    ],
)
def test_a_wrong_value_says_what_was_found_and_what_is_wanted(text, message, hint):
    error = refusal(text)

    assert error.message.startswith("promptgit.yaml:1:")
    assert message in error.message
    assert hint in error.hint


def test_numbers_that_are_not_finite_are_refused():
    error = refusal("budget: {usd: 1e999}")

    assert "budget.usd" in error.message


def test_a_file_that_is_no_mapping_is_refused():
    assert "found a list" in refusal("- model").message
    assert "found text" in refusal("just words").message


def test_all_mistakes_are_said_in_file_order_and_never_more_than_five():
    error = refusal("\n".join(f"{name}: 1" for name in "gfedcba"))

    lines = error.message.splitlines()
    assert [line.split(": ")[0] for line in lines[:5]] == [
        f"promptgit.yaml:{n}:1" for n in (1, 2, 3, 4, 5)
    ]
    assert lines[5:] == ["and 2 more"]


@pytest.mark.parametrize(
    "text",
    [
        "base_url: http://127.0.0.1:9/v1",
        "model: {name: gpt-5, base_url: http://127.0.0.1:9/v1}",
        "model: {name: gpt-5, api_key: sk-1}",
        "mentor: {name: gpt-5, headers: {X: y}}",
        "judge: {name: gpt-5, extra-headers: {X: y}}",
        "providers: {openai: {base_url: http://127.0.0.1:9/v1}}",
        "improve: {options: {apiBase: http://127.0.0.1:9}}",
        "defaults: {assert: [{type: llm-rubric, provider: {config: {apiBaseUrl: http://x}}}]}",
        "endpoint: http://x",
        "proxies: {http: http://x}",
        "https_proxy: http://x",
        "env_file: .env",
    ],
)
def test_a_repository_may_name_a_provider_and_never_redirect_it(text):
    error = refusal(text)

    assert "may not be set in a repository" in error.message
    assert "OPENAI_BASE_URL" in error.hint


def test_a_model_that_is_an_address_is_refused():
    error = refusal("model: https://evil.example/v1")

    assert "never given by its address" in error.message


def test_a_model_may_be_called_like_a_forbidden_key_in_the_price_table():
    config = parse_config(b"prices: {url: {input: 1, output: 1}}")

    assert config.prices == {"url": Price(1, 1)}


def test_the_user_may_name_providers_and_where_they_are():
    config = parse_config(
        b"",
        b"providers:\n  corp:\n    base_url: https://llm.example.com/v1/\n"
        b"    api_key_env: CORP_KEY\n    prices: {m: {input: 1, output: 2}}\n",
    )

    corp = config.providers["corp"]
    assert (corp.base_url, corp.api_key_env) == ("https://llm.example.com/v1", "CORP_KEY")
    assert corp.prices == {"m": Price(1, 2)}


@pytest.mark.parametrize(
    ("provider", "reason"),
    [
        ("{base_url: 'https://me:hunter2@llm.example.com/v1'}", "no user, password"),
        ("{base_url: 'https://llm.example.com/v1?key=hunter2'}", "no user, password"),
        ("{base_url: 'ftp://hunter2.example.com'}", "https://HOST"),
        ("{base_url: 'hunter2'}", "https://HOST"),
        ("{api_key_env: sk-hunter2}", "is not the key itself"),
        ("{base_url: 'http://10.1.1.1/v1', api_key_env: HUNTER2}", "plain http"),
    ],
)
def test_an_endpoint_that_would_leak_a_key_is_refused_and_not_repeated(provider, reason):
    error = refusal(f"providers: {{corp: {provider}}}", user=True)

    assert reason in error.message
    assert "hunter2" not in (error.message + error.hint).lower()


def test_plain_http_with_a_key_is_for_this_machine_only():
    config = parse_config(
        b"", b"providers: {l: {base_url: 'http://127.0.0.1:8000/v1', api_key_env: K}}"
    )

    assert config.providers["l"].base_url == "http://127.0.0.1:8000/v1"


def test_the_users_file_is_named_as_people_know_it():
    error = refusal("modle: x", user=True)

    assert error.message.startswith("~/.config/promptgit/config.yaml:1:1: ")
