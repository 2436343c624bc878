import pytest

from promptgit.errors import UserError
from promptgit.models.endpoints import KNOWN, Endpoint, endpoint_for

KEYS = {"OPENAI_API_KEY": "sk-openai", "GROQ_API_KEY": "gsk-groq"}


@pytest.mark.parametrize(
    ("provider", "url", "key"),
    [
        ("openai", "https://api.openai.com/v1", "sk-openai"),
        ("groq", "https://api.groq.com/openai/v1", "gsk-groq"),
        ("ollama", "http://localhost:11434/v1", ""),
    ],
)
def test_a_known_provider_has_an_address_and_its_own_key(provider, url, key):
    endpoint = endpoint_for(provider, KEYS)

    assert (endpoint.base_url, endpoint.api_key) == (url, key)


def test_openai_base_url_moves_openai_and_nobody_else():
    environment = {**KEYS, "OPENAI_BASE_URL": "https://gateway.example/v1"}

    assert endpoint_for("openai", environment).base_url == "https://gateway.example/v1"
    assert endpoint_for("groq", environment).base_url == "https://api.groq.com/openai/v1"


def test_a_key_is_never_given_to_another_provider():
    assert endpoint_for("ollama", KEYS).api_key == ""
    with pytest.raises(UserError, match="no key for mistral"):
        endpoint_for("mistral", KEYS)


def test_a_missing_key_names_its_variable():
    with pytest.raises(UserError) as caught:
        endpoint_for("openrouter", {})

    assert "OPENROUTER_API_KEY" in caught.value.hint


def test_a_server_of_ones_own_may_do_without_a_key():
    endpoint = endpoint_for("openai", {"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"})

    assert endpoint.api_key == ""


def test_the_users_config_goes_before_the_environment():
    environment = {**KEYS, "OPENAI_BASE_URL": "https://gateway.example/v1"}

    endpoint = endpoint_for("openai", environment, base_url="https://mine.example/v1", api_key="k")

    assert (endpoint.base_url, endpoint.api_key) == ("https://mine.example/v1", "k")


def test_an_unknown_provider_is_named_with_its_neighbour():
    with pytest.raises(UserError, match="'opnai'") as caught:
        endpoint_for("opnai", KEYS)

    assert "did you mean 'openai'" in caught.value.hint


def test_an_unknown_provider_with_an_address_is_fine():
    endpoint = endpoint_for("acme", {"ACME_API_KEY": "k"}, base_url="https://acme.example/v1")

    assert (endpoint.host, endpoint.api_key) == ("acme.example", "k")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://api.example/v1", "unencrypted"),
        ("https://user:secret@api.example/v1", "user name"),
        ("https://user@api.example/v1", "user name"),
        ("https://api.example/v1?key=1", "no ?"),
        ("https://api.example/v1#x", "no #"),
        ("ftp://api.example/v1", "https://host/v1"),
        ("api.example/v1", "https://host/v1"),
        ("https:///v1", "https://host/v1"),
        ("https://api.example:port/v1", "Port"),
        ("http://127.0.0.1.evil.example/v1", "unencrypted"),
        ("http://localhost.evil.example/v1", "unencrypted"),
    ],
)
def test_an_address_that_would_give_a_key_away_is_refused(url, why):
    with pytest.raises(UserError, match="cannot be used") as caught:
        Endpoint(url, "sk-secret")

    assert why in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1234/v1",
        "http://127.0.0.1/v1",
        "http://[::1]:80/v1",
        "http://127.9.9.9/v1",
    ],
)
def test_plain_http_is_for_this_machine(url):
    assert Endpoint(url).base_url == url


def test_plain_http_elsewhere_must_be_allowed():
    assert Endpoint("http://gpu-box:8000/v1", allow_http=True).host == "gpu-box:8000"


def test_a_key_with_a_line_break_is_refused():
    with pytest.raises(UserError, match="characters that no key has"):
        Endpoint("https://api.example/v1", "sk-1\r\nX-Evil: 1")


def test_a_key_is_not_shown_when_an_endpoint_is_printed():
    assert "sk-secret" not in repr(Endpoint("https://api.example/v1", "sk-secret"))


def test_every_known_address_is_encrypted_or_local():
    for provider, known in KNOWN.items():
        assert Endpoint(known.base_url, provider=provider).is_providers_own


def test_a_gateways_path_is_part_of_who_answers():
    first = Endpoint("https://gateway.example/openai/v1").host
    second = Endpoint("https://gateway.example/cheap/v1").host

    assert first != second
    assert Endpoint("https://openrouter.ai/api/v1", provider="openrouter").host == "openrouter.ai"


@pytest.mark.parametrize(
    ("url", "no_proxy", "proxied"),
    [
        ("https://api.example/v1", "", True),
        ("https://api.example/v1", "other.example", True),
        ("https://api.example/v1", "example", False),
        ("https://api.example/v1", "a.example, api.example", False),
        ("https://api.example/v1", "pi.example", True),
        ("https://api.example/v1", "*", False),
        ("https://localhost/v1", "", False),
        ("http://127.0.0.1/v1", "", False),
    ],
)
def test_the_proxy_of_the_environment_is_used_where_the_environment_says(url, no_proxy, proxied):
    environment = {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": no_proxy}

    endpoint = endpoint_for("acme", environment, base_url=url)

    assert endpoint.proxy == ("http://proxy.example:3128" if proxied else "")
