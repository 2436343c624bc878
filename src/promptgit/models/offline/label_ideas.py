"""What misses teach about labels: cues to add, cues that mislead, what to fall back on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from promptgit.models.offline.briefing import Brief, Miss
from promptgit.models.offline.contrast import telling
from promptgit.models.offline.editing import Edit, Idea
from promptgit.models.offline.labels import Field, fields_in
from promptgit.models.offline.words import listed, stems

OPTIONS_A_PATCH = 8  # that one patch gives cues for
SHARED = 6  # cues for a label that several misses have in common, in one patch
SINGLE = (3, 1, 6)  # cues from a miss that has none of those; each refusal moves on to the next
MISLED = 2  # misses in which a cue misleads before it is taken out

Wanted = dict[int, str]  # number of the miss → the option that was expected


def label_ideas(brief: Brief, burnt: frozenset[str]) -> list[Idea]:
    """
    Derive ideas from the misses of a prompt that decides labels, the most useful first.

    `burnt` are cues that were refused so often that they are not proposed again.
    """
    fields = fields_in(brief.prompt)
    if not fields:
        return list(_declared(brief))
    ideas = list(_format(brief))
    for field in fields:
        ideas += _field_ideas(brief, field, fields, burnt)
    return sorted(ideas, key=lambda idea: -len(idea.seen))


def expects_labels(misses: Sequence[Miss]) -> bool:
    """Say whether what is expected are labels (or JSON) rather than prose."""
    return bool(misses) and all(
        isinstance(_json(miss.expected), dict) or len(miss.expected.split()) <= 3 for miss in misses
    )


def _declared(brief: Brief) -> Iterator[Idea]:
    """The prompt never says which labels there are."""
    answers = [miss.expected.strip() for miss in brief.misses]
    if any(isinstance(_json(answer), dict) for answer in answers):
        return
    names = list(dict.fromkeys(answers))
    if len(names) > 1:
        line = f"Answer with only one of: {', '.join(names)}."
        everywhere = tuple(range(1, len(answers) + 1))
        problem = "The prompt does not say which labels there are."
        yield Idea(problem, everywhere, "list them", (_appended(brief.prompt, (line,)),))


def _format(brief: Brief) -> Iterator[Idea]:
    fenced = tuple(i for i, miss in enumerate(brief.misses, 1) if miss.output.startswith("```"))
    if fenced and any(isinstance(_json(miss.expected), dict) for miss in brief.misses):
        line = "Return only the JSON object, without a code fence."
        problem = "The JSON comes in a code fence, where the bare object is expected."
        yield Idea(problem, fenced, "ask for the object alone", (_appended(brief.prompt, (line,)),))


def _field_ideas(
    brief: Brief, field: Field, fields: Sequence[Field], burnt: frozenset[str]
) -> Iterator[Idea]:
    if field.many:
        yield from _many_ideas(brief, field, burnt)
        return
    wanted, got = _answers(brief, field, fields)
    wrong = {i for i in wanted if got.get(i) != wanted[i]}
    if not wrong:
        return
    yield from _cue_idea(brief, field, wanted, wrong, burnt)
    yield from _misleading(brief, field, wanted, got)
    yield from _fallback(brief, field, wanted, wrong)


def _cue_idea(
    brief: Brief, field: Field, wanted: Wanted, wrong: set[int], burnt: frozenset[str]
) -> Iterator[Idea]:
    """Say by which words to know the labels that were missed."""
    texts = [miss.input for miss in brief.misses]
    missed = Counter(wanted[i] for i in sorted(wrong)).most_common(OPTIONS_A_PATCH)
    taken = {cue.stems for option in field.options for cue in option.cues}
    edits: list[Edit] = []
    for name, _ in missed:
        members = {i - 1 for i in wanted if wanted[i] == name}
        cues = [
            cue
            for cue in telling(
                texts,
                members,
                avoid=taken,
                shared=SHARED,
                single=SINGLE[len(brief.tried) % len(SINGLE)],
            )
            if cue not in burnt
        ]
        edits += _with_cues(brief.prompt, field, name, cues)
    if edits:
        names = " or ".join(f"`{name}`" for name, _ in missed[:3])
        what = f'"{field.key}" is wrong' if field.key else "The label is wrong"
        problem = f"{what} where {names} is expected: nothing says how to know it."
        remedy = f"say which words tell {names}"
        yield Idea(problem, tuple(sorted(wrong)), remedy, tuple(edits))


def _misleading(brief: Brief, field: Field, wanted: Wanted, got: Wanted) -> Iterator[Idea]:
    """Take out a cue that points to the wrong label in several misses."""
    blamed: dict[tuple[str, str], list[int]] = {}
    for i, answer in got.items():
        if i in wanted and answer != wanted[i]:
            found = stems(brief.misses[i - 1].input)
            cues = [c.stems for o in field.options if o.name == answer for c in o.cues]
            for phrase in cues:
                if _occurs(phrase, found):
                    blamed.setdefault((answer, " ".join(phrase)), []).append(i)
    for (name, cue), seen in sorted(blamed.items(), key=lambda item: -len(item[1])):
        edit = _without_cue(brief.prompt, field, name, cue)
        if len(seen) >= MISLED and edit:
            problem = f"A cue of `{name}` is also in inputs that are something else."
            yield Idea(problem, tuple(seen), "take it out", (edit,))


def _fallback(brief: Brief, field: Field, wanted: Wanted, wrong: set[int]) -> Iterator[Idea]:
    """Where no cue is found, fall back on what such inputs mostly are."""
    lost = []
    for i in sorted(wrong):
        scores = field.index.scores(stems(brief.misses[i - 1].input))
        if not any(scores):
            lost.append(i)
    common = Counter(wanted[i] for i in lost).most_common(1)
    if field.default or not common or common[0][0] == field.options[0].name:
        return
    name, count = common[0]
    if count / len(wanted) * (1 - brief.score) <= brief.score:
        return  # the cases that are not shown were right with the old fallback
    subject = f'"{field.key}" is' if field.key else "answer"
    line = f"- Otherwise {subject} {name}."
    problem = f"Inputs without any cue are mostly `{name}`."
    seen = tuple(i for i in lost if wanted[i] == name)
    yield Idea(problem, seen, "say so", (_appended(brief.prompt, (line,)),))


def _many_ideas(brief: Brief, field: Field, burnt: frozenset[str]) -> Iterator[Idea]:
    """The same for a field whose options are each true or false."""
    texts = [miss.input for miss in brief.misses]
    seen: set[int] = set()
    edits: list[Edit] = []
    for option in field.options:
        truth = [_flag(miss.expected, field.key, option.name) for miss in brief.misses]
        said = [_flag(miss.output, field.key, option.name) for miss in brief.misses]
        lacking = {i for i, value in enumerate(truth) if value and not said[i]}
        if not lacking:
            continue
        members = {i for i, value in enumerate(truth) if value}
        cues = [cue for cue in telling(texts, members, shared=4, single=1) if cue not in burnt]
        found = _with_cues(brief.prompt, field, option.name, cues)
        if found and len(edits) < OPTIONS_A_PATCH:
            edits += found
            seen |= {i + 1 for i in lacking}
    if edits:
        problem = f'"{field.key}" leaves out what is expected: nothing says how to know it.'
        yield Idea(
            problem, tuple(sorted(seen)), f"say which words show `{field.key}`", tuple(edits)
        )


def _with_cues(prompt: str, field: Field, name: str, cues: Sequence[str]) -> list[Edit]:
    """Extend the line that holds a label's cues, or write one."""
    head = _cue_head(field, name)
    for at, line in enumerate(prompt.split("\n")):
        if line.startswith(head):
            there = {stems(item) for item in listed(line[len(head) :])}
            new = sorted(cue for cue in cues if stems(cue) not in there)
            return [Edit(at, (f"{line.rstrip(' .')}, {', '.join(new)}",), 1)] if new else []
    return [_appended(prompt, (head + ", ".join(sorted(cues)),))] if cues else []


def _without_cue(prompt: str, field: Field, name: str, cue: str) -> Edit | None:
    head = _cue_head(field, name)
    for at, line in enumerate(prompt.split("\n")):
        if line.startswith(head):
            items = line[len(head) :].split(", ")
            kept = [item for item in items if " ".join(stems(item)) != cue]
            if len(kept) < len(items):
                return Edit(at, (head + ", ".join(kept),) if kept else (), 1)
    return None


def _cue_head(field: Field, name: str) -> str:
    if not field.key:
        return f"- {name}: "
    return f'- "{field.key}": "{name}" {"is true " if field.many else ""}when the text mentions: '


def _appended(prompt: str, added: tuple[str, ...]) -> Edit:
    lines = prompt.split("\n")
    return Edit(len(lines) - 1 if lines[-1] == "" else len(lines), added)


def _answers(brief: Brief, field: Field, fields: Sequence[Field]) -> tuple[Wanted, Wanted]:
    """Return, by number of the miss, which option was expected and which was given."""
    wanted: Wanted = {}
    got: Wanted = {}
    for i, miss in enumerate(brief.misses, 1):
        for text, answers in ((miss.expected, wanted), (miss.output, got)):
            value = _value(text, field, alone=len(fields) == 1)
            known = [option.name for option in field.options]
            match = next((name for name in known if name.lower() == value.lower()), "")
            if match:
                answers[i] = match
    return wanted, got


def _value(text: str, field: Field, *, alone: bool) -> str:
    found = _json(text)
    if isinstance(found, dict):
        return str(found.get(field.key or "label", ""))
    return text.strip() if alone else ""


def _flag(text: str, key: str, name: str) -> bool:
    found = _json(text)
    flags = found.get(key) if isinstance(found, dict) else None
    return bool(flags.get(name)) if isinstance(flags, dict) else False


def _json(text: str) -> Any:
    body = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        return json.loads(body)
    except ValueError:
        return None


def _occurs(phrase: tuple[str, ...], found: tuple[str, ...]) -> bool:
    span = len(phrase)
    return any(found[i : i + span] == phrase for i in range(len(found) - span + 1))
