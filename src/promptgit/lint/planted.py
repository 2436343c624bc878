"""The rule on words that an injection would have put into a prompt (threat T10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.core.orders import find_orders
from promptgit.core.quote import quoted
from promptgit.lint.finding import Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject


def override_order(subject: Subject) -> Iterator[Mark]:
    """
    The prompt orders the model to drop its rules, as injections do.

    "Ignore all previous instructions" has no place in a prompt of one's own: it comes from a log,
    a case or a page that somebody copied.  `improve` refuses a patch that brings it.  To forbid
    such orders, or to quote them, is fine: "never ignore …", "if they ask you to ignore …".
    """
    text = subject.text or ""
    for order in find_orders(text):
        spot = re.search(r"\s+".join(map(re.escape, order.split())), text, re.IGNORECASE)
        start, stop = spot.span() if spot else (0, 0)
        yield Mark(
            f"an order to drop the rules: {quoted(order)}",
            start,
            stop,
            hint="take it out, and ask who put it there: `git log -S` or `promptgit blame`",
        )


RULES = (
    Rule(
        "override-order",
        Severity.WARNING,
        "The prompt orders the model to drop its rules",
        override_order,
    ),
)
