"""
Git-native prompt versioning: improve prompts, prove it, keep the evidence in the commit.

What stands in `__all__` is the library (docs/library.md).  None of it is imported before it is
asked for, so that `import promptgit` costs nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from promptgit.api.asynchronous import acheck, aevaluate, aimprove, aload
    from promptgit.api.call import Call
    from promptgit.api.captured import captured
    from promptgit.api.capturing import capture, capture_stats, capture_to, feedback, flush
    from promptgit.api.checking import check
    from promptgit.api.evaluating import evaluate
    from promptgit.api.improving import improve
    from promptgit.api.loading import load, rollout_state
    from promptgit.api.progress import Progress
    from promptgit.api.recorder import CaptureStats
    from promptgit.api.routed import RolloutState, RoutedPrompt
    from promptgit.api.subject import using
    from promptgit.api.values import Candidate, Evaluation, Improvement, Prompt, Report, Verdict
    from promptgit.core.dataset import Case, Dataset
    from promptgit.core.evaluation import Metric, Result, Score
    from promptgit.core.patch import Patch
    from promptgit.core.ports import Answer, Model, ModelIdentity, Request, Usage
    from promptgit.core.prompt import Message
    from promptgit.core.verdict import Flip, Outcome, Policy
    from promptgit.errors import BudgetSpent, CallFailed, PromptgitError, UserError, WorldError
    from promptgit.evaluate.budget import Budget, Cap

__all__ = [
    "Answer",
    "Budget",
    "BudgetSpent",
    "Call",
    "CallFailed",
    "Candidate",
    "Cap",
    "CaptureStats",
    "Case",
    "Dataset",
    "Evaluation",
    "Flip",
    "Improvement",
    "Message",
    "Metric",
    "Model",
    "ModelIdentity",
    "Outcome",
    "Patch",
    "Policy",
    "Progress",
    "Prompt",
    "PromptgitError",
    "Report",
    "Request",
    "Result",
    "RolloutState",
    "RoutedPrompt",
    "Score",
    "Usage",
    "UserError",
    "Verdict",
    "WorldError",
    "__version__",
    "acheck",
    "aevaluate",
    "aimprove",
    "aload",
    "capture",
    "capture_stats",
    "capture_to",
    "captured",
    "check",
    "evaluate",
    "feedback",
    "flush",
    "improve",
    "load",
    "rollout_state",
    "using",
]

_HOMES = (
    ("api.asynchronous", ("acheck", "aevaluate", "aimprove", "aload")),
    ("api.call", ("Call",)),
    ("api.captured", ("captured",)),
    ("api.capturing", ("capture", "capture_stats", "capture_to", "feedback", "flush")),
    ("api.checking", ("check",)),
    ("api.evaluating", ("evaluate",)),
    ("api.improving", ("improve",)),
    ("api.loading", ("load", "rollout_state")),
    ("api.progress", ("Progress",)),
    ("api.recorder", ("CaptureStats",)),
    ("api.routed", ("RolloutState", "RoutedPrompt")),
    ("api.subject", ("using",)),
    ("api.values", ("Candidate", "Evaluation", "Improvement", "Prompt", "Report", "Verdict")),
    ("core.dataset", ("Case", "Dataset")),
    ("core.evaluation", ("Metric", "Result", "Score")),
    ("core.patch", ("Patch",)),
    ("core.ports", ("Answer", "Model", "ModelIdentity", "Request", "Usage")),
    ("core.prompt", ("Message",)),
    ("core.verdict", ("Flip", "Outcome", "Policy")),
    ("errors", ("BudgetSpent", "CallFailed", "PromptgitError", "UserError", "WorldError")),
    ("evaluate.budget", ("Budget", "Cap")),
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for home, names in _HOMES:
        if name in names:
            found = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """
    A package whose functions `evaluate`, `improve` and `check` stay what they are.

    There are rooms of these names, and Python would put a room in the place of the function as
    soon as anybody imports it.  `from promptgit.check.bounds import …` finds the room all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in ("evaluate", "improve", "check")):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
