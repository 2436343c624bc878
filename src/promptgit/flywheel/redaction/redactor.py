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
from promptgit.flywheel.redaction import names, numbers, records
from promptgit.flywheel.redaction.addresses import emails, ips
from promptgit.flywheel.redaction.folding import Folded, Folder
from promptgit.flywheel.redaction.rules import Finder, Span

DIGITS = 12  # hexadecimal, of a pseudonym: 48 bits; a million values collide once in 500 times
_TEXTS = ("system", "input", "output", "error")
_IDS_AND_LABELS = (
    *("id", "of", "conversation", "unit"),
    *("prompt", "version", "environment", "variant", "model", "provider", "source"),
)
_SHORT = 20  # characters; no secret of a known format is shorter
_REMARKABLE = re.compile(r"[^A-Za-z0-9_-]|\d(?:-?\d){6}")  # in an id that may be personal
_GUESSED = "random-looking token"  # a secret in a text, but every other id looks like that
# What a field holds, by its name; the whole value goes.
_PERSONAL = {
    **dict.fromkeys(("email", "mail", "e_mail", "email_address", "emailaddress"), "email"),
    **dict.fromkeys(("phone", "telephone", "mobile", "tel", "fax", "cell"), "phone"),
    **dict.fromkeys(("phone_number", "phonenumber", "mobile_number"), "phone"),
    **dict.fromkeys(("iban", "account_number", "accountnumber"), "iban"),
    **dict.fromkeys(("card_number", "cardnumber", "credit_card", "creditcard"), "card"),
    **dict.fromkeys(("ssn", "social_security_number", "passport", "tax_id"), "document"),
    **dict.fromkeys(("ip", "ip_address", "client_ip", "remote_addr"), "ip"),
    **dict.fromkeys(("name", "customer_name", "first_name", "last_name", "full_name"), "name"),
    **dict.fromkeys(("surname", "user_name", "contact_name", "customername", "username"), "name"),
    **dict.fromkeys(("firstname", "lastname", "fullname"), "name"),
    **dict.fromkeys(("address", "street", "postal_address", "home_address"), "address"),
    **dict.fromkeys(("birthday", "birthdate", "date_of_birth", "dob"), "birthdate"),
    **dict.fromkeys(("password", "passwd", "api_key", "secret", "token"), "secret"),
}
_OPAQUE = re.compile(r"[0-9a-f-]{32,64}")  # a Git id, a UUID, a digest
_PSEUDONYM = re.compile(r"<[a-z][a-z0-9_-]{0,30}:[a-f][0-9a-f]{11}>")


@dataclass(frozen=True, slots=True)
class _Look:
    """A text, as patterns read it, and the names in that."""

    text: str
    folded: Folded
    names: tuple[Span, ...]


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
        return self._redacted(self._looked_at(text), frozenset(), found)

    def identity(self, text: str, found: Counter[str] | None = None) -> str:
        """
        Redact an id: only what is surely personal or secret, so that ids stay what they are.

        An id and what refers to it are redacted alike, and still join.
        """
        if (len(text) < _SHORT and not _REMARKABLE.search(text)) or _OPAQUE.fullmatch(text):
            return text
        folded = self._folder.fold(text)
        spans = [*self._by_the_user(text), *_mapped(folded, _without_names(folded.text, True))]
        return self._replaced(text, spans, found)

    def interaction(self, line: Interaction, found: Counter[str] | None = None) -> Interaction:
        """Redact every text of a line; a name that one field gives away goes from all of them."""
        looks = {name: self._looked_at(text) for name in _TEXTS if (text := getattr(line, name))}
        inputs = {name: self._looked_at(text) for name, text in line.inputs.items()}
        facts = {name: self._looked_at(text) for name, text in line.facts.items()}
        known = frozenset(
            part
            for look in (*looks.values(), *inputs.values(), *facts.values())
            for span in look.names
            for part in names.parts(span.value)
        )
        new: dict[str, object] = {}
        for name, look in looks.items():
            if (clean := self._redacted(look, known, found)) is not look.text:
                new[name] = clean
        for name in _IDS_AND_LABELS:
            if (text := getattr(line, name)) and (clean := self.identity(text, found)) is not text:
                new[name] = clean
        if inputs:
            new["inputs"] = self._fields(inputs, known, found)
        if facts:
            new["facts"] = self._fields(facts, known, found)
        if line.scores:
            new["scores"] = {self.identity(name, found): v for name, v in line.scores.items()}
        return replace(line, **new) if new else line  # type: ignore[arg-type]

    def _looked_at(self, text: str) -> _Look:
        folded = self._folder.fold(text)
        return _Look(text, folded, tuple(names.names(folded.text)))

    def _fields(
        self, fields: Mapping[str, _Look], known: frozenset[str], found: Counter[str] | None
    ) -> dict[str, str]:
        new = {}
        for name, look in fields.items():
            kind = _PERSONAL.get(name.lower().replace("-", "_"))
            value = look.text
            if kind and value.strip() and not _PSEUDONYM.fullmatch(value.strip()):
                whole = Span(0, len(value), kind, " ".join(value.casefold().split()))
                alone = [one for one in self._spans(look, known) if one[:3] == whole[:3]]
                new[self.identity(name, found)] = self._replaced(value, alone or [whole], found)
            else:
                new[self.identity(name, found)] = self._redacted(look, known, found)
        return new

    def _redacted(self, look: _Look, known: frozenset[str], found: Counter[str] | None) -> str:
        return self._replaced(look.text, self._spans(look, known), found)

    def _spans(self, look: _Look, known: frozenset[str]) -> list[Span]:
        """Everything found, in the order of its weight, at positions of the original text."""
        text = look.folded.text
        spans = [*_without_names(text, False), *look.names]
        if known:
            spans += names.mentions(text, known)
        return [*self._by_the_user(look.text), *_mapped(look.folded, spans)]

    def _by_the_user(self, text: str) -> Iterator[Span]:
        for rule in self.rules:
            yield from rule(text)

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


def _without_names(text: str, is_id: bool) -> Iterator[Span]:
    yield from emails(text)
    if numbers.MANY_DIGITS.search(text):
        yield from numbers.ibans(text)
        yield from numbers.cards(text)
        yield from records.social_security_numbers(text)
        yield from numbers.phones(text)
    yield from ips(text)
    yield from records.mac_addresses(text)
    if not is_id:
        yield from records.birthdates(text)
    for kind, start, stop in secrets.spans(text):
        guessed = is_id and kind == _GUESSED
        if not guessed:
            yield Span(start, stop, "secret", text[start:stop])


def _mapped(folded: Folded, spans: Iterable[Span]) -> Iterable[Span]:
    """Spans of the folded text, in the original."""
    if not folded.starts:
        return spans
    return [
        Span(folded.origin(start), folded.origin(stop), kind, value)
        for start, stop, kind, value in spans
    ]


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
