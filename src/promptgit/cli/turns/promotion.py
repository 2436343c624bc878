"""What a turn proposes of a candidate that is proven better: its next step, on a branch."""

from __future__ import annotations

from promptgit.cli import rollouts
from promptgit.cli.measuring import Measured
from promptgit.cli.turns.improve_stage import branch_name, file_key, free_branch
from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges import plumbing
from promptgit.edges.git import Git
from promptgit.errors import UserError
from promptgit.flywheel.rollout import CANDIDATE, Rollout, promoted
from promptgit.flywheel.rollout_message import Step, step_message, what
from promptgit.report.measure_text import pull_request

BRANCH = "flywheel/promote-{prompt}"


def promotion(turn: Turn, one: Rollout, told: Measured) -> tuple[str, Facts | None]:
    """
    Commit the next step to a branch, with the body of its pull request; nothing is in use by that.

    Returns what is said of it, and the request: None where the branch of an earlier turn still
    waits with this very step, or where no commit can be made.
    """
    assert turn.journal
    assert told.proposal
    git = turn.repository.git
    arm = one.candidate.blob[:10] if one.candidate else ""
    step = "stable" if one.next_step is None else f"{one.next_step:g}"
    name = branch_name(f"{BRANCH}-{arm}-{step}", one.prompt, turn.day)
    path = told.of.path
    after = promoted(one, at=rollouts.now())
    why = f"Proposed by turn {turn.name} of the flywheel: {told.proposal.why}."
    proof = rollouts.proof(path, one.arm(CANDIDATE))
    made = Step("promote", path, one, after, proof.words, why=why)
    tip = _tip(git, name)
    waits = tip and not git.succeeds("merge-base", "--is-ancestor", tip, "HEAD")
    if waits and turn.name not in git.text("log", "-1", "--format=%B", tip):
        return f"branch {name} still waits for review", None
    if not waits:  # else this turn was cut short here
        name = free_branch(git, name)
        try:
            rollouts.Committed.at(git, branch=name).commit(git, made)
        except UserError as error:
            return f"no branch was made for it: {error.message}", None
    return f"on branch {name}", _request(turn, one, told, made, name)


def _tip(git: Git, branch: str) -> str:
    """Where a branch is: here, or else on a remote, for a runner's clone has no branch but one."""
    found = git.text("for-each-ref", "--format=%(objectname)", f"refs/remotes/*/{branch}")
    return plumbing.tip(git, f"refs/heads/{branch}") or found.partition("\n")[0]


def _request(turn: Turn, one: Rollout, told: Measured, step: Step, branch: str) -> Facts:
    """Write body, title and branch as files of the turn, as those of an improvement are."""
    assert turn.journal
    assert told.proposal
    key = f"promote-{file_key(one.prompt)}"
    title = step_message(step).partition("\n")[0]
    merged = f"Merged, this branch gives {what(step)}; `git revert` takes it back."
    body = pull_request(told.found, told.of, told.guards, told.proposal, merged=merged)
    file = turn.journal.write(f"{key}.pull-request.md", body)
    turn.journal.write(f"{key}.title", f"{title}\n")
    turn.journal.write(f"{key}.branch", f"{branch}\n")
    return {"prompt": one.prompt, "branch": branch, "title": title, "body": str(file)}
