"""
Rules on what a long prompt should say: who answers, what for, about what, how, within what bounds.

Advice, found by cue words, and only given on English texts of 100 words or more: a short prompt
needs no headings, and a checker of words cannot judge other languages.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.lint.finding import Mark, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

ENOUGH = 100  # words; below it no part is missed
ENGLISH = 0.12  # of all words are among these, in any English text
_COMMON = frozenset(
    {"the", "a", "an", "of", "to", "and", "in", "is", "are", "you", "your", "it", "that", "this"}
    | {"for", "with", "or", "not", "be", "as", "on", "by", "if", "do"}
)

# Cues, parted by commas; one that ends with * may go on: `limit*` is `limited` too.
_ROLE = """
you are, you're, your role*, your job, act as, acting as, as an expert*, as an assistant*, role :,
persona*, pretend*, speak as, play the, we are, on behalf of, work for, work at, working for,
you answer*, you grade*, you help*, you review*, you serve*, you work*, you write*
"""
_INTENT = """
your task*, your goal*, your aim*, your purpose*, your mission*, your job*, task :, goal*, must,
objective*, purpose*, in order to, so that, help*, need to, needs to, should, is to, want*, please,
answer*, reply*, respond*, write*, classify*, sort, summari*, extract*, translate*, generate*,
decide*, analy*, review*, draft*, rewrite*, convert*, identify*, label*, explain*, create*, produce*
"""
_CONTEXT = """
{{, context*, background*, given, below, following, about, because, customer*, user*, company*,
team*, message*, document*, question*, input*, email*, e mail*, ticket*, text*, data, fact*, code*,
situation*, conversation*, we sell, we offer, we have, we provide, we make
"""
_RESULT = """
answer with*, answer in, answer only, answer by, reply with*, reply in, reply only, respond with*,
respond in, respond only, format*, json*, yaml, csv, markdown*, output*, result*, return*, list of,
bullet*, sentence*, words, paragraph*, table*, one of, label*, heading*, begin with*, end with*,
start with*, greeting*, sign*, tone*, example*, in full, nothing but, nothing else, the whole
"""
_CONSTRAINT = """
do not, don't, never, no more than, at most, at least, only, must, avoid*, without, always, except*,
unless, limit*, maximum*, minimum*, under, keep it, keep to, within, refuse*, cannot, can't,
not allowed*, forbidden*, short*, brief*, exactly
"""


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


def _missing(subject: Subject, cues: str, what: str, hint: str) -> Iterator[Mark]:
    said = subject.words
    if not any(_has(said, cue) for cue in cues.replace("\n", " ").split(",")) and _judged(said):
        yield Mark(f"the prompt does not seem to say {what}", hint=hint)


def _has(said: str, cue: str) -> bool:
    word = f" {cue.strip()} "
    return (word[:-2] if word.endswith("* ") else word) in said


def _judged(said: str) -> bool:
    found = said.split()
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
