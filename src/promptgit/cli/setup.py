"""What `promptgit init` writes: planned first, then written, never over anything."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from promptgit.cli.example import EXAMPLE
from promptgit.cli.on_github import OnGithub, on_github
from promptgit.cli.wiring import Repository
from promptgit.config import CONFIG_FILE, DEFAULT_PROMPTS, matches, parse_config, places
from promptgit.config.places import DEFAULT_PIPELINES
from promptgit.config.schema import modeline
from promptgit.edges.git import Git
from promptgit.edges.work_tree import WorkTree
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.core.dataset import Dataset
    from promptgit.evaluate.suite import Assertion

ATTRIBUTES_FILE = ".gitattributes"
PLAIN_SUFFIXES = (".md", ".txt")
ALL_SUFFIXES = "{md,txt,prompt,prompty,prompt.yml,prompt.yaml}"
# Text files that repositories have for other reasons, by the beginning of their names.
NO_PROMPTS = re.compile(
    r"readme|licen[cs]e|copying|notice|change|contributing|code_of_conduct|security|authors"
    r"|requirements|constraints|robots|cmakelists",
    re.IGNORECASE,
)
REPEATED = 0.8  # of the answers that repeat an input: then it is worth asking for
CASES_HEADER = "input,expected"


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt, and what it has."""

    path: str
    eval_file: str = ""
    cases_file: str = ""
    cases: int | None = None  # None: there are none, or they cannot be read
    trouble: str = ""  # why they cannot be read


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the plan."""

    path: str
    text: str  # to write, or to add at the end
    adds: bool = False  # the file exists, and lines are added to it


@dataclass(frozen=True)
class Plan:
    """What is to be written, what stays, and what to say."""

    git: Git
    steps: tuple[Step, ...] = ()
    kept: tuple[str, ...] = ()  # files that exist already
    prompts: tuple[Found, ...] = ()
    notes: tuple[str, ...] = field(default=())
    next: str = ""  # the command to type

    def carry_out(self) -> None:
        """Write the files; one that has come to exist meanwhile is an error, not overwritten."""
        for step in self.steps:
            path = self.git.cwd / step.path
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab" if step.adds else "xb") as out:
                    out.write(step.text.encode())
            except OSError as error:
                raise UserError(
                    f"{step.path} cannot be written: {error.strerror}",
                    hint="nothing was overwritten; correct this and run init again",
                ) from error


def plan(where: Path, *, example: bool, github: str | None = None) -> Plan:
    """
    Look at the repository around `where` and decide what it lacks; raise UserError.

    `github` names the kind of workflows to write, see `edges/workflows.py`.
    """
    git = Git.discover(where)
    if git.bare:
        raise UserError(
            f"{git.cwd} is a bare repository, so it has no files to set up",
            hint="run `promptgit init` in a clone of it",
        )
    tree = WorkTree(git)
    files = tree.files()
    written = tree.read(CONFIG_FILE)
    config = parse_config(written or b"")
    patterns = config.prompts
    added: list[Step] = []
    if written is None:
        patterns = prompt_patterns(files)
        if example and not _meant(files, patterns):
            patterns = DEFAULT_PROMPTS
            added = [Step(path, text) for path, text in EXAMPLE.items() if path not in files]
        added.insert(0, Step(CONFIG_FILE, config_text(patterns)))
    elif example and not _meant(files, patterns):
        added = [Step(path, text) for path, text in EXAMPLE.items() if path not in files]

    repository = Repository(git, replace(config, prompts=patterns))
    ours = (path for path in files if repository.is_pipeline(path))
    pipelines = [path for path in ours if places.names_prompts(tree.read(path) or b"")]
    prompts = tuple(_looked_at(repository, path) for path in (*_meant(files, patterns), *pipelines))
    evals = [step for found in prompts for step in _eval_step(repository, found)][:1]
    lines = attributes_step(tree, (*patterns, *(config.pipelines if pipelines else ())))
    flown = (
        on_github(github, repository, [found.path for found in prompts]) if github else OnGithub({})
    )
    flows = [Step(path, text) for path, text in flown.workflows.items() if not tree.is_file(path)]
    steps = (*added, *evals, *lines, *flows)
    with_example = any(step.path in EXAMPLE for step in added)
    return Plan(
        git,
        steps,
        kept=(*_kept(written, prompts, lines, tree), *filter(tree.is_file, flown.workflows)),
        prompts=prompts,
        notes=(
            *_notes(prompts, patterns, with_example),
            *_renormalising(git, prompts, lines),
            *(flown.notes if flows else ()),
        ),
        next=_next(prompts, steps),
    )


def prompt_patterns(files: Sequence[str]) -> tuple[str, ...]:
    """
    Return patterns for the prompts among `files`; the default ones when those fit, or nothing does.

    Else every folder called `prompts` or `prompt`, and by their own names `X.prompt.md`, text files
    with cases beside them, and the prompt files of other tools.

    >>> prompt_patterns(["src/app/prompts/a.txt", "bot/reply.md", "bot/reply.csv", "README.md"])
    ('src/app/prompts/**/*.{md,txt}', '!**/README.md', 'bot/reply.md')
    """
    if _meant(files, DEFAULT_PROMPTS):
        return DEFAULT_PROMPTS
    known = set(files)
    folders: dict[str, str] = {}
    single: list[str] = []
    for name in files:
        path = PurePosixPath(name)
        is_plain = path.suffix in PLAIN_SUFFIXES
        if not name.endswith(places.PROMPT_SUFFIXES) or NO_PROMPTS.match(path.name):
            continue
        parts = [part.lower() for part in path.parts[:-1]]
        inner = next((i for i, part in enumerate(parts) if part in ("prompts", "prompt")), None)
        if inner is not None:
            folder = "/".join(path.parts[: inner + 1])
            plain = folders.get(folder, "{md,txt}")
            folders[folder] = plain if is_plain else ALL_SUFFIXES
        elif not is_plain or path.stem.endswith(".prompt") or _has_cases_beside(name, known):
            single.append(name)
    patterns = [f"{folder}/**/*.{suffixes}" for folder, suffixes in folders.items()]
    return (*patterns, *(["!**/README.md"] if patterns else []), *single) or DEFAULT_PROMPTS


def config_text(patterns: Sequence[str]) -> str:
    """Return a minimal promptgit.yaml: what is usually changed, the rest as comments."""
    shown = ", ".join(f'"{pattern}"' for pattern in patterns)
    prompts = f"prompts: [{shown}]"
    if tuple(patterns) == DEFAULT_PROMPTS:
        prompts = f"# {prompts}"
    return f"""\
{modeline("config")}
# promptgit's settings.  Every key has a default; `promptgit schema config` describes them all.

# Runs the prompts.  `offline` needs no network and no key, and is not a language model.
# Others: gpt-5-mini, ollama/llama3.2, {{name: gpt-5-mini, temperature: 0, seed: 7}}
model: offline

# Critiques and rewrites; default: the model.
# mentor: gpt-5

# Which files are prompts.
{prompts}

# Which are pipelines: prompts that work on a case one after another (docs/pipelines.md).
# pipelines: ["{DEFAULT_PIPELINES[0]}"]

# What one command may spend, over model, judge and mentor together.
# budget: {{usd: 2.00, calls: 2000}}

# When a change counts as a regression.
# check: {{margin: 0.05, alpha: 0.05, on_inconclusive: warn}}
"""


def eval_text(prompt: str, cases: Dataset, assertions: Sequence[Assertion]) -> str:
    """Return an eval file for a prompt with cases: what would be checked anyway, spelt out."""
    columns = ", ".join(cases.cases[0].inputs)
    file = PurePosixPath(cases.name).name
    file = file if re.fullmatch(r"[\w][\w. -]*", file) else json.dumps(file)
    lines = "\n".join(f"  - {_flow(assertion)}" for assertion in assertions)
    more = "\n".join(f"  # - {line}" for line in _worth_adding(cases, assertions[0].type))
    return f"""\
{modeline("eval")}
# What a good answer of {PurePosixPath(prompt).name} is.
cases: {file}  # {len(cases)} cases; the model sees: {columns}

# The score of an answer is the weighted mean of these checks.
assert:
{lines}
{more}

# Case ids or tags that may never get worse.
# must_pass: []
"""


def _worth_adding(cases: Dataset, chosen: str) -> Iterator[str]:
    """Yield assertions that go with the chosen one, as far as these cases bear them out."""
    if chosen == "json-fields":
        yield "{type: is-json, weight: 0.5}  # JSON, whatever its fields say"
        return
    if chosen == "equals":
        yield '{type: icontains, value: "{{ expected }}"}  # where a sentence may hold the label'
        return
    answers = [case.expected or "" for case in cases]
    for name in filter(str.isidentifier, cases.cases[0].inputs):
        values = [case.inputs.get(name, "") for case in cases]
        repeated = sum(map(_repeats, answers, values))
        if repeated >= REPEATED * len(answers):
            column = f"{{{{ {name} }}}}"
            yield f'{{type: contains, value: "{column}"}}  # {repeated} of these answers have it'
    longest = max(len(answer.split()) for answer in answers)
    most = 10 * (longest // 10 + 1)
    yield f"{{type: word-count, value: {{max: {most}}}}}  # the longest of these has {longest}"


def _repeats(answer: str, value: str) -> bool:
    return bool(value) and value in answer


def _flow(assertion: Assertion) -> str:
    facts = [f"type: {assertion.type}", 'value: "{{ expected }}"']
    facts += [f"{name}: {str(value).lower()}" for name, value in assertion.options.items()]
    return "{" + ", ".join(facts) + "}"


def _meant(files: Sequence[str], patterns: Sequence[str]) -> list[str]:
    return [name for name in files if matches(name, patterns)]


def _has_cases_beside(path: str, known: set[str]) -> bool:
    stem = path.rpartition(".")[0]
    return any(stem + suffix in known for suffix in (".csv", ".tsv", ".jsonl", ".eval.yaml"))


def _looked_at(repository: Repository, path: str) -> Found:
    try:
        asked = repository.eval_file(path)
        beside = asked.cases or places.case_file(path, repository.tree.is_file) or ""
        if not beside and not asked.inline:
            return Found(path, asked.file)
        cases = repository.cases(path, asked)
    except UserError as error:
        trouble = f"{error.message} ({error.hint})" if error.hint else error.message
        return Found(path, places.eval_file(path, repository.tree.is_file) or "", trouble=trouble)
    return Found(path, asked.file, beside, len(cases))


def _eval_step(repository: Repository, found: Found) -> Iterator[Step]:
    from promptgit.evaluate.suite import default_assertions

    if found.eval_file or not found.cases:
        return
    cases = repository.cases(found.path, repository.eval_file(found.path))
    try:
        assertions = default_assertions(cases)
    except UserError:
        return  # no answer is expected, so only the user can say what is good
    path = f"{places.stem_of(found.path)}.eval.yaml"
    yield Step(path, eval_text(found.path, cases, assertions))


def attributes_step(tree: WorkTree, patterns: Sequence[str]) -> tuple[Step, ...]:
    """Plan the lines that keep prompts and cases the same bytes on every machine."""
    present = (tree.read(ATTRIBUTES_FILE) or b"").decode("utf-8", "replace")
    lines = [line for line in attributes(patterns) if line not in present.splitlines()]
    if not lines:
        return ()
    text = "# Prompts and their cases are the same bytes on every machine.\n" + "\n".join(lines)
    before = "" if not present or present.endswith("\n") else "\n"
    return (Step(ATTRIBUTES_FILE, f"{before}{text}\n", adds=bool(present)),)


def attributes(patterns: Sequence[str]) -> list[str]:
    """
    Return the lines of .gitattributes (Git manual, "gitattributes") for prompts at `patterns`.

    >>> attributes(DEFAULT_PROMPTS)
    ['prompts/** text eol=lf diff=markdown', 'prompts/**/*.parquet -text -diff']
    >>> attributes(["bot/*.{md,txt}"])
    ['bot/*.md text eol=lf diff=markdown', 'bot/*.txt text eol=lf diff=markdown']
    """
    lines = []
    for pattern in patterns:
        folder = pattern.partition("/**")[0]
        if pattern.startswith("!"):
            continue
        if folder == pattern:
            lines += [f"{_quoted(p)} text eol=lf diff=markdown" for p in _alternatives(pattern)]
        else:
            lines.append(f"{_quoted(folder + '/**')} text eol=lf diff=markdown")
            lines.append(f"{_quoted(folder + '/**/*.parquet')} -text -diff")
    return lines


def _alternatives(pattern: str) -> list[str]:
    """Write out `{a,b}`, which Git's patterns do not have."""
    braces = re.search(r"\{([^{}]*)\}", pattern)
    if not braces:
        return [pattern]
    before, after = pattern[: braces.start()], pattern[braces.end() :]
    return [
        found for option in braces[1].split(",") for found in _alternatives(before + option + after)
    ]


def _with_carriage_returns(git: Git, prompts: Sequence[Found]) -> Iterator[str]:
    """Yield the prompts and case files that Git has stored with CRLF (Git manual, "ls-files")."""
    names = [name for found in prompts for name in (found.path, found.cases_file) if name]
    listed = git.read("ls-files", "--eol", "-z", "--", *names) if names else b""
    for entry in listed.split(b"\0"):
        if entry.startswith((b"i/crlf", b"i/mixed")):
            yield os.fsdecode(entry.partition(b"\t")[2])


def _quoted(pattern: str) -> str:
    return f'"{pattern}"' if " " in pattern else pattern


def _kept(
    written: bytes | None, prompts: Sequence[Found], added: Sequence[Step], tree: WorkTree
) -> Iterator[str]:
    if written is not None:
        yield CONFIG_FILE
    yield from (found.eval_file for found in prompts if found.eval_file)
    if not added and tree.is_file(ATTRIBUTES_FILE):
        yield ATTRIBUTES_FILE


def _notes(prompts: Sequence[Found], patterns: Sequence[str], with_example: bool) -> Iterator[str]:
    for found in prompts:
        if found.trouble:
            yield f"the cases of {found.path} cannot be read: {found.trouble}"
    if not prompts and not with_example:
        folder = patterns[0].partition("/**")[0]
        yield (
            f"there is no prompt yet. Write one as plain text, {folder}/NAME.md, and its cases "
            f"beside it, {folder}/NAME.csv, with a header like `{CASES_HEADER}` and a row per case"
        )
    if prompts and not any(found.cases or found.trouble for found in prompts):
        example = f"{places.stem_of(prompts[0].path)}.csv"
        yield (
            f"no prompt has cases yet. Write {example} with a header like `{CASES_HEADER}` "
            "and a row per case"
        )


def _renormalising(git: Git, prompts: Sequence[Found], added: Sequence[Step]) -> Iterator[str]:
    names = list(_with_carriage_returns(git, prompts)) if added else []
    if names:
        words = " ".join(map(shell_word, names))
        yield (
            f"{', '.join(names)} is stored with CRLF line ends, and the new .gitattributes "
            f"asks for LF: git add --renormalize {words}"
        )


def _next(prompts: Sequence[Found], steps: Sequence[Step]) -> str:
    ready = next((found.path for found in prompts if found.cases), "")
    ready = ready or next((step.path for step in steps if step.path in EXAMPLE), "")
    if ready:
        return f"promptgit eval {shell_word(ready)}"
    return "promptgit doctor" if prompts else "promptgit init --example"


def shell_word(text: str) -> str:
    """Quote a path for the user's shell, where it needs it."""
    import shlex

    return f'"{text}"' if os.name == "nt" and " " in text else shlex.quote(text)
