"""
`prompts/rollout.yaml`, read strictly, and edited so that the rest of it stays as it is.

An edit touches the values that change and no other byte: comments, order, indentation and line
ends are the user's.  What comes out is read again; where it does not say what was meant (an alias
stood in the way), it is refused rather than written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from promptgit.config.schema import modeline
from promptgit.config.yaml_edit import Edit, edited
from promptgit.core.located import Located, parse_yaml
from promptgit.errors import UserError
from promptgit.flywheel.grammar import parse
from promptgit.flywheel.rollout import ROLLOUT_FILE, STEPS, Arm, Rollout, Rollouts

if TYPE_CHECKING:
    from promptgit.config.rollout_shapes import ArmShape, PromptRolloutShape

ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NAMED = "use letters, digits, `-`, `_` and `.`: production, staging-eu"
HEADING = (
    "# What is live where. `promptgit deploy`, `promote` and `abort` edit this file, a commit\n"
    "# each; `git revert` takes one back, and `promptgit status` shows what it says.\n"
)


def parse_rollouts(data: bytes, file: str = ROLLOUT_FILE) -> Rollouts:
    """
    Read a rollout file; an empty one has no entries.

    Raises UserError with file, line, column, key and what would be right.

    >>> len(parse_rollouts(b"").entries)
    0
    """
    from promptgit.config.mistakes import checked

    located = parse_yaml(data, file, verbatim=lambda path: path[-1:] in (("blob",), ("commit",)))
    if located.data is None:
        return Rollouts()
    shapes: Mapping[str, Mapping[str, PromptRolloutShape] | None] = checked(located, "rollout").root
    for environment in shapes:
        if fault := fault_in_environment(environment):
            raise UserError(f"{located.at((environment,), key=True)}: {fault}", hint=NAMED)
    found = {
        (environment, prompt): _rollout(located, environment, prompt, shape)
        for environment, prompts in shapes.items()
        for prompt, shape in (prompts or {}).items()
    }
    return Rollouts(MappingProxyType(found))


def with_entry(text: str, one: Rollout, file: str = ROLLOUT_FILE) -> str:
    """
    Return the text of the file with this entry in it, new or changed; the rest stays.

    Raises UserError for a file that is broken, or that says a thing in a way nobody can edit.
    """
    before = parse_rollouts(text.encode(), file)
    known = before.get(one.environment, one.prompt)
    started = text or f"{modeline('rollout')}\n{HEADING}"
    after = edited(started, list(_edits(known, one)))
    try:
        is_meant = dict(parse_rollouts(after.encode(), file).entries) == dict(
            before.having(one).entries
        )
    except UserError:
        is_meant = False
    if not is_meant:
        raise UserError(
            f"{file} writes {one.environment}: {one.prompt}: in a way that cannot be edited",
            hint="write the entry out, without & and *, then run the command again",
        )
    return after


def fault_in_environment(name: str) -> str:
    """
    Say what is wrong with the name of an environment; nothing when it is one.

    >>> fault_in_environment("production"), fault_in_environment("my app")
    ('', "'my app' cannot be the name of an environment")
    """
    known = ENVIRONMENT.fullmatch(name)
    return "" if known else f"{name!r} cannot be the name of an environment"


def _rollout(located: Located, environment: str, prompt: str, shape: PromptRolloutShape) -> Rollout:
    path = (environment, prompt)
    if shape.candidate and shape.share is None:
        raise UserError(
            f"{located.at((*path, 'candidate'), key=True)}: there is a candidate, and no `share`",
            hint="say how many percent of the units get it: `share: 10`",
        )
    if shape.share is not None and not shape.candidate:
        raise UserError(
            f"{located.at((*path, 'share'), key=True)}: there is a share, and no `candidate`",
            hint="take `share` out, or name the candidate's blob and commit",
        )
    steps = tuple(shape.steps or STEPS)
    if list(steps) != sorted(set(steps)):
        raise UserError(
            f"{located.at((*path, 'steps'))}: the steps do not ascend",
            hint="for example `steps: [10, 50, 100]`",
        )
    if shape.since and not _is_instant(shape.since):
        raise UserError(
            f"{located.at((*path, 'since'))}: {shape.since} is no day and time",
            hint="for example `since: 2026-11-21T20:40:05.000Z`",
        )
    for index, guard in enumerate(shape.guards or ()):
        try:
            parse(guard)
        except UserError as error:
            at = located.at((*path, "guards", index))
            raise UserError(f"{at}: {error.message}", hint=error.hint) from error
    return Rollout(
        environment,
        prompt,
        stable=_arm(shape.stable),
        candidate=_arm(shape.candidate) if shape.candidate else None,
        share=shape.share or 0.0,
        steps=steps,
        guards=tuple(shape.guards or ()),
        since=shape.since or "",
        salt=shape.salt or "",
    )


def _is_instant(text: str) -> bool:
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _arm(shape: ArmShape) -> Arm:
    return Arm(shape.blob, shape.commit)


def _edits(before: Rollout | None, after: Rollout) -> Iterator[Edit]:
    """What changes in the file, key by key."""
    path = (after.environment, after.prompt)
    if before is None or before.stable != after.stable:
        yield from _arm_edits((*path, "stable"), before.stable if before else None, after.stable)
    was = before.candidate if before else None
    if after.candidate is None:
        if was:
            yield Edit((*path, "candidate"), None)
            yield Edit((*path, "share"), None)
    else:
        if was != after.candidate:
            yield from _arm_edits((*path, "candidate"), was, after.candidate)
        if was is None or before is None or before.share != after.share:
            yield Edit((*path, "share"), number(after.share))
    if before is None or before.steps != after.steps:
        yield Edit((*path, "steps"), f"[{', '.join(map(number, after.steps))}]")
    if (before.guards if before else ()) != after.guards:
        yield Edit((*path, "guards"), f"[{', '.join(map(quoted, after.guards))}]")
    if (before.since if before else "") != after.since:
        yield Edit((*path, "since"), after.since)


def _arm_edits(path: tuple[str, ...], before: Arm | None, after: Arm) -> Iterator[Edit]:
    if before is None:
        yield Edit(path, f"{{blob: {after.blob}, commit: {after.commit}}}")
        return
    if before.blob != after.blob:
        yield Edit((*path, "blob"), after.blob)
    if before.commit != after.commit:
        yield Edit((*path, "commit"), after.commit)


def number(value: float) -> str:
    """
    Write a number as a person would.

    >>> number(10.0), number(12.5)
    ('10', '12.5')
    """
    return f"{value:g}"


def quoted(text: Any) -> str:
    """Write a text so that YAML reads it as text, on one line."""
    import json

    return json.dumps(str(text), ensure_ascii=False)
