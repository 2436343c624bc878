"""Nothing personal or secret stays in a text, what is neither stays, and joins still work."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from types import SimpleNamespace

import pytest

from flywheel.planted_forms import CARDS, IBANS, NAMES, PLAIN, cores, planted
from promptgit.edges.redacting import redactor
from promptgit.errors import UserError
from promptgit.flywheel.interaction import Interaction
from promptgit.flywheel.plan import Redact
from promptgit.flywheel.redaction import Redactor, Rule, Span
from promptgit.flywheel.redaction.presidio import Presidio

KEY = b"a key of at least sixteen bytes"
REDACTOR = Redactor(KEY)
PSEUDONYM = re.compile(r"<([a-z]+):[a-f][0-9a-f]{11}>")
HARMLESS = (
    "order 4812345678 came on 2024-01-15 at 10:30:45",
    "order no. 0012345678 and ticket #0170123456",
    "it cost $1,234.56, or 1.234.567,89 € for 1 234 567 items",
    "on 24.12.2026, 01/02/2024 or 2026-11-21T20:40:05.123Z+01:00",
    "pi is 3.14159265358979 and the share 0.12345678901",
    "version 1.2.3.4 of v10.20.30.40, release 2024.01.15",
    "550e8400-e29b-41d4-a716-446655440000",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "1795293605 1795293605123 1795293605123000000",
    "127.0.0.1 and 0.0.0.0 and ::1 and std::vector<a::b>",
    "card 4111 1111 1111 1112 fails the test of Luhn",
    "DE89370400440532013001 is no IBAN",
    "Dear Customer, Hello World! Hi there, Thanks, Regards, Dear Sir or Madam",
    "I am Very Happy, this is Not Good, I'm So Sorry",
    "the name is changed, my name is not important",
    "thanks @joe.smith, meet @ 5 p.m., a@b",
    "(2024) 12345678, 10-20-30-40, 192.168.0",
    "def mail(self): return f'{user}@{host}'",
    "order 123-45-6789, ref no. 219-09-9999, part 000-12-3456, A-123-45-6789, 123-45-67890",
    "born to be late: ordered 12.03.1981, a birthday present of 2026-11-21",
    "This is Urgent! this is Peter's parcel. This is UPS",
    "12:30:45:10:20 and 10-20-30-40-50-60",
    "at:12:30:45, span:12:30:45:10, Goo::bad::face() and 12:030/901820",
)
TOLD = {
    "tel. 030-901820 / 0171 2345678": "tel. <phone> / <phone>",
    "tel 030 901820 0171 2345678": "tel <phone> <phone>",
    "phone: 030/901820/0171-2345678 or fax": "phone: <phone>/<phone> or fax",
    "SSN 123-45-6789": "SSN <document>",
    "my social security number is 123 45 6789": "my social security number is <document>",
    "it is 123-45-6789.": "it is <document>.",
    "born 12.03.1981": "born <birthdate>",
    "I was born in Leeds on March 12, 1981": "I was born in Leeds on <birthdate>",
    "my birthday: the 3rd of May 1990": "my birthday: the <birthdate>",
    "DOB: 1981-03-12": "DOB: <birthdate>",
    "geb. am 12.3.81, bestellt am 12.3.26": "geb. am <birthdate>, bestellt am 12.3.26",
    "this is Peter": "this is <name>",
    "Where is it?\nHi, this is Peter from Leeds": "Where is it?\nHi, this is <name> from Leeds",
    "Hier spricht Petra, guten Tag": "Hier spricht <name>, guten Tag",
    "ip:2001:db8::8a2e:370:7334": "ip:<ip>",
    "see:2001:db8:85a3::8a2e:370:7334.": "see:<ip>.",
    "contact:020 7946 0958": "contact:<phone>",
    "contact:202-555-0143": "contact:<phone>",
    "T:030/901820": "T:<phone>",
    "the router 00:1A:2b:3c:4d:5e": "the router <mac>",
    "the router 00-1A-2B-3C-4D-5E": "the router <mac>",
}


@pytest.mark.parametrize("text", TOLD)
def test_what_the_words_around_it_or_its_form_tell_goes_and_no_half_of_it_stays(text):
    assert PSEUDONYM.sub(r"<\1>", REDACTOR.text(text)) == TOLD[text]


def test_hundreds_of_planted_strings_are_all_found():
    missed = [
        (kind, text)
        for kind, form, text in planted()
        if any(core in REDACTOR.text(text) for core in cores(kind, form))
    ]

    assert not missed
    assert len(list(planted())) > 2_000


@pytest.mark.parametrize("said", NAMES)
def test_a_name_is_known_by_the_words_around_it(said):
    assert not [word for word in NAMES[said].split() if word in REDACTOR.text(said)]
    assert PSEUDONYM.search(REDACTOR.text(said))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_neither_personal_nor_secret_stays(text):
    assert REDACTOR.text(text) == text


def test_what_is_redacted_stays_so():
    for _, _, text in planted():
        once = REDACTOR.text(text)
        assert REDACTOR.text(once) == once


def test_the_same_thing_has_the_same_pseudonym_however_it_is_written():
    ways = ("Jane@Example.com", "jane@example.com", "ｊane＠example．com", "jane (at) example.com")
    numbers = ("+49 170 1234567", "0049 (0) 170-123 45 67", "+491701234567")

    assert len({REDACTOR.text(way) for way in ways}) == 1
    assert len({REDACTOR.text(number) for number in numbers}) == 1
    assert len({REDACTOR.text(card) for card in CARDS[:3]}) == 1
    assert len({REDACTOR.text(iban) for iban in IBANS[:2]}) == 1


def test_pseudonyms_depend_on_the_key_and_on_the_kind():
    other = Redactor(b"another key of sixteen")

    assert REDACTOR.text("jane@example.com") != other.text("jane@example.com")
    assert REDACTOR.text("jane@example.com") == Redactor(KEY).text("jane@example.com")
    assert REDACTOR.pseudonym("email", "x") != REDACTOR.pseudonym("name", "x")


def test_what_was_found_is_counted_by_kind():
    found: Counter[str] = Counter()

    REDACTOR.text("a@example.com, b@example.com and 4111 1111 1111 1111", found)

    assert found == {"email": 2, "card": 1}


def a_line(**fields) -> Interaction:
    return Interaction("c1", "2026-11-21T20:40:05.123Z", **fields)


def test_every_text_of_a_line_is_redacted():
    mail = "jane.doe@example.com"
    line = a_line(
        system=mail,
        input=mail,
        output=mail,
        error=f"ValueError: {mail}",
        inputs={"customer": f"is {mail}", mail: "x"},
        facts={"note": f'{{"nested": {{"mail": "{mail}"}}}}', mail: "x"},
        scores={mail: 1.0},
        unit=mail,
        conversation=f"chat of {mail}",
        prompt=mail,
        model=mail,
    )

    assert mail not in REDACTOR.interaction(line).line()


def test_ids_that_are_not_personal_stay_and_personal_ones_still_join():
    call = Interaction(
        "jane@example.com/1", "2026-11-21T20:40:05.123Z", conversation="+491701234567"
    )
    said = Interaction("f1", call.at, kind="feedback", of="jane@example.com/1")
    plain = a_line(
        conversation="q8Zt3LwX0vBn5KsY7mHd2RfJ9cGp4TaU",  # drawn at random, as ids are
        unit="550e8400-e29b-41d4-a716-446655440000",
        version="4111111111111111aaaaaaaaaaaaaaaaaaaaaaaa",
    )

    assert REDACTOR.interaction(call).id == REDACTOR.interaction(said).of
    assert "jane" not in REDACTOR.interaction(call).id
    assert REDACTOR.interaction(call).conversation.startswith("<phone:")
    assert REDACTOR.interaction(plain) is plain


def test_a_name_that_one_field_gives_away_goes_from_all_of_them():
    line = a_line(
        input="My name is Rosalind Quimby, where is my parcel?",
        output="Thank you for asking Rosalind! Ms Quimby's parcel is on its way.",
        facts={"summary": "Rosalind Quimby asked for a parcel"},
    )

    written = REDACTOR.interaction(line).line()

    assert "Rosalind" not in written
    assert "Quimby" not in written
    assert "parcel" in written


def test_a_field_that_is_called_a_name_or_an_address_is_taken_whole():
    line = a_line(inputs={"customer_name": "quimby", "address": "12 Elm St, Leeds", "topic": "tea"})

    inputs = REDACTOR.interaction(line).inputs

    assert PSEUDONYM.fullmatch(inputs["customer_name"])
    assert PSEUDONYM.fullmatch(inputs["address"])
    assert inputs["topic"] == "tea"


def test_a_field_is_taken_whole_though_a_part_of_it_is_redacted():
    line = a_line(inputs={"name": "Quimby <email:a00000000000>", "phone_number": "5551234"})

    inputs = REDACTOR.interaction(line).inputs

    assert all(PSEUDONYM.fullmatch(text) for text in inputs.values())
    assert REDACTOR.interaction(a_line(inputs=inputs)).inputs == inputs


@pytest.mark.parametrize(
    "text",
    [
        "_203.0.113.77_", "...203.0.113.77...", "*+49 170 1234567*", "_+49 170 1234567_",
        "jane.roe\\x40example.com", "jane.roe\\u{40}example.com", "jane.roe\\U00000040example.com",
        "jane.roe%2540example.com", "jane.roe%252540example.com",
    ],
)  # fmt: skip
def test_marks_around_it_and_layers_of_encoding_hide_nothing(text):
    assert re.fullmatch(rf"[_.*]*{PSEUDONYM.pattern}[_.*]*", REDACTOR.text(text))


def test_a_rule_of_your_own_takes_its_value_and_one_that_cannot_be_read_is_an_error():
    redactor = Redactor(KEY, [Rule("customer-number", r"customer (?P<value>K\d+)")])

    text = redactor.text("customer K4711 called")

    assert re.fullmatch(r"customer <customer-number:[a-f0-9]{12}> called", text)
    assert redactor.text(text) == text
    with pytest.raises(UserError, match="cannot be read"):
        Rule("customer-number", "(")
    with pytest.raises(UserError, match="no kind"):
        Rule("Customer Number", "x")


def test_a_rule_that_takes_too_long_takes_the_whole_text(monkeypatch):
    monkeypatch.setattr("promptgit.flywheel.redaction.rules.TIMEOUT_S", 0.05)
    redactor = Redactor(KEY, [Rule("slow", r"(a|aa)+$")])

    assert PSEUDONYM.fullmatch(redactor.text("a" * 60 + "b"))


def test_kinds_that_are_kept_stay():
    redactor = Redactor(KEY, keep=frozenset({"ip"}))

    assert redactor.text("203.0.113.7 jane@example.com").startswith("203.0.113.7 <email:")


def test_another_finder_is_heard_too():
    def towns(text: str):
        at = text.find("Leeds")
        return [Span(at, at + 5, "address", "leeds")] if at >= 0 else []

    assert "Leeds" not in Redactor(KEY, [towns]).text("I live in Leeds")


@pytest.mark.parametrize(
    "piece",
    ["a@", "a@a.", "-eyJaaaaaaaa", "sk-", "1 ", "1.", "4 ", "+1", "01/02/2024 ", "::", "Dear ",
     "my name is ", "://a:", "DE89 ", "\\u0040", "%40", "&#64;", "\u200b", "'a", "I am ", "A ",
     "call ", "<email:", "name: ", "\\", "%25",
     "born ", "born 1", "ssn ", "123-45-", "0a:", "0a-", "\nthis is A", "tel 030 / "],
)  # fmt: skip
def test_time_is_linear(piece):
    """A text twice as long takes about twice as long: what is quadratic takes four times."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            REDACTOR.text(text)
            best = min(best, time.process_time() - begin)
        return best

    short, long = seconds(10_000), seconds(80_000)

    assert long < 24 * max(short, 0.001), (short, long)


def test_all_kinds_are_planted():
    assert set(PLAIN) == {"email", "phone", "card", "iban", "ip", "secret"}


class StandIn:
    """Finds one person, in the way of presidio's engine."""

    def analyze(self, *, text: str, language: str, entities: list[str], score_threshold: float):
        at = text.find("Siobhan")
        one = SimpleNamespace(start=at, end=at + 7, entity_type="PERSON", score=0.85)
        return [one] if at >= 0 and "PERSON" in entities and language == "en" else []


def test_presidio_finds_names_that_no_rule_finds_with_the_pseudonym_that_a_rule_gives():
    made = Redactor(KEY, [Presidio(StandIn())])

    text = made.text("the parcel went to Siobhan in Leeds")

    assert text == f"the parcel went to {REDACTOR.text('Dear Siobhan,')[5:-1]} in Leeds"
    assert made.text(text) == text


def test_presidio_that_is_not_installed_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)

    with pytest.raises(UserError) as caught:
        Presidio()

    assert caught.value.hint == "pip install presidio-analyzer"


def test_what_flywheel_yaml_asks_for_is_done_and_the_key_is_not_with_the_logs(tmp_path):
    wanted = Redact(keep=("ip",), names=("Northwind",), patterns=(("customer", r"C-\d{6}"),))

    made = redactor(wanted, tmp_path / "state")

    text = made.text("northwind, C-123456, 203.0.113.7, jane@example.com")
    assert re.sub(r":[a-f0-9]{12}", "", text) == "<name>, <customer>, 203.0.113.7, <email>"
    assert (tmp_path / "state" / "redaction.key").is_file()


def test_a_machine_without_a_repository_keeps_its_key_in_the_users_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    first, second = redactor(Redact(), None), redactor(Redact(), None)

    assert first.text("a@b.de") == second.text("a@b.de")
    assert (tmp_path / "promptgit" / "redaction.key").is_file()
