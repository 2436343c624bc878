'''
Python files: string constants with a comment above that says that they are prompts.

    # promptgit: prompt
    SYSTEM = """You are kind."""

    # promptgit: prompt user format
    ASK = "Sort this: {ticket}"

After `prompt` may stand a role (`system`, which it is without, `user`, `assistant`) and a syntax
of holes (`jinja`, which it is without, `format` for `str.format`, `dollar` for `string.Template`).
The file is parsed and never run; a value that Python would have to compute is refused.
'''

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, get_args

from promptgit.core.forms.atoms import Atom, rewritten
from promptgit.core.forms.part import ROLES, Broken, Part, Reading, Syntax

MARK = re.compile(r"#\s*promptgit:\s*prompt\b[ \t,]*(.*)", re.IGNORECASE)
HINT = 'mark one: a line `# promptgit: prompt` right above `NAME = """..."""`'
SYNTAXES = ("jinja", "format", "dollar")

_LITERAL = re.compile(
    r"(?i)(?P<prefix>[ru]?)(?P<quote>\"\"\"|'''|\"|')(?P<body>.*)(?P=quote)", re.S
)
_PIECE = re.compile(
    r"(?P<join>\\(?:\r\n|\n|\r))"
    r"|(?P<escape>\\(?:N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}"
    r"|[\\'\"abfnrtv]))"
    r"|(?P<end>\r\n|\r)|(?P<run>\\|[^\\\r]+)"
)
_SHORT = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


class Literal(NamedTuple):
    """One string token."""

    start: int
    stop: int
    prefix: str
    quote: str
    body: str

    @property
    def opening(self) -> int:
        """The characters before the text: prefix and quote."""
        return len(self.prefix) + len(self.quote)


def read(text: str) -> Reading:
    """Read the marked constants in order; raise Broken when there is none, or one is computed."""
    tree = _parsed(text)
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    tokens = _tokens(text)
    marks = {
        token.start[0]: found[1]
        for token in tokens
        if token.type == tokenize.COMMENT and (found := MARK.match(token.string))
    }
    parts, syntaxes = [], dict[Syntax, int]()
    for node in tree.body:
        words = marks.pop(node.lineno - 1, None)
        if words is None:
            continue
        role, syntax = _meant(words, node.lineno - 1)
        syntaxes.setdefault(syntax, node.lineno - 1)
        parts.append(_part(role, _value(node), tokens, text, starts))
    for line in marks:
        raise Broken(line, "this comment stands above no string constant of the module", HINT)
    if not parts:
        raise Broken(1, "no string constant is marked as a prompt", HINT)
    if len(syntaxes) > 1:
        line = max(syntaxes.values())
        raise Broken(line, f"the prompts mix {' and '.join(syntaxes)}", "use one syntax of holes")
    return Reading(tuple(parts), next(iter(syntaxes)))


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `"\d"` is the author's business
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            problem = getattr(error, "msg", None) or str(error)
            raise Broken(line, f"this is not Python: {problem}", "does the file run?") from error
        except (RecursionError, MemoryError) as error:
            raise Broken(1, "the file is nested too deeply", "move the prompt out") from error


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    lines = io.StringIO(text, newline="")
    try:
        return list(tokenize.generate_tokens(lines.readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise Broken(1, f"this is not Python: {error}", "does the file run?") from error


def _meant(words: str, line: int) -> tuple[str, Syntax]:
    role, syntax = "system", "jinja"
    for word in re.findall(r"\w+", words.lower()):
        if word in ROLES:
            role = word
        elif word in SYNTAXES:
            syntax = word
        else:
            raise Broken(
                line,
                f"{word!r} is neither a role nor a syntax",
                f"roles: system, user, assistant; syntaxes: {', '.join(SYNTAXES)}",
            )
    return role, next(known for known in get_args(Syntax) if known == syntax)


def _value(node: ast.stmt) -> ast.Constant:
    """Return the string that a statement assigns; raise Broken for what is none."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value
    if isinstance(value, ast.JoinedStr):
        problem = "an f-string is computed when the program runs"
        hint = "write a plain string, and fill it with `.format(...)`: `prompt format`"
    else:
        problem = "the marked statement assigns no string constant"
        hint = 'write `NAME = """..."""`, without calls and operators'
    raise Broken(node.lineno, problem, hint)


def _part(
    role: str,
    value: ast.Constant,
    tokens: Sequence[tokenize.TokenInfo],
    text: str,
    starts: Sequence[int],
) -> Part:
    literals = list(_literals(_place(value, text, starts), tokens, starts))
    atoms = list(_atoms(literals, text))
    assert isinstance(value.value, str)
    if "".join(atom.text for atom in atoms) != value.value:
        raise Broken(value.lineno, "this string cannot be told apart from its escapes", HINT)
    first, last = literals[0], literals[-1]
    return Part(
        ROLES[role],
        value.value,
        first.start + first.opening,
        last.stop - len(last.quote),
        value.lineno,
        partial(_ways, atoms, literals, "\r\n" if "\r\n" in text else "\n"),
    )


def _place(value: ast.Constant, text: str, starts: Sequence[int]) -> tuple[int, int]:
    """Return where a constant starts and stops, in characters: Python counts columns in bytes."""
    first, last = value.lineno, value.end_lineno or value.lineno
    columns = (first, value.col_offset), (last, value.end_col_offset or 0)
    start, stop = (
        starts[line - 1] + len(text[starts[line - 1] :][:column].encode()[:column].decode())
        for line, column in columns
    )
    return start, stop


def _literals(
    place: tuple[int, int], tokens: Sequence[tokenize.TokenInfo], starts: Sequence[int]
) -> Iterator[Literal]:
    """Yield the string tokens that make up a constant."""
    for token in tokens:
        start = starts[token.start[0] - 1] + token.start[1]
        if token.type != tokenize.STRING or not place[0] <= start < place[1]:
            continue
        found = _LITERAL.fullmatch(token.string)
        if found is None:
            raise Broken(token.start[0], f"a prompt is no {token.string[:1]}-string", HINT)
        yield Literal(
            start, start + len(token.string), found["prefix"], found["quote"], found["body"]
        )


def _atoms(literals: Sequence[Literal], text: str) -> Iterator[Atom]:
    before: Literal | None = None
    for literal in literals:
        if before:
            gap = text[before.stop - len(before.quote) : literal.start + literal.opening]
            yield Atom(gap, "", fixed=True)
        before = literal
        for found in _PIECE.finditer(literal.body):
            yield _atom(found, raw="r" in literal.prefix.lower())


def _atom(found: re.Match[str], *, raw: bool) -> Atom:
    source, kind = found[0], found.lastgroup
    if kind == "end":
        return Atom(source, "\n")
    if kind in ("join", "escape") and raw:
        return Atom(source, source.replace("\r\n", "\n").replace("\r", "\n"))
    if kind == "join":
        return Atom(source, "")
    if kind == "escape":
        return Atom(source, str(ast.literal_eval(f'"{source}"')))
    return Atom(source, source)


def _ways(atoms: Sequence[Atom], literals: Sequence[Literal], end: str, new: str) -> Iterator[str]:
    """Yield the constant's source with the edit in it, first with as few escapes as can be."""
    kinds = {(literal.prefix.lower() == "r", literal.quote) for literal in literals}
    if len(kinds) > 1:
        kinds = {(False, '"')} if all(not raw for raw, _ in kinds) else set()
    for raw, quote in kinds:
        for careful in (False, True):
            written = rewritten(atoms, new, partial(_encoded, raw, quote, end, careful))
            if written is not None:
                yield written


def _encoded(raw: bool, quote: str, end: str, careful: bool, text: str) -> str | None:
    """Write text between quotes; None when that cannot be exact."""
    long = len(quote) == 3
    if raw:
        exact = all(c.isprintable() or c in "\t\n" for c in text) and (long or "\n" not in text)
        return text.replace("\n", end) if exact else None
    out = []
    for char in text:
        if char == "\n" and long:
            out.append(end)
        elif char in _SHORT and not (char == "\t" and long):
            out.append(_SHORT[char])
        elif char == quote[0] and (careful or not long):
            out.append(f"\\{char}")
        elif char.isprintable() or char == "\t":
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return "".join(out)
