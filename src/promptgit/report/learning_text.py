"""Learnings of a shared repository as text.  All of it is what others wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptgit.core.quote import plain
from promptgit.flywheel.learning import Learning
from promptgit.report.history_text import Styled

LONGEST = 300  # characters of a sentence


def listed(found: Sequence[Learning]) -> Iterator[Styled]:
    """One line for each, and one for what was measured."""
    wide = max((len(one.name) for one in found), default=0)
    for one in found:
        kind = "pattern  " if one.kind == "pattern" else "signature"
        yield ((f"{one.name:<{wide}}", "bold"), (f"  {kind}  ", "dim"), (said(one.about), ""))
        if one.evidence:
            where = f", {said(one.origin.repository)}" if one.origin.repository else ""
            yield ((f"{'':<{wide}}  {said(one.evidence)}{where}", "dim"),)


def whole(one: Learning, commit: str) -> Iterator[Styled]:
    """All that its file says; without a `commit`, of one that is not shared yet."""
    where = f"{one.path} in {commit[:12]}" if commit else f"to be {one.path}"
    yield ((one.name, "bold"), (f"  {one.kind}, {where}", "dim"))
    yield ((said(one.about), ""),)
    if one.text:
        yield ()
        for line in one.text.split("\n"):
            yield ((f"    {said(line)}", ""),)
    for signature in one.signatures:
        yield ()
        yield (
            (f"  {signature.name}", "bold"),
            (f" in {signature.field}  {said(signature.title)}", "dim"),
        )
        for pattern in signature.patterns:
            yield ((f"    {said(pattern)}", ""),)
    yield ()
    if one.evidence or one.kind == "pattern":
        yield ((f"measured there: {said(one.evidence) or 'it does not say'}", ""),)
    if one.record:
        yield ((f"    record sha256:{one.record}", "dim"),)
    origin = one.origin
    parts = (origin.repository, origin.commit[:12], origin.by, origin.at)
    told = "  ".join(said(part) for part in parts if part)
    yield ((f"from: {told or 'it does not say'}", ""),)
    if commit:
        yield (("None of this is checked before it is adopted here.", "dim"),)


def said(text: str) -> str:
    """Somebody's words on one line, that do nothing to a terminal."""
    return plain(text, LONGEST)
