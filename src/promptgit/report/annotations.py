"""GitHub workflow commands: one line a finding, and data that can be nothing but data."""

from __future__ import annotations

from typing import Literal

Level = Literal["error", "warning", "notice"]


def annotation(
    level: Level,
    message: str,
    *,
    file: str = "",
    line: int = 0,
    column: int = 0,
    end_line: int = 0,
    end_column: int = 0,
    title: str = "",
) -> str:
    r"""
    Write a workflow command that marks a line of a file (GitHub Docs, "Workflow commands").

    >>> annotation("error", "50 %\nof it", file="a,b.md", line=3)
    '::error file=a%2Cb.md,line=3::50 %25%0Aof it'
    """
    named: dict[str, str | int] = {
        "file": file,
        "line": line,
        "col": column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": title,
    }
    properties = ",".join(f"{name}={_property(str(v))}" for name, v in named.items() if v)
    return f"::{level}{' ' if properties else ''}{properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
