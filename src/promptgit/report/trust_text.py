"""Who vouches for which claim, as a terminal shows it, and in JSON's terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from promptgit.history.trust import Judged, Signers, Trust
from promptgit.report import history_json
from promptgit.report.history_text import SHORT, Styled, clean

STYLES = {
    Trust.VERIFIED_CI: "bold green",
    Trust.CONFIRMED: "green",
    Trust.SCREENING: "green",
    Trust.EVALUATED: "",
    Trust.CLAIMED: "yellow",
    Trust.STALE: "red",
    Trust.MISMATCH: "bold red",
    Trust.ALTERED: "bold red",
}
WIDTH = len(Trust.VERIFIED_CI.word)


def list_line(base: str, path: str, signers: Signers | None) -> Styled:
    """Which list it is that counts, and how long it is."""
    where = f"{clean(path)} as of {base[:SHORT]}"
    if signers is None:
        return ((f"there is no {where}: nobody is trusted to vouch", "yellow"),)
    keys, workflows = len(signers.keys), len(signers.workflows)
    counts = [f"{keys} {'key' if keys == 1 else 'keys'}"]
    counts += [f"{workflows} {'workflow' if workflows == 1 else 'workflows'}"] if workflows else []
    return ((f"who may vouch: {where}, {' and '.join(counts)}", "dim"),)


def lines(judged: Judged) -> Iterator[Styled]:
    """One claim, how far it can be trusted, by whom, and why not further."""
    checked = judged.checked
    yield (
        (f"{judged.trust.word:<{WIDTH}}", STYLES[judged.trust]),
        (f"  {checked.commit[:SHORT]}", "yellow"),
        (f"  {clean(checked.path)}  {clean(checked.subject)}", ""),
    )
    whys = [text for text in (judged.by, checked.why, judged.why) if text]
    for text in whys:
        yield ((f"{'':<{WIDTH}}  {clean(text)}", "dim"),)


def total(counts: Counter[Trust]) -> Styled:
    """Sum up."""
    number = sum(counts.values())
    if not number:
        return (("no commit here claims a score", "dim"),)
    said = ", ".join(f"{counts[trust]} {trust.word}" for trust in Trust if counts[trust])
    return ((f"{number} claim{'s' if number != 1 else ''}: {said}", "bold"),)


def short(found: Sequence[Judged], required: Trust) -> Styled:
    """How many claims do not go as far as was required, and which is the first."""
    number = "1 claim falls" if len(found) == 1 else f"{len(found)} claims fall"
    first = found[0].checked.commit[:SHORT]
    return ((f"{number} short of {required.word}, {first} first", "bold red"),)


def facts(judged: Judged) -> dict[str, Any]:
    """A claim as `verify` has it, with how far it can be trusted."""
    return {
        **history_json.checked(judged.checked),
        "trust": judged.trust.word,
        "by": judged.by,
        "why_not": judged.why,
    }
