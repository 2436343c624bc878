"""Two edits of one text, merged hunk by hunk as Git does it."""

from __future__ import annotations

import pytest

from promptgit.edges.merging import merged

BASE = "Answer tickets.\n- Be kind.\n- Be brief.\n- Sign off.\n- Say when.\n"


def test_edits_of_different_lines_are_both_kept():
    ours = BASE.replace("Answer tickets.", "Answer tickets by mail.")
    theirs = BASE.replace("- Say when.", "- Say when and who.")

    assert merged(BASE, ours, theirs) == ours.replace("- Say when.", "- Say when and who.")


def test_edits_of_the_same_line_conflict():
    assert merged(BASE, BASE.replace("kind", "polite"), BASE.replace("kind", "warm")) is None


def test_lines_that_both_add_at_one_place_are_both_kept_ours_first():
    ours, theirs = f"{BASE}- Ours.\n", f"{BASE}- Theirs.\n"

    assert merged(BASE, ours, theirs) == f"{BASE}- Ours.\n- Theirs.\n"


def test_a_line_that_both_add_is_added_once():
    assert merged(BASE, f"{BASE}- Same.\n", f"{BASE}- Same.\n") == f"{BASE}- Same.\n"


def test_a_change_against_a_removal_conflicts():
    ours = BASE.replace("- Be kind.\n", "")

    assert merged(BASE, ours, BASE.replace("kind", "warm")) is None


def test_a_removal_and_a_change_elsewhere_are_both_kept():
    ours = BASE.replace("- Be kind.\n", "")

    assert merged(BASE, ours, f"{BASE}- New.\n") == f"{ours}- New.\n"


def test_crlf_stays_crlf():
    base = BASE.replace("\n", "\r\n")

    both = merged(base, f"{base}- Ours.\r\n", f"{base}- Theirs.\r\n")

    assert both == f"{base}- Ours.\r\n- Theirs.\r\n"


@pytest.mark.parametrize("mark", ["<<<<<<<", "=======", ">>>>>>>", "|||||||"])
def test_a_prompt_about_conflict_markers_is_merged_like_any_other(mark):
    base = f"Explain this:\n{mark} HEAD\n- One.\n- Two.\n"

    assert merged(base, f"{base}- Ours.\n", f"{base}- Theirs.\n") == f"{base}- Ours.\n- Theirs.\n"


def test_a_last_line_without_an_end_is_not_merged():
    assert merged("a", "a\nb\n", "c\na\n") is None


def test_settings_of_the_user_change_nothing(monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[merge]\n\tconflictStyle = merge\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))

    assert merged(BASE, f"{BASE}- Ours.\n", f"{BASE}- Theirs.\n") == f"{BASE}- Ours.\n- Theirs.\n"
