"""The stage that proposes a rollout, and writes the bodies of the pull requests."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.cli import past, rollouts
from promptgit.cli.commands.pr_body import prompt_changes
from promptgit.cli.turns.improve_stage import drafted_of, file_key
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges import plumbing
from promptgit.edges.turns import TurnJournal, turn_ids
from promptgit.errors import UserError
from promptgit.flywheel.rollout import Arm, deployed
from promptgit.flywheel.rollout_message import Step, what
from promptgit.improve.improvement import CONFIRMED
from promptgit.report.turn_pull_request import TurnRequest, turn_request_body


def deploy(turn: Turn) -> Facts:
    """
    Propose a first step of the rollout for each confirmed text, on its branch.

    Nothing is promoted: what is proposed takes effect when a person merges the branch.
    """
    requests = []
    for one in turn.done["improve"]["improvements"]:
        if not one["branch"] or turn.journal is None:
            continue
        commit, words = _proposed(turn, one) if one["state"] == CONFIRMED else ("", "")
        requests.append({**_request(turn, one, words), "rollout": words, "commit": commit})
    return {"requests": requests, "waiting": list(_waiting(turn))}


def _waiting(turn: Turn) -> Iterator[Facts]:
    """The newest branch of an earlier turn for each prompt that is not merged and not deleted."""
    git = turn.repository.git
    told: set[str] = set()
    for name in turn_ids(git):
        if name == turn.name:
            continue
        journal = TurnJournal(git, name)
        improvements = (journal.load("improve") or {}).get("improvements", ())
        states = {one["branch"]: one for one in improvements}
        for one in (journal.load("deploy") or {}).get("requests", ()):
            tip, found = plumbing.tip(git, f"refs/heads/{one['branch']}"), states[one["branch"]]
            if not tip or git.succeeds("merge-base", "--is-ancestor", tip, "HEAD"):
                continue
            if one["prompt"] in told:
                continue
            if found["blob"] and git.blob_at("HEAD", found["path"]) == found["blob"]:
                continue  # merged as one commit
            told.add(one["prompt"])
            kept = {key: one[key] for key in ("prompt", "branch", "title", "body")}
            yield {**kept, "turn": name, "state": found["state"]}


def _proposed(turn: Turn, one: Facts) -> tuple[str, str]:
    """Commit the step on the branch; return the commit, empty for none, and what is said of it."""
    git, path, branch = turn.repository.git, one["path"], one["branch"]
    name, target = rollouts.name_of(turn.repository, path), turn.plan.target
    committed = rollouts.Committed.at(git, branch=branch)
    before = committed.rollouts.get(target, name)
    if before is None:
        return "", (
            f"{name} is not rolled out by promptgit in {target}: merging is what puts it there.  "
            f"`promptgit deploy {name}` begins a rollout."
        )
    tip = plumbing.tip(git, f"refs/heads/{branch}")
    arm = Arm(git.blob_at(tip, path) or "", tip)
    if before.candidate and before.candidate.blob == arm.blob:  # this turn was cut short here
        return tip, _merged(Step("deploy", path, None, before), name)
    try:
        after = deployed(before, target, name, arm, percent=None, at=rollouts.now())
    except UserError as error:
        return "", f"No rollout is proposed: {error.message}."
    reasons = ". ".join([*one["reasons"], ""]).strip()
    why = f"Proposed by turn {turn.name} of the flywheel: {reasons}"
    step = Step("deploy", path, before, after, CONFIRMED, why=why)
    return committed.commit(git, step), _merged(step, name)


def _merged(step: Step, name: str) -> str:
    return (
        f"Merged without squashing, this branch gives {what(step)}; a guard that trips takes it "
        f"back, and only a person promotes it: `promptgit promote {name}`."
    )


def _request(turn: Turn, one: Facts, rollout: str) -> Facts:
    """Write body, title and branch as files of the turn, and say where."""
    assert turn.journal
    git, key = turn.repository.git, file_key(one["prompt"])
    with past.here() as here:
        new = git.resolve(f"refs/heads/{one['branch']}")
        old = git.text("merge-base", "HEAD", new)
        changes = tuple(prompt_changes(here, old, new))
    request = TurnRequest(
        path=one["path"],
        turn=turn.name,
        since=turn.window.since,
        until=turn.window.until,
        reasons=tuple(one["reasons"]),
        drafts=drafted_of(one["drafts"]),
        file=one["file"],
        is_read=one["is_read"],
        searched="" if one["state"] == CONFIRMED else one["sentence"],
        rollout=rollout,
        changes=changes,
    )
    body = turn.journal.write(f"{key}.pull-request.md", turn_request_body(request))
    turn.journal.write(f"{key}.title", f"{request.title}\n")
    turn.journal.write(f"{key}.branch", f"{one['branch']}\n")
    return {
        "prompt": one["prompt"],
        "branch": one["branch"],
        "title": request.title,
        "body": str(body),
    }
