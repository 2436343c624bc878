"""
Cards, bank accounts and telephone numbers in text; not dates, prices or order numbers.

A card number has a known beginning and passes Luhn's test (ISO/IEC 7812-1); an IBAN has the length
of its country and leaves 1 modulo 97 (ISO 13616).  A telephone number has no check digit: it is
known by its form (E.164 with + or 00, national forms) or by a word before it, and a number that is
called an order or has a currency is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.flywheel.redaction.rules import Span

# What stands between the digits of a telephone number; ` / 0171` begins another one.
_S = r"(?![ \t]{0,2}/[ \t]{0,2}[0+])[ \t.\-/()]{0,3}"
_REST = re.compile(r"[ \t.\-/()]{1,3}(?P<rest>\d(?:[ \t.\-/()]{0,3}\d){4,14})(?!\w)")
MANY_DIGITS = re.compile(r"\d(?:[ \t.\-/()_]{0,3}\d){6}")  # neither a card nor a phone has fewer
_GROUPS = re.compile(r"\d+(?:[ \t.\-/_]{1,3}\d+)*")
_CARD = re.compile(
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"  # American Express, Diners Club
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}"  # Discover, JCB
    r"|62\d{14,17}|(?:50|5[6-9]|6[0379])\d{10,17}"  # UnionPay, Maestro
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z] ?[A-Za-z] ?\d ?\d(?=[ \-.]?[A-Za-z0-9])")
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK", 21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_WORD = (
    r"(?:tele?(?:ph|f)on\w{0,2}|tél(?:éphone)?|tel|phone|mobile|mobil|móvil|cell(?:ular)?|handy"
    r"|whatsapp|sms|fax|call|(?:text|ring|reach) (?:me|us)|my number|rückruf|anruf\w{0,3}|rufnummer"
    r"|appelez|portable)"
)
_DATE = r"(?!(?:\d{4}[.\-/]\d\d?[.\-/]\d\d?|\d\d?[.\-/]\d\d?[.\-/](?:\d{4}|\d\d))(?!\d|[.\-/]\d))"
_PHONE = re.compile(
    r"(?<![^\W_])(?<!\+)\+[ (]{0,2}[1-9](?:" + _S + r"\d){6,14}(?!\d)"
    r"|(?<![\w+])(?<!\d[.,:/\-])00[ (]?[1-9](?:" + _S + r"\d){7,14}(?!\w)"
    r"|(?<!\w)\((?!19|20\d\d\))0?\d{2,5}\)[ \t.\-/]{0,2}\d(?:[ .\-]?\d){5,8}(?!\w)"
    r"|(?<!\w)(?<!\w[.,/\-])(?<!\d:)(?:1[ .\-])?[2-9]\d\d[ .\-][2-9]\d\d[ .\-]?\d{4}(?!\w|[.,]\d)"
    r"|(?<!\w)(?<!\w[.,/\-])(?<!\d:)"
    + _DATE
    + r"0(?!\.\d+(?![\d.]))[ ]?[1-9](?:"
    + _S
    + r"\d){7,10}(?!\w)"
    r"|(?<!\w)(?<!\w[.,/\-])(?<!\d:)[6-9]\d{4}[ \-]\d{5}(?!\w)"
    r"|(?<!\w)(?<!\w[.,/\-])(?<!\d:)[6-9]\d\d(?:[ .\-]\d\d){3}(?!\w|[.\-]\d)"
    r"|(?<!\w)(?<!\w[.,/\-])(?<!\d:)1[3-9]\d[ \-]\d{4}[ \-]\d{4}(?!\w)"
    r"|\b(?i:"
    + _WORD
    + r")(?:\b|_)[^\d\n+(]{0,25}"
    + _DATE
    + r"(?<!\w)(?P<said>[(]?\d(?:"
    + _S
    + r"\d){6,14})(?!\w)"
)
_CALLED_SOMETHING_ELSE = re.compile(
    r"(?:\b(?:orders?|order[_ -]?(?:id|number|no)|bestell\w*|auftrag\w*|rechnung\w*|kunden\w*"
    r"|commande|pedido|invoices?|tickets?|cases?|ref(?:erence)?|tracking|parcel|shipment|sku|isbn|ean|serial"
    r"|account|customer|transaction|booking|version|id|uuid|timestamp|article|item|product|part)\b"
    r"|#)[\s:#._=\"'-]{0,4}(?:(?:number|nummer|no|nr|id|is|ist|code)\b[\s:#._=\"'-]{0,4}){0,3}$",
    re.IGNORECASE,
)
_PRICED_BEFORE = re.compile(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|chf|rs))\s?$", re.IGNORECASE)
_PRICED_AFTER = re.compile(
    r"(?:[.,]\d{1,2})?\s?(?:[$€£¥₹%]|(?:usd|eur|gbp|chf|dollars?|euros?|pounds?|items?|units?|pieces?"
    r"|tokens?|rows?|bytes?|ms|km|kg|users?|times)\b)",
    re.IGNORECASE,
)
_LOOK_BACK = 40  # characters before a number, in which it may be called something
_LEAST_PLAIN = 10  # digits of a national number that is written without anything between


def cards(text: str) -> Iterator[Span]:
    """
    Yield card numbers, however their digits are grouped.

    >>> [span.value for span in cards("4111 1111 1111 1111, not 4111 1111 1111 1112")]
    ['4111111111111111']
    """
    for clump in _GROUPS.finditer(text):
        if clump.end() - clump.start() < 12:
            continue
        written = clump[0]
        groups = [match.span() for match in re.finditer(r"\d+", written)]
        first = 0
        while first < len(groups):
            begins = written[groups[first][0]] in "23456"
            if begins and (found := _card_from(groups, first, written)):
                last, digits = found
                start, stop = groups[first][0], groups[last][1]
                yield Span(clump.start() + start, clump.start() + stop, "card", digits)
                first = last
            first += 1


def _card_from(groups: list[tuple[int, int]], first: int, clump: str) -> tuple[int, str] | None:
    """The longest card that begins with a group: the index of its last group, and its digits."""
    digits, best = "", None
    for last in range(first, min(first + 19, len(groups))):
        digits += clump[slice(*groups[last])]
        if len(digits) > 19:
            break
        if len(digits) >= 12 and _CARD.fullmatch(digits) and luhn(digits):
            best = (last, digits)
    return best


def luhn(digits: str) -> bool:
    """
    Say whether the last digit is the one that Luhn's formula asks for (ISO/IEC 7812-1, annex B).

    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    odd = sum(map(int, digits[-1::-2]))
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0


def ibans(text: str) -> Iterator[Span]:
    """
    Yield the IBANs of a text, in groups or in one piece.

    >>> [span.value for span in ibans("to GB82 WEST 1234 5698 7654 32, please")]
    ['GB82WEST12345698765432']
    """
    for match in _IBAN.finditer(text):
        country = match[0].replace(" ", "")[:2].upper()
        length = _IBAN_LENGTHS.get(country)
        if not length:
            continue
        found = re.compile(
            rf"(?:[A-Za-z0-9][ \-.]?){{{length - 1}}}[A-Za-z0-9](?![A-Za-z0-9])"
        ).match(text, match.start())
        if found:
            value = re.sub(r"[ \-.]", "", found[0]).upper()
            if int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1:
                yield Span(*found.span(), "iban", value)


def phones(text: str) -> Iterator[Span]:
    """
    Yield telephone numbers.

    >>> [span.value for span in phones("+49 (0)170 123 45 67; order 0170123456; 24.12.2026")]
    ['+491701234567']
    """
    for match in _PHONE.finditer(text):
        group = "said" if match["said"] else 0
        start, stop = match.span(group)
        written = text[start:stop]
        if not written.startswith("+") and (
            _is_something_else(text, start, stop)
            or (group == 0 and written.isdigit() and len(written) < _LEAST_PLAIN)
        ):
            continue
        yield Span(start, stop, "phone", _dialled(written))
        if group and (more := _REST.match(text, stop)):  # several in a row, cut at a wrong place
            yield Span(*more.span("rest"), "phone", _dialled(more["rest"]))


def _is_something_else(text: str, start: int, stop: int) -> bool:
    before = text[max(0, start - _LOOK_BACK) : start]
    return bool(
        _CALLED_SOMETHING_ELSE.search(before)
        or _PRICED_BEFORE.search(before)
        or _PRICED_AFTER.match(text, stop)
    )


def _dialled(written: str) -> str:
    digits = "".join(c for c in written.replace("(0)", "") if c.isdigit())
    if written.lstrip(" (").startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits
