"""Settings as frozen values: the repository's `promptgit.yaml` over the user's own config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from promptgit.config.names import fault_in_model
from promptgit.config.places import (
    CONFIG_FILE,
    DEFAULT_PIPELINES,
    DEFAULT_PROMPTS,
    is_pipeline,
    matches,
)
from promptgit.core.price import Price
from promptgit.core.verdict import Policy, Quarantined
from promptgit.errors import UserError
from promptgit.evaluate.budget import Cap

if TYPE_CHECKING:
    from promptgit.config.gate_shapes import CheckShape
    from promptgit.config.shapes import CommonShape, ModelShape, PriceShape
    from promptgit.core.prompt import TemplateKind
    from promptgit.evaluate.suite import Assertion

USER_FILE = "~/.config/promptgit/config.yaml"  # as people know it
PRICES_BY_NAME = frozenset({"prices"})  # its keys are model names, and may be called anything


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model by name, with what is asked of it; never where it is."""

    name: str = "offline"  # gpt-5-mini, or PROVIDER/NAME
    options: Mapping[str, Any] = field(default_factory=dict)  # temperature, seed, max_tokens, …

    def __str__(self) -> str:
        options = "".join(f" {name}={value}" for name, value in sorted(self.options.items()))
        return self.name + options


@dataclass(frozen=True, slots=True)
class Gate:
    """`check:` when a candidate may replace a baseline."""

    margin: float = 0.05  # a mean drop of this much is a regression, in score points
    alpha: float = 0.05  # the chance of a wrong verdict that is accepted, one-sided
    max_unscored: float = 0.02  # above this share of pairs lost to failures: INVALID
    on_inconclusive: Literal["pass", "warn", "fail"] = "warn"
    metrics: Mapping[str, float] = field(default_factory=dict)  # gated too: metric → own margin
    guards: Mapping[str, float] = field(default_factory=dict)  # cost, latency, length → growth
    repeats: int = 1  # answers a case at most, where more than one would settle it
    scope: Literal["population", "suite"] = "population"
    fail_rule: Literal["likely", "confirmed"] = "likely"

    def over(self, written: Mapping[str, Any]) -> Gate:
        """Lay what a file or a command line says over these settings."""
        return replace(self, **written)


LIMITS = ("max_tokens", "max_latency_s", "max_cost_usd", "tie_growth")  # of one call, or its text


@dataclass(frozen=True, slots=True)
class Searching:
    """`improve:` how a better prompt is searched for."""

    strategy: str = "mixture"
    options: Mapping[str, Any] = field(default_factory=dict)  # of the strategy, as far as written
    min_effect: float = 0.02  # an improvement must be estimated at least this big, score points
    max_changed_lines: int | None = None  # of one patch; None: the guard's own cap
    limits: Mapping[str, float] = field(default_factory=dict)  # of `improve.objectives`, as written


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenAI-compatible server that the user's own config names."""

    name: str
    base_url: str = ""  # empty: the provider's known address
    api_key_env: str = ""  # the environment variable that holds the key; empty: the usual one
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is set, with defaults for what is not."""

    model: ModelChoice = ModelChoice()
    own_mentor: ModelChoice | None = None
    own_judge: ModelChoice | None = None
    prompts: tuple[str, ...] = DEFAULT_PROMPTS
    pipelines: tuple[str, ...] = DEFAULT_PIPELINES
    budget: Cap = field(default_factory=Cap)
    check: Gate = Gate()
    improve: Searching = Searching()
    concurrency: int = 16  # calls at a time
    timeout_s: float = 60.0  # for one call
    retries: int = 5  # of one call that failed
    prices: Mapping[str, Price] = field(default_factory=dict)  # by model, over the built-in table
    embedder: str = "lexical"
    commit_type: str = "improve"  # the first word of a commit's subject
    assertions: tuple[Assertion, ...] = ()  # for prompts whose eval file has none
    template: TemplateKind = "jinja"
    providers: Mapping[str, Provider] = field(default_factory=dict)

    @property
    def mentor(self) -> ModelChoice:
        """Who critiques and rewrites: the one that is set, else the model."""
        return self.own_mentor or self.model

    @property
    def judge(self) -> ModelChoice:
        """Who grades: the one that is set, else the mentor."""
        return self.own_judge or self.mentor

    def means(self, path: str) -> bool:
        """Say whether a path of the repository is a prompt, or a pipeline of prompts."""
        return matches(path, self.prompts) or is_pipeline(path, self.pipelines)

    def policy(
        self,
        must_pass: tuple[str, ...] = (),
        quarantine: tuple[Quarantined, ...] = (),
        check: Mapping[str, Any] | None = None,
    ) -> Policy:
        """The rules for one prompt; `check` is what its eval file says over the repository's."""
        gate = self.check.over(check or {})
        return Policy(
            margin=gate.margin,
            alpha=gate.alpha,
            min_effect=self.improve.min_effect,
            must_pass=must_pass,
            max_unscored=gate.max_unscored,
            metrics=gate.metrics,
            guards=gate.guards,
            repeats=gate.repeats,
            scope=gate.scope,
            confirmed_drops_only=gate.fail_rule == "confirmed",
            quarantine=quarantine,
        )

    def with_model(self, name: str) -> Config:
        """Return the same with another model, as `--model NAME` asks; its options stay behind."""
        choice = named(name)
        keeps = name == self.model.name
        return replace(self, model=self.model if keeps else choice)


def named(name: str) -> ModelChoice:
    """Return the model that a command line names; raise UserError for what can be none."""
    fault = fault_in_model(name)
    if fault.startswith("did you mean"):
        raise UserError(f"no model is called {name!r}", hint=fault)
    if fault:
        raise UserError(
            f"{name!r} is not the name of a model: {fault}",
            hint="name it like gpt-5-mini or ollama/llama3.2; OPENAI_BASE_URL says where",
        )
    return ModelChoice(name)


def parse_config(
    repository: bytes = b"",
    user: bytes = b"",
    *,
    repository_file: str = CONFIG_FILE,
    user_file: str = USER_FILE,
) -> Config:
    """
    Read a repository's config over a user's own; either may be empty.

    Raises UserError with file, line, column, key and what would be right.

    >>> parse_config(b"model: {name: gpt-5-mini, temperature: 0}").mentor
    ModelChoice(name='gpt-5-mini', options={'temperature': 0})
    """
    config = Config()
    if user.strip():
        config = _over(config, _checked(user, user_file, "user"))
    if repository.strip():
        config = _over(config, _checked(repository, repository_file, "config"))
    return config


def model_choice(shape: ModelShape) -> ModelChoice:
    options = {name: _as_written(value) for name, value in _set(shape).items()}
    return ModelChoice(options.pop("name"), options)


def step_model(written: Mapping[str, Any], where: str) -> ModelChoice:
    """Read the `model:` of a pipeline's step; `where` is the file and line for messages."""
    from pydantic import ValidationError

    from promptgit.config.shapes import ModelShape

    try:
        return model_choice(ModelShape.model_validate(written))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        hint = "for example `model: gpt-5-mini`"
        if first["type"] == "extra_forbidden":
            reason, hint = "unknown key", f"known keys: {', '.join(ModelShape.model_fields)}"
        raise UserError(f"{where}: model.{key}: {reason}", hint=hint) from error


def _as_written(value: Any) -> Any:
    """Return 0 for the 0.0 that validation made of it: requests and commits say `temperature=0`."""
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _checked(data: bytes, file: str, which: str) -> Any:
    from promptgit.config.mistakes import checked
    from promptgit.config.redirects import refuse_redirects
    from promptgit.core.located import parse_yaml

    located = parse_yaml(data, file)
    if which != "user":
        refuse_redirects(located, free=PRICES_BY_NAME)
    return checked(located, which)


def _over(config: Config, shape: CommonShape) -> Config:
    """Lay what a file sets over `config`."""
    written: dict[str, Any] = {
        name: value
        for name in shape.model_fields_set
        if (value := getattr(shape, name)) is not None
    }
    models = {"model": "model", "mentor": "own_mentor", "judge": "own_judge"}
    changed: dict[str, Any] = {
        ours: model_choice(written[theirs]) for theirs, ours in models.items() if theirs in written
    }
    changed |= {
        name: written[name]
        for name in ("concurrency", "timeout_s", "retries", "embedder")
        if name in written
    }
    changed |= {name: tuple(written[name]) for name in ("prompts", "pipelines") if name in written}
    if "budget" in written:
        changed["budget"] = Cap(**_set(written["budget"]))
    if "check" in written:
        changed["check"] = config.check.over(gate_settings(written["check"]))
    if "improve" in written:
        changed["improve"] = _searching(_set(written["improve"]))
    if "prices" in written:
        changed["prices"] = {**config.prices, **_prices(written["prices"])}
    if "commit" in written:
        changed["commit_type"] = written["commit"].type or config.commit_type
    if "defaults" in written:
        from promptgit.config.eval_file import assertions

        changed["assertions"] = assertions(written["defaults"].assert_ or [])
        changed["template"] = written["defaults"].template or config.template
    if "providers" in written:
        changed["providers"] = {
            name: Provider(
                name, found.base_url or "", found.api_key_env or "", _prices(found.prices or {})
            )
            for name, found in written["providers"].items()
        }
    return replace(config, **changed)


def _searching(written: dict[str, Any]) -> Searching:
    ours = {
        name: written.pop(name)
        for name in ("strategy", "min_effect", "max_changed_lines")
        if name in written
    }
    limits = {name: written.pop(name) for name in LIMITS if name in written}
    options = {**written.pop("options", {}), **written}
    return Searching(**ours, limits=limits, options=options)


def gate_settings(shape: CheckShape) -> dict[str, Any]:
    """What a `check:` mapping sets, by the names that `Gate` has for it."""
    return _set(shape)


def _set(shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = shape.model_dump(exclude_unset=True, exclude_none=True)
    return found


def _prices(shapes: Mapping[str, PriceShape]) -> dict[str, Price]:
    return {
        name: Price(found.input, found.output, found.cached_input) for name, found in shapes.items()
    }
