"""Hundreds of things that must not be on any disk, in the forms in which people write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

EMAILS = (
    "jane.doe@example.com",
    "JANE+orders@Mail.Example.co.uk",
    "o'brien@example.ie",
    "j_d-99@sub.domain.example.org",
    "müller@beispiel.de",
    "x@xn--bcher-kva.example",
    "jane [at] example [dot] com",
    "jane (at) example.com",
    "jane @ example.com",
    "j a n e @ e x a m p l e . c o m",
)
PHONES = (
    "+49 170 1234567",
    "+49 (0)170 123 45 67",
    "+4917012345678",
    "0049 170 1234567",
    "+1 (415) 555-2671",
    "(415) 555-2671",
    "415-555-2671",
    "415.555.2671",
    "1-800-555-0199",
    "0170 1234567",
    "0170/1234567",
    "030-12345678",
    "(030) 1234 5678",
    "06 12 34 56 78",
    "+33 6 12 34 56 78",
    "020 7946 0958",
    "+44 20 7946 0958",
    "07700 900123",
    "0412 345 678",
    "03-1234-5678",
    "98765 43210",
    "612 34 56 78",
    "138 1234 5678",
    "0 1 7 0 1 2 3 4 5 6 7",
    "+5511912345678",
)
CARDS = (
    "4111 1111 1111 1111",
    "4111111111111111",
    "4111-1111-1111-1111",
    "5555 5555 5555 4444",
    "2223003122003222",
    "3782 822463 10005",
    "378282246310005",
    "6011 1111 1111 1117",
    "3530111333300000",
    "30569309025904",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
)
IBANS = (
    "DE89 3704 0044 0532 0130 00",
    "DE89370400440532013000",
    "GB82 WEST 1234 5698 7654 32",
    "fr14 2004 1010 0505 0001 3m02 606",
    "NL91ABNA0417164300",
    "CH93 0076 2011 6238 5295 7",
)
IPS = ("203.0.113.77", "192.168.17.4", "2001:db8:85a3::8a2e:370:7334", "fe80::1ff:fe23:4567:890a")
SECRETS = (
    "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e",
    "ghp_1234567890abcdefghijABCDEFGHIJ123456",
    "AKIAIOSFODNN7EXAMPLE",
    "q8Zt3LwX0vBn5KsY7mHd2RfJ9cGp4TaU",
    "xoxb-123456789012-abcdefghij",
    "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
)
NAMES = {  # what is said, and the name in it
    "Hello, my name is Rosalind Quimby and I am lost": "Rosalind Quimby",
    "my name is rosalind quimby": "rosalind quimby",
    "I am Rosalind Quimby from Leeds": "Rosalind Quimby",
    "I'm Rosalind P. Quimby, a customer": "Rosalind P. Quimby",
    "Dear Mr. Quimby,": "Quimby",
    "Dear Rosalind, we are sorry": "Rosalind",
    "it did not work\n\nBest regards,\nRosalind Quimby": "Rosalind Quimby",
    "Viele Grüße\nRosalind Quimby": "Rosalind Quimby",
    "Ich heiße Rosalind von Quimby": "Rosalind von Quimby",
    "Frau Dr. Quimby hat angerufen": "Quimby",
    "je m'appelle Rosalind Quimby": "Rosalind Quimby",
    "Customer: Rosalind Quimby": "Rosalind Quimby",
    '{"first_name": "Rosalind", "last_name": "Quimby"}': "Quimby",
    "this is Rosalind Quimby speaking": "Rosalind Quimby",
}
PLAIN = {
    "email": EMAILS,
    "phone": PHONES,
    "card": CARDS,
    "iban": IBANS,
    "ip": IPS,
    "secret": SECRETS,
}
FRAMES = (
    "{}",
    "please use {}.",
    "({})",
    "one line\n{}\nanother",
    '"{}"',
    "see: {}, thanks",
    "<p>{}</p>",
)
_WIDE = {ord(c): chr(ord(c) - 0x21 + 0xFF01) for c in "0123456789@.+-"}


def forms(written: str) -> Iterator[str]:
    """As it is written, and as machines and East Asian keyboards write it."""
    yield written
    yield written.translate(_WIDE)
    yield "\u200b".join((written[: len(written) // 2], written[len(written) // 2 :]))
    yield json.dumps(json.dumps({"said": f"\n{written}"}))
    yield written.replace("@", "\\u0040").replace("+", "\\u002b")
    if "@" in written or "+" in written:
        yield f"contact={quote(written.replace(' ', ''))}&x=1"
    yield written.replace(" ", "\u00a0")


def planted() -> Iterator[tuple[str, str, str]]:
    """Yield (kind, what was planted, the text that holds it)."""
    for kind, values in PLAIN.items():
        for value in values:
            for form in forms(value):
                for frame in FRAMES:
                    yield kind, form, frame.format(form)


def cores(kind: str, form: str) -> Iterator[str]:
    """What would still tell it: the form itself, and what is in it when it stands in more."""
    yield form
    if kind in ("phone", "card"):
        digits = "".join(c for c in form if c.isdigit())
        if "said" not in form and "=" not in form and "\\u" not in form:
            yield digits
