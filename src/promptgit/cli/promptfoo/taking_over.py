"""What `promptgit init --from` writes: planned first, then written, never over anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import dirname, relpath
from typing import Any

from promptgit.cli.promptfoo.assertions import KNOWN
from promptgit.cli.promptfoo.grading import Graded, graded
from promptgit.cli.promptfoo.models import model
from promptgit.cli.promptfoo.prompts import Found, prompts
from promptgit.cli.promptfoo.renaming import without_clashes
from promptgit.cli.promptfoo.source import Loss, Node, Source
from promptgit.cli.promptfoo.tests import Test, tests
from promptgit.cli.promptfoo.written import case_text, clashing, eval_text, model_line
from promptgit.cli.setup import Step, attributes_step, config_text, shell_word
from promptgit.config import CONFIG_FILE, DEFAULT_PROMPTS, matches, parse_eval_file
from promptgit.config.places import stem_of
from promptgit.edges import cases
from promptgit.edges.columns import Columns
from promptgit.edges.git import Git
from promptgit.edges.work_tree import WorkTree
from promptgit.errors import UserError

FOLDER = "prompts"
ROLES = "promptfoo sends a text prompt as the user's message; promptgit sends it as the system's"
CARRIED = frozenset(
    {
        "prompts",
        "providers",
        "targets",
        "tests",
        "scenarios",
        "defaultTest",
        "description",
        "$schema",
    }
)
ASIDE = frozenset({"assertionTemplates", "sharing", "tags", "metadata", "writeLatestResults"})
LOST_KEYS = {
    "outputPath": "say it when you run: `promptgit eval --json`",
    "env": "keys and settings come from your environment, never from a repository",
    "extensions": "promptgit runs no code of a config",
    "nunjucksFilters": "templates have Jinja's own filters",
    "derivedMetrics": "a metric is one check; compute others from `promptgit eval --json`",
    "redteam": "promptgit attacks nothing; the cases of a red team can be cases here",
    "tracing": "an answer carries no trace",
}


@dataclass(frozen=True)
class TakenOver:
    """What is to be written, what stays, and what could not be carried over."""

    git: Git
    steps: tuple[Step, ...]
    kept: tuple[str, ...]
    prompts: tuple[tuple[str, int], ...]  # path, number of cases
    notes: tuple[str, ...]
    losses: tuple[Loss, ...]
    next: str

    def carry_out(self) -> None:
        """Write all files or none; one that has come to exist meanwhile is an error."""
        from promptgit.edges.new_files import write_all

        write_all(
            self.git.cwd,
            {step.path: step.text for step in self.steps if not step.adds},
            {step.path: step.text for step in self.steps if step.adds},
        )


def taken_over(where: Path, typed: str) -> TakenOver:
    """Read the promptfoo config that was `typed`; raise UserError."""
    git = Git.discover(where)
    if git.bare:
        raise UserError(
            f"{git.cwd} is a bare repository, so it has no files to set up",
            hint="run `promptgit init` in a clone of it",
        )
    tree = WorkTree(git)
    source = Source(tree, _config_path(git, where, typed))
    root = source.root()
    _note_top_level(source, root)
    found = [_with_ends(source, one) for one in prompts(source, root)]
    found, every = without_clashes(source, found, tests(source, root, KNOWN))
    chosen = model(source, root)
    tools = _tools(root)

    new: dict[str, str] = {}
    counts: list[tuple[str, int]] = []
    shared: dict[tuple[int, ...], str] = {}
    memo: dict[tuple[int, ...], Graded] = {}
    for one in found:
        asked = tuple(n for n, test in enumerate(every) if _is_for(test, one))
        mine = [every[n] for n in asked]
        one = _surrounded(source, one, mine)
        path = one.path or f"{FOLDER}/{one.name}{'.prompt.yml' if one.is_chat else '.md'}"
        if not one.path:
            new[path] = one.text
        if not mine:
            counts.append((path, 0))
            continue
        if asked not in memo:
            memo[asked] = graded(source, mine, tools)
        rows, inputs = _rows(source, one, mine, memo[asked])
        suffix, text = case_text(rows)
        alone = sum(1 for other in found if _numbers(every, other) == asked) == 1
        name = f"{stem_of(path)}{suffix}" if alone else f"{FOLDER}/cases{suffix}"
        if not alone and new.get(name, text) != text:
            name = f"{stem_of(path)}{suffix}"
        shared[asked] = new[name] = text
        eval_path = f"{stem_of(path)}.eval.yaml"
        new[eval_path] = eval_text(
            one.name,
            source.config,
            relpath(name, dirname(path) or "."),
            [name for name in rows[0] if clashing(name)],
            inputs,
            memo[asked].entries,
            eval_path,
        )
        counts.append((path, _readable(source, one, new[eval_path], eval_path, text, name)))
        if not memo[asked].entries and any(test.default or test.own for test in mine):
            source.lose(one.where, f"the checks of {one.name}", "none is left: write `assert:`")
    return _plan(git, tree, source, new, counts, chosen, root, found)


def _plan(
    git: Git,
    tree: WorkTree,
    source: Source,
    new: dict[str, str],
    counts: Sequence[tuple[str, int]],
    chosen: dict[str, Any] | None,
    root: Node,
    found: Sequence[Found],
) -> TakenOver:
    outside = [path for path, _ in counts if not matches(path, DEFAULT_PROMPTS)]
    patterns = (*DEFAULT_PROMPTS, *outside)
    text = config_text(patterns).replace("model: offline\n", model_line(chosen) + "\n")
    options = root.data.get("evaluateOptions") or {}
    many = options.get("maxConcurrency") if isinstance(options, dict) else None
    if isinstance(many, int) and 1 <= many <= 512:
        text += f"\n# Calls at a time.\nconcurrency: {many}\n"
    steps = [Step(CONFIG_FILE, text), *(Step(path, content) for path, content in new.items())]
    kept = [step.path for step in steps if tree.is_file(step.path)]
    for step in steps:
        if (
            step.path in kept
            and (tree.read(step.path) or b"").decode(errors="replace") != step.text
        ):
            ours = f"; it would say `{model_line(chosen)}`" if step.path == CONFIG_FILE else ""
            why = f"it is kept as it is{ours}"
            source.lose(f"{step.path}:1", "a file that exists already", why)
    notes = [ROLES] if any(one.is_users for one in found) else []
    first = next((path for path, count in counts if count), "")
    return TakenOver(
        git,
        (*(step for step in steps if step.path not in kept), *attributes_step(tree, patterns)),
        tuple(kept),
        tuple(counts),
        tuple(notes),
        tuple(sorted(source.losses, key=_place)),
        f"promptgit eval {shell_word(first)}" if first else "promptgit doctor",
    )


def _place(loss: Loss) -> tuple[str, int]:
    file, _, line = loss.where.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def _config_path(git: Git, where: Path, typed: str) -> str:
    place = (where / typed).resolve()
    if place.is_dir():
        place = place / "promptfooconfig.yaml"
    if not place.is_file():
        raise UserError(f"there is no file {typed}", hint="name the promptfooconfig.yaml")
    try:
        return place.relative_to(git.cwd.resolve()).as_posix()
    except ValueError as error:
        raise UserError(f"{typed} is not in this repository", hint="copy it here first") from error


def _note_top_level(source: Source, root: Node) -> None:
    for key in root.data:
        node = root.get(key)
        if node is None or key in CARRIED or key in ASIDE:
            continue
        if key == "evaluateOptions":
            for name in node.data if isinstance(node.data, dict) else ():
                if name not in ("maxConcurrency", "cache", "showProgressBar"):
                    why = {"repeat": "say it when you run: `promptgit eval --repeat N`"}
                    source.lose(
                        node.where, f"evaluateOptions.{name}", why.get(name, "not known here")
                    )
        else:
            source.lose(node.where, f"`{key}`", LOST_KEYS.get(key, "promptgit has no like of it"))


def _tools(root: Node) -> Any:
    """Return the tools of the first provider that has any, for the checks of their calls."""
    providers = root.get("providers")
    for node in providers.items() if providers else ():
        config = node.data.get("config") if isinstance(node.data, dict) else None
        if isinstance(config, dict):
            found = config.get("tools") or config.get("functions")
            if isinstance(found, list):
                return found
    return None


def _is_for(test: Test, prompt: Found) -> bool:
    names = (prompt.label, prompt.name, prompt.path)
    return not test.prompts or any(
        name and (name == wanted or name.startswith(f"{wanted.removesuffix(':*')}:"))
        for wanted in test.prompts
        for name in names
    )


def _numbers(every: Sequence[Test], prompt: Found) -> tuple[int, ...]:
    return tuple(n for n, test in enumerate(every) if _is_for(test, prompt))


def _with_ends(source: Source, one: Found) -> Found:
    """Take a prompt that lies outside of the files we may read as one to be copied."""
    return one if not one.path or not source.tree.is_ignored(one.path) else replace(one, path="")


def _surrounded(source: Source, one: Found, mine: Sequence[Test]) -> Found:
    ends = {(test.prefix, test.suffix) for test in mine} or {("", "")}
    if ends == {("", "")}:
        return one
    if len(ends) > 1 or one.is_chat:
        why = (
            "a chat has several" if one.is_chat else "they differ, and a prompt is one text for all"
        )
        source.lose(one.where, "prefix and suffix of tests", why)
        return one
    prefix, suffix = next(iter(ends))
    return replace(one, text=f"{prefix}{one.text.rstrip()}{suffix}\n", path="")


def _rows(
    source: Source, one: Found, mine: Sequence[Test], suite: Graded
) -> tuple[list[dict[str, str]], list[str]]:
    """Return a row for each test, and the columns that the model may see."""
    names = list(dict.fromkeys(name for test in mine for name in test.variables))
    unset = sorted(one.holes - set(names))
    for name in unset:
        source.lose(one.where, f"the variable {name}", "no test sets it: it is an empty column")
    if not one.holes and names:
        source.lose(
            one.where,
            f"the prompt {one.name}",
            "it names no variable: promptgit sends the columns of a case as the user's message",
        )
    identified = list(_ids(mine))
    rows = []
    for number, test in enumerate(mine):
        row = {"id": identified[number]} if any(identified) else {}
        row |= {name: test.variables.get(name, "") for name in (*names, *unset)}
        row |= {name: values[number] for name, values in suite.columns.items()}
        if any(test.tags for test in mine):
            row["tags"] = ",".join(test.tags)
        rows.append(row)
    seen = [name for name in (*names, *unset) if name in one.holes]
    return rows, seen


def _ids(mine: Sequence[Test]) -> Iterator[str]:
    """Name cases by their descriptions; the second of a name gets a number."""
    seen: dict[str, int] = {}
    for test in mine:
        name = " ".join("".join(c for c in test.description if c.isprintable()).split())[:80]
        seen[name] = seen.get(name, 0) + 1
        yield f"{name} {seen[name]}" if name and seen[name] > 1 else name


def _readable(
    source: Source, one: Found, eval_file: str, eval_path: str, rows: str, case_path: str
) -> int:
    """Read what will be written as `eval` does; return how many cases it has."""
    try:
        asked = parse_eval_file(eval_file.encode(), eval_path)
        columns = Columns(asked.columns, asked.inputs, asked.json_inputs)
        found = cases.parse(rows.encode(), case_path, columns=columns)
    except UserError as error:
        source.lose(one.where, f"the cases of {one.name}", f"{error.message} {error.hint}".strip())
        return 0
    for row in found.dropped[:20]:
        source.lose(f"{case_path}:{row.line}", "a case", row.why)
    return len(found)
