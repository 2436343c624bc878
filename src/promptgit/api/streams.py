"""Streams that pass everything on and tell a watcher what it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Protocol


class Watcher(Protocol):
    def piece(self, piece: Any) -> None: ...

    def end(self, error: str = "") -> None: ...


class _Watched:
    """What both kinds share: whatever is not watched is the stream's own."""

    def __init__(self, stream: Any, watcher: Watcher) -> None:
        self._stream = stream
        self._watcher = watcher

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # so that isinstance(…, openai.Stream) stays so
        return type(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __del__(self) -> None:
        if "_watcher" in self.__dict__:
            self._watcher.end()  # nobody read to the end: what came is recorded


class WatchedStream(_Watched):
    """A stream of a synchronous client."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with _Ending(self._watcher):
            piece = next(self._stream)
        self._watcher.piece(piece)
        return piece

    def __enter__(self) -> Any:
        self._stream.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        self._watcher.end(kind.__name__ if kind else "")
        return self._stream.__exit__(kind, error, trace)

    def close(self) -> Any:
        self._watcher.end()
        return self._stream.close()


class WatchedAsyncStream(_Watched):
    """A stream of an asynchronous client."""

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        with _Ending(self._watcher):
            piece = await self._stream.__anext__()
        self._watcher.piece(piece)
        return piece

    async def __aenter__(self) -> Any:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        self._watcher.end(kind.__name__ if kind else "")
        return await self._stream.__aexit__(kind, error, trace)

    async def close(self) -> Any:
        self._watcher.end()
        return await self._stream.close()


class _Ending:
    """Tells the watcher of the exception that ends a stream: its regular end is one, too."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            over = issubclass(kind, StopIteration | StopAsyncIteration)
            self._watcher.end("" if over else kind.__name__)
