"""
Templates of the command line tool `llm`: YAML with `system:` and `prompt:`, and holes `$name`.

(simonw/llm, `llm/templates.py`.)  `defaults:` fill holes that a case lacks; `model`, `options`,
`schema_object`, fragments, attachments and tools are not followed.
"""

from __future__ import annotations

from promptgit.core.forms import yaml_tree
from promptgit.core.forms.part import Broken, Reading, Role

KEYS = frozenset(
    {"name", "prompt", "system", "attachments", "attachment_types", "model", "defaults", "options"}
    | {"extract", "extract_last", "schema_object", "fragments", "system_fragments", "tools"}
    | {"functions"}
)
TEXTS: tuple[tuple[str, Role], ...] = (("system", "system"), ("prompt", "user"))


def read(text: str) -> Reading:
    """Read the two texts, the system's first; raise Broken for a file with neither."""
    root = yaml_tree.composed(text)
    parts = []
    for name, role in TEXTS:
        found = yaml_tree.entry(root, name)
        if root is not None and found is not None:
            parts.append(yaml_tree.part(role, *found, text, root))
    if not parts:
        raise Broken(1, "there is neither `system:` nor `prompt:`", "write at least one of them")
    return Reading(tuple(parts), "dollar", _defaults(root))


def is_template(text: str) -> bool:
    """
    Say whether a YAML file is one: a mapping of these keys only, with a text among them.

    >>> is_template("system: Be kind.\\n"), is_template("input: a\\nexpected: b\\n")
    (True, False)
    """
    if not any(f"{name}:" in text for name, _ in TEXTS):
        return False
    try:
        names = set(yaml_tree.keys(yaml_tree.composed(text)))
    except Broken:
        return False
    return bool(names & {name for name, _ in TEXTS}) and names <= KEYS


def _defaults(root: object) -> dict[str, str]:
    import yaml

    assert root is None or isinstance(root, yaml.Node)
    found = yaml_tree.entry(root, "defaults")
    if found is None or not isinstance(found[1], yaml.MappingNode):
        return {}
    return {
        key: yaml_tree.scalar(value, f"the default {key!r}")
        for name, value in found[1].value
        if (key := yaml_tree.scalar(name, "a key of `defaults`"))
    }
