"""A prompt: template text from one file, what it includes, and what a model is sent for a case."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from promptgit.core.dataset import JsonText
from promptgit.errors import UserError

if TYPE_CHECKING:
    import jinja2

_MARKS = ("{{", "{%", "{#")

Role = Literal["system", "user", "assistant"]
TemplateKind = Literal["jinja", "none"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """
    The text of a prompt file, with the files that it includes.

    A plain text file is the system message.  Its holes (`{{ order_id }}`) are filled from the
    case; inputs that no hole uses become the user message.  Files of other forms hold their own
    messages, see `promptgit.core.forms`.
    """

    text: str
    blob: str  # the Git object id of `text`: 40 hex digits (SHA-1) or 64 (SHA-256)
    name: str = "prompt"  # what people call it, e.g. `support-reply`
    includes: Mapping[str, str] = field(default_factory=dict)  # path as written → text
    template: TemplateKind = "jinja"
    form: str = "text"  # how the file holds its messages; `text`: all of it is the system message

    @classmethod
    def of(cls, text: str, *, name: str = "prompt", template: TemplateKind = "jinja") -> Prompt:
        """Make a prompt from text alone, identified as Git (SHA-1) would identify it."""
        return cls(text, blob_id(text), name, {}, template)

    @property
    def holes(self) -> frozenset[str]:
        """The case columns that the text asks for, includes followed."""
        if self.form == "pipeline":
            from promptgit.core.pipeline import pipeline_of

            return pipeline_of(self).columns
        if self.is_formed:
            from promptgit.core.formed import holes

            return holes(self)
        if self.is_plain:
            return frozenset()
        return _holes(self.text, tuple(sorted(self.includes.items())))

    @property
    def is_plain(self) -> bool:
        """Whether the text is sent as it stands: nothing in it is for the template engine."""
        if self.is_formed:
            return self.template == "none"
        return self.template == "none" or not any(mark in self.text for mark in _MARKS)

    @property
    def is_formed(self) -> bool:
        """Whether the messages have to be looked for in the file (see `promptgit.core.forms`)."""
        return self.form not in ("text", "pipeline")

    @property
    def sheet(self) -> str:
        """What of the file may be edited, as one text: of a plain file, all of it."""
        if not self.is_formed:
            return self.text
        from promptgit.core import forms

        return forms.sheet(self.form, self.text)

    @property
    def identity(self) -> str:
        """What evidence joins by: this blob and those of its includes, as a sha256 (hex)."""
        size = len(self.blob)
        blobs = [f"{path} {blob_id(text, size)}" for path, text in sorted(self.includes.items())]
        form = [] if self.form == "text" else [f"form {self.form}"]
        facts = [self.template, self.blob, *blobs, *form]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def edited(self, text: str) -> Prompt:
        """Return the same prompt with other text, identified in the same object format."""
        return replace(self, text=text, blob=blob_id(text, len(self.blob)))

    def render(self, inputs: Mapping[str, str]) -> tuple[Message, ...]:
        """
        Fill the holes from `inputs`; whatever no hole uses becomes the user message.

        A single left-over input is sent as it stands; several are sent as `name: value` lines.
        Raises UserError when a hole has no column, or the template is broken.
        """
        if self.form == "pipeline":
            raise UserError(
                f"{self.name} is a pipeline: its steps are asked, and it has no request of its own",
                hint="name one of its steps' prompts",
            )
        if self.is_formed:
            from promptgit.core.formed import messages

            return messages(self, inputs)
        system = self.text if self.is_plain else self.fill(inputs)
        rest = {name: value for name, value in inputs.items() if name not in self.holes}
        said = [Message("system", system)] if system.strip() else []
        return (*said, *left_over(rest))

    def fill(self, facts: Mapping[str, Any]) -> str:
        """Fill the holes of the text; raise UserError when one has no value."""
        import jinja2

        template = _template(self.text, tuple(sorted(self.includes.items())))
        try:
            return template.render(
                {
                    name: value.meant if isinstance(value, JsonText) else value
                    for name, value in facts.items()
                }
            )
        except jinja2.UndefinedError as error:
            raise UserError(
                f"prompt {self.name}: {error.message}",
                hint=f"the case has the columns: {', '.join(sorted(facts)) or 'none'}",
            ) from error
        except jinja2.TemplateNotFound as error:
            raise UserError(
                f"prompt {self.name} includes {error.name!r}, which it does not name literally",
                hint='write the file: {% include "persona.md" %}',
            ) from error
        except RecursionError as error:
            raise UserError(
                f"prompt {self.name} is nested too deeply", hint="does it call itself?"
            ) from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise UserError(f"prompt {self.name}: {error}") from error


def left_over(rest: Mapping[str, str]) -> Iterator[Message]:
    """Send inputs that no hole uses: a single one as it stands, several as `name: value` lines."""
    if len(rest) == 1:
        yield from (Message("user", value) for value in rest.values())
    elif rest:
        yield Message("user", "\n".join(f"{name}: {value}" for name, value in rest.items()))


def blob_id(text: str | bytes, hex_digits: int = 40) -> str:
    """
    Name `text` as `git hash-object` does (Git manual, "Git Internals - Git Objects").

    >>> blob_id("what is up, doc?")
    'bd9dbf5aae1a3862dd1526723246b20206e5fc37'
    """
    data = text.encode() if isinstance(text, str) else text
    header = f"blob {len(data)}\0".encode()
    algorithm = "sha1" if hex_digits == 40 else "sha256"
    return hashlib.new(algorithm, header + data, usedforsecurity=False).hexdigest()


@lru_cache(maxsize=256)
def _template(text: str, includes: tuple[tuple[str, str], ...]) -> jinja2.Template:
    import jinja2

    from promptgit.core.sandbox import Sandbox

    environment = Sandbox(loader=jinja2.DictLoader(dict(includes)))
    try:
        return environment.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(
            f"template, line {error.lineno}: {error.message}",
            hint="if the braces are meant literally, set `template: none` in the eval file",
        ) from error


@lru_cache(maxsize=256)
def _holes(text: str, includes: tuple[tuple[str, str], ...]) -> frozenset[str]:
    from jinja2 import TemplateSyntaxError, meta

    from promptgit.core.sandbox import Sandbox

    environment = Sandbox()
    found: set[str] = set()
    for source in (text, *(included for _, included in includes)):
        try:
            found |= meta.find_undeclared_variables(environment.parse(source))
        except TemplateSyntaxError as error:
            raise UserError(
                f"template, line {error.lineno}: {error.message}",
                hint="if the braces are meant literally, set `template: none` in the eval file",
            ) from error
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What one `include`, `import` or `extends` names literally."""

    names: tuple[str, ...]  # the first of these that exists is meant
    optional: bool = False  # `ignore missing`


def inclusions(text: str) -> tuple[Inclusion, ...]:
    """
    List what `text` includes, imports or extends by a literal name.

    >>> inclusions('{% include ["de.md", "en.md"] ignore missing %}')
    (Inclusion(names=('de.md', 'en.md'), optional=True),)
    """
    if "{%" not in text:
        return ()
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        tree = Environment(autoescape=False).parse(text)  # noqa: S701  (nothing is rendered)
    except TemplateSyntaxError:
        return ()
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    found: Iterator[Any] = tree.find_all(kinds)
    every = (
        Inclusion(tuple(_literals(node.template)), getattr(node, "ignore_missing", False))
        for node in found
    )
    return tuple(inclusion for inclusion in every if inclusion.names)


def included_paths(text: str) -> tuple[str, ...]:
    """
    List the literal paths that `text` includes, imports or extends.

    >>> included_paths('{% include "persona.md" %} Hello')
    ('persona.md',)
    """
    return tuple(dict.fromkeys(name for found in inclusions(text) for name in found.names))


def _literals(node: Any) -> Iterator[str]:
    """Yield the texts of a literal, or of a list of them."""
    from jinja2 import nodes

    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    for item in items:
        if isinstance(item, nodes.Const) and isinstance(item.value, str):
            yield item.value
