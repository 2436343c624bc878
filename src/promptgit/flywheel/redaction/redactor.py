"""
Take what is personal or secret out of text before it is written anywhere.

What is found becomes `<kind:pseudonym>`.  The pseudonym is an HMAC (RFC 2104, SHA-256) of the
normalised value: who has the key can join lines, files and processes by it, and nobody can turn
it back.  Most texts hold nothing, so each kind first looks for a mark that it cannot do without.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promptgit.core import secrets
from promptgit.flywheel.interaction import Interaction
from promptgit.flywheel.redaction import names, numbers
from promptgit.flywheel.redaction.addresses import emails, ips
from promptgit.flywheel.redaction.folding import Folder
from promptgit.flywheel.redaction.rules import Finder, Span

DIGITS = 12  # hexadecimal, of a pseudonym: 48 bits; a million values collide once in 500 times
_TEXTS = ("system", "input", "output", "error")
_LABELS = ("prompt", "environment", "variant", "model", "provider", "source")
_IDS = ("id", "of", "conversation", "unit")
_GUESSED = "random-looking token"  # a secret in a text, but every other id looks like that
# What a field holds, by its name; the whole value goes.
_PERSONAL = {
    **dict.fromkeys(("email", "mail"), "email"),
    **dict.fromkeys(("phone", "telephone", "mobile", "tel", "fax"), "phone"),
    **dict.fromkeys(("ip", "ip_address", "client_ip", "remote_addr"), "ip"),
    **dict.fromkeys(("name", "customer_name", "first_name", "last_name", "full_name"), "name"),
    **dict.fromkeys(("surname", "user_name", "contact_name", "customername", "username"), "name"),
    **dict.fromkeys(("firstname", "lastname", "fullname"), "name"),
    **dict.fromkeys(("address", "street", "postal_address", "home_address"), "address"),
    **dict.fromkeys(("birthday", "birthdate", "date_of_birth", "dob"), "birthdate"),
    **dict.fromkeys(("password", "passwd", "api_key", "secret", "token"), "secret"),
}
_PSEUDONYM = re.compile(r"<[a-z][a-z0-9_-]{0,30}:[a-f][0-9a-f]{11}>")


@dataclass(frozen=True, slots=True)
class Redactor:
    """
    Redacts texts and interactions; the same key gives the same pseudonyms everywhere.

    `rules` are the user's own (`Rule`) and other finders; they come first.  Kinds in `keep` stay.
    """

    key: bytes
    rules: Sequence[Finder] = ()
    keep: frozenset[str] = frozenset()
    _folder: Folder = field(default_factory=Folder, repr=False)

    def text(self, text: str, found: Counter[str] | None = None) -> str:
        """
        Redact a text; `found` counts what was taken out, by kind.  What is redacted stays so.

        >>> Redactor(b"key").text("write to jane@example.com")
        'write to <email:f5a4582478bc>'
        """
        return self._redacted(text, frozenset(), found)

    def identity(self, text: str, found: Counter[str] | None = None) -> str:
        """
        Redact an id: only what is surely personal or secret, so that ids stay what they are.

        An id and what refers to it are redacted alike, and still join.
        """
        if text.isascii() and text.isalnum() and len(text) < 12:
            return text
        spans = [span for span in self._found(text, is_id=True) if span.kind != "name"]
        return self._replaced(text, spans, found)

    def interaction(self, line: Interaction, found: Counter[str] | None = None) -> Interaction:
        """Redact every text of a line; a name that one field gives away goes from all of them."""
        texts = {name: getattr(line, name) for name in _TEXTS}
        known = frozenset(
            part
            for text in (*texts.values(), *line.inputs.values(), *line.facts.values())
            for span in names.names(text)
            for part in names.parts(span.value)
        )
        new: dict[str, object] = {
            name: self._redacted(text, known, found) for name, text in texts.items() if text
        }
        for name in (*_IDS, *_LABELS):
            new[name] = self.identity(getattr(line, name), found)
        for name in ("inputs", "facts"):
            if fields := getattr(line, name):
                new[name] = self._fields(fields, known, found)
        if line.scores:
            new["scores"] = {self.identity(name, found): v for name, v in line.scores.items()}
        return replace(line, **new)  # type: ignore[arg-type]

    def _fields(
        self, fields: Mapping[str, str], known: frozenset[str], found: Counter[str] | None
    ) -> dict[str, str]:
        new = {}
        for name, value in fields.items():
            kind = _PERSONAL.get(name.lower().replace("-", "_"))
            if kind and value and not _PSEUDONYM.search(value):
                spans = list(self._found(value))
                whole = Span(0, len(value), kind, " ".join(value.casefold().split()))
                alone = [span for span in spans if span[:3] == whole[:3]]
                new[self.identity(name)] = self._replaced(value, alone or [whole], found)
            else:
                new[self.identity(name, found)] = self._redacted(value, known, found)
        return new

    def _redacted(self, text: str, known: frozenset[str], found: Counter[str] | None) -> str:
        spans = list(self._found(text, known))
        return self._replaced(text, spans, found) if spans else text

    def _found(
        self, text: str, known: frozenset[str] = frozenset(), *, is_id: bool = False
    ) -> Iterator[Span]:
        """Everything found, in the order of its weight, at positions of the original text."""
        for rule in self.rules:
            yield from rule(text)
        folded = self._folder.fold(text)
        for start, stop, kind, value in self._by_rule(folded.text, known, is_id):
            yield Span(folded.origin(start), folded.origin(stop), kind, value)

    @staticmethod
    def _by_rule(text: str, known: frozenset[str], is_id: bool) -> Iterator[Span]:
        yield from emails(text)
        if numbers.MANY_DIGITS.search(text):
            yield from numbers.ibans(text)
            yield from numbers.cards(text)
            yield from numbers.phones(text)
        yield from ips(text)
        for kind, start, stop in secrets.spans(text):
            guessed = is_id and kind == _GUESSED
            if not guessed and not _is_within_pseudonym(text, start):
                yield Span(start, stop, "secret", text[start:stop])
        yield from names.names(text)
        if known:
            yield from names.mentions(text, known)

    def _replaced(self, text: str, spans: Iterable[Span], found: Counter[str] | None) -> str:
        parts: list[str] = []
        done = 0
        for start, stop, kind, value in _apart(spans):
            if kind in self.keep:
                continue
            parts += (text[done:start], self.pseudonym(kind, value))
            done = stop
            if found is not None:
                found[kind] += 1
        return "".join((*parts, text[done:])) if parts else text

    def pseudonym(self, kind: str, value: str) -> str:
        """`<kind:hex>`; it begins with a letter, so that no rule takes it for a number."""
        message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self.key, message, "sha256").hex()
        return f"<{kind}:{'abcdef'[int(digest[-2:], 16) % 6]}{digest[: DIGITS - 1]}>"


def _is_within_pseudonym(text: str, position: int) -> bool:
    """`<secret:…>` reads as a secret that is called one."""
    match = _PSEUDONYM.match(text, max(text.rfind("<", max(0, position - 40), position), 0))
    return bool(match and match.end() > position)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Sort spans; of those that overlap keep the outer one, or the first found, over both."""
    kept: list[Span] = []
    numbered = sorted(enumerate(spans), key=lambda item: (item[1].start, -item[1].stop, item[0]))
    weights: list[int] = []
    for weight, span in numbered:
        if not kept or span.start >= kept[-1].stop:
            kept.append(span)
            weights.append(weight)
        elif span.stop > kept[-1].stop:
            wins = span if weight < weights[-1] else kept[-1]
            kept[-1] = wins._replace(start=kept[-1].start, stop=span.stop)
            weights[-1] = min(weight, weights[-1])
    return kept
