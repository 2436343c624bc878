"""
What a change concerns: every prompt whose text, includes, cases, scorers or model it touches.

A first sieve goes by the names of the files that differ; what passes is read and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, dirname, join, normpath
from typing import Any

from promptgit.cli.moved import moved, rejoined
from promptgit.cli.wiring import DEEPEST, Repository, called
from promptgit.config import CONFIG_FILE, EvalFile, ModelChoice, places
from promptgit.config.changes import Rules, gate_changes
from promptgit.core.gate import GateChange, Standing
from promptgit.core.pipeline import files_named
from promptgit.core.prompt import Prompt
from promptgit.edges.snapshot import Snapshot
from promptgit.errors import UserError

EVAL_SUFFIXES = places.EVAL_SUFFIXES
SIBLINGS = (*places.EVAL_SUFFIXES, *places.CASE_SUFFIXES)


@dataclass(frozen=True)
class Stand:
    """One prompt, with all that judges it, as one state of the repository has it."""

    repository: Repository
    path: str
    prompt: Prompt
    rules: Rules
    choice: ModelChoice
    no_cases: str = ""  # why there is nothing to run it on

    @classmethod
    def of(cls, repository: Repository, path: str) -> Stand:
        """Read everything; raise UserError for what is broken."""
        asked = repository.eval_file(path)
        beside = asked.cases or places.case_file(path, repository.tree.is_file) or ""
        there = bool(asked.inline or beside)
        assertions = asked.assertions or repository.config.assertions
        files = {
            file: oid
            for named in _files_named([a.value for a in assertions])
            if (file := places.inside(asked.file, named)) and (oid := _blob(repository, file))
        }
        texts = {
            name: data.decode(errors="replace")
            for name in (asked.file, CONFIG_FILE)
            if name and (data := repository.tree.read(name)) is not None
        }
        cases = repository.cases(path, asked) if there else None
        return cls(
            repository,
            path,
            repository.prompt(path),
            Rules(repository.config, asked, cases, beside or asked.file, files, texts),
            repository.model_choice(asked),
            "" if there else f"{path} has no cases",
        )

    @property
    def eval_file(self) -> EvalFile:
        return self.rules.eval_file

    def blob(self, path: str) -> str | None:
        """The blob id of any file as this state has it, or None."""
        return _blob(self.repository, path)

    @cached_property
    def included(self) -> frozenset[str]:
        """The paths of the files that the prompt includes, directly or not."""
        tree = _snapshot(self.repository)
        return frozenset(filter(tree.is_file, _closure(tree, {}, self.path)))


@dataclass(frozen=True)
class Subject:
    """One prompt that a change concerns."""

    before: Stand | None  # None: head adds the prompt
    after: Stand | None  # None: head deletes it
    instead: str = ""  # what head has in its place that is no file: "a symbolic link"
    heirs: tuple[str, ...] = ()  # new prompts, any of which may have taken its place

    @property
    def path(self) -> str:
        found = self.after or self.before
        assert found is not None
        return found.path

    @property
    def old_path(self) -> str:
        return self.before.path if self.before and self.before.path != self.path else ""

    @property
    def standing(self) -> Standing:
        if self.before is None:
            return "new"
        return "changed" if self.after else "deleted"

    @cached_property
    def changes(self) -> tuple[GateChange, ...]:
        """What the change does to the gate of this prompt."""
        if self.before is None or self.after is None:
            return ()
        return gate_changes(self.before.rules, self.after.rules)

    @cached_property
    def why(self) -> tuple[str, ...]:
        """Why it is tested; nothing when nothing that matters differs."""
        before, after = self.before, self.after
        if before is None or after is None:
            return ("it is new",) if before is None else ("it is deleted",)
        found = []
        if self.old_path:
            found.append(f"it was {self.old_path}")
        if before.prompt.text != after.prompt.text:
            found.append("its text changed")
        found += [f"it includes {name}, which changed" for name in _other_includes(before, after)]
        if before.prompt.template != after.prompt.template:
            found.append(f"template: {before.prompt.template} -> {after.prompt.template}")
        if before.choice != after.choice:
            found.append(f"model: {before.choice} -> {after.choice}")
        kinds = {"scorers": "its scorers changed", "cases": "its cases changed"}
        told = dict.fromkeys(change.what for change in self.changes)
        found += [kinds.get(what, f"its {what} changed") for what in told]
        return tuple(found)


def subjects(
    base: Repository, head: Repository, only: Sequence[str] = ()
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """
    Return what the change from `base` to `head` concerns, in the order of paths, and notices.

    `only` names prompts, as typed; others are left out.  Which files are prompts, base says, and
    head may add to it.
    """
    for repository in (base, head):
        tree = _snapshot(repository)
        tree.load(filter(repository.is_pipeline, tree.files()))
    wanted = {
        p
        for repository in (base, head)
        for p in repository.tree.files()
        if base.means(p) or head.means(p)
    }
    renamed = moved(base, head)
    wanted |= renamed.keys()
    chosen = {_named(name, wanted) for name in only}
    touched = [p for p in sorted(wanted) if not chosen or p in chosen]
    touched = [p for p in touched if p not in renamed.values()]
    sieve = _Sieve(base, head, sorted(wanted))
    touched = [p for p in touched if chosen or p in renamed or sieve.concerns(p)]
    _load(base, head, [*touched, *renamed.values()])
    each = (_subject(base, head, path, renamed.get(path, path)) for path in touched)
    found = rejoined(filter(None, each))
    notices = []
    if base.config.prompts != head.config.prompts:
        notices.append(
            "`prompts:` is another in head; what base calls a prompt is checked all the same."
        )
    return tuple(s for s in found if s.why or chosen), tuple(notices)


def _subject(base: Repository, head: Repository, path: str, old_path: str) -> Subject | None:
    before = Stand.of(base, old_path) if base.tree.is_file(old_path) else None
    after = Stand.of(head, path) if head.tree.is_file(path) else None
    if before is None and after is None:
        return None
    return Subject(before, after, "" if after else _snapshot(head).instead(path))


def _load(base: Repository, head: Repository, prompts: Sequence[str]) -> None:
    """Fetch what lies beside the prompts in one go: a process a file would take seconds."""
    stems = [places.stem_of(path) for path in prompts]
    beside = [stem + suffix for stem in stems for suffix in SIBLINGS]
    for repository in (base, head):
        _snapshot(repository).load([CONFIG_FILE, *prompts, *beside])


class _Sieve:
    """Says which prompts the files that differ may concern; it errs on the side of reading."""

    def __init__(self, base: Repository, head: Repository, prompts: Sequence[str]) -> None:
        self._trees = (_snapshot(base), _snapshot(head))
        self._prompts = prompts
        self._differing = self._trees[0].differing(self._trees[1])
        self._names = {basename(path) for path in self._differing}

    def concerns(self, path: str) -> bool:
        if not self._differing:
            return False
        stem = places.stem_of(path)
        own = {path, CONFIG_FILE, *(stem + suffix for suffix in SIBLINGS)}
        if own & self._differing:
            return True
        return any(self._reads_changed(side, path) for side in (0, 1))

    def _reads_changed(self, side: int, path: str) -> bool:
        tree, texts = self._trees[side], self._texts[side]
        asked = places.eval_file(path, tree.is_file)
        rules = texts.get(asked or "", "") + texts.get(CONFIG_FILE, "")
        if any(name in rules for name in self._names):
            return True
        return any(place in self._differing for place in _closure(tree, texts, path))

    @cached_property
    def _texts(self) -> tuple[dict[str, str], dict[str, str]]:
        """The texts of all prompts and rules, on each side: two processes, not hundreds."""
        stems = [places.stem_of(path) for path in self._prompts]
        rules = [CONFIG_FILE, *(stem + suffix for stem in stems for suffix in EVAL_SUFFIXES)]
        base, head = (
            tree.texts([*self._prompts, *filter(tree.is_file, rules)]) for tree in self._trees
        )
        return base, head


def _closure(tree: Snapshot, texts: Mapping[str, str], path: str) -> Iterator[str]:
    """Yield the files that a prompt includes, directly or not; `texts` are those at hand."""
    seen, waiting = {path}, [(path, 0)]
    while waiting:
        within, depth = waiting.pop()
        text = texts.get(within)
        if text is None:
            text = (tree.read(within) or b"").decode(errors="replace")
        for name in files_named(within, text):
            beside, from_top = normpath(join(dirname(within), name)), normpath(name)
            for place in (beside, from_top):
                yield place
                if place not in seen and depth < DEEPEST and tree.is_file(place):
                    seen.add(place)
                    waiting.append((place, depth + 1))


def _other_includes(before: Stand, after: Stand) -> list[str]:
    was, now = before.prompt.includes, after.prompt.includes
    return [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]


def _named(name: str, prompts: Iterable[str]) -> str:
    known = sorted(prompts)
    found = name if name in known else called(name, known)
    if found is None:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]}?" if close else "see `promptgit check --explain`"
        raise UserError(f"there is no prompt {name!r} in base or head", hint=hint)
    return found


def _files_named(value: Any) -> Iterator[str]:
    """Yield the paths of `file://` values, however deep they lie."""
    if isinstance(value, str) and value.startswith("file://"):
        yield value.removeprefix("file://").partition(":")[0]
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _files_named(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _files_named(inner)


def _snapshot(repository: Repository) -> Snapshot:
    tree = repository.tree
    assert isinstance(tree, Snapshot), "a comparison reads commits, never the work tree"
    return tree


def _blob(repository: Repository, path: str) -> str | None:
    return _snapshot(repository).blob(path)
