"""
The history of a prompt as `log` lists it and `revert` quotes it: a revision in a line, or in two.

A pipe gets one line for each revision, whole.  A terminal gets what fits: beside the facts where
there is room for words, else the subject in a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promptgit.core.revision import Evidence, Revision
from promptgit.history.blame import Blamed
from promptgit.history.revert import Reversal
from promptgit.report.history_text import (
    SHORT,
    STYLES,
    TAKES_BACK,
    Styled,
    change,
    clean,
    date,
    flips,
    sign,
    where,
    whole_run,
)

ROOM = 30  # columns that a subject needs beside the facts
GAP = "  "
USUAL = max(len(state) for state in Evidence if state is not Evidence.INCOMPLETE)
APART = " *"  # behind the cases of a row that makes no trend with the one above it
LEGEND = "* other cases, suite or model than the row above: the two scores make no trend"
DROPPED_FIRST = ("date", "where", "flips")  # where a terminal is too narrow for all facts


@dataclass(frozen=True)
class Layout:
    """How lines are laid out: for a pipe by default, with columns that fit every state."""

    width: int | None = None  # columns of the terminal; None: nobody cuts
    evidence: int = USUAL  # columns of the evidence state
    with_path: bool = False

    @classmethod
    def of(cls, revisions: Iterable[Revision], width: int | None = None) -> Layout:
        """Lay out revisions that are all known beforehand."""
        return cls(width, max((USUAL, *(len(one.evidence) for one in revisions))))


PIPE = Layout()


def history_lines(revisions: Iterable[Revision], layout: Layout = PIPE) -> Iterator[Styled]:
    """Tell of revisions, newest first, and mark those that make no trend with the one above."""
    above: dict[str, Revision] = {}  # the last one with a score, of each prompt
    marked = False
    for revision in revisions:
        prompt = revision.path if layout.with_path else ""  # one prompt may have been renamed
        apart = revision.score is not None and prompt in above and _apart(revision, above[prompt])
        yield from log_lines(revision, layout, apart=apart)
        if revision.score is not None:
            above[prompt] = revision
        marked = marked or apart
    if marked:
        yield ((LEGEND, "dim"),)


def _apart(one: Revision, other: Revision) -> bool:
    """Say whether the scores of two rows are of other cases, or by another suite or model."""
    known = bool(one.terms and other.terms)
    return (one.half, one.n) != (other.half, other.n) or (known and one.terms != other.terms)


def log_lines(
    revision: Revision, layout: Layout = PIPE, *, apart: bool = False
) -> Iterator[Styled]:
    """Tell of a revision; of a squash, or a broken record, there is more to tell."""
    facts = _facts(revision, layout)
    facts["where"] = (_marked(facts["where"][0], apart=apart), "dim")
    subject = _subject(revision, layout)
    taken = _columns(facts) + len(GAP)
    wanted = ROOM + sum(len(text) for text, _ in subject[:-1])
    if layout.width is None or taken + wanted <= layout.width:
        room = layout.width - taken if layout.width else 0
        yield (*_beside(facts), (GAP, ""), *_cut(subject, room))
        indent = " " * (SHORT + 14)
    else:
        yield _beside(_fitting(facts, revision, layout.width, apart=apart))
        yield ((GAP, ""), *_cut(subject, layout.width - len(GAP)))
        indent = 2 * GAP
    if revision.takes_back:
        yield ((indent, ""), (TAKES_BACK, "dim"))
    if revision.whole_run:
        yield ((indent, ""), (whole_run(revision.whole_run), "dim"))
    for step in revision.steps:
        said = f"{change(step.before, step.after)} (as the message says)"
        yield ((indent, ""), (f"step {step.blob[:SHORT]}  ", "dim"), (said, "dim"))
    if revision.problem:
        yield ((indent, ""), (f"! {clean(revision.problem)}", "bold red"))


Facts = dict[str, tuple[str, str]]  # column → text, padded, and its style


def _marked(cases: str, *, apart: bool) -> str:
    """Put the mark behind the words, in a column that has room for it."""
    return f"{cases.rstrip() + (APART if apart else ''):<{len(cases) + len(APART)}}"


def _facts(revision: Revision, layout: Layout) -> Facts:
    state = revision.evidence
    return {
        "commit": (revision.commit[:SHORT], "yellow"),
        "date": (date(revision.when), "dim"),
        "evidence": (f"{state.value:<{layout.evidence}}", STYLES[state]),
        "score": (
            f"{change(revision.before, revision.score):<14}",
            sign((revision.before, revision.score)),
        ),
        "flips": (f"{flips(revision.fixed, revision.broke):<8}", ""),
        "where": (f"{where(revision.half, revision.n):<12}", "dim"),
    }


def _fitting(facts: Facts, revision: Revision, width: int, *, apart: bool = False) -> Facts:
    """
    Leave columns out until the others fit; the last to be shortened is the score.

    Where the cases go, their mark goes to the end of the line.
    """
    kept = dict(facts)
    mark = APART if apart else ""
    for name in DROPPED_FIRST:
        if _columns(kept) + (0 if "where" in kept else len(mark)) <= width:
            break
        kept.pop(name, None)
    if _columns(kept) + (0 if "where" in kept else len(mark)) > width:
        kept["score"] = (change(None, revision.score), kept["score"][1])
    if mark and "where" not in kept:
        name = list(kept)[-1]
        kept[name] = (kept[name][0] + mark, kept[name][1])
    return kept


def _columns(facts: Facts) -> int:
    return sum(len(text) for text, _ in facts.values()) + len(GAP) * (len(facts) - 1)


def _beside(facts: Facts) -> Styled:
    first, *others = facts.values()
    return (first, *((f"{GAP}{text}", style) for text, style in others))


def _subject(revision: Revision, layout: Layout) -> Styled:
    path = ((f"{clean(revision.path)}{GAP}", "cyan"),) if layout.with_path else ()
    gone = "" if revision.blob else f"deleted{GAP}"
    return (*path, (f"{gone}{clean(revision.subject)}", ""))


def _cut(line: Styled, room: int) -> Styled:
    """Cut a line to so many characters; 0 leaves it as it is."""
    if not room or sum(len(text) for text, _ in line) <= room:
        return line
    cut, left = [], room - 1
    for text, style in line:
        cut.append((text[:left], style))
        left = max(0, left - len(text))
    return (*cut, ("…", ""))


def blame_line(blamed: Blamed, digits: int, layout: Layout = PIPE) -> Styled:
    """A line of the prompt with the commit that wrote it and what that bought."""
    facts = _facts(blamed.revision, layout)
    del facts["date"]
    if layout.width is not None:
        facts = _fitting(facts, blamed.revision, layout.width - digits - 2 * ROOM)
    number = f"{GAP}{blamed.line.number:>{digits}}{GAP}"
    return (*_beside(facts), (number, "dim"), (clean(blamed.line.text), ""))


def blame_notes(found: Iterable[Blamed]) -> Iterator[Styled]:
    """What `log` has in a second line: how commits were confirmed, and what they gave up."""
    seen = {one.revision.commit: one.revision for one in found}
    noted = [one for one in seen.values() if one.whole_run or one.takes_back]
    if noted:
        yield ()
    for revision in noted:
        commit = (revision.commit[:SHORT], "yellow")
        if revision.takes_back:
            yield (commit, (f"{GAP}{TAKES_BACK}", "dim"))
        if revision.whole_run:
            yield (commit, (f"{GAP}{whole_run(revision.whole_run)}", "dim"))


def reversal_lines(
    reversal: Reversal, message: str, diff: str, commit: str | None
) -> Iterator[Styled]:
    """What a revert commits, or would commit."""
    for line in message.rstrip("\n").split("\n"):
        yield ((f"    {clean(line)}", ""),)
    yield ()
    for line in diff.rstrip("\n").split("\n"):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        yield ((clean(line), style),)
    yield ()
    yield from dropped_lines(reversal.drops)
    known = reversal.known
    if known and known.score is not None:
        score = change(reversal.score_now, known.score)
        said = f"the score that comes back: {score}  {where(known.half, known.n)}"
        yield ((said.rstrip(), "bold"),)
    else:
        said = f"nobody has scored this text: promptgit eval {clean(reversal.path)}"
        yield ((said, "yellow"),)
    if commit is None:
        yield (("dry run: nothing was committed", "dim"),)
    else:
        yield ((f"committed {commit[:SHORT]}", "bold"),)


def dropped_lines(drops: Sequence[Revision]) -> Iterator[Styled]:
    """What going back costs: the later changes that go too."""
    if not drops:
        return
    yield ((f"{len(drops)} later change{'s go' if len(drops) != 1 else ' goes'} too:", "yellow"),)
    yield from history_lines(drops, Layout.of(drops))
