"""
Rules on what a long prompt should say: who answers, what for, about what, how, within what bounds.

Advice, found by cue words, and only given on English texts of 100 words or more: a short prompt
needs no headings, and a checker of words cannot judge other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptgit.core.passages import words
from promptgit.lint.finding import Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

ENOUGH = 100  # words; below it no part is missed
ENGLISH = 0.12  # of all words are among these, in any English text
_COMMON = frozenset(
    {"the", "a", "an", "of", "to", "and", "in", "is", "are", "you", "your", "it", "that", "this"}
    | {"for", "with", "or", "not", "be", "as", "on", "by", "if", "do"}
)

_ROLE = re.compile(
    r"\b(?:you are|you're|your (?:role|job|persona)|act as|acting as|as an? (?:expert|assistant)"
    r"|role\s*:|persona|pretend|speak as|play the|on behalf of|we are|work(?:ing)? (?:for|at))\b"
)
_INTENT = re.compile(
    r"\b(?:your (?:task|goal|aim|purpose|mission|job|objective)|task\s*:|goals?\b|objective|purpose"
    r"|in order to|so that|help\w*|must|need(?:s)? to|should|is to|want(?:s)? (?:to|you)|please"
    r"|answer|reply|respond|write|classify|sort|summari[sz]e|extract|translate|generate|decide"
    r"|analy[sz]e|review|draft|rewrite|convert|identify|label|explain|create|produce)\b"
)
_CONTEXT = re.compile(
    r"\{\{|\b(?:context|background|given|below|following|about|customers?|users?|company|team"
    r"|messages?|documents?|questions?|inputs?|e-?mails?|tickets?|text|data|facts|code|because"
    r"|situation|conversation|we (?:sell|offer|have|provide|make))\b"
)
_RESULT = re.compile(
    r"\b(?:answer (?:with|in|only|by)|reply (?:with|in|only)|respond (?:with|in|only)|format|json"
    r"|ya?ml|csv|markdown|output|result|return|list of|bullets?|sentences?|words|paragraphs?|table"
    r"|one of|labels?|headings?|begin with|end with|start with|greeting|sign|tone|example)\b"
)
_CONSTRAINT = re.compile(
    r"\b(?:do not|don't|never|no more than|at most|at least|only|must(?: not)?|avoid|without"
    r"|always|except|unless|limit\w*|maximum|minimum|under \d+|keep (?:it|to)|within|refuse"
    r"|cannot|can't|not allowed|forbidden|short|brief\w*|exactly)\b"
)


def no_role(subject: Subject) -> Iterator[Mark]:
    """
    A long prompt does not seem to say who answers: a role, a voice, on whose behalf.

    For example: "You are the support desk of a bicycle shop."
    """
    yield from _missing(subject, _ROLE, "who answers", "`You are …` sets the voice")


def no_intent(subject: Subject) -> Iterator[Mark]:
    """
    A long prompt does not seem to say what is to be achieved.

    For example: "Answer the customer, so that no second message is needed."
    """
    yield from _missing(subject, _INTENT, "what is to be done", "name the task in one sentence")


def no_context(subject: Subject) -> Iterator[Mark]:
    """
    A long prompt does not seem to say about what, for whom, or given which facts.

    For example: "The message below is from a customer who has ordered before."
    """
    yield from _missing(subject, _CONTEXT, "what is given", "say what the input is and whose")


def no_result(subject: Subject) -> Iterator[Mark]:
    """
    A long prompt does not seem to say what an answer looks like: form, length, labels, tone.

    For example: "Answer in three sentences, and end with your name."
    """
    yield from _missing(subject, _RESULT, "what an answer looks like", "say its form and length")


def no_constraint(subject: Subject) -> Iterator[Mark]:
    """
    A long prompt does not seem to set any bounds: what never to do, at most how much.

    For example: "Never promise a refund before the order number is known."
    """
    yield from _missing(subject, _CONSTRAINT, "any bounds", "say what must never happen")


def _missing(subject: Subject, cues: re.Pattern[str], what: str, hint: str) -> Iterator[Mark]:
    text = "\n".join([subject.text or "", *(part.text for part in subject.included)])
    if cues.search(text.lower()) or not _judged(text):
        return
    yield Mark(f"the prompt does not seem to say {what}", hint=hint)


def _judged(text: str) -> bool:
    found = words(text)
    common = sum(word in _COMMON for word in found)
    return len(found) >= ENOUGH and common >= ENGLISH * len(found)


RULES = (
    Rule("no-role", Severity.ADVICE, "A long prompt does not say who answers", no_role),
    Rule("no-intent", Severity.ADVICE, "A long prompt does not say what to achieve", no_intent),
    Rule("no-context", Severity.ADVICE, "A long prompt does not say what is given", no_context),
    Rule(
        "no-result",
        Severity.ADVICE,
        "A long prompt does not say what an answer looks like",
        no_result,
    ),
    Rule("no-constraint", Severity.ADVICE, "A long prompt sets no bounds", no_constraint),
)
