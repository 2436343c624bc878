"""Draws the graph of a repository: which files include which, and which pipelines use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from posixpath import dirname, join, normpath

from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core.graph import Edge, Graph, Node, NodeKind
from promptgit.core.pipeline_file import parse_steps
from promptgit.core.prompt import inclusions
from promptgit.edges.snapshot import Snapshot
from promptgit.errors import UserError


def graph_of(repository: Repository) -> Graph:
    """
    Read every prompt, and what they include, as the repository has them.

    Whole levels are read at a time, so that Git is asked a few times and not once a file.
    """
    reading = _Reading(repository)
    waiting = list(repository.prompts)
    while waiting:
        waiting = reading.level(waiting)
    return reading.graph


class _Reading:
    """What was read so far."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._tree = repository.tree
        self._prompts = frozenset(repository.prompts)
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []

    @property
    def graph(self) -> Graph:
        order = sorted(self._nodes)
        edges = sorted(enumerate(self._edges), key=lambda one: (one[1].source, one[0]))
        return Graph({path: self._nodes[path] for path in order}, tuple(e for _, e in edges))

    def level(self, paths: Iterable[str]) -> list[str]:
        """Take these files in; return the files that they name, as far as those are new."""
        texts = self._texts(paths)
        found: dict[str, None] = {}
        for path, text in texts.items():
            self._nodes[path] = self._node(path)
            for edge in self._named(path, text):
                self._edges.append(edge)
                if edge.target not in self._nodes and edge.target not in texts:
                    found[edge.target] = None
        for edge in self._edges:
            if edge.target in found and not self._tree.is_file(edge.target):
                self._nodes[edge.target] = Node(edge.target, "missing")
        return [path for path in found if path not in self._nodes]

    def _texts(self, paths: Iterable[str]) -> dict[str, str]:
        listed = list(paths)
        if isinstance(self._tree, Snapshot):
            beside = [_stem(path) + end for path in listed for end in places.EVAL_SUFFIXES]
            self._tree.load([*listed, *beside])
        return {path: (self._tree.read(path) or b"").decode(errors="replace") for path in listed}

    def _node(self, path: str) -> Node:
        tree = self._tree
        kind: NodeKind = "prompt" if path in self._prompts else "text"
        if kind == "prompt" and self._repository.is_pipeline(path):
            kind = "pipeline"
        elif path.endswith(".py"):
            return Node(path, "code")
        beside = (_stem(path) + end for end in places.EVAL_SUFFIXES)
        eval_file = next(filter(tree.is_file, beside), "")
        try:
            if kind == "pipeline":
                parse_steps((tree.read(path) or b"").decode(errors="replace"), path)
            return Node(path, kind, self._cases(path, eval_file), eval_file)
        except UserError as error:
            return Node(path, kind, "", eval_file, error.message)

    def _cases(self, path: str, eval_file: str) -> str:
        """Where a prompt's cases are: in its eval file, in the file that it names, or beside."""
        written = self._tree.read(eval_file) or b"" if eval_file else b""
        if b"cases" in written:
            asked = self._repository.eval_file(path)
            if asked.inline or asked.cases:
                return asked.cases or eval_file
        return places.case_file(path, self._tree.is_file) or ""

    def _named(self, path: str, text: str) -> Iterator[Edge]:
        if self._nodes[path].kind == "pipeline":
            yield from _steps(path, text)
            return
        if not self._is_template(path):
            return
        for inclusion in inclusions(text):
            place, name = self._first(path, inclusion.names)
            if place or not inclusion.optional:
                target = place or normpath(inclusion.names[0])
                yield Edge(path, target, name or inclusion.names[0])

    def _is_template(self, path: str) -> bool:
        """Say whether braces mean something; an eval file is read only where it may say so."""
        node, kind = self._nodes[path], self._repository.config.template
        if node.kind == "code":
            return False
        if node.eval_file and b"template" in (self._tree.read(node.eval_file) or b""):
            with suppress(UserError):
                kind = self._repository.eval_file(path).template or kind
        return kind == "jinja" or node.kind == "text"

    def _first(self, within: str, names: Iterable[str]) -> tuple[str, str]:
        """Return (path, name) of the first that is a file, looked up as a prompt's are."""
        for name in names:
            for path in (normpath(join(dirname(within), name)), normpath(name)):
                if not path.startswith(("..", "/")) and self._tree.is_file(path):
                    return path, name
        return "", ""


def _steps(path: str, text: str) -> Iterator[Edge]:
    """Yield what the steps of a pipeline name; one that is broken names nothing."""
    try:
        found = parse_steps(text, path)
    except UserError:
        return
    for step in found.steps:
        yield Edge(path, step.file, step.name, "step")


def _stem(path: str) -> str:
    return path[: path.rfind(".")] if "." in path.rpartition("/")[2] else path
