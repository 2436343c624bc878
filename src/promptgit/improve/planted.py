"""
What an injection in the cases would make a mentor write: each found where it is new.

Whoever writes to the logs that cases are drawn from may try to have a rule put into the prompt
(prompt injection, OWASP LLM01).  So links, addresses, tools, orders to ignore the rules, invisible
characters and secrets must not come from a patch.  The rules are narrow on purpose: a good
patch that is refused for nothing is lost as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from promptgit.core.dataset import Case
from promptgit.core.invisible import hidden, is_mixed
from promptgit.core.orders import find_orders
from promptgit.core.quote import quoted
from promptgit.core.secrets import find_secrets

_MARKERS = re.compile(r"(?m)^(?:<{7}|>{7}|\|{7})(?= |\r?$)")

_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'`)\]}]+|\b(?:javascript|mailto|tel):[^\s<>\"'`)\]}]+"
    r"|\bdata:\w+/\w[^\s<>\"'`)\]}]*|\bwww\.[^\s<>\"'`)\]}]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}(?:\.|\[\.\]))+(?:com|net|org|info|biz|io|ai|app|dev|xyz|online"
    r"|site|shop|top|click|link|ru|cn|de|uk|fr|eu|us|gov|edu)\b(?![\w-]|\.\w)(?:/[^\s<>\"'`)\]}]*)?"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")

_CALL = re.compile(r"(?<![\w.])([A-Za-z][A-Za-z0-9]*(?:[_.][A-Za-z0-9]+)+|[a-z]+[A-Z]\w*)\(")
_NAMED_TOOL = re.compile(
    r"\b(?:call|invoke|use|run|execute|trigger)\s+(?:(?:the|a|an|your|our)\s+)?[`\"']?([A-Za-z][\w.-]*)"
    r"[`\"']?\s+(?:tool|function|plugin|api|endpoint)\b",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:call|invoke|run|execute|trigger)\s+(?:the\s+)?[`\"']?"
    r"([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)\b",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    r"</?(?:tool|function|invoke|plugin)(?:_?(?:call|use|result)s?)?(?:[\s=][^<>]{0,80})?/?>"
    r"|<\|[^|<>\s]{1,40}\|>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    {"right", "same", "following", "given", "provided", "available", "appropriate", "correct"}
    | {"best", "any", "this", "that", "each", "every", "no", "another", "other", "proper"}
    | {"necessary", "simple", "suitable", "single", "only"}
)  # "use the right tool" names none


def hidden_characters(before: str, after: str) -> Iterator[str]:
    """Control, bidirectional, zero-width and tag characters, and words of mixed look-alikes."""
    old, new = (Counter(text[i] for i in hidden(text)) for text in (before, after))
    for c in new - old:
        name = unicodedata.name(c, "a control character")
        yield f"the patch brings an invisible character: U+{ord(c):04X} ({name})"
    known = set(re.findall(r"\w+", before))
    for word in re.findall(r"\w+", after):
        if word not in known and is_mixed(word):
            yield f"the patch brings a word of letters that only look alike: {quoted(word)}"


def conflict_markers(before: str, after: str) -> Iterator[str]:
    """Lines that Git writes into a file when a merge fails."""
    for marker in _new(_MARKERS.findall, before, after):
        yield f"the patch brings a conflict marker: {quoted(marker)}"


def secrets(known: str, after: str) -> Iterator[str]:
    """Keys and tokens; the value itself is not repeated."""
    for kind, value in find_secrets(after):
        if value not in known:
            yield f"the patch brings a secret ({kind})"


def contacts(known: str, after: str) -> Iterator[str]:
    """Links, hosts and addresses."""
    for link in _new(_found(_URL), known, after):
        yield f"the patch brings a link that was not there: {quoted(link)}"
    for address in _new(_found(_EMAIL), known, after):
        yield f"the patch brings an e-mail address that was not there: {quoted(address)}"


def overrides(known: str, after: str) -> Iterator[str]:
    """Orders to drop the rules, in the words that injections use."""
    for words in _new(find_orders, known, after):
        yield f"the patch brings words that would override the prompt: {quoted(words)}"


def marks(known: str, after: str) -> Iterator[str]:
    """Marks that chat formats give meaning to."""
    for mark in _new(_found(_CONTROL), known, after):
        yield f"the patch brings a mark of a chat format: {quoted(mark)}"


def tools(known: str, after: str, cases: Sequence[Case]) -> Iterator[str]:
    """
    Names of tools, and the marks that chat formats give meaning to.

    A tool is named by a call (`send_email(`, `os.system(`, `sendEmail(`), by "use the X tool" (or
    function, plugin, API, endpoint), or by "call send_email".  What the prompt, a column or an
    expected answer already names is no news; what only an input names is.
    """
    yield from marks(known, after)
    words: set[str] | None = None
    for pattern in (_CALL, _NAMED_TOOL, _CALLED):
        for name in dict.fromkeys(pattern.findall(after)):
            if name.casefold() in _NO_NAMES:
                continue
            if words is None:
                words = _familiar(known, cases)
            if name.casefold() not in words:
                yield f"the patch brings a tool that was not there: {quoted(name)}"


def _familiar(known: str, cases: Sequence[Case]) -> set[str]:
    """Every word, and every dotted name, that the prompt, columns and expected answers hold."""
    texts = [known, *(case.expected or "" for case in cases)]
    texts += {column for case in cases for column in case.inputs}
    return {word.casefold() for text in texts for word in re.findall(r"[\w-]+(?:\.[\w-]+)*", text)}


def _found(pattern: re.Pattern[str]) -> Callable[[str], list[str]]:
    """Find what the pattern matches, whatever its case, without a sentence's full stop."""
    return lambda text: [m[0].casefold().rstrip(".,;:!?") for m in pattern.finditer(text)]


def _new(find: Callable[[str], list[str]], known: str, after: str) -> list[str]:
    """What is found in `after` and never in `known`, in order."""
    old = set(find(known))
    return [found for found in dict.fromkeys(find(after)) if found not in old]
