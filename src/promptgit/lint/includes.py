"""What a prompt includes, followed to the end, and what became of each include."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath
from typing import NamedTuple

from promptgit.lint.holes import Named, Template, parsed

Read = Callable[[str], str | None]  # the text at a path from the top level; None: no file


class Included(NamedTuple):
    """One include: where in the prompt it began, and what it brings."""

    outer: Named  # the tag in the prompt's own text
    named: Named  # the tag that names it, in `within`
    within: str  # path of the file that names it
    path: str = ""  # of the file that is meant; empty when there is none
    text: str = ""
    template: Template = Template()
    circle: tuple[str, ...] = ()  # the paths of a circle that ends here


def followed(path: str, template: Template, read: Read) -> Iterator[Included]:
    """
    Follow every include, beside the file that names it first, then from the top level.

    What a file includes is followed once, however often the file is named.
    """
    seen: set[str] = set()
    for tag in template.includes:
        yield from _followed(tag, tag, (path,), read, seen)


def _followed(
    outer: Named, tag: Named, chain: tuple[str, ...], read: Read, seen: set[str]
) -> Iterator[Included]:
    within = chain[-1]
    beside, from_top = normpath(join(dirname(within), tag.name)), normpath(tag.name)
    for path in dict.fromkeys((beside, from_top)):
        outside = not tag.name or path.startswith(("..", "/"))
        text = None if outside else read(path)
        if text is None:
            continue
        if path in chain:
            yield Included(outer, tag, within, path, circle=(*chain, path))
        elif path not in seen:
            seen.add(path)
            template = parsed(text)
            yield Included(outer, tag, within, path, text, template)
            for inner in template.includes:
                yield from _followed(outer, inner, (*chain, path), read, seen)
        return
    yield Included(outer, tag, within)
