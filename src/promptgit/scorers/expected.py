"""What an output is compared with: the `value` of the assertion, or what the case expects."""

from __future__ import annotations

import json
from typing import Any

from promptgit.core.dataset import Case
from promptgit.errors import UserError


def expected_text(case: Case, value: Any) -> str:
    """
    Return `value` as text; without one, what the case expects.

    Numbers and truth values read as they do in YAML and JSON, so that `value: 4417` finds
    "4417"; lists and mappings become JSON.
    """
    if isinstance(value, str):
        return value
    if value is not None:
        return json.dumps(value, ensure_ascii=False)
    if case.expected is None:
        raise UserError(
            "the case expects nothing, so there is nothing to compare with",
            hint="give the cases an `expected` column, or the assertion a `value`",
        )
    return case.expected


def expected_texts(case: Case, value: Any) -> list[str]:
    """
    Return the list that `value` is; a string is split at its commas, as promptfoo does.

    An item with a comma in it is written in double quotes.

    >>> expected_texts(Case("1", {}), 'sorry, "Monday, 9 am"')
    ['sorry', 'Monday, 9 am']
    """
    if isinstance(value, list):
        return [expected_text(case, item) for item in value]
    import csv

    line = " ".join(expected_text(case, value).splitlines())
    try:
        (row,) = csv.reader([line], skipinitialspace=True)
    except csv.Error as error:  # a single item of more than 128 kB
        raise UserError(f"the list does not split at its commas: {error}") from error
    return [item.strip() for item in row if item.strip()]
