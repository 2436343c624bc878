"""What only a sample is asked about: the judge's grade, and functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from promptgit.cli.wiring import Repository
from promptgit.core.dataset import Case
from promptgit.core.ports import Model
from promptgit.errors import CallFailed, UserError
from promptgit.flywheel.cube import Cube, Metric
from promptgit.flywheel.detectors.detector import Code, Detector, Rubric
from promptgit.flywheel.detectors.measured import Rulebook
from promptgit.flywheel.insights import Sampled
from promptgit.flywheel.interaction import Conversation, Interaction
from promptgit.flywheel.logs import Logs
from promptgit.flywheel.plan import Plan
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.window import Window

JUDGED = Metric("judged_quality", "the judge's grade (0 to 10)", "number", "higher", "quality", 10)
RUBRIC = (
    "The answer deals with what was asked: it is right as far as one can see, complete, polite."
)
OF_CODE = 200  # conversations of each prompt that a function is asked about, without a judge

Grade = Callable[[Conversation, Interaction], float]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask about a sample; a grade of 1 in a detector means that it fires."""

    metric: Metric
    grade: Grade
    scale: float
    by: str
    sample: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much is asked, and what it may cost."""

    judged: int | None = None  # conversations of each prompt; None: as flywheel.yaml says
    budget: str | None = None
    allow_code: bool = False
    seed: int = 0


def sampled(
    repository: Repository,
    plan: Plan,
    logs: Logs,
    rules: Rulebook,
    window: Window,
    cube: Cube,
    prompts: Sequence[str],
    asked: Sampling,
) -> tuple[list[Sampled], list[str]]:
    """Ask about a sample of each prompt's conversations; also say what was not asked, and why."""
    questions, notices = _questions(repository, plan, rules, asked)
    found = []
    for prompt in prompts if questions else ():
        rows = cube.only(prompt=prompt).by("prompt").values()
        of = max((tally.clusters for row in rows for tally in row.values()), default=0)
        for question in questions:
            sample = logs.sample(window, prompt=prompt, limit=question.sample, seed=asked.seed)
            found.append(_asked(prompt, question, sample, of, asked.seed, repository))
    return found, notices


def _questions(
    repository: Repository, plan: Plan, rules: Rulebook, asked: Sampling
) -> tuple[list[Question], list[str]]:
    questions: list[Question] = []
    notices: list[str] = []
    sample = plan.analyze.judge.sample if asked.judged is None else asked.judged
    judge = _judge(repository, plan, asked) if sample else None
    if judge is not None:
        rubric = plan.analyze.judge.rubric or RUBRIC
        questions.append(
            Question(JUDGED, _by_judge(judge, rubric), 10.0, str(judge.identity), sample)
        )
    for measured in rules.metrics.values():
        if not rules.is_sampled(measured.metric.name):
            continue
        detector = rules.detectors[measured.what]
        if isinstance(detector.rule, Rubric):
            if judge is None:
                notices.append(f"{measured.metric.name} was not asked: it takes --judge N")
                continue
            below, by_judge = detector.rule.below, _by_judge(judge, detector.rule.rubric)
            grade = _below(by_judge, below)
            questions.append(Question(measured.metric, grade, 1.0, str(judge.identity), sample))
        elif not asked.allow_code:
            notices.append(f"{measured.metric.name} was not asked: it takes --allow-code")
        else:
            grade = _by_code(repository, detector)
            questions.append(
                Question(measured.metric, grade, 1.0, _name(detector), sample or OF_CODE)
            )
    return questions, notices


def _asked(
    prompt: str,
    question: Question,
    sample: Sequence[Conversation],
    of: int,
    seed: int,
    repository: Repository,
) -> Sampled:
    """Ask about each conversation's last answer; what the world kept from us is counted apart."""
    shown = [
        (one, answers[-1]) for one in sample if (answers := [c for c in one.calls if c.output])
    ]

    def grade(pair: tuple[Conversation, Interaction]) -> float | None:
        try:
            return question.grade(*pair)
        except CallFailed as error:
            if error.fatal:
                raise
            return None

    with ThreadPoolExecutor(min(8, repository.config.concurrency)) as pool:
        grades = list(pool.map(grade, shown))
    known = [value for value in grades if value is not None]
    return Sampled(
        prompt,
        question.metric,
        Tally.of([(question.scale * value, 1.0) for value in known]),
        len(known),
        len(grades) - len(known),
        of,
        question.by,
        seed,
    )


def _judge(repository: Repository, plan: Plan, asked: Sampling) -> Model:
    from promptgit.cli.bench import Bench
    from promptgit.config import ModelChoice
    from promptgit.evaluate.budget import Budget, Cap

    config = repository.config
    cap = Cap.read(asked.budget) if asked.budget else config.budget
    named = plan.analyze.judge.model
    choice = ModelChoice(named) if named else config.judge
    return Bench(config, repository.store(), Budget(cap)).model(choice, "judge")


def _by_judge(judge: Model, rubric: str) -> Grade:
    from promptgit.scorers.llm_rubric import llm_rubric

    def grade(one: Conversation, call: Interaction) -> float:
        return llm_rubric(_case(one, call), call.output, judge=judge, value=rubric).value

    return grade


def _below(grade: Grade, below: float) -> Grade:
    return lambda one, call: float(grade(one, call) < below)


def _by_code(repository: Repository, detector: Detector) -> Grade:
    """The user's function, each time in a process of its own, as `python` scorers are run."""
    from promptgit.scorers.python import answered

    rule = detector.rule
    assert isinstance(rule, Code)
    source = repository.tree.read(rule.file)
    if source is None:
        raise UserError(
            f"{detector.file}: {detector.name} names {rule.file}, which is not there",
            hint="the path is from the top of the repository",
        )
    text = source.decode(errors="replace")

    def grade(one: Conversation, call: Interaction) -> float:
        context = {
            "id": one.id,
            "call": _plain(call),
            "turns": [_plain(each) for each in one.calls],
        }
        said = answered(
            {
                "path": rule.file,
                "function": rule.function,
                "source": text,
                "output": call.output,
                "context": context,
            }
        )
        if not isinstance(said, bool):
            raise UserError(f"{_name(detector)} returned {said!r:.40}", hint="return True or False")
        return float(said)

    return grade


def _case(one: Conversation, call: Interaction) -> Case:
    before = "\n".join(
        f"user: {each.input}\nassistant: {each.output}" for each in one.calls if each.at < call.at
    )
    inputs = {"earlier": before} if before else {}
    return Case(one.id, {**inputs, "input": call.input})


def _plain(call: Interaction) -> Mapping[str, object]:
    import json

    found: dict[str, object] = json.loads(call.line())
    return found


def _name(detector: Detector) -> str:
    assert isinstance(detector.rule, Code)
    return f"{detector.rule.file}:{detector.rule.function}"
