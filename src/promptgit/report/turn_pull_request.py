"""
The body of a turn's pull request: what production said, which cases wait for a person, and last
what `improve` found, with its evidence.

Everything that comes from logs is data: no mark-up, link, mention or tag of it takes effect, and
no line of it can pass for a trailer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from promptgit.flywheel.drafting import Draft, Drafted
from promptgit.report.markdown import inline
from promptgit.report.pull_request import PromptChange, pull_request_body
from promptgit.report.text import printable

SHOWN = 20  # drafts in the table
CHARACTERS = 160  # of a message


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """What one turn proposes for one prompt."""

    path: str  # of the prompt
    turn: str
    since: str
    until: str
    reasons: tuple[str, ...] = ()  # why it was begun: a sentence for each trigger
    drafts: Drafted = field(default_factory=Drafted)
    file: str = ""  # where the drafts are
    is_read: bool = True  # the rows of that file become cases with their review
    searched: str = ""  # how the search ended, if no text was confirmed
    rollout: str = ""  # what is proposed for those who use it
    changes: tuple[PromptChange, ...] = ()

    @property
    def title(self) -> str:
        """The title: one line, of what is in the branch."""
        name = printable(PurePosixPath(self.path).stem, 40)
        count = len(self.drafts.drafts)
        cases = (
            f"{count} case{'s' if count != 1 else ''} from production to review" if count else ""
        )
        better = "a better prompt" if self.changes else ""
        return f"flywheel({name}): {' and '.join(filter(None, (better, cases)))}"


def turn_request_body(found: TurnRequest) -> str:
    """Write the body; where a text was confirmed, its evidence ends it."""
    head = "\n".join(_head(found))
    if not found.changes:
        return f"{head.rstrip()}\n"
    return f"{head.rstrip()}\n\n{pull_request_body(found.changes)}"


def _head(found: TurnRequest) -> Iterator[str]:
    yield "### Why"
    yield ""
    yield f"In the logs from {_day(found.since)} to {_day(found.until)}:"
    yield ""
    yield from (f"* {inline(reason)}" for reason in found.reasons)
    yield ""
    yield from _cases(found)
    if found.searched:
        yield "### The prompt stays as it is"
        yield ""
        yield f"{inline(found.searched)}"
        yield ""
    if found.rollout:
        yield "### Rollout"
        yield ""
        yield found.rollout
        yield ""


def _cases(found: TurnRequest) -> Iterator[str]:
    drafts = found.drafts.drafts
    if not drafts:
        return
    yield "### To review"
    yield ""
    count = len(drafts)
    yield (
        f"{count} case{'s' if count != 1 else ''} drafted from conversations that went wrong"
        f"{_left_out(found.drafts)}. They have the tag `needs-review` and count for nothing: no "
        "search, no sealed half and no gate reads them."
    )
    yield ""
    yield f"1. In `{printable(found.file, 400).replace('`', '')}`, write what a good answer is."
    yield "2. Take the tag `needs-review` off, or delete the row."
    if not found.is_read:
        yield "3. Move the rows to the prompt's cases: this file is only read by people."
    yield ""
    yield "| case | found by | what was asked | proposed answer |"
    yield "|---|---|---|---|"
    yield from map(_row, drafts[:SHOWN])
    if count > SHOWN:
        yield ""
        yield f"… and {count - SHOWN} more."
    yield ""


def _row(draft: Draft) -> str:
    asked = inline(_cut("; ".join(filter(None, draft.inputs.values()))))
    expected = inline(_cut(draft.expected)) if draft.expected else "yours to write"
    return f"| {inline(draft.id)} | {inline(draft.found)} | {asked} | {expected} |"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CHARACTERS else f"{line[:CHARACTERS]}…"


def _left_out(found: Drafted) -> str:
    told = []
    if found.repeated:
        told.append(f"{found.repeated} said what another case says")
    if found.unfit:
        told.append(f"{found.unfit} had no message that makes a case")
    return f" (left out: {', '.join(told)})" if told else ""


def _day(at: str) -> str:
    return at[:10]


def typed(
    branch: str, base: str, title: str, body_file: str, *, remote: str, has_gh: bool
) -> Sequence[str]:
    """
    The commands that open the pull request; nothing is pushed by itself.

    Where there is no remote, those that show the branch and merge it.

    >>> typed("fly/reply", "main", "a title", "body.md", remote="origin", has_gh=False)[0]
    'git push origin fly/reply'
    >>> typed("fly/reply", "main", "a title", "body.md", remote="", has_gh=True)
    ('git diff main...fly/reply  # what it is about: body.md', 'git merge fly/reply  # reviewed')
    """
    from shlex import quote

    if not remote:
        return (
            f"git diff {quote(base)}...{quote(branch)}  # what it is about: {body_file}",
            f"git merge {quote(branch)}  # reviewed",
        )
    push = f"git push {quote(remote)} {quote(branch)}"
    if has_gh:
        return (
            push,
            f"gh pr create --base {quote(base)} --head {quote(branch)} --title {quote(title)} "
            f"--body-file {quote(body_file)}",
        )
    return (push, f"# then open the pull request on your host; its body is in {body_file}")
