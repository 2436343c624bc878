"""
Conditions as people write them: `quality_score < 7 and calls > 100`.

    condition   = either
    either      = both { "or" both }
    both        = negated { "and" negated }
    negated     = "not" negated | "(" either ")" | "drift" "(" metric ")" | comparison
                | ( "proven" | "seen" ) "(" comparison ")"
    comparison  = ( metric | "change" "(" metric ")" ) operator number
    operator    = "<" | "<=" | ">" | ">="
    number      = [ "+" | "-" ] [ "$" ] digits [ "." digits ] [ unit ]
    unit        = "%" | "ms" | "s" | "min" | "h" | "d" | "usd"

The words of the grammar may be written in capitals, and `drift(quality)` is that of the metric of
this score: a drift has no scale that could be mistaken.  A text that is read says itself again in
one canonical form: `str(parse(text))` parses to an equal condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import NamedTuple, NoReturn

from promptgit.errors import UserError
from promptgit.flywheel.condition import (
    All,
    Any,
    Comparison,
    Condition,
    Drifting,
    Not,
    Place,
    leaves,
    plain,
)
from promptgit.flywheel.cube import Metric, Unit

MOST_TOKENS = 300
MOST_DIGITS = 15
SHOWN = 100  # characters of a text, where something is wrong with it
DEEPEST = 30  # of parentheses and `not`

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>[+-]?\s*\$?\s*(?:\d+(?:\.\d*)?|\.\d+)\s*(?:(?:ms|min|s|h|d|usd)\b|%)?(?![\w.]))"
    r"|(?P<word>[^\W\d][\w.]*(?:-[\w.]+)*)"
    r"|(?P<operator><=|>=|<|>)"
    r"|(?P<bracket>[()])",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"([+-]?)(\$?)([\d.]+)([a-z%]*)")
_WORDS = frozenset({"and", "or", "not"})
_SCORES = {"quality": "quality_score"}  # the metric of a score, where it has another name
_FUNCTIONS = frozenset({"drift", "change", "proven", "seen"})
_FITTING: Mapping[Unit, tuple[str, ...]] = {
    "share": ("%", ""),
    "number": ("",),
    "count": ("",),
    "ms": ("ms", "s", "min", "h", "d", ""),
    "s": ("s", "ms", "min", "h", "d", ""),
    "usd": ("usd", ""),
}


def parse(text: str, metrics: Mapping[str, Metric] | None = None) -> Condition:
    """
    Read a condition; with `metrics` also hold its names and units against them.

    Raises UserError that points at the place, for anything that is not in the grammar.

    >>> str(parse("(QUALITY_SCORE<7) OR not(security_incidents <= 5.0 AND drift( churn_rate ))"))
    'QUALITY_SCORE < 7 or not (security_incidents <= 5 and drift(churn_rate))'
    """
    condition = _Reader(text, metrics or {}).condition()
    if metrics is not None:
        hold(condition, metrics, text)
    return condition


def hold(condition: Condition, metrics: Mapping[str, Metric], text: str = "") -> None:
    """Raise UserError for a metric that nobody measures, or a unit that is not the metric's."""
    text = text or str(condition)
    for leaf in leaves(condition):
        if leaf.metric not in metrics:
            close = get_close_matches(leaf.metric.lower(), metrics, n=1, cutoff=0.5)
            close = close or [name for name in metrics if name.startswith(f"{leaf.metric}_")][:1]
            _refuse(
                text,
                leaf.place,
                f"no metric is called {leaf.metric!r}",
                f"did you mean {close[0]!r}?" if close else _some(metrics),
            )
        if isinstance(leaf, Comparison):
            _hold_unit(leaf, metrics[leaf.metric], text)
        elif not metrics[leaf.metric].better:
            _refuse(
                text,
                leaf.place,
                f"{leaf.metric!r} cannot get worse: neither more nor less of it is better",
                "compare it with a number, or say `better:` where the metric is defined",
            )


def _hold_unit(leaf: Comparison, metric: Metric, text: str) -> None:
    if leaf.changed:
        return  # the reader has seen the `%`
    if leaf.unit not in _FITTING[metric.unit]:
        fitting = " or ".join(unit or "a plain number" for unit in _FITTING[metric.unit][:2])
        _refuse(
            text,
            leaf.place,
            f"{leaf.metric!r} is not measured in {leaf.unit!r}",
            f"it is a {metric.unit}: write {fitting}",
        )
    if metric.unit == "share" and not 0 <= leaf.limit("share") <= 1:
        _refuse(
            text,
            leaf.place,
            f"{leaf.metric!r} is a share, which lies between 0 % and 100 %",
            f"did you mean `{plain(leaf.number)}%`?"
            if not leaf.unit and 1 < leaf.number <= 100
            else "write for example `20%` or `0.2`",
        )


class _Token(NamedTuple):
    kind: str  # number, word, operator, bracket; empty: the end
    text: str
    place: Place


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, metrics: Mapping[str, Metric]) -> None:
        self.text = text
        self.metrics = metrics
        self.at = 0
        self.depth = 0
        self.tokens = list(islice(self._tokens(), MOST_TOKENS))
        if self.tokens[-1].kind:
            raise UserError(
                f"a condition of more than {MOST_TOKENS} words is too long",
                hint="use several triggers",
            )

    def condition(self) -> Condition:
        if len(self.tokens) == 1:
            self._refuse("nothing is asked for", "write for example `quality_score < 7`")
        found = self._either()
        if self.now.kind:
            hint = "join conditions with `and` or `or`"
            if self.now.kind == "operator":
                hint = "write `a > 1 and a < 2`"
            self._refuse(f"{self.now.text!r} is not expected here", hint)
        return found

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        flat = [one for part in parts for one in (part.parts if type(part) is Any else (part,))]
        return flat[0] if len(flat) == 1 else Any(tuple(flat))

    def _both(self) -> Condition:
        parts = [self._negated()]
        while self._takes("and"):
            parts.append(self._negated())
        flat = [one for part in parts for one in (part.parts if type(part) is All else (part,))]
        return flat[0] if len(flat) == 1 else All(tuple(flat))

    def _negated(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(f"nested more than {DEEPEST} deep", "use several triggers")
        if self._takes("not"):
            found: Condition = Not(self._negated())
        elif self._takes("("):
            found = self._either()
            self._expect(")")
        else:
            found = self._leaf()
        self.depth -= 1
        return found

    def _leaf(self) -> Condition:
        place = self.now.place
        for demand in ("proven", "seen"):
            if self._calls(demand):
                inner = self._comparison()
                end = self._expect(")").place.end
                return replace(inner, demand=demand, place=Place(place.begin, end))
        if self._calls("drift"):
            name = self._metric()
            score = name.text if name.text in self.metrics else _SCORES.get(name.text, name.text)
            return Drifting(score, name.place)
        return self._comparison()

    def _comparison(self) -> Comparison:
        changed = self._calls("change")
        name = self._metric() if changed else self._name()
        if self.now.kind != "operator":
            self._refuse(
                f"an operator has to follow {name.text!r}", "one of <, <=, > and >=, then a number"
            )
        operator = self._next().text
        if self.now.kind != "number":
            self._refuse(f"a number has to follow {operator!r}", "for example 7, 20%, 2s or $1.50")
        token = self._next()
        found = _NUMBER.fullmatch(re.sub(r"\s", "", token.text.lower()))
        if not found or (found[2] and found[4] not in ("", "usd")):
            self._refuse(f"{token.text!r} is no number", "for example 7, 20%, 2s or $1.50", token)
        if len(found[3]) > MOST_DIGITS:
            self._refuse("the number is too long", f"at most {MOST_DIGITS} digits", token)
        unit = "usd" if found[2] else found[4]
        if changed and unit != "%":
            self._refuse(
                "a change is compared with percent of the value before",
                f"`change({name.text}) {operator} -5%`",
                token,
            )
        number = float(found[1] + found[3])
        return Comparison(name.text, operator, number + 0.0, unit, changed, "", name.place)  # type: ignore[arg-type]

    def _metric(self) -> _Token:
        """Read the name inside the parentheses that are open, and close them."""
        name = self._name()
        self._expect(")")
        return name

    def _name(self) -> _Token:
        if self.now.kind != "word" or self.now.text.lower() in _WORDS:
            what = repr(self.now.text) if self.now.kind else "the end"
            self._refuse(
                f"the name of a metric is expected, and {what} found",
                "write for example `quality_score < 7` or `drift(quality_score)`",
            )
        return self._next()

    def _calls(self, function: str) -> bool:
        """Take `function (`; a metric of this name is none where no parenthesis follows."""
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.now.kind == "word" and self.now.text.lower() == function and after.text == "(":
            self.at += 2
            return True
        if self.now.kind == "word" and after.text == "(" and self.now.text.lower() not in _WORDS:
            known = sorted(_FUNCTIONS)
            if self.now.text.lower() not in _FUNCTIONS:
                self._refuse(
                    f"there is no function {self.now.text!r}", f"there are {', '.join(known)}"
                )
        return False

    def _takes(self, text: str) -> bool:
        taken = self.now.kind in ("word", "bracket") and self.now.text.lower() == text
        self.at += taken
        return taken

    def _expect(self, text: str) -> _Token:
        if self.now.text != text:
            what = repr(self.now.text) if self.now.kind else "the end"
            self._refuse(f"{text!r} is expected, and {what} found", "close every parenthesis")
        return self._next()

    def _next(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if not found:
                hint = "a condition looks like `quality_score < 7 and error_rate > 2%`"
                if self.text[at] in "=!":
                    hint = "compare with <, <=, > or >=: measured numbers are hardly ever equal"
                _refuse(self.text, Place(at, at + 1), f"{self.text[at]!r} means nothing here", hint)
            place = Place(*found.span())
            at = place.end
            if found.lastgroup != "space":
                yield _Token(found.lastgroup or "", found[0], place)
        yield _Token("", "", Place(len(self.text), len(self.text) + 1))

    def _refuse(self, what: str, hint: str, token: _Token | None = None) -> NoReturn:
        _refuse(self.text, (token or self.now).place, what, hint)


def _refuse(text: str, place: Place, what: str, hint: str) -> NoReturn:
    """Point at a place of a text, which is shown as one line."""
    begin = max(0, place.begin - SHOWN // 2) if len(text) > SHOWN else 0
    shown = "".join(letter if letter.isprintable() else " " for letter in text[begin:][:SHOWN])
    arrows = " " * (place.begin - begin) + "^" * min(SHOWN // 2, place.end - place.begin)
    raise UserError(f"{what} (column {place.begin + 1})\n    {shown}\n    {arrows}", hint=hint)


def _some(names: Iterable[str]) -> str:
    found = list(names)
    return f"there are {', '.join(found[:6])}{' and others' if len(found) > 6 else ''}"
