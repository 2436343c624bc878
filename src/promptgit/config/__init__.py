"""
What a user writes: `promptgit.yaml`, `X.eval.yaml`, and their own settings.

Text in, frozen values out; nothing here opens a file.  pydantic checks the shape and describes
it to editors (`shapes`), and is not seen beyond this folder.  What needs settings is imported
when it is asked for: a hook that lints needs `places` and `glance` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptgit.config.places import CONFIG_FILE, DEFAULT_PROMPTS, case_file, matches

if TYPE_CHECKING:
    from promptgit.config.eval_file import EvalFile, InlineCase, parse_eval_file
    from promptgit.config.schema import SCHEMAS, json_schema
    from promptgit.config.settings import (
        Config,
        Gate,
        ModelChoice,
        Provider,
        Searching,
        parse_config,
    )

__all__ = [
    "CONFIG_FILE",
    "DEFAULT_PROMPTS",
    "SCHEMAS",
    "Config",
    "EvalFile",
    "Gate",
    "InlineCase",
    "ModelChoice",
    "Provider",
    "Searching",
    "case_file",
    "json_schema",
    "matches",
    "parse_config",
    "parse_eval_file",
]

_LATER = (
    ("schema", ("SCHEMAS", "json_schema")),
    ("settings", ("Config", "Gate", "ModelChoice", "Provider", "Searching", "parse_config")),
    ("eval_file", ("EvalFile", "InlineCase", "parse_eval_file")),
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in _LATER:
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
