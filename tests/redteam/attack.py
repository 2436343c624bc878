"""
A malicious pull request against a CI machine that checks it, and what must never come of it.

The machine has secrets: a key, a token, a password in its environment, a file outside the
repository, an ignored `.env` inside.  It has a provider, which sees the key, and somebody listens
who must hear nothing.  `Machine.judges` runs the commands of the shipped workflow on GitHub's
trial merge, which is checked out, and holds whatever came out against the secrets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import PROMPT, SEED, WORDS, Said, clerk, promptgit, sorting_cases
from github.runner import Runner, a_runner
from promptgit.testing.repositories import DATE, Repository, a_repository
from servers.openai_server import Server, serving

EVAL = "prompts/sort.eval.yaml"
CASES = "prompts/sort.csv"
CONFIG = "promptgit.yaml"
SCORER = "prompts/tone.py"
EQUALS = "assert: [equals]\n"
MODEL = "model: m\n"

KEY = "canary-key-5b1f0c77a2"  # of no format that anybody knows
TOKEN = "ghs_canary0TOKEN0canary0TOKEN0canary000"
PASSWORD = "canary password 41"
OUTSIDE = "canary of a file elsewhere"
IGNORED = "canary of an ignored file"
SECRETS = (KEY, TOKEN, PASSWORD, OUTSIDE, IGNORED)
REPORTS = ("report.md", "report.json", "report.html", "report.sarif", "junit.xml", "report.txt")
RED = ("REGRESSION", "INVALID")


def knowing(*labels: str) -> str:
    """The prompt, knowing what the words of these labels mean."""
    told = [f"- {word} means {label}\n" for label in labels for word in WORDS[label]]
    return SEED + "".join(told)


GOOD = knowing("fruit", "tool", "animal")
WORSE = knowing("fruit", "tool")  # a third of the answers is lost
SAME = GOOD.replace("Sort the", "Sort this")  # other words for the same thing


@dataclass(frozen=True)
class Judged:
    """What the machine said of a pull request."""

    code: int
    out: str  # of `check --format github`
    err: str
    reports: Mapping[str, str]

    @property
    def facts(self) -> Any:
        return json.loads(self.reports["report.json"])

    @property
    def verdict(self) -> str:
        """What the pull request is told; the shipped workflow says INVALID without a report."""
        return str(self.facts["verdict"]) if "report.json" in self.reports else "INVALID"

    @property
    def is_red(self) -> bool:
        return self.code not in (0, 5) and self.verdict in RED

    @property
    def prompt(self) -> Any:
        (found,) = self.facts["prompts"]
        return found

    @property
    def says(self) -> str:
        """Every change of the gate that the report tells, a line each."""
        prompts = self.facts["prompts"]
        return "\n".join(change["says"] for found in prompts for change in found["changes"])


@dataclass
class Machine:
    """A CI machine, with a clone of the repository and everything that it must keep to itself."""

    repository: Repository
    folder: Path
    runner: Runner
    provider: Server
    listener: Server  # of the attacker's
    fork: bool = True
    said: list[str] = field(default_factory=list)  # everything that anybody could read

    @property
    def ran(self) -> Path:
        """The file that code of the pull request would make."""
        return self.folder / "canary-ran"

    @property
    def payload(self) -> str:
        """A line of Python that makes it."""
        return f"open({str(self.ran)!r}, 'w').close()\n"

    def base(self, files: Mapping[str, str | bytes]) -> None:
        """Change what holds already."""
        self.repository.commit(files, "base\n")

    @contextmanager
    def pull_request(self) -> Iterator[Repository]:
        """Commit to a branch; afterwards GitHub's trial merge of it is checked out."""
        repository = self.repository
        base = repository.head
        repository.git("switch", "--quiet", "--create", "topic")
        yield repository
        self._opened(base, repository.head)

    def opens(self, files: Mapping[str, str | bytes], *, without: tuple[str, ...] = ()) -> Machine:
        """Open a pull request that writes these files, and deletes others."""
        with self.pull_request() as repository:
            if without:
                repository.git("rm", "--quiet", "-r", "--", *without)
            repository.commit(files)
        return self

    def judges(self, *words: str) -> Judged:
        """Run the shipped workflow's commands; fail the test if anything leaked, or ran."""
        for name in REPORTS:
            (self.folder / name).unlink(missing_ok=True)
        asked = [word for name in REPORTS for word in ("--report", str(self.folder / name))]
        checked = self.types("check", "--format", "github", *asked, *words)
        reports = {
            name: (self.folder / name).read_text(encoding="utf-8")
            for name in REPORTS
            if (self.folder / name).exists()
        }
        if reports:
            self.types("github", "output", str(self.folder / "report.json"))
            self.types("github", "summary", str(self.folder / "report.md"))
        self.said += reports.values()
        self.check_nothing_came_of_it()
        return Judged(checked.code, checked.out, checked.err, reports)

    def types(self, *words: str) -> Said:
        """Run one command as a step; remember what it said."""
        said = promptgit(self.repository, *words)
        self.said += [said.out, said.err]
        return said

    def check_nothing_came_of_it(self) -> None:
        """No secret in anything that can be read, no code run, no call but to the provider."""
        everything = {
            "a report or a log": "\n".join(self.said).encode(),
            "the summary": self.runner.summary.encode(),
            "the outputs": (self.runner.folder / "output").read_bytes(),
            "a Git object": self._objects(),
            "the cache": b"".join(file.read_bytes() for file in self._state_files()),
            "a request": b"".join(seen.raw for seen in self.provider.seen),
        }
        leaks = [
            f"{secret!r} in {where}"
            for where, data in everything.items()
            for secret in SECRETS
            if secret.encode() in data
        ]
        assert leaks == []
        assert not self.ran.exists(), "code of the pull request ran"
        assert self.listener.connections == 0, "the attacker was called"
        assert all(seen.headers["authorization"] == f"Bearer {KEY}" for seen in self.provider.seen)

    def _opened(self, base: str, head: str) -> None:
        repository = self.repository
        dates = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
        merge = repository.git(
            *("commit-tree", f"{head}^{{tree}}", "-p", base, "-p", head, "-m", "merge"),
            environment=dates,
        )
        repository.git("checkout", "--quiet", "--force", "--detach", merge)
        request = {
            "number": 7,
            "title": "$(touch canary-ran) `touch canary-ran` ${{ secrets.KEY }}\n::error::owned",
            "base": {"sha": base, "ref": "main", "repo": {"id": 1}},
            "head": {"sha": head, "ref": "x;touch${IFS}canary-ran", "repo": {"id": 2}},
        }
        event = {"pull_request": request, "repository": {"default_branch": "main"}}
        (self.runner.folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
        os.environ["GITHUB_SHA"] = merge

    def _objects(self) -> bytes:
        repository = self.repository
        names = repository.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        done = repository.git("cat-file", "--batch", stdin=names + "\n")
        return done.encode("utf-8", "surrogateescape")

    def _state_files(self) -> list[Path]:
        state = self.repository.path / ".git" / "promptgit"
        return [file for file in state.rglob("*") if file.is_file()]


@contextmanager
def a_machine(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    reply: Callable[[dict[str, Any]], Any] = clerk,
    files: Mapping[str, str | bytes] | None = None,
    **options: Any,
) -> Iterator[Machine]:
    """Set up the machine; `files` come over those of a sound repository, `None` takes one out."""
    (folder / "home").mkdir(parents=True)
    (folder / "secret.txt").write_text(f"{OUTSIDE}\n", encoding="utf-8")
    sound = {
        PROMPT: GOOD,
        CASES: sorting_cases(20),
        EVAL: EQUALS,
        CONFIG: MODEL,
        ".gitignore": ".env\n",
    }
    repository = a_repository(folder / "clone", {**sound, **(files or {})})
    repository.write({".env": f"NOTE={IGNORED}\n"})
    runner = a_runner(folder / "runner", "pull_request", {})
    with serving(reply=reply, **options) as provider, serving() as listener:
        secret = {
            "OPENAI_API_KEY": KEY,
            "GITHUB_TOKEN": TOKEN,
            "DATABASE_PASSWORD": PASSWORD,
        }
        usual = {"CI": "true", "HOME": str(folder / "home"), "OPENAI_BASE_URL": provider.base_url}
        for name, value in {**runner.variables, **secret, **usual}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        yield Machine(repository, folder, runner, provider, listener)
