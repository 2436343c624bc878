"""
The commit message of an improvement: what changed, why, and the evidence as trailers.

Every number comes from the record that the message names, so that the two cannot disagree.
The words come from a model: they are laid out, cut to a few sentences, and kept from acting as
anything but words (a divider, a diff, a trailer, a secret, an order to whoever hosts the commit).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promptgit.core import trailers
from promptgit.core.evidence import finite
from promptgit.core.naming import name_of
from promptgit.core.record import SCHEMA, Record
from promptgit.core.secrets import redact
from promptgit.core.spend import Spend
from promptgit.errors import UserError

SUBJECT = 72  # characters
WIDTH = 72  # of the body
CHECK = "check"  # the stage of a comparison that the gate made
NO_GAIN_ASKED = (CHECK, "not-worse")  # stages of comparisons that asked whether it got worse
LONGEST_BODY = 700  # characters; the whole critique is in the run's journal

_TYPE = re.compile(r"[a-z][a-z0-9-]{0,19}\Z")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CLAUSE = re.compile(r"[,;:]\s|\s(?:and|or|but|so that|because|when|if|unless)\s|\s[-–—(]")
_DANGLING = re.compile(
    r"\s(?:a|an|and|as|at|be|by|for|from|if|in|is|it|its|not|of|on|or|that|the|their|to|when|which"
    r"|with|your)\Z",
    re.IGNORECASE,
)
_DIVIDERS = ("---", "diff --git", "diff -", "Index: ", "From ", ">From ")
_SKIPS_CI = re.compile(r"\[(?=[^\[\]]{0,60}\b(?:skip|no|ci)\b)([^\[\]]{0,80})\]", re.IGNORECASE)
_STARS = re.compile(r"\*{3,}(?=NO_CI)|(?<=NO_CI)\*{3,}", re.IGNORECASE)  # Azure's way to say it
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://\S+", re.IGNORECASE)
_ISSUE = re.compile(r"\s*(?:#|\bGH-)(?=\d)", re.IGNORECASE)  # `Fixes #4` would close it
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
_LIST_MARK = re.compile(r"\A\s*(?:[-*+#>]+|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message tells beside its record."""

    why: str  # the reason for the change; its first sentence is the subject
    base: str = ""  # blob that the commit replaces, if not the one that was compared with
    against: str = ""  # commit whose text was compared with, for the tip of a confirmed chain
    data: str = ""  # path of the case file
    run: str = ""
    strategy: str = ""
    spend: Spend | None = None
    type: str = "improve"  # of a Conventional Commit; some repositories allow only known ones


def improvement(record: Record, facts: Facts) -> str:
    """
    Write the message for the text that `record`, a comparison, is about.

    The subject has at most 72 characters, the body lines too; trailers are as long as they are.
    """
    path = str(record.body["prompt"]["path"])
    head = _head(facts.type, name_of(path))
    summary, rest = _summary_and_rest(inert(facts.why), SUBJECT - len(head))
    subject = head + shortened(summary or "edit the prompt", SUBJECT - len(head))
    paragraphs = [part for part in (subject, body(rest)) if part]
    return "\n\n".join([*paragraphs, trailers.block(_evidence(record, facts))])


def inert(words: str) -> str:
    """
    Take from words what a host acts on: skipped checks, closed issues, mentions, links.

    >>> inert("[skip ci] Fixes #4, says @boss: see https://example.org/x")
    '(skip ci) Fixes no. 4, says boss: see (a link)'
    """
    plain = "\n".join(map(trailers.visible, words.split("\n")))
    plain = _STARS.sub("", _SKIPS_CI.sub(r"(\1)", _LINK.sub("(a link)", plain)))
    return _MENTION.sub("", _ISSUE.sub(" no. ", plain)).lstrip(" ")


def body(words: str) -> str:
    r"""
    Lay prose out in lines of 72 characters that mean nothing to Git.

    >>> print(body("It failed.\n\nSigned-off-by: ceo\n--- a/x\nFrom here on it is fine."))
    It failed.
    <BLANKLINE>
    Signed-off-by - ceo a/x From here on it is fine.
    """
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", redact(words[: 8 * LONGEST_BODY])):
        lines = (_LIST_MARK.sub("", line) for line in paragraph.split("\n"))
        flat = " ".join(trailers.visible(" ".join(map(_without_rules, lines))).split())
        wrapped = textwrap.wrap(flat, width=WIDTH - 2, break_on_hyphens=False)
        paragraphs.append("\n".join(map(_harmless, wrapped)))
    return _cut("\n\n".join(filter(None, paragraphs)))


def _head(kind: str, name: str) -> str:
    """What a subject of a Conventional Commit begins with."""
    if not _TYPE.match(kind):
        raise UserError(
            f"{kind!r} cannot be the type of a commit",
            hint="use a lower-case word: improve, feat, perf, chore",
        )
    scope = re.sub(r"[^\w.-]+", "-", trailers.clean_value(name))[:30].strip("-") or "prompt"
    return f"{kind}({scope}): "


def shortened(words: str, room: int) -> str:
    """
    Say less in a sentence that still ends, in at most `room` characters.

    What goes is the last of a list, a clause, or else words from the end; the body has it all.

    >>> shortened("say which words tell `cancellation` or `refund` or `delivery`", 50)
    'say which words tell `cancellation` or `refund`'
    >>> shortened("ask for the order number, and say when it ships", 30)
    'ask for the order number'
    """
    if len(words) <= room:
        return words
    ends = [
        found.start()
        for found in _CLAUSE.finditer(words[: room + 8])
        if room // 3 <= found.start() <= room
    ]
    if ends:
        return words[: ends[-1]]
    kept = words[: room + 1].rsplit(None, 1)[0][:room] if " " in words[:room] else words[:room]
    while (found := _DANGLING.search(kept)) and found.start() > room // 3:
        kept = kept[: found.start()]
    return kept.rstrip(" ,;:(")


def _summary_and_rest(why: str, room: int) -> tuple[str, str]:
    """Cut the first sentence off: it says what changed; where it is too long it is told again."""
    words = _LIST_MARK.sub("", redact(why[: 8 * LONGEST_BODY]).strip(), count=1)
    first, *others = _SENTENCE.split(words, maxsplit=1)
    head, *below = first.split("\n\n", 1)
    summary = " ".join(trailers.visible(head).split()).rstrip(".!…: ")
    if summary[:1].isupper() and not summary[1:2].isupper():
        summary = summary[0].lower() + summary[1:]
    rest = "\n\n".join([*below, *others])
    return summary, f"{head} {rest}" if len(summary) > room else rest


def _without_rules(line: str) -> str:
    """Drop the dashes that Git would take for the start of a patch."""
    return re.sub(r"^\s*-{3,}\s*", "", line)


def _harmless(line: str) -> str:
    if trailers.looks_like_trailer(line):
        key, _, rest = line.partition(":")
        return f"{key.rstrip()} - {rest.lstrip()}" if rest else f"({line})"
    return f"> {line}" if line.startswith((*_DIVIDERS, "#")) else line


def _cut(text: str) -> str:
    if len(text) <= LONGEST_BODY:
        return text
    return text[: text.rfind(" ", 0, LONGEST_BODY)].rstrip() + " …"


def _evidence(record: Record, facts: Facts) -> Iterator[tuple[str, str]]:
    told = record.body
    verdict = told["verdict"]
    yield "Prompt-Path", trailers.path_value(str(told["prompt"]["path"]))
    yield "Prompt-Blob", str(told["prompt"]["blob"])
    yield "Prompt-Base", facts.base or str(told["baseline"]["blob"])
    yield "Eval-Stage", str(told["stage"])
    yield from _pair("Eval-Score", "", verdict["baseline"], verdict["candidate"], verdict["n"])
    for name, pair in told["metrics"].items():
        yield from _pair("Eval-Metric", name, pair["before"], pair["after"])
    yield from _delta(verdict, str(told["stage"]))
    flips = verdict["flips"]
    fixed = sum(flip["after"] > flip["before"] for flip in flips)
    yield "Eval-Flips", f"fixed={fixed} broke={len(flips) - fixed}"
    cases = told["cases"]
    yield (
        "Eval-Data",
        f"{trailers.path_value(facts.data or cases['name'])} sha256:{cases['digest'][:16]}",
    )
    yield "Eval-Model", _model(told["model"])
    if facts.spend:
        yield "Eval-Cost", _cost(facts.spend)
    if facts.against:
        yield "Eval-Against", facts.against
    yield "Eval-Record", f"sha256:{record.digest}"
    for key, value in (("Promptgit-Run", facts.run), ("Promptgit-Strategy", facts.strategy)):
        if trailers.clean_value(value):
            yield key, value
    yield trailers.SCHEMA_KEY, str(SCHEMA)


def _pair(
    key: str, name: str, before: float | None, after: float | None, n: int | None = None
) -> Iterator[tuple[str, str]]:
    """Say `name before -> after n=…`; nothing when a number is missing or not finite."""
    old, new = finite(before), finite(after)
    if old is None or new is None:
        return
    words = (
        trailers.clean_value(name)[:60].rstrip(),
        f"{old:.4f} -> {new:.4f}",
        f"n={n}" if n else "",
    )
    yield key, " ".join(filter(None, words))


def _delta(verdict: Mapping[str, Any], stage: str) -> Iterator[tuple[str, str]]:
    """
    Say the effect, its range, and p: the one-sided p of "it is no better".

    A check asks whether it got worse: its range is drawn for that question, and p is left out.
    So it is where a test stopped early, whose range says "not shown" already: at that look the
    bar is higher than alpha.
    """
    effect, low, high = (finite(verdict[name]) for name in ("effect", "low", "high"))
    if effect is None or low is None or high is None:
        return
    p_value = finite(verdict["p_value"])
    alpha = finite(verdict.get("alpha"))
    early = low <= 0 and p_value is not None and alpha is not None and p_value < alpha
    p = "" if p_value is None or stage in NO_GAIN_ASKED or early else f" p={p_value:.4f}"
    yield "Eval-Delta", f"{effect:+.4f} [{low:+.4f}, {high:+.4f}]{p}"


def _model(model: Mapping[str, Any]) -> str:
    options = "".join(f" {name}={value}" for name, value in sorted(model["options"].items()))
    return f"{model['provider']}/{model['model']}{options}"


def _cost(spend: Spend) -> str:
    unpriced = f" {spend.unpriced_calls} unpriced" if spend.unpriced_calls else ""
    return f"{spend.usd:.4f} USD {spend.calls} calls{unpriced}"
