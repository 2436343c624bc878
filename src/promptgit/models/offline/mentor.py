from __future__ import annotations


def advise(text: str) -> str | None:
    return None
