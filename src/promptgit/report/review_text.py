"""
What a reviewer of a change of prompts reads in a terminal: verdict, words, broken cases.

Broken cases come first and whole: what was asked, both answers, and what the scorers say.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import islice

from promptgit.core.gate import CaseFinding, Flip, GateFinding, PromptFinding, Report, Side
from promptgit.core.invisible import hidden
from promptgit.core.secrets import redact
from promptgit.history.diff import Line
from promptgit.report import check_text
from promptgit.report import gate_words as words
from promptgit.report.attribution_text import by_step
from promptgit.report.check_text import FLIPS, GAP
from promptgit.report.gate_words import LONGEST_SECRET, one_line, uncommanded, visible
from promptgit.report.history_text import Styled
from promptgit.report.text import counted
from promptgit.report.two_columns import LEAST, beside

BROKEN_SHOWN = 10
BRIEFLY_SHOWN = 10  # of the cases that were fixed, and of those without a score
INPUT_SHOWN = 600  # characters of what was asked
OUTPUT_SHOWN = 1_500  # characters of an answer
OUTPUT_LINES = 24
DIFF_LINES = 200
INDENT = 2 * GAP


def lines(report: Report, width: int | None = None, most: int = BROKEN_SHOWN) -> Iterator[Styled]:
    """
    Show a report to a reviewer.

    `width`: the columns of the terminal, None where nobody cuts.  `most`: broken cases shown of
    each prompt.
    """
    report = words.worst_first(report)
    yield from check_text.top(report)
    for place, prompt in enumerate(report.prompts):
        if place or report.notices or report.gate_changed:
            yield ()
        yield from _prompt(prompt, width, most)
    yield ()
    yield from check_text.closing(report)
    yield from _next(report)


def _prompt(prompt: PromptFinding, width: int | None, most: int) -> Iterator[Styled]:
    yield from check_text.heading(prompt)
    for gate in prompt.gates:
        yield from check_text.verdict(gate, prompt, width)
    yield from _section("Steps", [((f"{INDENT}{one_line(line)}", ""),) for line in by_step(prompt)])
    yield from _section("Lint", list(check_text.lint_lines(prompt)))
    yield from _section("Words", list(_words(prompt)))
    shown: set[str] = set()
    for gate in prompt.gates:
        yield from _cases(gate, prompt, shown, width, most)


def _section(title: str, inner: Sequence[Styled]) -> Iterator[Styled]:
    if inner:
        yield ()
        yield ((f"{GAP}{title}", "bold"),)
        yield from inner


def _words(prompt: PromptFinding) -> Iterator[Styled]:
    """The word diff, marked the way `git diff --word-diff` does; what is invisible is named."""
    found = words.text_diff(prompt)
    for line in islice(found, DIFF_LINES):
        yield ((INDENT, ""), *_marked(line))
    more = sum(1 for _ in found)
    if more:
        yield ((f"{INDENT}… and {counted(more, 'more line')}", "dim"),)


def _marked(line: Line | None) -> Iterator[tuple[str, str]]:
    if line is None:
        yield "…", "dim"
        return
    for span in line:
        text = uncommanded(visible(span.text))
        if not text:
            continue
        if span.kind == "removed":
            yield f"[-{text}-]", "red"
        elif span.kind == "added":
            yield f"{{+{text}+}}", "green"
        else:
            yield text, ""


def _cases(
    gate: GateFinding, prompt: PromptFinding, shown: set[str], width: int | None, most: int
) -> Iterator[Styled]:
    """The cases that flipped by these rules, but for those that others have shown."""
    for flip in (Flip.BROKE, Flip.FIXED, Flip.UNSCORED):
        some = [found for found in words.flipped(gate, flip) if found.case.id not in shown]
        if not some:
            continue
        yield from _title(flip, some, words.rules(gate, prompt))
        if flip is not Flip.BROKE:
            yield from _briefly(some)
            continue
        for place, found in enumerate(some[:most]):
            if place:
                yield ()
            yield from _case(found, width)
        if len(some) > most:
            yield from _more(len(some) - most, "--limit-cases or --html shows them")
    shown.update(found.case.id for found in gate.cases if found.flip in FLIPS)


def _title(flip: Flip, some: Sequence[CaseFinding], rules: str) -> Iterator[Styled]:
    by = f" {rules[0].lower()}{rules[1:]}" if rules else ""
    yield ()
    said = f"{GAP}{flip.value.capitalize()}: {counted(len(some), 'case')}{by}"
    yield ((said, f"bold {FLIPS[flip]}"),)


def _more(count: int, where: str) -> Iterator[Styled]:
    yield ((f"{GAP}… and {count:,} more: {where}", "dim"),)


def _case(found: CaseFinding, width: int | None) -> Iterator[Styled]:
    """A case as a whole."""
    yield check_text.case_line(found)
    asked = dict(found.case.inputs)
    if found.case.expected is not None:
        asked["expected"] = found.case.expected
    names = {name: one_line(name, 24) for name in asked}
    size = max((len(name) for name in names.values()), default=0)
    for name, value in asked.items():
        yield from _labelled(names[name], value, size, INPUT_SHOWN)
    if width is not None and width >= LEAST:
        yield from _side_by_side(found, width)
    else:
        for side_name, side in (("base", found.before), ("head", found.after)):
            yield from _labelled(side_name, _output(side), size, OUTPUT_SHOWN)
    yield from _whys(found)


def _labelled(name: str, text: str, size: int, limit: int) -> Iterator[Styled]:
    first, *rest = uncommanded(visible(_cut(text, limit))).split("\n")
    yield ((f"{INDENT}{name:<{size}}{GAP}", "dim"), (first, ""))
    for line in rest:
        yield ((f"{INDENT}{'':<{size}}{GAP}{line}", ""),)


def _side_by_side(found: CaseFinding, width: int) -> Iterator[Styled]:
    before, after = (_cut(_output(side), OUTPUT_SHOWN) for side in (found.before, found.after))
    yield from beside(before, after, width, INDENT)


def _output(side: Side | None) -> str:
    if side is None:
        return "(not run)"
    if side.output:
        return side.output
    return (
        f"(no answer: {one_line(redact(side.failure))})" if side.failure else "(the empty answer)"
    )


def _cut(text: str, limit: int) -> str:
    r"""
    Keep the beginning of a text, in characters and in lines, without secrets.

    >>> _cut("abcdef", 4)
    'abcd… (2 more characters)'
    """
    whole = text.replace("\r\n", "\n").rstrip("\n")
    start = "\n".join(whole[:limit].split("\n")[:OUTPUT_LINES])
    left = len(whole) - len(start)
    if not left:
        return redact(whole)
    kept = redact(whole[: len(start) + LONGEST_SECRET])[: len(start)]
    return f"{kept}… ({counted(left, 'more character')})"


def _whys(found: CaseFinding) -> Iterator[Styled]:
    """What each scorer says of head's answer, and what it gave base's."""
    if not found.after:
        return
    for name, score in found.after.scores.items():
        was = found.before.scores.get(name) if found.before else None
        before, after = words.told_apart(was.value if was else None, score.value)
        why = f"{GAP}{one_line(redact(score.why), 300)}" if score.why else ""
        worse = was is not None and score.value < was.value
        yield (
            (f"{INDENT}{one_line(name, 40)}{GAP}", "bold" if worse else "dim"),
            (f"{before} -> {after}" if was else after, "red" if worse else ""),
            (why, ""),
        )


def _briefly(some: Sequence[CaseFinding]) -> Iterator[Styled]:
    for found in some[:BRIEFLY_SHOWN]:
        yield check_text.case_line(found)
        side = found.before if found.flip is Flip.FIXED else found.after or found.before
        why = (side.failure or (side.why if found.flip is Flip.FIXED else "")) if side else ""
        if why:
            yield (
                (f"{INDENT}{'was' if found.flip is Flip.FIXED else 'why'}{GAP}", "dim"),
                (one_line(redact(why), 200), "dim"),
            )
    if len(some) > BRIEFLY_SHOWN:
        yield from _more(len(some) - BRIEFLY_SHOWN, "--html shows them")


def _next(report: Report) -> Iterator[Styled]:
    """Commands that lead further from here."""
    if not report.prompts:
        return
    between = (
        f"{report.base[:10]} {report.head[:10]}"
        if report.head
        else f"{report.base[:10]} --worktree"
    )
    commands = [(f"promptgit review {between} --html review.html", "every case, in a browser")]
    commands += [(command, "which commit broke it") for command in islice(_bisects(report), 1)]
    yield ()
    for command, what in commands:
        yield ((f"{command}", "bold"), (f"{GAP}{what}", "dim"))


def _bisects(report: Report) -> Iterator[str]:
    for prompt in report.prompts:
        for gate in prompt.gates[:1]:
            for found in words.flipped(gate, Flip.BROKE)[:1]:
                names = (prompt.path, found.case.id)
                if report.head and not any(any(True for _ in hidden(name)) for name in names):
                    path, case = map(shlex.quote, names)
                    ends = f"--good {report.base[:10]} --bad {report.head[:10]}"
                    yield f"promptgit bisect {path} {ends} --case {case}"
