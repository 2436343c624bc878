"""Conversations as a person is shown them: the call that matters, on one line each."""

from __future__ import annotations

from collections.abc import Callable

from promptgit.core.quote import plain
from promptgit.flywheel.insights import Example
from promptgit.flywheel.interaction import Conversation, Interaction

LONGEST = 160  # characters of an input or an output


def shown(one: Conversation, call: Interaction) -> Example:
    """Show a call: what is personal was taken out when it was written, secrets go here."""
    output = plain(call.output, LONGEST) if call.output else f"(no answer: {plain(call.error, 60)})"
    return Example(one.id, call.at, plain(call.input, LONGEST), output)


def example(one: Conversation, fits: Callable[[Interaction], bool] = lambda call: True) -> Example:
    """Show the first call of a conversation that fits; the last one where none does."""
    return shown(one, next(filter(fits, one.calls), one.calls[-1]))
