"""
What other commands refuse in `promptgit.yaml` and in an eval file, found by lint.

First a look that loads nothing heavy; what it is not sure of, the code of those commands judges.
So lint may know less than they do, and never says anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from promptgit.config.glance import LintEval
from promptgit.config.places import CONFIG_FILE, inside
from promptgit.errors import UserError
from promptgit.evaluate.obvious import NEGATION, OWN_KEYS, is_obvious
from promptgit.lint.finding import Place
from promptgit.lint.holes import MARKS, Template, parsed
from promptgit.lint.subject import Trouble

if TYPE_CHECKING:
    from datetime import date

    from promptgit.core.dataset import Case
    from promptgit.core.located import Located, Path

Read = Callable[[str], bytes | None]

_PLACE = r"(?P<file>[^\n]*?):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<rest>.*)"
_LABEL = re.compile(r"(?s).*?, assertion \d+ \(.*?\): (.*)")


class _Text(NamedTuple):
    """A template in an assertion."""

    path: Path
    text: str
    template: Template


def config_faults(data: bytes, read: Read) -> tuple[Trouble, ...]:
    """List what is wrong with `promptgit.yaml`; `read` gives files from the top level."""
    lines = (line.strip() for line in data.splitlines())
    if all(not line or line.startswith(b"#") for line in lines):
        return ()
    from promptgit.config.known import CONFIG, is_surely_right
    from promptgit.config.plain import plain_mapping

    plain = plain_mapping(data)
    if plain is not None and "improve" not in plain and is_surely_right(plain, CONFIG):
        return ()
    from promptgit.core.located import parse_yaml

    try:
        located = parse_yaml(data, CONFIG_FILE)
        if not is_surely_right(located.data, CONFIG):
            from promptgit.config.settings import parse_config

            parse_config(data)
    except UserError as error:
        return troubles(error, CONFIG_FILE)
    return (*_strategy(located), *_scorers(located, ("defaults", "assert"), read))


def eval_faults(
    found: LintEval,
    cases: Sequence[Case],
    read: Read,
    *,
    case_file: str = "",
    today: date | None = None,
) -> tuple[Trouble, ...]:
    """
    List what is wrong in an eval file that can be read, held against its cases.

    `cases` are those that `eval` would run, none where they cannot be read.  `today` is the day
    in UTC when it is not given.
    """
    located = found.located
    if located is None or not located.data:
        return ()
    held = _held(found, cases)
    return (
        *_scorers(located, ("assert",), read),
        *_holes(located, held, case_file),
        *_tags(located, cases, held),
        *_quarantine(found, held, today),
    )


def run_by_eval(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Leave out the cases that `eval` leaves out: those that expect nothing where others do."""
    answered = tuple(case for case in cases if case.expected is not None)
    return answered or tuple(cases)


def troubles(error: UserError, file: str) -> tuple[Trouble, ...]:
    """Take `file:line:column:` off each line of a message, to say it apart."""
    found: list[Trouble] = []
    for line in error.message.split("\n"):
        match = re.fullmatch(_PLACE, line)
        if match:
            place = Place(match["file"], int(match["line"]), int(match["column"] or 1))
            found.append(Trouble(match["rest"], "" if found else error.hint, place))
        elif found:  # "and 3 more", or a second line of the same
            found[-1] = found[-1]._replace(message=f"{found[-1].message}; {line.strip()}")
        else:
            message = line.removeprefix(f"{file}: ")
            found.append(Trouble(message, error.hint, Place(file)))
    return tuple(found)


def _held(found: LintEval, cases: Sequence[Case]) -> tuple[Case, ...]:
    assert found.located is not None
    tags = found.located.data.get("tags") or ()
    wanted = {tags} if isinstance(tags, str) else set(tags)
    return tuple(case for case in cases if not wanted or wanted & set(case.tags))


def _tags(located: Located, cases: Sequence[Case], held: Sequence[Case]) -> Iterator[Trouble]:
    if cases and not held:
        from difflib import get_close_matches

        tags = located.data["tags"]
        asked = [tags] if isinstance(tags, str) else tags
        known = sorted({tag for case in cases for tag in case.tags})
        close = get_close_matches(asked[0], known, n=1)
        yield _at(
            located,
            ("tags",),
            f"no case has a tag of `tags: [{', '.join(asked)}]`",
            f"did you mean {close[0]!r}?" if close else "name a tag that some cases have",
        )


def _strategy(located: Located) -> Iterator[Trouble]:
    path = ("improve", "strategy")
    name = _inner(located.data, path)
    if name is None:
        return
    from promptgit import plugins

    if name in plugins.STRATEGIES or name in plugins.names("strategies"):
        return
    try:
        plugins.strategy(name)
    except UserError as error:
        yield _at(located, path, error.message, error.hint)


def _scorers(located: Located, path: Path, read: Read) -> Iterator[Trouble]:
    """Bind every assertion that does not surely bind."""
    entries = [
        {"type": entry} if isinstance(entry, str) else entry
        for entry in _inner(located.data, path) or ()
    ]
    for number, entry in enumerate(entries):
        here = (*path, number)
        broken = any(one.template.trouble for one in _templates(entry, here))
        if not broken and is_obvious(entry):
            continue
        try:
            _bind(entry, located.file, read)
        except UserError as error:
            said = _LABEL.fullmatch(error.message)
            key = "type" if (*here, "type") in located.values else number
            yield _at(
                located,
                (*here, "type") if key == "type" else here,
                said[1] if said else error.message,
                error.hint,
            )
    if entries and not any(entry.get("weight", 1) for entry in entries):
        yield _at(
            located,
            path,
            "every assertion has the weight 0, so nothing would be measured",
            "leave `weight` out where it should count",
        )


def _bind(entry: Mapping[str, Any], file: str, read: Read) -> None:
    """Bind one assertion as `eval` does; a third party's scorer is looked up, and not loaded."""
    from types import SimpleNamespace

    from promptgit import plugins
    from promptgit.evaluate.suite import Assertion, bind

    name = str(entry["type"]).removeprefix(NEGATION)
    if name not in plugins.SCORERS and name in plugins.names("scorers"):
        return

    def read_file(path: str) -> str:
        place = inside(file, path)
        data = read(place) if place else None
        if data is None:
            raise UserError(f"there is no file {path!r} in this repository")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise UserError(f"{path!r} is not UTF-8 text") from error

    assertion = Assertion(
        type=entry["type"],
        value=entry.get("value"),
        threshold=entry.get("threshold"),
        metric=entry.get("metric") or "",
        options={key: value for key, value in entry.items() if key not in OWN_KEYS},
    )
    nobody = SimpleNamespace(name="", identity=SimpleNamespace(digest=""))  # answers no call
    injected = {"judge": nobody, "embedder": nobody, "allow_code": True, "read_file": read_file}
    bind([assertion], plugins.scorer, injected=injected, where=file)


def _holes(located: Located, cases: Sequence[Case], case_file: str) -> Iterator[Trouble]:
    """Find the holes that no case, or not every case, can fill."""
    if not cases:
        return
    columns: list[dict[str, str]] = []
    for number, entry in enumerate(_inner(located.data, ("assert",)) or ()):
        for one in _templates(entry, ("assert", number)):
            columns = columns or [case.columns for case in cases]
            for hole in one.template.holes:
                if hole.name in one.template.optional:
                    continue
                lacking = [
                    case.id
                    for case, known in zip(cases, columns, strict=True)
                    if hole.name not in known
                ]
                always = "{%" not in one.text and " if " not in one.text
                if len(lacking) == len(cases):
                    known = sorted({name for row in columns for name in row})
                    where = case_file or "the cases"
                    message = f"the hole {{{{ {hole.name} }}}} is no column of {where}"
                    yield _at(located, one.path, message, _near(hole.name, known))
                elif lacking and always:
                    message = f"case {lacking[0]!r} has nothing for the hole {{{{ {hole.name} }}}}"
                    hint = f"fill in {hole.name}, in {len(lacking)} of {len(cases)} cases"
                    yield _at(located, one.path, message, hint)


def _near(name: str, columns: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, columns, n=1)
    if close:
        return f"did you mean {{{{ {close[0]} }}}}?"
    return f"the columns are: {', '.join(columns)}"


def _templates(entry: Any, path: Path) -> list[_Text]:
    """List the templates of an assertion, in its value and in its other options."""
    if not isinstance(entry, dict):
        return []
    found: list[_Text] = []
    waiting: list[tuple[Path, Any]] = [
        ((*path, key), value)
        for key, value in entry.items()
        if key == "value" or key not in OWN_KEYS
    ]
    while waiting:
        place, value = waiting.pop(0)
        if isinstance(value, str) and any(mark in value for mark in MARKS):
            found.append(_Text(place, value, parsed(value)))
        elif isinstance(value, dict):
            waiting += [((*place, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, number), inner) for number, inner in enumerate(value)]
    return found


def _quarantine(found: LintEval, cases: Sequence[Case], today: date | None) -> Iterator[Trouble]:
    located = found.located
    entries = _inner(located.data, ("quarantine",)) if located else None
    if not entries or not cases or located is None:
        return
    from datetime import UTC, date, datetime

    from promptgit.check.quarantine import quarantine
    from promptgit.core.dataset import Dataset
    from promptgit.core.verdict import Policy, Quarantined

    today = today or datetime.now(UTC).date()
    listed = tuple(
        Quarantined(one["case"], one["owner"], one["reason"], date.fromisoformat(one["until"]))
        for one in entries
    )
    dataset = Dataset(tuple(cases))
    must_pass = tuple(name for name, _ in found.must_pass)
    said: list[str] = []
    for number, one in enumerate(listed):
        alone = quarantine(dataset, Policy(must_pass=must_pass, quarantine=(one,)), today)
        if one.case not in alone.cases:
            said.append(alone.faults[0])
            ended = one.until < today and " ended on " in alone.faults[0]
            path = ("quarantine", number, "until" if ended else "case")
            hint = "mend the case, and take it off the list" if ended else "take it off the list"
            yield _at(located, path, alone.faults[0], _near_case(one.case, cases) or hint)
    for fault in quarantine(dataset, Policy(must_pass=must_pass, quarantine=listed), today).faults:
        if fault not in said:
            hint = "quarantine is for the few cases that flip by themselves"
            yield _at(located, ("quarantine",), fault, hint)


def _near_case(name: str, cases: Sequence[Case]) -> str:
    from difflib import get_close_matches

    known = [case.id for case in cases]
    close = [] if name in known else get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _inner(data: Any, path: Path) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _at(located: Located, path: Path, message: str, hint: str) -> Trouble:
    where = located.position(path)
    return Trouble(message, hint, Place(located.file, where.line, where.column))
