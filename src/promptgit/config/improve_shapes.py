"""The shape of `improve:`, how a better prompt is searched for and what it may cost."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from promptgit.config.shape import Shape, Share


class ImproveShape(Shape):
    """How a better prompt is searched for."""

    strategy: str | None = Field(default=None, examples=["mixture"])
    rounds: int | None = Field(default=None, ge=1, examples=[100])
    patience: int | None = Field(default=None, ge=1, examples=[8])
    target: Share | None = Field(default=None, examples=[0.95])
    patches: int | None = Field(default=None, ge=1, examples=[4])
    first_look: int | None = Field(default=None, ge=1, examples=[20])
    next_look: int | None = Field(default=None, ge=1, examples=[10])
    asked_most: int | None = Field(default=None, ge=1, examples=[6])
    miss_threshold: Share | None = Field(default=None, examples=[0.95])
    misses_shown: int | None = Field(default=None, ge=1, examples=[4])
    min_improvement: Share | None = Field(default=None, examples=[0.01])
    exemplars: int | None = Field(default=None, ge=0, examples=[3])
    options: dict[str, Any] | None = Field(
        default=None, description="what a plug-in strategy takes besides", examples=[{"beam": 4}]
    )
    min_effect: Share | None = Field(
        default=None,
        description="an improvement must be estimated at least this big, in score points",
        examples=[0.02],
    )
    max_changed_lines: int | None = Field(default=None, ge=1, examples=[20])
    max_tokens: int | None = Field(
        default=None,
        ge=1,
        description="a better prompt may send so many tokens a call on average, inputs included",
        examples=[1200],
    )
    max_latency_s: float | None = Field(
        default=None, gt=0, description="and wait so many seconds for an answer", examples=[2.5]
    )
    max_cost_usd: float | None = Field(
        default=None, gt=0, description="and cost so many US dollars a call", examples=[0.002]
    )
    tie_growth: Share | None = Field(
        default=None,
        description="share by which a text may grow without a gain; 0.1 if nothing is said",
        examples=[0.1],
    )
