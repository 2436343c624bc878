"""What a run of improve works on, as the files of a repository tell it."""

from __future__ import annotations

from promptgit.cli.asking import Asked
from promptgit.cli.bench import Bench
from promptgit.cli.wiring import Repository
from promptgit.improve.improvement import Halves
from promptgit.improve.target import Alone, Target


def target_of(repository: Repository, bench: Bench, path: str, commit: str, asked: Asked) -> Target:
    """
    Say what improving the file at `path`, as `commit` has it, is judged by.

    Raises UserError for what the user has to mend.
    """
    eval_file = repository.eval_file(path)
    prompt = repository.prompt(path, commit)
    cases = repository.cases(path, eval_file, file=asked.file)
    model = bench.model(repository.model_choice(eval_file), "model")
    suite = bench.suite(repository, eval_file, cases, allow_code=asked.allow_code)
    concurrency = repository.config.concurrency
    return Target(
        path,
        prompt,
        Halves.of(cases),
        Alone(model, suite, concurrency, bench.price(model), bench.store),
        repository.config.policy(eval_file.must_pass),
    )
