"""Who uses whose text, as a Mermaid flowchart that GitHub draws in any Markdown file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from promptgit.core.graph import Edge, Graph, Node

MOST_EDGES = 500  # GitHub's Mermaid draws no more
LONGEST = 120  # characters of a name
SHAPES = {  # what stands before and behind a label
    "prompt": ('["', '"]'),
    "text": ('("', '")'),
    "pipeline": ('[["', '"]]'),
    "code": ('{{"', '"}}'),
    "missing": ('["', ' (missing)"]'),
}
_PLAIN = re.compile(r"[A-Za-z0-9 ./_-]")


def mermaid(graph: Graph) -> str:
    """
    Draw a graph, fenced for Markdown: from those who use to what they use.

    Every file is called n0, n1, …: what it is called itself is a label, in which no character
    means anything to Mermaid or to HTML.
    """
    names = {path: f"n{number}" for number, path in enumerate(graph.nodes)}
    round_trips = {pair for cycle in graph.cycles for pair in pairwise(cycle)}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"  {names[node.path]}{_shape(graph, node)}" for node in graph.nodes.values()]
    lines += [
        f"  {names[edge.source]} {_arrow(edge, round_trips)} {names[edge.target]}"
        for edge in graph.edges
    ]
    lines += _classes(graph, names)
    return "\n".join([*lines, "```"])


def label(text: str) -> str:
    """
    Write a text so that Mermaid shows it, and does nothing else with it.

    >>> label('a"] --> b')
    'a#34;#93; --#62; b'
    """
    return "".join(
        char if _PLAIN.match(char) else f"#{_shown(char)};" for char in text[:LONGEST]
    ) + ("#8230;" if len(text) > LONGEST else "")


def _shown(char: str) -> int:
    """The number of a character; one that shows nothing, or is half a character, is replaced."""
    return 0xFFFD if unicodedata.category(char).startswith("C") else ord(char)


def _shape(graph: Graph, node: Node) -> str:
    before, after = SHAPES[node.kind]
    cases = " (no cases)" if graph.lacks_cases(node) else ""
    return f"{before}{label(node.path)}{cases}{after}"


def _arrow(edge: Edge, round_trips: set[tuple[str, str]]) -> str:
    words = label(edge.name) if edge.kind == "step" else "includes"
    if (edge.source, edge.target) in round_trips:
        return f'-. "{words}, in a circle" .->'
    return f'-->|"{words}"|' if edge.kind == "step" else "-->"


def _classes(graph: Graph, names: dict[str, str]) -> Iterator[str]:
    missing = [names[path] for path, node in graph.nodes.items() if node.kind == "missing"]
    if missing:
        yield "  classDef missing stroke:#c00,color:#c00,stroke-dasharray:4"
        yield f"  class {','.join(missing)} missing"
