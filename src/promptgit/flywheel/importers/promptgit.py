"""Our own log lines, as `Interaction.line` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from promptgit.flywheel.importers import fields
from promptgit.flywheel.importers.record import Outcome, Record, Rejected, Unfit, mapped
from promptgit.flywheel.interaction import CALL, FEEDBACK, Interaction


def recognises(value: dict[str, Any]) -> bool:
    return "schema" in value and "id" in value and "at" in value and "kind" in value


def interactions(records: Iterable[Record | Rejected]) -> Iterator[Outcome]:
    return mapped(records, _read)


def _read(record: Record) -> Iterator[Interaction]:
    from dataclasses import replace

    try:
        found = Interaction.read(json.dumps(record.value))
    except (TypeError, ValueError) as error:  # a database holds what JSON has no word for
        raise Unfit(str(error)) from error
    if found.kind not in (CALL, FEEDBACK):
        raise Unfit(f"'kind' is {found.kind!r:.40}, neither `call` nor `feedback`")
    if not 0 < found.propensity <= 1:
        raise Unfit(f"'propensity' is {found.propensity:g}, which is no chance")
    yield replace(found, at=fields.at(found.at))
