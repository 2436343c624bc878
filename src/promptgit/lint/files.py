"""Rules on the file itself: its bytes, and its place among others."""

from __future__ import annotations

from collections.abc import Iterator

from promptgit.lint.finding import Edit, Mark, Place, Severity
from promptgit.lint.rule import Rule
from promptgit.lint.subject import Subject

MAX_BYTES = 256 * 1024  # of a prompt, as `improve` holds it too
BOM = "\ufeff"

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LFS = b"version https://git-lfs.github.com/spec/"
AS_UTF_8 = "save the file as UTF-8 without a byte order mark"


def utf_16(subject: Subject) -> Iterator[Mark]:
    """
    The file is UTF-16, as some Windows programs save text.

    Git takes it for binary, so that nobody sees in a review what changed, and no model is sent
    it as meant.  Save it as UTF-8.
    """
    if subject.data[:2] in _UTF_16:
        yield Mark("the file is UTF-16 (byte offset 0)", hint=AS_UTF_8)


def not_utf_8(subject: Subject) -> Iterator[Mark]:
    """
    A byte is not UTF-8: the file was saved in another encoding, such as Latin-1 or Windows-1252.

    A model is sent text, and every command refuses the file.  The finding names the offset of
    the first such byte.
    """
    if subject.data[:2] in _UTF_16 or len(subject.data) != subject.size:
        return
    try:
        subject.data.decode()
    except UnicodeDecodeError as error:
        byte = subject.data[error.start]
        yield Mark(
            f"byte 0x{byte:02x} at byte offset {error.start} is not UTF-8",
            start=error.start,
            stop=error.start + 1,
            hint=AS_UTF_8,
        )


def byte_order_mark(subject: Subject) -> Iterator[Mark]:
    """
    The file starts with a byte order mark (U+FEFF).

    Nobody sees it, and the model is sent it as the first character of the prompt.
    """
    if subject.text and subject.text.startswith(BOM):
        yield Mark(
            "the file starts with a byte order mark (byte offset 0): the model would be sent it",
            stop=1,
            hint=AS_UTF_8,
            edits=(Edit(0, 1),),
        )


def nul(subject: Subject) -> Iterator[Mark]:
    """
    There is a NUL character.

    Git takes the file for binary, so that a review shows no diff, and many programs end the text
    there.
    """
    if subject.text and "\0" in subject.text:
        at = subject.text.index("\0")
        yield Mark(
            f"there is a NUL at byte offset {subject.data.index(0)}: Git takes the file for binary",
            start=at,
            stop=at + 1,
            hint="take it out; is this a binary file?",
        )


def huge_file(subject: Subject) -> Iterator[Mark]:
    """
    The file has more than 256 KiB.

    No prompt is that long.  `improve` refuses it, reviews cannot show it, and each call would pay
    for all of it.
    """
    if subject.size > MAX_BYTES:
        yield Mark(
            f"the file has {subject.size:,} bytes; a prompt may have {MAX_BYTES:,}",
            hint="is it a prompt? move the data that it holds into a case or an include",
        )


def lfs_pointer(subject: Subject) -> Iterator[Mark]:
    """
    The file is a pointer of Git LFS: the commit holds an address, not the text.

    A diff then shows a changed hash, and blame, merge and score are about that.  Prompts are small
    enough for Git.
    """
    if subject.data.startswith(_LFS):
        yield Mark(
            "the file is kept in Git LFS: a commit holds a pointer, not the text",
            hint="git lfs untrack it; prompts are small",
        )


def symlink(subject: Subject) -> Iterator[Mark]:
    """
    The prompt is a symbolic link.

    Git stores where it points to, so its history shows no change of the text, and a link may
    lead out of the repository.  Commands refuse it.
    """
    if subject.link:
        yield Mark(
            f"the prompt is a symbolic link to {subject.link}",
            hint="name the file that it points to, or put the text here",
        )


def path_collision(subject: Subject) -> Iterator[Mark]:
    """
    Another path differs in upper and lower case only, or in how an accent is written (Unicode
    NFC and NFD).

    The file systems of macOS and Windows cannot hold both: in a clone there one prompt overwrites
    the other.  Its eval file and its cases are looked at as well.  Without FILES, what Git tracks
    is compared; for a named file, what lies beside it.
    """
    for path, twins in subject.twins.items():
        for twin in twins:
            yield Mark(
                f"macOS and Windows cannot tell the path from {twin!r}",
                hint="rename one of them with `git mv`",
                place=None if path == subject.path else Place(path),
            )


RULES = (
    Rule("utf-16", Severity.ERROR, "The file is UTF-16", utf_16),
    Rule("not-utf-8", Severity.ERROR, "A byte is not UTF-8", not_utf_8),
    Rule(
        "byte-order-mark",
        Severity.ERROR,
        "The file starts with a byte order mark",
        byte_order_mark,
        fixable=True,
    ),
    Rule("nul", Severity.ERROR, "There is a NUL character", nul),
    Rule("huge-file", Severity.ERROR, "The file has more than 256 KiB", huge_file),
    Rule("lfs-pointer", Severity.ERROR, "The file is a pointer of Git LFS", lfs_pointer),
    Rule("symlink", Severity.ERROR, "The prompt is a symbolic link", symlink),
    Rule(
        "path-collision",
        Severity.ERROR,
        "Two paths differ in case or in Unicode form only",
        path_collision,
    ),
)
