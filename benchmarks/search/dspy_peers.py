"""DSPy's optimizers in the world: one program of one predictor, and a language model that is it."""

from __future__ import annotations

import json
import re
from typing import Any

import dspy
from dspy.lm15 import Message, Response, TextPart, Usage
from search.mentor import SimulatedMentor, prompt_in
from search.peers import UNLIMITED, Incumbent, divided, silence
from search.world import Mark, Meter, Terrain, right_answer, wrong_answer

TICKET = re.compile(r"#(\d{4})")
MIPRO_VALIDATION = 0.4  # of the search cases: below 50 it scores every trial in full
WHY = "a note is missing, or should not be there"


class Simulated:
    """The engine of both models: the task model answers tickets, the mentor all else."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.mentor = SimulatedMentor(meter)

    def complete(self, request: Any) -> Response:
        system = request.system
        if system is not None and not isinstance(system, str):
            system = "".join(part.text for part in system)
        turns = [message.text or "" for message in request.messages]
        text = self._reply(system or "", turns)
        return Response(
            id=None,
            model="simulated",
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=Usage(input_tokens=0, output_tokens=0, total_tokens=0),
        )

    def _reply(self, system: str, turns: list[str]) -> str:
        wanted = outputs_in(system)
        if wanted == ["answer"]:
            return in_fields({"answer": self._answered(system, turns)})
        request = "\n".join([*turns, system])
        if "new_instruction" in wanted or "proposed_instruction" in wanted:
            reply = self.mentor.instruction(request)
        else:  # a summary of the data or of the program: a call like any other
            self.meter.asked()
            reply = "Tickets, each with an answer."
        fields = dict.fromkeys(wanted, reply)
        return json.dumps(fields) if "JSON" in turns[-1] else in_fields(fields)

    def _answered(self, system: str, turns: list[str]) -> str:
        (case,) = TICKET.findall(turns[-1])[:1]
        examples = sorted({name for turn in turns[:-1] for name in TICKET.findall(turn)})
        right = self.meter.answer(prompt_in(system), case, examples)
        return right_answer(case) if right else wrong_answer(case)


def outputs_in(system: str) -> list[str]:
    """Name the fields that DSPy's description of the task asks for."""
    _, _, rest = system.partition("Your output fields are:")
    listed, _, _ = rest.partition("All interactions")
    return re.findall(r"^\d+\. `(\w+)`", listed, re.MULTILINE)


def in_fields(fields: dict[str, str]) -> str:
    parts = [f"[[ ## {name} ## ]]\n{text}" for name, text in fields.items()]
    return "\n\n".join([*parts, "[[ ## completed ## ]]"])


def a_model(meter: Meter) -> Any:
    return dspy.LM("simulated/simulated", engine=Simulated(meter), cache=False, num_retries=0)


def a_program(text: str) -> Any:
    return dspy.Predict(dspy.Signature("ticket -> answer", text))


def examples(terrain: Terrain, ids: list[str]) -> list[Any]:
    cases = terrain.cases.only(ids)
    return [
        dspy.Example(ticket=case.inputs["ticket"], answer=right_answer(case.id)).with_inputs(
            "ticket"
        )
        for case in cases
    ]


def metric(
    gold: Any, pred: Any, _trace: Any = None, _name: Any = None, _its_trace: Any = None
) -> Any:
    """Score 1 for the right answer, with the feedback that GEPA reads."""
    score = float(gold.answer == pred.answer)
    return dspy.Prediction(score=score, feedback="" if score else WHY)


def is_right(gold: Any, pred: Any, _trace: Any = None) -> float:
    return float(gold.answer == pred.answer)


def play_dspy_gepa(terrain: Terrain) -> Meter:
    """Run dspy.GEPA with its defaults to the end of the budget."""
    meter = Meter(terrain)
    meter.mark(terrain.start)
    train, val = divided(terrain)
    lm = a_model(meter)
    with silence(), dspy.context(lm=lm):
        dspy.GEPA(
            metric=metric,
            max_metric_calls=UNLIMITED,
            reflection_lm=lm,
            num_threads=1,
            seed=terrain.seed,
            gepa_kwargs={
                "stop_callbacks": lambda state: meter.spent,
                "callbacks": [Incumbent(meter)],
            },
        ).compile(
            a_program(terrain.start),
            trainset=examples(terrain, train),
            valset=examples(terrain, val),
        )
    return meter


def play_mipro(terrain: Terrain) -> Meter:
    """
    Run dspy.MIPROv2 with its defaults (auto="light"); it sets its own budget, about 450 calls.

    What it would return before it ends is the best of the programs it had scored in full.
    """
    meter = Meter(terrain)
    meter.mark(terrain.start)
    train, val = divided(terrain, MIPRO_VALIDATION)
    lm = a_model(meter)
    with silence(), dspy.context(lm=lm):
        program = dspy.MIPROv2(
            metric=is_right, prompt_model=lm, task_model=lm, num_threads=1, seed=terrain.seed + 1
        ).compile(
            a_program(terrain.start),
            trainset=examples(terrain, train),
            valset=examples(terrain, val),
        )
    best, total = -1.0, max(log["total_eval_calls_so_far"] for log in program.trial_logs.values())
    spent = meter.task_calls - total  # by the worked examples, before the first trial
    asked = meter.mentor_price * meter.mentor_calls
    for log in program.trial_logs.values():
        if log.get("full_eval_score", best) > best:
            best, kept = log["full_eval_score"], log["full_eval_program"]
            calls = spent + log["total_eval_calls_so_far"]
            shown = tuple(TICKET.findall(demo["ticket"])[0] for demo in kept.demos)
            meter.marks.append(Mark(calls, calls + asked, kept.signature.instructions, shown))
    return meter
