"""The output is HTML, or has HTML in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.scorers.wording import quoted

INDICATORS = 2  # so many must be there: "a < b" and an e-mail address have none or one
# Elements without an end (HTML Living Standard, 13.1.2), those whose end may be left out
# (13.1.2.4), and all others, obsolete ones included.
_VOID = "area base br col embed hr img input link meta param source track wbr"
_IMPLIED = """
    li dt dd p rb rt rtc rp optgroup option colgroup thead tbody tfoot tr td th html head
    body caption
"""
_OTHERS = """
    a abbr acronym address applet article aside audio b bdi bdo big blockquote button canvas center
    cite code data datalist del details dfn dialog div dl em fieldset figcaption figure font footer
    form frame frameset h1 h2 h3 h4 h5 h6 header hgroup i iframe ins kbd label legend main map mark
    marquee math menu meter nav noframes noscript object ol output picture pre progress q ruby s
    samp script search section select slot small span strike strong style sub summary sup svg table
    template textarea time title tt u ul var video
"""
VOID, IMPLIED = frozenset(_VOID.split()), frozenset(_IMPLIED.split())
ELEMENTS = VOID | IMPLIED | frozenset(_OTHERS.split())

_TAG = r"<[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?"
_OPENS, _CLOSES = re.compile(rf"{_TAG}>"), re.compile(r"</[a-zA-Z][a-zA-Z0-9-]*\s*>")
_SIGNS = (  # a pattern, and how many indicators it is
    (re.compile(rf"{_TAG}/>"), 1),
    (re.compile(r"&(?:[a-zA-Z]{2,31}|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});"), 1),
    (re.compile(r"<!DOCTYPE\s+html", re.IGNORECASE), 2),
    (re.compile(r"<!--"), 1),
    (re.compile(r"<[a-zA-Z][^<>]*\s[a-zA-Z-]+\s*=\s*[\"'][^\"'<>]*[\"']"), 1),
)


def is_html(_case: Case, output: str) -> Score:
    """
    Pass when the whole output is HTML: it starts and ends with tags, and what opens is closed.

    Text, comments and a doctype may stand inside; an XML declaration, an element that HTML does
    not have (but for those with a `-` in their names) or text outside of the tags may not.
    """
    text = output.strip()
    if not (text.startswith("<") and text.endswith(">")):
        return Score(0.0, f"does not start and end with a tag: {quoted(text)}" if text else "empty")
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except AssertionError:  # the standard library's word for a declaration it cannot read
        return Score(0.0, "it has a declaration that HTML does not have")
    unclosed = [tag for tag in reader.open if tag not in IMPLIED]
    if reader.fault or unclosed:
        return Score(0.0, reader.fault or f"<{unclosed[-1][:40]}> is not closed")
    return Score(1.0, "is HTML") if reader.tags else Score(0.0, "there is no tag in it")


def contains_html(_case: Case, output: str) -> Score:
    """Pass when at least two things in the output look like HTML, as promptfoo counts them."""
    opens, closes = _OPENS.search(output), _CLOSES.search(output)
    count = bool(opens) + bool(closes)
    count += sum(worth for pattern, worth in _SIGNS if pattern.search(output))
    names = {found[1].lower() for found in re.finditer(r"<([a-zA-Z][a-zA-Z0-9-]*)[\s/>]", output)}
    count += 2 * bool(names & ELEMENTS)
    if count >= INDICATORS:
        first = opens or closes
        return Score(1.0, f"has {quoted(first[0])}" if first else "has HTML")
    return Score(0.0, "there is no HTML in it")


class _Reader(HTMLParser):
    """Notes the first thing that is wrong with a text as HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fault = ""
        self.tags = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._known(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._known(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in IMPLIED:
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in IMPLIED and tag not in VOID:
            self._blame(f"</{tag[:40]}> closes nothing that is open")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.open:
            self._blame(f"{quoted(data.strip())} is outside of the tags")

    def handle_pi(self, data: str) -> None:
        self._blame("it is XML: it has a processing instruction")

    def unknown_decl(self, data: str) -> None:
        self._blame("it is XML: it has a CDATA section")

    def _known(self, tag: str) -> None:
        self.tags += 1
        if tag not in ELEMENTS and "-" not in tag and not {"svg", "math"} & set(self.open):
            self._blame(f"<{quoted(tag)[1:-1]}> is no element of HTML")

    def _blame(self, fault: str) -> None:
        self.fault = self.fault or fault
