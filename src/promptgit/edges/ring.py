"""
A queue of lines in a mapped file: what was put in outlives its process.

The kernel keeps mapped pages when a process is killed, so a line is safe as soon as it is copied.
Numbers that say how far the queue is are single 8-byte stores, made after what they speak of, and
every frame carries its position and checksum: a reader after a crash (also of the machine) takes
what is whole and nothing else.

    page 0    magic, capacity, head, tail, and the flight: where the batch on its way is written to
    page 1…   frames, one after the other, around and around: position, length, CRC-32, day, line
"""

from __future__ import annotations

import mmap
import struct
import zlib
from dataclasses import dataclass

HEADER = 4096  # bytes
MAGIC = int.from_bytes(b"pgring01", "little")  # reads as another number on another byte order
BATCH = 2 << 20  # bytes that one write takes at most, unless one line is longer

_FRAME = struct.Struct("=QIII")  # position, length of the line, CRC-32 from the day on, day
_MAGIC, _CAPACITY, _HEAD, _TAIL, _FLIGHT_OFFSET, _FLIGHT_DAY, _FLIGHT_END = range(7)


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of one day that stand together in the queue, as one write takes them."""

    day: int  # 20261121
    data: bytes
    lines: int
    end: int  # the position behind them


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch whose write was begun: from `offset` of the day's file on, up to position `end`."""

    offset: int
    day: int
    end: int


class Ring:
    """The queue in a mapped file.  One thread puts at a time, and one takes; they may be two."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped
        self._view = memoryview(mapped)
        self._cells = self._view[:64].cast("Q")
        self._data = self._view[HEADER:]
        self.damaged = 0  # bytes that a crash of the machine left unreadable
        if self._cells[_MAGIC] != MAGIC or self._cells[_CAPACITY] != len(self._data):
            self._cells[_MAGIC] = 0
            for cell in range(_HEAD, _FLIGHT_END + 1):
                self._cells[cell] = 0
            self._cells[_CAPACITY] = len(self._data)
            self._cells[_MAGIC] = MAGIC
        self._capacity = len(self._data)

    @property
    def is_empty(self) -> bool:
        return self._cells[_TAIL] == self._cells[_HEAD]

    @property
    def filled(self) -> float:
        """The share of the queue that is taken, 0 to 1."""
        return (self._cells[_HEAD] - self._cells[_TAIL]) / self._capacity

    @property
    def head(self) -> int:
        """The position behind the newest line."""
        return self._cells[_HEAD]

    @property
    def tail(self) -> int:
        """The position of the oldest line."""
        return self._cells[_TAIL]

    def put(self, day: int, line: bytes) -> bool:
        """Add a line, line feed included; return False, and do nothing, where it has no room."""
        head = self._cells[_HEAD]
        size = _FRAME.size + len(line)
        if head + size - self._cells[_TAIL] > self._capacity:
            return False
        frame = _FRAME.pack(head, len(line), zlib.crc32(line, day), day) + line
        start = head % self._capacity
        room = self._capacity - start
        if size <= room:
            self._data[start : start + size] = frame
        else:
            self._data[start:] = frame[:room]
            self._data[: size - room] = frame[room:]
        self._cells[_HEAD] = head + size  # from here on the line is accepted
        return True

    def batch(self, until: int | None = None) -> Batch | None:
        """Read the oldest lines of one day, about BATCH bytes or up to `until`; None: empty."""
        tail = self._cells[_TAIL]
        waiting = (self._cells[_HEAD] if until is None else until) - tail
        read = self._bytes(tail, waiting if until else min(waiting, BATCH))
        lines: list[bytes] = []
        at = first_day = 0
        while at < waiting:
            frame = self._frame(read, at, tail)
            if frame is None and not lines and len(read) < waiting:
                read = self._bytes(tail, waiting)  # one line longer than a batch
                continue
            if frame is None:
                if not lines:
                    self._give_up(tail)
                break
            day, line = frame
            if lines and until is None and day != first_day:
                break
            first_day = day
            lines.append(line)
            at += _FRAME.size + len(line)
        return Batch(first_day, b"".join(lines), len(lines), tail + at) if lines else None

    @property
    def flight(self) -> Flight | None:
        """The batch whose write was begun and not seen to end."""
        cells = self._cells
        if cells[_FLIGHT_END] <= cells[_TAIL]:
            return None
        return Flight(cells[_FLIGHT_OFFSET], cells[_FLIGHT_DAY], cells[_FLIGHT_END])

    def begin(self, batch: Batch, offset: int) -> None:
        """Note that `batch` is about to be written at `offset` of its day's file."""
        self._cells[_FLIGHT_END] = 0
        self._cells[_FLIGHT_OFFSET] = offset
        self._cells[_FLIGHT_DAY] = batch.day
        self._cells[_FLIGHT_END] = batch.end

    def done(self, batch: Batch) -> None:
        """Note that `batch` is in its file."""
        self._cells[_TAIL] = batch.end

    def close(self) -> None:
        """Unmap; the file stays."""
        self._cells.release()
        self._data.release()
        self._view.release()
        self._mapped.close()

    @staticmethod
    def _frame(read: bytes, at: int, tail: int) -> tuple[int, bytes] | None:
        """Return day and line of the frame at `at` of what was read; None when it is not whole."""
        start = at + _FRAME.size
        if start > len(read):
            return None
        said, length, checksum, day = _FRAME.unpack_from(read, at)
        line = read[start : start + length]
        if said != tail + at or len(line) != length or zlib.crc32(line, day) != checksum:
            return None
        return day, line

    def _bytes(self, position: int, length: int) -> bytes:
        start = position % self._capacity
        found = bytes(self._data[start : start + length])
        return found + bytes(self._data[: length - len(found)])

    def _give_up(self, position: int) -> None:
        """Skip what cannot be read: without its length nobody knows where the next frame is."""
        self.damaged += self._cells[_HEAD] - position
        self._cells[_TAIL] = self._cells[_HEAD]
