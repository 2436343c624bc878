"""
Issue 5, §1: `promptgit logs import` takes 100,000 lines a minute on one core, in constant memory.

Each format's lines are imported, redacted, and written; beside it stands the least that anybody
does with them, `json.loads` of the same lines in the same process.  One line in ten holds an
e-mail address or a telephone number.  Processor time; memory is the peak of a process of its own,
for a file and for one ten times as long, one object a line and as one JSON document.

    python benchmarks/logs_import.py            # about three minutes
    python benchmarks/logs_import.py --quick    # a tenth of the lines
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from promptgit.edges.logs.importing import Wishes, import_source
from promptgit.edges.logs.seen import Seen
from promptgit.edges.logs.sources import opened
from promptgit.flywheel.interaction import Interaction
from promptgit.flywheel.redaction import Redactor

LINES = 20_000
START = 1_795_293_605  # seconds since 1970
WORDS = """
    my order has not arrived yet and the tracking page says nothing since last week could you
    please look into it thank you for your patience we have asked the carrier and will write again
""".split()  # noqa: SIM905  (a list of forty words is harder to read)
PEAK = """
import pathlib, resource, sys
from promptgit.edges.logs.importing import Wishes, import_source
from promptgit.edges.logs.seen import Seen
from promptgit.edges.logs.sources import opened
from promptgit.flywheel.redaction import Redactor
with opened(sys.argv[1]) as source, Seen.held(pathlib.Path(sys.argv[2]), doing="measure") as seen:
    wishes = Wishes(today="2026-11-21")
    for _ in import_source(source, seen, Redactor(b"k" * 32), wishes):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def said(rng: random.Random, words: int) -> str:
    text = " ".join(rng.choices(WORDS, k=words))
    chance = rng.random()
    if chance < 0.05:
        text += f" jane{rng.randrange(1000)}@example.com"
    elif chance < 0.1:
        text += f" +49 170 {rng.randrange(1_000_000, 9_999_999)}"
    return text


def attribute(name: str, value: str) -> dict[str, Any]:
    return {"key": name, "value": {"stringValue": value}}


def otel(i: int, system: str, asked: str, answer: str) -> dict[str, Any]:
    sent = [{"role": "user", "parts": [{"type": "text", "content": asked}]}]
    got = [{"role": "assistant", "parts": [{"type": "text", "content": answer}]}]
    span = {
        "traceId": f"{i:032x}",
        "spanId": f"{i:016x}",
        "startTimeUnixNano": f"{START + i}000000000",
        "endTimeUnixNano": f"{START + i}900000000",
        "attributes": [
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.provider.name", "openai"),
            attribute("gen_ai.request.model", "gpt-4o"),
            attribute("gen_ai.prompt.name", "support-reply"),
            attribute("gen_ai.system_instructions", system),
            attribute("gen_ai.input.messages", json.dumps(sent)),
            attribute("gen_ai.output.messages", json.dumps(got)),
        ],
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def openai(i: int, system: str, asked: str, answer: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{i}",
        "object": "chat.completion",
        "created": START + i,
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": asked}],
        "choices": [{"message": {"role": "assistant", "content": answer}}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 60},
    }


def litellm(i: int, system: str, asked: str, answer: str) -> dict[str, Any]:
    return {
        "id": f"c{i}",
        "litellm_call_id": f"l{i}",
        "trace_id": f"t{i // 3}",
        "call_type": "acompletion",
        "startTime": START + i,
        "endTime": START + i + 1,
        "model": "gpt-4o",
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": asked}],
        "response": {"choices": [{"message": {"content": answer}}]},
        "end_user": "somebody",
    }


def langfuse(i: int, system: str, asked: str, answer: str) -> dict[str, Any]:
    return {
        "id": f"o{i}",
        "traceId": f"t{i // 3}",
        "type": "GENERATION",
        "startTime": f"2026-11-21T20:{i // 60 % 60:02}:{i % 60:02}.000Z",
        "endTime": f"2026-11-21T20:{i // 60 % 60:02}:{i % 60:02}.900Z",
        "input": [{"role": "system", "content": system}, {"role": "user", "content": asked}],
        "output": {"role": "assistant", "content": answer},
        "usageDetails": {"input": 50, "output": 60},
    }


def promptgit(i: int, system: str, asked: str, answer: str) -> dict[str, Any]:
    at = f"2026-11-21T20:{i // 60 % 60:02}:{i % 60:02}.000Z"
    line = Interaction(f"c{i}", at, system=system, input=asked, output=answer)
    found: dict[str, Any] = json.loads(line.line())
    return found


def table(i: int, _: str, asked: str, answer: str) -> dict[str, Any]:
    return {"id": f"c{i}", "timestamp": START + i, "question": asked, "answer": answer}


FORMATS: dict[str, Callable[[int, str, str, str], dict[str, Any]]] = {
    "otel": otel,
    "openai": openai,
    "litellm": litellm,
    "langfuse": langfuse,
    "promptgit": promptgit,
    "table": table,
}


def rows(form: str, count: int) -> Iterator[str]:
    rng = random.Random(5)
    system = "You are the support desk of a shop. " + " ".join(rng.choices(WORDS, k=60))
    for i in range(count):
        yield json.dumps(FORMATS[form](i, system, said(rng, 30), said(rng, 50)))


def speed(form: str, count: int, folder: Path) -> tuple[float, float]:
    """Lines a minute, and how many times `json.loads` of the same lines that takes."""
    file = folder / f"{form}.jsonl"
    file.write_text("".join(f"{row}\n" for row in rows(form, count)))
    begin = time.process_time()
    with file.open("rb") as lines:
        for line in lines:
            json.loads(line)
    least = time.process_time() - begin
    begin = time.process_time()
    wishes = Wishes(today="2026-11-21")
    with opened(str(file)) as source, Seen.held(folder / form, doing="measure") as seen:
        *_, done = import_source(source, seen, Redactor(b"k" * 32), wishes)
    taken = time.process_time() - begin
    if (done.format, done.imported) != (form, count):
        raise SystemExit(f"{form}: {done}")
    return count / taken * 60, taken / least


def peak_mb(count: int, folder: Path, *, is_document: bool) -> float:
    file = folder / f"peak-{count}-{is_document}"
    with file.open("w") as out:
        if is_document:
            out.write('{"object": "list", "data": [\n')
        for number, row in enumerate(rows("openai", count)):
            out.write((",\n" if number else "") + row if is_document else f"{row}\n")
        if is_document:
            out.write("\n]}\n")
    command = [sys.executable, "-c", PEAK, str(file), str(folder / f"logs-{file.name}")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true")
    count = LINES // 10 if parser.parse_args().quick else LINES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{count:,} lines of each format, redacted, one core\n")
        print("format      lines a minute   times json.loads")
        for form in FORMATS:
            minute, ratio = speed(form, count, folder)
            print(f"{form:<10} {minute:>15,.0f}   {ratio:>16.1f}")
        print("\npeak memory, MB       1 x    10 x")
        for is_document in (False, True):
            once, tenfold = (
                peak_mb(size, folder, is_document=is_document) for size in (count // 2, count * 5)
            )
            what = "one JSON document" if is_document else "JSON Lines"
            print(f"{what:<18} {once:>6.0f}  {tenfold:>6.0f}")


if __name__ == "__main__":
    main()
