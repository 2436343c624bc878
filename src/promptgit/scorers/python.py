"""
A function of the user's own grades the output, in a process of its own.

It is off unless the person who runs promptgit allows code from the repository to run.  The
process starts with an empty environment (no key can leak), in an empty directory, and reads
the function's text from us: it is the committed text that grades, not the work tree's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import CallFailed, UserError
from promptgit.scorers import python_child
from promptgit.scorers.wording import quoted, visible

DEFAULT_FUNCTION = "get_assert"  # promptfoo's
LONGEST = 300  # characters of a reason


def python(
    case: Case,
    output: str,
    *,
    value: str,
    allow_code: bool,
    read_file: Callable[[str], str],
    timeout_s: float = 10.0,
) -> Score:
    """
    Call `function(output, context)` of `value`, which is `file://path.py:function`.

    The function is `get_assert` when none is named.  `context` has `vars` (the case's columns),
    `expected` and `id`.  It returns true or false, a number from 0 to 1, or promptfoo's
    `{"pass": …, "score": …, "reason": …}`.  A function that raises or takes more than
    `timeout_s` leaves the case unscored: CallFailed(kind="judge").
    """
    if not allow_code:
        raise UserError("it runs code from the repository, and that is off", hint="--allow-code")
    path, function = named(value)
    asked = {
        "path": path,
        "function": function,
        "source": read_file(path),
        "output": output,
        "context": {"vars": case.columns, "expected": case.expected, "id": case.id},
    }
    return _score(answered(asked, timeout_s), f"{path}:{function}")


def named(value: object) -> tuple[str, str]:
    if not isinstance(value, str) or not value.startswith("file://"):
        raise UserError(
            f"its value is a file, not {quoted(str(value))}",
            hint="write `value: file://scorers/tone.py:grade`",
        )
    path, _, function = value.removeprefix("file://").partition(":")
    return path, function or DEFAULT_FUNCTION


def answered(asked: Mapping[str, Any], timeout_s: float = 10.0) -> Any:
    """
    Return what the function returned; tell a broken file from a function that failed.

    `asked` has path, function, source, output and context, as the child takes them.
    """
    path = asked["path"]
    stdout, stderr = _run(json.dumps(asked).encode(), path, timeout_s)
    lines = stdout.splitlines()
    if not lines:
        raise UserError(_last_words(stderr, path))
    if len(lines) < 2:
        raise CallFailed(_last_words(stderr, path), kind="judge")
    return json.loads(lines[1])["graded"]


def _run(asked: bytes, path: str, timeout_s: float) -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        process = subprocess.Popen(
            [sys.executable, "-I", python_child.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=empty,
            env=_environment(),
            start_new_session=os.name == "posix",
        )
        try:
            return process.communicate(asked, timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            message = f"{path} took more than {timeout_s:g} s"
            raise CallFailed(message, kind="judge", hint="raise `timeout_s`") from error
        finally:
            if process.returncode is None:
                _kill(process)


def _last_words(stderr: bytes, path: str) -> str:
    """Make a sentence of a traceback: the last line in the user's file, and the error."""
    text = stderr.decode(errors="replace").strip()
    error = text.rpartition("\n")[2] or "it ended without an answer"
    places = re.findall(rf'File "{re.escape(path)}", line (\d+)', text)
    place = f", line {places[-1]}" if places else ""
    return f"{path}{place}: {visible(error[:LONGEST])}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, which may hold the pipes open."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):  # then all of them are gone
            os.killpg(process.pid, signal.SIGKILL)
    else:
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True, check=False)
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):  # it never read all that it was asked
                pipe.close()


def _environment() -> Mapping[str, str]:
    """Pass nothing on, but for what Windows needs to start a process at all."""
    if os.name != "nt":
        return {}
    return {"SYSTEMROOT": os.environ.get("SYSTEMROOT", r"C:\Windows")}


def _score(graded: Any, name: str) -> Score:
    reason = ""
    if isinstance(graded, dict):
        reason = str(graded.get("reason") or "")
        graded = graded["score"] if graded.get("score") is not None else graded.get("pass")
    if not isinstance(graded, bool | int | float) or not 0 <= graded <= 1:
        raise UserError(
            f"{name} returned {quoted(str(graded))}",
            hint='return true, false, a number from 0 to 1, or {"score": …, "reason": …}',
        )
    why = visible(" ".join(reason.split()))[:LONGEST]
    return Score(float(graded), why or f"{name} says {float(graded):g}")
