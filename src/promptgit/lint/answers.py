"""Rules on the cases of a prompt, and on what its eval file says of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from posixpath import splitext
from typing import TYPE_CHECKING

from promptgit.core.quote import quoted
from promptgit.lint.finding import Mark, Place, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Numbered, Subject

if TYPE_CHECKING:
    from promptgit.core.passages import Copy

MARKED = 5  # repeated cases in one file; the first of them says how many there are
COPIED_WORDS = 8  # in a row, as the guard of `improve` holds it too


def unreadable_cases(subject: Subject) -> Iterator[Mark]:
    """
    The case file of the prompt cannot be read, or it contradicts the eval file.

    `eval`, `improve` and `check` would stop at it.  The rules that need the cases are not checked.
    """
    trouble = subject.asked.trouble
    if trouble:
        yield Mark(trouble.message, hint=trouble.hint, place=trouble.place)


def duplicate_case_id(subject: Subject) -> Iterator[Mark]:
    """
    Two cases have one id.

    Scores, flips and the split into halves go by the id, so every command refuses the file.
    """
    asked = subject.asked
    first: dict[str, int] = {}
    for row in asked.cases:
        if row.case.id in first:
            yield Mark(
                f"the case id {quoted(row.case.id)} is also on line {first[row.case.id]}",
                hint="give each case an id of its own, or drop the id column",
                place=Place(asked.case_file, row.line),
            )
        first.setdefault(row.case.id, row.line)


def repeated_case(subject: Subject) -> Iterator[Mark]:
    """
    A case asks what another one asks, and wants the same answer.

    It gets the same answer and the same score, so it tells nothing new: every command counts the
    two as one where it says how sure a result is, and `improve` proves nothing with the second.
    Delete it; a case that matters more than others has a `weight`.
    """
    asked = subject.asked
    first: dict[Hashable, Numbered] = {}
    found: list[tuple[Numbered, Numbered]] = []
    for row in asked.cases:
        earlier = first.setdefault(row.case.content, row)
        if earlier is not row and row.case.inputs and row.case.id != earlier.case.id:
            found.append((row, earlier))
    for row, earlier in found[:MARKED]:
        rest = f"; {len(found)} cases here repeat another one" if len(found) > 1 else ""
        yield Mark(
            f"the case {quoted(row.case.id)} says the same as {quoted(earlier.case.id)} on line "
            f"{earlier.line}{rest}",
            hint="delete one of them; to count it more, give it a `weight`",
            place=Place(asked.case_file, row.line),
        )


def case_in_prompt(subject: Subject) -> Iterator[Mark]:
    """
    The prompt says what a case says: its expected answer, or eight words in a row of it.

    The score of that case then measures copying, and the answer to no other message.  What the
    expected answers of three cases or more share is the house's manner, and no finding.  Take the
    passage out, or the case, if the prompt needs it as an example.
    """
    if not subject.asked.cases:
        return
    from promptgit.core.passages import copies, places, words

    text = subject.said
    cases = [row.case for row in subject.asked.cases]
    longest: dict[str, Copy] = {}  # by case: one passage of each is enough
    for copy in copies([words(text)], (), cases, COPIED_WORDS):
        if len(copy.words) > _length(longest.get(copy.case.id)):
            longest[copy.case.id] = copy
    found = list(longest.values())
    where = places([copy.words for copy in found], text)
    for copy, (start, stop) in zip(found, where, strict=True):
        what = "the expected answer" if copy.is_answer else "the words"
        yield Mark(
            f"this copies {what} of case {quoted(copy.case.id)}: {quoted(' '.join(copy.words))}",
            start,
            stop,
            hint="take the passage out of the prompt, or the case out of the cases",
        )


def _length(copy: Copy | None) -> int:
    return len(copy.words) if copy else 0


def must_pass_nobody(subject: Subject) -> Iterator[Mark]:
    """
    `must_pass` names something that is no id and no tag of a case.

    A name that is misspelt guards nobody.
    """
    asked = subject.asked
    known = {name for row in asked.cases for name in (row.case.id, *row.case.tags)}
    for name, where in asked.must_pass if not asked.trouble else ():
        if name not in known:
            yield Mark(
                f"`must_pass` names {quoted(name)}, which is no id and no tag of a case",
                hint=_near(name, known),
                place=where,
            )


def _near(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), n=1)
    return f"did you mean {close[0]!r}?" if close else "name the id of a case, or one of its tags"


def no_eval_file(subject: Subject) -> Iterator[Mark]:
    """
    No eval file says what a good answer is.

    The prompt can be read, diffed and logged, and nothing tells whether an edit made it better.
    A file that other prompts include has no need of one.
    """
    asked = subject.asked
    if asked.eval_file or asked.trouble or subject.is_included:
        return
    stem = splitext(subject.path)[0].removesuffix(".prompt" if subject.formed else "")
    file = f"{stem}.eval.yaml"
    if asked.case_file:
        yield Mark(
            f"no eval file says how the answers to {asked.case_file} are scored",
            hint=f"`promptgit init` writes {file}",
        )
    else:
        yield Mark(
            "there are no cases, so nothing tells whether an edit makes the prompt better",
            hint=f"write {stem}.csv with a header like `input,expected`",
        )


RULES = (
    Rule(
        "unreadable-cases",
        Severity.ERROR,
        "The cases cannot be read",
        unreadable_cases,
    ),
    Rule("duplicate-case-id", Severity.ERROR, "Two cases have one id", duplicate_case_id),
    Rule(
        "repeated-case",
        Severity.WARNING,
        "A case says what another one says",
        repeated_case,
    ),
    Rule("case-in-prompt", Severity.WARNING, "The prompt says what a case says", case_in_prompt),
    Rule(
        "must-pass-nobody",
        Severity.ERROR,
        "`must_pass` names no case and no tag",
        must_pass_nobody,
    ),
    Rule("no-eval-file", Severity.ADVICE, "No eval file says what a good answer is", no_eval_file),
)
