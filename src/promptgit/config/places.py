"""Where prompts, eval files and cases are expected in a repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from posixpath import basename, dirname, join, splitext

from promptgit.core.naming import YAML_PROMPTS as YAML_PROMPTS
from promptgit.core.naming import stem_of as stem_of
from promptgit.errors import UserError

CONFIG_FILE = "promptgit.yaml"  # at the top level of the repository
PROMPT_SUFFIXES = (".md", ".txt", ".prompt", ".prompty", *YAML_PROMPTS)
DEFAULT_PROMPTS = (
    "prompts/**/*.{md,txt,prompt,prompty,prompt.yml,prompt.yaml}",
    "!**/README.md",
    "!**/_*.prompt",  # parts of other prompts, in dotprompt
)
DEFAULT_PIPELINES = ("pipelines/*.yaml",)
EVAL_SUFFIXES = (".eval.yaml", ".eval.yml")
CASE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".yaml", ".yml", ".parquet")
PIPELINE_SUFFIXES = (".yaml", ".yml")
MOST_DEEP = 2  # `**` in a pattern, and `*` in one name of it: each multiplies the work
MOST_STARS = 3

Exists = Callable[[str], bool]  # says whether a path of the repository is a file


def eval_file(prompt: str, exists: Exists) -> str | None:
    """
    Return the path of the eval file beside `prompt`, or None.

    >>> eval_file("prompts/reply.md", {"prompts/reply.eval.yaml"}.__contains__)
    'prompts/reply.eval.yaml'
    """
    return _beside(prompt, EVAL_SUFFIXES, exists, "keep one of them")


def case_file(prompt: str, exists: Exists) -> str | None:
    """Return the path of the case file beside `prompt`, or None; two of them are an error."""
    stem = basename(stem_of(prompt))
    return _beside(
        prompt, CASE_SUFFIXES, exists, f"name one in {stem}.eval.yaml: `cases: {stem}.csv`"
    )


def _beside(prompt: str, suffixes: Sequence[str], exists: Exists, hint: str) -> str | None:
    stem = stem_of(prompt)
    beside = (stem + suffix for suffix in suffixes)
    found = [path for path in beside if path != prompt and exists(path)]
    if len(found) > 1:
        raise UserError(f"{prompt}: beside it are {' and '.join(found)}", hint=hint)
    return found[0] if found else None


def is_yaml_prompt(path: str) -> bool:
    """Say whether a YAML file is a prompt by its name alone, and no case file."""
    return path.endswith(YAML_PROMPTS)


def prompt_beside(path: str, exists: Exists, pipelines: Sequence[str] = DEFAULT_PIPELINES) -> str:
    """
    Return the prompt that an eval file or a case file lies beside; the path itself otherwise.

    `pipelines`: which files are pipelines; one is told from YAML that holds cases by its place.

    >>> prompt_beside("prompts/reply.eval.yaml", {"prompts/reply.md"}.__contains__)
    'prompts/reply.md'
    """
    if not path.endswith(CASE_SUFFIXES) or is_yaml_prompt(path):
        return path
    stem = splitext(path)[0].removesuffix(".eval")
    found = [stem + ending for ending in PROMPT_SUFFIXES]
    if not is_pipeline(path, pipelines):
        yaml = (stem + ending for ending in PIPELINE_SUFFIXES)
        found += [one for one in yaml if is_pipeline(one, pipelines)]
    return next(filter(exists, found), path)


def is_pipeline(path: str, patterns: Sequence[str]) -> bool:
    """
    Say whether a path is meant by the patterns of `pipelines:`; an eval file never is.

    >>> [is_pipeline(f"pipelines/{n}", DEFAULT_PIPELINES) for n in ("a.yaml", "a.eval.yaml")]
    [True, False]
    """
    is_yaml = path.endswith(PIPELINE_SUFFIXES) and not path.endswith(EVAL_SUFFIXES)
    return is_yaml and not is_yaml_prompt(path) and matches(path, patterns)


def names_prompts(data: bytes) -> bool:
    """
    Say whether a YAML file may be a pipeline of prompts: others keep their builds in `pipelines/`.

    >>> names_prompts(b"steps: [{name: a, prompt: a.md}]"), names_prompts(b"steps: [{run: make}]")
    (True, False)
    """
    return re.search(rb"(?m)(?:^|[\s{,-])[\"']?prompt[\"']?[ \t]*:", data) is not None


def inside(start: str, path: str) -> str | None:
    """
    Return `path`, written in the file `start`, from the top level; None when it leaves it.

    >>> inside("prompts/reply.eval.yaml", "../data/reply.csv")
    'data/reply.csv'
    >>> inside("prompts/reply.eval.yaml", "../../etc/passwd")
    """
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        return None
    kept: list[str] = []
    for part in join(dirname(start), path).split("/"):
        if part == ".." and not kept:
            return None
        if part == "..":
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept) or None


def matches(path: str, patterns: Sequence[str]) -> bool:
    """
    Say whether a path of the repository is meant by `patterns`; the last one that fits decides.

    `*` and `?` stay within a folder, `**` does not, `{a,b}` is either, `!` in front excludes.

    >>> [matches(path, DEFAULT_PROMPTS) for path in ("prompts/a/b.md", "prompts/README.md")]
    [True, False]
    """
    meant = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if re.fullmatch(_regex(pattern.removeprefix("!")), path):
            meant = wanted
    return meant


def _regex(pattern: str) -> str:
    if pattern.count("**") > MOST_DEEP or any(
        part.replace("**", "").count("*") > MOST_STARS for part in pattern.split("/")
    ):
        raise UserError(
            f"{CONFIG_FILE}: the pattern {pattern!r} has more than {MOST_DEEP} `**`, or more than "
            f"{MOST_STARS} `*` in a name: it could take hours to hold it against a path",
            hint="list several patterns in place of one",
        )
    parts, depth = [], 0
    for mark in re.findall(r"\*\*/|\*\*|\*|\?|\{|\}|,|[^*?{},]+", pattern.removeprefix("./")):
        if mark == "{":
            depth += 1
        if mark == "}":
            depth -= 1
        if depth < 0:
            break
        special = {
            "**/": "(?:.*/)?",
            "**": ".*",
            "*": "[^/]*",
            "?": "[^/]",
            "{": "(?:",
            "}": ")",
            ",": "|" if depth else ",",
        }
        parts.append(special.get(mark, re.escape(mark)))
    if depth:
        raise UserError(
            f"{CONFIG_FILE}: the pattern {pattern!r} has a brace without its partner",
            hint="{md,txt} means either; for example `prompts: prompts/**/*.{md,txt}`",
        )
    return "".join(parts)
