import re

import pytest

from promptgit.core.ports import ModelIdentity, Usage
from promptgit.core.price import Price
from promptgit.models.endpoints import KNOWN
from promptgit.models.prices import list_prices


def test_a_dated_name_is_priced_as_the_name_without_its_date():
    prices = list_prices()

    dated = prices.of(ModelIdentity("openai", "gpt-5-mini-2026-08-07"))

    assert dated == prices.of(ModelIdentity("openai", "gpt-5-mini"))
    assert dated is not None


def test_a_price_that_nobody_knows_is_not_zero():
    assert list_prices().of(ModelIdentity("openai", "gpt-99")) is None
    assert list_prices().of(ModelIdentity("acme", "gpt-5-mini")) is None


@pytest.mark.parametrize("provider", ["ollama", "vllm", "llama.cpp", "lmstudio"])
def test_a_model_on_the_users_own_machine_costs_nothing(provider):
    assert list_prices().of(ModelIdentity(provider, "anything")) == Price(0.0, 0.0)


def test_the_users_own_prices_go_first():
    own = {"gpt-5-mini": Price(9.0, 9.0), "acme/x": Price(1.0, 2.0)}

    prices = list_prices().overridden(own)

    assert prices.of(ModelIdentity("openai", "gpt-5-mini")) == Price(9.0, 9.0)
    assert prices.of(ModelIdentity("acme", "x")) == Price(1.0, 2.0)


def test_tokens_that_the_provider_had_cached_cost_their_own_price():
    usage = Usage(1_000_000, 0, cached_input_tokens=1_000_000)

    assert Price(2.0, 8.0, 0.5).of(usage) == 0.5
    assert Price(2.0, 8.0).of(usage) == 2.0


def test_the_table_is_dated_and_names_known_providers_only():
    prices = list_prices()

    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", prices.as_of)
    assert {name.partition("/")[0] for name in prices.by_model} <= set(KNOWN)
    assert all(price.input > 0 for price in prices.by_model.values())
