"""Standard input, output and error, as they were handed over by whoever started us."""

from __future__ import annotations

import codecs
import os
import sys

ESCAPED = "promptgit-escaped"  # how Python is told to call `_escaped`


def open_streams() -> None:
    """
    Make the three streams usable: whatever was closed reads and writes nothing.

    A file that is opened while 0, 1 or 2 is free would get that number, and our output.  What
    the encoding of a terminal or a pipe does not have is written as JSON writes it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    codecs.register_error(ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ESCAPED)


def discard_output() -> None:
    """Let what is still to be printed go nowhere, or Python fails once more as it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:  # not a file at all, as in a test
        return


def for_runner(text: str) -> str:
    """
    Return a text without what a GitHub Actions runner would obey, where one prints it.

    It obeys lines that begin with `::`, and `##[` anywhere ("Workflow commands", GitHub Docs).
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    lines = (line.replace("##[", "# #[") for line in text.split("\n"))
    return "\n".join(f"> {line}" if line.lstrip().startswith("::") else line for line in lines)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""
    Write what cannot be encoded as `\u2524`: plain to read, and right within a JSON text.

    >>> _escaped(UnicodeEncodeError("ascii", "0 ┤", 2, 3, "not in range"))
    ('\\u2524', 3)
    """
    import json

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
