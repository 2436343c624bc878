"""The output holds patches of a text that apply exactly, and that the guard lets pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.core.patch import Patch, Refusal, read_patch
from promptgit.core.prompt import Prompt
from promptgit.errors import UserError
from promptgit.improve.guard import guard
from promptgit.improve.several import parts_of
from promptgit.scorers.wording import quoted, visible

_ATTEMPT = re.compile(r"^(?:`{3,}|~{3,}|<{4,}|--- )", re.MULTILINE)
_BOUNDS = re.compile(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*")


def is_patch(
    _case: Case,
    output: str,
    *,
    value: str,
    path: str = "prompt.md",
    count: Any = "1",
    shown: str = "",
    adds: str = "",
    never: str = "",
    shorter: bool = False,
    whole_file: bool = False,
) -> Score:
    """
    Grade by the share of the patches in the output that apply to the text `value`.

    They are read as `improve` reads a mentor's: the file is called `path`, and what the guard
    refuses (a lost hole, a protected line, a link, eight words of a case) counts as not applied.
    `count` is how many are wanted, `2` or `0-2`.  `shown` holds the cases that no patch may copy:
    the JSON of a list, at any depth, of mappings with `input` and `expected`.  `adds` is a pattern
    that the added lines of one patch match, `never` one that those of no patch match, both
    without regard to case.  `shorter`: each patch makes the text shorter.  `whole_file`: the
    output is the whole new text in a fence.
    """
    least, most = _bounds(count)
    if not _ATTEMPT.search(output):
        said = "there is no patch in the output"
        return Score(float(least == 0), said if least else f"{said}, and none is needed")
    parts = [output] if whole_file else parts_of(output)
    prompt, cases = Prompt.of(value), tuple(_cases(shown))
    good, faults = list[Patch](), list[str]()
    for part in parts:
        patch = read_patch(part, path, value, whole_file=whole_file)
        fault = _fault(patch, prompt, cases, never, shorter=shorter)
        if fault or isinstance(patch, Refusal):
            faults.append(fault)
        else:
            good.append(patch)
    share = len(good) / len(parts)
    if len(good) < least:
        share = min(share, len(good) / least)
        faults.append(f"{len(good)} of {least} patches can be applied")
    if len(parts) > most:
        share *= most / len(parts)
        faults.append(f"too many patches: {len(parts)}, at most {most} wanted")
    if adds and not any(re.search(adds, _added(patch), re.IGNORECASE) for patch in good):
        share = 0.0
        faults.append(f"no patch adds {quoted(adds)}")
    why = visible("; ".join(dict.fromkeys(faults))) or "applies, and breaks no rule"
    return Score(share, why)


def _fault(
    patch: Patch | Refusal, prompt: Prompt, cases: tuple[Case, ...], never: str, *, shorter: bool
) -> str:
    """Say what is wrong with one patch; nothing when it is fine."""
    if isinstance(patch, Refusal):
        return patch.reason
    refusal = guard(patch, prompt, cases)
    if refusal is not None:
        return refusal.reason
    if never and (found := re.search(never, _added(patch), re.IGNORECASE)):
        return f"the patch adds {quoted(found[0])}"
    if shorter and len(patch.after) >= len(patch.before):
        return "the patch does not make the text shorter"
    return ""


def _added(patch: Patch) -> str:
    return "\n".join(line for hunk in patch.hunks for line in hunk.added)


def _cases(shown: str) -> Iterator[Case]:
    """Find the cases in JSON, wherever they are; a text that is no JSON is one input."""
    if not shown.strip():
        return
    try:
        found = json.loads(shown)
    except ValueError:
        found = [{"input": shown}]
    for number, (asked, expected) in enumerate(_walked(found), 1):
        yield Case(f"shown {number}", {"input": asked}, expected or None)


def _walked(found: Any) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict) and ("input" in found or "expected" in found):
        yield str(found.get("input", "")), str(found.get("expected", ""))
    elif isinstance(found, dict | list):
        for inner in found.values() if isinstance(found, dict) else found:
            yield from _walked(inner)


def _bounds(count: Any) -> tuple[int, int]:
    found = _BOUNDS.fullmatch(str(count))
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise UserError(
            f"count is how many patches are wanted, not {count!r}", hint="write 1, or 0-2"
        )
    return int(found[1]), int(found[2] or found[1])
