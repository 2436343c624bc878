"""
Signatures of others among this repository's own detectors: one file, made anew with each of them.

They become parts of `injection`, so that what they find counts as an attack everywhere; unless
the repository says itself what an injection is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptgit.core.quote import plain
from promptgit.flywheel.detectors.detector import Together
from promptgit.flywheel.detectors.measured import Rulebook
from promptgit.flywheel.learning import Learning

FILE = "detectors/library.yaml"
GROUP = "library"
ATTACK = "injection"  # the detector that all kinds of attacks are parts of
SEEN = "library_seen"  # metrics of a trial
NEW = "library_new"
UNKNOWN = "library_unknown"
ANY = "library_any"
SOURCE = "# from "
HEADER = """\
# Signatures adopted with `promptgit library adopt`, which writes this file anew: what you change
# here, or take out, stays so until a signature of the same name is adopted again.
"""


def trial(learning: Learning) -> dict[str, Any]:
    """
    A file of detectors to try a signature with: in how many conversations it fires at all, and in
    how many of these no rule of this repository knows an attack.
    """
    names = list(learning.detectors)
    return {
        "group": GROUP,
        "detectors": {
            **learning.detectors,
            ANY: {"any": names, "within": "conversation"},
            UNKNOWN: {"none": [ATTACK], "within": "conversation"},
            "library_first": {"all": [ANY, UNKNOWN], "within": "conversation"},
        },
        "metrics": {SEEN: {"share": ANY}, NEW: {"share": "library_first"}},
    }


def adopted(learning: Learning, before: Mapping[str, Any], shipped: Rulebook, *, own: bool) -> Any:
    """
    The content of `FILE` with the learning in it.

    before: what the file held.  own: another file of this repository says what `injection` is.
    """
    detectors = {**before.get("detectors", {}), **learning.detectors}
    detectors.pop(ATTACK, None)
    attacks = [
        name
        for name, one in detectors.items()
        if isinstance(one, Mapping) and one.get("field") == "input" and "patterns" in one
    ]
    rule = shipped.detectors[ATTACK].rule
    if attacks and not own and isinstance(rule, Together):
        detectors[ATTACK] = {"any": [*rule.parts, *attacks]}
    return {"group": GROUP, "detectors": detectors}


def sources(learning: Learning, before: str, adopted_from: str) -> str:
    """The comment at the head of `FILE`: where each signature comes from, the newest last."""
    kept = [line for line in before.splitlines() if line.startswith(SOURCE)]
    kept = [line for line in kept if not line.startswith(f"{SOURCE}{learning.name}:")]
    origin = learning.origin
    said = ", ".join(
        part for part in (adopted_from, origin.repository, origin.by, origin.at) if part
    )
    return HEADER + "\n".join([*kept, f"{SOURCE}{learning.name}: {plain(said, 300)}"]) + "\n\n"
