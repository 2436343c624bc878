"""The output is XML, or has XML in it, with the elements that are asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from promptgit.core.dataset import Case
from promptgit.core.evaluation import Score
from promptgit.errors import UserError
from promptgit.scorers.wording import listed, quoted, visible

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATTEMPTS = 200  # places where XML may begin
DEEPEST = 500  # elements within one another

_OPENS = re.compile(r"<\?xml\s|<([A-Za-z_][\w.:-]*)(?=[\s/>])")


class _NotXml(ValueError):
    """Says where it breaks."""


def is_xml(_case: Case, output: str, *, value: Any = None) -> Score:
    """
    Pass when the whole output is one XML document, with the elements of `value`, if any.

    `value` is `{requiredElements: [root.child, …]}`.  A document type with declarations in it is
    refused, as entities could blow it up.
    """
    required = _required(value)
    try:
        root = _parsed(output.strip())
    except _NotXml as error:
        return Score(0.0, f"not XML: {error}")
    return _with(root, required)


def contains_xml(_case: Case, output: str, *, value: Any = None) -> Score:
    """Pass when some XML element in the output has the elements of `value`, if any."""
    required = _required(value)
    missing: Score | None = None
    position = 0
    for _ in range(ATTEMPTS):
        found = _OPENS.search(output, position)
        if not found:
            break
        position = found.end()
        for end in _ends(output, found):
            try:
                score = _with(_parsed(output[found.start() : end]), required)
            except _NotXml:
                continue
            if score.value:
                return score
            missing, position = missing or score, end
            break
    return missing or Score(0.0, "there is no XML in it")


def _ends(output: str, found: re.Match[str]) -> list[int]:
    """List where the element that begins at `found` may end: its own tag first."""
    name = found[1]
    if name is None:
        last = output.rfind(">")
        return [last + 1]
    single = re.compile(r"[^<>]*/>").match(output, found.end())
    closing = [m.end() for m in re.finditer(rf"</{re.escape(name)}\s*>", output[found.end() :])]
    return ([single.end()] if single else []) + [found.end() + end for end in closing[:20]]


def _parsed(text: str) -> Element:
    try:
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, XMLParser
    except ImportError as error:
        raise UserError(
            "is-xml and contains-xml need the package defusedxml", hint="pip install defusedxml"
        ) from error
    if re.search(r"<!DOCTYPE[^>]*\[", text):
        raise _NotXml("its document type has declarations in it")
    parser = XMLParser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError as error:
        raise _NotXml(visible(str(error))[:160]) from error
    except DefusedXmlException as error:
        raise _NotXml("its document type declares entities") from error
    except (ValueError, RecursionError, LookupError) as error:
        raise _NotXml("it cannot be read") from error
    return root


def _with(root: Element, required: list[str]) -> Score:
    missing = [path for path in required if not _has(root, path.split("."))]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return Score(0.0, f"{listed([quoted(path) for path in missing])} {verb} missing")
    return Score(1.0, f"is XML: <{visible(root.tag)[:40]}>")


def _has(root: Element, steps: list[str]) -> bool:
    found = [root] if root.tag == steps[0] else []
    for step in steps[1:]:
        found = [child for element in found for child in element if child.tag == step]
    return bool(found)


def _required(value: Any) -> list[str]:
    if value is None:
        return []
    wanted = value.get("requiredElements") if isinstance(value, dict) else None
    if not isinstance(wanted, list) or not all(isinstance(path, str) and path for path in wanted):
        raise UserError(
            "the value of is-xml and contains-xml is a mapping with `requiredElements`",
            hint="write, for example, `value: {requiredElements: [root.child]}`",
        )
    return wanted
