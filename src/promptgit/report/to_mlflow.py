"""
A prompt of ours as the arguments of MLflow's calls, by the name of each.

`register_prompt` is that of `mlflow.genai`, the others of `mlflow`; docs/promptfoo.md shows the
lines that make the calls.
"""

from __future__ import annotations

import json
import re
from typing import Any

from promptgit.report.exported import Exported, is_simple

PROMPT_OPTIONS = (  # of mlflow's PromptModelConfig
    "temperature",
    "max_tokens",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
)


def to_mlflow(exported: Exported) -> tuple[str, list[str]]:
    """Return the JSON, and what MLflow cannot say."""
    chat = exported.chat
    finding = exported.finding
    facts: dict[str, Any] = {
        "register_prompt": {
            "name": re.sub(r"[^\w.-]", "-", exported.prompt.name),
            "template": chat[0][1]
            if len(chat) == 1
            else [{"role": role, "content": text} for role, text in chat],
            "commit_message": exported.subject or f"{exported.path}, not committed",
            "tags": exported.evidence,
            "model_config": _model(exported),
        },
        "set_tags": exported.evidence,
    }
    if finding is not None:
        means = {name: after for name, (_, after) in finding.metrics.items() if after is not None}
        facts["log_metrics"] = {
            **({"score": finding.score} if finding.score is not None else {}),
            **{f"metric/{re.sub(r'[^a-zA-Z0-9_./ -]', '_', n)}": v for n, v in means.items()},
            **({"cases": finding.n} if finding.n is not None else {}),
        }
    if exported.cases:
        facts["evaluation_dataset"] = [
            {
                "inputs": dict(case.inputs),
                "expectations": {"expected_response": case.expected}
                if case.expected is not None
                else {},
            }
            for case in exported.cases
        ]
    losses = [] if finding else ["the records hold no results of this text: no metrics are written"]
    if not all(is_simple(text) for _, text in chat):
        losses.append(
            "the template has more than {{ holes }}: MLflow takes it for Jinja, or as text"
        )
    if exported.assertions:
        losses.append("assertions: MLflow logs metrics, not the checks that gave them")
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n", losses


def _model(exported: Exported) -> dict[str, Any]:
    if not exported.model:
        return {}
    front, slash, rest = exported.model.partition("/")
    named = {"provider": front, "model_name": rest} if slash else {"model_name": exported.model}
    options = dict(exported.options)
    stop = options.pop("stop", None)
    found: dict[str, Any] = {key: options.pop(key) for key in PROMPT_OPTIONS if key in options}
    if stop is not None:
        found["stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    return {**named, **found, **({"extra_params": options} if options else {})}
