"""Pull requests whose names and whose model's words are commands to whoever prints them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cli.terminal import PROMPT, clerk
from promptgit.core.secrets import redact
from redteam.attack import CASES, EQUALS, EVAL, GOOD, KEY, SAME, WORSE, a_machine
from servers.openai_server import Seen

COMMANDS = (
    "\n::error::owned\n::add-mask::a\n  ::set-output name=x::y\n##[error]owned\n"
    "::stop-commands::x\n"
)
MARKUP = (
    "@octo/admins <script>alert(1)</script> ![x](http://evil.test/x.png) <!-- promptgit:check -->"
    "\n```\n# Approved\n</testcase>]]>"
)
TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eowned\r\b"
COMMAND = re.compile(r"^\s*::[a-z-]+.*::|##\[", re.MULTILINE)
OURS = re.compile(r"^::(error|warning|notice) file=[^:]*title=promptgit[^:]*::.*$", re.MULTILINE)


def no_command_in(text: str) -> bool:
    """Say whether a runner that prints this is told nothing but our annotations."""
    return not COMMAND.search(OURS.sub("", text))


def outside_fences(markdown: str) -> str:
    """What is left without the code blocks, in which nothing takes effect."""
    return re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", markdown)


@pytest.mark.parametrize("words", [COMMANDS, MARKUP, TERMINAL, "x" * 2_000_000])
def test_the_model_says_what_must_not_be_obeyed(tmp_path, monkeypatch, words):
    def owned(body: dict[str, Any]) -> str:
        said = clerk(body)
        return words if said == "unknown" else said

    with a_machine(tmp_path, monkeypatch, reply=owned) as machine:
        judged = machine.opens({PROMPT: WORSE}).judges()
        shown = machine.types("review")

        assert judged.verdict == "REGRESSION"
        assert no_command_in(judged.out + judged.err + shown.out + shown.err)
        summary = outside_fences(machine.runner.summary)
        assert not [
            mark for mark in ("@octo", "<script", "![x](", "<!-- prompt") if mark in summary
        ]
        assert not re.search("[\x1b\x07\x9b\u202e]", summary + shown.out + judged.out)
        assert judged.reports["report.html"].count("<script") == len(
            re.findall("</script>", judged.reports["report.html"])
        )
        assert len(machine.runner.summary.encode()) < 1 << 20


NAMES = (
    "prompts/$(touch canary-ran).md",
    "prompts/`touch canary-ran`.md",
    "prompts/a\n::error::owned.md",
    "prompts/a\n::add-mask::sort\nb.md",
    "prompts/--output=canary-ran.md",
    "prompts/<!-- promptgit:check -->.md",
    "prompts/;touch canary-ran;.md",
    "prompts/${{ secrets.KEY }}.md",
    "prompts/a\x1b[2Jb.md",
    "prompts/@octo ##[error]owned.md",
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
def test_a_file_has_a_dangerous_name(machine, name, broken):
    cases = (machine.repository.path / CASES).read_text()
    stem = name.removesuffix(".md")
    machine.base({name: GOOD, f"{stem}.csv": cases, f"{stem}.eval.yaml": EQUALS})
    files = {name: WORSE.encode() + (b"\xff" if broken else b"")}

    judged = machine.opens({**files, f"{stem}.eval.yaml": f"{EQUALS}tags: [x]\n" * broken}).judges()
    told = [machine.types(*words) for words in (["github", "event"], ["lint"], ["review"], ["log"])]

    assert judged.is_red
    assert not (machine.repository.path / "canary-ran").exists()
    said = [judged.out, judged.err, *(words for one in told for words in (one.out, one.err))]
    assert [words for words in said if not no_command_in(words)] == []


@pytest.mark.parametrize(
    "revision",
    ["--output=canary-ran", "-O", "--exec=touch canary-ran", "@{u}", ":/x", "$(touch x)"],
)
def test_a_commit_is_called_like_an_option(machine, revision):
    machine.opens({PROMPT: WORSE})

    for words in (
        ["check", "--", revision],
        ["review", "--", revision],
        ["check", "--", "HEAD", revision],
    ):
        assert machine.types(*words).code not in (0, 1, 4)

    assert not list(machine.repository.path.glob("*canary-ran*"))
    machine.check_nothing_came_of_it()


def test_a_branch_is_called_like_a_command(machine):
    machine.opens({PROMPT: WORSE})
    name = "x$(touch${IFS}canary-ran)`touch${IFS}canary-ran`;echo"
    machine.repository.git("branch", name, "HEAD^2")

    judged = machine.judges("HEAD^1", name)

    assert judged.verdict == "REGRESSION"
    assert not (machine.repository.path / "canary-ran").exists()


@pytest.mark.parametrize("fault", ["401", "400", "403"])
def test_the_provider_echoes_the_key(tmp_path, monkeypatch, fault):
    with a_machine(tmp_path, monkeypatch, faults=lambda _n, _seen: fault) as machine:
        machine.opens({PROMPT: WORSE})

        assert machine.judges("--", "HEAD^1", "HEAD").is_red
        machine.types("-v", "check")
        machine.check_nothing_came_of_it()


def test_the_model_says_the_key(tmp_path, monkeypatch):
    with a_machine(tmp_path, monkeypatch, reply=lambda body: f"{clerk(body)} {KEY}") as machine:
        machine.opens({PROMPT: WORSE}).judges()
        machine.types("review")
        machine.check_nothing_came_of_it()


def test_a_gateway_cuts_its_error_in_the_middle_of_the_key(tmp_path, monkeypatch):
    from servers import answers

    status, _, kind, code = answers.ERRORS["400"]
    padded = "x" * (300 - len(KEY) // 2) + "{key}"
    monkeypatch.setitem(answers.ERRORS, "400", (status, padded, kind, code))

    with a_machine(tmp_path, monkeypatch, faults=lambda _n, _seen: "400") as machine:
        machine.opens({PROMPT: WORSE}).judges()

        assert KEY[: len(KEY) // 2] not in "\n".join(machine.said)


def test_a_prompt_with_a_secret_comes_back_in_an_error(tmp_path, monkeypatch):
    secret = "sk-proj-" + "4f9a8b7c6d5e4f3a2b1c"

    def quoting(_number: int, seen: Seen) -> str:
        return "400" if secret.encode() in seen.raw else ""

    with a_machine(tmp_path, monkeypatch, faults=quoting) as machine:
        judged = machine.opens({PROMPT: SAME + f"Use {secret}.\n"}).judges()

        assert judged.is_red
        assert redact(secret) != secret
        assert secret not in judged.out + judged.err + machine.runner.summary


def test_an_eval_file_with_a_command_for_a_value(machine):
    eval_file = EQUALS + 'must_pass: ["x\\n::add-mask::a"]\n'

    judged = machine.opens({PROMPT: WORSE, EVAL: eval_file}).judges()

    assert judged.is_red
    assert no_command_in(judged.out + judged.err)
