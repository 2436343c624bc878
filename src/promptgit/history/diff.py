"""What changed between two texts of a prompt: words, metrics, and the cases that flipped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from promptgit.core.record import Record
from promptgit.errors import PromptgitError
from promptgit.history.choice import breadth
from promptgit.history.evidence import Archive
from promptgit.history.finding import PART, Finding, Pair, entry, number, text

Kind = Literal["same", "removed", "added"]
Line = tuple["Span", ...]
Opcode = tuple[str, int, int, int, int]

CONTEXT = 2  # lines shown around a change
MAX_PRODUCT = 4_000_000  # words before times words after: beyond it whole lines are compared
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text that stayed, went or came."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose score changed, with what was answered before and after if a record kept it."""

    case: str
    before: float
    after: float
    output_before: str | None = None  # None: the record does not hold it
    output_after: str | None = None
    why_before: str = ""
    why_after: str = ""

    @property
    def fixed(self) -> bool:
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Measured:
    """Two texts' scores under the same terms, and where they come from."""

    score: Pair
    n: int | None
    metrics: Mapping[str, Pair]
    flips: tuple[Flip, ...]
    cases: str  # what the cases are called
    half: str  # search, sealed or all
    stage: str  # of the comparison; evaluations when two evaluations were put side by side
    records: tuple[str, ...]  # digests
    backwards: bool = False  # the comparison was of the step back: from after to before

    @property
    def broke(self) -> tuple[Flip, ...]:
        return tuple(flip for flip in self.flips if not flip.fixed)

    @property
    def fixed(self) -> tuple[Flip, ...]:
        return tuple(flip for flip in self.flips if flip.fixed)


def word_diff(before: str, after: str, context: int | None = CONTEXT) -> Iterator[Line | None]:
    """
    Show `after` with what it replaced: whole lines where little is shared, else words.

    Yields lines as runs of spans, and None where unchanged lines are left out; with `context`
    None nothing is.

    >>> [[(span.kind, span.text) for span in line] for line in word_diff("Be kind.", "Be brief.")]
    [[('same', 'Be '), ('removed', 'kind'), ('added', 'brief'), ('same', '.')]]
    """
    old, new = lines_of(before), lines_of(after)
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    groups: Iterable[Sequence[Opcode]] = [matcher.get_opcodes()]
    if context is not None:
        groups = matcher.get_grouped_opcodes(context)
    for place, group in enumerate(groups):
        if place or group[0][1] > 0 or group[0][3] > 0:
            yield None
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (_whole("same", line) for line in new[j1:j2])
            else:
                yield from _changed(old[i1:i2], new[j1:j2])


def lines_of(content: str) -> list[str]:
    r"""
    Cut a text at its line feeds alone, as Git does.

    >>> lines_of("one\u2028still one\r\ntwo\n")
    ['one\u2028still one', 'two']
    """
    return [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]


def _whole(kind: Kind, line: str) -> Line:
    return (Span(kind, line),)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    before, after = _WORD.findall("\n".join(old)), _WORD.findall("\n".join(new))
    too_long = len(before) * len(after) > MAX_PRODUCT
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    if not old or not new or too_long or matcher.ratio() < 0.4:
        yield from (_whole("removed", line) for line in old)
        yield from (_whole("added", line) for line in new)
        return
    spans: list[Span] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            spans.append(Span("same", "".join(after[j1:j2])))
            continue
        if i2 > i1:
            spans.append(Span("removed", "".join(before[i1:i2])))
        if j2 > j1:
            spans.append(Span("added", "".join(after[j1:j2])))
    yield from _cut(spans)


def _cut(spans: Sequence[Span]) -> Iterator[Line]:
    """Cut spans at line feeds; a removed line feed does not break what is left of the line."""
    line: list[Span] = []
    for span in spans:
        first, *rest = span.text.split("\n")
        line.append(Span(span.kind, first))
        for part in rest:
            yield tuple(one for one in line if one.text)
            line = [Span(span.kind, part)]
    yield tuple(one for one in line if one.text)


def measure(
    archive: Archive, before: Sequence[Finding], after: Sequence[Finding]
) -> Measured | None:
    """
    Put two texts side by side where records let us: one comparison of both, or two evaluations
    on the same cases, by the same suite and model.  None when there is neither.

    As in `history.choice`: a confirmation first, then what saw the most cases.
    """
    blobs = {_blob(one) for one in before} - {""}
    compared = sorted((one for one in after if one.was in blobs), key=breadth)
    proof = next((one for one in compared if one.confirmed or one.takes_back), None)
    if proof:
        return by_comparison(archive, proof)
    pairs = sorted(
        ((one, other) for one in after for other in before if _alike(one, other)),
        key=lambda pair: breadth(pair[0]),
    )
    if compared and not (pairs and breadth(pairs[0][0]) < breadth(compared[0])):
        return by_comparison(archive, compared[0])
    return _from_evaluations(pairs[0][1], pairs[0][0]) if pairs else None


def _alike(one: Finding, other: Finding) -> bool:
    both = one.stage == other.stage == "evaluation"
    return both and one.terms == other.terms and one.half != PART


def _blob(one: Finding) -> str:
    side = "baseline" if one.stage == "baseline" else "prompt"
    return text(entry(one.record.body, side), "blob")


def by_comparison(archive: Archive, one: Finding) -> Measured:
    """Lay out one comparison, with the outputs of its evaluations where they were kept."""
    body = one.record.body
    names = [name for name in body.get("evaluations", ()) if isinstance(name, str)]
    sides = [_kept(archive, name) for name in names]
    sides = sides if len(sides) == 2 else [None, None]
    old, new = reversed(sides) if one.stage == "baseline" else sides
    rows_before, rows_after = _rows(old), _rows(new)
    flips = []
    for flip in entry(body, "verdict").get("flips", ()):
        was, now = number(flip.get("before")), number(flip.get("after"))
        if was is None or now is None:
            continue
        if one.stage == "baseline":
            was, now = now, was
        flips.append(_flip(text(flip, "case"), was, now, rows_before, rows_after))
    return Measured(
        score=(one.before, one.score),
        n=one.n,
        metrics=one.metrics,
        flips=tuple(flips),
        cases=text(entry(body, "cases"), "name"),
        half=text(body, "half"),
        stage=text(body, "stage") if one.stage == "baseline" else one.stage,
        records=(one.digest, *names),
        backwards=one.stage == "baseline",
    )


def _from_evaluations(old: Finding, new: Finding) -> Measured:
    rows_before, rows_after = _rows(old.record), _rows(new.record)
    scores_before, scores_after = _scores(rows_before), _scores(rows_after)
    flips = tuple(
        _flip(case, scores_before[case], score, rows_before, rows_after)
        for case, score in scores_after.items()
        if case in scores_before and scores_before[case] != score
    )
    return Measured(
        score=(old.score, new.score),
        n=new.n,
        metrics={
            name: (old.metrics[name][1] if name in old.metrics else None, mean)
            for name, (_, mean) in new.metrics.items()
        },
        flips=flips,
        cases=text(entry(new.record.body, "cases"), "name"),
        half=text(new.record.body, "half"),
        stage="evaluations",
        records=(old.digest, new.digest),
    )


def _kept(archive: Archive, digest: str) -> Record | None:
    try:
        return archive.get(digest)
    except PromptgitError:
        return None  # its numbers are in the comparison; only the outputs are missing


Rows = dict[str, list[Mapping[str, Any]]]


def _rows(record: Record | None) -> Rows:
    rows: Rows = {}
    for row in record.body.get("results", ()) if record else ():
        if isinstance(row, Mapping):
            rows.setdefault(str(row.get("case")), []).append(row)
    return rows


def _scores(rows: Rows) -> dict[str, float]:
    """Score by case, the mean over its repeats; unscored cases are absent."""
    found = {}
    for case, repeats in rows.items():
        scores = [score for row in repeats if (score := number(row.get("score"))) is not None]
        if scores:
            found[case] = sum(scores) / len(scores)
    return found


def _flip(case: str, before: float, after: float, old: Rows, new: Rows) -> Flip:
    was, now = (old.get(case) or [{}])[0], (new.get(case) or [{}])[0]
    return Flip(case, before, after, _output(was), _output(now), _why(was), _why(now))


def _output(row: Mapping[str, Any]) -> str | None:
    found = row.get("output")
    return found if isinstance(found, str) else None


def _why(row: Mapping[str, Any]) -> str:
    """Why the case lost points, by metric."""
    lost = [
        f"{name}: {text(score, 'why')}"
        for name, score in entry(row, "scores").items()
        if isinstance(score, Mapping) and (number(score.get("value")) or 0) < 1
    ]
    return "; ".join(lost)
