"""
What is live, as one file that needs neither Git nor YAML: for images, functions and edge servers.

The same rollouts give the same bytes.  Texts have what they include beside them, and are checked
against their blob ids when the file is read: one that was edited by hand is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptgit.core.prompt import Prompt, blob_id
from promptgit.errors import UserError
from promptgit.flywheel.rollout import CANDIDATE, STABLE, Arm, Rollout, Variant

SCHEMA = 1
KIND = "promptgit-bundle"


@dataclass(frozen=True, slots=True)
class Served:
    """One prompt in one environment with its texts."""

    rollout: Rollout
    stable: Prompt
    candidate: Prompt | None = None

    def text(self, variant: Variant) -> Prompt:
        return self.candidate if variant == CANDIDATE and self.candidate else self.stable


Serving = Mapping[tuple[str, str], Served]  # (environment, prompt) → what is live


def written(serving: Serving) -> str:
    """Write a bundle, ended by a line feed."""
    texts = {
        prompt.identity: _facts(prompt)
        for one in serving.values()
        for prompt in (one.stable, one.candidate)
        if prompt
    }
    rollouts = [_entry(serving[key]) for key in sorted(serving)]
    whole = {"schema": SCHEMA, "kind": KIND, "rollouts": rollouts, "texts": texts}
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(data: bytes, file: str) -> Serving:
    """Read a bundle; raise UserError, with what is wrong, for anything else."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _broken(file, f"it is not JSON: {error}") from error
    if not isinstance(whole, dict) or whole.get("kind") != KIND:
        raise _broken(file, "it is no bundle of promptgit")
    if whole.get("schema") != SCHEMA:
        raise UserError(
            f"{file}: schema {whole.get('schema')!r} is not known here", hint="upgrade promptgit"
        )
    try:
        texts = {name: _prompt(facts, file) for name, facts in whole["texts"].items()}
        found = [_served(entry, texts) for entry in whole["rollouts"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _broken(file, f"{type(error).__name__} {error}") from error
    return {(one.rollout.environment, one.rollout.prompt): one for one in found}


def _broken(file: str, why: str) -> UserError:
    return UserError(f"{file}: {why}", hint="write it again: `promptgit bundle -o FILE`")


def _facts(prompt: Prompt) -> dict[str, Any]:
    return {
        "text": prompt.text,
        "blob": prompt.blob,
        "name": prompt.name,
        "includes": dict(prompt.includes),
        "template": prompt.template,
        "form": prompt.form,
    }


def _prompt(facts: Mapping[str, Any], file: str) -> Prompt:
    text, blob, includes = facts["text"], facts["blob"], facts["includes"]
    plain = all(isinstance(part, str) for part in (text, blob, facts["name"], facts["form"]))
    if not plain or not all(isinstance(part, str) for pair in includes.items() for part in pair):
        raise TypeError("a text is no text")
    if blob_id(text, len(blob)) != blob:
        raise _broken(file, f"the text {blob[:12]} was altered")
    if facts["template"] not in ("jinja", "none"):
        raise ValueError(f"template {facts['template']!r}")
    return Prompt(text, blob, facts["name"], includes, facts["template"], facts["form"])


def _entry(one: Served) -> dict[str, Any]:
    rollout = one.rollout
    arms: dict[str, Any] = {STABLE: _arm(rollout.stable, one.stable)}
    if rollout.candidate and one.candidate:
        arms[CANDIDATE] = _arm(rollout.candidate, one.candidate)
    return {
        "environment": rollout.environment,
        "prompt": rollout.prompt,
        "share": rollout.share,
        "draw": rollout.draw,
        "since": rollout.since,
        **arms,
    }


def _arm(arm: Arm, prompt: Prompt) -> dict[str, str]:
    return {"blob": arm.blob, "commit": arm.commit, "text": prompt.identity}


def _served(entry: Mapping[str, Any], texts: Mapping[str, Prompt]) -> Served:
    arms = {
        name: Arm(str(entry[name]["blob"]), str(entry[name]["commit"]))
        for name in (STABLE, CANDIDATE)
        if entry.get(name)
    }
    share = float(entry["share"])
    if not 0 <= share <= 100:
        raise ValueError(f"a share of {share:g} %")
    rollout = Rollout(
        str(entry["environment"]),
        str(entry["prompt"]),
        arms[STABLE],
        arms.get(CANDIDATE),
        share,
        since=str(entry.get("since", "")),
        salt=str(entry["draw"]),
    )
    candidate = texts[entry[CANDIDATE]["text"]] if CANDIDATE in arms else None
    return Served(rollout, texts[entry[STABLE]["text"]], candidate)
