"""The GitHub workflows that come with the package, for `promptgit init --github` to write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import promptgit
from promptgit.errors import WorldError

KINDS = {  # who opens pull requests, and which workflows that takes
    "private": ("promptgit.yml", "promptgit-records.yml"),
    "forks": ("promptgit-forks.yml", "promptgit-trusted.yml", "promptgit-records.yml"),
}
FLYWHEEL = "promptgit-flywheel.yml"
FOLDER = ".github/workflows"
GATE = "promptgit-gate"  # the job whose check a repository requires
_PIN = re.compile(r"^(  PROMPTGIT_COMMIT: ).*$", re.MULTILINE)
_CRON = re.compile(r"^(    - cron: ).*$", re.MULTILINE)
_KEY = re.compile(r"^( +)OPENAI_API_KEY: (.*)\n", re.MULTILINE)


def workflows(kind: str, *, commit: str = "", keys: Sequence[str] = ()) -> dict[str, str]:
    """
    Return path → text of the workflows of one kind.

    They install `commit`, or the tag of this version where that is not known, and hand over
    the secrets that `keys` names, or OPENAI_API_KEY.
    """
    folder = _folder()
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in KINDS[kind]}
    return {f"{FOLDER}/{name}": _filled(text, commit, keys) for name, text in texts.items()}


def flywheel_workflow(cron: str, *, commit: str = "") -> dict[str, str]:
    """Return path → text of the workflow that turns the flywheel as `cron` (5 fields, UTC) says."""
    text = (_folder() / FLYWHEEL).read_text(encoding="utf-8")
    timed = _CRON.sub(lambda line: f'{line[1]}"{cron}"', text)
    return {f"{FOLDER}/{FLYWHEEL}": _filled(timed, commit, ())}


def paths() -> set[str]:
    """Where the workflows of every kind are written to."""
    return {f"{FOLDER}/{name}" for names in KINDS.values() for name in names}


def has_gate(text: str) -> bool:
    """
    Say whether a workflow has the job that a repository requires, whatever its file is called.

    >>> has_gate("jobs: {promptgit-gate: {}}"), has_gate("# promptgit-gate"), has_gate("- [")
    (True, False, False)
    """
    import yaml

    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return False
    jobs = found.get("jobs") if isinstance(found, dict) else None
    if not isinstance(jobs, dict):
        return False
    named = (job.get("name") for job in jobs.values() if isinstance(job, dict))
    return GATE in jobs or GATE in named


def _filled(text: str, commit: str, keys: Sequence[str]) -> str:
    if commit:
        text = _PIN.sub(rf"\g<1>{commit}  # what wrote this file", text)
    if not keys:
        return text
    return _KEY.sub(lambda line: "".join(_key(line, name) for name in keys), text)


def _key(line: re.Match[str], name: str) -> str:
    return f"{line[1]}{name}: {line[2].replace('OPENAI_API_KEY', name)}\n"


def _folder() -> Path:
    """Where they are: inside an installed package, or beside `src` in a checkout."""
    package = Path(promptgit.__file__).parent
    for place in (package / "workflows", package.parent.parent / "docs" / "github"):
        if (place / "promptgit.yml").is_file():
            return place
    raise WorldError("the workflows are missing from this installation")
