"""The mentor reads the messages of a file, and its edit is put back into the file."""

from __future__ import annotations

import pytest

from promptgit import metaprompts
from promptgit.core.diff import Patch, Refusal
from promptgit.core.ports import Answer
from promptgit.improve.mentor import Mentor
from promptgit.testing.scripted import ScriptedModel

PATH = "prompts/sort.prompt.yml"
FILE = """\
model: m  # kept
messages:
  - role: system
    content: |
      Sort it.
      One word.
  - role: user
    content: "{{q}}"
"""
DIFF = f"""\
--- a/{PATH}
+++ b/{PATH}
@@ -1,3 +1,4 @@
 === message 1 of 2: system ===
 Sort it.
-One word.
+One word, in lower case.
+No more.
"""


def a_mentor() -> Mentor:
    templates = {name: metaprompts.text(name) for name in metaprompts.NAMES}
    return Mentor(ScriptedModel(["unused"]), templates, PATH)


def test_a_diff_of_the_sheet_is_an_edit_of_the_file():
    found = a_mentor().read(Answer(f"Say more.\n\n```diff\n{DIFF}```\n"), FILE)

    assert isinstance(found, Patch)
    assert found.after == FILE.replace("One word.", "One word, in lower case.\n      No more.")
    assert found.diff.startswith(f"--- a/{PATH}\n+++ b/{PATH}\n@@ -3,6 +3,7 @@")


def test_a_whole_sheet_is_an_edit_of_the_file():
    lines = ["=== message 1 of 2: system ===", "Sort it.", "One label."]
    sheet = "\n".join([*lines, "=== message 2 of 2: user ===", "{{q}}", ""])

    found = a_mentor().read(Answer(f"```\n{sheet}```"), FILE, whole_file=True)

    assert isinstance(found, Patch)
    assert found.after == FILE.replace("One word.", "One label.")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("=== message 2 of 2: user ===", "=== message 2 of 2: system ===", "keep their number"),
        ("Sort it.\n One word.", "Sort it.\n One word.", "no edit|changes nothing"),
    ],
)
def test_an_edit_of_the_role_lines_is_refused_with_the_reason(old: str, new: str, said: str):
    changed = f"-{old}\n+{new}\n" if old != new else f" {old}\n"
    found = a_mentor().read(Answer(f"```diff\n--- a/{PATH}\n+++ b/{PATH}\n@@\n{changed}```"), FILE)

    assert isinstance(found, Refusal)
    assert any(word in found.reason for word in said.split("|"))
