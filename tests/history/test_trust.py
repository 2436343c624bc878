from __future__ import annotations

from typing import Any

import pytest

from promptgit.errors import UserError
from promptgit.history.trust import (
    PREDICATE,
    Judged,
    Signature,
    Signers,
    Trust,
    attests,
    parse_signers,
    short_of,
    trust,
    vouched,
)
from promptgit.history.verify import Checked, State

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
PRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"  # GitHub publishes both
GPG = "968479A1AFF927E37D1A566BB5690EEEBB952194"
LIST = Signers(keys=frozenset({PRINT, GPG}))


def claimed(state: State = State.OK, *, stage: str = "", blob: str = "b1") -> Checked:
    return Checked("c1", "improve", "p.md", state, "", "r1", blob, stage)


@pytest.mark.parametrize(
    "line",
    [
        f"github.com ssh-ed25519 {KEY}",
        f"github.com ssh-ed25519 {KEY} with a comment",
        f'"a b@x",c@x namespaces="git",valid-before="20990101" ssh-ed25519 {KEY}',
        f"gpg ssh-ed25519 {KEY}",
    ],
)
def test_a_line_of_openssh_is_a_key_with_its_fingerprint(line: str):
    found = parse_signers(f"# who may vouch\n\n  {line}\n".encode(), "list")

    assert found.ssh == (line,)
    assert found.keys == {PRINT}


def test_a_gpg_key_and_a_workflow_may_be_listed():
    workflow = "ada/ci/.github/workflows/eval.yaml"

    found = parse_signers(f"gpg {GPG.lower()}\nattested ada/bot {workflow}\n".encode(), "list")

    assert found.keys == {GPG}
    assert [(one.repository, one.file) for one in found.workflows] == [("ada/bot", workflow)]


@pytest.mark.parametrize(
    "line",
    [
        "ada@example.com",
        f"ssh-ed25519 {KEY}",
        f"ada@example.com ssh-rsa {KEY}",
        "ada@example.com ssh-ed25519 AAAA!",
        f"*@example.com cert-authority ssh-ed25519 {KEY}",
        "gpg 1234ABCD",
        "attested ada/bot eval.yml",
        "attested ada/bot ../../.github/workflows/eval.yml",
        "attested --owner ada/ci/.github/workflows/eval.yml",
        "attested ada/bot ada/ci/.github/workflows/eval.yml --bundle=x",
        "\x1b[31m",
    ],
)
def test_a_line_that_is_no_signer_is_refused_by_its_number(line: str):
    with pytest.raises(UserError, match="list:2 is no signer"):
        parse_signers(f"# first\n{line}\n".encode(), "list")


@pytest.mark.parametrize("status", ["N", "U", "B", "X", "Y", "R", "E", ""])
def test_only_a_good_signature_vouches(status: str):
    assert vouched(Signature("G", PRINT, "", "ci@x"), LIST) == f"signed by ci@x ({PRINT})"
    assert not vouched(Signature(status, PRINT, "", "ci@x"), LIST)
    assert not vouched(None, LIST)


def test_a_good_signature_by_another_key_does_not_vouch():
    assert not vouched(Signature("G", "SHA256:other", "", "ci@x"), LIST)
    assert not vouched(Signature("G", "", "", "ci@x"), LIST)
    assert not vouched(Signature("G", "", ""), Signers(keys=frozenset({""})))


def test_a_subkey_vouches_for_the_gpg_key_it_belongs_to():
    assert vouched(Signature("G", "0" * 40, GPG, "Ada"), LIST)


@pytest.mark.parametrize(
    ("state", "worst"),
    [
        (State.STALE, Trust.STALE),
        (State.MISMATCH, Trust.MISMATCH),
        (State.ALTERED, Trust.ALTERED),
    ],
)
def test_nobody_can_vouch_for_what_is_wrong(state: State, worst: Trust):
    assert trust(claimed(state), "signed by ci@x") is worst


def test_a_claim_goes_as_far_as_its_record_and_its_voucher():
    assert trust(claimed(stage="confirmed"), "") is Trust.CONFIRMED
    assert trust(claimed(stage="screening"), "") is Trust.SCREENING
    assert trust(claimed(stage="evaluation"), "") is Trust.EVALUATED
    assert trust(claimed(stage="baseline"), "") is Trust.EVALUATED
    assert trust(claimed(State.CLAIMED), "") is Trust.CLAIMED
    assert trust(claimed(stage="screening"), "signed by ci@x") is Trust.VERIFIED_CI
    assert trust(claimed(State.CLAIMED), "signed by ci@x") is Trust.VERIFIED_CI


def test_a_claim_that_names_no_text_is_not_verified():
    assert trust(claimed(State.CLAIMED, blob=""), "signed by ci@x") is Trust.CLAIMED


def judged(level: Trust, *, stage: str = "screening", run: str = "", better: bool = True) -> Judged:
    claim = Checked("c1", "improve", "p.md", State.OK, "", "r1", "b1", stage, run, better)
    return Judged(claim, level)


CONFIRMED = judged(Trust.CONFIRMED, stage="confirmed", run="run-1")
STEP = judged(Trust.SCREENING, run="run-1")


def test_a_step_counts_as_confirmed_where_its_run_was():
    other = judged(Trust.SCREENING, run="run-2")
    lone = judged(Trust.SCREENING)

    assert short_of([CONFIRMED, STEP], Trust.CONFIRMED) == ()
    assert short_of([CONFIRMED, other, lone], Trust.CONFIRMED) == (other, lone)
    assert short_of([STEP], Trust.CONFIRMED) == (STEP,)


def test_a_run_whose_confirmation_is_spoiled_confirms_no_step():
    spoiled = judged(Trust.STALE, stage="confirmed", run="run-1")

    assert short_of([spoiled, STEP], Trust.CONFIRMED) == (spoiled, STEP)


def test_what_claims_no_gain_needs_no_confirmation_but_a_record():
    revert = judged(Trust.SCREENING, better=False)
    typed = judged(Trust.CLAIMED, better=False)

    assert short_of([revert, typed], Trust.CONFIRMED) == (typed,)


def test_nothing_but_a_voucher_makes_a_claim_verified():
    vouched_for = judged(Trust.VERIFIED_CI)
    revert = judged(Trust.SCREENING, better=False)

    found = short_of([CONFIRMED, STEP, vouched_for, revert], Trust.VERIFIED_CI)

    assert found == (CONFIRMED, STEP, revert)


def an_attestation(**changed: Any) -> list[dict[str, Any]]:
    """What `gh` prints for one test result that passed; `changed` overrides its statement."""
    statement = {
        "predicateType": PREDICATE,
        "subject": [{"name": "reply.md", "digest": {"sha256": "t1"}}],
        "predicate": {
            "result": "PASSED",
            "configuration": [{"name": "promptgit-record", "digest": {"sha256": "r1"}}],
        },
    }
    return [{"verificationResult": {"statement": statement | changed}}]


def test_an_attestation_of_this_text_and_record_that_passed_will_do():
    failed = an_attestation(predicate={"result": "FAILED"})

    assert attests(an_attestation(), "t1", "r1") == ""
    assert attests(failed + an_attestation(), "t1", "r1") == ""


@pytest.mark.parametrize(
    ("results", "why"),
    [
        (an_attestation(predicateType="https://slsa.dev/provenance/v1"), "not of a test result"),
        (an_attestation(subject=[{"digest": {"sha256": "t2"}}]), "of another text"),
        (an_attestation(predicate={"result": "FAILED"}), "result is FAILED"),
        (an_attestation(predicate={"result": "PASSED"}), "names another record"),
        (an_attestation(subject="t1", predicate=[]), "of another text"),
        ([], "no attestation"),
        (None, "no attestation"),
        ([None, 3], "not of a test result"),
        ({"verificationResult": 1}, "no attestation"),
    ],
)
def test_any_other_attestation_says_why_not(results: Any, why: str):
    assert why in attests(results, "t1", "r1")


def test_an_attestation_that_names_no_record_does_not_do_for_a_claim_without_one():
    empty = {"digest": {"sha256": ""}}
    nothing = an_attestation(predicate={"result": "PASSED", "configuration": [empty]})

    assert attests(nothing, "t1", "") != ""
