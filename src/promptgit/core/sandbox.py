"""
The sandbox that templates run in: nothing leads out of it, and nothing runs for hours.

Work is counted, not timed: a clock would refuse on a slow machine what a fast one renders.  An
item of a loop is a step, and so is a call; what is done to a text or list costs by its size.
Jinja's own sandbox bounds a single `range` only, and no text.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_STEPS = 200_000  # of one rendering; each takes some microseconds at most
CHARACTERS_PER_STEP = 1_000
STEPS_PER_CALL = 2
STEPS_PER_FILE = 20  # to find an included template, compiled before
MAX_TEXT = 20_000_000  # characters
TOO_LONG = f"a text of more than {MAX_TEXT} characters is not for a prompt"
MAX_PRODUCT = 1_000_000  # of a multiplication in a template: numbers, or characters
MAX_POWER = 1_000
MAX_SPREAD = 100_000_000  # of two sizes that a call may multiply, as `replace` does

# What makes a text or a list as long as a number says.
WIDENING = frozenset(
    {"batch", "center", "expandtabs", "indent", "ljust", "rjust", "round", "slice", "zfill"}
)
WIDE = re.compile(r"[0-9]{5}|%[^A-Za-z%]*\*")  # of a field in a format


class Work(threading.local):
    """The steps that this thread's rendering took: cases are rendered side by side."""

    steps = 0


class Metered(Template):
    """A template that starts to count anew with each rendering."""

    environment: Sandbox

    def render(self, *args: Any, **kwargs: Any) -> str:
        self.environment.work.steps = 0
        return super().render(*args, **kwargs)


class Metering(CodeGenerator):
    """Lets what the generated code does without asking the environment be counted too."""

    def visit_Template(  # noqa: N802  (Jinja calls it by the name of the node)
        self, node: nodes.Template, frame: Any = None
    ) -> None:
        super().visit_Template(_Counted().visit(node), frame)


class _Counted(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _ask("counted", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _ask("joined", *node.nodes)

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _ask("weighed", node.expr)  # `in` and `==` look at all of it
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _ask("weighed", node.node)
        return node


def _ask(name: str, *args: Any) -> nodes.Call:
    """Write a call of one of the sandbox's own methods."""
    first = args[0]
    where: dict[str, Any] = {"lineno": first.lineno, "environment": first.environment}
    method = nodes.EnvironmentAttribute(name, **where)
    return nodes.Call(method, list(args), [], None, None, **where)


class Sandbox(ImmutableSandboxedEnvironment):
    """
    Where prompts and the values of assertions are rendered.

    Raises SecurityError where a template takes too many steps, or asks for a text of a gigabyte.
    `lipsum` is left out: a prompt that is random cannot be evaluated.
    """

    intercepted_binops = frozenset({"*", "**", "+", "%"})
    code_generator_class = Metering
    template_class = Metered

    def __init__(self, **options: Any) -> None:
        self.work = Work()
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            finalize=self.weighed,
            **options,
        )
        self.filters = {name: self._charging(name, found) for name, found in self.filters.items()}
        self.tests = {name: self._charging(name, found) for name, found in self.tests.items()}
        del self.globals["lipsum"]

    def take(self, steps: int = 1) -> None:
        """Count steps of the work; raise SecurityError when they are too many."""
        self.work.steps += steps
        if self.work.steps > MAX_STEPS:
            raise SecurityError(
                f"it takes more than {MAX_STEPS} steps to fill, which no prompt needs: "
                "are there loops within loops, or a call of itself?"
            )

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield the items of a loop, a step each."""
        for item in items:
            self.take()
            yield item

    def weighed(self, value: Any) -> Any:
        """Return the value, having counted its size."""
        self.take(weight(value))
        return value

    def joined(self, *values: Any) -> str:
        """Join what stood between `~`."""
        return self.concat(str(self.weighed(value)) for value in values)

    def concat(self, pieces: Iterable[str]) -> str:
        """Join the pieces of a text, as long as it stays one."""
        kept: list[str] = []
        length = 0
        for piece in pieces:
            length += len(piece)
            if length > MAX_TEXT:
                raise SecurityError(
                    f"a text of more than {MAX_TEXT} characters is not for a prompt"
                )
            kept.append(piece)
        self.take(length // CHARACTERS_PER_STEP)
        return "".join(kept)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls: a macro, a method of a text, a loop anew."""
        owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
        if owner is self:
            return obj(*args)  # one of the methods above
        if isinstance(obj, LoopContext):
            args = tuple(map(self.counted, args))
        name = str(getattr(obj, "__name__", ""))
        inputs = (owner, *args) if isinstance(owner, str) else args
        self._refuse_spread(name, (*inputs, *kwargs.values()))
        self.take(STEPS_PER_CALL + sum(map(weight, (*inputs, *kwargs.values()))))
        return self.weighed(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right`; raise SecurityError when the result would be huge."""
        sizes = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
        numbers = [abs(side) for side in (left, right) if isinstance(side, int | float)]
        size = max(sizes, default=1)
        most = MAX_POWER if operator == "**" else MAX_PRODUCT
        if operator in ("*", "**") and any(number * size > most for number in numbers):
            raise SecurityError(f"{operator!r} of numbers this big is not for a prompt")
        if operator == "%" and isinstance(left, str) and WIDE.search(left):
            raise SecurityError("a field this wide is not for a prompt")
        if operator == "+" and sum(sizes) > MAX_TEXT:
            raise SecurityError(TOO_LONG)
        self.take(weight(left) + weight(right))
        return self.weighed(super().call_binop(context, operator, left, right))

    def get_template(self, *args: Any, **kwargs: Any) -> Template:
        self.take(STEPS_PER_FILE)
        return super().get_template(*args, **kwargs)

    def select_template(self, *args: Any, **kwargs: Any) -> Template:
        self.take(STEPS_PER_FILE)
        return super().select_template(*args, **kwargs)

    def _charging(self, name: str, found: Any) -> Callable[..., Any]:
        """Return a filter or test that costs by the size of what goes in and comes out."""

        @wraps(found)  # with the marks by which Jinja knows what else it wants
        def charged(*args: Any, **kwargs: Any) -> Any:
            values = (*args, *kwargs.values())
            self._refuse_spread(name, values)
            self.take(STEPS_PER_CALL + sum(map(weight, values)))
            return self.weighed(found(*args, **kwargs))

        return charged

    def _refuse_spread(self, name: str, values: tuple[Any, ...]) -> None:
        """Raise SecurityError where a call could multiply what it is given to something huge."""
        sizes = sorted(len(value) for value in values if isinstance(value, str | list | tuple))
        numbers = [abs(value) for value in values if isinstance(value, int)]
        if name in WIDENING:
            if any(number > MAX_PRODUCT for number in numbers):
                raise SecurityError(f"{name!r} of numbers this big is not for a prompt")
            sizes = sorted((*sizes, *numbers))
        if name in ("format", "format_map") and any(
            isinstance(value, str) and WIDE.search(value) for value in values
        ):
            raise SecurityError("a field this wide is not for a prompt")
        if len(sizes) > 1 and sizes[-1] * sizes[-2] > MAX_SPREAD:
            raise SecurityError(f"{name!r} of texts this long is not for a prompt")


def weight(value: Any) -> int:
    """
    Say how many steps it is to go through a value once; once they are too many, no more.

    >>> weight("short"), weight([1, 2, 3]), weight([["long" * 1000], "short"])
    (0, 3, 7)
    """
    if isinstance(value, str):
        return len(value) // CHARACTERS_PER_STEP
    if not isinstance(value, dict | list | tuple | set | frozenset):
        return 0
    steps = len(value)
    for item in value.values() if isinstance(value, dict) else value:
        if steps > MAX_STEPS:
            break
        steps += weight(item)
    return steps
