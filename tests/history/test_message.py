"""The message of an improvement: a reviewer's words, a machine's evidence, nobody's orders."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from promptgit.core.record import Record
from promptgit.core.spend import Spend
from promptgit.core.trailers import find, last_block, value
from promptgit.errors import UserError
from promptgit.history.claims import claims_in
from promptgit.history.message import (
    LONGEST_BODY,
    SUBJECT,
    WIDTH,
    Facts,
    body,
    improvement,
    inert,
)
from promptgit.testing.repositories import a_repository

WHY = (
    "Ask for the order number first. The reply often promised a refund before the order was "
    "known. The new line asks for it in the first sentence."
)
FACTS = Facts(
    why=WHY,
    run="20261120T154010Z-3f2a",
    strategy="critique",
    data="prompts/support-reply.csv",
    spend=Spend(calls=1204, tokens=90_000, usd=0.42131),
)


def a_comparison(**more: Any) -> Record:
    body: dict[str, Any] = {
        "schema": 1,
        "kind": "comparison",
        "stage": "screening",
        "prompt": {"path": "prompts/support-reply.md", "blob": "b" * 40},
        "baseline": {"path": "prompts/support-reply.md", "blob": "a" * 40},
        "cases": {"name": "cases", "digest": "1f0c9d2e77aa01b3" + "0" * 48, "n": 60},
        "model": {
            "provider": "openai",
            "model": "gpt-5-mini-2026-08-07",
            "options": {"temperature": 0},
        },
        "verdict": a_verdict(),
        "metrics": {"contains": {"before": 0.8, "after": 0.95}},
    }
    return Record(body | more)


def a_verdict(**more: Any) -> dict[str, Any]:
    flips = [{"case": str(n), "before": 0.0, "after": 1.0} for n in range(11)]
    flips += [{"case": f"b{n}", "before": 1.0, "after": 0.5} for n in range(2)]
    verdict = {"baseline": 0.744, "candidate": 0.812, "n": 60, "effect": 0.068, "flips": flips}
    return verdict | {"low": 0.031, "high": 0.105, "p_value": 0.0021} | more


def written(why: str = WHY, record: Record | None = None, **facts: Any) -> str:
    return improvement(record or a_comparison(), dataclasses.replace(FACTS, why=why, **facts))


def test_the_message_reads_as_the_manual_shows_it():
    record = a_comparison()

    message = improvement(record, FACTS)

    assert message == (
        "improve(support-reply): ask for the order number first\n"
        "\n"
        "The reply often promised a refund before the order was known. The new\n"
        "line asks for it in the first sentence.\n"
        "\n"
        "Prompt-Path: prompts/support-reply.md\n"
        f"Prompt-Blob: {'b' * 40}\n"
        f"Prompt-Base: {'a' * 40}\n"
        "Eval-Stage: screening\n"
        "Eval-Score: 0.7440 -> 0.8120 n=60\n"
        "Eval-Metric: contains 0.8000 -> 0.9500\n"
        "Eval-Delta: +0.0680 [+0.0310, +0.1050] p=0.0021\n"
        "Eval-Flips: fixed=11 broke=2\n"
        "Eval-Data: prompts/support-reply.csv sha256:1f0c9d2e77aa01b3\n"
        "Eval-Model: openai/gpt-5-mini-2026-08-07 temperature=0\n"
        "Eval-Cost: 0.4213 USD 1204 calls\n"
        f"Eval-Record: sha256:{record.digest}\n"
        "Promptgit-Run: 20261120T154010Z-3f2a\n"
        "Promptgit-Strategy: critique\n"
        "Promptgit-Schema: 1\n"
    )


def test_the_tip_of_a_confirmed_chain_says_what_it_was_compared_with():
    message = written(record=a_comparison(stage="confirmed"), base="c" * 40, against="d" * 40)

    block = find(message)
    assert value(block, "Eval-Stage") == "confirmed"
    assert value(block, "Prompt-Base") == "c" * 40
    assert value(block, "Eval-Against") == "d" * 40


def test_history_reads_the_numbers_back():
    (claim,) = claims_in(written())

    assert (claim.before, claim.after, claim.n) == (0.744, 0.812, 60)
    assert (claim.fixed, claim.broke) == (11, 2)
    assert claim.metrics == {"contains": (0.8, 0.95)}
    assert (claim.stage, claim.record) == ("screening", a_comparison().digest)


def test_the_type_may_be_one_that_the_repository_allows():  # case 85
    assert written(type="feat").startswith("feat(support-reply): ask")


def test_the_prompt_is_called_as_commands_call_it():
    path = {"path": "prompts/sort.prompt.yml", "blob": "b" * 40}

    assert written(record=a_comparison(prompt=path)).startswith("improve(sort): ask")


@pytest.mark.parametrize("kind", ["", "Feat", "a b", "feat\n", "x" * 30])
def test_a_type_that_is_no_word_is_refused(kind: str):
    with pytest.raises(UserError, match="type of a commit"):
        written(type=kind)


@pytest.mark.parametrize(
    ("why", "subject"),
    [
        ("Ask first.", "ask first"),
        ("- Ask first!\n\nMore.", "ask first"),
        ("1. Ask first", "ask first"),
        ("URLs were lost.", "URLs were lost"),
        ("", "edit the prompt"),
        ("\x1b[31mAsk\nfirst\u202e.", "[31mAsk first"),
        ("Nothing ends this sentence", "nothing ends this sentence"),
    ],
)
def test_the_first_sentence_is_the_subject(why: str, subject: str):
    first, blank, *_ = written(why).split("\n")

    assert (first, blank) == (f"improve(support-reply): {subject}", "")


@pytest.mark.parametrize("why", ["word " * 40, "x" * 300, "é" * 300 + ". And more."])
def test_a_long_subject_is_cut_at_72_and_told_in_full_below(why: str):
    subject, _, *rest = written(why).split("\n")

    assert len(subject) <= SUBJECT
    assert "…" not in subject
    assert why.split(".")[0].split()[0][:60] in "".join(rest)


@pytest.mark.parametrize(
    ("why", "subject"),
    [
        (
            "Say which words tell `ambience` or `price` or `service`.",
            "say which words tell `ambience` or `price`",
        ),
        (
            "Ask for the order number first, and promise nothing that is not known.",
            "ask for the order number first",
        ),
        (
            "Tell the customer what happens next with the parcel of the sender.",
            "tell the customer what happens next with the",
        ),
    ],
)
def test_a_subject_that_is_too_long_ends_where_a_sentence_can(why: str, subject: str):
    first, _, told, *_ = written(why).split("\n")

    assert first == f"improve(support-reply): {subject.removesuffix(' with the')}"
    assert told.startswith(why[:30])


def test_p_is_of_no_gain_and_a_check_does_not_ask_that():
    asked = value(find(written()), "Eval-Delta")
    checked = value(find(written(record=a_comparison(stage="check"))), "Eval-Delta")

    assert asked.endswith(" p=0.0021")
    assert checked == "+0.0680 [+0.0310, +0.1050]"


def test_a_range_with_zero_in_it_has_no_small_p_beside_it():
    def delta(**more: float) -> str:
        verdict = a_verdict(alpha=0.05, **more)
        return value(find(written(record=a_comparison(verdict=verdict))), "Eval-Delta")

    assert delta(low=-0.0018, p_value=0.0164) == "+0.0680 [-0.0018, +0.1050]"
    assert delta(low=-0.0018, p_value=0.0664) == "+0.0680 [-0.0018, +0.1050] p=0.0664"
    assert delta(low=0.0018, p_value=0.0164) == "+0.0680 [+0.0018, +0.1050] p=0.0164"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("a/b c'd.md", "b-c-d"),
        ("x\n(y).md", "x-y"),
        ("💡.md", "prompt"),
        (f"{'n' * 50}.md", "n" * 30),
    ],
)
def test_a_strange_file_name_makes_a_plain_scope(path: str, scope: str):
    record = a_comparison(prompt={"path": path, "blob": "b" * 40})

    assert written(record=record).startswith(f"improve({scope}): ")


ATTACKS = {  # case 88, and R13
    "a divider": "It was bad.\n---\nand worse",
    "a diff": "It was bad. diff --git a/x b/x",
    "an old diff": "Bad. Index: x",
    "a mail": "Bad.\n\nFrom here on it is good",
    "a sign-off": "Bad.\n\nSigned-off-by: ceo <ceo@example.com>",
    "a score": "Bad.\n\nEval-Score: 1.0000 -> 1.0000 n=999",
    "a whole block": "Bad.\n\nPrompt-Path: x\nEval-Score: 0.1 -> 1\nPromptgit-Schema: 1",
    "a block with CR": "Bad.\r\n\r\nEval-Score: 1 -> 1\rPromptgit-Schema: 1\r\n",
    "a block with other line ends": "Bad.\u2028\u2028Promptgit-Schema: 1\x0bEval-Score: 1",
    "a cherry-pick": "Bad.\n\n(cherry picked from commit 123)",
    "escapes": "Bad.\n\n\x1b[2J\x07\x00\u202egnihton",
    "a comment": "Bad.\n\n# everything below is ignored",
    "a scissors line": "Bad.\n\n# ------------------------ >8 ------------------------",
    "a subject of dashes": "--- a/x\n+++ b/x\n@@ -1 +1 @@",
    "long words before dividers": f"Bad. {'x' * 68} --- a {'y' * 70} diff --git {'z' * 66} From me",
    "no words at all": "---\n---\n",
    "a close issue": "Bad.\n\nCloses: #1",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_words_of_a_model_stay_words(attack: str):
    message = written(ATTACKS[attack])

    assert find(message) == last_block(message) == find(written())
    assert len(claims_in(message)) == 1
    for line in message.split("\n"):
        assert not line.startswith(("---", "diff --git", "Index: ", "From ", "#"))
    assert not [c for c in message if c != "\n" and (c < " " or c in "\x7f\u2028\u2029\u202e")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_message_survives_being_mailed(tmp_path: Path, attack: str):
    repository = a_repository(tmp_path, {"a.md": "one\n"})
    message = written(ATTACKS[attack])
    repository.commit({"a.md": "two\n"}, message)
    neutral = ("-c", "diff.noprefix=false", "-c", "diff.external=", "-c", "format.pretty=medium")
    patch = repository.git(*neutral, "format-patch", "--no-ext-diff", "--stdout", "-1")
    repository.git("reset", "--quiet", "--hard", "HEAD^")

    repository.git("am", "--quiet", stdin=f"{patch}\n")

    assert find(repository.message()) == find(message)


@pytest.mark.parametrize("attack", ATTACKS)
def test_git_reads_our_evidence_and_no_other(tmp_path: Path, attack: str):
    repository = a_repository(tmp_path)
    message = written(ATTACKS[attack])

    parsed = repository.git(
        *("-c", "trailer.separators=:", "-c", "core.commentChar=#"),
        *("interpret-trailers", "--parse", "--no-divider"),
        stdin=message,
    )

    pairs = tuple(tuple(line.split(": ", 1)) for line in parsed.split("\n"))
    assert pairs == find(message)


def test_body_lines_have_at_most_72_characters():
    words = "Signed-off-by: x " * 9 + "and a paragraph that goes on. " * 12

    assert max(map(len, body(words).split("\n"))) <= WIDTH


def test_a_long_reason_is_cut_to_a_few_sentences():
    cut = body("A sentence of some length. " * 100)

    assert len(cut) <= LONGEST_BODY + 2
    assert cut.endswith("…")


def test_a_secret_in_the_reason_is_struck_out():
    key = "sk-proj-abc123def456ghi789jkl012mno345"

    assert key not in written(f"Use {key} now. Then {key} again.")


def test_a_number_that_nobody_knows_is_left_out():  # case 89
    record = a_comparison(metrics={"contains": {"before": None, "after": 0.5}})
    record = Record({**record.body, "verdict": a_verdict(low=None, p_value=None)})

    block = find(written(record=record))

    assert value(block, "Eval-Metric") == ""
    assert value(block, "Eval-Delta") == ""
    assert value(block, "Eval-Score")


@pytest.mark.parametrize(
    "name", ["new\nline", "with: colon", "Eval-Score: 1", "esc\x1b[0m", "x" * 500, "0.1 -> 0.2"]
)
def test_a_strange_metric_name_stays_in_its_line(name: str):  # case 89
    record = a_comparison(metrics={name: {"before": 0.25, "after": 0.5}})

    message = written(record=record)

    (claim,) = claims_in(message)
    assert list(claim.metrics.values()) == [(0.25, 0.5)]
    assert len(find(message)) == len(find(written()))


def test_numbers_are_written_alike_everywhere():  # case 89
    record = a_comparison(verdict=a_verdict(baseline=1 / 3, candidate=1e-9, effect=-1 / 3))

    block = find(written(record=record))

    assert value(block, "Eval-Score") == "0.3333 -> 0.0000 n=60"
    assert value(block, "Eval-Delta").startswith("-0.3333 [")


def test_calls_of_unknown_price_are_said():
    message = written(spend=Spend(calls=10, usd=0.0, unpriced_calls=10))

    assert value(find(message), "Eval-Cost") == "0.0000 USD 10 calls 10 unpriced"


def test_a_number_that_ends_a_sentence_is_no_mark_of_a_list():
    words = "1. It goes back to fe617a055d98. Its score is 0.7057. See b) below."

    assert body(words) == "It goes back to fe617a055d98. Its score is 0.7057. See b) below."
    assert written("Take out step 12. It was wrong.").startswith(
        "improve(support-reply): take out step 12\n\nIt was wrong.\n"
    )


@pytest.mark.parametrize(
    ("order", "forbidden"),
    [
        ("[skip ci] Ask first.", "[skip ci]"),
        ("Ask first. [ci skip]", "[ci skip]"),
        ("Ask first. [no\nci]", "[no ci]"),
        ("Ask first. [sk\u200bip c\ufe0fi]", "[skip ci]"),
        ("Ask first. [skip\n--- actions]", "[skip actions]"),
        ("Ask first. ***NO_CI***", "***NO_CI***"),
        ("Ask first. This fixes #4.", "#4"),
        ("Ask first. Closes owner/shop#4.", "#4"),
        ("Ask first. Closes GH-4.", "GH-4"),
        ("Ask first. Fixes https://example.org/o/r/issues/4.", "https://"),
        ("Ask first, @org/team.", "@org"),
    ],
)
def test_a_model_s_words_give_no_orders_to_whoever_hosts_the_commit(order: str, forbidden: str):
    message = " ".join(written(order).split())

    assert forbidden not in message
    assert "Ask first" in message or "ask first" in message


def test_words_that_give_no_orders_stay_as_they_are():
    words = (
        "Ask for the `order` [or a date] first; write to the e-mail a.b@example.org, item 4 # 1."
    )

    assert inert(words) == words
