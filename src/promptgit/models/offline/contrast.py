"""Which words tell some texts from others: the mentor's only way to learn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from promptgit.models.offline.words import QUESTION_WORDS, is_topical, stem

LONGEST = 3  # words of a phrase that is proposed as a cue
ODDS = 3.0  # how much likelier a phrase must be among the members than elsewhere

_CLAUSE_END = re.compile(r"[.,;:!?()\[\]{}\"“”\n]+|\s[-–—]\s")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’]*")
_LOOSE_ENDS = frozenset(["a", "an", "the", "and", "or", "but", "if", "to", "i", "from", "one"])

Phrase = tuple[str, ...]  # words in lower case


def telling(
    texts: Sequence[str],
    members: Collection[int],
    *,
    avoid: Collection[Phrase] = (),
    hints: Collection[str] = (),
    shared: int = 6,
    single: int = 3,
) -> list[str]:
    """
    Choose phrases that are in the member texts (by index) and hardly in the others.

    At most `shared` that several members have in common, then `single` for each member that
    none of those is in; for those, words whose stems are in `hints` come first.  Phrases whose
    stems are in `avoid` are left out.

    >>> telling(["a broken lamp", "the shade is broken", "where is it"], {0, 1}, single=0)
    ['broken']
    """
    found = [_phrases(text) for text in texts]
    inside = Counter(key for i in members for key in found[i])
    outside = Counter(key for i in range(len(texts)) if i not in members for key in found[i])
    others = len(texts) - len(members)

    def odds(key: Phrase) -> float:
        return ((inside[key] + 0.5) / (len(members) + 1)) / ((outside[key] + 0.5) / (others + 2))

    common = [key for key in inside if inside[key] > 1 and odds(key) >= ODDS and key not in avoid]
    common.sort(key=lambda key: (-inside[key], outside[key], len(key), key))
    chosen = _unlike(common, shared)
    for i in sorted(members):
        if not any(key in found[i] for key in chosen):
            alone = [key for key in found[i] if not outside[key] and key not in avoid]
            alone.sort(key=lambda key: (len(key), key[0] not in hints, found[i][key][0]))
            chosen += _unlike([key for key in alone if key not in chosen], single)
    words = {key: found[i][key][1] for i in members for key in found[i]}
    return [words[key] for key in chosen]


def _unlike(keys: Iterable[Phrase], count: int) -> list[Phrase]:
    """Keep the first `count` of which none is part of another."""
    kept: list[Phrase] = []
    for key in keys:
        if len(kept) == count:
            break
        if not any(_within(key, other) or _within(other, key) for other in kept):
            kept.append(key)
    return kept


def _within(part: Phrase, whole: Phrase) -> bool:
    return any(whole[i : i + len(part)] == part for i in range(len(whole) - len(part) + 1))


@lru_cache(maxsize=512)
def _phrases(text: str) -> dict[Phrase, tuple[int, str]]:
    """List a text's phrases by their stems, with where they begin and how they are written."""
    found: dict[Phrase, tuple[int, str]] = {}
    place = 0
    for clause in _CLAUSE_END.split(text):
        tokens = _TOKEN.findall(clause)
        plain = [token.lower().replace("’", "'") for token in tokens]
        named = [_is_name(token, i) for i, token in enumerate(tokens)]
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + LONGEST, len(tokens)) + 1):
                phrase = plain[start:end]
                if not any(named[start:end]) and _may_tell(phrase):
                    key = tuple(stem(word) for word in phrase)
                    found.setdefault(key, (place + start, " ".join(phrase)))
        place += len(tokens)
    return found


def _is_name(token: str, position: int) -> bool:
    """Say whether a word is somebody's name or a number, which tells of one case only."""
    return token[0].isdigit() or (position > 0 and token[0].isupper() and not token.isupper())


def _may_tell(phrase: Sequence[str]) -> bool:
    asks = phrase[0] in QUESTION_WORDS and phrase[0] not in ("what", "which")
    if len(phrase) == 1:
        return asks or is_topical(phrase[0])
    if phrase[-1] in _LOOSE_ENDS or phrase[0] in _LOOSE_ENDS:
        return False
    return asks or any(is_topical(word) for word in phrase)
