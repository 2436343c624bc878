"""What commit messages say about prompts.  Anybody can type it: nothing here is believed yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptgit.core import trailers
from promptgit.core.trailers import Trailers

ROLLOUT_KEY = "Rollout-Environment"  # a step of a rollout has it: who gets which text

_NUMBER = r"[01](?:\.\d{1,6})?"
_CHANGE = re.compile(rf"(?:({_NUMBER}) -> )?({_NUMBER})(?: n=(\d{{1,9}}))?\Z")
_METRIC = re.compile(rf"(.+?) (?:({_NUMBER}) -> )?({_NUMBER})\Z")
_FLIPS = re.compile(r"fixed=(\d{1,9}) broke=(\d{1,9})\Z")
_RECORD = re.compile(r"sha256:([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """One evidence block of a message; what it leaves out, or writes wrongly, is empty or None."""

    path: str  # of the prompt
    blob: str  # of the text it speaks of
    base: str  # blob of the text before
    stage: str  # screening, confirmed, …
    before: float | None  # scores, 0 to 1
    after: float | None
    n: int | None  # cases behind the scores
    fixed: int | None
    broke: int | None
    metrics: Mapping[str, tuple[float | None, float]]  # name → before, after
    record: str  # sha256 (hex) of the record that should prove it
    trailers: Trailers

    @property
    def rose(self) -> bool:
        """Whether it says that the score got better."""
        return self.before is not None and self.after is not None and self.after > self.before


def claims_in(message: str) -> tuple[Claim, ...]:
    """
    Read every evidence block, oldest first: a squash of several improvements has several.

    >>> text = "s\\n\\nPrompt-Path: p.md\\nEval-Score: 0.5 -> 0.75 n=8\\nPromptgit-Schema: 1\\n"
    >>> [(claim.path, claim.before, claim.after, claim.n) for claim in claims_in(text)]
    [('p.md', 0.5, 0.75, 8)]
    """
    return tuple(_claim(block) for block in trailers.find_all(message) if not _is_step(block))


def _is_step(block: Trailers) -> bool:
    """Whether it tells of a rollout and claims nothing of a score: the text is another commit's."""
    if not trailers.value(block, ROLLOUT_KEY):
        return False
    return not any(key.lower().startswith("eval-") for key, _ in block)


def about(claims: Sequence[Claim], path: str, blob: str) -> Claim | None:
    """
    The claim that concerns `path`: the last one of this very text, else the last one at all.

    One of the same text under another path counts in between: the file may have been moved.
    """
    exact = [claim for claim in claims if blob and claim.blob == blob]
    named = [claim for claim in claims if claim.path == path]
    found = [claim for claim in exact if claim.path == path] or exact or named
    return found[-1] if found else None


def unreadable(claim: Claim) -> tuple[str, ...]:
    """
    The keys whose values nobody can read: such a value must not pass for none.

    >>> text = "s\\n\\nPrompt-Path: p.md\\nEval-Score: banana\\nPromptgit-Schema: 1\\n"
    >>> [unreadable(claim) for claim in claims_in(text)]
    [('Eval-Score',)]
    """
    read = {
        "Eval-Score": claim.after is not None,
        "Eval-Flips": claim.fixed is not None,
        "Eval-Record": bool(claim.record),
        "Eval-Metric": all(
            _METRIC.match(said) for key, said in claim.trailers if key.lower() == "eval-metric"
        ),
    }
    return tuple(key for key, known in read.items() if _has(claim, key) and not known)


def _has(claim: Claim, key: str) -> bool:
    return any(name.lower() == key.lower() and said for name, said in claim.trailers)


def steps(claims: Sequence[Claim], path: str) -> tuple[Claim, ...]:
    """The improvements that a squash brought together; empty for a commit of its own."""
    named = tuple(claim for claim in claims if claim.path == path)
    return named if len(named) > 1 else ()


def _claim(block: Trailers) -> Claim:
    before, after, n = _change(trailers.value(block, "Eval-Score"))
    flips = _FLIPS.match(trailers.value(block, "Eval-Flips"))
    record = _RECORD.match(trailers.value(block, "Eval-Record"))
    return Claim(
        path=trailers.path_of(trailers.value(block, "Prompt-Path")),
        blob=trailers.value(block, "Prompt-Blob").lower(),
        base=trailers.value(block, "Prompt-Base").lower(),
        stage=trailers.value(block, "Eval-Stage"),
        before=before,
        after=after,
        n=n,
        fixed=int(flips[1]) if flips else None,
        broke=int(flips[2]) if flips else None,
        metrics=_metrics(block),
        record=record[1] if record else "",
        trailers=block,
    )


def _change(value: str) -> tuple[float | None, float | None, int | None]:
    match = _CHANGE.match(value)
    if not match or float(match[2]) > 1:
        return None, None, None
    before = float(match[1]) if match[1] and float(match[1]) <= 1 else None
    return before, float(match[2]), int(match[3]) if match[3] else None


def _metrics(block: Trailers) -> dict[str, tuple[float | None, float]]:
    found: dict[str, tuple[float | None, float]] = {}
    for key, value in block:
        match = _METRIC.match(value) if key.lower() == "eval-metric" else None
        if match:
            found[match[1]] = (float(match[2]) if match[2] else None, float(match[3]))
    return found
