"""
Interview: ask about each failure why it failed, and change the prompt for a stated reason.

Each round a second model, the mentor, interviews the failures of the *best* prompt so far: a
question and an answer for each, an analysis over all of them, and then specific changes with the
reason for each.  Every change is an edit of its own, so a wrong one does not sink the others; it
stays only if it passes the sieve.  Each interview is kept whole in the run's journal.

Related: Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning", 2023,
https://arxiv.org/abs/2303.11366.  We reflect on the prompt instead of an episode, and what was
said does not travel on: only the edits that passed do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from promptgit.core.candidate import Candidate
from promptgit.core.evaluation import Result
from promptgit.core.interview import Change, Interview, analysis_in, exchanges_in, is_content
from promptgit.core.ports import Answer
from promptgit.core.prompt import Prompt
from promptgit.improve.ground import Ground
from promptgit.improve.grouping import grouped
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.reading import as_seen, part_from_reason
from promptgit.improve.selection import examples_that_help
from promptgit.improve.several import parts_of
from promptgit.improve.sieve import Sieve


def interview(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 5,
    patience: int = 3,
    target: float = 0.95,
    changes: int = 6,
    first_look: int = 40,
    next_look: int = 10,
    miss_threshold: float = 0.95,
    misses_shown: int = 12,
    exemplars: int = 0,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each prompt that an interview made better.

    rounds: interviews at most.  patience: interviews in a row without a gain before giving up.
    target: a mean search score (0 to 1) that is good enough.  changes: that one interview may
    propose.  first_look, next_look: cases to look at in the beginning, and whenever few misses
    are left.  miss_threshold: a score (0 to 1) below which a case is a miss.  misses_shown: that
    one interview speaks of, about half of those that are known at most.  exemplars: worked
    examples to look for at the end, 0 for none.
    """
    ground = Ground(lab, seed)
    ground.look(first_look)
    sieve = Sieve(lab, ground, Candidate(seed, lab.so_far(seed)), miss_threshold)
    yield sieve.best

    asked: Counter[str] = Counter()
    fruitless = 0
    while lab.round < rounds and fruitless < patience:
        misses = ground.misses(miss_threshold)
        if (len(misses) < misses_shown or ground.mean >= target) and ground.look(next_look):
            continue
        if not misses:
            lab.skip(sieve.best, f"no search case scores below {miss_threshold:g}")
        if not misses or ground.mean >= target:
            break

        most = min(misses_shown, len(misses) // 2 + 1)  # the others are to test changes on
        groups = grouped(misses, ground.alike, groups=most, shown=1, asked=asked)
        shown = [miss for group in groups for miss in group.shown]
        doubted = [miss.case_id for miss in shown if not ground.is_fresh(miss.case_id)]
        if doubted:
            ground.ask(doubted)  # the best prompt may have mended what an earlier one missed
            continue
        asked.update(miss.case_id for miss in shown)
        lab.round += 1
        fruitless += 1
        answer = interviewed(lab, as_seen(sieve), shown, changes)
        if answer is None:
            continue
        if is_content(answer.text):
            lab.skip(sieve.best, "the mentor finds that no change is needed")
            break
        drafts = drafts_in(lab, sieve.best, answer, shown, changes)
        for child in sieve.sifted(drafts):
            fruitless = 0
            yield child

    yield from examples_that_help(sieve, exemplars, miss_threshold=miss_threshold)


def interviewed(lab: Lab, best: Candidate, shown: Sequence[Result], changes: int) -> Answer | None:
    """Hold one interview, and keep it whole; None when the mentor does not answer."""
    lab.notebook.note("asking", round=lab.round, misses=len(shown))
    misses = lab.mentor.facts(best, shown, (), "")["misses"]
    answer = lab.ask(best, "interview", {"misses": misses, "changes": changes})
    if answer is None:
        return None
    parts = parts_of(answer.text)
    held = Interview(
        lab.round,
        best.prompt.blob,
        exchanges_in(answer.text, [miss.case_id for miss in shown]),
        analysis_in(answer.text),
        tuple(Change(reason_in(part), diff_in(part)) for part in parts if diff_in(part)),
        is_content(answer.text),
        answer.text,
    )
    lab.notebook.note("interview", interview=held.facts)
    return answer


def drafts_in(
    lab: Lab, best: Candidate, answer: Answer, shown: Sequence[Result], most: int
) -> list[Draft]:
    """Read the first changes of an interview that may be tried; each keeps its own reason."""
    found = (
        lab.drafted(best, replace(answer, text=part_from_reason(part)), shown)
        for part in parts_of(answer.text)[:most]
    )
    return [draft for draft in found if draft is not None]


def reason_in(part: str) -> str:
    """The words before the fence of a change."""
    return part_from_reason(part).partition("```")[0].strip()


def diff_in(part: str) -> str:
    """What stands in the fence of a change; empty when there is none."""
    _, fence, rest = part.partition("\n```")
    return rest.partition("\n")[2].rpartition("\n")[0] if fence else ""
