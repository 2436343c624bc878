"""What is left behind when promptgit itself is at fault."""

from __future__ import annotations

import platform
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from promptgit import __version__


def log_crash(error: BaseException, arguments: Sequence[str]) -> Path:
    """Write a log file that can be attached to an issue, and return where it is."""
    from promptgit.core.secrets import redact

    lines = [
        f"promptgit {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {list(arguments)!r}",
        "",
        *traceback.format_exception(error),
    ]
    descriptor, name = tempfile.mkstemp(prefix="promptgit-bug-", suffix=".log", text=True)
    with open(descriptor, "w", encoding="utf-8") as log:
        log.write(redact("\n".join(lines)))
    return Path(name)
