"""Files that hold a text, in every form and style: the text goes in as each of them writes it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable

from promptgit.core import forms


def escaped(text: str) -> str:
    """In double quotes, with an escape for all but ASCII; YAML has none for pairs of surrogates."""
    return f'"{"".join(c if ord(c) > 0xFFFF else json.dumps(c)[1:-1] for c in text)}"'


def indented(text: str, columns: int) -> str:
    return textwrap.indent(text, " " * columns, lambda line: bool(line.strip("\n")))


def yaml_literal(text: str) -> str:
    body = indented(text, 6)
    return (
        f"messages:\n  - role: system\n    content: |2-\n{body}\n  - role: user\n    content: x\n"
    )


def yaml_double(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return f'name: "a"\nmessages:\n- {{role: system, content: {written}}}  # kept\ntestData: []\n'


def yaml_escaped(text: str) -> str:
    return f"messages:\n- role: user\n  content: {escaped(text)} # c\nx: 1"


def llm(text: str) -> str:
    return f"model: m\nsystem: {escaped(text)}\nprompt: >+\n  Fold\n  me.\n\n\n"


def markdown(text: str) -> str:
    return f"---\nname: a\n---\n{text}"


def prompty(text: str) -> str:
    return f"---\nname: a\n---\nsystem:\n{text}\n\nuser:\nHello.\n"


def dotprompt(text: str) -> str:
    return f'---\nmodel: m\n---\n{{{{role "system"}}}}\n{text}\n{{{{role "user"}}}}\nHello.'


def litellm(text: str) -> str:
    return f"---\nmodel: m\n---\nSystem: {text}\n\nUser: Hello.\n"


def python_short(text: str) -> str:
    return f"import os\n\n# promptgit: prompt\nA = {text!r}  # kept\n\nB = os.sep\n"


def python_long(text: str) -> str:
    for mark, written in (("\\", "\\\\"), ('"', '\\"')):
        text = text.replace(mark, written)
    return f'# promptgit: prompt\nA: str = (\n    """{text}"""\n)\n'


# A function that writes the file, and the form that it is read as.
HOLDERS = {
    "yaml literal": (yaml_literal, "github-models"),
    "yaml double": (yaml_double, "github-models"),
    "yaml escaped": (yaml_escaped, "github-models"),
    "llm": (llm, "llm"),
    "markdown": (markdown, "markdown"),
    "prompty": (prompty, "prompty"),
    "dotprompt": (dotprompt, "dotprompt"),
    "litellm": (litellm, "litellm"),
    "python, one line": (python_short, "python"),
    "python, triple quotes": (python_long, "python"),
}


def with_crlf(write: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: write(text).replace("\n", "\r\n")


HOLDERS |= {
    f"{name}, CRLF": (with_crlf(HOLDERS[name][0]), HOLDERS[name][1])
    for name in ("yaml literal", "llm", "prompty", "dotprompt", "litellm", "python, triple quotes")
}


def first(form: str, file: str) -> str:
    """The first message of a file."""
    return forms.messages(form, file)[0][1]


def with_first(form: str, file: str, text: str) -> str:
    """The sheet of a file, were this its first message."""
    parts = forms.read(form, file).parts
    if len(parts) == 1:
        return text
    before, line, after = forms.sheet(form, file).partition(f"=== message 2 of {len(parts)}")
    head = before.partition("\n")[0]
    return f"{head}\n{text}\n{line}{after}"
