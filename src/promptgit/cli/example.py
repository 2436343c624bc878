"""The tiny first prompt of `promptgit init --example`, with cases to try it on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from promptgit.config.schema import modeline

PROMPT = """\
You sort messages from customers of a bicycle shop.

Answer with one of: praise, complaint, question.
"""

CASES = """\
comment,response
"The new brakes are superb, thank you!",praise
"My bike came back dirtier than I left it.",complaint
"Do you repair carbon frames?",question
"Best service in town, I will be back.",praise
"I have waited three weeks for one inner tube.",complaint
"What does a full service cost?",question
"Your mechanic explained everything so patiently.",praise
"The gears slip again, a day after you fixed them.",complaint
"Are you open on Sundays?",question
"Great advice on the saddle, my back is grateful.",praise
"Nobody answers the phone and nobody calls back.",complaint
"Can I bring the bike in without an appointment?",question
"Lovely shop, lovely people.",praise
"You charged me twice for the same chain.",complaint
"How long does it take to true a wheel?",question
"The rental bike was a joy to ride.",praise
"The wheel wobbles worse than before.",complaint
"Which lock would you take for a city bike?",question
"""

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
        "prompts/feedback.csv": CASES,
        "prompts/feedback.eval.yaml": EVAL,
    }
)
