"""A YAML file as PyYAML composes it: nodes with the places of their text, and nothing built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from promptgit.core.forms.part import Broken, Part, Role, line_of
from promptgit.core.forms.yaml_scalar import Written, first_line, ways

if TYPE_CHECKING:
    import yaml

MAX_DEPTH = 64  # of nesting; composing is recursive, and in libyaml without a limit


def composed(text: str) -> yaml.Node | None:
    """Return the root node of the only document; raise Broken with the line."""
    import yaml

    try:
        _refuse_depth(text)
        return yaml.compose(text, Loader=_loader())
    except yaml.reader.ReaderError as error:
        problem = f"U+{ord(str(text[error.position])):04X} is not allowed in YAML"
        raise Broken(line_of(text, error.position), problem, "write it as an escape") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise Broken(
            mark.line + 1 if mark else 1,
            f"this is not YAML: {problem}",
            "check the indentation and quotes on this line and the one before",
        ) from error


def _refuse_depth(text: str) -> None:
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Broken(line, f"more than {MAX_DEPTH} levels", "flatten it")


def _loader() -> Any:
    """libyaml is ten times as fast, and counts characters alike; not every PyYAML has it."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def entry(mapping: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return (key, value) of a mapping's entry; None when there is none, or it is no mapping."""
    import yaml

    if not isinstance(mapping, yaml.MappingNode):
        return None
    found = [(key, value) for key, value in mapping.value if _scalar(key) == name]
    if len(found) > 1:
        line = found[1][0].start_mark.line + 1
        raise Broken(line, f"the key {name!r} is there twice", "keep one of them")
    return found[0] if found else None


def keys(mapping: yaml.Node | None) -> tuple[str, ...]:
    """List the keys of a mapping; none of anything else."""
    import yaml

    if not isinstance(mapping, yaml.MappingNode):
        return ()
    return tuple(name for key, _ in mapping.value if (name := _scalar(key)) is not None)


def items(node: yaml.Node | None) -> list[yaml.Node] | None:
    """List the items of a sequence; None for anything else."""
    import yaml

    return list(node.value) if isinstance(node, yaml.SequenceNode) else None


def scalar(node: yaml.Node, what: str) -> str:
    """Return the text of a scalar; raise Broken for a list or mapping."""
    found = _scalar(node)
    if found is None:
        raise Broken(line(node), f"{what} is no text", "put a value like {{ this }} in quotes")
    return found


def _scalar(node: yaml.Node) -> str | None:
    import yaml

    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def line(node: yaml.Node) -> int:
    """Return the line, 1-based, that a node begins on."""
    return int(node.start_mark.line) + 1


def part(role: Role, key: yaml.Node, node: yaml.Node, text: str, root: yaml.Node) -> Part:
    """Make a message of the scalar `node`, which stands under `key`."""
    import yaml

    value = scalar(node, f"`{key.value}`")
    assert isinstance(node, yaml.ScalarNode)
    start = _after_properties(text, node.start_mark.index)
    stop = start + len(_ended(text[start : node.end_mark.index]))
    end = "\r\n" if "\r\n" in text else "\n"
    written = Written(text[start:stop], value, int(key.start_mark.column), end)
    used = sum(1 for found in _nodes(root) if found is node)
    return Part(
        role,
        value,
        start,
        stop,
        line_of(text, start) + first_line(written.raw),
        lambda new: ways(written, new),
        "is used in other places as well, by a YAML alias" if used > 1 else "",
    )


def _ended(raw: str) -> str:
    """Leave a block's last line end and the blank lines after it to the file."""
    if raw[:1] not in ("|", ">"):
        return raw
    while raw.endswith("\n"):
        raw = raw.removesuffix("\n").removesuffix("\r")
        above, end, last = raw.rpartition("\n")
        if end and not last.strip(" \t"):
            raw = above + end
    return raw


def _after_properties(text: str, start: int) -> int:
    """Step over an anchor and a tag, which come before the text and stay."""
    at = start
    while text[at : at + 1] in ("&", "!"):
        while at < len(text) and not text[at].isspace():
            at += 1
        while at < len(text) and text[at].isspace():
            at += 1
    return at


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every node in every place that it stands, an alias's children once."""
    import yaml

    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        yield node
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        for child in node.value:
            waiting += child if isinstance(child, tuple) else [child]
