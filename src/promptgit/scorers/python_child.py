"""
What runs in the process that `python` starts: the user's function, once, and nothing of ours.

It reads one JSON object on stdin and writes JSON lines to stdout: `loaded` when the file is
read, `graded` when the function has answered.  It never catches: a crash prints its traceback
to stderr, and the line that is missing says how far it came.
"""

import json
import os
import sys
from typing import Any, TextIO


def main() -> None:
    asked = json.load(sys.stdin)
    answer = _private_stdout()

    names: dict[str, Any] = {"__name__": "promptgit_scorer", "__file__": asked["path"]}
    exec(compile(asked["source"], asked["path"], "exec"), names)  # noqa: S102  (--allow-code)
    function = names.get(asked["function"])
    if not callable(function):
        sys.exit(f"it has no function {asked['function']}")
    print(json.dumps("loaded"), file=answer, flush=True)

    graded = function(asked["output"], asked["context"])
    print(json.dumps({"graded": graded}), file=answer, flush=True)
    os._exit(0)  # whatever threads the function has left behind


def _private_stdout() -> TextIO:
    """Keep stdout for the answer, and send what the function prints nowhere."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return kept


if __name__ == "__main__":
    main()
