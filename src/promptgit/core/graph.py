"""Who uses whose text: prompts and the files that they include, pipelines and their prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

NodeKind = Literal["prompt", "text", "pipeline", "code", "missing"]
EdgeKind = Literal["includes", "step"]


@dataclass(frozen=True, slots=True)
class Node:
    """A file, by its path from the repository's top; or the name of one that is not there."""

    path: str
    kind: NodeKind  # text: included, and none of the repository's prompts; code: a step's function
    cases: str = ""  # path of the file that holds its cases; empty where it has none
    eval_file: str = ""
    problem: str = ""  # why it, or its eval file, cannot be read


@dataclass(frozen=True, slots=True)
class Edge:
    """One file uses another."""

    source: str  # path
    target: str  # path; the name as written, where there is no such file
    name: str  # as the source writes it; of a step, the step's
    kind: EdgeKind = "includes"
    optional: bool = False  # an include that may be missing


@dataclass(frozen=True)
class Graph:
    """The files of one state of a repository, and who uses whom."""

    nodes: Mapping[str, Node] = field(default_factory=dict)  # by path
    edges: tuple[Edge, ...] = ()

    def uses(self, path: str) -> tuple[Edge, ...]:
        """What a file uses, in the order in which it names it."""
        return self._from.get(path, ())

    def users(self, path: str) -> tuple[Edge, ...]:
        """Who uses a file, in the order of paths."""
        return self._to.get(path, ())

    def all_users(self, path: str) -> tuple[str, ...]:
        """The paths of all that use a file, directly or not, sorted; never itself."""
        return tuple(sorted(set(self._reached(path, back=True)) - {path}))

    def all_used(self, path: str) -> tuple[str, ...]:
        """The paths of all that a file uses, directly or not, sorted; never itself."""
        return tuple(sorted(set(self._reached(path, back=False)) - {path}))

    def around(self, path: str) -> Graph:
        """The part of the graph that concerns one file: what it uses, and who uses it."""
        kept = {path, *self.all_users(path), *self.all_used(path)}
        below = {path, *self.all_used(path)}
        above = {path, *self.all_users(path)}
        edges = tuple(
            edge
            for edge in self.edges
            if {edge.source, edge.target} <= below or {edge.source, edge.target} <= above
        )
        return Graph({p: node for p, node in self.nodes.items() if p in kept}, edges)

    def names(self, source: str, target: str) -> tuple[str, ...]:
        """The names by which `source`, or anything that it includes, includes `target`."""
        within = {source, *self.all_used(source)}
        found = (e.name for e in self.users(target) if e.source in within and e.kind == "includes")
        return tuple(dict.fromkeys(found))

    def lacks_cases(self, node: Node) -> bool:
        """Say whether nothing tests a prompt: it has no cases, and nobody uses it who may have."""
        is_prompt = node.kind in ("prompt", "pipeline")
        return is_prompt and not node.cases and not self.users(node.path)

    @property
    def missing(self) -> tuple[Edge, ...]:
        """What is named and not there."""
        return tuple(e for e in self.edges if self.nodes[e.target].kind == "missing")

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Each way round, from the first of its files in the order of paths back to it."""
        found = dict.fromkeys(
            cycle for path in sorted(self.nodes) if (cycle := self._way_back(path))
        )
        return tuple(cycle for cycle in found if cycle[0] == min(cycle))

    def _way_back(self, start: str) -> tuple[str, ...]:
        """A shortest way from a file to itself, both ends named; empty when there is none."""
        ways: dict[str, tuple[str, ...]] = {start: (start,)}
        waiting = [start]
        for path in waiting:
            for edge in self.uses(path):
                if edge.target == start:
                    return (*ways[path], start)
                if edge.target not in ways:
                    ways[edge.target] = (*ways[path], edge.target)
                    waiting.append(edge.target)
        return ()

    def _reached(self, path: str, *, back: bool) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            here = waiting.pop()
            edges = self.users(here) if back else self.uses(here)
            for edge in edges:
                there = edge.source if back else edge.target
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
                    yield there

    @cached_property
    def _from(self) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {path: tuple(edges) for path, edges in found.items()}

    @cached_property
    def _to(self) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in sorted(self.edges, key=lambda edge: (edge.source, edge.name)):
            found.setdefault(edge.target, []).append(edge)
        return {path: tuple(edges) for path, edges in found.items()}
