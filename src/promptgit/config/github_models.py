"""
The cases and checks that a GitHub Models prompt file brings: its `testData` and `evaluators`.

(github/gh-models, `pkg/prompt/prompt.go` and `cmd/eval/eval.go`.)  They count where no eval file
lies beside the prompt.  `equals` minds capitals there; `contains`, `startsWith` and `endsWith` do
not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from promptgit.config.eval_file import EvalFile, InlineCase
from promptgit.core.located import Located, Path, parse_yaml
from promptgit.core.quote import quoted
from promptgit.errors import UserError

if TYPE_CHECKING:
    from promptgit.evaluate.suite import Assertion

_HOLE = re.compile(r"\{\{[ \t]*([\w.-]+)[ \t]*\}\}")
_TEXTS = ("equals", "contains", "startsWith", "endsWith")


def own_eval_file(data: bytes, file: str, *, with_cases: bool = True) -> EvalFile:
    """
    Read what the file says of its own evaluation; `with_cases` False leaves its `testData` alone.

    An evaluator that we have no like of is named in `EvalFile.left_out`.  Raises UserError with
    file and line for what is malformed.
    """
    located = parse_yaml(data, file, verbatim=_is_cell)
    if not isinstance(located.data, dict):
        return EvalFile()
    inline = tuple(_cases(located)) if with_cases else ()
    read = list(_evaluators(located))
    return EvalFile(
        file=file if inline or read else "",
        inline=inline,
        assertions=tuple(found for found, *_ in read if found is not None),
        places=tuple(place for found, place, _ in read if found is not None),
        left_out=tuple(why for found, _, why in read if found is None),
    )


def _is_cell(path: Path) -> bool:
    return len(path) == 3 and path[0] == "testData"


def _cases(located: Located) -> Iterator[InlineCase]:
    for number, values in enumerate(_items(located, "testData")):
        path: Path = ("testData", number)
        if not isinstance(values, dict):
            raise UserError(
                f"{located.at(path)}: this test is no mapping", hint="write `- input: some text`"
            )
        yield InlineCase(located.position(path).line, values)


def _evaluators(located: Located) -> Iterator[tuple[Assertion | None, str, str]]:
    """Yield (assertion, place, why there is none) for each evaluator."""
    for number, told in enumerate(_items(located, "evaluators")):
        place = located.at(("evaluators", number))
        if not isinstance(told, dict):
            raise UserError(
                f"{place}: this evaluator is no mapping",
                hint="write `- name: has-order` and `string: {contains: order}`",
            )
        name = str(told.get("name") or f"evaluator {number + 1}")
        found = _assertion(told, name)
        if isinstance(found, str):
            yield None, place, f"{place}: the evaluator {quoted(name)} is left out: {found}"
        else:
            yield found, place, ""


def _items(located: Located, key: str) -> list[Any]:
    found = located.data.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UserError(f"{located.at((key,))}: `{key}` is no list", hint="write `- ` before each")
    return found


def _assertion(told: Mapping[str, Any], name: str) -> Assertion | str:
    """Make an assertion of an evaluator, or say why there is none like it."""
    text, rubric = told.get("string"), told.get("llm")
    if isinstance(text, dict):
        return _of_text(text, name)
    if isinstance(rubric, dict):
        return _of_rubric(rubric, name)
    if told.get("uses"):
        return f"{quoted(str(told['uses']))} is an evaluator of GitHub's own"
    return "it has neither `string` nor `llm`"


def _of_text(text: Mapping[str, Any], name: str) -> Assertion | str:
    from promptgit.evaluate.suite import Assertion

    kinds = [kind for kind in _TEXTS if text.get(kind) not in (None, "")]
    if len(kinds) != 1 or len(text) != 1:
        return f"`string` wants one of {', '.join(_TEXTS)}"
    (kind,) = kinds
    value = str(text[kind])
    if kind in ("equals", "contains"):
        return Assertion("equals" if kind == "equals" else "icontains", value, metric=name)
    if _HOLE.search(value):
        return f"`{kind}` with a hole has no check here that does not mind capitals"
    escaped = re.escape(value)
    pattern = rf"\A{escaped}" if kind == "startsWith" else rf"{escaped}\Z"
    return Assertion("regex", pattern, metric=name, options={"ignore_case": True})


def _of_rubric(told: Mapping[str, Any], name: str) -> Assertion | str:
    """
    Tell our judge what GitHub's is told; which model that is, our config says.

    The answer and the inputs come to our judge as data, so their holes become their names.
    """
    from promptgit.evaluate.suite import Assertion

    if not told.get("prompt"):
        return "`llm` has no `prompt`"
    said = [str(told[key]).strip() for key in ("systemPrompt", "prompt") if told.get(key)]
    rubric = _HOLE.sub(_as_data, "\n\n".join(said))
    choices = told.get("choices")
    if isinstance(choices, list) and choices:
        grades = [
            f"{quoted(str(one.get('choice')))} is the score {one.get('score')}"
            for one in choices
            if isinstance(one, dict)
        ]
        rubric += f"\n\nChoose one, and give its score: {'; '.join(grades)}."
    return Assertion("llm-rubric", rubric, metric=name)


def _as_data(hole: re.Match[str]) -> str:
    if hole[1] == "completion":
        return "(the answer)"
    return hole[0] if hole[1] == "expected" else f"(the {hole[1]} of the case)"
