"""Who uses whose text."""

from __future__ import annotations

from promptgit.core.graph import Edge, Graph, Node


def a_graph(*arrows: str) -> Graph:
    """Draw `"a b"` as a, which includes b."""
    pairs = [arrow.split() for arrow in arrows]
    paths = sorted({path for pair in pairs for path in pair})
    nodes = {path: Node(path, "prompt") for path in paths}
    return Graph(nodes, tuple(Edge(source, target, target) for source, target in pairs))


def test_users_are_found_through_whatever_lies_between():
    graph = a_graph("reply tone", "tone persona", "refund persona", "other else")

    assert graph.all_users("persona") == ("refund", "reply", "tone")
    assert graph.all_used("reply") == ("persona", "tone")


def test_a_file_is_no_user_of_its_own_even_in_a_circle():
    graph = a_graph("a b", "b a")

    assert graph.all_users("a") == ("b",)


def test_a_circle_is_told_once_from_its_first_file():
    graph = a_graph("b c", "c a", "a b", "x a")

    assert graph.cycles == (("a", "b", "c", "a"),)


def test_a_file_that_includes_itself_is_a_circle():
    assert a_graph("a a").cycles == (("a", "a"),)


def test_around_a_file_are_its_users_and_what_it_uses_but_not_what_those_use_besides():
    graph = a_graph("reply persona", "reply legal", "persona words")

    assert set(graph.around("persona").nodes) == {"reply", "persona", "words"}
    assert [(e.source, e.target) for e in graph.around("persona").edges] == [
        ("reply", "persona"),
        ("persona", "words"),
    ]


def test_the_names_of_a_file_are_those_that_a_user_writes_anywhere_below_it():
    nodes = {path: Node(path, "prompt") for path in ("reply", "tone", "other", "p/persona")}
    edges = (
        Edge("reply", "tone", "tone"),
        Edge("tone", "p/persona", "../p/persona"),
        Edge("reply", "p/persona", "p/persona"),
        Edge("other", "p/persona", "elsewhere"),
    )

    assert set(Graph(nodes, edges).names("reply", "p/persona")) == {"../p/persona", "p/persona"}
