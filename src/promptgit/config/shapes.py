"""
The shape of the files that a user writes, for validation and for JSON Schema.

Loaded only when a file is read.  Defaults live with the values in `settings` and `eval_file`;
a field that was not written stays out of them.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from promptgit.config.gate_shapes import CheckShape, QuarantineShape
from promptgit.config.improve_shapes import ImproveShape
from promptgit.config.names import fault_in_embedder, fault_in_model
from promptgit.config.shape import Shape

LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|\[::1\]")


NAME = r"^(?!.*://)[^\s\u0000-\u001f]+$"  # what the schema can say of a name
WORD = r"^[A-Za-z][A-Za-z0-9-]*$"
VARIABLE = r"^[A-Z_a-z][A-Z_a-z0-9]*$"
DELIMITER = r"^[^\"\r\n]$"
HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:[0-9]{1,5})?"
ADDRESS = rf"^[Hh][Tt][Tt][Pp][Ss]?://{HOST}(/[^\s?#]*)?$"


def _model_name(name: str) -> str:
    if fault := fault_in_model(name):
        raise ValueError(fault)
    return name


def _embedder_name(name: str) -> str:
    if fault := fault_in_embedder(name):
        raise ValueError(fault)
    return name


def _like(pattern: str) -> Any:
    """Put into the schema what a validator of ours says better."""
    return Field(json_schema_extra={"pattern": pattern})


Name = Annotated[str, AfterValidator(_model_name), _like(NAME)]
EmbedderName = Annotated[str, AfterValidator(_embedder_name), _like(NAME)]
NotEmpty = Annotated[str, Field(min_length=1)]


class ModelShape(Shape):
    name: Name = Field(
        description="offline, gpt-5-mini, or PROVIDER/NAME", examples=["ollama/llama3.2"]
    )
    temperature: float | None = Field(default=None, ge=0, le=2, examples=[0])
    seed: int | None = Field(default=None, examples=[7])
    max_tokens: int | None = Field(default=None, ge=1, examples=[500])
    top_p: float | None = Field(default=None, ge=0, le=1, examples=[1])
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2, examples=[0])
    presence_penalty: float | None = Field(default=None, ge=-2, le=2, examples=[0])
    stop: str | list[str] | None = Field(default=None, examples=[["END"]])
    reasoning_effort: str | None = Field(default=None, examples=["low"])
    response_format: Literal["text", "json_object"] | None = Field(
        default=None, examples=["json_object"]
    )


def _by_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


ModelSetting = Annotated[
    ModelShape, BeforeValidator(_by_name, json_schema_input_type=Name | ModelShape)
]


def as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])]


class PriceShape(Shape):
    """US dollars per million tokens."""

    input: float = Field(ge=0, examples=[0.25])
    output: float = Field(ge=0, examples=[2.0])
    cached_input: float | None = Field(default=None, ge=0, examples=[0.025])


class BudgetShape(Shape):
    """What one command may spend, over model, judge and mentor together."""

    usd: float | None = Field(default=None, gt=0, examples=[2.0])
    calls: int | None = Field(default=None, ge=1, examples=[2000])
    tokens: int | None = Field(default=None, ge=1, examples=[1_000_000])


def _first_word(word: str) -> str:
    if not re.fullmatch(WORD, word):
        raise ValueError("it is one word of letters, digits and -")
    return word


class CommitShape(Shape):
    """How commits are worded."""

    type: Annotated[str, AfterValidator(_first_word), _like(WORD)] | None = Field(
        default=None,
        description="the first word of the subject",
        examples=["improve"],
    )


class AssertionShape(BaseModel):
    """One check of an answer, with promptfoo's names; other keys are the scorer's options."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)

    type: str = Field(min_length=1, examples=["contains"])
    value: Any = Field(default=None, description="compared with; may hold {{ column }} holes")
    threshold: float | None = Field(default=None, examples=[0.8])
    weight: float = Field(default=1.0, ge=0, examples=[2])
    metric: str = Field(default="", description="what to call it in tables", examples=["tone"])


def _by_type(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


AssertionSetting = Annotated[
    AssertionShape, BeforeValidator(_by_type, json_schema_input_type=NotEmpty | AssertionShape)
]


class CommonShape(Shape):
    """What both a repository and a user may set; the repository's word counts."""

    model: ModelSetting | None = Field(
        default=None, description="runs the prompts", examples=["gpt-5-mini"]
    )
    mentor: ModelSetting | None = Field(
        default=None, description="critiques and rewrites; default: model", examples=["gpt-5"]
    )
    judge: ModelSetting | None = Field(
        default=None, description="grades llm-rubric; default: mentor", examples=["gpt-5"]
    )
    budget: BudgetShape | None = Field(default=None, examples=[{"usd": 2.0, "calls": 2000}])
    concurrency: int | None = Field(
        default=None, ge=1, le=512, description="calls at a time", examples=[16]
    )
    timeout_s: float | None = Field(
        default=None, gt=0, le=3600, description="for one call, in seconds", examples=[60]
    )
    retries: int | None = Field(
        default=None, ge=0, le=20, description="of one call that failed", examples=[5]
    )
    prices: dict[str, PriceShape] | None = Field(
        default=None,
        description="US dollars per million tokens, by model",
        examples=[{"my-model": {"input": 0.25, "output": 2.0}}],
    )
    embedder: EmbedderName | None = Field(
        default=None,
        description="for similar: lexical, provider, PROVIDER/NAME, or sentence-transformers"
        "[/MODEL]",
        examples=["lexical"],
    )


class RepositoryShape(CommonShape):
    """promptgit.yaml at the top level of a repository."""

    prompts: Texts | None = Field(
        default=None,
        description="which files are prompts; ! in front excludes",
        examples=["prompts/**/*.{md,txt}"],
    )
    pipelines: Texts | None = Field(
        default=None,
        description="which YAML files are pipelines of prompts; ! in front excludes",
        examples=["pipelines/*.yaml"],
    )
    check: CheckShape | None = Field(default=None, examples=[{"margin": 0.05}])
    improve: ImproveShape | None = Field(default=None, examples=[{"rounds": 12}])
    commit: CommitShape | None = Field(default=None, examples=[{"type": "improve"}])
    defaults: DefaultsShape | None = Field(
        default=None,
        description="for prompts whose eval file does not say",
        examples=[{"assert": ["equals"]}],
    )
    lint: LintShape | None = Field(default=None, examples=[{"ignore": ["long-line"]}])


def _rule_name(name: str) -> str:
    from promptgit.lint.rules import NAMES, near

    if name not in NAMES:
        raise ValueError(f"there is no such rule; {near(name)}")
    return name


RuleNames = Annotated[
    list[Annotated[str, AfterValidator(_rule_name)]],
    BeforeValidator(as_list, json_schema_input_type=str | list[str]),
]


class LintShape(Shape):
    """What `promptgit lint` leaves unsaid."""

    ignore: RuleNames | None = Field(
        default=None, description="rules, in every prompt", examples=[["long-line"]]
    )
    per_file: dict[str, RuleNames] | None = Field(
        default=None,
        description="rules, in the prompts that a pattern means",
        examples=[{"prompts/legacy/**": ["trailing-space"]}],
    )


class DefaultsShape(Shape):
    """What an eval file starts from."""

    assert_: list[AssertionSetting] | None = Field(
        default=None, alias="assert", examples=[["equals"]]
    )
    template: Literal["jinja", "none"] | None = Field(default=None, examples=["jinja"])


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an endpoint is https://HOST/…, or http:// on this machine")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an endpoint holds no user, password, query or fragment")
    if not re.fullmatch(ADDRESS, url):
        raise ValueError("an endpoint is https://HOST/…, without blanks and with a port of digits")
    return url.rstrip("/")


def _variable_name(name: str) -> str:
    if not re.fullmatch(VARIABLE, name):
        raise ValueError("it names an environment variable, and is not the key itself")
    return name


class ProviderShape(Shape):
    """An OpenAI-compatible server; only a user's own config may name one."""

    base_url: Annotated[str, AfterValidator(_checked_url), _like(ADDRESS)] | None = Field(
        default=None, examples=["https://llm.example.com/v1"]
    )
    api_key_env: Annotated[str, AfterValidator(_variable_name), _like(VARIABLE)] | None = Field(
        default=None,
        description="the environment variable that holds the key, never the key itself",
        examples=["EXAMPLE_API_KEY"],
    )
    prices: dict[str, PriceShape] | None = Field(
        default=None, examples=[{"my-model": {"input": 0.25, "output": 2.0}}]
    )

    @field_validator("api_key_env")
    @classmethod
    def _keeps_keys_off_open_lines(cls, name: str | None, info: ValidationInfo) -> str | None:
        url = urlsplit(info.data.get("base_url") or "")
        if name and url.scheme == "http" and not LOOPBACK.fullmatch(url.hostname or ""):
            raise ValueError("a key may not travel over plain http; use https, or no key")
        return name


class UserShape(CommonShape):
    """~/.config/promptgit/config.yaml, the user's own."""

    providers: dict[str, ProviderShape] | None = Field(
        default=None,
        examples=[{"example": {"base_url": "https://llm.example.com/v1"}}],
    )


def _delimiter(mark: str) -> str:
    if mark in '"\r\n':
        raise ValueError("quotes and line ends stand between values already")
    return mark


class CaseFileShape(Shape):
    """A case file with what its suffix does not say."""

    file: str = Field(min_length=1, examples=["support-reply.csv"])
    delimiter: Annotated[str, AfterValidator(_delimiter), _like(DELIMITER)] | None = Field(
        default=None, min_length=1, max_length=1, examples=[";"]
    )


def _by_file(value: Any) -> Any:
    if value == []:
        raise ValueError("there is no case in this list")
    return {"file": value} if isinstance(value, str) else value


InlineCases = Annotated[list[dict[str, Any]], Field(min_length=1)]
CasesSetting = Annotated[
    CaseFileShape | list[dict[str, Any]],
    BeforeValidator(_by_file, json_schema_input_type=NotEmpty | CaseFileShape | InlineCases),
]


Readings = dict[str, Literal["text", "json"]]
InputsSetting = Annotated[
    list[str] | Readings,
    BeforeValidator(as_list, json_schema_input_type=str | list[str] | Readings),
]


class EvalShape(Shape):
    """X.eval.yaml, beside the prompt X.md or X.txt."""

    cases: CasesSetting | None = Field(
        default=None,
        description="a file beside this one, or the cases themselves; default: X.csv, X.jsonl, …",
        examples=["support-reply.csv"],
    )
    columns: dict[str, str] | None = Field(
        default=None,
        description="our name (input, expected, id, tags, weight, group, …): the file's column",
        examples=[{"input": "comment", "expected": "response"}],
    )
    inputs: InputsSetting | None = Field(
        default=None,
        description="the columns that the model may see, maybe with how a template reads each: "
        "text, or json for lists and mappings; default: all that are not the answer",
        examples=[["comment", "order_id"]],
    )
    assert_: list[AssertionSetting] | None = Field(
        default=None,
        min_length=1,
        alias="assert",
        description="the checks of an answer",
        examples=[[{"type": "contains", "value": "{{ order_id }}"}]],
    )
    must_pass: Texts | None = Field(
        default=None,
        description="case ids or tags that may never get worse",
        examples=[["refund-abuse"]],
    )
    quarantine: list[QuarantineShape] | None = Field(
        default=None,
        description="cases that flip by themselves, and count for nothing until a day",
        examples=[[{"case": "refund-42", "owner": "@ana", "reason": "…", "until": "2027-01-31"}]],
    )
    check: CheckShape | None = Field(
        default=None,
        description="over the repository's, for this prompt",
        examples=[{"margin": 0.1}],
    )
    tags: Texts | None = Field(
        default=None, description="use only cases with one of these tags", examples=[["billing"]]
    )
    template: Literal["jinja", "none"] | None = Field(
        default=None,
        description="none: braces in the prompt are meant literally",
        examples=["jinja"],
    )
    model: ModelSetting | None = Field(
        default=None, description="instead of the repository's", examples=["gpt-5-mini"]
    )
    weight: float | None = Field(default=None, gt=0, description="in shared text", examples=[2])


RepositoryShape.model_rebuild()
EvalShape.model_rebuild()
