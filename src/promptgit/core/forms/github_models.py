"""
GitHub Models `.prompt.yml`: `messages` with a role and a content each.

(github/gh-models, `pkg/prompt/prompt.go`.)  A hole is `{{name}}`, replaced as text.  Its `testData`
and `evaluators` are read by `promptgit.config.github_models`; `model` and its parameters are not
followed.
"""

from __future__ import annotations

from promptgit.core.forms import yaml_tree
from promptgit.core.forms.part import ROLES, Broken, Part, Reading


def read(text: str) -> Reading:
    """Read the messages; raise Broken for a file without any."""
    root = yaml_tree.composed(text)
    found = yaml_tree.entry(root, "messages")
    if root is None or found is None:
        raise Broken(1, "there is no `messages:`", "write a list of `role:` and `content:`")
    messages = yaml_tree.items(found[1])
    if not messages:
        raise Broken(
            yaml_tree.line(found[1]), "`messages` is no list", "write `- role: system` below it"
        )
    parts = []
    for message in messages:
        role, content = (yaml_tree.entry(message, name) for name in ("role", "content"))
        line = yaml_tree.line(message)
        if role is None or content is None:
            missing = "role" if role is None else "content"
            raise Broken(line, f"this message has no `{missing}`", "write `role:` and `content:`")
        name = yaml_tree.scalar(role[1], "`role`").lower()
        if name not in ROLES:
            raise Broken(line, f"{name!r} is no role", "write system, user or assistant")
        parts.append(yaml_tree.part(ROLES[name], *content, text, root))
    _refuse_no_text(parts)
    return Reading(tuple(parts), "braces")


def _refuse_no_text(parts: list[Part]) -> None:
    if not any(part.text.strip() for part in parts):
        raise Broken(parts[0].line, "no message has any text", "write a `content:`")
