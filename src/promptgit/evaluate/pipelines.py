"""Play a pipeline on a case: step after step, each through the model port."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from promptgit.core.dataset import Case
from promptgit.core.evaluation import flags_of
from promptgit.core.pipeline import Pipeline, pipeline_of, reference
from promptgit.core.pipeline_file import Step
from promptgit.core.ports import (
    Answer,
    AnswerStore,
    Model,
    ModelIdentity,
    Request,
    StepOutput,
    Usage,
)
from promptgit.core.prompt import Message, Prompt
from promptgit.core.trace import Span, Trace
from promptgit.errors import CallFailed, UserError

# The path of a function's file, its text, the function, the output of the step before, the inputs.
Code = Callable[[str, str, str, str, Mapping[str, str]], str]
NOTHING: Mapping[str, str] = {}
GUESSED_OUTPUT = "word " * 40  # of a step that nobody says anything about


@dataclass(frozen=True, slots=True)
class StepIdentity(ModelIdentity):
    """Which models answer the steps, as one identity: the options name those of single steps."""

    own: ModelIdentity | None = None  # of the steps that name no model
    others: Mapping[str, ModelIdentity] = field(default_factory=dict)  # by step

    @classmethod
    def of(cls, own: ModelIdentity, others: Mapping[str, ModelIdentity]) -> StepIdentity:
        named = {f"step.{name}": _told(identity) for name, identity in others.items()}
        options = {**own.options, **named}
        return cls(own.provider, own.model, own.host, options, own, others)


@dataclass(frozen=True)
class StepModels:
    """
    The models of a pipeline, where a Model stands.

    Its identity tells the models of all steps: evidence is about all of them.
    """

    model: Model  # of the steps that name none
    others: Mapping[str, Model] = field(default_factory=dict)  # by step
    code: Code | None = None  # runs a function; None: none may run

    @property
    def identity(self) -> ModelIdentity:
        if not self.others:
            return self.model.identity
        others = {name: model.identity for name, model in self.others.items()}
        return StepIdentity.of(self.model.identity, others)

    def complete(self, request: Request) -> Answer:
        return self.model.complete(request)


class StepFailed(CallFailed):
    """A step brought no answer; `steps` are those before it, which did."""

    def __init__(self, step: str, error: CallFailed, steps: tuple[StepOutput, ...]) -> None:
        super().__init__(
            f"step {step}: {error.message}",
            kind=error.kind,
            retryable=error.retryable,
            fatal=error.fatal,
            retry_after_s=error.retry_after_s,
            hint=error.hint,
        )
        self.steps = steps


def model_of(step: Step, model: Model) -> Model:
    """The model that a step asks."""
    return model.others.get(step.name, model.model) if isinstance(model, StepModels) else model


def identity_of(step: Step | None, identity: ModelIdentity) -> ModelIdentity:
    """The identity of the model that a step asks; without a step, of the pipeline's own."""
    if not isinstance(identity, StepIdentity):
        return identity
    return (identity.others.get(step.name) if step else None) or identity.own or identity


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A call that playing a case will make, as far as that can be told before."""

    key: str  # of the request; empty where an earlier step has yet to speak
    messages: tuple[Message, ...]  # with a guess where that is so
    identity: ModelIdentity
    expected: str | None  # what the step should give, if the case says
    held: bool  # the answer is in the store already


def expected_calls(
    prompt: Prompt, case: Case, repeat: int, identity: ModelIdentity, store: AnswerStore | None
) -> Iterator[ExpectedCall]:
    """Tell the calls of a case beforehand: follow the answers that are held, guess the others."""
    pipeline = pipeline_of(prompt)
    columns = pipeline.visible(case.inputs)
    outputs: dict[str, str] = {}
    certain = True  # all that was said so far is known
    for step in pipeline.steps:
        expected = reference(step.name, pipeline.output, case.columns, case.expected)
        if step.code:
            outputs[step.name], certain = outputs.get(pipeline.before(step), ""), False
            continue
        request = request_of(pipeline, step, columns, outputs, repeat)
        asked = identity_of(step, identity)
        key = request.key(asked) if certain else ""
        held = store.get(key) if store and certain else None
        yield ExpectedCall(key, request.messages, asked, expected, held is not None)
        certain = held is not None
        outputs[step.name] = held.text if held else expected or GUESSED_OUTPUT


def request_of(
    pipeline: Pipeline, step: Step, columns: Mapping[str, str], outputs: Mapping[str, str], n: int
) -> Request:
    """What a step with a prompt asks, given what the steps before it gave; `n`: the repeat."""
    inputs = pipeline.inputs(step, columns, outputs)
    return Request(pipeline.prompts[step.name].render(inputs), n)


def play(
    prompt: Prompt, case: Case, repeat: int, model: Model, *, given: Mapping[str, str] = NOTHING
) -> Answer:
    """
    Answer a case with a pipeline; usage, cost and latency are those of all steps together.

    A step that `given` names is not run: its output is what is given.  Raises StepFailed when
    the world is in the way of a step, UserError when a step cannot be filled or may not run.
    """
    pipeline = pipeline_of(prompt)
    columns = pipeline.visible(case.inputs)
    answers: dict[str, Answer] = {}
    played: list[StepOutput] = []
    for step in pipeline.steps:
        outputs = {name: answer.text for name, answer in answers.items()}
        if step.name in given:
            answer = Answer(given[step.name], cost_usd=0.0, cached=True)
            played.append(StepOutput(step.name, answer.text, calls=0, cached=True))
        elif step.code:
            answer = _called(pipeline, step, columns, outputs, model, played)
            played.append(StepOutput(step.name, answer.text, calls=0))
        else:
            request = request_of(pipeline, step, columns, outputs, repeat)
            try:
                answer = model_of(step, model).complete(request)
            except CallFailed as error:
                raise StepFailed(step.name, error, tuple(played)) from error
            asked = model_of(step, model).identity
            played.append(_output(step, request.key(asked), answer))
        answers[step.name] = answer
    return _summed(answers, pipeline.output, played)


def _output(step: Step, key: str, answer: Answer) -> StepOutput:
    return StepOutput(
        step.name,
        answer.text,
        cached=answer.cached,
        request=key,
        usage=answer.usage,
        cost_usd=answer.cost_usd,
        latency_s=answer.latency_s,
        flags=flags_of(answer),
        trace=answer.trace,
    )


def _called(
    pipeline: Pipeline,
    step: Step,
    columns: Mapping[str, str],
    outputs: Mapping[str, str],
    model: Model,
    played: list[StepOutput],
) -> Answer:
    code = model.code if isinstance(model, StepModels) else None
    if code is None:
        raise UserError(
            f"{pipeline.file}:{step.line}: the step {step.name!r} runs code from the repository, "
            "and that is off",
            hint="--allow-code",
        )
    inputs = pipeline.inputs(step, columns, outputs)
    output = outputs.get(pipeline.before(step), "")
    try:
        text = code(step.code, pipeline.sources[step.name], step.function, output, inputs)
    except CallFailed as error:
        raise StepFailed(step.name, error, tuple(played)) from error
    return Answer(text, cost_usd=0.0)


def _summed(answers: Mapping[str, Answer], output: str, played: list[StepOutput]) -> Answer:
    """One answer of them all: the words of the output step, and what all of them took."""
    costs = [answer.cost_usd for answer in answers.values()]
    known = [cost for cost in costs if cost is not None]
    cut = (a.finish_reason for a in answers.values() if a.finish_reason != "stop")
    models = [answers[output].model, *(answer.model for answer in answers.values())]
    return Answer(
        text=answers[output].text,
        usage=sum((answer.usage for answer in answers.values()), Usage()),
        cost_usd=sum(known) if len(known) == len(costs) else None,
        latency_s=sum(answer.latency_s for answer in answers.values()),
        finish_reason=next(cut, "stop"),
        model=next(filter(None, models), ""),
        cached=all(step.cached or not step.calls for step in played),
        steps=tuple(played),
        mean_logprob=answers[output].mean_logprob,
        trace=_course(played),
    )


def _course(played: list[StepOutput]) -> Trace:
    """The trace of all: a span of each step, one after the other, and in it what was done there."""
    spans: list[Span] = []
    start = 0.0
    for step in played:
        took = 1000 * step.latency_s
        spans.append(
            Span(step.name, "span", start_ms=start, duration_ms=took if step.calls else None)
        )
        inner = step.trace or ()
        spans += [replace(one, start_ms=start + (one.start_ms or 0.0)) for one in inner]
        start += took
    return tuple(spans)


def _told(identity: ModelIdentity) -> str:
    """
    Write a step's model into one word.

    >>> _told(ModelIdentity("openai", "gpt-5-nano", options={"temperature": 0}))
    'openai/gpt-5-nano,temperature=0'
    """
    return str(identity).replace(" ", ",")


def trace(steps: tuple[StepOutput, ...]) -> dict[str, str]:
    """The outputs by step, as `given` takes them."""
    return {step.name: step.text for step in steps}
