"""Opens the logs of a repository for questions: the rules, the engine and where the files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from promptgit.cli.wiring import Repository
from promptgit.config import places
from promptgit.core.located import parse_yaml
from promptgit.errors import UserError
from promptgit.flywheel.plan import FILE, Analyze, Plan

if TYPE_CHECKING:
    from promptgit.edges.engines.ibis_logs import IbisLogs
    from promptgit.flywheel.detectors.measured import Rulebook
    from promptgit.flywheel.window import Window


def rules_of(repository: Repository, plan: Plan) -> Rulebook:
    """
    The package's detectors and metrics, with the repository's own over them.

    Raises UserError for files that flywheel.yaml names and nobody has.
    """
    from promptgit.config.detector_file import rulebook

    _refuse_missing(repository, plan.analyze.detectors)
    own: dict[str, bytes] = {}
    for path in sorted(repository.tree.files()):
        if places.matches(path, plan.analyze.detectors):
            own[path] = repository.tree.read(path) or b""
    return rulebook(own)


def _refuse_missing(repository: Repository, patterns: Sequence[str]) -> None:
    """A file of detectors that is misspelt would be one that nobody misses."""
    wanted = set(patterns) - set(Analyze().detectors)
    for pattern in patterns:
        if pattern not in wanted or pattern.startswith("!"):
            continue
        if not any(places.matches(path, [pattern]) for path in repository.tree.files()):
            located = parse_yaml(repository.tree.read(FILE) or b"", FILE)
            line = located.position(("analyze", "detectors")).line
            raise UserError(
                f"{FILE}:{line}: analyze.detectors: no file of this repository is {pattern!r}",
                hint="paths begin at its top; for example `detectors: [detectors/*.yaml]`",
            )


def opened_logs(
    repository: Repository, plan: Plan, *, engine: str | None = None, table: str = ""
) -> IbisLogs:
    """
    Open the logs; raise UserError where the engine or its extra is missing.

    engine: `duckdb`, `pyspark`, or a URL that Ibis knows, with the name of a `table`; None: as
    flywheel.yaml says.
    """
    from promptgit.edges.engines.ibis_logs import IbisLogs
    from promptgit.edges.engines.tables import opened
    from promptgit.edges.logs import LogFolder, logs_folder

    rules = rules_of(repository, plan)
    folder = LogFolder(logs_folder(repository.git, plan))

    def files(window: Window) -> list[Path]:
        return [file.path for file in folder.files(window)]

    return IbisLogs(
        opened(engine or plan.analyze.engine, files, table=table),
        rules,
        prompt_lines(repository),
        plan.environment,
    )


def prompt_lines(repository: Repository) -> Mapping[str, Sequence[str]]:
    """The long lines of every prompt, by its name, that may not stand in an answer."""
    from promptgit.flywheel.detectors.secret_lines import secret_lines

    found: dict[str, Sequence[str]] = {}
    for path in repository.prompts:
        if repository.is_pipeline(path):
            continue
        text = (repository.tree.read(path) or b"").decode(errors="replace")
        if lines := secret_lines(text):
            found[Path(places.stem_of(path)).name] = lines
    return found
