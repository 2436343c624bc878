"""The files through which a step of GitHub Actions speaks: its outputs and its summary."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from promptgit.errors import UserError, WorldError
from promptgit.report.fitted import fitted

MAX_SUMMARY = 1024 * 1024 - 1024  # bytes; a summary over 1 MiB is dropped whole
CUT = "… cut: GitHub takes 1 MiB.  The whole report is in the artifacts of this run."


def write_outputs(environment: Mapping[str, str], values: Mapping[str, str]) -> None:
    """
    Append outputs, each between delimiters that nobody can guess.

    `name=value` would let a line break in a value write another output ("Workflow commands for
    GitHub Actions", GitHub Docs).
    """
    lines = []
    for name, value in values.items():
        end = f"promptgit-{secrets.token_hex(16)}"
        lines.append(f"{name}<<{end}\n{value}\n{end}\n")
    _append(environment, "GITHUB_OUTPUT", "".join(lines))


def add_summary(environment: Mapping[str, str], text: str) -> None:
    """Append Markdown to the summary of this step, as much as GitHub takes."""
    place = _place(environment, "GITHUB_STEP_SUMMARY")
    there = place.stat().st_size if place.exists() else 0
    _append(environment, "GITHUB_STEP_SUMMARY", fitted(text, MAX_SUMMARY - there, CUT) + "\n")


def _append(environment: Mapping[str, str], name: str, text: str) -> None:
    place = _place(environment, name)
    try:
        with place.open("a", encoding="utf-8", newline="\n", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise WorldError(f"{name}: {place} cannot be written: {error.strerror}") from error


def _place(environment: Mapping[str, str], name: str) -> Path:
    place = environment.get(name, "")
    if not place:
        raise UserError(f"{name} is not set: this is no step of GitHub Actions")
    return Path(place)
