"""Read a learning that others published."""

from __future__ import annotations

from promptgit.config.mistakes import checked
from promptgit.core.located import parse_yaml
from promptgit.errors import UserError
from promptgit.flywheel.learning import Learning, Origin, Signature

LARGEST = 100_000  # bytes


def parse_learning(data: bytes, file: str) -> Learning:
    """
    Read one file of a shared repository; raise UserError with the line and what is wrong.

    Nothing in it can name a program, a file or an address to be read.
    """
    located = parse_yaml(data, file)
    shape = checked(located, "learning")
    wanted, other = ("text", "detectors") if shape.kind == "pattern" else ("detectors", "text")
    if not getattr(shape, wanted) or getattr(shape, other) is not None:
        raise UserError(
            f"{located.at(('kind',), key=True)}: a {shape.kind} has `{wanted}`, and no `{other}`",
            hint="it was not written by `promptgit library publish`",
        )
    said, origin = shape.evidence, shape.from_
    return Learning(
        kind=shape.kind,
        name=shape.name,
        about=" ".join(shape.about.split()),
        text=(shape.text or "").strip(),
        signatures=tuple(
            Signature(name, one.title, one.field, tuple(one.patterns))
            for name, one in (shape.detectors or {}).items()
        ),
        evidence=" ".join(said.said.split()) if said else "",
        record=said.record if said else "",
        origin=Origin(origin.repository, origin.commit, origin.by, origin.at)
        if origin
        else Origin(),
    )
