"""
Answers from a recording: for tests and demonstrations that must not call anybody.

A recording is JSON lines.  The first names the model that was recorded, every further one holds
the key of a request and its answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from promptgit.core.ports import Answer, Model, ModelIdentity, Request, StepOutput, Usage, canonical
from promptgit.core.trace import Trace, trace_of
from promptgit.errors import CallFailed, UserError


def factory(name: str, *, options: Mapping[str, Any], endpoint: object = None) -> Replay:
    """Make the model of the recording at the path `name`, with or without `replay/` before it."""
    if options or endpoint:
        raise UserError("a recording takes no options", hint="record again with other options")
    return Replay(Path(name.removeprefix("replay/")))


class Replay:
    """
    A model that answers as it did, at the price and the pace it had then.

    It has the identity of the model that was recorded, so that evidence made from it is the same.
    A request that was not recorded is a fatal CallFailed.
    """

    def __init__(self, path: Path) -> None:
        try:
            lines = path.read_bytes().decode("utf-8", "surrogatepass").split("\n")
        except OSError as error:
            raise UserError(
                f"the recording {path} cannot be read: {error.strerror}",
                hint="name it from where you stand: replay/FILE",
            ) from error
        except UnicodeDecodeError as error:
            raise UserError(f"the recording {path} cannot be read: {error}") from error
        try:
            entries = [json.loads(line) for line in lines if line]
            self.identity = ModelIdentity(**entries[0]["identity"])
            self._answers = {entry["key"]: _answer(entry["answer"]) for entry in entries[1:]}
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise UserError(
                f"{path} is not a recording: {error!r}", hint="make one with `Recording`"
            ) from error
        self._path = path

    def complete(self, request: Request) -> Answer:
        answer = self._answers.get(request.key(self.identity))
        if answer is None:
            raise CallFailed(
                f"{self._path} has no answer to this request",
                kind="request",
                fatal=True,
                hint="the prompt, the cases or the options have changed: record again",
            )
        return answer


class Recording:
    """A model that writes down what another one answers, in a file that Replay reads."""

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        self._lock = threading.Lock()
        self._write({"identity": asdict(model.identity)}, "w")

    @property
    def identity(self) -> ModelIdentity:
        return self._model.identity

    def complete(self, request: Request) -> Answer:
        answer = self._model.complete(request)
        said = asdict(replace(answer, cached=False))
        self._write({"key": request.key(self.identity), "answer": said}, "a")
        return answer

    def _write(self, entry: Mapping[str, Any], mode: str) -> None:
        with self._lock, self._path.open(mode + "b") as file:
            file.write(canonical(entry) + b"\n")


def _answer(said: dict[str, Any]) -> Answer:
    steps = tuple(
        StepOutput(
            **{
                **step,
                "usage": Usage(**step["usage"]),
                "flags": tuple(step["flags"]),
                "trace": _trace(step.get("trace")),
            }
        )
        for step in said.get("steps", ())
    )
    own = {"usage": Usage(**said["usage"]), "steps": steps, "trace": _trace(said.get("trace"))}
    return Answer(**{**said, **own})


def _trace(told: Any) -> Trace | None:
    return None if told is None else trace_of(told)
