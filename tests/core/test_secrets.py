import pytest

from promptgit.core.quote import quoted
from promptgit.core.secrets import find_secrets, redact

SECRETS = {
    "API key": "sk-ant-api03-AbCdEf0123456789xyz",
    "GitHub token": "github_pat_11ABCDEFG0abcdefghijkl",
    "GitLab token": "glpat-abcdefghij1234567890",
    "AWS key id": "ASIAIOSFODNN7EXAMPLE",
    "Google API key": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "Slack token": "xoxb-123456789012-abcdef",
    "Stripe key": "sk_live_4eC39HqLyjWDarjtT1",
    "access token": "hf_AbCdEfGhIjKlMnOpQrSt",
    "random-looking token": "q8Zt3LwX0vBn5KsY7mHd2RfJ9cGp4TaU",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_of_a_known_kind_is_named_and_blotted_out(kind):
    text = f"before {SECRETS[kind]} after"

    assert find_secrets(text) == ((kind, SECRETS[kind]),)
    assert redact(text) == f"before [{kind} redacted] after"


def test_a_private_key_is_blotted_out_to_its_end_and_to_the_end_if_it_has_none():
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\nAAAA\n-----END OPENSSH PRIVATE KEY-----"

    assert redact(f"a {key} b") == "a [private key redacted] b"
    assert redact(f"a {key[:50]}") == "a [private key redacted]"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc123def456", "Authorization: Bearer [secret redacted]"),
        ('{"api_key": "hunter22222"}', '{"api_key": "[secret redacted]"}'),
        ("PASSWORD=correct1horse", "PASSWORD=[secret redacted]"),
        ("https://ann:pa55@host/x", "https://ann:[password redacted]@host/x"),
    ],
)
def test_a_value_that_is_called_a_secret_is_one(text, clean):
    assert redact(text) == clean


def test_values_of_the_environment_are_blotted_out_wherever_they_stand():
    assert redact("key=my-odd-key!", known=["my-odd-key!", "", "a"]) == "key=[secret redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "commit bd9dbf5aae1a3862dd1526723246b20206e5fc37",
        "sha256:98f0b465c198f0b465c198f0b465c198f0b465c198f0b465c198f0b465c1aaaa",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "a task-oriented-risk-assessment-and-mitigation plan",
        "prompts/Support/reply-2026-11-20/version-3/Candidate-Final.md",
        "http://localhost:8080/v1/chat/completions",
        "The password must have 8 characters; a token is a word.",
        "ThisIsAnExtremelyLongIdentifierOfTheHouse",
        "==================================================",
        "max_tokens: 1000000000",
        "the key is <secret:c12345678901>, token=<secret:a98765432101>",
        "https://jane:<secret:c12345678901>@shop.example",
    ],
)
def test_what_only_resembles_a_secret_stays(text):
    assert redact(text) == text


def test_a_quotation_holds_no_secret_no_control_character_and_no_more_than_asked():
    shown = quoted(f"\x1b[31m{SECRETS['API key']}\u202e\n" + "x" * 500)

    assert shown.isprintable()
    assert "redacted" in shown
    assert len(shown) <= 62
