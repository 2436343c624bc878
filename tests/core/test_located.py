"""YAML that knows where each value stood."""

import pytest

from promptgit.core.located import Located, decoded, parse_yaml
from promptgit.errors import UserError


def refusal(text: bytes) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_yaml(text, "f.yaml")
    return caught.value


def test_an_empty_file_is_none():
    located = parse_yaml(b"# only a comment\n", "f.yaml")

    assert located.data is None


def test_words_that_yaml_1_1_takes_for_booleans_and_times_stay_words():
    located = parse_yaml(b"[no, yes, on, off, 12:30, 2026-11-21, 0x1F, NaN]", "f.yaml")

    assert located.data == ["no", "yes", "on", "off", "12:30", "2026-11-21", "0x1F", "NaN"]


def test_numbers_and_truth_values_are_typed_and_quoted_text_is_not():
    located = parse_yaml(b"[1, -2.5, 1e-3, true, ~, '1', \"true\"]", "f.yaml")

    assert located.data == [1, -2.5, 0.001, True, None, "1", "true"]


def test_a_verbatim_scalar_stays_as_it_is_written():
    located = parse_yaml(b"[007, 1.10, ~]", "f.yaml", verbatim=lambda path: len(path) == 1)

    assert located.data == ["007", "1.10", None]


def test_every_value_and_every_key_has_a_line_and_a_column():
    located = parse_yaml(b"check:\n  margin: 0.05\nassert:\n  - type: x\n", "f.yaml")

    assert located.at(("check", "margin")) == "f.yaml:2:11"
    assert located.at(("check", "margin"), key=True) == "f.yaml:2:3"
    assert located.at(("assert", 0)) == "f.yaml:4:5"


def test_what_is_not_there_is_placed_where_its_parent_is():
    located = parse_yaml(b"a: 1\ncheck:\n  margin: 0.05\n", "f.yaml")

    assert located.at(("check", "alpha")) == "f.yaml:3:3"
    assert Located(None, "f.yaml").at(("a",)) == "f.yaml:1:1"


def test_a_key_that_occurs_twice_is_refused_with_both_lines():
    error = refusal(b"model: a\nmentor: b\nmodel: c\n")

    assert error.message == "f.yaml:3:1: the key 'model' is already on line 1"


def test_the_same_key_in_two_cases_is_no_duplicate():
    located = parse_yaml(b"- {input: a}\n- {input: b}\n", "f.yaml")

    assert located.data == [{"input": "a"}, {"input": "b"}]


@pytest.mark.parametrize(
    "text",
    [
        b"a: !!python/object/apply:os.system [id]",
        b"a: !!python/name:os.system",
        b"!!binary aGk=",
        b"- !include other.yaml",
        b"a: !!set {x}",
    ],
)
def test_tags_are_refused_whatever_they_are(text: bytes):
    error = refusal(text)

    assert "the tag !" in error.message
    assert "is not allowed" in error.message


def test_an_alias_repeats_what_its_anchor_names():
    located = parse_yaml(b"a: &x {n: [1, 2]}\nb: *x\n", "f.yaml")

    assert located.data["b"] == {"n": [1, 2]}


def test_an_alias_inside_its_own_anchor_is_refused():
    error = refusal(b"a: &x [*x]")

    assert error.message == "f.yaml:1:8: *x refers to nothing above"


def test_aliases_that_multiply_are_refused():
    lines = [b"- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(8):
        copies = b", ".join([b"*a%d" % n] * 10)
        lines.append(b"- &a%d [%s]" % (n + 1, copies))

    error = refusal(b"\n".join(lines))

    assert "aliases repeat more than 10000 values" in error.message


def test_what_an_alias_repeats_is_counted_to_its_depth():
    line = "[" + ", ".join("x" * 30) + "]"
    anchor = "- &a [" + ", ".join([line] * 40) + "]\n"

    error = refusal((anchor + "- *a\n" * 9).encode())

    assert error.message.startswith("f.yaml:10:3: aliases repeat more than")


def test_a_list_ten_thousand_levels_deep_is_refused_and_not_followed():
    error = refusal(b"[" * 10_000)

    assert "more than 64 levels deep" in error.message


def test_a_second_document_is_refused_where_it_starts():
    error = refusal(b"a: 1\n---\nb: 2\n")

    assert error.message == "f.yaml:2:1: a second document starts here"


def test_a_syntax_error_has_its_line_and_what_to_do():
    error = refusal(b"a: 1\nb: c: d\n")

    assert error.message.startswith("f.yaml:2:5: this is not YAML: mapping values")
    assert "in quotes" in error.hint


def test_a_tab_in_the_indentation_is_named():
    error = refusal(b"a:\n\tb: 1\n")

    assert error.message.startswith("f.yaml:2:1:")
    assert "spaces" in error.hint


def test_braces_of_a_hole_without_quotes_are_explained():
    error = refusal(b"value: {{ expected }}\n")

    assert error.message.startswith("f.yaml:1:9:")
    assert "in quotes" in error.hint


def test_a_control_character_is_named_with_its_line():
    error = refusal(b"a: 1\nb: \x07\n")

    assert error.message == "f.yaml:2: U+0007 is not allowed in YAML"


def test_a_byte_order_mark_is_not_content():
    assert decoded(b"\xef\xbb\xbfa: 1", "f.yaml") == "a: 1"


def test_a_byte_that_is_not_utf8_is_named_with_line_and_offset():
    error = refusal(b"a: 1\nb: caf\xe9\n")

    assert error.message == "f.yaml:2: byte 0xe9 at offset 11 is not UTF-8"


def test_utf16_is_recognised():
    error = refusal("a: 1".encode("utf-16"))

    assert error.message == "f.yaml: the file is UTF-16"


def test_a_nul_character_is_refused():
    error = refusal(b"a: 1\nb: \0\n")

    assert error.message == "f.yaml:2: there is a NUL character"
