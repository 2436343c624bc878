"""
For tests, ours and yours: the laws of plug-ins, scripted models, throwaway repositories.

Nothing is imported before it is asked for: `promptgit.testing.repositories` alone needs no lab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptgit.testing.model_laws import check_model
    from promptgit.testing.repositories import a_repository
    from promptgit.testing.scorer_laws import check_scorer
    from promptgit.testing.scripted import ScriptedModel
    from promptgit.testing.strategy_laws import check_strategy

__all__ = ["ScriptedModel", "a_repository", "check_model", "check_scorer", "check_strategy"]

_HOMES = {
    "ScriptedModel": "scripted",
    "a_repository": "repositories",
    "check_model": "model_laws",
    "check_scorer": "scorer_laws",
    "check_strategy": "strategy_laws",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
