"""Rules on lines: what a failed merge leaves behind, and what makes merges fail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from promptgit.lint.finding import Edit, Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

LONG = 160  # characters; only lines of several sentences count
SENTENCES = 3  # in one line

# Kept as text, and compiled by the first prompt that needs one: a hook starts anew each time.
_OURS = r"(?m)^<{7}(?: (?P<label>[^\r\n]*))?\r?$"
_MIDDLE = r"(?m)^={7}\r?$"
_THEIRS = r"(?m)^>{7}(?: (?P<label>[^\r\n]*))?\r?$"
# The edit formats of coding assistants, which prompts teach: no merge writes these labels.
_FORMATS = frozenset({("SEARCH", "REPLACE"), ("ORIGINAL", "UPDATED"), ("OLD", "NEW")})
_ENDS = r"\r\n|\n|\r"
_SENTENCE_END = r"[.!?][\"')\]]*\s+(?=[^\W\d_a-z]|[\"'(\[])|[。！？]"
_LIST_MARK = r"\A\s*(?:[-*+>|#]|\d+[.)])\s*"


def conflict_marker(subject: Subject) -> Iterator[Mark]:
    """
    A merge failed here, and its markers were left in the text.

    Reported is what Git writes: `<<<<<<<`, then `=======`, then `>>>>>>>`, each at the start of a
    line.  A marker alone is no finding, and neither is the edit format that some prompts teach
    (`<<<<<<< SEARCH` … `>>>>>>> REPLACE`).  A prompt that shows a conflict as an example says so:
    `promptgit: ignore conflict-marker`.
    """
    text = subject.text or ""
    end = 0
    for ours in re.finditer(_OURS, text) if "<<<<<<<" in text else ():
        if ours.start() < end:
            continue
        middle = re.compile(_MIDDLE).search(text, ours.end())
        theirs = re.compile(_THEIRS).search(text, middle.end()) if middle else None
        if not theirs:
            return
        end = theirs.end()
        labels = ((ours["label"] or "").strip(), (theirs["label"] or "").strip())
        if labels not in _FORMATS:
            last = subject.position(theirs.start())[0]
            yield Mark(
                f"a merge conflict from here to line {last} is not settled",
                ours.start(),
                ours.end(),
                hint="keep what is right and delete the three markers",
            )


def mixed_line_ends(subject: Subject) -> Iterator[Mark]:
    """
    Some lines end with LF and others with CRLF, or with CR alone.

    A diff shows lines as changed that are not, and the same prompt is another text on another
    machine.  `--fix` gives all lines the end that most of them have; `promptgit init` writes
    the `.gitattributes` that keep it so.
    """
    text = subject.text or ""
    if "\r" not in text:
        return
    ends = [(m.start(), m.end(), m[0]) for m in re.finditer(_ENDS, text)]
    counts = Counter(end for *_, end in ends)
    if len(counts) == 1 and "\r" not in counts:
        return
    usual = "\r\n" if counts["\r\n"] > counts["\n"] else "\n"
    odd = [(start, stop) for start, stop, end in ends if end != usual]
    names = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}
    said = " and ".join(f"{count} with {names[end]}" for end, count in counts.most_common())
    yield Mark(
        f"line ends are mixed: {said}" if len(counts) > 1 else f"line ends are CR alone: {said}",
        odd[0][0],
        odd[0][1],
        hint=f"end every line with {names[usual]}",
        edits=tuple(Edit(start, stop, usual) for start, stop in odd),
    )


def trailing_space(subject: Subject) -> Iterator[Mark]:
    """
    A line ends with blanks that nobody sees.

    Editors and formatters take them out by the way, and then the prompt is another text than the
    one that was scored.  Two blanks that break a line in Markdown are left alone.
    """
    text = subject.text or ""
    start = 0
    for line in text.split("\n"):
        body = line.removesuffix("\r")
        words = body.rstrip(" \t")
        first, stop = start + len(words), start + len(body)
        start += len(line) + 1
        is_break = body[len(words) :] == "  " and words and start <= len(text)
        if first < stop and not (is_break and subject.path.endswith(".md")):
            edit = Edit(first, stop)
            yield Mark("the line ends with blanks", *edit[:2], hint="delete them", edits=(edit,))


def no_final_newline(subject: Subject) -> Iterator[Mark]:
    """
    The last line has no end.

    Whoever adds a line changes this one as well, in the diff and in blame, and two people who
    add a line conflict.
    """
    text = subject.text or ""
    if text and not text.endswith(("\n", "\r")):
        end = "\r\n" if "\r\n" in text else "\n"
        yield Mark(
            "the last line has no end",
            len(text),
            len(text),
            hint="end the file with a line feed",
            edits=(Edit(len(text), len(text), end),),
        )


def long_line(subject: Subject) -> Iterator[Mark]:
    """
    Several sentences share one long line.

    Git merges by lines: two people who each change one sentence of it get a conflict.  In trials
    of two edits among 30 sentences, 53 of 100 merges failed with a paragraph a line, 37 with a
    sentence a line, and 16 with bullets between blank lines.  A diff is easier to read as well.
    Reported once a file.
    """
    found: list[tuple[int, int, int]] = []
    start = 0
    for line in subject.said.split("\n"):
        if len(line) > LONG:
            body = re.sub(_LIST_MARK, "", line, count=1).strip()
            sentences = len(re.findall(_SENTENCE_END, body)) + 1
            if sentences >= SENTENCES:
                found.append((start, start + len(line), sentences))
        start += len(line) + 1
    if found:
        first, stop, sentences = found[0]
        others = f", and so it is in {len(found) - 1} more" if len(found) > 1 else ""
        yield Mark(
            f"{sentences} sentences share this line{others}: edits of two people will conflict",
            first,
            stop,
            hint="write one sentence a line, or bullets with a blank line between them",
        )


RULES = (
    Rule("conflict-marker", Severity.ERROR, "A merge conflict is not settled", conflict_marker),
    Rule("mixed-line-ends", Severity.WARNING, "Line ends are mixed", mixed_line_ends, fixable=True),
    Rule(
        "trailing-space", Severity.ADVICE, "A line ends with blanks", trailing_space, fixable=True
    ),
    Rule(
        "no-final-newline",
        Severity.ADVICE,
        "The last line has no end",
        no_final_newline,
        fixable=True,
    ),
    Rule("long-line", Severity.ADVICE, "Several sentences share one long line", long_line),
)
