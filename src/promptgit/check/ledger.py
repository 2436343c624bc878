"""
The ledger: how often a sealed set has been asked, for every answer makes the next one dearer.

Sealed cases that judge finalist after finalist become cases to search with: after 50 runs at a
constant 5 % something useless has been promoted with chance 0.59.  Spending alpha · 6/(π²j²) on
the j-th finalist keeps the sum over all of them below alpha.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any

from promptgit.core.dataset import Case, Dataset

FRESH = 0.30  # share of cases that never judged before, from which on a set counts as new


@dataclass(frozen=True, slots=True)
class Line:
    """Sealed sets that grew out of one another, and the finalists that they judged."""

    digest: str  # of the sealed set that judged last
    cases: frozenset[str]  # fingerprints of all cases that ever judged on this line
    finalists: tuple[str, ...]  # in the order in which they were judged


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    Every sealed set that has judged, the one that judged last at the end.

    A set in which 30 % of the cases or more never judged on a line starts a line of its own.
    """

    lines: tuple[Line, ...] = ()

    def look(self, sealed: Dataset, finalist: str) -> int:
        """
        Return the how-manieth finalist (from 1) this would be for this sealed set.

        A finalist that is asked about again, as after `--resume`, keeps its number; so
        `finalist` should name the run and both texts.
        """
        finalists = self._finalists(sealed)
        if finalist in finalists:
            return finalists.index(finalist) + 1
        return len(finalists) + 1

    def asked(self, sealed: Dataset, question: str) -> tuple[str, ...]:
        """Return the finalists that this set has judged and whose names end with `question`."""
        return tuple(name for name in self._finalists(sealed) if name.endswith(f" {question}"))

    def judged(self, sealed: Dataset, finalist: str) -> Ledger:
        """Enter that `finalist` is judged by `sealed`; do so before the first case is shown."""
        kin = self._kin(sealed)
        others = tuple(line for line in self.lines if line not in kin)
        entry = Line(sealed.digest, _fingerprints(sealed), (finalist,))
        return Ledger((*others, _joined((*kin, entry))))

    def alpha(self, sealed: Dataset, finalist: str, alpha: float) -> float:
        """Return the error that this finalist may be judged with."""
        return alpha_for_look(self.look(sealed, finalist), alpha)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Ledger:
        """Read what `facts` wrote."""
        return cls(
            tuple(
                Line(line["digest"], frozenset(line["cases"]), tuple(line["finalists"]))
                for line in facts.get("lines", [])
            )
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The ledger in JSON's terms."""
        return {
            "lines": [
                {
                    "digest": line.digest,
                    "cases": sorted(line.cases),
                    "finalists": list(line.finalists),
                }
                for line in self.lines
            ]
        }

    def merged(self, other: Ledger) -> Ledger:
        """Join what two clones have entered; nothing that was judged is forgotten."""
        lines = self.lines
        for theirs in other.lines:
            kin = tuple(line for line in lines if _is_kin(line, theirs.cases))
            others = tuple(line for line in lines if line not in kin)
            lines = (*others, _joined((*kin, theirs)))
        return Ledger(lines)

    def _finalists(self, sealed: Dataset) -> tuple[str, ...]:
        """Whom this set, or one it grew out of, has judged; nobody when it is fresh enough."""
        kin = self._kin(sealed)
        return _joined(kin).finalists if kin else ()

    def _kin(self, sealed: Dataset) -> tuple[Line, ...]:
        cases = _fingerprints(sealed)
        return tuple(line for line in self.lines if _is_kin(line, cases))


def _is_kin(line: Line, cases: frozenset[str]) -> bool:
    """Say whether too few of these cases are new to the line for them to count as a new set."""
    return len(cases - line.cases) < FRESH * len(cases)


def _joined(lines: Sequence[Line]) -> Line:
    """Make one line of several; the last names it."""
    finalists = dict.fromkeys(name for line in lines for name in line.finalists)
    cases = frozenset().union(*(line.cases for line in lines))
    return Line(lines[-1].digest, cases, tuple(finalists))


def alpha_for_look(look: int, alpha: float) -> float:
    """
    Return the one-sided error for the finalist number `look` (from 1) on one sealed set.

    >>> [round(alpha_for_look(j, 0.05), 4) for j in (1, 2, 3)]
    [0.0304, 0.0076, 0.0034]
    """
    return alpha * 6 / (pi * look) ** 2


def _fingerprints(sealed: Dataset) -> frozenset[str]:
    return frozenset(_fingerprint(case) for case in sealed)


def _fingerprint(case: Case) -> str:
    """Name a case by what a model is asked: a new id or label does not make it a new case."""
    text = json.dumps(dict(case.inputs), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
