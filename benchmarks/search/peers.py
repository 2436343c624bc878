"""The peers from PyPI in the same world: `gepa`, and DSPy's GEPA and MIPROv2."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from search.mentor import SimulatedMentor
from search.world import Meter, Terrain, right_answer, wrong_answer

Play = Callable[[Terrain], Meter]
UNLIMITED = 1_000_000  # metric calls; the meter of the world says when to stop
VALIDATION = 0.5  # share of the search cases that a peer validates on; its FAQ says half and half


def available() -> tuple[dict[str, Play], list[str]]:
    """Return the peers that are installed, and a line for each that is not."""
    found: dict[str, Play] = {}
    missing = []
    if find_spec("gepa"):
        found["gepa, defaults"] = play_gepa
        found["gepa, best setting"] = play_gepa_tuned
    else:
        missing.append("gepa is not installed, so it is left out: `make bench-search` installs it")
    if find_spec("dspy") and find_spec("optuna"):
        from search.dspy_peers import play_dspy_gepa, play_mipro

        found["DSPy GEPA"] = play_dspy_gepa
        found["DSPy MIPROv2"] = play_mipro
    else:
        missing.append("dspy is not installed, so it is left out: `make bench-search` installs it")
    return found, missing


def divided(terrain: Terrain, share: float = VALIDATION) -> tuple[list[str], list[str]]:
    """Split the ids of the search cases: to reflect on, and to validate on."""
    order = [case.id for case in terrain.halves[0].shuffled(f"peers {terrain.seed}")]
    cut = round(len(order) * (1 - share))
    return order[:cut], order[cut:]


class Incumbent:
    """Follows a GEPA run: whoever has the best validation mean is what it would return."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.best = -1.0

    def on_valset_evaluated(self, event: Mapping[str, Any]) -> None:
        if event["average_score"] > self.best:
            self.best = event["average_score"]
            (text,) = event["candidate"].values()
            self.meter.mark(text)


class Tickets:
    """gepa's adapter: runs a candidate on tickets, and shows what went wrong."""

    propose_new_texts = None

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def evaluate(
        self, batch: list[str], candidate: dict[str, str], capture_traces: bool = False
    ) -> Any:
        from gepa import EvaluationBatch

        right = [self.meter.answer(candidate["prompt"], case) for case in batch]
        outputs = [
            right_answer(case) if ok else wrong_answer(case)
            for case, ok in zip(batch, right, strict=True)
        ]
        scores = [float(ok) for ok in right]
        traces = list(zip(batch, outputs, strict=True)) if capture_traces else None
        return EvaluationBatch(outputs=outputs, scores=scores, trajectories=traces)

    def make_reflective_dataset(
        self, candidate: dict[str, str], eval_batch: Any, components_to_update: list[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        records = [
            {
                "Inputs": self.meter.terrain.cases.only([case]).cases[0].inputs["ticket"],
                "Generated Outputs": output,
                "Feedback": "" if score else "a note is missing, or should not be there",
            }
            for (case, output), score in zip(
                eval_batch.trajectories, eval_batch.scores, strict=True
            )
        ]
        return {"prompt": records}


def play_gepa(terrain: Terrain, *, validation: float = VALIDATION, **options: Any) -> Meter:
    """Run `gepa.optimize` to the end of the budget."""
    import gepa

    meter = Meter(terrain)
    meter.mark(terrain.start)
    mentor = SimulatedMentor(meter)
    train, val = divided(terrain, validation)
    with silence():
        gepa.optimize(
            seed_candidate={"prompt": terrain.start},
            trainset=train,
            valset=val,
            adapter=Tickets(meter),
            reflection_lm=mentor.reply,
            stop_callbacks=lambda state: meter.spent,
            callbacks=[Incumbent(meter)],
            seed=terrain.seed,
            **options,
        )
    return meter


def play_gepa_tuned(terrain: Terrain) -> Meter:
    """Run gepa with the settings that do best here: see benchmarks/README.md."""
    return play_gepa(terrain, validation=0.15)


@contextlib.contextmanager
def silence() -> Any:
    """Peers print and log a lot; nothing of it is a result."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    logging.disable(level)
