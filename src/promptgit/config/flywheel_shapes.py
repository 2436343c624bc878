"""The shape of `flywheel.yaml`: what is looked at, what starts what, and who may do it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from promptgit.config.shape import Shape
from promptgit.config.shapes import Name, NotEmpty, Texts, as_list
from promptgit.flywheel.redaction.rules import KINDS

WHEN = re.compile(r"hourly|daily|weekly|monthly|([0-9*/,-]+ +){4}[0-9*/,-]+")
ENGINE = re.compile("duckdb|pyspark")
FOR_EVER = "forever"
LENGTH = r"^\s*[0-9]{1,6}\s*[A-Za-z]+\s*$"  # what the schema can say of a length of time
BUDGET = re.compile(r"[0-9]+(\.[0-9]+)?\s*(usd|calls|tokens)")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
BRANCH = re.compile(
    r"(?=.*\{prompt\})(?!.*(\.\.|//|/\.))"
    r"([A-Za-z0-9]|\{prompt\}|\{date\})"
    r"(([A-Za-z0-9._/-]|\{prompt\}|\{date\})*([A-Za-z0-9]|\{prompt\}|\{date\}))?"
)
INSIDE = re.compile(r"(?!/|~|\.[gG][iI][tT](/|$))(?!(.*/)?\.\.(/|$))[^:\\]*[^./:\\][^:\\]*")
GIT_ADDRESS = re.compile(
    r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s?#@]+"
    r"|(ssh://)?[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+[:/][^\s?#@]+"
)


def _like(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _length(text: str) -> str:
    from promptgit.errors import UserError
    from promptgit.flywheel.window import duration

    try:
        found = duration(text)
    except UserError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error
    if not found > timedelta():
        raise ValueError("it is longer than nothing")
    return text


def _condition(text: str) -> str:
    from promptgit.errors import UserError
    from promptgit.flywheel.grammar import parse

    try:
        parse(text)
    except UserError as error:
        said = error.message.partition("\n")[0]
        raise ValueError(f"{said}; {error.hint}") from error
    return text


def _length_or_for_ever(text: str) -> str:
    return text if text == FOR_EVER else _length(text)


Length = Annotated[str, AfterValidator(_length), _like(LENGTH)]
Keeping = Annotated[str, AfterValidator(_length_or_for_ever), _like(f"{LENGTH}|^{FOR_EVER}$")]


Condition = Annotated[str, AfterValidator(_condition), _like(r"\S")]
Conditions = Annotated[
    list[Condition], BeforeValidator(as_list, json_schema_input_type=Condition | list[Condition])
]


def _matching(pattern: re.Pattern[str], words: str) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(words)
        return text

    return checked


_word = _matching(WORD, "it is one word of letters, digits, _, - and .")
_when = _matching(WHEN, "it is hourly, daily, weekly, monthly, or five fields of cron")
_cap = _matching(BUDGET, "write it as 2usd, 500calls or 100000tokens")
_engine = _matching(
    ENGINE, "a repository names duckdb or pyspark; a warehouse is yours to name: --engine URL"
)
_address = _matching(GIT_ADDRESS, "it is https://HOST/REPOSITORY or git@HOST:REPOSITORY")

Word = Annotated[str, AfterValidator(_word), _like(_whole(WORD))]
When = Annotated[str, AfterValidator(_when), _like(_whole(WHEN))]
Cap = Annotated[str, AfterValidator(_cap), _like(_whole(BUDGET))]
Engine = Annotated[str, AfterValidator(_engine), _like(_whole(ENGINE))]
Address = Annotated[str, AfterValidator(_address), _like(_whole(GIT_ADDRESS))]


_folder = _matching(
    INSIDE,
    "it is a folder inside of this repository, like `logs`; one elsewhere is yours to name: "
    "PROMPTGIT_LOGS=/that/folder",
)
Folder = Annotated[str, AfterValidator(_folder), _like(_whole(INSIDE))]


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}") from error
    return text


def _kind(text: str) -> str:
    from difflib import get_close_matches

    if text not in KINDS:
        close = get_close_matches(text, KINDS, n=1)
        meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KINDS)}"
        raise ValueError(f"no rule finds this kind; {meant}")
    return text


Kind = Annotated[str, AfterValidator(_kind), Field(json_schema_extra={"enum": list(KINDS)})]
Kinds = Annotated[list[Kind], BeforeValidator(as_list, json_schema_input_type=Kind | list[Kind])]


class RedactShape(Shape):
    """What is done to a text before it is written."""

    keep: Kinds | None = Field(
        default=None, description="kinds that stay as they are", examples=[["ip"]]
    )
    names: Texts | None = Field(
        default=None, description="words that are names here", examples=[["Northwind"]]
    )
    patterns: dict[Word, Annotated[str, AfterValidator(_expression)]] | None = Field(
        default=None,
        description="your own kinds, as regular expressions",
        examples=[{"customer": "C-[0-9]{6}"}],
    )
    presidio: bool | None = Field(
        default=None, description="look for names with presidio, too", examples=[True]
    )


class CaptureShape(Shape):
    """Where logs are, how long, and what is taken out of them."""

    folder: Folder | None = Field(
        default=None,
        description="in this repository, ignored by Git; default: the folder of its own state",
        examples=["logs"],
    )
    retention: Keeping | None = Field(
        default=None, description="how long lines are kept", examples=["30 days"]
    )
    redact: RedactShape | None = Field(default=None, examples=[{"names": ["Northwind"]}])


class JudgeShape(Shape):
    """A model that grades a sample."""

    sample: int | None = Field(
        default=None, ge=0, le=10_000, description="conversations of a prompt", examples=[100]
    )
    model: Name | None = Field(
        default=None, description="default: the judge of promptgit.yaml", examples=["gpt-5-mini"]
    )
    rubric: NotEmpty | None = Field(default=None, examples=["It answers what was asked."])


class AnalyzeShape(Shape):
    """How logs are looked at."""

    engine: Engine | None = Field(
        default=None,
        description="duckdb or pyspark; only a command line names a warehouse: --engine URL",
        examples=["duckdb"],
    )
    window: Length | None = Field(default=None, examples=["7d"])
    detectors: Texts | None = Field(
        default=None,
        description="files of this repository, besides those of the package",
        examples=["detectors/*.yaml"],
    )
    judge: JudgeShape | None = Field(default=None, examples=[{"sample": 100}])


class TriggerShape(Shape):
    """What has to hold, and what it starts."""

    when: Condition = Field(examples=["quality_score < 7"])
    prompt: NotEmpty | None = Field(
        default=None, description="default: every prompt by itself", examples=["support-reply"]
    )
    do: Literal["improve", "alarm"] | None = Field(default=None, examples=["improve"])
    cooldown: Length | None = Field(
        default=None, description="it fires once in so long", examples=["1 week"]
    )


def _by_condition(value: Any) -> Any:
    return {"when": value} if isinstance(value, str) else value


Trigger = Annotated[
    TriggerShape, BeforeValidator(_by_condition, json_schema_input_type=Condition | TriggerShape)
]


_branch = _matching(BRANCH, "it is the name of a branch with {prompt}, and maybe {date}, in it")
Branch = Annotated[str, AfterValidator(_branch), _like(_whole(BRANCH))]


class ImproveStageShape(Shape):
    """What a trigger that fires may do and spend."""

    strategy: NotEmpty | None = Field(default=None, examples=["patterns"])
    budget: Cap | None = Field(default=None, examples=["2usd"])
    cases: int | None = Field(
        default=None, ge=0, le=500, description="drafted from the failures", examples=[20]
    )
    branch: Branch | None = Field(default=None, examples=["flywheel/{prompt}-{date}"])


Percent = Annotated[float, Field(gt=0, le=100)]


def _rising(steps: list[float]) -> list[float]:
    if any(one >= other for one, other in pairwise(steps)):
        raise ValueError("each step is larger than the one before")
    return steps


class DeployShape(Shape):
    """How a better prompt reaches those who use it; a robot proposes and aborts, no more."""

    environment: Word | None = Field(
        default=None, description="default: the one that is looked at", examples=["production"]
    )
    steps: Annotated[list[Percent], AfterValidator(_rising)] | None = Field(
        default=None, min_length=1, description="percent of the units", examples=[[10, 50, 100]]
    )
    guards: Conditions | None = Field(
        default=None,
        description="conditions that abort a rollout",
        examples=[["error_rate > 2%"]],
    )


class MeasureShape(Shape):
    """What says whether a turn made things better."""

    metrics: Texts | None = Field(
        default=None,
        description="default: those of the triggers, and satisfaction",
        examples=[["quality_score", "upsell_rate"]],
    )
    value: Word | None = Field(
        default=None,
        description="the fact that says what a conversation was worth",
        examples=["value"],
    )


class LibraryShape(Shape):
    """Where learnings are shared across applications."""

    url: Address | None = Field(
        default=None, examples=["https://git.example.com/team/learnings.git"]
    )


class FlywheelShape(Shape):
    """flywheel.yaml at the top level of a repository."""

    schedule: When | None = Field(
        default=None,
        description="of `flywheel run`, in UTC: hourly, daily, weekly, monthly, or as cron has it",
        examples=["weekly", "30 6 * * 1-5"],
    )
    environment: Literal[""] | Word | None = Field(
        default=None, description="whose lines are looked at; empty: all", examples=["production"]
    )
    capture: CaptureShape | None = Field(default=None, examples=[{"retention": "30 days"}])
    analyze: AnalyzeShape | None = Field(default=None, examples=[{"window": "7d"}])
    triggers: list[Trigger] | None = Field(
        default=None, examples=[["quality_score < 7", {"when": "upsell_rate < 20%"}]]
    )
    improve: ImproveStageShape | None = Field(default=None, examples=[{"budget": "2usd"}])
    deploy: DeployShape | None = Field(default=None, examples=[{"steps": [10, 50, 100]}])
    measure: MeasureShape | None = Field(default=None, examples=[{"metrics": ["quality_score"]}])
    library: LibraryShape | None = Field(
        default=None, examples=[{"url": "https://git.example.com/team/learnings.git"}]
    )
