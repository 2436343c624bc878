"""Evaluate N cases as `promptgit eval` does: the yardsticks stand beside this file."""

import json
import os
import sys
from pathlib import Path

from promptgit.core.dataset import Case, Dataset
from promptgit.core.prompt import Prompt
from promptgit.edges.cache import SqliteAnswers
from promptgit.edges.clock import SystemClock
from promptgit.evaluate.budget import Budget, Cap, Metered
from promptgit.evaluate.cache import Cached
from promptgit.evaluate.evaluate import evaluate
from promptgit.evaluate.retry import Retrying
from promptgit.evaluate.suite import Assertion, bind
from promptgit.models.endpoints import Endpoint
from promptgit.models.openai import factory
from promptgit.plugins import scorer

base_url, count, concurrency, cache = sys.argv[1:]
cases = Dataset(
    tuple(
        Case(
            f"case-{n}",
            {"comment": f"Where is my parcel {n}?", "order_id": f"A-{n}"},
            expected=f"Where is my parcel {n}?",
        )
        for n in range(int(count))
    )
)
prompt = Prompt.of("You are a support agent. The order is {{ order_id }}. Answer briefly.")
suite = bind([Assertion("equals", "{{ expected }}")], scorer, injected={})
model = factory("gpt-5-mini", options={}, endpoint=Endpoint(base_url, "sk-benchmark-0123456789"))
budget = Budget(Cap(calls=1_000_000))
retrying = Retrying(model, SystemClock(), on_failure=lambda _, error: budget.lost(error))
answers = SqliteAnswers(Path(cache))
cached = Cached(Metered(retrying, budget), answers)

done = evaluate(prompt, cases, cached, suite, concurrency=int(concurrency))

status = Path("/proc/self/status")
peak_kb = 0
if status.exists():
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    peak_kb = int(line.split()[1])
json.dump(
    {
        "mean": done.mean,
        "scored": len(done.scores),
        "failed": len(done.failures),
        "paid": done.paid_calls,
        "peak_mb": peak_kb / 1024,
        "cpu_s": sum(os.times()[:2]),
    },
    sys.stdout,
)
