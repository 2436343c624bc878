"""
The history of prompts, as a terminal shows it.

Every function yields lines as runs of (text, style), so that a pipe gets the same words without
rich ever being imported.  What commits, cases and models say is data: `clean` takes the control
characters out of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from promptgit.core.revision import Evidence, Revision, WholeRun
from promptgit.history.diff import Flip, Line, Measured
from promptgit.history.finding import Pair
from promptgit.history.log import Change, RawCommit
from promptgit.history.verify import Checked, State

Styled = tuple[tuple[str, str], ...]  # runs of text, each with a rich style or ""

SHORT = 10  # hex digits of an id
FLIPS_SHOWN = 10
OUTPUT_SHOWN = 300  # characters of an output

STYLES = {
    Evidence.VERIFIED_CI: "bold green",
    Evidence.CONFIRMED: "bold green",
    Evidence.SCREENING: "green",
    Evidence.EVALUATED: "",
    Evidence.CLAIMED: "yellow",
    Evidence.STALE: "red",
    Evidence.UNEVALUATED: "dim",
    Evidence.INCOMPLETE: "yellow",
}
VERIFIED = {
    State.OK: "green",
    State.CLAIMED: "yellow",
    State.STALE: "red",
    State.MISMATCH: "bold red",
    State.ALTERED: "bold red",
}
# Control characters, the directions and invisible signs of Unicode, and half surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def plain(line: Styled) -> str:
    return "".join(text for text, _ in line).rstrip()


def clean(text: str, limit: int = 0) -> str:
    """
    Make one line that a terminal shows as it stands, cut to `limit` characters if there is one.

    >>> clean("a\\x1b[31mb\\nc")
    'a [31mb c'
    """
    line = _UNPRINTABLE.sub(" ", text)
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def incomplete(count: int) -> Styled:
    """The honest last line of a history that a shallow clone cuts off."""
    boundary = "one boundary commit" if count == 1 else f"{count} boundary commits"
    said = f"… this clone is shallow ({boundary}): older history is missing; git fetch --unshallow"
    return ((said, "yellow"),)


def date(when: int) -> str:
    """
    The day of a time in seconds since 1970, in UTC.

    >>> date(1795231524)
    '2026-11-21'
    """
    return datetime.fromtimestamp(when, tz=UTC).strftime("%Y-%m-%d")


def change(before: float | None, after: float | None) -> str:
    """
    Say what became of a score; a dash when nobody knows.

    Three digits are what people read, as in every table; a fourth one where it tells two apart.

    >>> change(0.744, 0.812), change(None, 0.5), change(0.5, None)
    ('0.744 -> 0.812', '0.500', '-')
    >>> change(0.5556, 0.5564)
    '0.5556 -> 0.5564'
    """
    if after is None:
        return "-"
    if before is None:
        return f"{after:.3f}"
    digits = 4 if f"{before:.3f}" == f"{after:.3f}" and f"{before:.4f}" != f"{after:.4f}" else 3
    return f"{before:.{digits}f} -> {after:.{digits}f}"


def flips(fixed: int | None, broke: int | None) -> str:
    """
    Count the cases that got better and worse.

    >>> flips(11, 2), flips(None, None)
    ('+11 -2', '')
    """
    return "" if fixed is None or broke is None else f"+{fixed} -{broke}"


def where(half: str, n: int | None) -> str:
    """
    Say which cases a score is from.

    >>> where("sealed", 45), where("", 8), where("all", None), where("", None)
    ('sealed n=45', 'n=8', 'all', '')
    """
    return f"{clean(half)} n={n}".strip() if n is not None else clean(half)


def whole_run(found: WholeRun) -> str:
    """
    Say what confirmed a text together with the steps before it.

    >>> whole_run(WholeRun(0.5, 0.75, "sealed", 45, 11, 2, steps=3))
    'whole run: 0.500 -> 0.750  +11 -2  sealed n=45 (3 steps)'
    """
    parts = (
        f"whole run: {change(found.before, found.score)}",
        flips(found.fixed, found.broke),
        where(found.half, found.n),
    )
    count = f" ({found.steps} step{'s' if found.steps != 1 else ''})" if found.steps else ""
    return "  ".join(part for part in parts if part) + count


def heading(commit: RawCommit) -> Iterator[Styled]:
    """What commit this is, and its whole message, as `git show` begins."""
    yield ((f"commit {commit.id}", "yellow"),)
    yield ((f"Author: {clean(commit.author)}", ""),)
    yield ((f"Date:   {date(commit.when)}", ""),)
    yield ()
    for line in commit.message.strip("\n").split("\n"):
        yield ((f"    {clean(line)}", ""),)


def evidence_lines(revision: Revision) -> Iterator[Styled]:
    """How far the score of one revision can be believed, in a sentence."""
    state = revision.evidence
    yield (
        (f"{clean(revision.path)}: ", "bold"),
        (state.value, STYLES[state]),
        (f" ({MEANING[state]})", "dim"),
    )
    if revision.score is not None:
        name = "score" if revision.before is None else "this step"
        score = change(revision.before, revision.score)
        cases = where(revision.half, revision.n)
        counted = flips(revision.fixed, revision.broke)
        shown = "  ".join(part for part in (f"{name}: {score}", counted, cases) if part)
        yield ((f"  {shown}", ""),)
    if revision.record:
        yield ((f"    record sha256:{revision.record}", "dim"),)
    if revision.takes_back:
        yield ((f"  {TAKES_BACK}", "yellow"),)
    if revision.whole_run:
        yield ((f"  {whole_run(revision.whole_run)}", ""),)
        if revision.whole_run.record:
            yield ((f"    record sha256:{revision.whole_run.record}", "dim"),)
    if revision.problem:
        yield ((f"  ! {clean(revision.problem)}", "bold red"),)


STAYS = "stays where it ran"
TAKES_BACK = "takes back a gain that was confirmed"

MEANING = {
    Evidence.VERIFIED_CI: "somebody on base's list vouches for it",
    Evidence.CONFIRMED: "a record here holds a sealed comparison that this very text won",
    Evidence.SCREENING: "a record here holds its gain on the search cases, not confirmed",
    Evidence.EVALUATED: "a record here holds scores of this very text, which prove no gain",
    Evidence.CLAIMED: "only the commit message says so",
    Evidence.STALE: "the commit message speaks of another text",
    Evidence.UNEVALUATED: "nothing is known about this text",
    Evidence.INCOMPLETE: "the parent is not in this shallow clone",
}


def changed_heading(change: Change) -> Iterator[Styled]:
    """Which prompt a diff is of, under which name before."""
    moved = f"{clean(change.old_path)} -> " if change.old_path else ""
    state = "" if change.before and change.after else " (new)" if change.after else " (deleted)"
    yield ((f"{moved}{clean(change.path)}{state}", "bold"),)


def word_lines(lines: Iterable[Line | None]) -> Iterator[Styled]:
    """Show a word diff the way `git diff --word-diff` marks it."""
    for line in lines:
        if line is None:
            yield (("  …", "dim"),)
            continue
        runs = []
        for span in line:
            text = clean(span.text)
            if not text:
                continue  # the empty line that a deleted text leaves
            if span.kind == "removed":
                runs.append((f"[-{text}-]", "red"))
            elif span.kind == "added":
                runs.append((f"{{+{text}+}}", "green"))
            else:
                runs.append((text, ""))
        yield (("  ", ""), *runs)


def measured_lines(measured: Measured | None) -> Iterator[Styled]:
    """The scores before and after, metric by metric, then the cases that broke and were fixed."""
    if measured is None:
        yield (("no record here holds both texts on the same cases", "dim"),)
        return
    count = f", n={measured.n}" if measured.n is not None else ""
    stage = f"{measured.stage} the other way round" if measured.backwards else measured.stage
    where = f"{clean(measured.cases)} ({measured.half}{count}), {stage}"
    yield ((f"measured on {where}", "dim"),)
    rows = {"score": measured.score, **dict(measured.metrics)}
    width = max(len(name) for name in rows)
    for name, pair in rows.items():
        style = "bold" if name == "score" else ""
        yield (
            (f"  {clean(name):<{width}}  {change(*pair):<14}", style),
            (f"  {_delta(pair)}", sign(pair)),
        )
    yield from _flip_lines("Broke", measured.broke, "red")
    yield from _flip_lines("Fixed", measured.fixed, "green")


def _flip_lines(title: str, shown: Sequence[Flip], style: str) -> Iterator[Styled]:
    if not shown:
        return
    yield ()
    yield ((f"{title}: {len(shown)} {'case' if len(shown) == 1 else 'cases'}", f"bold {style}"),)
    worst = sorted(shown, key=lambda flip: (-abs(flip.after - flip.before), flip.case))
    for flip in worst[:FLIPS_SHOWN]:
        yield ((f"  {clean(flip.case)}  {change(flip.before, flip.after)}", ""),)
        why = flip.why_before if flip.fixed else flip.why_after
        if why:
            yield ((f"    why:    {clean(why, OUTPUT_SHOWN)}", "dim"),)
        for name, output in (("before", flip.output_before), ("after", flip.output_after)):
            if output is not None:
                yield ((f"    {name + ':':<7} {clean(output, OUTPUT_SHOWN)}", ""),)
    if len(shown) > FLIPS_SHOWN:
        yield ((f"  … and {len(shown) - FLIPS_SHOWN} more; --json lists them all", "dim"),)


def verify_lines(checked: Checked) -> Iterator[Styled]:
    yield (
        (f"{checked.state.word:<8}", VERIFIED[checked.state]),
        (f"  {checked.commit[:SHORT]}", "yellow"),
        (f"  {clean(checked.path)}  {clean(checked.subject)}", ""),
    )
    if checked.why:
        yield ((f"          {clean(checked.why)}", "dim"),)


def broken_record(path: str, what: str) -> Styled:
    return (("broken    ", "bold red"), (f"{clean(path)}: {clean(what)}", ""))


def verified(counts: Counter[State]) -> Styled:
    """
    Sum up a verification.

    >>> plain(verified(Counter({State.OK: 2, State.STALE: 1})))
    '3 claims: 2 ok, 1 stale'
    """
    total = sum(counts.values())
    if not total:
        return (("no commit here claims a score", "dim"),)
    said = ", ".join(f"{counts[state]} {state.word}" for state in State if counts[state])
    return ((f"{total} claim{'s' if total != 1 else ''}: {said}", "bold"),)


def _delta(pair: Pair) -> str:
    before, after = pair
    return "" if before is None or after is None else f"{after - before:+.3f}"


def sign(pair: Pair) -> str:
    before, after = pair
    if before is None or after is None or before == after:
        return "dim"
    return "green" if after > before else "red"


def synced(
    remote: str, received: int, runs: int, sent: bool, withheld: int, *, pushed: bool
) -> Iterator[Styled]:
    """What an exchange of records did."""
    commits = f", and the commits of {_runs(runs)}" if runs else ""
    yield ((f"{clean(remote)}: {_records(received)} received{commits}", ""),)
    if runs:
        yield ((f"the story of a run, as `promptgit runs` tells it, {STAYS}", "dim"),)
    if not pushed:
        return
    if not sent:
        yield (("others kept pushing: run it again", "yellow"),)
        return
    but = f", but for {_records(withheld)} with model outputs" if withheld else ""
    yield ((f"{clean(remote)} has all evidence that is here{but}", ""),)


def sync_plan(
    remote: str, refs: Sequence[tuple[str, str, str]], total: int, private: int
) -> Iterator[Styled]:
    """In what two clones differ: (ref, ours, theirs)."""
    for ref, ours, theirs in refs:
        where = "only here" if not theirs else "only there" if not ours else "differs"
        what = f" (the commits of a run; its story {STAYS})" if "/runs/" in ref else ""
        yield ((f"{clean(ref)}: {where}{what}", ""),)
    if not refs:
        yield ((f"{clean(remote)} has the same evidence", ""),)
    yield (
        (
            f"{_records(total)} here, {private} of them with model outputs "
            "(--no-outputs keeps those here)",
            "dim",
        ),
    )


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"
