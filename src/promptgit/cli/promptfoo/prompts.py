"""The prompts of a promptfoo config."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from promptgit.cli.promptfoo.nunjucks import as_jinja, faults, holes
from promptgit.cli.promptfoo.source import CODE_SUFFIXES, FILE, Node, Source, stem
from promptgit.errors import UserError

TEXT_SUFFIXES = (".txt", ".md", ".j2")
KEPT_SUFFIXES = (".txt", ".md")  # prompts of ours as they stand
ROLES = ("system", "developer", "user", "assistant")
A_HOLE = re.compile(r"\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}\s*")
A_LINE = re.compile(r"(\w+): \{\{\s*(\w+)\s*\}\}")

Chat = list[tuple[str, str]]  # role, text


@dataclass(frozen=True, slots=True)
class Found:
    """One prompt, as it will be written."""

    name: str
    label: str  # what promptfoo calls it
    text: str  # of the file to be; of a chat, its YAML
    holes: frozenset[str]  # the variables that are sent to the model
    where: str
    path: str = ""  # where it lies already; empty: to be written
    is_chat: bool = False  # several messages: NAME.prompt.yml
    is_users: bool = False  # promptfoo sends it as the user's message, promptgit as the system's


def prompts(source: Source, root: Node) -> list[Found]:
    """List the prompts; what is code, or cannot be read, is noted as lost."""
    written = root.get("prompts")
    if written is None:
        raise UserError(f"{source.config} has no `prompts:`, so there is nothing to take over")
    found: list[Found] = []
    for node in _entries(written):
        try:
            for one in _prompt(source, node):
                found.append(_with_own_name(one, [other.name for other in found]))
        except UserError as error:
            source.lose(node.where, "a prompt", error.message)
    return found


def _entries(written: Node) -> Iterator[Node]:
    data = written.data
    if isinstance(data, dict) and not {"raw", "id", "file", "label"} & data.keys():
        for reference in data:  # an old form: {file: label}
            yield Node(written.located, (*written.path, reference))
    else:
        yield from written.items()


def _prompt(source: Source, node: Node) -> Iterator[Found]:
    data = node.data
    label, config = "", None
    if isinstance(data, dict):
        label, config = str(data.get("label") or ""), data.get("config")
        data = data.get("raw") or data.get("id") or data.get("file")
    elif node.path[:1] == ("prompts",) and isinstance(node.path[-1], str) and len(node.path) == 2:
        label, data = str(data), node.path[-1]
    if config:
        source.lose(node.where, "config of a prompt", "options belong to the model, in `model:`")
    if not isinstance(data, str):
        raise UserError("it is neither text nor a file")
    if _is_code(data):
        source.lose(node.where, data[:60], "a prompt that is code: promptgit runs none")
        return
    paths = source.named(data) if _is_reference(data) else []
    if _is_reference(data) and not paths:
        raise UserError(f"there is no file {data.removeprefix(FILE)} in this repository")
    if not paths:
        yield from _inline(source, node, label, data)
    for path in paths:
        if path.endswith(CODE_SUFFIXES):
            source.lose(node.where, path, "a prompt that is code: promptgit runs none")
            continue
        yield from _file(source, label if len(paths) == 1 else "", path)


def _is_code(text: str) -> bool:
    bare = text.partition(".py:")[0] + (".py" if ".py:" in text else "")
    return text.startswith("exec:") or ("\n" not in text and bare.endswith(CODE_SUFFIXES))


def _is_reference(text: str) -> bool:
    if text.startswith(FILE):
        return True
    plain = "\n" not in text and "{{" not in text and len(text) < 300 and " " not in text
    return plain and text.endswith((*TEXT_SUFFIXES, ".json", ".jsonl", ".yaml", ".yml", ".csv"))


def _inline(source: Source, node: Node, label: str, text: str) -> Iterator[Found]:
    chat = _chat_in(text)
    name = slug(label) or "prompt"
    if chat:
        yield _chat(source, node.where, name, label, chat)
    else:
        yield _text(source, node.where, name, label or text, text)


def _file(source: Source, label: str, path: str) -> Iterator[Found]:
    if path.endswith((".yaml", ".yml", ".json")):
        loaded = source.load(path)
        chat = _messages(loaded.data)
        if chat is None:
            raise UserError(f"{path} is no list of messages with `role` and `content`")
        yield _chat(source, f"{path}:1", slug(label) or stem(path), label or path, chat)
        return
    if path.endswith(".csv"):
        from promptgit.edges.cases import as_text
        from promptgit.edges.rows import rows

        with (source.tree.git.cwd / path).open("rb") as stream:
            for row in rows(stream, path):
                text = as_text(row.values.get("prompt"))
                said = as_text(row.values.get("label")) or label
                name = slug(said) or stem(path)
                yield _text(source, f"{path}:{row.line}", name, said or text, text)
        return
    text = source.text(path)
    chat = _chat_in(text)
    if chat:
        yield _chat(source, f"{path}:1", slug(label) or stem(path), label or path, chat)
        return
    line = 1
    parts = re.split(r"(?m)^---[ \t]*\r?\n?", text)
    for part in parts:
        at = f"{path}:{line + len(part) - len(part.lstrip())}" if len(parts) > 1 else f"{path}:1"
        line += part.count("\n") + 1
        if part.strip():
            kept = path if len(parts) == 1 and path.endswith(KEPT_SUFFIXES) else ""
            name = slug(label) or stem(path)
            yield _text(source, at, name, label or path, text if kept else part, kept)


def _text(source: Source, where: str, name: str, label: str, text: str, path: str = "") -> Found:
    jinja, respelt = as_jinja(text)
    if path and respelt:  # it stays as promptfoo has it, and a prompt of ours is written beside
        source.lose(
            where, path, f"Jinja spells it otherwise ({'; '.join(respelt)}), so it is copied"
        )
        path = ""
    for fault in faults(jinja):
        source.lose(where, f"the prompt {name}", fault)
    body = text if path else jinja.strip() + "\n"
    return Found(name, label, body, holes(jinja), where, path, is_users=True)


def _chat(source: Source, where: str, name: str, label: str, chat: Chat) -> Found:
    jinja = [(role, as_jinja(text)[0]) for role, text in chat]
    asked = frozenset[str]().union(*(holes(text) for _, text in jinja))
    if [role for role, _ in jinja] == ["system"]:
        return replace(_text(source, where, name, label, jinja[0][1]), is_users=False)
    if [role for role, _ in jinja] == ["system", "user"]:
        sent = _left_over(jinja[1][1])
        if sent and not sent & holes(jinja[0][1]):  # what we send without being told
            one = _text(source, where, name, label, jinja[0][1])
            return Found(name, label, one.text, asked, where)
    if any("{%" in text or "|" in "".join(re.findall(r"\{\{.*?\}\}", text)) for _, text in jinja):
        source.lose(
            where, f"the prompt {name}", "a chat of several messages has holes only: no {% %}, no |"
        )
    return Found(name, label, prompt_yaml(name, jinja), asked, where, is_chat=True)


def _left_over(text: str) -> frozenset[str]:
    """
    Name the inputs of a user message that promptgit would write itself: one, or `name: {{name}}`.

    >>> sorted(_left_over("a: {{a}}\\nb: {{ b }}")), sorted(_left_over("Say {{a}}"))
    (['a', 'b'], [])
    """
    single = A_HOLE.fullmatch(text)
    if single:
        return frozenset({single[1]})
    lines = [A_LINE.fullmatch(line) for line in text.split("\n")]
    names = [line[2] for line in lines if line and line[1] == line[2]]
    return frozenset(names) if len(names) == len(lines) > 1 else frozenset()


def _chat_in(text: str) -> Chat | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        return _messages(json.loads(text))
    except ValueError:
        return None


def _messages(data: Any) -> Chat | None:
    listed = data.get("messages") if isinstance(data, dict) else data
    if not isinstance(listed, list) or not listed:
        return None
    found: Chat = []
    for item in listed:
        if not isinstance(item, dict) or item.get("role") not in ROLES:
            return None
        content = item.get("content")
        if isinstance(content, list):
            content = "\n".join(p["text"] for p in content if _is_text_part(p))
            if not content:
                return None
        if not isinstance(content, str):
            return None
        found.append((item["role"].replace("developer", "system"), content))
    return found


def _is_text_part(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def prompt_yaml(name: str, chat: Chat) -> str:
    """Write messages as a `.prompt.yml`, whose holes are replaced as text."""
    lines = [f"name: {json.dumps(name, ensure_ascii=False)}", "messages:"]
    for role, text in chat:
        lines.append(f"  - role: {role}")
        if "\n" in text and not text.startswith((" ", "\n")) and "\t" not in text:
            lines.append("    content: |" + ("" if text.endswith("\n") else "-"))
            lines += [f"      {line}" if line else "" for line in text.rstrip("\n").split("\n")]
        else:
            lines.append(f"    content: {json.dumps(text, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def slug(text: str) -> str:
    """
    Make a file name of a label.

    >>> slug("Reply (v2): short!")
    'reply-v2-short'
    """
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:60].strip("-")


def _with_own_name(found: Found, taken: list[str]) -> Found:
    name, number = found.name, 1
    while name in taken:
        number += 1
        name = f"{found.name}-{number}"
    return replace(found, name=name)
