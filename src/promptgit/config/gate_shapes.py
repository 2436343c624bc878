"""The shape of what decides whether a change may land: `check:` and `quarantine:`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from promptgit.config.shape import Shape, Share

Margin = Annotated[float, Field(gt=0, le=1)]
Growth = Annotated[float, Field(gt=0, le=10)]


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("a day is written like 2027-01-31") from error
    return value


class GuardsShape(Shape):
    """What a better score may not be bought with."""

    cost: Growth | None = Field(default=None, examples=[0.2])
    latency: Growth | None = Field(default=None, examples=[0.5])
    length: Growth | None = Field(
        default=None, description="of an answer, in characters", examples=[0.5]
    )


class CheckShape(Shape):
    """When a candidate may replace a baseline."""

    margin: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="a mean drop this big is a regression, in score points",
        examples=[0.05],
    )
    alpha: float | None = Field(
        default=None,
        gt=0,
        lt=0.5,
        description="the chance of a wrong verdict that is accepted",
        examples=[0.05],
    )
    max_unscored: Share | None = Field(
        default=None,
        description="above this share of pairs lost to failures the verdict is INVALID",
        examples=[0.02],
    )
    on_inconclusive: Literal["pass", "warn", "fail"] | None = Field(
        default=None,
        description="what an answer that the evidence does not settle means for the exit code",
        examples=["warn"],
    )
    metrics: dict[str, Margin] | None = Field(
        default=None,
        description="metrics that may not drop either, each with its own margin",
        examples=[{"is-json": 0.02}],
    )
    guards: GuardsShape | None = Field(
        default=None,
        description="what may grow by so much: 0.2 is 20 % more",
        examples=[{"cost": 0.2, "length": 0.5}],
    )
    repeats: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="answers a case at most, where more than one would settle it",
        examples=[3],
    )
    scope: Literal["population", "suite"] | None = Field(
        default=None,
        description="population: inputs like these cases; suite: these cases and no others",
        examples=["population"],
    )
    fail_rule: Literal["likely", "confirmed"] | None = Field(
        default=None,
        description="confirmed: only a drop shown to exceed the margin is a regression",
        examples=["likely"],
    )


class QuarantineShape(Shape):
    """A case that counts for nothing until a day, because it flips by itself."""

    case: str = Field(min_length=1, examples=["refund-42"])
    owner: str = Field(min_length=1, examples=["@ana"])
    reason: str = Field(min_length=1, examples=["the answer flips at temperature 1"])
    until: Annotated[date, BeforeValidator(_day, json_schema_input_type=str)] = Field(
        examples=["2027-01-31"]
    )
