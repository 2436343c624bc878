"""What the offline mentor answers to a strategy that breeds prompts."""

from __future__ import annotations

import re

from promptgit import metaprompts
from promptgit.core.prompt import Prompt
from promptgit.models.offline.breeding import bred
from promptgit.models.offline.mentor import advise

MISS = {
    "input": "Where is order 5?",
    "output": "Soon.",
    "expected": "The parcel is with the courier.",
    "score": 0.0,
    "whys": ["contains: it lacks courier"],
}
FACTS = {
    "path": "prompts/a.md",
    "prompt": "Answer the customer.\n- Be kind.\n",
    "fence": "abc123",
    "score": 0.25,
    "metrics": {},
    "tried": [],
    "misses": [MISS],
    "lessons": [],
    "others": [],
    "operator": "first-order",
    "instruction": "Add a rule.",
    "style": "Slowly.",
    "count": 2,
}


def asked(name, **facts):
    return Prompt.of(metaprompts.text(name)).fill({**FACTS, **facts})


def test_it_writes_a_better_instruction_with_the_same_aim():
    once = advise(asked("hypermutate", instruction="Add a rule."))

    assert once == "Add a rule, as one rule that says what to look for."
    assert advise(asked("hypermutate", instruction=once)) == once


def test_it_finds_an_instruction_where_none_is_given():
    assert "what the misses have in common" in advise(asked("hypermutate", instruction=""))


def test_it_judges_a_patch_by_what_it_brings_of_the_expected_answers():
    patches = ["+- Name the courier of the parcel.", "+- Be brief."]

    said = advise(asked("prescreen", patches=patches))

    one, other = re.findall(r"^\d: (\d+\.\d)$", said, re.MULTILINE)
    assert float(one) > float(other) == 0.0


def test_it_breeds_patches_from_misses_and_from_lessons():
    misses = [{**MISS, "input": f"Where is order {n}?"} for n in range(4)]
    lessons = [{key: miss[key] for key in ("input", "expected")} for miss in misses]

    from_misses = advise(asked("breed", misses=misses))
    from_lessons = advise(asked("breed", misses=[], lessons=lessons, operator="lamarckian"))

    assert "```diff" in from_misses
    assert "```diff" in from_lessons


def test_it_reflects_in_patches():
    assert "```diff" in advise(asked("reflect", misses=[MISS] * 3))


def test_other_texts_are_none_of_its_business():
    assert bred("# Breed dogs\n") is None
