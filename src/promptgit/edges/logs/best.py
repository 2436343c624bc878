"""Look into the logs without any engine: the best calls, one conversation, a fair sample."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from promptgit.edges.logs.folder import LogFolder, Reading
from promptgit.flywheel.interaction import CALL, FEEDBACK, Conversation, Interaction
from promptgit.flywheel.window import Window

END_OF_TIME = "9999"


@dataclass(frozen=True, slots=True)
class Scored:
    """A call with the score that it, its conversation or its feedback was given."""

    call: Interaction
    score: float


@dataclass(slots=True)
class Best:
    """The best, or the worst, calls of a prompt, and what there was to choose from."""

    calls: list[Scored] = field(default_factory=list)
    seen: int = 0  # calls of the prompt
    scored: int = 0  # of them, those with the score
    fitting: int = 0  # of them, those above or below
    scores: Counter[str] = field(default_factory=Counter)  # the names of scores there are
    prompts: Counter[str] = field(default_factory=Counter)  # and of prompts, when it has none


def best_calls(
    folder: LogFolder,
    prompt: str,
    score: str,
    *,
    window: Window | None = None,
    above: float | None = None,
    below: float | None = None,
    limit: int = 10,
    reading: Reading | None = None,
) -> Best:
    """
    Find the calls of `prompt` with the highest `score`, or with `below` those with the lowest.

    Feedback counts before the call's own score, about the call before about its conversation, the
    newest last.  Of equal scores the newest call comes first.  What came back in an error, or
    empty, is left out.
    """
    found = Best()
    given = _feedback(folder, score, window, reading, found.scores)
    kept: list[tuple[float, str, int, Interaction]] = []
    sign = -1.0 if below is not None and above is None else 1.0
    for line in folder.lines(window):
        if line.kind != CALL:
            continue
        if line.prompt != prompt:
            found.prompts[line.prompt] += 1
            continue
        found.seen += 1
        found.scores.update(line.scores.keys())
        value = _score(line, score, given)
        if value is None or line.error or not line.output:
            continue
        found.scored += 1
        if (above is not None and value < above) or (below is not None and value > below):
            continue
        found.fitting += 1
        entry = (sign * value, line.at, found.seen, line)
        (heapq.heappush if len(kept) < limit else heapq.heappushpop)(kept, entry)
    found.calls = [Scored(line, sign * value) for value, _, _, line in sorted(kept, reverse=True)]
    return found


def _feedback(
    folder: LogFolder,
    score: str,
    window: Window | None,
    reading: Reading | None,
    names: Counter[str],
) -> dict[str, tuple[str, float]]:
    """The newest score by what it is about; feedback may come long after the window."""
    since = Window(window.since, END_OF_TIME) if window else None
    given: dict[str, tuple[str, float]] = {}
    for line in folder.lines(since, reading):
        if line.kind != FEEDBACK:
            continue
        names.update(line.scores.keys())
        if score in line.scores:
            given[line.of] = max(given.get(line.of, ("", 0.0)), (line.at, line.scores[score]))
    return given


def _score(line: Interaction, score: str, given: Mapping[str, tuple[str, float]]) -> float | None:
    for about in (line.id, line.conversation):
        if about and about in given:
            return given[about][1]
    return line.scores.get(score)


def conversation(folder: LogFolder, *names: str) -> Conversation | None:
    """
    The calls that are, or belong to a conversation or a unit, of these names, and what was said.

    None: there is neither call nor feedback.
    """
    wanted = set(names)
    calls: dict[str, Interaction] = {}
    feedback: dict[str, Interaction] = {}
    for line in _naming(folder, wanted):
        if line.kind == CALL and wanted & {line.id, line.conversation, line.unit}:
            calls[line.id] = line
        elif line.kind == FEEDBACK and (line.of in wanted or line.id in wanted):
            feedback[line.id] = line
    about = {*calls, *(line.conversation for line in calls.values() if line.conversation)} - wanted
    for line in _naming(folder, about) if about else ():
        if line.kind == FEEDBACK and line.of in about:
            feedback[line.id] = line
    if not calls and not feedback:
        return None
    ordered = sorted(calls.values(), key=lambda line: (line.at, line.turn, line.id))
    said = sorted(feedback.values(), key=lambda line: (line.at, line.id))
    return Conversation(min(wanted), tuple(ordered), tuple(said))


def _naming(folder: LogFolder, names: set[str]) -> Iterator[Interaction]:
    for line in folder.lines():
        if names & {line.id, line.of, line.conversation, line.unit}:
            yield line


def newest(folder: LogFolder, prompt: str, window: Window | None, limit: int) -> list[Interaction]:
    """The newest calls, of one prompt or of all, newest first."""
    kept: list[tuple[str, int, Interaction]] = []
    for number, line in enumerate(_calls(folder, prompt, window)):
        entry = (line.at, number, line)
        (heapq.heappush if len(kept) < limit else heapq.heappushpop)(kept, entry)
    return [line for _, _, line in sorted(kept, reverse=True)]


def sample(
    folder: LogFolder, prompt: str, window: Window | None, limit: int, seed: int
) -> list[Conversation]:
    """
    Draw conversations, each with the same chance; the same for the same seed, as long as they last.

    A conversation is drawn by a digest of its name, so nothing but those kept is in memory.
    """
    chosen: dict[str, list[Interaction]] = {}
    ranks: list[tuple[int, str]] = []  # the largest first: what a smaller one replaces
    for line in _calls(folder, prompt, window):
        name = line.conversation or line.id
        if name in chosen:
            chosen[name].append(line)
            continue
        rank = -_rank(name, seed)
        if len(ranks) < limit:
            heapq.heappush(ranks, (rank, name))
        elif rank > ranks[0][0]:
            _, lost = heapq.heappushpop(ranks, (rank, name))
            del chosen[lost]
        else:
            continue
        chosen[name] = [line]
    drawn = sorted(chosen.items(), key=lambda item: (item[1][0].at, item[0]))
    return [
        Conversation(name, tuple(sorted(lines, key=lambda line: (line.at, line.turn, line.id))))
        for name, lines in drawn
    ]


def _rank(name: str, seed: int) -> int:
    digest = blake2b(f"{seed}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _calls(folder: LogFolder, prompt: str, window: Window | None) -> Iterator[Interaction]:
    for line in folder.lines(window):
        if line.kind == CALL and (not prompt or line.prompt == prompt):
            yield line
