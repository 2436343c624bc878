"""Words as the offline model sees them: stems, sentences, lists, and which words carry no topic."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9{])|\n+")
_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”|(?<!\w)'([^'\n]+)'(?!\w)")

QUESTION_WORDS = frozenset(["who", "whom", "whose", "where", "when", "why", "how", "which", "what"])

EMPTY_WORDS = frozenset(
    """
    a an the this that these those it its i me my mine you your yours we us our ours they them
    their he him his she her one ones some any all both each every no not nor so too very just
    also even still only then than there here and or but if because as of at by for from in into
    on onto to with without about over under up down out off again once am is are was were be
    been being do does did doing done have has had having will would shall should can could may
    might must don't didn't doesn't isn't wasn't can't couldn't won't aren't weren't shouldn't
    i'm i've i'd i'll you're you've it's that's there's we're we've please hello hi hey dear
    thanks thank regards cheers kind best sincerely ok okay well really quite much many more
    most lot lots get gets got getting go goes going went gone make makes made let lets like
    want wanted know see said say says thing things something anything nothing someone anyone
    way now today yesterday day days am pm mr mrs ms team yet since while after before until
    during between through same other another such own few what who whom whose where when why
    how which
    """.split()  # noqa: SIM905  (a list of one word a line would hide the rest)
)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """
    Cut the ending that inflects a word, crudely: enough to match `invoices` with `invoice`.

    >>> [stem(word) for word in ("charged", "charges", "shipping", "ship", "parties")]
    ['charg', 'charg', 'ship', 'ship', 'party']
    """
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def words(text: str) -> list[str]:
    """
    List the words of a text in lower case.

    >>> words("Don’t charge ORDER #4417 twice!")
    ["don't", 'charge', 'order', '4417', 'twice']
    """
    return _WORD.findall(text.lower().replace("’", "'"))


def stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(text))


def is_topical(word: str) -> bool:
    """Say whether a word (lower case) may tell one topic from another."""
    return len(word) > 2 and word not in EMPTY_WORDS and not word[0].isdigit()


def sentences(text: str) -> list[str]:
    """
    Split a text where a sentence or a line ends.

    >>> sentences("Be short. Greet Dr. No\\n- sign off")
    ['Be short.', 'Greet Dr.', 'No', '- sign off']
    """
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def quoted(text: str) -> list[str]:
    """
    List what stands in quotation marks or backticks.

    >>> quoted('answer `yes` or "not now"')
    ['yes', 'not now']
    """
    return [next(filter(None, groups)).strip() for groups in _QUOTED.findall(text)]


def listed(text: str) -> list[str]:
    """
    List the items of an enumeration; quoted items stand alone, whatever is between them.

    >>> listed("billing, bug or account access.")
    ['billing', 'bug', 'account access']
    >>> listed('"who" and also "how many"')
    ['who', 'how many']
    """
    marked = quoted(text)
    if marked:
        return list(dict.fromkeys(marked))
    parts = re.split(r"\s*[,;/|]\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+", text.strip(" .:()[]{}"))
    items = (part.strip(" \t.:()[]{}*_\"'`") for part in parts)
    return list(dict.fromkeys(item for item in items if item))
