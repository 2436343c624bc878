"""
The tiny first prompt of `promptgit init --example`, with cases to try it on.

There are enough of them for `improve` to prove a gain.  They share their patterns, so that gain
says nothing of real customers: it shows how the commands go.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from promptgit.config.schema import modeline

PROMPT = """\
You sort messages from customers of a bicycle shop.

Answer with one of: praise, complaint, question.
"""

PARTS = ("brake", "saddle", "chain", "front wheel", "lamp", "lock")
MESSAGES = {  # label → what customers write about a part
    "praise": (
        "The new {} is superb, thank you!",
        "Thank you for the {}. It runs like a dream.",
        "I love the {} that you chose for me.",
        "Great work on the {}, and so friendly.",
        "Lovely people, and the {} was ready a day early.",
    ),
    "complaint": (
        "The {} broke again, a day after you fixed it.",
        "I have waited three weeks for the {}.",
        "You charged me twice for the same {}.",
        "The {} came back dirty and still makes a noise.",
        "Nobody answers the phone, and the {} is still not fixed.",
    ),
    "question": (
        "What does a new {} cost?",
        "How long does it take to repair a {}?",
        "Which {} would you take for a city bike?",
        "Can I bring the {} in without an appointment?",
        "Do you have a {} for a bike for children?",
    ),
}


def _cases() -> str:
    rows = [
        f'"{message.format(part)}",{label}'
        for label, messages in MESSAGES.items()
        for message in messages
        for part in PARTS
    ]
    return "\n".join(["comment,response", *rows, ""])


EVAL = f"""\
{modeline("eval")}
# What a good answer of feedback.md is.
cases: feedback.csv

# The score of an answer is the weighted mean of these checks.
assert:
  - {{type: equals, value: "{{{{ expected }}}}", ignore_case: true, strip: true}}
"""

EXAMPLE: Mapping[str, str] = MappingProxyType(  # path → text
    {
        "prompts/feedback.md": PROMPT,
        "prompts/feedback.csv": _cases(),
        "prompts/feedback.eval.yaml": EVAL,
    }
)
