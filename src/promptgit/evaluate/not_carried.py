"""The assertions of promptfoo that promptgit cannot make, and why; said rather than imitated."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CODE = "promptgit runs no {}: write it as `python`, value file://FILE.py"
_JUDGE = "it needs a judge with promptfoo's own prompt: write what you ask for as `llm-rubric`"
_SERVICE = "it asks a service of its own"
_CHOICE = "it compares the outputs of several prompts: `promptgit check` does that"

NOT_CARRIED: Mapping[str, str] = MappingProxyType(
    {
        "javascript": _CODE.format("JavaScript"),
        "ruby": _CODE.format("Ruby"),
        "webhook": "promptgit sends no output to an address that a repository names",
        "trajectory:goal-success": _JUDGE,
        "answer-relevance": _JUDGE,
        "context-faithfulness": _JUDGE,
        "context-recall": _JUDGE,
        "context-relevance": _JUDGE,
        "conversation-relevance": _JUDGE,
        "factuality": _JUDGE,
        "model-graded-factuality": _JUDGE,
        "g-eval": _JUDGE,
        "model-graded-closedqa": _JUDGE,
        "search-rubric": _JUDGE,
        "agent-rubric": _JUDGE,
        "classifier": _SERVICE,
        "moderation": _SERVICE,
        "pi": _SERVICE,
        "select-best": _CHOICE,
        "max-score": _CHOICE,
        "human": "a person gives it: `promptgit review` shows the outputs side by side",
    }
)
