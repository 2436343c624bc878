"""Made-up data of persons, well-formed, to plant where redaction must find it."""

from __future__ import annotations

import random
from collections.abc import Sequence

NAMES = ("Anna Kowalska", "Jean Dupont", "Maria Rossi", "Peter Novak", "Aoife Byrne")
Sentence = tuple[str, list[str]]  # the text, and what in it nobody may find on disk


def sentence(rng: random.Random) -> Sentence:
    """Write a sentence with one or two of: e-mail, phone, card, IBAN, IP, secret, name."""
    name = rng.choice(NAMES)
    mail = f"{name.lower().replace(' ', '.')}{rng.randint(1, 999)}@mail.example"
    phone = f"+44 7700 9{rng.randint(10_000, 99_999)}"
    card, iban = card_number(rng), iban_number(rng)
    address = ".".join(str(rng.randint(11, 250)) for _ in range(4))
    secret = "sk-" + "".join(rng.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=40))
    choices: Sequence[Sentence] = (
        (f"My e-mail is {mail}.", [mail]),
        (f"Call me at {phone}, or write to {mail}.", [phone, mail]),
        (f"I paid with card {card}.", [card]),
        (f"Please refund to {iban}.", [iban]),
        (f"The shop logged me out at {address}.", [address]),
        (f"My name is {name}.", [name]),
        (f"Our shop system uses the key {secret}.", [secret]),
    )
    return rng.choice(choices)


def card_number(rng: random.Random) -> str:
    """Make a number of 16 digits that passes Luhn's test (ISO/IEC 7812-1)."""
    digits = [4, *(rng.randint(0, 9) for _ in range(14))]
    total = sum(
        sum(divmod(2 * digit, 10)) if place % 2 == 0 else digit
        for place, digit in enumerate(digits)
    )
    digits.append(-total % 10)
    text = "".join(map(str, digits))
    return " ".join(text[i : i + 4] for i in range(0, 16, 4))


def iban_number(rng: random.Random) -> str:
    """Make a British account number whose check digits are right (ISO 13616)."""
    account = "WEST" + "".join(str(rng.randint(0, 9)) for _ in range(14))
    number = "".join(str(int(letter, 36)) for letter in account + "GB00")
    text = f"GB{98 - int(number) % 97:02d}{account}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
