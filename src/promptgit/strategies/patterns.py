"""
Patterns: what do the best answers share that the rest lack?  Ask for that.

Each round the mentor sees top answers beside others, names the patterns that set them apart with
counts, and writes a patch for each.  Its counts are claims: where it names words to look for, we
count them ourselves in all answers, and a pattern that does not separate is dropped before any
call is spent on it.  The answers come from the search cases, from an earlier run, or from a log.

Related: Zhong et al., "Describing Differences between Text Distributions with Natural Language",
2022, https://arxiv.org/abs/2201.12323: propose what sets two sets of texts apart, then verify.
We verify by counting marker words, not with a second model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptgit.core.candidate import Candidate, Fate
from promptgit.core.dataset import Case
from promptgit.core.evaluation import Result
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError
from promptgit.improve import copied
from promptgit.improve.ground import Ground
from promptgit.improve.grouping import grouped
from promptgit.improve.guard import Limits
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft, shown_text
from promptgit.improve.performers import Pattern, Performer, counted, divided, pattern_in
from promptgit.improve.reading import as_seen, part_from_reason
from promptgit.improve.several import parts_of
from promptgit.improve.sieve import Sieve


def patterns(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 12,
    patience: int = 4,
    target: float = 1.0,
    patterns: int = 4,
    first_look: int = 20,
    next_look: int = 10,
    miss_threshold: float = 0.95,
    answers_shown: int = 12,
    from_run: str = "",
    from_logs: str = "",
    performers: Sequence[Performer] = (),
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that asks for a pattern of the top answers, and gains by it.

    rounds: requests to the mentor at most.  patience: rounds in a row without a gain before giving
    up.  target: a mean search score (0 to 1) that is good enough.  patterns: that one request may
    name.  first_look, next_look: cases to look at in the beginning, and whenever few misses are
    left.  miss_threshold: a score (0 to 1) from which an answer is a top one.  answers_shown: of
    the top, and of the rest.  from_run: learn from the answers of this earlier run instead.
    from_logs: learn from a JSONL file of {input, output, score} instead.  performers: what was
    found there; promptgit fills it in.
    """
    if (from_run or from_logs) and not performers:
        raise UserError(f"no scored answer was found in {from_run or from_logs}")
    ground = Ground(lab, seed)
    ground.look(first_look)
    sieve = Sieve(lab, ground, Candidate(seed, lab.so_far(seed)), miss_threshold)
    yield sieve.best

    asked: Counter[str] = Counter()
    fruitless = 0
    while lab.round < rounds and fruitless < patience:
        misses = ground.misses(miss_threshold)
        short = len(misses) < answers_shown or len(misses) == len(ground.newest)
        if (short or ground.mean >= target) and ground.look(next_look):
            continue
        if not misses:
            lab.skip(sieve.best, f"no search case scores below {miss_threshold:g}")
        if not misses or ground.mean >= target:
            return
        most = min(answers_shown, len(misses) // 2 + 1)  # the others are to test patches on
        groups = grouped(misses, ground.alike, groups=most, shown=1, asked=asked)
        shown = [miss for group in groups for miss in group.shown]
        doubted = [miss.case_id for miss in shown if not ground.is_fresh(miss.case_id)]
        if doubted:
            ground.ask(doubted)  # the best prompt may have mended what an earlier one missed
            continue
        asked.update(miss.case_id for miss in shown)
        sides = Sides.of(performers or known(sieve), miss_threshold, answers_shown, shown)

        lab.round += 1
        fruitless += 1
        for draft in named(lab, sieve, sides, () if performers else shown, patterns):
            rebased = lab.rebased(sieve.best, draft)
            child = tried(sieve, rebased) if rebased else None
            if child is not None:
                fruitless = 0
                yield child


@dataclass(frozen=True)
class Sides:
    """The top performers and the rest: all of them, and those that the mentor sees."""

    top: Sequence[Performer]
    rest: Sequence[Performer]
    top_shown: Sequence[Performer]
    rest_shown: Sequence[Performer]

    @classmethod
    def of(
        cls, found: Sequence[Performer], threshold: float, count: int, misses: Sequence[Result]
    ) -> Sides:
        top, rest = divided(found, threshold)
        ids = {miss.case_id for miss in misses}
        here = [each for each in rest if each.case in ids]
        return cls(top, rest, top[:count], here or rest[-count:])


def known(sieve: Sieve) -> list[Performer]:
    """The newest answers to the search cases."""
    ground = sieve.ground
    asked = {case.id: "\n".join(case.inputs.values()) for case in sieve.lab.search}
    return [
        Performer(asked[name], ground.newest[name].output, score, name, whys_of(sieve, name))
        for name, score in ground.scores.items()
    ]


def whys_of(sieve: Sieve, name: str) -> tuple[str, ...]:
    """What the scorers found wanting in the newest answer to a case."""
    scores = sieve.ground.newest[name].scores
    return tuple(f"{metric}: {score.why}" for metric, score in scores.items() if score.value < 1)


def named(lab: Lab, sieve: Sieve, sides: Sides, shown: Sequence[Result], count: int) -> list[Draft]:
    """Ask for patterns; return the drafts of those that separate, the most telling first."""
    lab.notebook.note("asking", round=lab.round, misses=len(sides.rest_shown))
    best = as_seen(sieve)
    expected = {case.id: case.expected or "" for case in lab.search}
    facts = {
        "top": [_told(each, expected) for each in sides.top_shown],
        "rest": [_told(each, expected) for each in sides.rest_shown],
        "count": count,
    }
    answer = lab.ask(best, "patterns", facts)
    if answer is None:
        return []
    found: list[tuple[float, Draft]] = []
    told: list[Pattern] = []
    for part in parts_of(answer.text)[:count]:
        pattern = pattern_in(part.partition("```")[0])
        if pattern is not None:
            pattern = counted(pattern, sides.top, sides.rest)
            told.append(pattern)
        draft = lab.drafted(sieve.best, replace(answer, text=worded(part, pattern)), shown)
        if draft is None or not _may_be_tried(lab, sieve.best, draft, pattern, sides):
            continue
        counts = pattern.counts if pattern else None
        found.append((counts.separation if counts else 0.0, draft))
    lab.notebook.note("patterns", round=lab.round, patterns=[_facts(one) for one in told])
    return [draft for _, draft in sorted(found, key=lambda each: -each[0])]


def tried(sieve: Sieve, draft: Draft) -> Candidate | None:
    """Test a draft on the misses that it is about, or by a race where it is about none of them."""
    if not draft.shown:
        return sieve.raced(draft)
    passed = [sieve.passed(one, mended) for one, mended in sieve.own([draft])]
    return passed[0] if passed else None


def worded(part: str, pattern: Pattern | None) -> str:
    """
    Write the words before a patch as a commit message wants them: what, then the evidence.

    >>> claim = "### Pattern: Says when\\nTop: 3 of 4. Rest: 0 of 5."
    >>> worded(f"{claim}\\nSay when.\\n```diff\\n", pattern_in(claim))
    'Say when. The pattern "Says when": 3 of 4 top answers, 0 of 5 others (claimed).\\n```diff\\n'
    """
    words, fence, rest = part_from_reason(part).partition("\n```")
    claims = ("pattern", "top:", "rest:", "marker")
    lines = [line for line in words.split("\n") if not _plain(line).startswith(claims)]
    said = "\n".join(lines).strip()
    if pattern is not None and pattern.evidence:
        said = f'{said} The pattern "{pattern.name}": {pattern.evidence}.'.strip()
    return said + fence + rest


def _plain(line: str) -> str:
    return line.lstrip("#*->_ ").casefold()


def _may_be_tried(
    lab: Lab, best: Candidate, draft: Draft, pattern: Pattern | None, sides: Sides
) -> bool:
    if pattern is not None and not pattern.separates:
        reason = f"the pattern does not set the top apart: {pattern.evidence}"
        lab.refuse(best, draft, Fate.DROPPED, reason)
        return False
    outside = [
        Case(f"log-{number}", {"input": each.input}, each.output)
        for number, each in enumerate((*sides.top_shown, *sides.rest_shown))
        if not each.case
    ]
    assert draft.patch is not None
    words = Limits().copied_words
    copy = next(iter(copied.passages(draft.patch, draft.patch.before, outside, words)), "")
    if copy:
        lab.refuse(best, draft, Fate.GUARDED, copy)
    return not copy


def _told(performer: Performer, expected: Mapping[str, str]) -> dict[str, Any]:
    return {
        "input": shown_text(performer.input),
        "output": shown_text(performer.output),
        "expected": shown_text(expected.get(performer.case, "")),
        "score": performer.score,
        "whys": [shown_text(why) for why in performer.whys],
    }


def _facts(pattern: Pattern) -> dict[str, Any]:
    return {
        "name": pattern.name,
        "markers": list(pattern.markers),
        "evidence": pattern.evidence,
        "separates": pattern.separates,
    }
