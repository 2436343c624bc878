"""A prompt of ours as a promptfoo config, which `promptfoo eval -c` loads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.quote import quoted
from promptgit.evaluate.suite import Assertion
from promptgit.report.exported import Exported, literal
from promptgit.report.plain_yaml import plain_yaml

SCHEMA = "# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json"
NOT, SET = "not-", "assert-set"
OURS_ALONE = MappingProxyType(
    {
        "is-patch": "promptfoo applies no patches",
        "json-fields": "promptfoo compares no fields: use is-json, or python",
    }
)
PROVIDERS = MappingProxyType(
    {
        "ollama": "ollama:chat",
        "anthropic": "anthropic:messages",
        "gemini": "google",
        "together": "togetherai",
        "openrouter": "openrouter",
        "groq": "groq",
        "mistral": "mistral",
        "deepseek": "deepseek",
        "xai": "xai",
        "openai": "openai:chat",
    }
)
GRADED = frozenset({"rouge-n", "bleu", "gleu", "meteor", "tool-call-f1"})  # a figure there, too
_COMPARING = """
    equals contains icontains contains-all contains-any icontains-all icontains-any starts-with
    regex similar levenshtein rouge-n bleu gleu meteor
"""
COMPARING = frozenset(_COMPARING.split())  # with the expected answer, where no value is given


@dataclass
class Config:
    """The text of a promptfooconfig.yaml, and what it cannot say."""

    text: str = ""
    losses: list[str] = field(default_factory=list)


def to_promptfoo(
    exported: Exported, *, with_outputs: bool = False, named: Callable[[str], str] = str
) -> Config:
    """
    Write the config of one prompt; `named` turns a path of the repository into one beside it.

    With outputs, a test has the recorded answer as `providerOutput`, to be scored without a call or
    a key: the provider is then `echo`, because promptfoo asks for the key of any other.
    """
    config = Config()
    chat = [{"role": role, "content": text} for role, text in exported.chat]
    entries = [found for one in exported.assertions for found in _entry(one, config, named)]
    outputs = _outputs(exported) if with_outputs else {}
    if with_outputs and not outputs:
        config.losses.append("the records hold no outputs of this text: run `promptgit eval` first")
    config.losses += _without_output(exported, outputs)
    facts: dict[str, Any] = {
        "description": f"{exported.prompt.name}, {_origin(exported)}",
        "tags": {**exported.evidence, **_score(exported)},
        "prompts": [
            {
                "label": exported.prompt.name,
                "raw": json.dumps(chat, indent=2, ensure_ascii=False),
            }
        ],
        "providers": ["echo" if outputs else _provider(exported, config)],
        "defaultTest": {"assert": entries} if entries else {},
        "tests": [
            _test(case, exported.assertions, outputs, config, named)
            for case in exported.cases or ()
        ],
    }
    config.losses = list(dict.fromkeys(config.losses))
    kept = {key: value for key, value in facts.items() if value}
    config.text = f"{SCHEMA}\n# Written by promptgit export.\n{plain_yaml(kept)}"
    return config


def _test(
    case: Case,
    assertions: tuple[Assertion, ...],
    outputs: Mapping[str, str],
    config: Config,
    named: Callable[[str], str],
) -> dict[str, Any]:
    own = [hole for one in assertions if (hole := _own_list(one))]
    columns = {name: text for name, text in case.columns.items() if name not in own}
    test: dict[str, Any] = {
        "description": case.id,
        "vars": {name: literal(text) for name, text in columns.items()},
    }
    sets = [
        found
        for one in assertions
        if (hole := _own_list(one)) and case.columns.get(hole, "").strip()
        for found in _case_set(one, case.columns[hole], config, named, len(assertions) == 1)
    ]
    if sets:
        test["assert"] = sets
    metadata: dict[str, Any] = {"tags": list(case.tags)} if case.tags else {}
    if case.weight != 1:
        config.losses.append("weights of cases: promptfoo counts each test once")
    if case.group:
        metadata["group"] = case.group
    if metadata:
        test["metadata"] = metadata
    if case.id in outputs:
        test["providerOutput"] = outputs[case.id]
    return test


def _own_list(assertion: Assertion) -> str:
    """Return the column that a set takes its assertions from; empty when it has them itself."""
    inner = assertion.options.get("assert")
    found = re.fullmatch(r"\{\{\s*(\w+)\s*\}\}", inner) if isinstance(inner, str) else None
    return found[1] if found else ""


def _case_set(
    assertion: Assertion, text: str, config: Config, named: Callable[[str], str], alone: bool
) -> Iterator[dict[str, Any]]:
    listed = json.loads(text)
    inner = [found for one in listed for found in _entry(_read(one), config, named, own=False)]
    if alone and assertion.threshold is None and assertion.type == SET:
        yield from inner  # nothing else is weighed
    else:
        yield from _set(assertion, inner, config)


def _set(
    assertion: Assertion, inner: list[dict[str, Any]], config: Config
) -> Iterator[dict[str, Any]]:
    """
    Yield a set as promptfoo has it: with a threshold, and no other set in it.

    Without a threshold its checks stand for themselves, and share its weight.
    """
    if assertion.type != SET:
        config.losses.append(f"{assertion.type}: promptfoo turns no set around")
        return
    if assertion.threshold is None:
        total = sum(one.get("weight", 1) for one in inner)
        for one in inner:
            weight = assertion.weight * one.get("weight", 1) / total if total else 0
            rest = {key: item for key, item in one.items() if key != "weight"}
            yield rest if weight == 1 else {**rest, "weight": _number(weight)}
        return
    kept = [one for one in inner if one["type"] != SET]
    if len(kept) < len(inner):
        config.losses.append("a set with a threshold inside another: promptfoo has no such thing")
    if kept:
        yield {**_common(assertion), "assert": kept}


def _entry(
    assertion: Assertion, config: Config, named: Callable[[str], str], *, own: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield the assertion as promptfoo has it, or nothing and note why."""
    kind = assertion.type.removeprefix(NOT)
    if kind in OURS_ALONE:
        config.losses.append(f"{kind}: {OURS_ALONE[kind]}")
        return
    if _own_list(assertion):
        return  # stands in the tests
    found = _common(assertion)
    options = dict(assertion.options)
    inner = options.pop("assert", None)
    if isinstance(inner, list):
        entries = [one for entry in inner for one in _entry(_read(entry), config, named)]
        yield from _set(assertion, entries, config)
        return
    value = assertion.value
    if value is None and kind in COMPARING:
        value = "{{ expected }}"
    if isinstance(value, str) and value.startswith("file://"):
        value = f"file://{named(value.removeprefix('file://'))}"
    elif not own:
        value = _literal(value)
    if "transform" in options:
        found["transform"] = options.pop("transform")
    folds = [
        (option, call, word)
        for option, call, word in (
            ("strip", ".trim()", "trim"),
            ("ignore_case", ".toLowerCase()", "lower"),
        )
        if kind == "equals" and options.pop(option, False)
    ]
    if folds:
        found["transform"] = f"{found.get('transform', 'output')}{''.join(f[1] for f in folds)}"
        value = _filtered(value, [word for *_, word in folds])
    if options.pop("graded", False):
        if kind in GRADED:
            found["threshold"] = 0
        else:
            config.losses.append(f"{kind}: `graded`; promptfoo says pass or fail")
    if kind == "similar" and assertion.threshold is None:
        config.losses.append("similar: graded here; promptfoo passes it from 0.75 on")
    for name in sorted(options):
        config.losses.append(f"{kind}: the option `{name}`; promptfoo has no such key")
    if value is not None:
        found["value"] = value
    yield found


def _common(assertion: Assertion) -> dict[str, Any]:
    found: dict[str, Any] = {"type": assertion.type}
    if assertion.threshold is not None:
        found["threshold"] = _number(assertion.threshold)
    if assertion.weight != 1:
        found["weight"] = _number(assertion.weight)
    if assertion.metric:
        found["metric"] = assertion.metric
    return found


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _filtered(value: Any, words: list[str]) -> Any:
    """Fold the expected text as the output is folded: in the template, or right away."""
    if not isinstance(value, str):
        return value
    hole = re.fullmatch(r"\{\{\s*(\w+)\s*\}\}", value)
    if hole:
        return f"{{{{ {' | '.join([hole[1], *words])} }}}}"
    for word in words:
        value = value.strip() if word == "trim" else value.lower()
    return value


def _literal(value: Any) -> Any:
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return literal(value) if isinstance(value, str) else value


def _read(entry: Any) -> Assertion:
    if isinstance(entry, str):
        return Assertion(entry)
    own = ("type", "value", "threshold", "weight", "metric")
    given = {key: entry[key] for key in own if key in entry}
    return Assertion(**given, options={k: v for k, v in entry.items() if k not in own})


def _provider(exported: Exported, config: Config) -> Any:
    name = exported.model
    front, slash, rest = name.partition("/")
    if name in ("", "offline", "replay") or front in ("offline", "replay"):
        config.losses.append(
            f"the model {name or 'offline'}: promptfoo has no like of it, so it is `echo`"
        )
        return "echo"
    if not slash:
        provider = f"openai:chat:{name}"
    elif front in PROVIDERS:
        provider = f"{PROVIDERS[front]}:{rest}"
    else:
        provider = f"openai:chat:{rest}"
        config.losses.append(f"the address of {front}: set OPENAI_BASE_URL for promptfoo")
    return {"id": provider, "config": dict(exported.options)} if exported.options else provider


def _outputs(exported: Exported) -> dict[str, str]:
    """The recorded output of each case; of several answers, the first."""
    found: dict[str, str] = {}
    for row in exported.results:
        if isinstance(row.get("output"), str) and row.get("repeat", 0) == 0:
            found.setdefault(str(row.get("case")), row["output"])
    return found


def _without_output(exported: Exported, outputs: Mapping[str, str]) -> list[str]:
    """Say how many tests have no recorded output, where others have one."""
    cases = exported.cases or ()
    lacking = [case.id for case in cases if case.id not in outputs]
    if not outputs or not lacking:
        return []
    return [
        f"the outputs of {len(lacking)} of {len(cases)} cases, as {quoted(lacking[0])}: none are "
        "recorded, so `echo` answers with the prompt itself; `promptgit eval` records them"
    ]


def _score(exported: Exported) -> dict[str, str]:
    finding = exported.finding
    if finding is None or finding.score is None:
        return {}
    return {"promptgit_score": f"{finding.score:.4f}", "promptgit_cases": str(finding.n)}


def _origin(exported: Exported) -> str:
    commit = exported.commit
    return f"{exported.path} at {commit[:12]}" if commit else f"{exported.path}, not committed"
