"""
What a user writes: `promptgit.yaml`, `X.eval.yaml`, and their own settings.

Text in, frozen values out; nothing here opens a file.  pydantic checks the shape and describes
it to editors (`shapes`), and is not seen beyond this folder.
"""

from promptgit.config.eval_file import EvalFile, InlineCase, parse_eval_file
from promptgit.config.places import (
    CONFIG_FILE,
    DEFAULT_PROMPTS,
    case_file,
    eval_file,
    matches,
)
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
    "eval_file",
    "json_schema",
    "matches",
    "parse_config",
    "parse_eval_file",
]
