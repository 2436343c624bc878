"""Grade an answer by a rubric's words: a rule that says that it is one."""

from __future__ import annotations

import json
import re

from promptgit.models.offline.words import is_topical, stems, words

_RUBRIC = re.compile(r"^You grade one answer .*?^Rubric:\n(.*?)\n\nThe next message", re.S | re.M)
_ANSWER = re.compile(r"^answer (\w+)\n(.*?)\nend \1$", re.S | re.M)


def graded(prompt: str, text: str) -> str | None:
    """
    Answer our judge's meta-prompt with the share of the rubric's words that the answer has.

    None when the prompt is not that meta-prompt.

    >>> graded("Be polite.", "hello") is None
    True
    """
    rubric, answer = _RUBRIC.search(prompt), _ANSWER.search(text)
    if not (rubric and answer):
        return None
    wanted = list(dict.fromkeys(word for word in words(rubric[1]) if is_topical(word)))
    there = set(stems(answer[2]))
    missing = [word for word in wanted if not there.issuperset(stems(word))]
    share = 1 - len(missing) / len(wanted) if wanted else float(bool(answer[2].strip()))
    found = f"{len(wanted) - len(missing)} of {len(wanted)} words of the rubric are in the answer"
    without = f", without {', '.join(missing[:5])}" if missing else ""
    reason = f"by a rule, not a judgement: {found}{without}"
    return json.dumps({"reason": reason, "score": round(share, 4)})
