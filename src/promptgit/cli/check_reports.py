"""The forms in which a check can be told, by the names that `--format` knows them by."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Literal

from promptgit.core.gate import Report
from promptgit.errors import UserError, WorldError

Form = Literal["text", "markdown", "github", "json", "junit", "sarif", "html"]
FORMS: tuple[Form, ...] = ("text", "markdown", "github", "json", "junit", "sarif", "html")

_SUFFIXES: Mapping[str, Form] = {
    ".md": "markdown",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".sarif": "sarif",
    ".xml": "junit",
    ".txt": "text",
}


def form_of(file: str, *, default: Form | None = None) -> Form:
    """
    Tell a report's form from its file's name; raise UserError for one that tells nothing.

    `default` is the form of such a file, if it has one.

    >>> form_of("out/junit.xml"), form_of("summary.md")
    ('junit', 'markdown')
    """
    form = _SUFFIXES.get(PurePath(file).suffix.lower(), default)
    if form is None:
        known = ", ".join(_SUFFIXES)
        raise UserError(
            f"the name {file!r} does not tell the form of the report", hint=f"it ends in {known}"
        )
    return form


def expect(file: str) -> None:
    """
    Raise WorldError where no report can be written to: before a check, not after it.

    Folders are made below where the user stands.  Elsewhere a missing one is a slip.
    """
    path, real = Path(file), Path(os.path.realpath(file))  # where a link leads
    folder = next(parent for parent in real.parents if parent.exists())
    hint = "name another file"
    if path.is_dir():
        problem = "it is a folder"
    elif not folder.is_dir():
        problem = f"{folder} is no folder"
    elif folder != real.parent and not real.is_relative_to(os.path.realpath(os.curdir)):
        problem = f"there is no folder {real.parent}"
        hint = f"make it first (mkdir -p {shlex.quote(str(real.parent))}), or name another file"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        problem = "permission denied"
    else:
        return
    raise WorldError(f"{file} cannot be written: {problem}", hint=hint)


def written(report: Report, form: Form) -> str:
    """The report in one form, ending with a line feed."""
    return _writer(form)(report).rstrip("\n") + "\n"


def save(report: Report, form: Form, file: str) -> None:
    """Write the report to a file, whole or not at all; raise WorldError when that fails."""
    store(written(report, form), file)


def store(text: str, file: str) -> None:
    """Write a text to a file, whole or not at all; raise WorldError when that fails."""
    path = Path(os.path.realpath(file))  # a link stays one
    data = text.encode("utf-8", "backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if _is_device(file):
            with open(file, "ab") as stream:
                stream.write(data)
            return
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            draft.write_bytes(data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise WorldError(
            f"{file} cannot be written: {error.strerror}", hint="is the disk full, or read-only?"
        ) from error


def _is_device(file: str) -> bool:
    """Say whether it is a pipe, or like /dev/stdout, even where that leads to a file."""
    path = Path(file)
    return path.is_relative_to("/dev") or (path.exists() and not path.is_file())


def _writer(form: Form) -> Callable[[Report], str]:
    """Import only what is asked for."""
    match form:
        case "json":
            return as_json
        case "markdown":
            from promptgit.report.check_markdown import page
        case "github":
            from promptgit.report.check_github import page
        case "junit":
            from promptgit.report.junit import page
        case "sarif":
            from promptgit.report.check_sarif import page
        case "html":
            from promptgit.report.html import page
        case "text":
            return as_text
    return page


def as_text(report: Report) -> str:
    """As a terminal shows it, in plain words and as wide as they are."""
    from promptgit.report.check_text import summary
    from promptgit.report.history_text import plain

    return "\n".join(plain(line) for line in summary(report)) + "\n"


def as_json(report: Report) -> str:
    from promptgit.report.check_json import facts

    text = json.dumps(facts(report), indent=2, ensure_ascii=False, allow_nan=False)
    return text.replace("##[", "##\\u005b")  # the same text, and no command to GitHub's runner
