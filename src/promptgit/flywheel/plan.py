"""What `flywheel.yaml` says, with a default for everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

FILE = "flywheel.yaml"  # at the top level of the repository
Deed = Literal["improve", "alarm"]
WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Redact:
    """What is done to a text before it is written; everything personal goes by default."""

    keep: tuple[str, ...] = ()  # kinds that stay: `ip`, …
    names: tuple[str, ...] = ()  # words that are names here: of people, customers, projects
    patterns: tuple[tuple[str, str], ...] = ()  # (kind, regular expression) of your own
    presidio: bool = False  # look for names with presidio, too: the extra `pii`


@dataclass(frozen=True, slots=True)
class Capture:
    folder: str = ""  # of the logs, from the repository's top; empty: its own folder of state
    retention: timedelta | None = timedelta(days=30)  # None: for ever
    redact: Redact = Redact()


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that grades a sample of the answers."""

    sample: int = 0  # conversations of each prompt and window; 0: nobody is asked
    model: str = ""  # empty: the judge of promptgit.yaml
    rubric: str = ""  # what a good answer is, for every prompt


@dataclass(frozen=True, slots=True)
class Analyze:
    engine: str = "duckdb"
    window: timedelta = WEEK
    detectors: tuple[str, ...] = ("detectors/*.yaml",)  # files besides those of the package
    judge: Judge = Judge()


@dataclass(frozen=True, slots=True)
class Rule:
    """One of `triggers`: what has to hold, and what it starts."""

    when: str  # as written: `quality_score < 7`
    prompt: str = ""  # empty: of every prompt by itself
    do: Deed = "improve"
    cooldown: timedelta = WEEK


@dataclass(frozen=True, slots=True)
class Improve:
    strategy: str = "mixture"  # it and `patterns` learn from the answers of production
    budget: str = ""  # as `--budget` takes it, e.g. `2usd`; empty: that of promptgit.yaml
    cases: int = 20  # drafted from the failures, at most
    branch: str = "flywheel/{prompt}-{date}"


@dataclass(frozen=True, slots=True)
class Deploy:
    environment: str = ""  # empty: the one that is looked at
    steps: tuple[float, ...] = (10, 50, 100)  # percent of the units that get the candidate
    guards: tuple[str, ...] = ()  # conditions that abort a rollout: `error_rate > 2%`


@dataclass(frozen=True, slots=True)
class Measure:
    metrics: tuple[str, ...] = ()  # empty: those of the triggers, and satisfaction
    value: str = "value"  # the fact that says what a conversation was worth


@dataclass(frozen=True, slots=True)
class Library:
    url: str = ""  # of the Git repository that learnings are shared in; empty: none


DEFAULT_RULES = (
    Rule("security_incidents > 5"),
    Rule("quality_score < 7"),
    Rule("drift(quality_score)", do="alarm"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the flywheel of one repository turns."""

    schedule: str = "weekly"  # or hourly, daily, monthly, or a cron expression, in UTC
    environment: str = "production"  # lines of other ones are left out; empty: all
    capture: Capture = Capture()
    analyze: Analyze = Analyze()
    triggers: tuple[Rule, ...] = DEFAULT_RULES
    improve: Improve = Improve()
    deploy: Deploy = Deploy()
    measure: Measure = Measure()
    library: Library = Library()
    file: str = field(default="", compare=False)  # where it was read; empty: these are defaults

    @property
    def target(self) -> str:
        """The environment that a better prompt is rolled out to."""
        return self.deploy.environment or self.environment or "production"


CRONS = {
    "hourly": "17 * * * *",  # not on the hour, when everybody's jobs start
    "daily": "17 4 * * *",
    "weekly": "17 4 * * 1",
    "monthly": "17 4 1 * *",
}


def cron(schedule: str) -> str:
    """
    Write a schedule as cron has it, in UTC.

    >>> cron("daily"), cron("30 6 * * 1-5")
    ('17 4 * * *', '30 6 * * 1-5')
    """
    return CRONS.get(schedule, schedule)
