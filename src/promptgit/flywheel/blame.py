"""Which call of a conversation a detector fired on, as far as the call alone can tell."""

from __future__ import annotations

from collections.abc import Sequence

from promptgit.flywheel.detectors.detector import Length, OneOf, Patterns, Together
from promptgit.flywheel.detectors.measured import Rulebook
from promptgit.flywheel.detectors.pattern import joined
from promptgit.flywheel.interaction import Conversation, Interaction

READ = 4_000  # characters of a text
PATIENCE_S = 0.2  # for one expression: it may be the user's own, and the text anybody's


def blamed(rulebook: Rulebook, detector: str, conversation: Conversation, prompt: str) -> str:
    """Return the id of the last call of the prompt that the detector fires on; empty: unknown."""
    calls = [call for call in conversation.calls if call.prompt == prompt]
    return next((call.id for call in reversed(calls) if fires(rulebook, detector, call)), "")


def fires(rulebook: Rulebook, detector: str, call: Interaction) -> bool | None:
    """Say whether a detector fires on one call; None where its rule needs more than the call."""
    rule = rulebook.detectors[detector].rule
    if isinstance(rule, Together):
        return _together(rule.how, [fires(rulebook, part, call) for part in rule.parts])
    if isinstance(rule, Patterns):
        return _finds(rule.patterns, _text(call, rule.field).lower())
    if isinstance(rule, Length):
        size = len(_text(call, rule.field).strip())
        shorter = rule.shorter_than is None or size < rule.shorter_than
        return shorter and (rule.longer_than is None or size > rule.longer_than)
    if isinstance(rule, OneOf):
        return _text(call, rule.field).lower() in {value.lower() for value in rule.values}
    return None


def _together(how: str, parts: Sequence[bool | None]) -> bool | None:
    """Kleene's three values: unknown is neither."""
    if how == "all":
        return False if False in parts else None if None in parts else True
    found = True if True in parts else None if None in parts else False
    return found if how == "any" or found is None else not found


def _finds(patterns: tuple[str, ...], text: str) -> bool | None:
    import regex

    try:
        return bool(regex.search(joined(patterns), text[:READ], timeout=PATIENCE_S))
    except TimeoutError:
        return None


def _text(call: Interaction, field: str) -> str:
    outer, _, inner = field.partition(".")
    value = getattr(call, outer)
    found = value.get(inner, "") if inner else value
    return found if isinstance(found, str) else ""
