"""The gate's report, as JSON holds it, in the shape of a check run on GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptgit.report.fitted import fitted
from promptgit.report.markdown import inline
from promptgit.report.text import printable

MOST = 60_000  # bytes of a summary or a message; GitHub takes 65,535 characters
MOST_ANNOTATIONS = 50
CONCLUSIONS = {"PASS": "success", "INCONCLUSIVE": "neutral"}  # else: failure
LEVELS = {"PASS": "notice", "INCONCLUSIVE": "warning"}  # else: failure


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run to publish; texts are no longer than GitHub takes them."""

    name: str
    head: str  # commit id
    conclusion: str  # success, failure, neutral
    title: str
    summary: str
    annotations: Sequence[Mapping[str, Any]] = field(default=())


def check_run(report: Mapping[str, Any], name: str) -> CheckRun:
    """
    Read what `promptgit check --format json` wrote.

    INCONCLUSIVE is neutral unless the policy says that it fails; neutral counts as passed where a
    check is required, so INVALID, which means that nobody knows, is a failure.
    """
    verdict = str(report.get("verdict", "INVALID"))
    fails = verdict == "INCONCLUSIVE" and report.get("on_inconclusive") == "fail"
    sentence = str(report.get("sentence", ""))
    commits = (("base", "base"), ("head", "head"), ("trial merge", "merge"))
    told = [f"{label} `{report[key]}`" for label, key in commits if report.get(key)]
    summary = f"{inline(sentence)}\n\n{', '.join(told)}\n"
    return CheckRun(
        name=printable(name, 100),
        head=str(report.get("head", "")),
        conclusion="failure" if fails else CONCLUSIONS.get(verdict, "failure"),
        title=printable(f"{verdict}: {sentence}", 200),
        summary=fitted(summary, MOST, "(cut)"),
        annotations=list(_annotations(report))[:MOST_ANNOTATIONS],
    )


def _annotations(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """One annotation a prompt that did not pass, the worst first."""
    prompts = [one for one in report.get("prompts", ()) if isinstance(one, Mapping)]
    order = ("REGRESSION", "INVALID", "INCONCLUSIVE")
    for verdict in order:
        for prompt in prompts:
            if prompt.get("verdict") == verdict and prompt.get("path"):
                line = prompt.get("line")
                at = line if isinstance(line, int) and line > 0 else 1
                yield {
                    "path": str(prompt["path"]),
                    "start_line": at,
                    "end_line": at,
                    "annotation_level": LEVELS.get(verdict, "failure"),
                    "title": f"promptgit: {verdict}",
                    "message": printable(_sentence(prompt) or verdict, 2_000),
                }


def _sentence(prompt: Mapping[str, Any]) -> str:
    """What the set of rules that decided says of the prompt."""
    gates = [gate for gate in prompt.get("gates", ()) if isinstance(gate, Mapping)]
    told = [gate for gate in gates if gate.get("verdict") == prompt.get("verdict")]
    return str(next((gate.get("sentence") for gate in told), "") or prompt.get("note") or "")
