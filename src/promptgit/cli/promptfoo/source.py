"""The files that a promptfoo config is made of, and what of them could not be carried over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from promptgit.config.places import inside, matches
from promptgit.core.located import Located, Path, Position, parse_yaml
from promptgit.edges.work_tree import WorkTree
from promptgit.errors import UserError

FILE = "file://"
DEEPEST = 8  # references within one another
CODE_SUFFIXES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb", ".go", ".sh")
DATA_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that promptgit has no like of."""

    where: str  # file:line, or file:line:column
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Node:
    """A value in one of the files, and where it stands."""

    located: Located
    path: Path = ()

    @property
    def data(self) -> Any:
        found = self.located.data
        for step in self.path:
            found = found[step]
        return found

    @property
    def where(self) -> str:
        position = self.located.position(self.path, key=True)
        return f"{self.located.file}:{position.line}"

    def get(self, key: str) -> Node | None:
        """Return what stands under `key`; None when there is no such key, or nothing under it."""
        data = self.data
        if not isinstance(data, dict) or data.get(key) is None:
            return None
        return Node(self.located, (*self.path, key))

    def items(self) -> Iterator[Node]:
        """Yield the items of a list; what is no list is the only item."""
        data = self.data
        if not isinstance(data, list):
            yield self
            return
        for number in range(len(data)):
            yield Node(self.located, (*self.path, number))


@dataclass
class Source:
    """Reads what a config names, relative to it and inside the repository; notes every loss."""

    tree: WorkTree
    config: str  # path from the top level
    losses: list[Loss] = field(default_factory=list)

    def lose(self, where: str, what: str, why: str) -> None:
        loss = Loss(where, what, why)
        if loss not in self.losses:
            self.losses.append(loss)

    def root(self) -> Node:
        """Read the config; raise UserError."""
        if self.config.endswith((".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")):
            raise UserError(
                f"{self.config} is code, and promptgit runs none",
                hint="write the config as YAML: `promptfoo export` or by hand",
            )
        node = self.load(self.config)
        if not isinstance(node.data, dict):
            raise UserError(f"{self.config} is no promptfoo config: it has no `prompts:`")
        return node

    def load(self, path: str) -> Node:
        """Read a YAML or JSON file; raise UserError."""
        data = self.read(path)
        if path.endswith(".json"):
            try:
                return Node(Located(json.loads(data), path))
            except ValueError as error:
                raise UserError(f"{path} is not JSON: {error}") from error
        return Node(parse_yaml(data, path))

    def lines(self, path: str) -> Iterator[Node]:
        """Read JSON Lines, one value a line; raise UserError with the line."""
        for number, line in enumerate(self.text(path).splitlines(), start=1):
            if line.strip():
                try:
                    found = json.loads(line)
                except ValueError as error:
                    raise UserError(f"{path}:{number}: this is not JSON: {error}") from error
                yield Node(Located(found, path, {(): Position(number, 1)}))

    def read(self, path: str) -> bytes:
        data = self.tree.read(path)
        if data is None:
            raise UserError(
                f"there is no file {path} in this repository", hint=f"{self.config} names it"
            )
        if self.tree.is_ignored(path):
            raise UserError(
                f"{path} is ignored by Git, so it may be private",
                hint=f"if it may be copied into cases, track it: git add -f {path}",
            )
        return data

    def text(self, path: str) -> str:
        try:
            return self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: byte {error.start} is not UTF-8") from error

    def named(self, reference: str) -> list[str]:
        """List the files that `file://…`, a path or a pattern means; none when it means nothing."""
        name = reference.removeprefix(FILE)
        path = inside(self.config, name)
        if path is None:
            return []
        if any(mark in name for mark in "*?{"):
            return sorted(found for found in self.tree.files() if matches(found, [path]))
        return [path] if self.tree.is_file(path) else []

    def resolved(self, node: Node, depth: int = 0) -> Node:
        """Follow `$ref: '#/…'` and `file://X.yaml` to what they name; raise UserError."""
        data = node.data
        if depth > DEEPEST:
            raise UserError(f"{node.where}: references lead in circles, or too deep")
        if isinstance(data, dict) and isinstance(data.get("$ref"), str):
            return self.resolved(self._referred(node, data["$ref"]), depth + 1)
        if isinstance(data, str) and data.startswith(FILE) and data.endswith(DATA_SUFFIXES):
            found = self.named(data)
            if len(found) == 1:
                return self.resolved(self.load(found[0]), depth + 1)
        return node

    def _referred(self, node: Node, reference: str) -> Node:
        found = Node(node.located)
        steps = reference.removeprefix("#/").split("/") if reference.startswith("#/") else [""]
        for step in steps:
            inner = found.get(step.replace("~1", "/").replace("~0", "~"))
            if inner is None:
                raise UserError(f"{node.where}: there is no {reference} in this file")
            found = inner
        return found


def stem(path: str) -> str:
    """
    Return the name of a file without its suffixes.

    >>> stem("prompts/reply.v2.txt")
    'reply'
    """
    return PurePosixPath(path).name.partition(".")[0]
