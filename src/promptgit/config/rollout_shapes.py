"""The shape of `prompts/rollout.yaml`: environment → prompt → what is live."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from promptgit.config.shape import Shape

OBJECT = r"^([0-9a-f]{40}|[0-9a-f]{64})$"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}Z$"
ENVIRONMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

ObjectId = Annotated[
    str, Field(pattern=OBJECT, examples=["9ae3f0c7b1f2d5a4c3e2b1a0987654321fedcba0"])
]
Step = Annotated[float, Field(gt=0, le=100)]
NotEmpty = Annotated[str, Field(min_length=1)]


class ArmShape(Shape):
    """A text, by its Git object id and a commit that holds it."""

    blob: ObjectId = Field(description="the Git object id of the prompt's text")
    commit: ObjectId = Field(description="a commit that holds it, with what it includes")


class PromptRolloutShape(Shape):
    """What is live of one prompt in one environment."""

    stable: ArmShape = Field(description="what everybody gets who does not get the candidate")
    candidate: ArmShape | None = Field(default=None, description="what is being tried")
    share: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="percent of the units that get the candidate",
        examples=[10],
    )
    steps: list[Step] | None = Field(
        default=None,
        min_length=1,
        description="the shares that `promptgit promote` goes through, ascending",
        examples=[[10, 50, 100]],
    )
    guards: list[NotEmpty] | None = Field(
        default=None,
        description="conditions on the candidate's traffic that end the rollout",
        examples=[["leaks > 0"]],
    )
    since: str | None = Field(
        default=None,
        pattern=INSTANT,
        description="when this became so, in UTC",
        examples=["2026-11-21T20:40:05.000Z"],
    )
    salt: str | None = Field(
        default=None,
        description="draws the units; without one, each candidate has a draw of its own",
        examples=["support-2026"],
    )


Prompts = dict[NotEmpty, PromptRolloutShape] | None


class RolloutShape(RootModel[dict[str, Prompts]]):
    model_config = ConfigDict(
        strict=True, json_schema_extra={"propertyNames": {"pattern": ENVIRONMENT}}
    )
