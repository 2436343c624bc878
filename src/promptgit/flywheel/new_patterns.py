"""
Attacks that no rule knows yet: suspicious inputs that are alike.

Leader clustering: an input joins the first group whose leader it is like, or leads a new one
(Hartigan, "Clustering Algorithms", 1975, ch. 3), by the words they share, rare ones counting more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from promptgit.flywheel.examples import shown
from promptgit.flywheel.insights import Pattern
from promptgit.flywheel.interaction import Conversation, Interaction
from promptgit.improve.likeness import Likeness, words_of

ALIKE = 0.3  # cosine; below, two inputs are strangers
SMALLEST = 2  # conversations in a pattern
MOST = 5  # patterns
WORDS = 6
FEWEST_WORDS = 2  # that most members share; one alone is a chance
LETTERS = 4  # of such a word


def new_patterns(
    prompt: str,
    suspects: Sequence[tuple[Conversation, Interaction]],
    usual: Sequence[str] = (),
    *,
    examples: int = 2,
) -> list[Pattern]:
    """
    Group suspicious calls by their inputs; the largest group first.

    usual: inputs of ordinary calls; words that these have often tell no group from another.
    """
    everyday = Counter(word for text in usual for word in words_of(text))
    often = {word for word, times in everyday.items() if times > len(usual) * 0.02}
    names = [f"{number}" for number in range(len(suspects))]
    texts = {
        name: " ".join(sorted(words_of(call.input) - often))
        for name, (_, call) in zip(names, suspects, strict=True)
    }
    like = Likeness(texts)
    groups: list[list[int]] = []
    for number, name in enumerate(names):
        nearest = max(groups, key=lambda group: like.between(names[group[0]], name), default=None)
        if nearest is not None and like.between(names[nearest[0]], name) >= ALIKE:
            nearest.append(number)
        else:
            groups.append([number])
    found = []
    for group in groups:
        members = [suspects[number] for number in group]
        conversations = {one.id for one, _ in members}
        if len(conversations) < SMALLEST:
            continue
        shared = Counter(word for number in group for word in words_of(texts[names[number]]))
        words = [
            word
            for word, times in sorted(shared.items(), key=lambda item: (-item[1], item[0]))
            if times > len(group) / 2 and len(word) >= LETTERS
        ]
        if len(words) < FEWEST_WORDS:
            continue
        shown_ones = [shown(one, call) for one, call in members[:examples]]
        found.append(Pattern(prompt, len(group), len(conversations), words[:WORDS], shown_ones))
    found.sort(key=lambda pattern: (-pattern.conversations, pattern.words))
    return found[:MOST]
