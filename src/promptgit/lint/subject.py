"""What rules look at: one prompt file, what it includes, and the cases it must serve."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from promptgit.lint.finding import Place
from promptgit.lint.formed import Formed, formed
from promptgit.lint.holes import Template, parsed
from promptgit.lint.includes import Included, Read, followed

if TYPE_CHECKING:
    from promptgit.core.dataset import Case


class Trouble(NamedTuple):
    """An eval file or a case file that cannot be read."""

    message: str
    hint: str
    place: Place


class Numbered(NamedTuple):
    """A case, and where its row is."""

    line: int  # 1-based, in the case file
    case: Case


class Asked(NamedTuple):
    """What an eval file and its cases say, as far as lint needs it."""

    eval_file: str = ""  # path from the top level; empty when there is none
    case_file: str = ""  # the same; of inline cases the eval file
    cases: tuple[Numbered, ...] = ()  # as they are written: an id may occur twice
    inputs: tuple[str, ...] = ()  # columns that the model may see
    main_input: str = ""  # the one that no case can do without
    hidden: tuple[str, ...] = ()  # columns that only scorers may see, the answer among them
    must_pass: tuple[tuple[str, Place], ...] = ()
    trouble: Trouble | None = None
    refused: tuple[Trouble, ...] = ()  # what other commands would not take in the eval file


NOTHING_ASKED = Asked()

_WORD = re.compile(r"[\w']+|\{\{|:")


@dataclass(frozen=True)
class Subject:
    """One prompt file.  Nothing in here knows a disk: `read` is how includes are looked at."""

    path: str  # from the top level
    data: bytes = b""
    size: int = 0  # bytes on disk; `data` of a huge file is not read whole
    link: str = ""  # where it points to, when it is a symbolic link
    # Of the prompt, its eval file and its cases: other paths that some file systems cannot tell
    # from theirs.
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_template: bool = True  # False: braces are meant literally
    is_included: bool = False  # by another prompt: it has no cases of its own
    asked: Asked = NOTHING_ASKED
    settings: tuple[Trouble, ...] = ()  # the same, where `path` is promptgit.yaml
    pipeline: tuple[Trouble, ...] | None = None  # the same of a pipeline; None: it is a prompt
    read: Read = lambda path: None  # how includes are looked at

    @cached_property
    def text(self) -> str | None:
        """The text as a model would be sent it; None where there is none to read."""
        if self.link or len(self.data) != self.size:
            return None
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            return None

    @cached_property
    def formed(self) -> Formed | None:
        """What of another tool's file is prompt; None for plain text."""
        return formed(self.path, self.text or "")

    @cached_property
    def said(self) -> str:
        """The text, with blanks for whatever of the file no model is sent: offsets are the same."""
        return self.formed.said if self.formed else self.text or ""

    @cached_property
    def template(self) -> Template:
        """The holes and includes of the text; none in one that is no template."""
        if not self.is_template:
            return Template()
        return self.formed.template if self.formed else parsed(self.text or "")

    @cached_property
    def included(self) -> tuple[Included, ...]:
        """What the text includes, and what that includes, in order."""
        return tuple(followed(self.path, self.template, self.read))

    @cached_property
    def words(self) -> str:
        """The words of the text and of what it includes, in lower case, between single blanks."""
        text = "\n".join([self.said, *(part.text for part in self.included)])
        return f" {' '.join(_WORD.findall(text.lower().replace('’', chr(39))))} "

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        text = self.text or ""
        while (end := text.find("\n", starts[-1])) >= 0:
            starts.append(end + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of a character, both from 1; a line ends at a line feed."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line without its end; empty when there is no such line."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        return (self.text or "")[self._line_starts[number - 1] :].partition("\n")[0].rstrip("\r")
