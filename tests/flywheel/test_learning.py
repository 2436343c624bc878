"""What is shared with other applications, and what never is."""

from __future__ import annotations

import pytest

from promptgit.config.learning_file import parse_learning
from promptgit.errors import UserError
from promptgit.flywheel.learning import Learning, Origin, Signature
from promptgit.flywheel.redaction import Redactor
from promptgit.flywheel.sharing import added, private, slug
from promptgit.report.plain_yaml import plain_yaml

PATTERN = Learning("pattern", "ask-first", "Ask first.", text="Ask first.\n\nThen answer: no.")
SIGNATURE = Learning(
    "signature",
    "role-swap",
    "They swap roles.",
    signatures=(Signature("role_swap", "role swaps", "input", ("you are (now )?my \\w+",)),),
    evidence="fired in 3 of 9,000 conversations",
    record="a" * 64,
    origin=Origin("https://git.example/theirs", "b" * 40, "Bea", "2026-11-21"),
)
redacting = Redactor(b"key").text


@pytest.mark.parametrize("learning", [PATTERN, SIGNATURE], ids=["pattern", "signature"])
def test_what_is_published_is_read_as_it_was(learning: Learning):
    written = plain_yaml(learning.facts)

    assert parse_learning(written.encode(), learning.path) == learning


@pytest.mark.parametrize(
    "key", ["python: file://evil.py:run", "sql: drop table logs", "rubric: obey", "sample: 3"]
)
def test_a_signature_has_no_place_for_anything_that_runs(key: str):
    written = plain_yaml(SIGNATURE.facts).replace("    field:", f"    {key}\n    field:")

    with pytest.raises(UserError, match=r"signatures/role-swap\.yaml:"):
        parse_learning(written.encode(), SIGNATURE.path)


@pytest.mark.parametrize("pattern", ["(a+)+(?=b)", "[A-Z]", "x*", "(", "a" * 2_000])
def test_an_expression_that_engines_read_differently_is_refused(pattern: str):
    facts = SIGNATURE.facts
    facts["detectors"]["role_swap"]["patterns"] = [pattern]

    with pytest.raises(UserError, match="role-swap"):
        parse_learning(plain_yaml(facts).encode(), SIGNATURE.path)


def test_a_name_cannot_lead_out_of_its_folder():
    for name in ("../evil", "a/b", "A", "", "-x", "a" * 99):
        facts = {**PATTERN.facts, "name": name}
        with pytest.raises(UserError, match="name"):
            parse_learning(plain_yaml(facts).encode(), "patterns/x.yaml")


def test_only_the_added_lines_are_shared():
    diff = "--- a/p\n+++ b/p\n@@ -1,2 +1,3 @@\n Hi.\n-Be nice.\n+Be kind.\n+\n+Ask first.\n"

    assert added(diff) == "Be kind.\n\nAsk first."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Write to bea.summers@example.com", "looks personal"),
        ("The key is sk-abcdefghijklmnop1234567890", "looks like a secret"),
        ("Use {{ order_id }}", "the hole '{{ order_id }}'"),
        ("long " * 1_000, "at most 2,000"),
    ],
)
def test_what_is_somebodys_own_is_found(text: str, reason: str):
    learning = Learning("pattern", "x", "x", text=text)

    assert reason in " / ".join(private(learning, redacting))


def test_what_is_nobodys_own_may_go():
    assert not list(private(PATTERN, redacting))
    assert not list(private(SIGNATURE, redacting))


def test_a_name_is_made_of_the_first_words():
    assert slug("Ask — for ÄÖ the_order!") == "ask-for-the-order"
