"""
Write what is generated: docs/commands.md and docs/schema/ from the code, and with `--picture` the
terminal pictures of README from a real run.  A test holds the first two up to date.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from promptgit.cli.main import SECTIONS, cli
from promptgit.config import SCHEMAS, json_schema

DOCS = Path(__file__).parent
WIDTH = 100  # columns of a picture, and of the help texts


def commands() -> str:
    """Everything that `--help` says, as one Markdown page."""
    settings = {**cli.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    root = click.Context(cli, info_name="promptgit", **settings)
    lines: list[str] = [
        "# Commands",
        "",
        "Made by `make docs` from the help texts; for exit codes see [concepts](concepts.md).",
        "",
        _block(cli.get_help(root)),
    ]
    for section, names in SECTIONS.items():
        lines += ["", f"## {section}"]
        for name in names:
            command = cli.get_command(root, name)
            assert command is not None
            for context in _contexts(command, name, root):
                lines += ["", f"### {context.command_path}", "", _block(context.get_help())]
    return "\n".join(lines) + "\n"


def _contexts(command: click.Command, name: str, parent: click.Context) -> Iterator[click.Context]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
    yield context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _contexts(found, inner, context)


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def lint() -> str:
    """docs/lint.md: what is written by hand, and below its marker every rule."""
    from promptgit.lint.rules import RULES

    by_hand, marker, _ = (DOCS / "lint.md").read_text(encoding="utf-8").partition("<!-- rules")
    assert marker
    lines = [f"{by_hand}{marker}: made by `make docs` from the code -->", "", "## Rules", ""]
    lines += ["| rule | severity | what is wrong | `--fix` |", "|---|---|---|---|"]
    for rule in RULES:
        fix = "yes" if rule.fixable else ""
        name = f"[`{rule.name}`](#{rule.name})"
        lines.append(f"| {name} | {rule.severity} | {rule.says} | {fix} |")
    for rule in RULES:
        lines += ["", f"### {rule.name}", "", rule.why]
    return "\n".join(lines) + "\n"


def generated() -> dict[Path, str]:
    files = {DOCS / "commands.md": commands(), DOCS / "lint.md": lint()}
    for name in SCHEMAS:
        schema = json.dumps(json_schema(name), indent=2, ensure_ascii=False)
        files[DOCS / "schema" / f"{name}.json"] = schema + "\n"
    return files


def picture(line: str, folder: Path, target: Path) -> None:
    """Run a command on a terminal of its own and draw what it shows there."""
    from rich.console import Console
    from rich.text import Text

    shown = _on_a_terminal(line, folder)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text(f"$ {line}", style="bold"))
        console.print(Text.from_ansi(shown))
        target.parent.mkdir(parents=True, exist_ok=True)
        svg = console.export_svg(title=line)
    target.write_text(_without_remote_fonts(svg), encoding="utf-8")


def _on_a_terminal(line: str, folder: Path) -> str:
    """Return the last state of the screen's text, colours included."""
    import pty

    chunks: list[bytes] = []

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 65_536)
        chunks.append(data)
        return data

    os.environ |= {"COLUMNS": str(WIDTH), "LINES": "60", "TERM": "xterm-256color"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        pty.spawn([sys.executable, "-m", "promptgit.cli.main", "-q", *line.split()[1:]], read)
    finally:
        os.chdir(before)
    lines = b"".join(chunks).decode().rstrip().replace("\r\n", "\n").split("\n")
    return "\n".join(_indented(line) for line in lines)


def _indented(line: str) -> str:
    """SVG drops leading blanks, but not hard ones."""
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text


def _without_remote_fonts(svg: str) -> str:
    """Leave the font to the reader's machine: a picture should fetch nothing."""
    while (start := svg.find("@font-face")) >= 0:
        end = svg.index("}", start)
        svg = svg[:start] + svg[end + 1 :]
    return svg


def main() -> None:
    for path, content in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    if "--picture" in sys.argv:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "demo"
            demo = [sys.executable, "-m", "promptgit.cli.main", "-q", "demo", str(folder)]
            subprocess.run(demo, check=True, capture_output=True)
            picture("promptgit log ticket-triage", folder, DOCS / "images" / "log.svg")
            picture("promptgit improve ticket-triage", folder, DOCS / "images" / "improve.svg")


if __name__ == "__main__":
    main()
