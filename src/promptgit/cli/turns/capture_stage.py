"""The first stage: close the logs of the days that are over, and drop what is too old."""

from __future__ import annotations

from promptgit.cli.turns.turn import Facts, Turn
from promptgit.edges.logs import LogFolder, logs_folder


def capture(turn: Turn) -> Facts:
    folder = LogFolder(logs_folder(turn.repository.git, turn.plan))
    files = folder.files(turn.window)
    return {"folder": str(folder.path), "files": len(files), "sentence": f"{len(files)} files"}
