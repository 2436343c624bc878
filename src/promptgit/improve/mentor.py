"""The mentor: a model that reads failures, says what is wrong, and drafts a patch."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptgit.core import forms
from promptgit.core.candidate import Candidate
from promptgit.core.dataset import Case, Dataset
from promptgit.core.evaluation import Result
from promptgit.core.patch import Patch, Refusal, read_patch
from promptgit.core.ports import Answer, Model, Request
from promptgit.core.prompt import Message, Prompt
from promptgit.improve.grouping import Group
from promptgit.improve.several import parts_of

SHOWN_CHARACTERS = 1_500  # of any one text that a case brings into a meta-prompt
UNSHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories of characters that say nothing
WHYS_COUNTED = 3  # of the reasons that misses of one group share, the most frequent


@dataclass(frozen=True, slots=True)
class Draft:
    """What the mentor wrote for one proposal, and the patch in it if there is one."""

    critique: str
    replies: tuple[str, ...]
    shown: tuple[str, ...]  # ids of the cases that the mentor saw
    patch: Patch | None = None
    refusal: str = ""  # why there is no patch

    @property
    def why(self) -> str:
        """What the edit is for, in the mentor's words: those before the patch, or the critique."""
        prose = re.split(r"^(?:```|<{4,}|--- )", self.replies[-1], maxsplit=1, flags=re.MULTILINE)
        return reason_of(prose[0]) or reason_of(self.critique)

    @property
    def summary(self) -> str:
        """The changed lines, for the list of what was tried."""
        if self.patch is None:
            return ""
        changed = [line for line in self.patch.diff.splitlines() if line[:1] in "+-"]
        return "\n".join(line for line in changed if not line.startswith(("+++", "---")))


@dataclass(frozen=True, slots=True)
class Tried:
    """An earlier proposal that did not make it, as the mentor is told of it."""

    summary: str
    reason: str


@dataclass(frozen=True)
class Mentor:
    """
    A model with our meta-prompts.

    Whatever comes from cases is data: cut, stripped of control characters, and framed by a
    token that the data cannot know (reference: DESIGN §12, prompt injection through cases).
    """

    model: Model
    templates: Mapping[str, str]  # by name, see `promptgit.metaprompts.NAMES`
    path: str  # of the prompt, as the diff must name it

    def critique(
        self, parent: Candidate, misses: Sequence[Result], tried: Sequence[Tried], fence: str
    ) -> str:
        """Ask what is wrong with the prompt, given the cases that it misses."""
        return self.ask("critique", self.facts(parent, misses, tried, fence)).text

    def patches(
        self,
        parent: Candidate,
        groups: Sequence[Group],
        cases: Dataset,
        facts: Mapping[str, Any],
    ) -> list[Draft]:
        """
        Ask once for several patches, one for each group of misses; each is an edit of its own.

        `facts`: what `facts` gives.  A reply in which no edit can be read is sent back once.
        """
        misses = [miss for group in groups for miss in group.shown]
        shown = tuple(dict.fromkeys(miss.case_id for miss in misses))
        asked = {**facts, "groups": [_group(group, cases) for group in groups]}
        answer = self.ask("patches", asked)
        drafts = self._several(answer, parent.prompt.text, shown)[: len(groups)]
        if any(draft.patch is not None for draft in drafts):
            return drafts
        told: dict[str, Any] = {"reason": drafts[0].refusal, "nearest": "", "reply": answer.text}
        told |= {"misses": [_miss(miss, cases) for miss in misses]}
        again = self.ask("retry", {**asked, **told})
        return self._several(again, parent.prompt.text, shown)[: len(groups)]

    def _several(self, answer: Answer, before: str, shown: tuple[str, ...]) -> list[Draft]:
        drafts = []
        for part in parts_of(answer.text):
            found = self.read(replace(answer, text=part), before)
            if isinstance(found, Refusal):
                drafts.append(Draft("", (part,), shown, refusal=found.reason))
            else:
                drafts.append(Draft("", (part,), shown, found))
        return drafts

    def draft(
        self,
        parent: Candidate,
        critique: str,
        misses: Sequence[Result],
        tried: Sequence[Tried],
        fence: str,
    ) -> Draft:
        """
        Ask for a patch; once more with the reason if it cannot be applied; then for the file.

        Nothing is applied that does not fit exactly: see `promptgit.core.patch`.
        """
        before = parent.prompt.text
        facts = {**self.facts(parent, misses, tried, fence), "critique": critique}
        shown = tuple(dict.fromkeys(miss.case_id for miss in misses))
        answers = [self.ask("patch", facts)]
        found = self.read(answers[-1], before)
        if isinstance(found, Refusal):
            told = {"reason": found.reason, "nearest": found.nearest, "reply": answers[-1].text}
            answers.append(self.ask("retry", {**facts, **told}))
            found = self.read(answers[-1], before)
        if isinstance(found, Refusal):
            answers.append(self.ask("whole-file", {**facts, "reason": found.reason}))
            found = self.read(answers[-1], before, whole_file=True)
        replies = tuple(answer.text for answer in answers)
        if isinstance(found, Refusal):
            return Draft(critique, replies, shown, refusal=found.reason)
        return Draft(critique, replies, shown, found)

    def read(self, answer: Answer, before: str, *, whole_file: bool = False) -> Patch | Refusal:
        """Read one reply as an edit of `before`, or say why it is none."""
        reason, form = answer.finish_reason, forms.form_of(self.path, before)
        sheet = forms.sheet(form, before)
        found = read_patch(
            answer.text, self.path, sheet, finish_reason=reason, whole_file=whole_file
        )
        return forms.edited(form, before, found)

    def ask(self, name: str, facts: Mapping[str, Any]) -> Answer:
        """
        Fill the meta-prompt `name` with `facts` and ask; raises CallFailed, BudgetSpent.

        The token of the frames depends on all that is framed, so that a resumed run asks the same
        and yet nobody can write the token into a case, even who knows the run's seed.
        """
        known = {**facts, "fence": fence_for(name, facts)}
        words = Prompt.of(self.templates[name], name=name).fill(known)
        return self.model.complete(Request((Message("user", words),)))

    def facts(
        self, parent: Candidate, misses: Sequence[Result], tried: Sequence[Tried], fence: str
    ) -> dict[str, Any]:
        """What every meta-prompt may show; texts from cases are cut and cleaned."""
        evaluation = parent.evaluation
        return {
            "prompt": forms.sheet(forms.form_of(self.path, parent.prompt.text), parent.prompt.text),
            "path": self.path,
            "misses": [_miss(result, evaluation.cases) for result in misses],
            "tried": told(tried),
            "fence": fence,
            "score": evaluation.mean,
            "metrics": {m.name: evaluation.metric_mean(m.name) for m in evaluation.metrics},
        }


def fence_for(name: str, facts: Mapping[str, Any]) -> str:
    """Make the token that frames the data of one request, out of that data."""
    text = json.dumps([name, facts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _group(group: Group, cases: Dataset) -> dict[str, Any]:
    whys = Counter(why for miss in group.shown for why in _whys(miss))
    return {
        "size": group.size,
        "misses": [_miss(miss, cases) for miss in group.shown],
        "whys": [(shown_text(why), count) for why, count in whys.most_common(WHYS_COUNTED)],
    }


def _whys(result: Result) -> list[str]:
    return [f"{name}: {score.why}" for name, score in result.scores.items() if score.value < 1]


def _miss(result: Result, cases: Dataset) -> dict[str, Any]:
    (case,) = cases.only([result.case_id])
    return {
        "input": shown_text(_input_of(case)),
        "output": shown_text(result.output),
        "expected": shown_text(case.expected or ""),
        "score": result.score,
        "whys": [shown_text(why) for why in _whys(result)],
    }


def _input_of(case: Case) -> str:
    if len(case.inputs) == 1:
        return next(iter(case.inputs.values()))
    return "\n".join(f"{name}: {value}" for name, value in case.inputs.items())


def told(tried: Sequence[Tried]) -> list[dict[str, str]]:
    """
    What a meta-prompt shows of earlier proposals, cut and cleaned.

    A journal may come from elsewhere, and a reason may quote a case.
    """
    return [{"summary": shown_text(t.summary), "reason": shown_text(t.reason)} for t in tried]


def shown_text(text: str) -> str:
    """
    Cut and clean a text that an outsider may have written.

    >>> shown_text("all\\u200b is\\x1b well")
    'all is well'
    """
    keep = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in UNSHOWN)
    if len(keep) > SHOWN_CHARACTERS:
        return keep[:SHOWN_CHARACTERS] + f" … ({len(keep) - SHOWN_CHARACTERS} more characters)"
    return keep


def reason_of(critique: str, limit: int = 400) -> str:
    """
    Take the first sentences of a critique, as a commit message wants them.

    >>> reason_of("# Analysis\\n\\n- The reply never names the order.\\n- It is too long.")
    'The reply never names the order. It is too long.'
    """
    lines = (line.strip().lstrip("-*0123456789.) ").strip() for line in critique.splitlines())
    words = " ".join(line for line in lines if line and not line.startswith(("#", "```")))
    if len(words) <= limit:
        return words
    cut = words[:limit]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > 0 else cut.rsplit(" ", 1)[0] + " …"
