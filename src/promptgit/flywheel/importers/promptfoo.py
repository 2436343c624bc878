"""
promptfoo: the result JSON of an evaluation, and the logs of production that its guide describes.

The guide has three forms: a message a line (`session_id`, `role`, `message`, `timestamp`), a
conversation a line (`session_id`, `user_id`, `created_at`, `messages`), and LangChain's
(`timestamp`, `type`, `data`).  Messages a line become calls as soon as the next question of their
session comes, or the input ends; the newest `OPEN` sessions are kept open.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Passed, Record, Rejected, Unfit, mapped
from promptgit.flywheel.interaction import Interaction

OPEN = 20_000  # sessions whose next message is waited for
_ROLES = {"human": "user", "ai": "assistant", "bot": "assistant"}


@dataclass(slots=True)
class _Session:
    """What was said in a session and is no call yet."""

    turn: int = 0
    system: str = ""
    asked: str = ""
    at: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    unit: str = ""


def recognises(value: dict[str, Any]) -> bool:
    return _is_message(value) or _is_session(value) or _is_result(value)


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    open_sessions: OrderedDict[str, _Session] = OrderedDict()
    return mapped(records, lambda record: _read(record, open_sessions))


def _is_message(value: dict[str, Any]) -> bool:
    return (
        "timestamp" in value
        and ("role" in value or "type" in value)
        and bool({"message", "content", "data"} & value.keys())
    )


def _is_session(value: dict[str, Any]) -> bool:
    return "session_id" in value and isinstance(value.get("messages"), list)


def _is_result(value: dict[str, Any]) -> bool:
    return "vars" in value and "response" in value and ("success" in value or "score" in value)


def _read(record: Record, sessions: OrderedDict[str, _Session]) -> Iterable[Interaction | Passed]:
    if _is_result(record.value):
        return [_result(record)]
    if _is_session(record.value):
        return _whole_session(record)
    if _is_message(record.value):
        return _message(record, sessions)
    raise Unfit("neither a result of promptfoo nor a message of a session")


def _message(
    record: Record, sessions: OrderedDict[str, _Session]
) -> Iterator[Interaction | Passed]:
    value = record.value
    data = fields.mapping(value.get("data"))
    metadata = {**fields.mapping(value.get("metadata")), **fields.mapping(data.get("metadata"))}
    name = fields.word(value.get("session_id")) or fields.word(metadata.get("session_id"))
    role = fields.word(value.get("role") or value.get("type")).lower()
    role = _ROLES.get(role, role)
    words = fields.text(value.get("message", value.get("content", data.get("content"))))
    when = fields.at(value.get("timestamp"))
    session = sessions.setdefault(name, _Session())
    sessions.move_to_end(name)
    if len(sessions) > OPEN:
        sessions.popitem(last=False)
    if role == "system":
        session.system = words
    elif role == "user":
        session.asked = "\n".join(filter(None, (session.asked, words)))
        session.at = session.at or when
        session.facts = fields.facts(metadata)
        session.unit = fields.word(value.get("user_id") or metadata.get("user_id"))
    elif role == "assistant":
        yield Interaction(
            id=fields.digest([name, session.turn, session.asked, words, when]),
            at=session.at or when,
            conversation=name,
            turn=session.turn,
            unit=session.unit,
            prompt=fields.word(metadata.get("prompt")),
            version=fields.word(metadata.get("prompt_version")),
            model=fields.word(metadata.get("model")),
            system=session.system,
            input=session.asked,
            output=words,
            latency_ms=fields.elapsed_ms(session.at, when) if session.at else None,
            facts={**session.facts, **fields.facts(metadata)},
            source="promptfoo",
        )
        sessions[name] = _Session(session.turn + 1, session.system)
    else:
        yield Passed(record.line, f"a message of {role or 'nobody'}")


def _whole_session(record: Record) -> Iterator[Interaction]:
    value = record.value
    name = fields.word(value["session_id"])
    when = fields.at(value.get("created_at"), value.get("timestamp"))
    for turn in fields.all_said(value["messages"]):
        if turn.output:
            yield Interaction(
                id=fields.digest([name, turn.turn, turn.input, turn.output]),
                at=when,
                conversation=name,
                turn=turn.turn,
                unit=fields.word(value.get("user_id")),
                system=turn.system,
                input=turn.input,
                output=turn.output,
                facts=fields.facts(value.get("metadata")),
                source="promptfoo",
            )


def _result(record: Record) -> Interaction:
    value, around = record.value, record.around
    response = fields.mapping(value.get("response"))
    usage = fields.mapping(response.get("tokenUsage"))
    prompt = fields.mapping(value.get("prompt"))
    provider = fields.mapping(value.get("provider"))
    sent = fields.parsed(prompt.get("raw"))
    turn = fields.said(sent) if isinstance(sent, list) else fields.Said("", fields.text(sent))
    score = fields.real(value.get("score"))
    given = fields.scores(value.get("namedScores"))
    evaluation = fields.word(value.get("evalId") or around.get("evalId"))
    return Interaction(
        id=fields.word(value.get("id"))
        or f"{evaluation or fields.digest(value)}:{value.get('testIdx')}:{value.get('promptIdx')}",
        at=fields.at(value.get("timestamp"), around.get("timestamp"), around.get("createdAt")),
        environment="evaluation",
        model=fields.word(provider.get("id")) or fields.word(value.get("provider")),
        system=turn.system,
        input=turn.input,
        output=fields.text(response.get("output")),
        inputs=fields.texts(value.get("vars")),
        error=fields.word(value.get("error")) if not response.get("output") else "",
        latency_ms=fields.real(value.get("latencyMs")),
        input_tokens=fields.whole(usage.get("prompt")),
        output_tokens=fields.whole(usage.get("completion")),
        cost_usd=fields.real(value.get("cost", response.get("cost"))),
        scores={**given, **({} if score is None else {"quality": score})},
        source="promptfoo",
    )
