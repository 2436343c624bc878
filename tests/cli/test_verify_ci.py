"""verify --ci and log --ci, with real SSH keys, and a stand-in for GitHub's `gh`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.started import programs_started
from cli.terminal import Said, promptgit
from history.shelf import BEST, BETTER, FIRST_STEP, PATH, SECOND_STEP, SEED, a_claim, a_shelf
from promptgit.core.evidence import joins
from promptgit.edges.git import Git
from promptgit.edges.records import Records
from promptgit.testing.repositories import Repository, a_repository

SIGNERS = ".promptgit/ci-signers"
WORKFLOW = "ada/ci/.github/workflows/eval.yml"

with_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen, which signs and checks, is not here"
)


def a_key(folder: Path, name: str) -> Path:
    """A new SSH key without a passphrase; returns the private one."""
    folder.mkdir(exist_ok=True)
    key = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return key


def line_of(key: Path, name: str = "ci@example.com") -> str:
    return f"{name} {key.with_suffix('.pub').read_text()}"


def signed(repository: Repository, key: Path | None, text: str, message: str) -> str:
    """Commit a text of the prompt, signed with a key if there is one; returns the commit."""
    repository.write({PATH: text})
    repository.git("add", PATH)
    settings = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"] if key else []
    sign = ["-S"] if key else ["--no-gpg-sign"]
    commit = ("commit", "--quiet", "--no-verify", "--cleanup=verbatim", "-F", "-")
    repository.git(*settings, *commit, *sign, stdin=message)
    return repository.head


def a_pull_request(path: Path, base: dict[str, str], *, records: bool = True) -> Repository:
    """A branch `change` that left `main` where it holds `base`; main's records are all here."""
    repository = a_repository(path, {PATH: SEED, **base})
    repository.git("switch", "--quiet", "-c", "change")
    if records:
        kept = [(record, joins(record)) for record in a_shelf().records.values()]
        Records(Git.discover(path)).put_many(kept)
    return repository


def trusts(said: Said) -> list[str]:
    return [claim["trust"] for claim in said.json["claims"]]


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    return {name: a_key(tmp_path / "keys", name) for name in ("ci", "mallory")}


@with_ssh_keygen
def test_a_claim_signed_by_a_key_on_bases_list_is_verified(tmp_path: Path, keys: dict[str, Path]):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])})
    signed(repository, keys["ci"], BETTER, a_claim(FIRST_STEP))

    said = promptgit(repository, "verify", "main..HEAD", "--ci")

    assert said.code == 0
    assert said.lines[0].startswith("who may vouch: .promptgit/ci-signers as of ")
    assert said.lines[0].endswith(", 1 key")
    assert said.lines[1].startswith("verified-ci  ")
    assert "signed by ci@example.com (SHA256:" in said.lines[2]
    assert said.lines[-1] == "1 claim: 1 verified-ci"
    assert promptgit(repository, "verify", "--ci", "--require", "verified-ci").code == 0


@with_ssh_keygen
def test_case_116_a_change_that_adds_its_own_key_stays_claimed(
    tmp_path: Path, keys: dict[str, Path]
):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])}, records=False)
    both = line_of(keys["ci"]) + line_of(keys["mallory"])
    repository.commit({SIGNERS: both}, "let me in\n")
    signed(repository, keys["mallory"], BETTER, a_claim(FIRST_STEP))
    repository.write({SIGNERS: both})

    said = promptgit(repository, "verify", "--ci", "--json")

    assert trusts(said) == ["claimed"]
    assert "a key that the list does not hold" in said.json["claims"][0]["why_not"]
    assert said.json["signers"]["keys"] == 1
    assert promptgit(repository, "verify", "--require", "verified-ci").code == 1


@with_ssh_keygen
def test_who_may_vouch_is_read_from_the_base_that_is_named(tmp_path: Path, keys: dict[str, Path]):
    repository = a_pull_request(tmp_path / "r", {})
    repository.commit({"who": line_of(keys["ci"])}, "a list elsewhere\n")
    listed = repository.head
    signed(repository, keys["ci"], BETTER, a_claim(FIRST_STEP))

    by_default = promptgit(repository, "verify", "--ci", "--json")
    named = promptgit(repository, "verify", "--ci", "--base", listed, "--signers", "who", "--json")

    assert (trusts(by_default), by_default.json["signers"]["found"]) == (["confirmed"], False)
    assert (trusts(named), named.json["base"]) == (["verified-ci"], listed)


@with_ssh_keygen
def test_what_the_users_settings_call_trusted_does_not_count(tmp_path: Path, keys: dict[str, Path]):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])}, records=False)
    everybody = tmp_path / "everybody"
    everybody.write_text(line_of(keys["mallory"], "*"))
    repository.git("config", "gpg.ssh.allowedSignersFile", str(everybody))
    liar = tmp_path / "liar"
    listed = ["ssh-keygen", "-l", "-f", str(keys["ci"])]
    fingerprint = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()[
        1
    ]
    good = f'Good \\"git\\" signature for ci@example.com with ED25519 key {fingerprint}'
    liar.write_text(f'#!/bin/sh\necho "{good}"\n')
    liar.chmod(0o755)
    repository.git("config", "gpg.ssh.program", str(liar))
    signed_by_mallory = ["-c", "gpg.ssh.program=ssh-keygen"]
    repository.write({PATH: BETTER})
    repository.git(
        *signed_by_mallory,
        *("-c", "gpg.format=ssh", "-c", f"user.signingKey={keys['mallory']}"),
        *("commit", "--quiet", "-a", "-S", "--cleanup=verbatim", "-F", "-"),
        stdin=a_claim(FIRST_STEP),
    )

    assert trusts(promptgit(repository, "verify", "--ci", "--json")) == ["claimed"]


@with_ssh_keygen
@pytest.mark.parametrize("option", ['valid-before="20200101"', 'namespaces="file"'])
def test_a_key_is_trusted_as_far_as_its_line_says(
    tmp_path: Path, keys: dict[str, Path], option: str
):
    line = line_of(keys["ci"], f"ci@example.com {option}")
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line}, records=False)
    signed(repository, keys["ci"], BETTER, a_claim(FIRST_STEP))

    assert trusts(promptgit(repository, "verify", "--ci", "--json")) == ["claimed"]


@with_ssh_keygen
def test_case_91_a_signature_does_not_save_a_claim_about_another_text(
    tmp_path: Path, keys: dict[str, Path]
):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])})
    signed(repository, keys["ci"], BETTER + "And sing.\n", a_claim(FIRST_STEP))

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert (said.code, trusts(said)) == (1, ["stale"])


@with_ssh_keygen
def test_a_signature_does_not_save_numbers_that_the_record_contradicts(
    tmp_path: Path, keys: dict[str, Path]
):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])})
    better = a_claim(FIRST_STEP, Eval_Score="0.0000 -> 1.0000 n=4")
    signed(repository, keys["ci"], BETTER, better)

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert (said.code, trusts(said)) == (1, ["mismatch"])


@with_ssh_keygen
def test_case_90_each_claim_goes_as_far_as_what_is_behind_it(tmp_path: Path, keys: dict[str, Path]):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])})
    signed(repository, keys["ci"], BETTER, a_claim(FIRST_STEP))
    signed(repository, None, BEST, a_claim(SECOND_STEP))
    forged = a_claim(FIRST_STEP, Prompt_Blob=repository_blob("So good.\n"), Eval_Record="")
    signed(repository, keys["mallory"], "So good.\n", forged)

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert trusts(said) == ["claimed", "confirmed", "verified-ci"]
    assert [claim["why_not"] for claim in said.json["claims"]] == [
        "it is signed with a key that the list does not hold",
        "it is not signed",
        "",
    ]
    for words, code in ((["confirmed"], 1), (["verified-ci"], 1)):
        assert promptgit(repository, "verify", "main..HEAD", "--require", *words).code == code
    assert promptgit(repository, "verify", "main..HEAD~1", "--require", "confirmed").code == 0
    assert promptgit(repository, "verify", "main..HEAD~1", "--require", "verified-ci").code == 1


def test_what_falls_short_is_counted_and_named(tmp_path: Path):
    repository = a_pull_request(tmp_path / "r", {})
    signed(repository, None, BETTER, a_claim(FIRST_STEP))
    last = signed(repository, None, BEST, a_claim(SECOND_STEP, Eval_Record=""))

    said = promptgit(repository, "verify", "main..HEAD", "--require", "confirmed")

    assert said.code == 1
    assert said.lines[-1] == f"1 claim falls short of confirmed, {last[:10]} first"
    as_json = promptgit(repository, "verify", "main..HEAD", "--require", "confirmed", "--json")
    assert as_json.json["short"] == [last]


def repository_blob(text: str) -> str:
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@with_ssh_keygen
def test_log_shows_who_is_vouched_for_when_asked(tmp_path: Path, keys: dict[str, Path]):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: line_of(keys["ci"])})
    signed(repository, keys["ci"], BETTER, a_claim(FIRST_STEP))
    signed(repository, None, BEST, a_claim(SECOND_STEP))

    plain = promptgit(repository, "log", PATH, "--json").json["commits"]
    asked = promptgit(repository, "log", PATH, "--ci", "--json").json["commits"]
    one = promptgit(repository, "log", "--ci", "-n", "2")

    assert [one["evidence"] for one in plain] == ["confirmed", "confirmed", "evaluated"]
    assert [one["evidence"] for one in asked] == ["confirmed", "verified-ci", "evaluated"]
    assert "verified-ci  0.000 -> 0.500" in one.lines[1]


def test_a_list_with_a_line_that_nobody_understands_is_an_error(tmp_path: Path):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: "# us\nada@example.com\n"})

    said = promptgit(repository, "verify", "--ci")

    assert said.code == 2
    assert f"{SIGNERS}" in said.err
    assert ":2 is no signer" in said.err


def test_without_a_default_branch_the_base_has_to_be_named(tmp_path: Path):
    repository = a_pull_request(tmp_path / "r", {})
    repository.git("branch", "--quiet", "--move", "main", "odd")

    said = promptgit(repository, "verify", "--ci")

    assert said.code == 2
    assert "--base" in said.err
    assert promptgit(repository, "verify", "--ci", "--base", "odd").code == 0


def test_base_without_ci_is_a_slip(tmp_path: Path):
    said = promptgit(a_pull_request(tmp_path / "r", {}), "verify", "--base", "main")

    assert said.code == 2
    assert "--ci" in said.err


def test_without_ssh_keygen_it_is_said_that_nothing_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    repository = a_pull_request(tmp_path / "r", {SIGNERS: f"ci@example.com ssh-ed25519 {key}\n"})
    signed(repository, None, BETTER, a_claim(FIRST_STEP))
    only_git(tmp_path / "bin", monkeypatch)

    said = promptgit(repository, "verify", "main..HEAD", "--ci")

    assert "ssh-keygen is not installed: SSH signatures were not checked" in said.lines
    assert said.lines[1].startswith("confirmed ")


def only_git(folder: Path, monkeypatch: pytest.MonkeyPatch, gh: str = "") -> None:
    """Let PATH hold Git, a shell, and `gh` if there is a script for it; nothing else."""
    folder.mkdir()
    for name in ("git", "sh", "cat", "sha256sum", "cut"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    if gh:
        (folder / "gh").write_text(gh)
        (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(folder))


def a_gh(tmp_path: Path, *, result: str = "PASSED", record: str = FIRST_STEP.digest) -> str:
    """
    A script that stands in for `gh`: it knows one workflow, and writes down how it was called.

    Like the real one it fails for another signer, repository or predicate, and answers with the
    statement about the file that it was given.
    """
    statement = {
        "verificationResult": {
            "statement": {
                "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
                "subject": [{"name": "reply.md", "digest": {"sha256": "DIGEST"}}],
                "predicate": {
                    "result": result,
                    "configuration": [{"name": "promptgit-record", "digest": {"sha256": record}}],
                },
            }
        }
    }
    before, after = json.dumps([statement]).split("DIGEST")
    return f"""#!/bin/sh
printf '%s\\n' "$@" > '{tmp_path}/gh-called'
case "$*" in
  *"--repo ada/bot --signer-workflow {WORKFLOW} --predicate-type \
https://in-toto.io/attestation/test-result/v0.1 --format json") ;;
  *) echo "Error: verifying with issuer" >&2; echo "no matching attestations" >&2; exit 1;;
esac
digest=$(sha256sum "$3" | cut -d ' ' -f 1)
printf '%s' '{before}' "$digest" '{after}'
"""


def attested_request(tmp_path: Path, *, workflow: str = WORKFLOW) -> Repository:
    """A change by a person, unsigned, whose text a workflow may have attested."""
    repository = a_pull_request(tmp_path / "r", {SIGNERS: f"attested ada/bot {workflow}\n"})
    signed(repository, None, BETTER, a_claim(FIRST_STEP))
    return repository


def test_a_text_that_a_listed_workflow_attested_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = attested_request(tmp_path)
    only_git(tmp_path / "bin", monkeypatch, a_gh(tmp_path))

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert trusts(said) == ["verified-ci"]
    assert said.json["claims"][0]["by"] == f"attested by {WORKFLOW}"
    called = (tmp_path / "gh-called").read_text().splitlines()
    assert called[:2] == ["attestation", "verify"]
    assert Path(called[2]).is_absolute()
    assert called[3:] == [
        *("--repo", "ada/bot"),
        *("--signer-workflow", WORKFLOW),
        *("--predicate-type", "https://in-toto.io/attestation/test-result/v0.1"),
        *("--format", "json"),
    ]


def test_case_115_an_attestation_by_another_workflow_is_not_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = attested_request(tmp_path, workflow="ada/bot/.github/workflows/eval.yml")
    only_git(tmp_path / "bin", monkeypatch, a_gh(tmp_path))

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert trusts(said) == ["confirmed"]
    assert said.json["claims"][0]["why_not"] == "it is not signed; gh: no matching attestations"


@pytest.mark.parametrize("path", ["..", '"a\\u0000b"', "-x", "$(touch canary)", "a" * 300])
def test_a_path_that_somebody_typed_names_no_file_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
):
    repository = attested_request(tmp_path)
    elsewhere = "0" * 64  # a record that is not here
    first = a_claim(
        FIRST_STEP,
        Prompt_Path=path,
        Prompt_Blob="change:prompts/reply.md",
        Eval_Record=f"sha256:{elsewhere}",
    )
    _, _, second = a_claim(FIRST_STEP, Prompt_Path=path).partition("\n\n")
    signed(repository, None, BEST, f"{first}\n{second}")
    only_git(tmp_path / "bin", monkeypatch, a_gh(tmp_path, record=elsewhere))

    said = promptgit(repository, "verify", "HEAD~1..HEAD", "--ci", "--json")

    assert said.code == 1
    assert "verified-ci" not in trusts(said)
    assert not (repository.path / "canary").exists()


@pytest.mark.parametrize(
    ("attested", "why"),
    [
        ({"result": "FAILED"}, "the attested result is FAILED"),
        ({"record": "0" * 64}, "the attestation names another record"),
    ],
)
def test_an_attestation_has_to_have_passed_and_to_be_of_this_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attested: dict[str, str], why: str
):
    repository = attested_request(tmp_path)
    only_git(tmp_path / "bin", monkeypatch, a_gh(tmp_path, **attested))

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert trusts(said) == ["confirmed"]
    assert why in said.json["claims"][0]["why_not"]


@pytest.mark.parametrize(
    ("gh", "why"),
    [
        ("", "attestations were not checked: gh, GitHub's program, is not installed"),
        ("#!/bin/sh\necho not json\n", "there is no attestation of it"),
        ("#!/bin/sh\nexit 4\n", "gh: it said no"),
        ("not a program", "attestations were not checked: gh: "),
    ],
)
def test_a_gh_that_is_missing_or_odd_verifies_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gh: str, why: str
):
    repository = attested_request(tmp_path)
    only_git(tmp_path / "bin", monkeypatch, gh)

    said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert trusts(said) == ["confirmed"]
    assert why in said.json["claims"][0]["why_not"]


def test_signatures_of_many_commits_are_asked_for_at_once(tmp_path: Path):
    repository = a_pull_request(tmp_path / "r", {SIGNERS: f"gpg {'A' * 40}\n"})
    for number in range(12):
        text = f"{BETTER}Note {number}.\n"
        signed(repository, None, text, a_claim(FIRST_STEP, Prompt_Blob=repository_blob(text)))

    with programs_started() as for_two:
        promptgit(repository, "verify", "HEAD~2..HEAD", "--ci")
    with programs_started() as for_twelve:
        said = promptgit(repository, "verify", "main..HEAD", "--ci", "--json")

    assert len(said.json["claims"]) == 12
    assert len(for_two) == len(for_twelve)
