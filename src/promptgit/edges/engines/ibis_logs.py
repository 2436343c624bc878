"""The port `flywheel.logs.Logs` on Ibis: one cube, observations over time, conversations."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from promptgit.edges.engines.columns import Secrets, column, conditions
from promptgit.edges.engines.conversations import conversations
from promptgit.edges.engines.scan import calls_in, scanned, split, with_feedback_time, with_names
from promptgit.edges.engines.steps import steps
from promptgit.edges.engines.tables import Engine
from promptgit.edges.engines.wanted import Wanted
from promptgit.errors import UserError
from promptgit.flywheel.cube import Cell, Cube
from promptgit.flywheel.detectors.measured import Rulebook
from promptgit.flywheel.interaction import CALL, FEEDBACK, FORMS, Conversation, Interaction
from promptgit.flywheel.logs import Point, Step
from promptgit.flywheel.tally import Tally
from promptgit.flywheel.window import Window

SUMS = ("k", "x", "n", "xx", "xn", "nn")
DIGITS = 10  # of a sum: engines add in an order of their own
MOST_FEEDBACK = 20  # lines that are shown of one conversation
NAMED = 6  # metrics or detectors, where a name is unknown


@dataclass
class IbisLogs:
    """Logs on an engine, looked at by the rules of one rulebook."""

    opened: Engine
    rulebook: Rulebook
    prompt_lines: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # long lines of each prompt's text, that may not stand in an answer
    environment: str = ""  # lines that name another one are left out; empty: none is

    @property
    def engine(self) -> str:
        return self.opened.name

    def cube(self, window: Window) -> Cube:
        """Tally every metric that needs no sample, in one pass over the log lines."""
        wanted = Wanted(self.rulebook, tuple(self.rulebook.metrics))
        metrics = {one.metric.name: one.metric for one in wanted.measured}
        with self._conversations(window, wanted) as found:
            if found is None:
                return Cube(metrics, {})
            found = found.mutate(day=found.began.substr(0, 10))
            sums: dict[str, Any] = {"conversations": found.count(), "calls": found.calls.sum()}
            for name in metrics:
                x, n = found[f"x_{name}"], found[f"n_{name}"]
                sums[f"k_{name}"] = (n > 0).cast("int64").sum()
                sums[f"x_{name}"], sums[f"n_{name}"] = x.sum(), n.sum()
                sums[f"xx_{name}"], sums[f"xn_{name}"] = (x * x).sum(), (x * n).sum()
                sums[f"nn_{name}"] = (n * n).sum()
            cells = found.group_by(["prompt", "version", "variant", "model", "day"]).agg(**sums)
            rows = self.opened.rows(cells)
        return _cube(metrics, rows)

    def series(self, metric: str, window: Window, *, prompt: str, limit: int) -> Sequence[Point]:
        """The newest `limit` observations of a metric that have a value, oldest first."""
        import ibis

        self._refuse_unknown(metric, "metric", self.rulebook.metrics)
        wanted = Wanted(self.rulebook, (metric,))
        if not wanted.measured:
            raise UserError(
                f"{metric} is known of a sample only, so it has no course over time",
                hint="choose a metric that needs no function and no judge",
            )
        with self._conversations(window, wanted, prompt) as found:
            if found is None:
                return ()
            counted = found.filter(found[f"n_{metric}"] > 0)
            newest = counted.order_by([ibis.desc("began"), ibis.desc("talk")]).limit(limit)
            rows = self.opened.rows(
                newest.select(
                    "began",
                    "talk",
                    "version",
                    "variant",
                    "model",
                    "propensity",
                    x=newest[f"x_{metric}"],
                    n=newest[f"n_{metric}"],
                )
            )
        rows.sort(key=lambda row: (row["began"], row["talk"]))
        return [
            Point(
                row["began"].partition(" ")[0],
                _rounded(row["x"]) / row["n"],
                row["talk"],
                row["version"],
                row["variant"],
                row["model"],
                row["propensity"],
            )
            for row in rows
        ]

    def flagged(
        self, detector: str, window: Window, *, prompt: str = "", limit: int = 20, seed: int = 0
    ) -> Sequence[Conversation]:
        """A sample of the conversations in which a detector fired: the same for the same seed."""
        self._refuse_unknown(detector, "detector", self.rulebook.detectors)
        wanted = Wanted(self.rulebook, (), (detector,))
        if self.rulebook.detectors[detector].is_sampled:
            raise UserError(
                f"{detector} is asked about a sample only", hint="look at `analyze`'s examples"
            )
        with self._conversations(window, wanted, prompt) as found:
            if found is None:
                return ()
            fired = found.filter(found[column(detector)])
            names = self._drawn(fired, limit, seed)
        return self._read(names, window, prompt)

    def sample(
        self, window: Window, *, prompt: str = "", limit: int = 200, seed: int = 0
    ) -> Sequence[Conversation]:
        """A sample of all conversations: the same for the same seed, whatever the engine."""
        logs = self._lines(window)
        if logs is None:
            return ()
        calls = with_names(logs.filter(calls_in(logs, window, prompt)))
        names = self._drawn(calls.select("talk").distinct(), limit, seed)
        return self._read(names, window, prompt)

    def steps(
        self, outcome: str, window: Window, *, prompt: str, limit: int = 50_000
    ) -> Sequence[Step]:
        """The questions of a sample of conversations, up to the first answer with `outcome`."""
        self._refuse_unknown(outcome, "detector", self.rulebook.detectors)
        logs = self._lines(window)
        if logs is None:
            return ()
        known, secrets = self.rulebook.detectors, Secrets(self.prompt_lines)
        return steps(
            self.opened, logs, known, outcome, window, prompt=prompt, limit=limit, secrets=secrets
        )

    def _lines(self, window: Window) -> Any | None:
        """The log lines of the files of a window, those of other environments left out."""
        logs = self.opened.table(window)
        if logs is None or not self.environment:
            return logs
        return logs.filter(logs.environment.fill_null("").isin(["", self.environment]))

    @contextmanager
    def _conversations(self, window: Window, wanted: Wanted, prompt: str = "") -> Iterator[Any]:
        """One row for each conversation, while the narrow table is kept; None without logs."""
        logs = self._lines(with_feedback_time(window) if wanted.may_change_later else window)
        if logs is None:
            yield None
            return
        secrets = Secrets(self.prompt_lines)
        asked = conditions(wanted.flags, wanted.known, self.opened.dialect)
        logs = self.opened.with_conditions(logs, asked)
        with self.opened.kept(scanned(logs, window, wanted, secrets, prompt)) as lines:
            calls, feedback = split(lines, wanted, secrets)
            yield conversations(calls, feedback, wanted)

    def _drawn(self, found: Any, limit: int, seed: int) -> list[str]:
        names = found.select("talk").distinct()
        names = names.mutate(drawn=_hash(names.talk, seed)).order_by(["drawn", "talk"])
        return [row["talk"] for row in self.opened.rows(names.limit(limit))]

    def _read(self, names: Sequence[str], window: Window, prompt: str) -> list[Conversation]:
        """The calls of these conversations within the window, and what was said of them."""
        logs = self._lines(with_feedback_time(window))
        if logs is None or not names:
            return []
        calls = with_names(logs.filter(calls_in(logs, window, prompt)))
        fields = [name for name in FORMS if name in logs.columns]
        rows = self.opened.rows(calls.filter(calls.talk.isin(names)).select("talk", *fields))
        by_talk: dict[str, list[Interaction]] = defaultdict(list)
        talk_of: dict[str, str] = {name: name for name in names}
        for row in rows:
            call = _interaction(row)
            by_talk[row["talk"]].append(call)
            talk_of.setdefault(call.id, row["talk"])
        said = logs.filter((logs.kind == FEEDBACK) & (logs["at"] >= window.since))
        said = said.filter(said["of"].isin(list(talk_of))).select(*fields)
        feedback: dict[str, list[Interaction]] = defaultdict(list)
        for row in self.opened.rows(said):
            one = _interaction(row)
            feedback[talk_of[one.of]].append(one)
        return [
            Conversation(name, _in_order(by_talk[name]), _in_order(feedback[name])[:MOST_FEEDBACK])
            for name in names
        ]

    def _refuse_unknown(self, name: str, kind: str, known: Mapping[str, Any]) -> None:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f"did you mean {close[0]!r}? " if close else ""
            some = ", ".join([*known][:NAMED])
            others = f", and {len(known) - NAMED} others" if len(known) > NAMED else ""
            raise UserError(f"there is no {kind} {name!r}", hint=f"{meant}There are {some}{others}")


def _hash(talk: Any, seed: int) -> Any:
    """A number for each conversation that every engine gives alike, as text."""
    return (talk + f"#{seed}").hexdigest("md5")


def _cube(metrics: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Cube:
    cells: dict[Cell, dict[str, Tally]] = {}
    for row in rows:
        cell = Cell(row["prompt"], row["version"], row["variant"], row["model"], row["day"])
        cells[cell] = {
            name: Tally(
                int(row[f"k_{name}"]), *(_rounded(row[f"{part}_{name}"]) for part in SUMS[1:])
            )
            for name in metrics
        }
    return Cube(
        metrics,
        {cell: cells[cell] for cell in sorted(cells, key=lambda cell: tuple(_texts(cell)))},
        calls=sum(int(row["calls"]) for row in rows),
        conversations=sum(int(row["conversations"]) for row in rows),
    )


def _texts(cell: Cell) -> tuple[str, ...]:
    return cell.prompt, cell.version, cell.variant, cell.model, cell.day


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _interaction(row: Mapping[str, Any]) -> Interaction:
    given = {name: row[name] for name in FORMS if row.get(name) is not None}
    for name, form in FORMS.items():
        if name in given and form in ("texts", "numbers"):
            given[name] = {k: v for k, v in _pairs(given[name]) if v is not None}
    return Interaction(**{"kind": CALL, **given})


def _pairs(mapping: Any) -> Iterable[tuple[str, Any]]:
    """Read a mapping in each of the forms that engines give it: pairs, or JSON."""
    found = json.loads(mapping) if isinstance(mapping, str) else mapping
    return found.items() if isinstance(found, dict) else found


def _in_order(lines: Sequence[Interaction]) -> tuple[Interaction, ...]:
    return tuple(sorted(lines, key=lambda one: (one.at, one.id)))
