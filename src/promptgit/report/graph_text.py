"""Who uses whose text, as a tree for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.core.graph import Edge, Graph, Node
from promptgit.report.history_text import Styled
from promptgit.report.text import counted, printable

SCHEMA = 1  # of what is printed as JSON
LONGEST = 200  # characters of a path
BRANCH, LAST, DOWN, BLANK = "├─ ", "└─ ", "│  ", "   "
CIRCLE = "goes round in a circle"
DEEPEST = 40  # levels; a chain of includes ends at 20

STYLES = {"pipeline": "bold", "missing": "red", "text": "", "code": "dim", "prompt": ""}


def whole(graph: Graph) -> Iterator[Styled]:
    """Draw all files that nobody uses, each with what it uses below it."""
    tree = _Tree(graph)
    for path in _roots(graph):
        yield from tree.below(path)
    yield from _closing(graph)


def of_file(graph: Graph, path: str) -> Iterator[Styled]:
    """Draw what one file uses, then who uses it, the nearest first."""
    yield from _Tree(graph).below(path)
    yield (("", ""),)
    users = graph.users(path)
    if users:
        yield (("used by", "bold"),)
        yield from _Tree(graph).above(path)
    else:
        yield (("nobody uses it", "dim"),)
    yield from _closing(graph.around(path))


class _Tree:
    """Draws a graph as a tree: what was drawn with all below it once, is only named again."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._drawn: set[str] = set()

    def below(self, path: str) -> Iterator[Styled]:
        yield self._line("", "", path)
        yield from self._branches(path, "", (path,), up=False)

    def above(self, path: str) -> Iterator[Styled]:
        yield from self._branches(path, "", (path,), up=True)

    def _branches(
        self, path: str, indent: str, chain: tuple[str, ...], *, up: bool
    ) -> Iterator[Styled]:
        edges = self._graph.users(path) if up else self._graph.uses(path)
        for place, edge in enumerate(edges, 1):
            there = edge.source if up else edge.target
            mark, rest = (LAST, BLANK) if place == len(edges) else (BRANCH, DOWN)
            further = self._graph.users(there) if up else self._graph.uses(there)
            turns = there in chain
            again = bool(further) and there in self._drawn and not turns
            note = CIRCLE if turns else "as above" if again else ""
            yield self._line(indent + mark, _label(edge), there, note)
            if not (turns or again) and len(chain) < DEEPEST:
                self._drawn.add(there)
                yield from self._branches(there, indent + rest, (*chain, there), up=up)

    def _line(self, indent: str, label: str, path: str, note: str = "") -> Styled:
        node = self._graph.nodes[path]
        facts = ", ".join([*_facts(self._graph, node), *([note] if note else [])])
        style = "red" if note == CIRCLE else STYLES[node.kind]
        told = ((f"  {facts}", "red" if node.problem else "dim"),) if facts else ()
        return (indent, "dim"), (label, "dim"), (printable(path, LONGEST), style), *told


def _roots(graph: Graph) -> Iterator[str]:
    """The files to begin with: those that nobody uses, then one of each circle of its own."""
    reached: set[str] = set()
    for path in graph.nodes:
        if not graph.users(path):
            reached |= {path, *graph.all_used(path)}
            yield path
    for path, *_ in graph.cycles:
        if path not in reached:
            reached |= {path, *graph.all_used(path)}
            yield path


def _label(edge: Edge) -> str:
    return f"{printable(edge.name, LONGEST)}: " if edge.kind == "step" else ""


def _facts(graph: Graph, node: Node) -> Iterator[str]:
    if node.kind in ("missing", "code"):
        yield {"missing": "missing: there is no such file", "code": "function"}[node.kind]
        return
    if node.kind == "pipeline":
        yield "pipeline"
    if node.cases:
        yield "cases" if node.cases != node.eval_file else "cases in its eval file"
    elif graph.lacks_cases(node):
        yield "no cases"
    if node.eval_file:
        yield "eval file"
    if node.problem:
        yield printable(node.problem, LONGEST)


def _closing(graph: Graph) -> Iterator[Styled]:
    """Count, and name what is broken."""
    kinds = [node.kind for node in graph.nodes.values()]
    shared = sum(1 for path in graph.nodes if len({e.source for e in graph.users(path)}) > 1)
    said = [counted(kinds.count("prompt"), "prompt")]
    if "pipeline" in kinds:
        said.append(counted(kinds.count("pipeline"), "pipeline"))
    said.append(f"{counted(shared, 'file')} used by more than one")
    yield (("", ""),)
    yield ((", ".join(said), "dim"),)
    for cycle in graph.cycles:
        yield ((f"a circle: {' -> '.join(printable(path, LONGEST) for path in cycle)}", "red"),)
    for edge in graph.missing:
        source, target = (printable(path, LONGEST) for path in (edge.source, edge.target))
        yield ((f"missing: {target}, which {source} names", "red"),)


def facts(graph: Graph, revision: str) -> dict[str, Any]:
    """The graph in JSON's terms; its keys are stable.  `revision` is empty for the work tree."""
    return {
        "schema": SCHEMA,
        "revision": revision,
        "files": [
            {
                "path": node.path,
                "kind": node.kind,
                "cases": node.cases,
                "eval_file": node.eval_file,
                "problem": node.problem,
            }
            for node in graph.nodes.values()
        ],
        "uses": [
            {
                "from": edge.source,
                "to": edge.target,
                "kind": edge.kind,
                "name": edge.name,
                "missing": graph.nodes[edge.target].kind == "missing",
            }
            for edge in graph.edges
        ],
        "circles": _lists(graph.cycles),
    }


def _lists(every: Iterable[Iterable[str]]) -> list[list[str]]:
    return [list(one) for one in every]
