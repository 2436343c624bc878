"""
The one place of a process where captured lines go: redact, queue, and a thread that writes.

What happens in here never reaches the application: `Shield` is the boundary, as `cli/main.py` is
that of the commands.  It counts the fault, says it once through `logging`, and goes on.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from promptgit.api.settled import Settled, settled
from promptgit.api.spans import Spans
from promptgit.edges.spool import CAPACITY, Spool, recover
from promptgit.errors import PromptgitError

if TYPE_CHECKING:
    from promptgit.flywheel.interaction import Interaction

SWITCH = "PROMPTGIT_CAPTURE"  # `off`: nothing is captured, for tests and machines of developers
OFF = {"off", "0", "false", "no"}
LINGER_S = 0.05  # lines that come within this time are written together
RETRY_S = 5.0  # until the disk, or the folder, is tried again
EXIT_S = 2.0  # what the end of the process waits for the disk; the rest is recovered later
HURRY = 0.25  # the share of the queue from which on nobody lingers
CROWDED = 0.5  # … from which on callers let the thread that writes go first


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """
    What became of this process's lines: each is accepted, dropped or failed.

    An accepted line is on disk whatever happens to the process; once written, readers see it.
    """

    accepted: int = 0
    written: int = 0  # those in the file of their day by now, with those of killed processes
    dropped: int = 0  # no room: the queue, or the disk, is full, or there is no folder to write to
    failed: int = 0  # a fault of ours, or of a redaction of yours; said once through `logging`


class Recorder:
    """
    Takes lines from any thread, and from any child process made by `fork`.

    where: is asked once for folder and redaction, when the first line comes.
    """

    def __init__(self, where: Callable[[], Settled] = settled, *, capacity: int = CAPACITY) -> None:
        self._where = where
        self._capacity = capacity
        self._is_off = os.environ.get(SWITCH, "").lower() in OFF
        self.settled: Settled | None = None
        self.shield = Shield(self)
        self._said: set[str] = set()
        self.after_fork()

    def after_fork(self) -> None:
        """Begin anew in a child: the slot, its thread and the locks are those of the parent."""
        spool: Spool | None = getattr(self, "_spool", None)
        if spool:
            spool.let_go()
        self.spans = Spans()
        self._lock = threading.RLock()
        self._busy = False  # a signal handler or a finalizer may come in between
        self._spool: Spool | None = None
        self._thread: threading.Thread | None = None
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._leave = threading.Event()
        self._told = False
        self._retry_at = 0.0
        self._accepted = self._written = self._dropped = self._failed = 0

    @property
    def stats(self) -> CaptureStats:
        spool = self._spool
        written = self._written + (spool.written if spool else 0)
        return CaptureStats(self._accepted, written, self._dropped, self._failed)

    @property
    def environment(self) -> str:
        """That of lines that name none; empty where it cannot be known."""
        here = self._settle()
        return here.environment if here else ""

    def clean(self, line: Interaction) -> Interaction | None:
        """
        Take out of a line what has to go; None, and a drop, where nobody knows what that is.

        Also None where capture is switched off, which is no drop.

        Raises what redaction raises.
        """
        here = self._settle()
        if here is None:
            with self._lock:
                self._dropped += not self._is_off
            return None
        return here.redact(line)

    def accept(self, line: Interaction) -> bool:
        """Take a line that is clean; False where it had to be dropped."""
        day = int(line.at[:4] + line.at[5:7] + line.at[8:10])
        return self._put(day, line.line().encode("utf-8", "replace") + b"\n")

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Write what was accepted so far into its files; False: not all of it within the time."""
        spool = self._spool
        if spool is None:
            return True
        goal = spool.ring.head
        try:
            spool.drain(time.monotonic() + timeout_s)
        except OSError as error:
            self.say("disk", f"captured lines wait in {spool.folder}: {error.strerror}")
        return spool.ring.tail >= goal

    def close(self, timeout_s: float = EXIT_S) -> None:
        """Flush, and give the slot back; the next line takes another one."""
        spool, thread = self._spool, self._thread
        if spool is None:
            return
        self.flush(timeout_s)
        for event in (self._leave, self._work, self._hurry):
            event.set()
        if thread:
            thread.join(timeout_s)
        with self._lock:
            if not (thread and thread.is_alive()):  # else it stays, for whoever comes next
                self.flush(timeout_s)
                spool.close()
            self._written += spool.written
            self._spool = self._thread = None
            self._told = False
            self._leave, self._work, self._hurry = (threading.Event() for _ in range(3))

    def say(self, kind: str, message: str) -> None:
        """Warn, once of each kind; a handler of the application's that raises is its own affair."""
        if kind not in self._said:
            self._said.add(kind)
            import logging

            with suppress(Exception):
                logging.getLogger("promptgit").warning("%s", message)

    def fault(self, error: BaseException) -> None:
        """Count a fault and say which it was and where; its words may hold what somebody said."""
        with self._lock:
            self._failed += 1
        kind = type(error).__name__
        self.say(f"fault {kind}", f"a call was not captured: {kind}{_place(error)}")

    def _put(self, day: int, line: bytes) -> bool:
        with self._lock:
            if self._busy:
                self._dropped += 1
                return False
            self._busy = True
            try:
                spool = self._spool or self._open()
                accepted = spool is not None and spool.put(day, line)
                filled = spool.ring.filled if spool else 0.0
            finally:
                self._busy = False
            if accepted:
                self._accepted += 1
            else:
                self._dropped += 1
            if spool and not self._told:
                self._told = True
                self._work.set()
            elif filled > HURRY:
                self._hurry.set()
        if filled > CROWDED:
            time.sleep(0)  # gives up the interpreter's lock, and waits for nothing
        if spool and not accepted:
            self.say("full", "the queue of captured lines is full: calls are dropped and counted")
        return accepted

    def _settle(self) -> Settled | None:
        """Find out where lines go; None, and one warning, where that cannot be known."""
        if self.settled:
            return self.settled
        with self._lock:
            if self.settled is None and time.monotonic() >= self._retry_at and not self._is_off:
                try:
                    self.settled = self._where()
                except (PromptgitError, OSError) as error:
                    self._retry_at = time.monotonic() + RETRY_S
                    said = f"{error}; {error.hint}" if isinstance(error, PromptgitError) else error
                    self.say("settings", f"calls are not captured: {said}")
            return self.settled

    def _open(self) -> Spool | None:
        here = self._settle()
        if here is None or self._leave.is_set() or time.monotonic() < self._retry_at:
            return None
        folder = here.folder
        try:
            self._spool = Spool.take(folder, capacity=self._capacity)
        except OSError as error:
            self._retry_at = time.monotonic() + RETRY_S
            self.say("folder", f"calls are not captured: {folder}: {error.strerror}")
            return None
        self._told = True
        self._work.set()  # the slot may hold lines of a process that was killed
        events = (self._leave, self._work, self._hurry)
        self._thread = threading.Thread(
            target=self._write, args=(self._spool, *events), name="promptgit-capture", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is ending: whoever comes next writes them
            self._thread = None
        return self._spool

    def _write(
        self,
        spool: Spool,
        leave: threading.Event,
        work: threading.Event,
        hurry: threading.Event,
    ) -> None:
        """Write what others put in, until the recorder is closed."""
        with self.shield:
            self._bring_home(spool.folder)
        while not leave.is_set():
            work.wait()
            hurry.wait(LINGER_S)
            work.clear()
            hurry.clear()
            self._told = False
            with self.shield:
                try:
                    spool.drain()
                    if not spool.is_in_place and self._has_left(spool):
                        return
                except OSError as error:
                    self.say("disk", f"captured lines wait in {spool.folder}: {error.strerror}")
                    leave.wait(RETRY_S)
                    work.set()

    def _has_left(self, spool: Spool) -> bool:
        """Leave a slot whose file somebody removed; the next line takes another one."""
        with self._lock:
            if self._spool is not spool:
                return False
            spool.drain()
            self._written += spool.written
            self._spool = self._thread = None
            self._told = False
            spool.close()
            return True

    def _bring_home(self, folder: Path) -> None:
        try:
            found = recover(folder)
        except OSError as error:
            self.say("disk", f"captured lines wait in {folder}: {error.strerror}")
            return
        with self._lock:
            self._written += found.lines
        if found.damaged_bytes:
            self.say("damage", f"{found.damaged_bytes:,} captured bytes were lost in a crash")


def _place(error: BaseException) -> str:
    """Where an error was raised: `, redaction.py:12`."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f", {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


class Shield:
    """Lets nothing of ours out but what ends a process: `with shield:` counts it and goes on."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._recorder.fault(error)
        return True


class _Process:
    """The recorder of this process, made when it is first asked for."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._making = threading.Lock()
        self._hooked = False

    @property
    def recorder(self) -> Recorder:
        return self._recorder or self.use(None)

    def use(self, recorder: Recorder | None) -> Recorder:
        """Put a recorder in the place of the one before; None: the usual one, if there is none."""
        with self._making:
            before = self._recorder
            if recorder is None and before:
                return before
            self._recorder = recorder or Recorder()
            if not self._hooked:
                self._hooked = True
                atexit.register(self._at_exit)
                if hasattr(os, "register_at_fork"):
                    os.register_at_fork(after_in_child=self._in_child)
        if before:
            before.close()
        return self._recorder

    def _at_exit(self) -> None:
        if self._recorder:
            with self._recorder.shield:
                self._recorder.close()

    def _in_child(self) -> None:
        self._making = threading.Lock()
        if self._recorder:
            with self._recorder.shield:
                self._recorder.after_fork()


PROCESS = _Process()
