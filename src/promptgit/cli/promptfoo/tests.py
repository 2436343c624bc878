"""The tests of a promptfoo config: files read, scenarios crossed, defaults laid under."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from promptgit.cli.promptfoo import cells
from promptgit.cli.promptfoo.nunjucks import filled
from promptgit.cli.promptfoo.source import CODE_SUFFIXES, FILE, Node, Source
from promptgit.core.located import Located, Position
from promptgit.edges.cases import as_text
from promptgit.errors import UserError

MOST = 100_000  # tests that lists of variables may multiply to
KEYS = frozenset(
    {"description", "vars", "assert", "threshold", "options", "metadata", "prompts", "metric"}
)
LOST_KEYS = {
    "provider": "all cases of a prompt go to one model",
    "providers": "all cases of a prompt go to one model",
    "providerOutput": "promptgit scores answers of a model; `model: replay` plays recorded ones",
    "assertScoringFunction": "the score is the weighted mean of the checks",
}


@dataclass(frozen=True, slots=True)
class Written:
    """An assertion as promptfoo has it, and where."""

    entry: Any
    where: str


@dataclass(frozen=True)
class Test:
    """One test with all that stands for every test laid under it."""

    where: str
    description: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    default: tuple[Written, ...] = ()  # of defaultTest
    own: tuple[Written, ...] = ()
    threshold: float | None = None
    prefix: str = ""
    suffix: str = ""
    transform: str = ""
    tags: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()  # only these; empty: all


def tests(source: Source, root: Node, known: frozenset[str]) -> list[Test]:
    """List all tests; `known` are the types of assertions that a CSV cell may name."""
    default = root.get("defaultTest")
    default = source.resolved(default) if default else None
    raw: list[tuple[Node, ...]] = []
    written = root.get("tests")
    if written is not None:
        raw += [(node,) for node in _loaded(source, written, known)]
    scenarios = root.get("scenarios")
    if scenarios is not None:
        raw += _crossed(source, scenarios, known)
    found: list[Test] = []
    for layers in raw:
        found += _expanded(source, default, layers)
        if len(found) > MOST:
            raise UserError(f"{source.config}: lists of variables make more than {MOST:,} tests")
    return found


def _loaded(source: Source, written: Node, known: frozenset[str]) -> Iterator[Node]:
    """Yield the tests of a list, a file or a pattern; what cannot be read is noted."""
    for node in written.items():
        data = node.data
        reference = data.get("path") if isinstance(data, dict) and "path" in data else data
        if not isinstance(reference, str):
            yield node
            continue
        try:
            yield from _from_files(source, node, reference, known)
        except UserError as error:
            source.lose(node.where, reference, error.message)


def _from_files(
    source: Source, node: Node, reference: str, known: frozenset[str]
) -> Iterator[Node]:
    if "://" in reference and not reference.startswith(FILE):
        source.lose(node.where, reference[:80], "cases come from files in the repository")
        return
    if reference.partition(".py:")[0].endswith(".py") or reference.endswith(CODE_SUFFIXES):
        source.lose(node.where, reference, "tests that are code: promptgit runs none")
        return
    if ".py:" in reference or ".js:" in reference or ".ts:" in reference:
        source.lose(node.where, reference, "tests that are code: promptgit runs none")
        return
    paths = source.named(reference)
    if not paths:
        raise UserError("there is no such file in this repository")
    for path in paths:
        if path.endswith((".csv", ".tsv")):
            yield from _from_csv(source, path, known)
        elif path.endswith(".jsonl"):
            yield from source.lines(path)
        elif path.endswith((".yaml", ".yml", ".json")):
            yield from _loaded(source, source.load(path), known)
        else:
            source.lose(node.where, path, "tests come from CSV, JSON, JSON Lines and YAML")


def _from_csv(source: Source, path: str, known: frozenset[str]) -> Iterator[Node]:
    import io

    from promptgit.edges.rows import rows

    for row in rows(io.BytesIO(source.read(path)), path):
        test, ignored = cells.test_of(row.values, known)
        for name in ignored:
            source.lose(f"{path}:1", f"the column {name}", "it says nothing that promptgit knows")
        yield Node(Located(test, path, {(): Position(row.line, 1)}))


def _crossed(source: Source, written: Node, known: frozenset[str]) -> list[tuple[Node, ...]]:
    """Pair each configuration of a scenario with each of its tests."""
    found: list[tuple[Node, ...]] = []
    for node in written.items():
        nodes = [node]
        if isinstance(node.data, str):
            nodes = [one for path in source.named(node.data) for one in source.load(path).items()]
        for scenario in nodes:
            inner, tested = scenario.get("config"), scenario.get("tests")
            configs = list(_loaded(source, inner, known)) if inner else []
            cases = list(_loaded(source, tested, known)) if tested else []
            found += itertools.product(configs, cases or [scenario])
    return found


def _expanded(source: Source, default: Node | None, layers: tuple[Node, ...]) -> Iterator[Test]:
    """Yield the test of some layers, or several where a variable is a list (a cross product)."""
    try:
        test = Test(layers[-1].where)
        columns: dict[str, list[str]] = {}
        multiplies = True
        for node in (default, *layers):
            if node is None:
                continue
            node = source.resolved(node)
            if not isinstance(node.data, dict):
                raise UserError("it is no test: a test is a mapping")
            test = _laid(source, test, node, is_default=node is default)
            options = _options(node)
            multiplies = multiplies and not options.get("disableVarExpansion")
            columns |= _variables(source, node, multiplies)
    except UserError as error:
        source.lose(layers[-1].where, "a test", error.message)
        return
    several = sum(1 for values in columns.values() if len(values) > 1)
    for number, values in enumerate(itertools.product(*columns.values()), start=1):
        variables = _rendered(source, test, dict(zip(columns, values, strict=True)))
        said = f"{test.description} {number}" if several and test.description else test.description
        yield replace(test, variables=variables, description=said)
        if number >= MOST:
            return


def _rendered(source: Source, test: Test, variables: dict[str, str]) -> dict[str, str]:
    """Fill the holes inside variables from one another, as promptfoo does."""
    found: dict[str, str] = {}
    for name, text in variables.items():
        try:
            found[name] = filled(text, {**variables, **found})
        except UserError as error:
            source.lose(test.where, f"the variable {name}", f"{error.message}; it stays as written")
            found[name] = text
    return found


def _laid(source: Source, test: Test, node: Node, *, is_default: bool) -> Test:
    data = node.data
    for key in data.keys() - KEYS - {"config", "tests"}:
        source.lose(node.where, f"`{key}` of a test", LOST_KEYS.get(key, "no such thing here"))
    options = _options(node)
    for key in options.keys() - {"prefix", "suffix", "transform", "postprocess"}:
        if key not in ("disableVarExpansion", "disableDefaultAsserts"):
            why = (
                "the judge is `judge:` in promptgit.yaml" if key == "provider" else "not known here"
            )
            source.lose(node.where, f"`options.{key}` of a test", why)
    asserted = node.get("assert")
    written = tuple(
        Written(source.resolved(one).data, one.where)
        for one in (asserted.items() if asserted else ())
    )
    without = bool(options.get("disableDefaultAsserts") or data.get("disableDefaultAsserts"))
    threshold = data.get("threshold")
    if threshold is not None and not isinstance(threshold, int | float):
        raise UserError(f"its threshold is no number: {threshold!r}")
    return replace(
        test,
        description=test.description
        if is_default
        else str(data.get("description") or test.description),
        default=written if is_default else () if without else test.default,
        own=test.own if is_default else (*test.own, *written),
        threshold=test.threshold if threshold is None else float(threshold),
        prefix=str(options.get("prefix") or test.prefix),
        suffix=str(options.get("suffix") or test.suffix),
        transform=str(options.get("transform") or options.get("postprocess") or test.transform),
        tags=(*test.tags, *_tags(source, node)),
        prompts=_listed(data.get("prompts")) or test.prompts,
    )


def _options(node: Node) -> dict[str, Any]:
    found = node.data.get("options") or {}
    if not isinstance(found, dict):
        raise UserError("its options are no mapping")
    return found


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value if isinstance(value, list) else [value] if value else []))


def _tags(source: Source, node: Node) -> tuple[str, ...]:
    """Make tags of metadata: `tags` as they are, others as `key:value`."""
    found: list[str] = []
    metadata = node.data.get("metadata")
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        values = value if isinstance(value, list) else [value]
        for one in values:
            tag = as_text(one) if key == "tags" else f"{key}:{as_text(one)}"
            if isinstance(one, dict | list) or "," in tag or len(tag) > 100 or "\n" in tag:
                source.lose(node.where, f"the metadata {key}", "a tag is one short text, no comma")
            else:
                found.append(tag)
    return tuple(dict.fromkeys(found))


def _variables(source: Source, node: Node, multiplies: bool) -> dict[str, list[str]]:
    """Return the values of each variable, as text; several where promptfoo would try each."""
    written = node.get("vars")
    if written is None:
        return {}
    written = source.resolved(written)
    if isinstance(written.data, list):
        raise UserError("`vars` lists files: name them in the variables, or write them out")
    if not isinstance(written.data, dict):
        raise UserError("`vars` is no mapping")
    found: dict[str, list[str]] = {}
    for name in written.data:
        inner = Node(written.located, (*written.path, name))
        value = inner.data
        each = value if isinstance(value, list) and multiplies and value else [value]
        texts = [text for one in each for text in _value(source, inner, str(name), one)]
        found[str(name)] = texts
    return found


def _value(source: Source, node: Node, name: str, value: Any) -> list[str]:
    if not (isinstance(value, str) and value.startswith(FILE)):
        if isinstance(value, dict | list):
            return [json.dumps(value, ensure_ascii=False)]
        return [as_text(value, node.where)]
    paths = source.named(value)
    if not paths:
        raise UserError(f"the variable {name} names {value}, and there is no such file here")
    if any(path.endswith(CODE_SUFFIXES) for path in paths) or ".py:" in value:
        raise UserError(f"the variable {name} is made by code: promptgit runs none")
    found = []
    for path in paths:
        if path.endswith((".yaml", ".yml", ".json")):
            found.append(json.dumps(source.load(path).data, ensure_ascii=False))
        else:
            found.append(source.text(path))
    return found
