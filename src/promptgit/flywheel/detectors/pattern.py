"""
Which regular expressions mean the same everywhere.

Engines have RE2 (DuckDB, BigQuery) or Java's (Spark, Snowflake) expressions.  What both read alike
is allowed; texts are in lower case when they are looked at, so an upper-case letter finds nothing.
"""

from __future__ import annotations

import re
from itertools import accumulate

LONGEST = 1_000  # characters of one expression
MOST_REPEATS = 1_000  # of RE2
DEEPEST = 50  # groups in each other

_REFUSED = (
    (r"\(\?(?:=|!|<=|<!)", "it looks ahead or behind, which RE2 cannot"),
    (r"\(\?P?<|\(\?P[=>]", "it names a group, and only (?: … ) is needed here"),
    (r"\\[1-9]", "it refers back to a group, which RE2 cannot"),
    (r"\(\?>|[*+?}]\+", "it is possessive or atomic, which RE2 does not know"),
    (r"\(\?(?!:)", "it sets flags; texts are in lower case already"),
    (r"\\[ZAzGKQERXC]|\\[hHvVN]", "it has an escape that engines read differently"),
    (r"\\[pPuUx]", "write the character itself"),
)


def fault_in(pattern: str) -> str:
    """
    Say why an expression cannot be used; empty when it can.

    >>> fault_in("ignore (all )?previous instructions"), fault_in("(?=x)")
    ('', 'it looks ahead or behind, which RE2 cannot')
    """
    if not pattern:
        return "it is empty"
    if len(pattern) > LONGEST:
        return f"it has more than {LONGEST} characters; make several of it"
    bare = re.sub(r"\\\\", "", pattern)
    for refused, reason in _REFUSED:
        if re.search(refused, bare):
            return reason
    plain = re.sub(r"\\.", "_", bare)  # without what is escaped
    if re.search(r"&&|\[[^\]]*\[", plain):
        return r"engines read `&&` and `[` within [ … ] differently; write \["
    if "$" in re.sub(r"\[[^\]]*\]", "", plain):
        return "engines read `$` differently before a last line feed; leave it out"
    if upper := re.search(r"[A-Z]", plain):
        return f"it has the capital {upper[0]!r}, and texts are in lower case"
    if any(int(count) > MOST_REPEATS for count in re.findall(r"[{,](\d+)(?=[,}])", plain)):
        return f"it repeats something more than {MOST_REPEATS:,} times, which RE2 cannot"
    if max(accumulate((c == "(") - (c == ")") for c in plain)) > DEEPEST:
        return f"its groups are nested more than {DEEPEST} deep"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"it is no regular expression: {error}"
    if re.search(pattern, ""):
        return "it finds the empty text, and so everything"
    return ""


def joined(patterns: tuple[str, ...]) -> str:
    """
    Make one expression of several; `.` takes line feeds too, in every engine.

    >>> joined(("a", "b|c"))
    '(?s)(?:a)|(?:b|c)'
    """
    return "(?s)" + "|".join(f"(?:{pattern})" for pattern in patterns)
