"""Rules on the file itself (reference cases 71 to 76)."""

import pytest

from lint.looking import PATH, a_subject, findings, fixed, names


def test_a_plain_prompt_has_no_findings():
    assert findings("Answer in one sentence.\n") == []


def test_an_empty_file_has_no_findings():
    assert findings("") == []


def test_a_byte_order_mark_is_found_and_taken_out():
    text = "\ufeffBe kind.\n"

    (found,) = findings(text, "byte-order-mark")

    assert (found.line, found.column) == (1, 1)
    assert fixed(text, "byte-order-mark") == "Be kind.\n"
    assert names(text) == ["byte-order-mark"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_one_finding(encoding: str):
    mark = b"\xff\xfe" if encoding.endswith("le") else b"\xfe\xff"

    assert names(mark + "Be kind.\n".encode(encoding)) == ["utf-16"]


def test_latin_1_is_found_with_its_offset_line_and_column():
    (found,) = findings("Be\nkind, Jürgen.\n".encode("latin-1"), "not-utf-8")

    assert found.message == "byte 0xfc at byte offset 10 is not UTF-8"
    assert (found.line, found.column, found.end_column) == (2, 8, 9)


def test_utf_8_that_is_cut_within_a_character_is_found():
    assert names("Grüße".encode()[:3]) == ["not-utf-8"]


def test_nul_is_found_with_its_offset_in_bytes_and_its_column_in_characters():
    (found,) = findings("é\0\n", "nul")

    assert "byte offset 2" in found.message
    assert found.column == 2


def test_a_file_of_more_than_256_kib_is_too_big_and_nothing_else_is_said_of_it():
    assert names(a_subject("x" * 100, size=256 * 1024 + 1)) == ["huge-file"]
    assert findings(a_subject("x", size=1), "huge-file") == []


def test_a_file_of_just_256_kib_is_read():
    subject = a_subject(b"x" * 256 * 1024)

    assert findings(subject, "huge-file") == []
    assert findings(subject, "no-final-newline") != []


def test_a_pointer_of_git_lfs_is_found():
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n"

    assert names(pointer) == ["lfs-pointer"]


def test_a_symbolic_link_says_where_it_leads_and_is_not_read():
    (found,) = findings(a_subject(b"", link="../secret.md"))

    assert found.rule == "symlink"
    assert "../secret.md" in found.message


def test_paths_that_differ_in_case_only_are_found():
    (found,) = findings(a_subject("x\n", twins={PATH: ("prompts/Reply.md",)}))

    assert found.rule == "path-collision"
    assert found.file == PATH
    assert "prompts/Reply.md" in found.message


def test_a_case_file_that_collides_is_found_at_that_file():
    (found,) = findings(a_subject("x\n", twins={"prompts/reply.csv": ("prompts/Reply.csv",)}))

    assert (found.rule, found.file) == ("path-collision", "prompts/reply.csv")
