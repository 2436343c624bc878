"""Reads `flywheel.yaml`, as it is in the work tree now."""

from __future__ import annotations

from promptgit.cli import telling
from promptgit.cli.wiring import Repository
from promptgit.errors import UserError
from promptgit.flywheel.plan import FILE, Plan


def flywheel_plan(repository: Repository) -> Plan:
    """
    Return what the repository's `flywheel.yaml` says; the defaults where there is none.

    Raises UserError with file, line, column, key and what would be right.
    """
    from promptgit.config.flywheel_file import parse_flywheel

    if repository.tree.is_file("flywheel.yml"):
        raise UserError(
            f"flywheel.yml is not read: it is called {FILE}", hint=f"git mv flywheel.yml {FILE}"
        )
    written = repository.tree.read(FILE)
    telling.fact(f"{FILE}: {'not there' if written is None else 'read'}")
    return Plan() if written is None else parse_flywheel(written)
