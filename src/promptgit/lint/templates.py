"""Rules on holes and includes: the contract between a prompt, its cases and its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.quote import quoted
from promptgit.lint.finding import Mark, Place, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

LITERALLY = "if the braces are meant literally, set `template: none` in the eval file"


def template_syntax(subject: Subject) -> Iterator[Mark]:
    """
    The text is no template that Jinja understands: a brace without its partner, a misspelt tag or
    filter.

    No case could be rendered.  When a prompt shows braces to the model, as an example of JSON does
    with `{{`, say `template: none` in its eval file.
    """
    found = subject.template
    if found.trouble:
        start, stop = found.trouble_at
        yield Mark(f"this is no template: {found.trouble}", start, stop, hint=LITERALLY)
    for part in subject.included:
        if part.text and part.template.trouble:
            line = part.text.count("\n", 0, part.template.trouble_at[0]) + 1
            yield Mark(
                f"this is no template: {part.template.trouble}",
                hint=LITERALLY,
                place=Place(part.path, line),
            )


def prompt_file(subject: Subject) -> Iterator[Mark]:
    """
    The file of another tool cannot be read: its YAML is broken, it has no messages, no constant of
    a Python file is marked.

    Every command refuses it.  Which forms are read is in docs/prompt-files.md.
    """
    found = subject.formed
    if found and found.trouble:
        yield Mark(found.trouble, hint=found.hint, place=Place(subject.path, found.line))


def broken_include(subject: Subject) -> Iterator[Mark]:
    """
    An include names a file that is not there, or names none literally.

    A file is looked up beside the prompt first, then from the top level of the repository, and
    never outside of it.  Its name must be written out: which text belongs to a prompt may not
    depend on a case.
    """
    for part in subject.included:
        if part.path:
            continue
        within = "the prompt" if part.within == subject.path else part.within
        if part.named.name:
            yield Mark(
                f"{within} includes {quoted(part.named.name)}, and there is no such file",
                part.outer.start,
                part.outer.stop,
                hint="an include is looked up beside the prompt, then from the top level",
            )
        else:
            yield Mark(
                f"{within} includes a file that it does not name literally",
                part.outer.start,
                part.outer.stop,
                hint='write the file: {% include "persona.md" %}',
            )


def include_cycle(subject: Subject) -> Iterator[Mark]:
    """An include leads back to the file that it stands in, so that the text has no end."""
    for part in subject.included:
        if part.circle:
            yield Mark(
                f"the include goes round in a circle: {' -> '.join(part.circle)}",
                part.outer.start,
                part.outer.stop,
                hint="take one of these includes out",
            )


def undefined_hole(subject: Subject) -> Iterator[Mark]:
    """
    A hole asks for a column that the cases do not have.

    Rendering would fail on the first case.  The column of the expected answer is for scorers only;
    a hole that names it would give the answer away, and is reported too.  Names that are asked for
    with `is defined` or `default` may be absent.
    """
    asked = subject.asked
    if not asked.inputs:
        return
    optional = set(subject.template.optional)
    for hole in subject.template.holes:
        if hole.name not in asked.inputs and hole.name not in optional:
            message, hint = _undefined(hole.name, subject)
            yield Mark(message, hole.start, hole.stop, hint=hint)
    for part in subject.included:
        for hole in part.template.holes:
            if hole.name in asked.inputs or hole.name in optional | part.template.optional:
                continue
            message, hint = _undefined(hole.name, subject)
            within = f"{message} (asked for in {part.path})"
            yield Mark(within, part.outer.start, part.outer.stop, hint=hint)


def _undefined(name: str, subject: Subject) -> tuple[str, str]:
    asked = subject.asked
    hole = f"{{{{ {name} }}}}"
    if name in asked.hidden:
        return (
            f"the hole {hole} asks for a column that the model may not see",
            "the expected answer and hidden columns are for scorers",
        )
    return f"the hole {hole} is no column of {asked.case_file}", _near(name, asked.inputs)


def _near(name: str, columns: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, columns, n=1)
    if close:
        return f"did you mean {{{{ {close[0]} }}}}?"
    return f"the columns are: {', '.join(columns)}"


def unused_column(subject: Subject) -> Iterator[Mark]:
    """
    The prompt has holes, and yet a column of its cases has none.

    What no hole uses is sent as the user message: that is right for the one input that a case is
    about, and seldom meant for the others, which are sent as lines `name: value`.  Give the column
    a hole, or leave it out with `inputs:` in the eval file.
    """
    asked, found = subject.asked, subject.template
    if subject.formed:
        return  # a file that has a user message says in it what is sent
    names = {hole.name for hole in found.holes}
    names |= {hole.name for part in subject.included for hole in part.template.holes}
    unused = [column for column in asked.inputs if column not in names]
    if not names & set(asked.inputs) or len(unused) < 2:
        return
    for column in unused:
        if column != asked.main_input:
            yield Mark(
                f"no hole uses the column {quoted(column)} of {asked.case_file}: "
                "the user message gets it as a line",
                hint=f"write {{{{ {column} }}}}, or list the others under `inputs:`",
            )


RULES = (
    Rule("prompt-file", Severity.ERROR, "The file cannot be read in its form", prompt_file),
    Rule("template-syntax", Severity.ERROR, "The text is no template", template_syntax),
    Rule("broken-include", Severity.ERROR, "An include names no file", broken_include),
    Rule("include-cycle", Severity.ERROR, "Includes go round in a circle", include_cycle),
    Rule(
        "undefined-hole",
        Severity.ERROR,
        "A hole asks for a column that the cases do not have",
        undefined_hole,
    ),
    Rule(
        "unused-column",
        Severity.ADVICE,
        "A column of the cases has no hole, in a prompt that has holes",
        unused_column,
    ),
)
