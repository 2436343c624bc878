"""The worlds: each is hard in one way."""

from __future__ import annotations

from search.world import World

WORLDS = (
    World("easy", rules=5),
    World("many", rules=16),
    World("rare", rules=10, skew=1.2),
    World("noisy", follow=0.8, guess=0.25, churn=0.5),
    World("bad-mentor", right=0.3, harmful=0.2, malformed=0.2, leaking=0.1),
    World("conflicting", conflicts=3),
    World("harmful", planted=2, harmful=0.25, right=0.5),
    World("long", rules=10, toll=0.01),
    World("mute", named=False),
    World("leaky", right=0.35, leaking=0.5, harmful=0.05, malformed=0.05),
    World("nothing", right=0.0, leaking=0.25),
)
GAINFUL = tuple(world for world in WORLDS if world.right)  # there is something to be had
TEMPTING = tuple(world for world in WORLDS if world.name in ("leaky", "nothing"))
