"""New files, written whole or not at all, and never over one that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from promptgit.edges.work_file import write_new
from promptgit.errors import UserError, WorldError

MODE = 0o644


def write_all(top: Path, new: Mapping[str, str], added: Mapping[str, str]) -> None:
    """
    Write the files of `new`, and add the texts of `added` to the end of theirs.

    Paths are from `top`.  When one cannot be written, those before it are taken away again.
    """
    done: list[Path] = []
    try:
        for path, text in new.items():
            _create(top / path, path, text)
            done.append(top / path)
        for path, text in added.items():
            with (top / path).open("ab") as out:
                out.write(text.encode())
    except OSError as error:
        _take_back(done)
        raise UserError(
            f"{path} cannot be written: {error.strerror}",
            hint="nothing was written; correct this and run init again",
        ) from error
    except (UserError, WorldError):
        _take_back(done)
        raise


def _take_back(done: list[Path]) -> None:
    for place in done:
        place.unlink(missing_ok=True)


def _create(place: Path, path: str, text: str) -> None:
    """Write beside, then link to the name: a reader sees the whole file, or none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        write_new(draft, text.encode(), MODE)
        try:
            os.link(draft, place)
        except FileExistsError as error:
            raise UserError(
                f"{path} has come to exist meanwhile", hint="run init again; it keeps the file"
            ) from error
        except OSError:  # a file system without links
            write_new(place, text.encode(), MODE)
    finally:
        draft.unlink(missing_ok=True)
