"""The stage that drafts cases from failures and searches for a better prompt, on a branch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from promptgit.cli.turns.drafts import commit_drafts, draft
from promptgit.cli.turns.failures import LOOKED_AT, failures
from promptgit.cli.turns.searching import Searched, search
from promptgit.cli.turns.stages import in_use
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.edges.redacting import redactor
from promptgit.flywheel.drafting import Draft, Drafted, performers
from promptgit.improve.performers import Performer

SHOWN_TO_SEARCH = 300  # answers of production: half of them the best, half the worst


def improve(turn: Turn) -> Facts:
    """For each prompt of which a trigger fired: draft cases, and search, on a branch."""
    wanted: dict[str, list[Facts]] = {}
    for one in turn.done["insights"]["fired"]:
        if one["do"] == "improve":
            wanted.setdefault(one["prompt"], []).append(one)
    return {"improvements": [improved(turn, name, fired) for name, fired in wanted.items()]}


def improved(turn: Turn, prompt: str, fired: Sequence[Facts]) -> Facts:
    """
    Improve one prompt; what is decided is in the journal before it is done.

    So a turn that was killed goes on with the same material, the same branch and the same run, and
    pays for nothing twice.
    """
    path = next(one.path for one in in_use(turn) if one.name == prompt)
    key = f"improve.{file_key(prompt)}"
    told: Facts = {"prompt": prompt, "path": path, "reasons": [one["why"] for one in fired]}
    told |= {"triggers": [one["when"] for one in fired]}
    held = turn.noted(key) or _material(turn, prompt, path, fired)
    turn.note(key, held)
    drafted = drafted_of(held["drafts"])
    told |= {"drafts": held["drafts"], "file": held["file"], "is_read": held["is_read"]}
    if turn.journal is None:
        return {**told, "branch": held["branch"], "state": "dry run", "sentence": ""}
    commit = ""
    if drafted.drafts:
        file, _ = _file(turn, path)
        commit = commit_drafts(
            turn.repository,
            path,
            file,
            drafted,
            branch=held["branch"],
            why=". ".join([*told["reasons"], ""]).strip(),
            turn=turn.name,
        )
    material = [Performer(*each) for each in held["performers"]]
    found = _searched(turn, path, held, key, material)
    made = commit or found.commits or drafted.drafts
    return {**told, "branch": held["branch"] if made else "", **found.facts}


def _searched(
    turn: Turn, path: str, held: Facts, key: str, material: Sequence[Performer]
) -> Searched:
    def begun(run: str) -> None:
        turn.note(key, {**held, "run": run})

    return search(
        turn.repository,
        path,
        turn.plan.improve,
        material,
        branch=held["branch"],
        run=held.get("run", ""),
        begun=begun,
        quiet=turn.quiet,
    )


def _material(turn: Turn, prompt: str, path: str, fired: Sequence[Facts]) -> Facts:
    """Choose what is drafted and what the search may learn from."""
    plan = turn.plan.improve
    metrics = list(dict.fromkeys(name for one in fired for name in one["metrics"]))
    bad = failures(
        turn.logs, turn.rulebook, metrics, turn.window, prompt=prompt, most=max(1, plan.cases)
    )
    seen = turn.logs.sample(turn.window, prompt=prompt, limit=LOOKED_AT)
    known = performers(seen, prompt, failing=bad)
    clean = redactor(turn.plan.capture.redact, turn.repository.git.state_dir).text
    file, found = draft(turn.repository, path, prompt, bad, known, redact=clean, most=plan.cases)
    return {
        "branch": free_branch(turn.repository.git, branch_name(plan.branch, prompt, turn.day)),
        "file": file.path,
        "is_read": file.is_read,
        "drafts": asdict(found),
        "performers": [
            [clean(each.input), clean(each.output), each.score] for each in _both_ends(known)
        ],
    }


def _both_ends(known: Sequence[Performer]) -> list[Performer]:
    ranked = sorted(known, key=lambda each: (-each.score, each.input))
    half = SHOWN_TO_SEARCH // 2
    return ranked if len(ranked) <= 2 * half else [*ranked[:half], *ranked[-half:]]


def _file(turn: Turn, path: str) -> Any:
    from promptgit.cli.turns.drafts import case_file_of

    return case_file_of(turn.repository, path)


def drafted_of(held: Mapping[str, Any]) -> Drafted:
    """Read drafts back from the journal."""
    drafts = tuple(Draft(**each) for each in held["drafts"])
    return Drafted(drafts, held["repeated"], held["unfit"], held["failures"])


def branch_name(template: str, prompt: str, day: str) -> str:
    """
    >>> branch_name("flywheel/{prompt}-{date}", "de/support reply", "2026-11-21")
    'flywheel/de-support-reply-2026-11-21'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", prompt).strip("-.") or "prompt"
    return template.replace("{prompt}", plain).replace("{date}", day)


def free_branch(git: Git, name: str) -> str:
    """The name itself, or the first of `name-2`, `name-3`, … that no branch has."""
    number, found = 1, name
    while plumbing.tip(git, f"refs/heads/{found}"):
        number += 1
        found = f"{name}-{number}"
    return found


def file_key(prompt: str) -> str:
    """
    Name a prompt's files in the journal; names of prompts may be anything.

    >>> file_key("Support reply (DE)")
    'support-reply-de-f7f6'
    """
    import hashlib

    plain = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:40]
    return f"{plain or 'prompt'}-{hashlib.sha256(prompt.encode()).hexdigest()[:4]}"
