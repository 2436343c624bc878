"""trajectory:* and skill-used, as promptfoo documents them, on the trace of an answer."""

from __future__ import annotations

import pytest

from promptgit import plugins
from promptgit.core.dataset import Case
from promptgit.core.ports import Answer
from promptgit.core.trace import Span, tool_span
from promptgit.errors import UserError
from promptgit.evaluate.suite import Assertion, bind

ORDERED = (
    tool_span("search_orders", '{"status": "Q", "page": 1}'),
    tool_span("search_orders", {"status": "R"}),
    tool_span("compose_reply", {"tone": "friendly", "to": {"name": "Ann", "id": 7}}),
)


def scored(kind, value, trace=ORDERED):
    suite = bind([Assertion(kind, value)], plugins.scorer, injected={})
    (found,) = suite.score(Case("c-1", {"n": "2"}), Answer("Done.", trace=trace)).values()
    return found


def holds(kind, value, trace=ORDERED):
    """Ask both ways; an assertion and its opposite do not agree where there is a trace."""
    plain, opposite = (scored(one, value, trace).value for one in (kind, f"not-{kind}"))
    assert plain != opposite
    return bool(plain)


USED = "trajectory:tool-used"


def test_a_tool_was_used_when_its_whole_name_fits_in_any_case():
    assert holds(USED, "search_orders")
    assert holds(USED, "SEARCH_*")
    assert holds(USED, "compose_repl?")
    assert not holds(USED, "search")
    assert not holds(USED, "s.*")


def test_every_tool_of_a_list_has_to_be_used_and_with_not_none_may():
    assert scored(USED, ["search_orders", "compose_reply"]).value == 1
    some = ["search_orders", "delete_order"]
    assert scored(USED, some).value == 0
    assert scored(f"not-{USED}", some).value == 0
    assert scored(f"not-{USED}", ["delete_order", "refund"]).value == 1
    assert scored(USED, some).why.startswith('not used: "delete_order"; used "search_orders"')


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [({}, True), ({"min": 2}, True), ({"min": 3}, False), ({"min": 2, "max": 3}, True),
     ({"max": 1}, False), ({"min": "{{ n }}"}, True)],
)  # fmt: skip
def test_calls_of_a_tool_are_counted_from_one_up_unless_told_otherwise(bounds, expected):
    assert holds(USED, {"pattern": "search*", **bounds}) is expected


def test_a_tool_that_must_not_be_used_may_be_written_with_max_0():
    assert scored(f"not-{USED}", {"name": "delete_order", "max": 0}).value == 1
    assert scored(f"not-{USED}", {"name": "search_orders", "max": 0}).value == 0


ARGUMENTS = "trajectory:tool-args-match"


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (True, {"name": "search_orders", "args": {"status": "R"}}),
        (True, {"name": "search_orders", "args": {"status": "Q"}}),
        (False, {"name": "search_orders", "mode": "exact", "args": {"status": "Q"}}),
        (True, {"name": "search_orders", "mode": "exact", "args": {"status": "Q", "page": 1}}),
        (False, {"name": "search_orders", "args": {"page": "1"}}),
        (False, {"name": "search_orders", "args": {"page": True}}),
        (True, {"pattern": "compose*", "arguments": {"to": {"id": 7}}}),
        (False, {"pattern": "compose*", "mode": "exact", "arguments": {"to": {"id": 7}}}),
        (False, {"name": "refund", "args": {}}),
    ],
)
def test_arguments_hold_at_least_or_exactly_what_is_wanted(expected, value):
    assert holds(ARGUMENTS, value) is expected


def test_lists_among_the_arguments_are_as_long_as_wanted():
    cited = (tool_span("cite", {"docs": ["a", {"page": 2, "line": 3}]}),)

    assert holds(ARGUMENTS, {"name": "cite", "args": {"docs": ["a", {"page": 2}]}}, cited)
    assert not holds(ARGUMENTS, {"name": "cite", "args": {"docs": ["a"]}}, cited)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"status": "Q"}, True),
        ({"status": "Q", "page": 1, "page_size": 5}, True),
        ({"status": "Q", "page": 2}, False),
        ({"status": "Q", "cursor": "abc123"}, True),
        ({"status": "Q", "order_id": 3}, True),
        ({"status": "Q", "id_order": 3}, False),
        ({"status": "Q", "delete_database": True}, False),
    ],
)
def test_defaults_and_ignored_arguments_as_in_the_documented_tables(given, expected):
    value = {
        "name": "orders",
        "mode": "exact",
        "args": {"status": "Q"},
        "defaults": {"page": 1, "page_size": 5},
        "ignore": ["cursor", "*_id"],
    }

    assert holds(ARGUMENTS, value, (tool_span("orders", given),)) is expected


def test_what_is_ignored_is_left_out_of_what_is_wanted_too():
    value = {"name": "orders", "mode": "exact", "args": {"cursor": "x", "a": 1}, "ignore": "cursor"}

    assert holds(ARGUMENTS, value, (tool_span("orders", {"a": 1}),))


def test_a_call_whose_arguments_nobody_told_fits_none():
    assert not holds(ARGUMENTS, {"name": "find", "args": {}}, (Span("find", "tool"),))


SEQUENCE = "trajectory:tool-sequence"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["search_orders", "compose_reply"], True),
        (["compose_reply", "search_orders"], False),
        (["search_*", "search_*", "search_*"], False),
        ({"steps": ["search_orders", {"pattern": "compose*"}]}, True),
        ({"mode": "exact", "steps": ["search_orders", "compose_reply"]}, False),
        ({"mode": "exact", "steps": ["search*", "search*", {"name": "compose_reply"}]}, True),
        ({"mode": "exact", "steps": ["*", "*", "*", "*"]}, False),
    ],
)
def test_tools_are_used_in_order_with_others_between_unless_exact(value, expected):
    assert holds(SEQUENCE, value) is expected


def test_the_order_is_that_of_time_where_every_span_has_one():
    late, soon = Span("a", "tool", start_ms=9.0), Span("b", "tool", start_ms=1.0)

    assert holds(SEQUENCE, ["b", "a"], (late, soon))
    assert holds(SEQUENCE, ["a", "c"], (late, Span("c", "tool")))


STEPS = "trajectory:step-count"


def test_steps_are_counted_by_type_and_name():
    course = (
        Span("reasoning about it"),
        Span("exec ls -l"),
        Span("call", attributes={"tool.name": "shell", "tool.arguments": '{"cmd": "cat a"}'}),
        Span("call", attributes={"tool.name": "find", "args": '{"id": 1}'}),
        Span('search "parcel"'),
        Span("agent response"),
        Span("http"),
    )

    def count(**given):
        return next(n for n in range(9) if holds(STEPS, {**given, "min": n, "max": n}, course))

    assert count() == 7
    assert [count(type=kind) for kind in ("command", "tool", "search")] == [2, 1, 1]
    assert [count(type=kind) for kind in ("reasoning", "message", "span")] == [1, 1, 1]
    assert count(type=["tool", "command"]) == 3
    assert [count(pattern=name) for name in ("reasoning*", "ls", "cat a", "parcel")] == [1, 1, 1, 1]
    assert holds(ARGUMENTS, {"name": "find", "args": {"id": 1}}, course)


SKILL = "skill-used"
SKILLED = (
    Span("code-review", "skill"),
    tool_span("Skill", {"skill": "project-a:lint"}),
    Span("deploy", "skill", failed=True),
)


def test_skills_are_named_whole_or_by_a_pattern():
    assert holds(SKILL, "code-review", SKILLED)
    assert not holds(SKILL, "code-*", SKILLED)
    assert scored(SKILL, ["code-review", "project-a:lint"], SKILLED).value == 1
    assert holds(SKILL, {"pattern": "project-*:*"}, SKILLED)
    assert scored(SKILL, {"pattern": "*", "min": 3}, SKILLED).value == 0
    assert scored(SKILL, {"pattern": "*", "max": 2}, SKILLED).value == 1
    assert scored(SKILL, {"name": "none", "max": 2}, SKILLED).value == 1


def test_a_skill_that_failed_was_not_used_but_was_tried():
    assert scored(SKILL, "deploy", SKILLED).value == 0
    assert scored(f"not-{SKILL}", "deploy", SKILLED).value == 0
    assert scored(f"not-{SKILL}", {"name": "deploy", "max": 0}, SKILLED).value == 0
    assert scored(f"not-{SKILL}", ["x", "y"], SKILLED).value == 1


def test_an_answer_that_tells_of_no_skills_used_none():
    assert scored(SKILL, "code-review", None).value == 0
    assert "no trace" in scored(SKILL, "code-review", None).why
    assert scored(f"not-{SKILL}", "code-review", None).value == 1


VALUES = {
    USED: "find",
    ARGUMENTS: {"name": "find", "args": {}},
    SEQUENCE: ["find"],
    STEPS: {"max": 3},
}


@pytest.mark.parametrize("prefix", ["", "not-"])
@pytest.mark.parametrize("kind", VALUES)
def test_without_a_trace_an_assertion_fails_and_so_does_its_opposite(kind, prefix):
    found = scored(prefix + kind, VALUES[kind], None)

    assert found.value == 0
    assert "carries no trace" in found.why


def test_an_empty_trace_is_one_in_which_no_tool_was_used():
    assert not holds(USED, "find", ())
    assert holds(STEPS, {"max": 0}, ())


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (USED, 5, "a tool, a list"),
        (USED, [], "a tool, a list"),
        (USED, {"min": 1}, "name or a pattern"),
        (USED, {"name": "a", "min": 1.5}, "whole"),
        (USED, {"name": "a", "min": 2, "max": 1}, "less than its min"),
        (USED, {"name": "a", "most": 2}, "no `most`"),
        (ARGUMENTS, "find", "an object"),
        (ARGUMENTS, {"name": "find"}, "needs `args`"),
        (ARGUMENTS, {"name": "find", "args": {}, "mode": "subset"}, "partial or exact"),
        (ARGUMENTS, {"name": "find", "args": {}, "defaults": [1]}, "defaults"),
        (ARGUMENTS, {"name": "find", "args": {}, "ignore": [1]}, "ignore"),
        (SEQUENCE, {"mode": "any", "steps": ["a"]}, "in_order or exact"),
        (SEQUENCE, [], "needs `steps`"),
        (STEPS, {"type": "tool"}, "a min or a max"),
        (STEPS, {"type": "tools", "min": 1}, "of the type tool"),
        (SKILL, [], "a skill, a list"),
        (SKILL, {"min": 1}, "name or a pattern"),
        ("not-skill-used", {"name": "a", "min": 2}, "no bounds"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(kind, value, said):
    with pytest.raises(UserError, match=said):
        bind([Assertion(kind, value)], plugins.scorer, injected={})
