"""
Shorten: delete what changes no score, then let the mentor say the rest in fewer words.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28 (2002),
level by level as in Misherghi and Su, "HDD: Hierarchical Delta Debugging", ICSE 2006: first
paragraphs, then lines, then sentences.  A group of them is deleted as a whole; what cannot go as a
whole is halved.  Two changes: the group with the most text is tried first, and "still fails"
is a race in which the shorter prompt may not fall behind the first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from promptgit.core.candidate import Candidate
from promptgit.core.diff import derive, split_lines
from promptgit.core.interview import is_content
from promptgit.core.ports import Answer
from promptgit.core.prompt import Prompt
from promptgit.improve.lab import Lab
from promptgit.improve.mentor import Draft
from promptgit.improve.parity import held
from promptgit.improve.protected import regions
from promptgit.improve.size import tokens_in

GRAINS = ("paragraph", "line", "sentence")

_TEMPLATE = re.compile(r"\{[{%#]|[}%#]\}")
_SENTENCE = re.compile(r"(?<=[.!?])(?P<gap>[ \t]+)(?=\S)")


def shorten(
    seed: Prompt,
    lab: Lab,
    *,
    rounds: int = 60,
    rewrites: int = 4,
    patience: int = 2,
    tolerance: float = 0.01,
    longest: int = 150,
) -> Iterator[Candidate]:
    """
    Yield `seed`, then each shorter prompt that does as well on the search cases.

    rounds: shorter texts to try at most.  rewrites: how many of them the mentor may write, when
    deleting is over.  patience: rewrites in a row that were not kept before giving up.
    tolerance: score points (0 to 1) that the mean may be below the first prompt's, all edits
    together; a confirmation on sealed cases follows.  longest: search cases, the same for all
    texts, on which one that never fell behind is kept; 0 for all of them.
    """
    sample = lab.search.shuffled(f"{lab.rng.random()}").first(longest or len(lab.search))
    first = Candidate(seed, lab.evaluate(seed, sample))
    best = first
    yield best

    for grain in GRAINS:
        for child in deletions(best, lab, grain, against=first, most=rounds, tolerance=tolerance):
            best = child
            yield best

    fruitless = written = 0
    while lab.round < rounds and written < rewrites and fruitless < patience:
        lab.round += 1
        written, fruitless = written + 1, fruitless + 1
        answer = lab.ask(best, "shorten", {"tokens": tokens_in(best.prompt.text)})
        if answer is not None and is_content(answer.text):
            lab.skip(best, "the mentor finds no shorter wording")
            return
        draft = answer and rewritten(best, lab, answer)
        if not draft:
            continue
        shorter = held(lab, best, draft, against=first.evaluation, tolerance=tolerance)
        if shorter is not None:
            best, fruitless = shorter, 0
            yield best


def deletions(
    best: Candidate, lab: Lab, grain: str, *, against: Candidate, most: int, tolerance: float
) -> Iterator[Candidate]:
    """Yield each prompt that did not miss a group of pieces, the largest groups tried first."""
    parts = pieces(best.prompt.text, grain)
    movable = [n for n, part in enumerate(parts) if is_movable(part, best.prompt.text)]
    groups = halved(movable) if len(movable) == len(parts) else [tuple(movable)]
    gone: set[int] = set()
    while groups and lab.round < most:
        group = max(groups, key=lambda each: sum(len(parts[n]) for n in each))
        groups.remove(group)
        lab.round += 1
        kept = "".join(p for n, p in enumerate(parts) if n not in gone and n not in group)
        draft = deleted(best, lab, kept, grain, len(group))
        child = draft and held(lab, best, draft, against=against.evaluation, tolerance=tolerance)
        if child:
            best = child
            gone |= set(group)
            yield best
        elif len(group) > 1:
            groups += halved(group)


def deleted(best: Candidate, lab: Lab, text: str, grain: str, count: int) -> Draft | None:
    """Draft the deletion that leaves `text`; None when it may not be tried."""
    noun = grain if count == 1 else f"{grain}s"
    saved = tokens_in(best.prompt.text) - tokens_in(text)
    why = (
        f"Drop {count} {noun} that no score needs. "
        f"Shorter by about {saved} tokens; the search cases score as before."
    )
    patch = derive(lab.mentor.path, best.prompt.text, text)
    return lab.vetted(best, Draft("", (why,), (), patch)) if text.strip() else None


def rewritten(best: Candidate, lab: Lab, answer: Answer) -> Draft | None:
    """Read the mentor's shorter wording; None when it may not be tried, or is not shorter."""
    draft = lab.drafted(best, answer)
    if draft is None or draft.patch is None:
        return None
    if len(draft.patch.after) >= len(best.prompt.text):
        lab.skip(best, "the mentor's rewrite is no shorter")
        return None
    return draft


def halved(group: Sequence[int]) -> list[tuple[int, ...]]:
    """
    Cut a group in two; a group of one is not cut.

    >>> halved([1, 2, 3]), halved([4])
    ([(1,), (2, 3)], [(4,)])
    """
    middle = len(group) // 2
    return [tuple(half) for half in (group[:middle], group[middle:]) if half]


def is_movable(part: str, text: str) -> bool:
    """Say whether a piece may go at all: it has words, no template tag, and nothing protected."""
    kept = "".join(region.text for region in regions(text))
    lines = [line for line in split_lines(part) if line.strip()]
    held = any(line in kept for line in lines) if kept else False
    return bool(part.strip()) and not _TEMPLATE.search(part) and not held


def pieces(text: str, grain: str) -> list[str]:
    """
    Cut a text so that the pieces joined are the text; blanks stay with what they follow.

    >>> pieces("One.\\n\\nTwo. Three.\\n- four\\n", "paragraph")
    ['One.\\n\\n', 'Two. Three.\\n- four\\n']
    >>> pieces("One.\\n\\nTwo. Three.\\n- four\\n", "line")
    ['One.\\n\\n', 'Two. Three.\\n', '- four\\n']
    >>> pieces("One.\\nTwo. Three.\\n", "sentence")
    ['One.\\n', 'Two. ', 'Three.', '\\n']
    """
    return CUTS[grain](text)


def _paragraphs(text: str) -> list[str]:
    found: list[str] = []
    ended = True
    for line in split_lines(text):
        if (line.strip() and ended) or not found:
            found.append(line)
        else:
            found[-1] += line
        ended = not line.strip()
    return found


def _lines(text: str) -> list[str]:
    """A blank line goes with the line before it only if that is a paragraph by itself."""
    found: list[str] = []
    for paragraph in _paragraphs(text):
        lines = split_lines(paragraph)
        said = [line for line in lines if line.strip()]
        if len(said) <= 1:
            found.append(paragraph)
            continue
        body = lines[: len(said)]
        found += body if len(lines) == len(said) else [*body, "".join(lines[len(said) :])]
    return found


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for line in split_lines(text):
        words = line.rstrip("\r\n")
        ends = [match.end("gap") for match in _SENTENCE.finditer(words)]
        cuts = [0, *ends, len(words)]
        parts = [words[a:b] for a, b in pairwise(cuts)]
        found += [line] if len(parts) < 2 else [*parts, line[len(words) :]]
    return [part for part in found if part]


CUTS: dict[str, Callable[[str], list[str]]] = {
    "paragraph": _paragraphs,
    "line": _lines,
    "sentence": _sentences,
}
