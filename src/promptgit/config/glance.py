"""
What lint needs of `promptgit.yaml` and of an eval file, read without pydantic.

A hook has 150 ms, and pydantic takes half of them; so these are tuples, which are made ten times as
fast as dataclasses, and the few keys are read by hand.  As soon as one of them is not what it
should be, the strict reader is called to say so in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from promptgit.config.places import CONFIG_FILE, DEFAULT_PIPELINES, DEFAULT_PROMPTS, inside

if TYPE_CHECKING:
    from promptgit.core.located import Located, Path, Position

KEYS = (
    b"lint",
    b"prompts",
    b"pipelines",
    b"template",
)  # of the config; without them there is nothing to read

NOTHING: Mapping[str, Any] = MappingProxyType({})

_COMMENT = re.compile(rb"(?m)^[ \t]*#.*$")


class LintConfig(NamedTuple):
    """`promptgit.yaml`, as far as lint needs it."""

    prompts: tuple[str, ...] = DEFAULT_PROMPTS
    pipelines: tuple[str, ...] = DEFAULT_PIPELINES
    is_template: bool = True  # False: `defaults: {template: none}`
    ignore: tuple[str, ...] = ()  # rules, in all prompts
    per_file: Mapping[str, tuple[str, ...]] = NOTHING  # pattern → rules


class LintEval(NamedTuple):
    """An eval file, as far as lint needs it."""

    file: str = ""
    cases: str = ""  # path from the top level; empty: the file beside the prompt
    cases_line: int = 1  # where that is said
    delimiter: str = ""
    inline: tuple[tuple[int, Mapping[str, Any]], ...] = ()  # line, values by column
    columns: Mapping[str, str] = NOTHING
    inputs: tuple[str, ...] = ()
    json_inputs: tuple[str, ...] = ()  # those that a template reads as JSON
    must_pass: tuple[tuple[str, Position], ...] = ()
    is_template: bool | None = None  # None: as the config says
    located: Located | None = None  # all that is written; None: there is no file


def lint_config(data: bytes) -> LintConfig:
    """
    Read `promptgit.yaml`; raise UserError with file, line and column.

    >>> lint_config(b"lint: {ignore: [long-line]}").ignore
    ('long-line',)
    """
    words = _COMMENT.sub(b"", data)
    if not any(key in words for key in KEYS) and b"\\" not in words:
        return LintConfig()
    from promptgit.core.located import parse_yaml

    root = parse_yaml(data, CONFIG_FILE).data
    written = _mapping(root)
    lint, defaults = _mapping(written.get("lint")), _mapping(written.get("defaults"))
    per_file = _mapping(lint.get("per_file"))
    texts = (
        written.get("prompts"),
        written.get("pipelines"),
        lint.get("ignore"),
        *per_file.values(),
    )
    mappings = (root, written.get("lint"), written.get("defaults"), lint.get("per_file"))
    rules = [name for names in texts[2:] for name in _texts(names)]
    as_meant = all(map(_is_texts, texts)) and all(map(_is_mapping, mappings))
    if not as_meant or set(lint) - {"ignore", "per_file"} or not _all_known(rules):
        from promptgit.config.settings import parse_config

        parse_config(data)
    return LintConfig(
        prompts=_texts(written.get("prompts")) or DEFAULT_PROMPTS,
        pipelines=_texts(written.get("pipelines")) or DEFAULT_PIPELINES,
        is_template=defaults.get("template") != "none",
        ignore=_texts(lint.get("ignore")),
        per_file={pattern: _texts(names) for pattern, names in per_file.items()},
    )


def lint_eval(data: bytes, file: str) -> LintEval:
    """Read an eval file; raise UserError with file, line and column."""
    from promptgit.config.known import EVAL, is_surely_right
    from promptgit.core.located import parse_yaml

    located = parse_yaml(data, file, verbatim=_is_inline_cell)
    written = _mapping(located.data)
    cases = written.get("cases")
    named = _mapping(cases).get("file") if isinstance(cases, dict) else cases
    path = inside(file, named) if isinstance(named, str) and named else ""
    if path is None or (located.data is not None and not is_surely_right(located.data, EVAL)):
        from promptgit.config.eval_file import parse_eval_file

        parse_eval_file(data, file)
    must_pass = _texts(written.get("must_pass"))
    template, inputs = written.get("template"), written.get("inputs")
    return LintEval(
        file=file,
        cases=path or "",
        cases_line=located.position(("cases",)).line,
        delimiter=str(_mapping(cases).get("delimiter") or ""),
        inline=tuple(_inline(cases, located)),
        columns={name: str(theirs) for name, theirs in _mapping(written.get("columns")).items()},
        inputs=_texts(list(inputs) if isinstance(inputs, dict) else inputs),
        json_inputs=json_inputs(inputs),
        must_pass=tuple(
            (name, located.position(_item(written, number)))
            for number, name in enumerate(must_pass)
        ),
        is_template=None if template is None else template != "none",
        located=located,
    )


def json_inputs(written: object) -> tuple[str, ...]:
    """
    List the inputs of which an eval file says that they are JSON.

    >>> json_inputs({"path": "text", "misses": "json"}), json_inputs(["path"])
    (('misses',), ())
    """
    if not isinstance(written, Mapping):
        return ()
    return tuple(name for name, reading in written.items() if reading == "json")


def _inline(cases: Any, located: Located) -> list[tuple[int, Mapping[str, Any]]]:
    rows = cases if isinstance(cases, list) else []
    return [
        (located.position(("cases", number)).line, row)
        for number, row in enumerate(rows)
        if isinstance(row, dict)
    ]


def _item(written: Mapping[str, Any], number: int) -> Path:
    listed = isinstance(written.get("must_pass"), list)
    return ("must_pass", number) if listed else ("must_pass",)


def _all_known(names: Sequence[str]) -> bool:
    if not names:
        return True
    from promptgit.lint.rules import NAMES

    return set(names) <= NAMES


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict | None)


def _is_texts(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) and _is_texts(value) else ()


def _is_inline_cell(path: Path) -> bool:
    return len(path) == 3 and path[0] == "cases"
