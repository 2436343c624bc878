"""
YAML that knows where each value stood, so that an error can point at it.

Stricter than YAML 1.1 where that surprises people: `no`, `on` and `12:30` are words, no tag can
name a Python type, a key may not occur twice, and aliases may not swell the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptgit.errors import UserError

if TYPE_CHECKING:
    import yaml

Path = tuple[str | int, ...]  # ("assert", 2, "value")

MAX_DEPTH = 64  # of nesting; deeper is an accident or an attack
MAX_ALIASED = 10_000  # values that aliases may add to those that are written out

NULL = re.compile(r"~|null|Null|NULL|")
BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Position:
    line: int  # 1-based
    column: int  # 1-based


@dataclass(frozen=True)
class Located:
    """Plain data (dict, list, str, int, float, bool, None) from one file, with positions."""

    data: Any
    file: str  # as people know it
    values: Mapping[Path, Position] = field(default_factory=dict)
    keys: Mapping[Path, Position] = field(default_factory=dict)

    def at(self, path: Path, *, key: bool = False) -> str:
        """Say where `path` (or its key) is, `file:line:column`; else where its parent is."""
        position = self.position(path, key=key)
        return f"{self.file}:{position.line}:{position.column}"

    def position(self, path: Path, *, key: bool = False) -> Position:
        for length in range(len(path), -1, -1):
            places = (self.keys, self.values) if key else (self.values, self.keys)
            for found in places:
                if path[:length] in found:
                    return found[path[:length]]
        return Position(1, 1)


def decoded(data: bytes, file: str) -> str:
    """Return UTF-8 `data` as text, without a byte order mark; raise UserError with the line."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UserError(f"{file}: the file is UTF-16", hint="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{file}:{line}: byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8",
            hint="save the file as UTF-8",
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError(f"{file}:{line}: there is a NUL character", hint="is it a binary file?")
    return text


def parse_yaml(
    data: bytes, file: str, *, verbatim: Callable[[Path], bool] = lambda path: False
) -> Located:
    """
    Read one YAML document; an empty file is None.

    Where `verbatim(path)` holds, a scalar stays the text that was written (`007`, `1.10`), only
    null is None.  Raises UserError with file, line and column.

    >>> parse_yaml(b"model: gpt-5-mini\\nbudget: {usd: 2}", "promptgit.yaml").data
    {'model': 'gpt-5-mini', 'budget': {'usd': 2}}
    """
    import yaml

    text = decoded(data, file)
    builder = _Builder(file, verbatim)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(
            f"{file}:{line}: U+{ord(text[error.position]):04X} is not allowed in YAML",
            hint="remove it, or write it as an escape in double quotes",
        ) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from error
    return Located(builder.root, file, builder.values, builder.keys)


def _events(text: str) -> Iterable[yaml.Event]:
    """Parse with libyaml, ten times as fast; what it refuses is parsed again for better words."""
    import yaml

    try:
        return list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except (AttributeError, yaml.YAMLError):  # a PyYAML that was built without libyaml
        return yaml.parse(text, Loader=yaml.SafeLoader)


@dataclass
class _Open:
    """A mapping or a sequence that is still being read."""

    value: Any
    path: Path
    anchor: str | None
    size: int = 1  # values in it, aliases counted in full
    key: str | None = None  # of a mapping: read, its value is still to come


class _Builder:
    """Builds plain data from parser events, without recursion."""

    def __init__(self, file: str, verbatim: Callable[[Path], bool]) -> None:
        self.file = file
        self.verbatim = verbatim
        self.root: Any = None
        self.values: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased = 0
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        import yaml

        position = _position(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self._error(position, "a second document starts here", "keep only one")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), position)
        elif isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event.tag, position)
            self._scalar(event, position)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_tag(event.tag, position)
            self._start({} if isinstance(event, yaml.MappingStartEvent) else [], event, position)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            closed = self.open.pop()
            if closed.anchor:
                self.anchors[closed.anchor] = (closed.value, closed.size)
            if self.open:
                self.open[-1].size += closed.size

    def _start(self, value: Any, event: yaml.CollectionStartEvent, position: Position) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._error(position, f"more than {MAX_DEPTH} levels deep", "flatten it")
        path = self._place(value, position, "a list or mapping")
        self.open.append(_Open(value, path, event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, position: Position) -> None:
        top = self.open[-1] if self.open else None
        if top and isinstance(top.value, dict) and top.key is None:
            self._key(top, event.value, position)
            return
        path = self._next_path()
        plain = event.implicit[0] and not event.style  # libyaml says "" of a plain one
        value = event.value if not plain else _typed(event.value, self.verbatim(path))
        self._place(value, position, "")
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        if top:
            top.size += 1

    def _alias(self, anchor: str, position: Position) -> None:
        if anchor not in self.anchors:
            raise self._error(
                position, f"*{anchor} refers to nothing above", f"is there an &{anchor}?"
            )
        value, size = self.anchors[anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise self._error(
                position, f"aliases repeat more than {MAX_ALIASED} values", "write them out"
            )
        if self.open:
            self.open[-1].size += size
        self._place(value, position, f"*{anchor}")

    def _key(self, top: _Open, name: str, position: Position) -> None:
        path = (*top.path, name)
        if path in self.keys:
            first = self.keys[path]
            raise self._error(
                position, f"the key {name!r} is already on line {first.line}", "keep one of them"
            )
        self.keys[path] = position
        top.key = name

    def _next_path(self) -> Path:
        if not self.open:
            return ()
        top = self.open[-1]
        if isinstance(top.value, dict):
            return (*top.path, top.key or "")
        return (*top.path, len(top.value))

    def _place(self, value: Any, position: Position, what: str) -> Path:
        """Put a value where the parser stands; return its path."""
        path = self._next_path()
        self.values[path] = position
        if not self.open:
            self.root = value
            return path
        top = self.open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            raise self._error(
                position,
                f"{what} cannot be a key",
                "put the key, or a value like {{ this }}, in quotes",
            )
        else:
            top.value[top.key] = value
            top.key = None
        return path

    def _refuse_tag(self, tag: str | None, position: Position) -> None:
        if tag not in (None, "!"):
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            raise self._error(position, f"the tag {shown} is not allowed", "write a plain value")

    def _error(self, position: Position, message: str, hint: str) -> UserError:
        return UserError(f"{self.file}:{position.line}:{position.column}: {message}", hint=hint)


def _typed(text: str, verbatim: bool) -> Any:
    """
    Read a plain scalar by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2, 10.3.2).

    >>> [_typed(text, False) for text in ("no", "true", "1e-3", "12:30", "007", "")]
    ['no', True, 0.001, '12:30', 7, None]
    """
    if NULL.fullmatch(text):
        return None
    if verbatim:
        return text
    if BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    return text


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> UserError:
    mark = error.problem_mark or error.context_mark
    where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    problem = " ".join(part for part in (error.context, error.problem) if part)
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    hint = "check the indentation and quotes on this line and the one before"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "indent with spaces, YAML allows no tabs there"
    elif "{{" in line or line.rstrip().endswith(("{", "}")) or "mapping values" in problem:
        hint = "put text that holds `: `, `{{` or `#` in quotes"
    return UserError(f"{where}: this is not YAML: {problem}", hint=hint)
