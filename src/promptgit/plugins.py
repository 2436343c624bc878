"""
Where scorers, strategies and models come from: ours by a plain table, yours by entry point.

A package offers its own under `promptgit.scorers`, `promptgit.strategies` or
`promptgit.models` (docs/plugins.md).  Ours cannot be replaced.  Nothing is imported before it
is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from promptgit.errors import PluginNotFound, UserError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Plugin = Callable[..., Any]

SCORERS: Mapping[str, str] = MappingProxyType(
    {
        "assert-set": "promptgit.scorers.assert_set:assert_set",
        "bleu": "promptgit.scorers.overlap:bleu",
        "contains": "promptgit.scorers.contains:contains",
        "contains-all": "promptgit.scorers.contains:contains_all",
        "contains-any": "promptgit.scorers.contains:contains_any",
        "contains-html": "promptgit.scorers.is_html:contains_html",
        "contains-json": "promptgit.scorers.is_json:contains_json",
        "contains-sql": "promptgit.scorers.is_sql:contains_sql",
        "contains-xml": "promptgit.scorers.is_xml:contains_xml",
        "cost": "promptgit.scorers.cost:cost",
        "equals": "promptgit.scorers.equals:equals",
        "finish-reason": "promptgit.scorers.finish_reason:finish_reason",
        "gleu": "promptgit.scorers.overlap:gleu",
        "guardrails": "promptgit.scorers.finish_reason:guardrails",
        "icontains": "promptgit.scorers.contains:icontains",
        "icontains-all": "promptgit.scorers.contains:icontains_all",
        "icontains-any": "promptgit.scorers.contains:icontains_any",
        "is-html": "promptgit.scorers.is_html:is_html",
        "is-json": "promptgit.scorers.is_json:is_json",
        "is-patch": "promptgit.scorers.is_patch:is_patch",
        "is-refusal": "promptgit.scorers.is_refusal:is_refusal",
        "is-sql": "promptgit.scorers.is_sql:is_sql",
        "is-valid-function-call": "promptgit.scorers.tool_calls:is_valid_function_call",
        "is-valid-openai-function-call": "promptgit.scorers.tool_calls:is_valid_function_call",
        "is-valid-openai-tools-call": "promptgit.scorers.tool_calls:is_valid_tools_call",
        "is-xml": "promptgit.scorers.is_xml:is_xml",
        "json-fields": "promptgit.scorers.json_fields:json_fields",
        "latency": "promptgit.scorers.latency:latency",
        "levenshtein": "promptgit.scorers.levenshtein:levenshtein",
        "llm-rubric": "promptgit.scorers.llm_rubric:llm_rubric",
        "meteor": "promptgit.scorers.overlap:meteor",
        "perplexity": "promptgit.scorers.perplexity:perplexity",
        "perplexity-score": "promptgit.scorers.perplexity:perplexity_score",
        "python": "promptgit.scorers.python:python",
        "regex": "promptgit.scorers.regex:regex",
        "rouge-n": "promptgit.scorers.overlap:rouge_n",
        "similar": "promptgit.scorers.similar:similar",
        "skill-used": "promptgit.scorers.skill_used:skill_used",
        "starts-with": "promptgit.scorers.starts_with:starts_with",
        "tool-call-f1": "promptgit.scorers.tool_calls:tool_call_f1",
        "trace-error-spans": "promptgit.scorers.trace_spans:error_spans",
        "trace-span-count": "promptgit.scorers.trace_spans:span_count",
        "trace-span-duration": "promptgit.scorers.trace_spans:span_duration",
        "trajectory:step-count": "promptgit.scorers.trajectory:step_count",
        "trajectory:tool-args-match": "promptgit.scorers.trajectory:tool_args_match",
        "trajectory:tool-sequence": "promptgit.scorers.trajectory:tool_sequence",
        "trajectory:tool-used": "promptgit.scorers.trajectory:tool_used",
        "word-count": "promptgit.scorers.word_count:word_count",
    }
)
STRATEGIES: Mapping[str, str] = MappingProxyType(
    {
        "adopt": "promptgit.strategies.adopt:adopt",
        "breeder": "promptgit.strategies.breeder:breeder",
        "critique": "promptgit.strategies.critique:critique",
        "exemplars": "promptgit.strategies.exemplars:exemplars",
        "gepa": "promptgit.strategies.gepa:gepa",
        "interview": "promptgit.strategies.interview:interview",
        "mixture": "promptgit.strategies.mixture:mixture",
        "patterns": "promptgit.strategies.patterns:patterns",
        "shorten": "promptgit.strategies.shorten:shorten",
    }
)
MODELS: Mapping[str, str] = MappingProxyType(
    {
        "offline": "promptgit.models.offline:factory",
        "openai": "promptgit.models.openai:factory",
        "replay": "promptgit.models.replay:factory",
    }
)
BUILT_IN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"scorers": SCORERS, "strategies": STRATEGIES, "models": MODELS}
)
ONE: Mapping[str, str] = MappingProxyType(
    {"scorers": "scorer", "strategies": "strategy", "models": "model"}
)


def scorer(name: str) -> Plugin:
    """Find the scorer `name` (without `not-`); raise PluginNotFound."""
    return _find("scorers", name)


def strategy(name: str) -> Plugin:
    """Find the strategy `name`; raise PluginNotFound."""
    return _find("strategies", name)


def model_factory(provider: str) -> Plugin:
    """
    Find what makes the models of `provider`.

    A provider that nobody offers is taken for an OpenAI-compatible server: whether it is known,
    or has an endpoint, is for that factory to say.
    """
    return _offered("models", provider) or _load("models", provider, MODELS["openai"])


def names(kind: str) -> tuple[str, ...]:
    """List what there is of `scorers`, `strategies` or `models`, installed packages included."""
    return tuple(sorted({*BUILT_IN[kind], *_entry_points(kind)}))


def _find(kind: str, name: str) -> Plugin:
    plugin = _offered(kind, name)
    if plugin is None:
        raise PluginNotFound(f"no {ONE[kind]} is called {name!r}", hint=_hint(kind, name))
    return plugin


def _offered(kind: str, name: str) -> Plugin | None:
    if name in BUILT_IN[kind]:
        return _load(kind, name, BUILT_IN[kind][name])
    points = _entry_points(kind).get(name, [])
    offers = {point.value: point for point in points}
    if len(offers) > 1:
        owners = ", ".join(sorted(_owner(point) for point in offers.values()))
        raise UserError(
            f"more than one package offers the {ONE[kind]} {name!r}: {owners}",
            hint="uninstall all but one of them",
        )
    return _load(kind, name, *offers) if offers else None


def _load(kind: str, name: str, target: str) -> Plugin:
    from importlib import import_module

    module_name, _, attribute = target.partition(":")
    try:
        plugin: Any = import_module(module_name)
        for part in filter(None, attribute.split(".")):
            plugin = getattr(plugin, part)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise UserError(
            f"the {ONE[kind]} {name!r} does not load: {error}",
            hint=f"it should be at {target}; reinstall the package that offers it",
        ) from error
    if not callable(plugin):
        raise UserError(f"the {ONE[kind]} {name!r} ({target}) is not a function")
    found: Plugin = plugin
    return found


def _entry_points(kind: str) -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points

    offered: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=f"promptgit.{kind}"):
        offered.setdefault(point.name, []).append(point)
    return offered


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _hint(kind: str, name: str) -> str:
    from difflib import get_close_matches

    from promptgit.evaluate.not_carried import NOT_CARRIED

    if kind == "scorers" and name in NOT_CARRIED:
        return f"promptfoo has it; {NOT_CARRIED[name]}"
    known = names(kind)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(known)}"
