"""
How far a claim can be trusted, by who vouches for it.

A trailer is typed by anybody, and a record proves its numbers only to those who trust whoever
wrote the record.  What settles it is a signature of the commit, or an attestation of the text,
by somebody on a list that the change itself cannot edit.  Here the list and what was found are
read; the cryptography is left to Git, OpenSSH and GitHub's `gh`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any

from promptgit.errors import UserError
from promptgit.history.verify import Checked, State

PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_SSH_KEY = re.compile(r"(?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+\Z")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}(?:[0-9A-F]{24})?\Z")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")
_WORKFLOW = re.compile(r"(?:[A-Za-z0-9][\w.-]*/){2,3}\.github/workflows/[\w.-]+\.ya?ml\Z")

WHY_NOT = {  # by what `git log --format=%G?` says (git-log(1), "PRETTY FORMATS")
    "G": "it is signed with a key that the list does not hold",
    "U": "it is signed with a key that the list does not hold",
    "B": "its signature does not hold",
    "X": "its signature has expired",
    "Y": "the key that signed it has expired",
    "R": "the key that signed it was revoked",
    "E": "its signature cannot be checked here: the public key is missing",
    "N": "it is not signed",
}


class Trust(IntEnum):
    """How far a claim goes, from the best to the worst."""

    VERIFIED_CI = 0  # somebody on base's list vouches for it
    CONFIRMED = 1  # a record here, whole and of this text, confirms it
    SCREENING = 2  # a record here holds its numbers, from the search
    EVALUATED = 3  # a record here holds its numbers, which prove no gain
    CLAIMED = 4
    STALE = 5
    MISMATCH = 6
    ALTERED = 7

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Workflow:
    """Who may attest: a workflow file, and the repository it does so for."""

    repository: str  # OWNER/REPO
    file: str  # [HOST/]OWNER/REPO/.github/workflows/NAME.yml


@dataclass(frozen=True, slots=True)
class Signers:
    """The list of who may vouch."""

    ssh: tuple[str, ...] = ()  # lines as OpenSSH's allowed_signers has them
    keys: frozenset[str] = frozenset()  # fingerprints, SHA256:… of SSH and hex of GPG keys
    workflows: tuple[Workflow, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What Git says of a commit's signature."""

    status: str  # one letter, see WHY_NOT
    fingerprint: str = ""
    primary: str = ""  # fingerprint of the GPG key that the signing one belongs to
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim, how far it can be trusted, and why not further."""

    checked: Checked
    trust: Trust
    by: str = ""  # who vouches for it
    why: str = ""


def parse_signers(data: bytes, where: str) -> Signers:
    """
    Read the list: lines of OpenSSH's allowed_signers (ssh-keygen(1)), `gpg FINGERPRINT`, and
    `attested OWNER/REPO OWNER/REPO/.github/workflows/NAME.yml`.

    A line that is none of these is a UserError: who is trusted must not depend on a guess.

    >>> parse_signers(b"attested ada/bot ada/ci/.github/workflows/eval.yml", "f").workflows
    (Workflow(repository='ada/bot', file='ada/ci/.github/workflows/eval.yml'),)
    """
    ssh, keys, workflows = [], set(), []
    for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "gpg" and len(words) == 2 and _FINGERPRINT.match(words[1].upper()):
            keys.add(words[1].upper())
        elif words[0] == "attested" and (found := _workflow(words[1:])):
            workflows.append(found)
        elif fingerprint := _ssh_fingerprint(words):
            keys.add(fingerprint)
            ssh.append(line.strip())
        else:
            raise UserError(
                f"{where}:{number} is no signer",
                hint="write `NAME ssh-ed25519 KEY`, `gpg FINGERPRINT` or `attested OWNER/REPO "
                "OWNER/REPO/.github/workflows/NAME.yml`",
            )
    return Signers(tuple(ssh), frozenset(keys), tuple(workflows))


def vouched(signature: Signature | None, signers: Signers) -> str:
    """
    Name who on the list signed, with the key; empty where nobody did.

    Git calls a signature good that any key in the user's keyring made: so the key is looked up.
    """
    if signature is None or signature.status != "G":
        return ""
    if not {signature.fingerprint, signature.primary} & (signers.keys - {""}):
        return ""
    return f"signed by {signature.signer} ({signature.fingerprint})"


def trust(checked: Checked, by: str) -> Trust:
    """
    Say how far a claim goes that `by` vouches for, if anybody does.

    Nobody can vouch for numbers that the record contradicts, nor for another text's.
    """
    spoiled = {
        State.STALE: Trust.STALE,
        State.MISMATCH: Trust.MISMATCH,
        State.ALTERED: Trust.ALTERED,
    }
    if checked.state in spoiled:
        return spoiled[checked.state]
    if by and checked.blob:
        return Trust.VERIFIED_CI
    if checked.state is State.CLAIMED:
        return Trust.CLAIMED
    known = {"confirmed": Trust.CONFIRMED, "screening": Trust.SCREENING}
    return known.get(checked.stage, Trust.EVALUATED)


def short_of(judged: Sequence[Judged], required: Trust) -> tuple[Judged, ...]:
    """
    The claims that do not go as far as is required.

    Where that is CONFIRMED, a step of a run will do that was confirmed as a whole; and what a
    record holds will do for a claim that nothing got better, such as that of a revert.
    """
    whole = {
        (one.checked.path, one.checked.run)
        for one in judged
        if one.checked.stage == "confirmed" and one.trust <= Trust.CONFIRMED
    }

    def will_do(one: Judged) -> bool:
        measured = required is Trust.CONFIRMED and one.trust <= Trust.EVALUATED
        step = bool(one.checked.run) and (one.checked.path, one.checked.run) in whole
        return one.trust <= required or (measured and (step or not one.checked.better))

    return tuple(one for one in judged if not will_do(one))


def attests(results: Any, text_sha256: str, record: str) -> str:
    """
    Hold what `gh attestation verify --format json` printed against a text and its record.

    Returns why it does not do, empty where it does: a test result that passed, of this very
    text, that names the record among its configuration.  `gh` has checked who signed it.
    """
    statements = [_statement(one) for one in results] if isinstance(results, list) else []
    whys = [_objection(one, text_sha256, record) for one in statements]
    if not whys:
        return "there is no attestation of it"
    return "" if "" in whys else whys[0]


def _objection(statement: Mapping[str, Any], text_sha256: str, record: str) -> str:
    predicate = _mapping(statement.get("predicate"))
    if statement.get("predicateType") != PREDICATE:
        return "the attestation is not of a test result"
    if text_sha256 not in _digests(statement.get("subject")):
        return "the attestation is of another text"
    if predicate.get("result") != "PASSED":
        return f"the attested result is {str(predicate.get('result'))[:20]}"
    if not record or record not in _digests(predicate.get("configuration")):
        return "the attestation names another record"
    return ""


def _statement(result: Any) -> Mapping[str, Any]:
    return _mapping(_mapping(_mapping(result).get("verificationResult")).get("statement"))


def _digests(resources: Any) -> set[str]:
    listed: Sequence[Any] = resources if isinstance(resources, list) else ()
    found = (_mapping(_mapping(one).get("digest")).get("sha256") for one in listed)
    return {digest for digest in found if isinstance(digest, str)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _workflow(words: Sequence[str]) -> Workflow | None:
    if len(words) == 2 and _REPOSITORY.match(words[0]) and _WORKFLOW.match(words[1]):
        return Workflow(words[0], words[1])
    return None


def _ssh_fingerprint(words: Sequence[str]) -> str:
    """The fingerprint of the key in `NAME [OPTIONS] TYPE KEY`; a certificate's is not its key's."""
    for before, (kind, key) in enumerate(pairwise(words)):
        if before and _SSH_KEY.match(kind):
            if any("cert-authority" in word.lower() for word in words[1:before]):
                return ""
            try:
                data = base64.b64decode(key, validate=True)
            except binascii.Error:
                return ""
            digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
            return f"SHA256:{digest.rstrip('=')}" if kind.encode() in data[:80] else ""
    return ""
