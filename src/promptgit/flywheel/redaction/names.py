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


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class _Cue:
    """What stands before a name: how to see quickly that it is not there, and how to find both."""

    words: str  # in lower case; one of them is in every text that the pattern matches
    pattern: str
    any_case: bool = False  # people introduce themselves in lower case
    marks: str = ""  # one of these characters is in it as well; empty: none need be


_INTRODUCED = (
    r"(?i:\b(?:my (?:full |last |first |sur)?name(?: is|['’]s|:)|the name is|call me|mein name ist"
    r"|ich hei(?:ß|ss)e|mein name:|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo"
    r"|meu nome é|ik heet|mijn naam is|jag heter))[ ,:]{1,3}"
)
_CUES = (
    _Cue(
        "name call heiße heisse appelle nom llamo nombre chiamo nome heet naam heter",
        _INTRODUCED + rf"(?:(?i:{_TITLE})\.? )?(?P<name>{_FULL}|{_WORD}(?: {_WORD})?)",
        any_case=True,
    ),
    _Cue(
        "am m this bin hier suis soy sono here",
        r"(?i:\b(?:i am|i['’]m|this is|here is|ich bin|hier (?:ist|spricht)|je suis|soy|sono)) "
        rf"(?P<name>{_FULL_OF_TWO})",
    ),
    _Cue(
        "this hier ici aquí",
        r"(?:\A|\n)[ \t>\"']{0,3}(?i:(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)"
        r"|guten (?:tag|morgen|abend))(?: there)?[,!.]? {0,2})?"
        rf"(?i:this is|hier (?:ist|spricht)|ici|aquí) (?P<name>(?!\w[A-Z]){_FULL})"
        r"(?=[ ]?(?:[,.!\n–—]|\Z)| (?i:from|here|speaking|calling|again|and|von|und|de)\b)",
    ),
    _Cue(
        "dear hi hello hey hallo liebe lieber bonjour hola ciao cher chère good guten thanks thank",
        r"(?i:\b(?:dear|hi|hello|hey|hallo|lieber?|bonjour|hola|ciao|ch[eè]re?|good (?:morning|"
        r"afternoon|evening)|guten (?:tag|morgen|abend)|thanks|thank you)(?: again| there)?),? "
        rf"(?P<name>{_FULL})(?=[ ]?(?:[,!.:;\n–—\"'<}}\]]|\Z))",
    ),
    _Cue(
        "regards sincerely cheers wishes best yours thanks thank gruß grüße grüßen gruss "
        "gruesse cordialement saludos atentamente saluti warmly respectfully love signed",
        r"(?i:(?:regards|sincerely|cheers|best wishes|all the best"
        r"|yours (?:truly|faithfully)|thanks"
        r"|thank you|gr(?:ü|ue)(?:ß|ss)e?n?|gruss|cordialement|saludos|atentamente|saluti|warmly"
        r"|respectfully|love|signed)[ \t]{0,3}[,.!:–—-]?[ \t]{0,3}(?:\r?\n[ \t>-]{0,4}){0,3})"
        rf"(?P<name>(?<=[\n ,>:-]){_FULL})(?=[ \t]?(?:[,.\n(|\r\"'<}}\]]|\Z))",
    ),
    _Cue(
        "mr mrs ms mx dr prof miss herr herrn frau fräulein monsieur madame mme mlle "
        "señor señora señorita sr sra srta don doña signor signora sig sir dame professor "
        "doctor",
        rf"\b(?i:{_TITLE})\.? (?:(?i:{_TITLE})\.? ){{0,2}}(?P<name>{_FULL})",
    ),
    _Cue(
        "name firstname lastname fullname username surname customer kunde client contact "
        "attn recipient passenger patient caller cardholder sender customername",
        r"(?i:\b(?:(?:full|first|last|middle|given|family|sur|user|customer|client|contact|billing)"
        r"[ _-]?)?name|\b(?:customer|kunde|client|contact|attn|recipient|passenger|patient|caller"
        r"|cardholder|sender)(?:[ _-]?name)?)[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?"
        rf"(?P<name>{_FULL_OF_TWO})",
        marks=":=",
    ),
    _Cue(
        "first last full given family name surname firstname lastname fullname vorname "
        "nachname customername",
        r"(?i:\b(?:(?:full|first|last|given|family|customer)[ _-]?name|surname|vorname|nachname))"
        rf"[\"']?[ \t]{{0,2}}[:=][ \t]{{0,2}}[\"']?(?P<name>{_FULL}|{_WORD})",
        any_case=True,
        marks=":=",
    ),
)
# What stands where a name could, and is none.
_NO_NAME = _words(
    """
    a able about admin afraid after again agent alexa all also always am amazon an and any
    anyone anything api are as ask asking assistant at auch aus available back because been bei
    being below best bot but by can changed chatgpt check cheers claude cliente clients come
    company could customer customers damen das day der did die different do does done dont dr
    each ein eine either else english equipo er es ever every everybody everyone everything fine
    first folks following for french friday friend friends from für gemini german get getting
    glad go going good google got gpt great guys had happy has have having he hello help her
    here herren hi him hiring his how however html i ich if immer important in interested
    invoice is it its jan january jetzt json just kind know kunde kundin ladies last later
    leider let like looking love ma'am madam manager many may maybe me microsoft mit monday
    monde more morning most mr mrs ms much my nach name need never new next nicht no nobody noch
    none not nothing now nur oder of off ok okay on one only openai or order other our out over
    per please previous prof python quite reader really regarding regards sales same saturday
    schon see sehr service she should sie since sincerely sir siri sirs so some someone sorry
    spanish sql still such sunday support sure team than thank thanks that the their them then
    there these they this those through thursday time to today todos tomorrow too tous tout
    trying tuesday unable und under until up us user using valued very von want wanting was we
    wednesday welcome well were what when where which while who why will wirklich with without
    wondering world would write writing wrong yes yesterday yet you your zu zusammen équipe
    amazing awesome awful bad fake fantastic nice outrageous perfect ridiculous scam spam support
    terrible test unacceptable unfair urgent
    """
)
_CUES_OF = {
    word: tuple(cue for cue in _CUES if word in _words(cue.words))
    for word in _words(" ".join(cue.words for cue in _CUES))
}
_CUE_WORDS = frozenset(_CUES_OF)
_LETTERS = re.compile(r"[a-z\xdf-\xff]+")
_NAME_WORD = re.compile(_WORD)


def names(text: str) -> Iterator[Span]:
    """
    Yield names that the words around them give away.

    >>> [span.value for span in names("Hello, my name is jane doe and I am lost. Regards, Jane")]
    ['jane doe', 'jane']
    """
    words = _CUE_WORDS.intersection(_LETTERS.findall(text.lower()))
    if not words:
        return
    for cue in dict.fromkeys(cue for word in sorted(words) for cue in _CUES_OF[word]):
        if cue.marks and not any(mark in text for mark in cue.marks):
            continue
        for match in re.finditer(cue.pattern, text):
            start, stop = match.span("name")
            stop = _end_of_name(text, start, stop, any_case=cue.any_case)
            if stop > start:
                yield Span(start, stop, "name", normalised(text[start:stop]))


def mentions(text: str, known: frozenset[str]) -> Iterator[Span]:
    """Yield where `known` names (normalised) are mentioned, with a capital if it is one word."""
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
    for word in _NAME_WORD.finditer(text, start, stop):
        if end > start and re.fullmatch(_PARTICLE, word[0]):
            continue  # Rosalind von Quimby; what follows says whether it belongs to the name
        plain = word[0].casefold().replace("’", "'")
        if plain in _NO_NAME or plain.split("'")[0] in _NO_NAME:
            break
        if not any_case and word[0].islower():
            break
        end = word.end()
    return end
