"""
Names of people, by rule: "my name is X", salutations, titles, signatures, labelled fields.

A rule knows a name by the words around it, so it finds the one who introduces themselves and not
everybody who is mentioned; presidio (the extra `pii`) finds more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptgit.flywheel.redaction.rules import Span

_WORD = r"[^\W\d_](?:[^\W\d_]|['’\-](?=[^\W\d_])){0,40}"
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ](?:[^\W\d_]|['’\-](?=[^\W\d_])){0,40}"
_INITIAL = r"[^\W\d_a-zß-öø-ÿ]\."
_PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|bin|al|el|zu|zur|ter)"
_PART = rf"(?:{_INITIAL}|{_CAPITAL})"
_FULL = rf"{_PART}(?: (?:{_PARTICLE} ){{0,2}}{_PART}){{0,3}}"  # Jane, Jane Q. Doe, Ada von Berg
_FULL_OF_TWO = rf"{_PART}(?: (?:{_PARTICLE} ){{0,2}}{_PART}){{1,3}}"
_TITLE = (
    r"(?:mrs?|ms|miss|mx|dr|prof|herrn?|frau|fräulein|monsieur|madame|mme|mlle|señora?|señorita"
    r"|sra?|srta|don|doña|signora?|sig|sir|dame|professor|doctor)"
)


@dataclass(frozen=True, slots=True)
class _Cue:
    """What stands before a name: how to see quickly that it is not there, and how to find both."""

    marks: tuple[str, ...]  # in lower case; one is in every text that the pattern matches
    pattern: str
    any_case: bool = False  # people introduce themselves in lower case

    def found_in(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        if any(mark in lowered for mark in self.marks):
            for match in re.finditer(self.pattern, text):
                yield match.span("name")


_INTRODUCED = (
    r"(?i:\b(?:my (?:full |last |first |sur)?name(?: is|['’]s|:)|the name is|call me|mein name ist"
    r"|ich hei(?:ß|ss)e|mein name:|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo"
    r"|meu nome é|ik heet|mijn naam is|jag heter))[ ,:]{1,3}"
)
_CUES = (
    _Cue(
        ("name", "call me", "heiße", "heisse", "appelle", "mon nom", "me llamo", "mi nombre")
        + ("mi chiamo", "meu nome", "ik heet", "mijn naam", "jag heter"),
        _INTRODUCED + rf"(?:(?i:{_TITLE})\.? )?(?P<name>{_FULL}|{_WORD}(?: {_WORD})?)",
        any_case=True,
    ),
    _Cue(
        ("i am ", "i'm ", "i’m ", "this is ", "ich bin ", "hier ist ", "je suis ", "soy ", "sono ")
        + ("here is ", "hier spricht "),
        r"(?i:\b(?:i am|i['’]m|this is|here is|ich bin|hier (?:ist|spricht)|je suis|soy|sono)) "
        rf"(?P<name>{_FULL_OF_TWO})",
    ),
    _Cue(
        ("dear ", "hi ", "hello ", "hey ", "hallo ", "liebe", "bonjour ", "hola ", "ciao ", "cher")
        + ("good morning ", "good afternoon ", "good evening ", "thanks", "thank you", "guten "),
        r"(?i:\b(?:dear|hi|hello|hey|hallo|lieber?|bonjour|hola|ciao|ch[eè]re?|good (?:morning|"
        r"afternoon|evening)|guten (?:tag|morgen|abend)|thanks|thank you)(?: again| there)?),? "
        rf"(?P<name>{_FULL})(?=[ ]?(?:[,!.:;\n–—]|\Z))",
    ),
    _Cue(
        (
            "regards",
            "sincerely",
            "cheers",
            "best wishes",
            "all the best",
            "yours ",
            "thanks,",
            "gruß",
        )
        + ("grüße", "gruss", "gruesse", "cordialement", "saludos", "atentamente", "saluti", "kind ")
        + ("warmly", "respectfully", "thank you,", "love,", "signed"),
        r"(?i:(?:regards|sincerely|cheers|best wishes|all the best|yours (?:truly|faithfully)|thanks"
        r"|thank you|gr(?:ü|ue)(?:ß|ss)e?n?|gruss|cordialement|saludos|atentamente|saluti|warmly"
        r"|respectfully|love|signed)[ \t]{0,3}[,.!:–—-]?[ \t]{0,3}(?:\r?\n[ \t>-]{0,4}){0,3})"
        rf"(?P<name>(?<=[\n ,>:-]){_FULL})(?=[ \t]?(?:[,.\n(|\r]|\Z))",
    ),
    _Cue(
        tuple(f"{title} " for title in ("mr", "mrs", "ms", "mx", "dr", "prof", "miss", "herr"))
        + ("mr.", "mrs.", "ms.", "dr.", "prof.", "herrn ", "frau ", "monsieur ", "madame ", "señor")
        + ("mme ", "mlle ", "sra", "sr. ", "signor", "sig. ", "professor ", "doctor ", "srta"),
        rf"\b(?i:{_TITLE})\.? (?:(?i:{_TITLE})\.? ){{0,2}}(?P<name>{_FULL})",
    ),
    _Cue(
        (
            "name",
            "customer",
            "kunde",
            "client",
            "signed",
            "contact",
            "attn",
            "recipient",
            "passenger",
        )
        + ("patient", "caller", "cardholder", "sender"),
        r"(?i:\b(?:(?:full|first|last|middle|given|family|sur|user|customer|client|contact|billing)"
        r"[ _-]?)?name|\b(?:customer|kunde|client|contact|attn|recipient|passenger|patient|caller"
        r"|cardholder|sender)(?:[ _-]?name)?)[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?"
        rf"(?P<name>{_FULL_OF_TWO})",
    ),
    _Cue(
        ("first", "last", "full", "given", "family", "surname", "vorname", "nachname", "customer"),
        r"(?i:\b(?:(?:full|first|last|given|family|customer)[ _-]?name|surname|vorname|nachname))"
        rf"[\"']?[ \t]{{0,2}}[:=][ \t]{{0,2}}[\"']?(?P<name>{_FULL}|{_WORD})",
        any_case=True,
    ),
)
# What stands where a name could, and is none.
_NO_NAME = frozenset(
    """
    a able about afraid after again all also always am an and any anyone anything are as ask asking
    at available back because been being below best but by can changed check come could customer
    customers day did different do does done dont each either else ever every everybody everyone
    everything fine first folks following for friend friends from get getting glad go going good got
    great guys had happy has have having he hello help her here hi him his how however i if important
    in interested is it its jan january just kind know ladies last later let like looking love ma'am
    madam many may maybe me more morning most much my name need never new next no nobody none not
    nothing now of off ok okay on one only or order other our out over per please previous quite
    really regarding reader same see she should sir sirs since so some someone sorry still such sure
    team than thank thanks that the their them then there these they this those through time to today
    tomorrow too trying under unable until up us using very want wanting was we welcome well were what
    when where which while who why will with without wondering would write writing wrong yes yesterday
    yet you your support service sales world valued hiring manager assistant agent bot user admin
    chatgpt gpt claude gemini siri alexa openai google microsoft amazon api sql python json html
    damen herren kunde kundin zusammen und oder der die das ein eine ich sie er es nicht wirklich
    leider immer noch jetzt schon auch nur sehr nach aus bei für mit von zu tout tous monde équipe
    todos equipo cliente clients sincerely regards cheers company order invoice mr mrs ms dr prof
    monday tuesday wednesday thursday friday saturday sunday english german french spanish
    """.split()
)
_MARK_OF_NAME = re.compile(_WORD)


def names(text: str) -> Iterator[Span]:
    """
    Yield names that the words around them give away.

    >>> [span.value for span in names("Hello, my name is jane doe and I am lost. Regards, Jane")]
    ['jane doe', 'jane']
    """
    lowered = text.lower()
    for cue in _CUES:
        for start, stop in cue.found_in(text, lowered):
            stop = _end_of_name(text, start, stop, any_case=cue.any_case)
            if stop > start:
                yield Span(start, stop, "name", normalised(text[start:stop]))


def mentions(text: str, known: frozenset[str]) -> Iterator[Span]:
    """Yield where names that are `known` (normalised) from elsewhere are mentioned with capitals."""
    lowered = text.lower()
    for name in known:
        if name not in lowered:
            continue
        pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, name.split())) + r"(?!\w)"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            if match[0][0].isupper() or " " in match[0]:
                yield Span(*match.span(), "name", name)


def parts(name: str) -> Iterator[str]:
    """
    Yield a normalised name and those parts of it that are as telling alone.

    >>> sorted(parts("ada von berg"))
    ['ada', 'ada von berg', 'berg']
    """
    yield name
    for word in name.split():
        if len(word) > 2 and word not in _NO_NAME and not re.fullmatch(_PARTICLE, word):
            yield word


def normalised(name: str) -> str:
    return " ".join(name.replace("’", "'").rstrip(".").casefold().split())


def _end_of_name(text: str, start: int, stop: int, *, any_case: bool) -> int:
    """Cut a name before the first word that is none; a name is not written in capitals alone."""
    end = start
    for word in _MARK_OF_NAME.finditer(text, start, stop):
        plain = word[0].casefold().replace("’", "'")
        if plain in _NO_NAME or plain.split("'")[0] in _NO_NAME:
            break
        if not any_case and word[0].islower() and not re.fullmatch(_PARTICLE, word[0]):
            break
        end = word.end()
    return end
